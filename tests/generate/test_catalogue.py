"""The tables beside the orders, and the command that writes both."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from fahuo.cli.generate import app
from fahuo.flow.columns import TABLES
from fahuo.generate.catalogue import write_catalogue
from fahuo.generate.markets import MARKETS
from fahuo.generate.orders import generate
from fahuo.generate.press import Options
from fahuo.kernel.problems import Failure

NOW = 1_768_000_000


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("cross_border", [False, True])
def test_every_value_is_one_that_import_data_takes(tmp_path: Path, cross_border: bool) -> None:
    write_catalogue(tmp_path, 1_000, tuple(MARKETS), cross_border=cross_border)
    for name, columns in ((name, TABLES[name]) for name in TABLES if name != "exchange"):
        found = rows(tmp_path, name)
        assert found, name
        assert set(found[0]) == {c.name for c in columns}
        for column in columns:
            for row in found:
                if row[column.name]:
                    column.parse(row[column.name])
                else:
                    assert not column.required, (name, column.name)
    assert "INVENTED" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_names_agree_between_the_tables(tmp_path: Path) -> None:
    write_catalogue(tmp_path, 1_000, ("VN", "US"), cross_border=True)
    skus = {r["sku"] for r in rows(tmp_path, "skus")}
    bundles = {r["sku"] for r in rows(tmp_path, "skus") if r["bundle_of"]}
    warehouses = {r["code"] for r in rows(tmp_path, "warehouses")}
    services = {(r["carrier"], r["service"]) for r in rows(tmp_path, "carriers")}
    stock = rows(tmp_path, "stock")
    assert {r["sku"] for r in stock} == skus - bundles
    assert {r["warehouse"] for r in stock} == warehouses
    assert {(r["carrier"], r["service"]) for r in rows(tmp_path, "rates")} == services
    assert {(r["carrier"], r["service"]) for r in rows(tmp_path, "numbers")} == services
    for r in rows(tmp_path, "numbers"):
        assert int(r["last"]) < 10 ** int(r["width"])


@pytest.mark.parametrize("cross_border", [False, True])
def test_there_is_stock_for_every_order_where_it_is_sent_from(tmp_path: Path, cross_border: bool) -> None:
    n, markets = 6_000, ("VN", "US", "GB")
    write_catalogue(tmp_path, n, markets, cross_border=cross_border)
    places = {r["platform_ref"]: r["code"] for r in rows(tmp_path, "warehouses")}
    parts = {r["sku"]: r["bundle_of"] for r in rows(tmp_path, "skus")}
    taken: Counter[tuple[str, str]] = Counter()
    stream = generate(n, markets, 4, Options(now=NOW, cross_border=cross_border), finished=0.0)
    for _, raw in stream:
        order = json.loads(raw)
        for item in order["line_items"]:
            for part in (parts[item["seller_sku"]] or f"{item['seller_sku']}*1").split("+"):
                sku, _, units = part.partition("*")
                taken[places[order["warehouse_id"]], sku] += int(units)
    stock = {(r["warehouse"], r["sku"]): int(r["on_hand"]) for r in rows(tmp_path, "stock")}
    assert [(key, n, stock[key]) for key, n in taken.items() if n > stock[key]] == []


def run(*arguments: str) -> None:
    app(["orders", *arguments], standalone_mode=False)


def test_command_writes_orders_and_catalogue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    more = ("--orders", "50", "--markets", "vn, TH", "--seed", "9", "--now", "2026-01-10T00:00:00Z", "--json")
    run(*more, "-o", str(one), "--with-catalogue", str(tmp_path / "cat"))
    said = json.loads(capsys.readouterr().out)
    assert (said["orders"], said["now"], len(said["catalogue"])) == (50, "2026-01-10T00:00:00Z", 8)
    run(*more, "-o", str(two))
    assert gzip.decompress(two.read_bytes()) == one.read_bytes()
    assert len(one.read_bytes().splitlines()) == 50
    first = two.read_bytes()
    run(*more, "-o", str(two))
    assert two.read_bytes() == first


def test_command_splits_by_market(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("--orders", "40", "--markets", "VN,US", "-o", str(tmp_path / "{market}.jsonl"))
    assert "VN.jsonl" in capsys.readouterr().out
    for market, currency in (("VN", "VND"), ("US", "USD")):
        lines = (tmp_path / f"{market}.jsonl").read_bytes().splitlines()
        assert {json.loads(line)["payment"]["currency"] for line in lines} == {currency}


def test_command_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="XX"):
        run("--orders", "1", "--markets", "XX", "-o", str(tmp_path / "a"))
    with pytest.raises(Failure, match="cannot be written"):
        run("--orders", "1", "-o", str(tmp_path / "no" / "a"))
    with pytest.raises(Failure, match="no instant"):
        run("--orders", "1", "--now", "yesterday", "-o", str(tmp_path / "a"))
