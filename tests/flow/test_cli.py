"""The whole day from the command line, as a person or a script calls it, on both databases."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from fahuo.cli import main, say
from tests.flow.test_crash import order_file
from tests.support.shopfloor import TABLES
from tests.support.stores import MASTER

ORDER = "576100000000000000"
SECOND = "576100000000000001"


class Shell:
    """Runs command lines in this process. `json` gives the documents on standard output."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.err = ""

    def __call__(self, *words: str, code: int = 0) -> str:
        self._capfd.readouterr()
        assert main.run([str(word) for word in words]) == code, self._capfd.readouterr().err
        out, self.err = self._capfd.readouterr()
        return out

    def json(self, *words: str, code: int = 0) -> list[Any]:
        return [json.loads(line) for line in self(*words, "--json", code=code).splitlines()]


@pytest.fixture
def shell(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    """An installation with a shop, its tables and two orders."""
    for name, value in {
        "FAHUO_HOME": str(tmp_path),
        "FAHUO_DATABASE_URL": store_url,
        "FAHUO_MASTER_KEY": base64.urlsafe_b64encode(MASTER).decode(),
        "FAHUO_LANG": "en",
        "FAHUO_NOW": "2026-03-02T02:00:00Z",
    }.items():
        monkeypatch.setenv(name, value)
    say.forget()
    monkeypatch.chdir(tmp_path)
    run = Shell(capfd)
    run("init")
    for kind, text in TABLES.items():
        Path(f"{kind}.csv").write_text(text)
        run("import-data", kind, f"{kind}.csv")
    run("shops", "add", "shop", "--market", "VN", "--seller-type", "local", "--shipping-type", "SELLER")
    order_file(Path("orders.csv"), 2)
    (report,) = run.json("import", "orders.csv", "--shop", "shop")
    assert (report["read"], report["created"], report["refused"]) == (2, 2, [])
    return run


def test_the_day(shell: Shell) -> None:
    assert shell.json("import", "orders.csv", "--shop", "shop")[0]["unchanged"] == 2
    assert shell.json("run", "--once")[0]["planned"] == 2
    shown = {o["platform_order_id"]: o for o in shell.json("orders", "list")}
    assert {o["station"] for o in shown.values()} == {"pack"}
    assert shell.json("orders", "list", "--station", "check") == []

    number = shown[ORDER]["tracking_number"]
    (view,) = shell.json("pack", "scan", number, "--item", "690001")
    assert view["complete"] is True
    shell("pack", "scan", number, "--label", "wrong", code=1)
    assert "not the parcel's label" in shell.err
    assert shell.json("pack", "scan", number, "--label", number)[0]["state"] == "packed"
    assert "1 parcels packed" in shell("pack", "simulate")

    shell("handover", "--wave", "1", "--count", "7", code=1)
    assert shell.json("handover", "--wave", "1", "--count", "2")[0]["count"] == 2
    shell("handover", code=2)
    assert "handed over before" in shell("handover", "--number", number)

    assert shell.json("effects", "export-shipped", "-o", "shipped.csv")[0]["parcels"] == 2
    assert number in Path("shipped.csv").read_text("utf-8-sig")
    assert {e["state"] for e in shell.json("effects", "list")} == {"waiting"}

    Path("scans.csv").write_text(
        f"number,event,at\n{number},delivered,2026-03-04T10:00:00+07:00\nNONE,delivered,2026-03-04T10:00:00Z\n"
    )
    (report,) = shell.json("tracking", "import", "scans.csv", code=1)
    assert (report["taken"], report["refused"][0]["row"]) == (1, 3)
    (view,) = shell.json("orders", "show", ORDER)
    assert view["order"]["state"] == "DELIVERED" if "order" in view else view["state"] == "DELIVERED"
    assert "clean" in shell("db", "verify")


def test_holds_are_put_and_released(shell: Shell) -> None:
    ids = [o["id"] for o in shell.json("orders", "list")]
    (answer,) = shell.json("holds", "put", ids[0], "999", "--note", "buyer called", code=1)
    assert (answer["done"], [r["id"] for r in answer["refused"]]) == ([ids[0]], ["999"])
    assert shell.json("run", "--once")[0]["planned"] == 1
    assert [o["id"] for o in shell.json("orders", "list", "--hold", "by_person")] == [ids[0]]
    assert shell.json("holds", "release", ids[0], "--code", "no_stock")[0]["done"] == []
    assert "1 orders changed" in shell("holds", "release", ids[0], "--note", "all well")
    assert shell.json("run", "--once")[0]["planned"] == 1


def test_deadlines_are_explained_and_changed(shell: Shell) -> None:
    text = shell("deadlines", "explain", ORDER)
    assert "2026-03-02" in text
    (plain,) = shell.json("deadlines", "explain", ORDER)
    due = {c["clock"]: c["due_at"] for c in plain["clocks"]}
    shell("deadlines", "explain", "nobody's", code=2)
    shell("deadlines", "explain", code=2)

    Path("flood.toml").write_text(
        'id = "flood"\nsource = "notice"\nsource_date = 2026-03-01\nmarket = "VN"\namount = 24\nunit = "hour"\n'
        'why = "flood"\nstart_from = 2026-03-01T00:00:00Z\nstart_to = "2026-03-03T00:00:00+07:00"\n'
    )
    assert shell.json("deadlines", "announce", "flood.toml")[0] == {
        "schema": "fahuo.recompute/1",
        "checked": 2,
        "changed": 2,
    }
    assert "0 have other deadlines" in shell("deadlines", "recompute")
    (later,) = shell.json("deadlines", "explain", ORDER)
    assert {c["clock"]: c["due_at"] for c in later["clocks"]}["first_scan"] > due["first_scan"]
    assert shell.json("run", "--once")[0]["reclocked"] == 0

    Path("bad.toml").write_text('id = "x"\nstart_from = 2026-03-01T00:00:00\n')
    shell("deadlines", "announce", "bad.toml", code=2)
    assert "offset" in shell.err
    shell("deadlines", "calendar", "none", "2026-03-02", "--why", "x", code=2)
    shell("deadlines", "calendar", "VN", "someday", "--why", "x", code=2)


def test_a_shops_key_is_shown_once(shell: Shell) -> None:
    words = ["shops", "add", "other", "--market", "VN", "--seller-type", "local", "--channel", "callback"]
    (made,) = shell.json(*words, "--callback-url", "https://example.com/a")
    assert len(made["callback_secret"]) >= 32
    (again,) = shell.json(*words, "--callback-url", "https://example.com/b")
    assert "callback_secret" not in again
    assert made["callback_secret"] not in shell("shops", "list")
    shell(*words, code=2)


def test_a_forgotten_buyer(shell: Shell) -> None:
    shell("orders", "erase", ORDER, "--reason", "asked", code=1)
    assert "still to be dispatched" in shell.err
    path = Path("orders.csv")
    path.write_text(path.read_text("utf-8").replace("To ship", "Canceled"), "utf-8")
    assert shell.json("import", "orders.csv", "--shop", "shop")[0]["updated"] == 2
    assert len(shell.json("orders", "erase", ORDER, SECOND, "--reason", "asked")[0]["erased"]) == 2
    shell("db", "verify")


def test_a_number_by_hand_and_a_message_once_more(shell: Shell) -> None:
    shell("pack", "number", "4711", "X1", code=1)
    shell("effects", "retry", "4711", code=1)


def test_tables_have_templates_and_refusals_their_rows(shell: Shell) -> None:
    assert shell("import-data", "exchange", "--template").startswith("currency,base,rate\r\n")
    Path("stock.csv").write_text("sku,warehouse,on_hand\nTEE,SG1,x\nTEE,SG1,100\n")
    (report,) = shell.json("import-data", "stock", "stock.csv", code=1)
    assert (report["read"], report["taken"], report["refused"][0]["row"]) == (2, 1, 2)
    shell("import-data", "gold", "stock.csv", code=2)
    shell("import-data", "stock", code=2)


def test_people_who_read_chinese(shell: Shell) -> None:
    assert "没有订单" in (shell("--lang", "zh", "orders", "show", "x", code=2) + shell.err)
    say.forget()
