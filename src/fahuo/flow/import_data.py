"""Use case: take the seller's own tables (SKUs, stock, warehouses, carriers, rates, cartons, numbers) from CSV or XLSX.

Each row is taken or refused by itself, with the row, the column and the reason; the rest goes on. Taking a file twice
changes nothing: rows are found again by their codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from fahuo.carriers import importing as carriers_service
from fahuo.catalogue import queries as catalogue
from fahuo.catalogue import service as catalogue_service
from fahuo.catalogue.tables import cartons, warehouses
from fahuo.channels.sheets import rows as rows_of
from fahuo.flow.columns import TABLES
from fahuo.inventory import service as inventory
from fahuo.kernel.columns import match_header, minor, parse_row
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.engine import Store, Tx

BATCH = 2_000
Rows = list[tuple[int, dict[str, Any]]]
"""(physical row, values by column)."""


class RowRefusal(msgspec.Struct):
    """Why one row of a table was not taken."""

    file: str
    row: int | None
    problem: Problem


class DataReport(msgspec.Struct):
    """What came of a table: rows read, rows taken, rows refused with their reasons."""

    read: int = 0
    taken: int = 0
    refused: list[RowRefusal] = []


def import_data(store: Store, kind: str, paths: Sequence[Path], at: int, actor: str, *, dry_run: bool = False) -> DataReport:
    """Read tables of one kind into the catalogue, the stock or the carriers. Raises Failure for an unreadable file."""
    if kind not in TABLES:
        raise Failure(
            Problem(
                "unknown_table",
                "kind",
                kind,
                N_("There is no table {kind}."),
                N_("Choose one of: {known}."),
                {"kind": kind, "known": ", ".join(TABLES)},
            )
        )
    report = DataReport()
    for path in paths:
        for batch in _batches(_parsed(path, kind, report), BATCH):
            with store.write() as tx:
                refused = _WRITERS[kind](tx, batch, at, actor)
                if dry_run:
                    tx.conn.rollback()
            report.taken += len(batch) - len({row for row, _ in refused})
            report.refused += [RowRefusal(str(path), row, problem) for row, problem in refused]
    return report


def template(kind: str) -> str:
    """The header and one example row, as CSV."""
    return "\r\n".join(",".join(_cell(v) for v in line) for line in _template_rows(kind)) + "\r\n"


def _template_rows(kind: str) -> tuple[list[str], list[str]]:
    return [column.name for column in TABLES[kind]], [column.example for column in TABLES[kind]]


def _cell(text: str) -> str:
    return f'"{text}"' if "," in text else text


def _batches(rows: Iterator[tuple[int, dict[str, Any]]], size: int) -> Iterator[Rows]:
    while batch := list(islice(rows, size)):
        yield batch


def _parsed(path: Path, kind: str, report: DataReport) -> Iterator[tuple[int, dict[str, Any]]]:
    columns = TABLES[kind]
    lines = iter(rows_of(path))
    header = next(lines, None)
    if header is None:
        raise Failure(Problem("file_empty", "file", path.name, N_("The file is empty."), N_("Give a table with a header row.")))
    places, missing = match_header(header[1], columns)
    if missing:
        raise Failure(missing[0])
    for row, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        report.read += 1
        values, problems = parse_row(cells, places, columns)
        if problems:
            report.refused += [RowRefusal(str(path), row, problem) for problem in problems[:3]]
        else:
            yield row, values


Refused = list[tuple[int, Problem]]


def _unknown(field: str, value: str, what: str) -> Problem:
    return Problem(
        "not_known", field, value, N_("{what} {value} is not known."), N_("Import it first, or correct the name."),
        {"what": what, "value": value},
    )


def _skus(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    refused: Refused = []
    shops = {shop.name: shop.id for shop in catalogue.shop_list(tx)}
    good: list[tuple[int, dict[str, Any], list[tuple[str, int]]]] = []
    for row, values in batch:
        values["barcode"] = values["barcode"] or values["sku"]
        values["cost"] = minor(values["cost"], values["currency"]) if values["cost"] and values["currency"] else None
        try:
            parts = _bundle(values["bundle_of"])
        except ValueError as error:
            refused.append((row, Problem("cell_wrong", "bundle_of", values["bundle_of"][:80], str(error), N_("Write SKU*units+SKU*units."))))
            continue
        if values["shop"] and values["shop"] not in shops:
            refused.append((row, _unknown("shop", values["shop"], "Shop")))
            continue
        good.append((row, values, parts))
    ids = catalogue_service.put_skus(
        tx, [values for _, values, _ in good], catalogue.sku_codes(tx, [values["sku"] for _, values, _ in good])
    )
    parts_known = ids | catalogue.sku_codes(tx, {code for _, _, parts in good for code, _ in parts})
    bundles: dict[int, list[tuple[int, int]]] = {}
    for row, values, parts in good:
        if lost := [code for code, _ in parts if code not in parts_known]:
            refused.append((row, _unknown("bundle_of", lost[0], "SKU")))
        elif parts:
            bundles[ids[values["sku"]]] = [(parts_known[code], units) for code, units in parts]
    catalogue_service.put_bundles(tx, bundles)
    catalogue_service.put_listings(
        tx,
        [
            (shops.get(values["shop"], 0), values["platform_sku_id"], ids[values["sku"]])
            for _, values, _ in good
            if values["platform_sku_id"]
        ],
    )
    return refused


def _bundle(text: str) -> list[tuple[str, int]]:
    parts: dict[str, int] = {}
    for piece in filter(None, (piece.strip() for piece in text.split("+"))):
        found = re.fullmatch(r"(.+?)(?:\*(\d{1,4}))?", piece)
        if not found or int(found[2] or 1) < 1:
            raise ValueError(f"{piece} is no part of a bundle")
        parts[found[1].strip()] = parts.get(found[1].strip(), 0) + int(found[2] or 1)
    return list(parts.items())


def _warehouses(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    catalogue_service.put_warehouses(tx, _last(batch), catalogue.codes(tx, warehouses))
    return []


def _last(batch: Rows) -> list[dict[str, Any]]:
    return list({values["code"]: values for _, values in batch}.values())


def _cartons(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    rows = [{**values, "cost": minor(values["cost"], values["currency"])} for values in _last(batch)]
    catalogue_service.put_cartons(tx, rows, catalogue.codes(tx, cartons))
    return []


def _stock(tx: Tx, batch: Rows, at: int, actor: str) -> Refused:
    refused: Refused = []
    places = catalogue.codes(tx, warehouses)
    skus = catalogue.sku_codes(tx, {values["sku"] for _, values in batch})
    counted: dict[tuple[int, int], tuple[int, str]] = {}
    rows: dict[tuple[int, int], int] = {}
    for row, values in batch:
        where, sku = places.get(values["warehouse"]), skus.get(values["sku"])
        if where is None:
            refused.append((row, _unknown("warehouse", values["warehouse"], "Warehouse")))
        elif sku is None:
            refused.append((row, _unknown("sku", values["sku"], "SKU")))
        else:
            counted[where, sku] = (values["on_hand"], values["bin"])
            rows[where, sku] = row
    for key, floor in inventory.count(tx, counted, at, actor).items():
        refused.append(
            (
                rows[key],
                Problem(
                    "below_reserved",
                    "on_hand",
                    str(counted[key][0]),
                    N_("Orders already need at least {floor} units there."),
                    N_("Count again, or release the orders that hold them."),
                    {"floor": floor},
                ),
            )
        )
    return refused


def _carriers(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    carriers_service.put_services(tx, [values for _, values in batch])
    return []


def _with_service(tx: Tx, batch: Rows) -> tuple[list[tuple[int, int, dict[str, Any]]], Refused]:
    known = carriers_service.service_ids(tx)
    found, refused = [], []
    for row, values in batch:
        service = known.get((values["carrier"], values["service"]))
        if service is None:
            name = f"{values['carrier']} {values['service']}"
            refused.append((row, _unknown("service", name, "Service")))
        else:
            found.append((row, service, values))
    return found, refused


def _rates(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    found, refused = _with_service(tx, batch)
    rows = []
    for row, service, values in found:
        if values["weight_to_g"] <= values["weight_from_g"]:
            refused.append(
                (row, Problem("weight_break", "weight_to_g", str(values["weight_to_g"]),
                              N_("The weight break ends before it begins."), N_("Give a weight_to_g above weight_from_g.")))
            )
            continue
        money = {name: minor(values[name], values["currency"]) for name in ("base", "per_kg", "surcharge")}
        rows.append((service, {**values, **money}))
    carriers_service.put_rates(tx, rows)
    return refused


def _numbers(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    found, refused = _with_service(tx, batch)
    rows = []
    for row, service, values in found:
        if values["last"] < values["first"] or values["last"] >= 10 ** values["width"]:
            refused.append(
                (row, Problem("number_range", "last", str(values["last"]),
                              N_("The range ends before it begins, or does not fit its width."), N_("Correct first, last or width.")))
            )
            continue
        rows.append((service, values))
    carriers_service.put_numbers(tx, rows)
    return refused


_WRITERS: Mapping[str, Callable[[Tx, Rows, int, str], Refused]] = {
    "skus": _skus,
    "warehouses": _warehouses,
    "stock": _stock,
    "cartons": _cartons,
    "carriers": _carriers,
    "rates": _rates,
    "numbers": _numbers,
}


def iter_refused(report: DataReport) -> Iterable[RowRefusal]:
    """Refusals in file and row order."""
    return sorted(report.refused, key=lambda one: (one.file, one.row or 0))
