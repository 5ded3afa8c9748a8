"""What happens to each kind of table: rows that were read are written by the station they belong to, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from fahuo.carriers import importing as carriers_service
from fahuo.carriers.numbers import S10_WIDTH
from fahuo.catalogue import queries as catalogue
from fahuo.catalogue import service as catalogue_service
from fahuo.catalogue.tables import cartons, warehouses
from fahuo.inventory import service as inventory
from fahuo.kernel.columns import minor
from fahuo.kernel.money import exponent_of
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_, Phrase
from fahuo.store.engine import Tx

MILLION: Final = 1_000_000
Rows = list[tuple[int, dict[str, Any]]]
"""(physical row, values by column)."""
Refused = list[tuple[int, Problem]]


def _unknown(field: str, value: str, what: str) -> Problem:
    return Problem(
        "not_known",
        field,
        value[:80],
        N_("{what} {value} is not known."),
        N_("Import it first, or correct the name."),
        {"what": Phrase(what), "value": value[:80]},
    )


def _priced(batch: Rows, names: tuple[str, ...], refused: Refused) -> Rows:
    """The rows with these amounts in minor units of their currency; an amount with too many decimals is refused."""
    good: Rows = []
    for row, values in batch:
        money: dict[str, int | None] = {}
        for name in names:
            try:
                money[name] = minor(values[name], values["currency"]) if values[name] and values["currency"] else None
            except ValueError:
                refused.append((row, _too_fine(name, values[name], values["currency"])))
                break
        else:
            good.append((row, {**values, **money}))
    return good


def _too_fine(name: str, value: str, currency: str) -> Problem:
    return Problem(
        "cell_wrong",
        name,
        value[:80],
        N_("{value} has more decimals than {currency} knows."),
        N_("Round the amount."),
        {"value": value[:80], "currency": currency},
    )


def _skus(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    refused: Refused = []
    shops = {shop.name: shop.id for shop in catalogue.shop_list(tx)}
    good: list[tuple[int, dict[str, Any], list[tuple[str, int]]]] = []
    for row, values in _priced(batch, ("cost",), refused):
        values["barcode"] = values["barcode"] or values["sku"]
        parts = _bundle(values["bundle_of"])
        if parts is None:
            wrong = N_("{value} is no list of parts.")
            how = N_("Write SKU*units+SKU*units.")
            value = values["bundle_of"][:80]
            refused.append((row, Problem("cell_wrong", "bundle_of", value, wrong, how, {"value": value})))
        elif values["shop"] and values["shop"] not in shops:
            refused.append((row, _unknown("shop", values["shop"], N_("Shop"))))
        else:
            good.append((row, values, parts))
    good = _whole_bundles(tx, good, refused)
    ids = catalogue_service.put_skus(
        tx, [values for _, values, _ in good], catalogue.sku_codes(tx, [values["sku"] for _, values, _ in good])
    )
    known = ids | catalogue.sku_codes(tx, {code for _, _, parts in good for code, _ in parts})
    bundles = {ids[values["sku"]]: [(known[code], units) for code, units in parts] for _, values, parts in good}
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


def _whole_bundles(
    tx: Tx, good: list[tuple[int, dict[str, Any], list[tuple[str, int]]]], refused: Refused
) -> list[tuple[int, dict[str, Any], list[tuple[str, int]]]]:
    """Without the bundles whose parts are not known, or are bundles themselves: units are counted one level down."""
    wanted = {code for _, _, parts in good for code, _ in parts}
    known = catalogue.sku_codes(tx, wanted)
    bundles = catalogue.bundle_ids(tx)
    told = {values["sku"]: bool(parts) for _, values, parts in good}
    kept = []
    for row, values, parts in good:
        codes = [code for code, _ in parts]
        lost = [code for code in codes if code not in known and code not in told]
        nested = [code for code in codes if told.get(code, known.get(code) in bundles)]
        if lost:
            refused.append((row, _unknown("bundle_of", lost[0], N_("SKU"))))
        elif nested:
            why = N_("{value} is a bundle itself.")
            how = N_("Name the articles that lie on the shelf.")
            refused.append((row, Problem("nested_bundle", "bundle_of", nested[0], why, how, {"value": nested[0]})))
        else:
            kept.append((row, values, parts))
    return kept


def _bundle(text: str) -> list[tuple[str, int]] | None:
    """(SKU, units) of `SKU*units+SKU*units`, [] for no bundle, None when it cannot be read."""
    parts: dict[str, int] = {}
    for piece in filter(None, (piece.strip() for piece in text.split("+"))):
        found = re.fullmatch(r"(.+?)(?:\*(\d{1,4}))?", piece)
        if not found or int(found[2] or 1) < 1:
            return None
        parts[found[1].strip()] = parts.get(found[1].strip(), 0) + int(found[2] or 1)
    return list(parts.items())


def _warehouses(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    """A row may rename the warehouse that the platform calls so: connecting a shop made it, and it had no code yet."""
    known = catalogue.warehouse_list(tx)
    ids = {one.code: one.id for one in known}
    holder = {ref: one.code for one in known for ref in one.platform_refs}
    told = {one.code: one.platform_ref for one in known}
    named: set[str] = set()
    refused: Refused = []
    good: Rows = []
    for row, values in batch:
        code = values["code"]
        refs = [ref.strip() for ref in values["platform_ref"].split(",") if ref.strip()]
        other = next((holder[ref] for ref in refs if holder.get(ref, code) != code), None)
        if other is not None and (code in ids or code in named or other in named):
            refused.append((row, _taken(values["platform_ref"], other)))
            continue
        if other is not None:
            ids[code] = ids.pop(other)
        holder |= dict.fromkeys(refs, code)
        named.add(code)
        good.append((row, values | {"platform_ref": values["platform_ref"] or told.get(code, "")}))
    catalogue_service.put_warehouses(tx, _last(good), ids)
    return refused


def _taken(ref: str, code: str) -> Problem:
    return Problem(
        "already_taken",
        "platform_ref",
        ref[:80],
        N_("{value} is the platform's id of warehouse {code} already."),
        N_("Correct the id, or give that warehouse another one first."),
        {"value": ref[:80], "code": code},
    )


def _last(batch: Rows) -> list[dict[str, Any]]:
    return list({values["code"]: values for _, values in batch}.values())


def _cartons(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    refused: Refused = []
    good = _priced(batch, ("cost",), refused)
    catalogue_service.put_cartons(tx, _last(good), catalogue.codes(tx, cartons))
    return refused


def _stock(tx: Tx, batch: Rows, at: int, actor: str) -> Refused:
    refused: Refused = []
    places = catalogue.codes(tx, warehouses)
    skus = catalogue.sku_codes(tx, {values["sku"] for _, values in batch})
    counted: dict[tuple[int, int], tuple[int, str]] = {}
    rows: dict[tuple[int, int], int] = {}
    for row, values in batch:
        where, sku = places.get(values["warehouse"]), skus.get(values["sku"])
        if where is None:
            refused.append((row, _unknown("warehouse", values["warehouse"], N_("Warehouse"))))
        elif sku is None:
            refused.append((row, _unknown("sku", values["sku"], N_("SKU"))))
        else:
            counted[where, sku] = (values["on_hand"], values["bin"])
            rows[where, sku] = row
    why = N_("Orders already need at least {floor} units there.")
    how = N_("Count again, or release the orders that hold them.")
    for key, floor in inventory.count(tx, counted, at, actor).items():
        on_hand = str(counted[key][0])
        refused.append((rows[key], Problem("below_reserved", "on_hand", on_hand, why, how, {"floor": floor})))
    return refused


def _carriers(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    refused: Refused = []
    good = []
    for row, values in batch:
        if values["transit_days_min"] > values["transit_days_max"]:
            why = N_("The slowest delivery is faster than the fastest.")
            how = N_("Give a transit_days_max of at least transit_days_min.")
            refused.append(
                (row, Problem("transit_days", "transit_days_max", str(values["transit_days_max"]), why, how))
            )
        else:
            good.append(values)
    carriers_service.put_services(tx, good)
    return refused


def _with_service(tx: Tx, batch: Rows) -> tuple[list[tuple[int, int, dict[str, Any]]], Refused]:
    known = carriers_service.service_ids(tx)
    found, refused = [], []
    for row, values in batch:
        service = known.get((values["carrier"], values["service"]))
        if service is None:
            name = f"{values['carrier']} {values['service']}"
            refused.append((row, _unknown("service", name, N_("Service"))))
        else:
            found.append((row, service, values))
    return found, refused


def _rates(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    refused: Refused = []
    found, lost = _with_service(tx, _priced(batch, ("base", "per_kg", "surcharge"), refused))
    refused += lost
    rows = []
    for row, service, values in found:
        if values["weight_to_g"] <= values["weight_from_g"]:
            why = N_("The weight break ends before it begins.")
            how = N_("Give a weight_to_g above weight_from_g.")
            refused.append((row, Problem("weight_break", "weight_to_g", str(values["weight_to_g"]), why, how)))
        else:
            rows.append((service, values))
    carriers_service.put_rates(tx, rows)
    return refused


def _numbers(tx: Tx, batch: Rows, _at: int, _actor: str) -> Refused:
    found, refused = _with_service(tx, batch)
    good: list[tuple[int, int, dict[str, Any]]] = []
    for row, service, values in found:
        if values["last"] < values["first"] or values["last"] >= 10 ** values["width"]:
            why = N_("The range ends before it begins, or does not fit its width.")
            refused.append((row, _number_range(values, why)))
        elif values["check"] == "s10" and values["width"] != S10_WIDTH:
            refused.append((row, _number_range(values, N_("A number with S10 check digit has a width of 8."))))
        else:
            good.append((row, service, values))
    for index in carriers_service.put_numbers(tx, [(service, values) for _, service, values in good]):
        row, _, values = good[index]
        refused.append((row, _number_range(values, N_("Some of these numbers are in another range."))))
    return refused


def _number_range(values: Mapping[str, Any], message: str) -> Problem:
    return Problem("number_range", "last", str(values["last"]), message, N_("Correct first, last or width."))


def _exchange(tx: Tx, batch: Rows, at: int, _actor: str) -> Refused:
    refused: Refused = []
    rows = []
    for row, values in batch:
        exact = values["rate"] * Decimal(10) ** (exponent_of(values["base"]) - exponent_of(values["currency"]))
        parts = int((exact * MILLION).to_integral_value(ROUND_HALF_EVEN))
        if parts < 1 or values["base"] == values["currency"]:
            what = N_("The rate is too small, or both currencies are the same.")
            refused.append((row, Problem("rate_wrong", "rate", str(values["rate"]), what, N_("Correct the row."))))
        else:
            rows.append((values["currency"], values["base"], parts))
    carriers_service.put_exchange(tx, rows, at)
    return refused


WRITERS: Final[Mapping[str, Callable[[Tx, Rows, int, str], Refused]]] = {
    "skus": _skus,
    "warehouses": _warehouses,
    "stock": _stock,
    "cartons": _cartons,
    "carriers": _carriers,
    "rates": _rates,
    "numbers": _numbers,
    "exchange": _exchange,
}
