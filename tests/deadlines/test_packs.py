"""Rule packs: every figure has a source, packs do not contradict each other, a wrong file names its field."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from fahuo.deadlines.model import CLOCK, CLOCKS, Facts
from fahuo.deadlines.packfile import PackFile
from fahuo.deadlines.packs import HERE, load_book
from fahuo.deadlines.rules import compute
from fahuo.kernel.instant import parse_instant
from fahuo.kernel.problems import Failure
from fahuo.kernel.text import t

BOOK = load_book()
FILES = sorted((HERE / "packs").glob("*.toml"))
GENERAL = ("general-cross-border-48h", "general-cross-border-72h")

PACK = """
id = "mine"
title = "My own"
markets = ["BR"]
seller_types = ["local"]
source = "my contract"
source_date = "2026-01-01"
confidence = "C"
[settings]
days = 2
[[rules]]
clock = "first_scan"
start = "created"
amount = "$days"
snap = "23:59:59"
"""


@pytest.mark.parametrize("pack", BOOK.packs, ids=BOOK.pack_ids)
def test_every_figure_has_source_date_and_confidence(pack: PackFile) -> None:
    rules = [r for r in BOOK.rules if BOOK.packs[r.pack] is pack]
    assert rules
    for source, when, confidence in [(r.source, r.source_date, r.confidence) for r in rules] + [
        (c.source, c.source_date, c.confidence) for c in pack.consequences
    ]:
        assert source
        assert "2023" <= when[:4] <= "2026"
        assert confidence in "ABCD"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_pack_is_named_like_its_file(path: Path) -> None:
    assert tomllib.loads(path.read_text("utf-8"))["id"] == path.stem
    assert path.stem in BOOK.index


@pytest.mark.parametrize("pack", [p for p in BOOK.packs if p.default], ids=lambda p: p.id)
def test_a_default_pack_has_one_clock_for_the_late_rate(pack: PackFile) -> None:
    counted = {CLOCKS[r.clock] for r in BOOK.rules if BOOK.packs[r.pack] is pack and r.late_rate}
    assert len(counted) == 1
    assert CLOCKS[BOOK.late_rate_clock(BOOK.index[pack.id])] in counted


def test_the_general_packs_are_never_the_default() -> None:
    for name in GENERAL:
        pack = BOOK.find(name)
        assert (pack.default, pack.confidence, pack.markets) == (False, "C", ("*",))
    for market in ("BR", "MX", "ZZ"):
        for seller in ("local", "cross_border"):
            assert not BOOK.plan((market, seller, "TIKTOK", "NORMAL", "", None)).steps


@pytest.mark.parametrize(
    ("at", "pack"),
    [
        ("2026-01-11T23:59:59-08:00", "us-local-2025"),
        ("2026-01-12T00:00:00-08:00", "us-local-2026-transition"),
        ("2026-01-25T23:59:59-08:00", "us-local-2026-transition"),
        ("2026-01-26T00:00:00-08:00", "us-local-2026"),
    ],
)
def test_the_pack_in_force_at_the_start_event(at: str, pack: str) -> None:
    start = np.array([parse_instant(at)])
    clocks = compute(Facts.of(1, market=["US"], created_at=start, awaiting_at=start), BOOK)
    assert {row[7] for row in clocks.rows()} == {pack}


def test_settings_choose_the_scan_that_counts() -> None:
    created = parse_instant("2026-07-01T10:00:00+07:00")
    base: dict[str, Any] = {"market": ["VN"], "seller_type": ["cross_border"], "created_at": np.array([created])}
    scans = {"first_scan_at": np.array([created + 10]), "events": {"consolidation_in": np.array([created + 20])}}
    met = []
    for settings in ({}, {"sea-cross-border-2026": {"scan": "consolidation_in"}}):
        clocks = compute(Facts.of(1, **base, **scans), load_book(settings=settings))
        met.append(int(clocks.met[clocks.clock == CLOCK["first_scan"]][0]))
    assert met == [created + 10, created + 20]


def test_a_setting_changes_an_amount() -> None:
    created = np.array([parse_instant("2026-02-06T10:00:00+00:00")])
    facts = Facts.of(1, market=["GB"], seller_type=["cross_border"], created_at=created, awaiting_at=created)
    book = load_book(settings={"gb-cross-border-direct": {"days": 5}})
    assert compute(facts, book).due.tolist() == [parse_instant("2026-02-11T23:59:59+00:00")]


def test_own_packs_markets_and_calendars(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(PACK.replace('"BR"', '"NZ"'))
    (tmp_path / "markets.toml").write_text('[markets.NZ]\nzone = "Pacific/Auckland"\ncalendar = "nz"')
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "nz.toml").write_text(
        'id="nz"\nversion="1"\nsource="s"\nconfidence="D"\nweekdays=["mon","tue","wed","thu","fri"]'
    )
    created = np.array([parse_instant("2026-04-02T10:00:00+13:00")])
    clocks = compute(Facts.of(1, market=["NZ"], created_at=created), load_book([tmp_path]))
    assert clocks.due.tolist() == [parse_instant("2026-04-06T23:59:59+12:00")]


def test_a_pack_replaces_another_by_id_or_by_name(tmp_path: Path) -> None:
    base = PACK.replace('"BR"', '"VN"')
    (tmp_path / "own.toml").write_text(
        base.replace("title", 'replaces = ["vn-local-2024", "sea-local-seller-shipping"]\ntitle')
    )
    book = load_book([tmp_path])
    assert "vn-local-2024" not in book.index
    (tmp_path / "own.toml").write_text(base.replace('"mine"', '"gb-local-2023"').replace('"VN"', '"BR"'))
    assert load_book([tmp_path]).find("gb-local-2023").title == "My own"


def test_the_database_overrides_calendars() -> None:
    changes = {"vn": {date(2026, 3, 10): (False, "stocktaking"), date(2026, 3, 15): (True, "we work")}, "zz": {}}
    book = load_book(calendar_overrides=changes)
    created = np.array([parse_instant(f"2026-03-{d}T09:00:00+07:00") for d in (10, 15)])
    clocks = compute(Facts.of(2, market=["VN"] * 2, created_at=created), book)
    due = clocks.due[clocks.clock == CLOCK["first_scan"]].tolist()
    assert due == [parse_instant(f"2026-03-{d}T23:59:59+07:00") for d in (11, 15)]
    assert book.calendars["vn"].why(date(2026, 3, 10)) == "holiday: stocktaking"
    assert load_book().calendars["vn"].is_open(date(2026, 3, 10))


WRONG = [
    ("id =", "ids =", "ids"),
    ('confidence = "C"', 'confidence = "E"', "source"),
    ('source_date = "2026-01-01"', 'source_date = ""', "source"),
    ('["BR"]', '["ZZ"]', "markets"),
    ('["BR"]', '["*"]', "markets"),
    ('["BR"]', '["VN"]', "rules.mine.first_scan"),
    ('["local"]', '["foreign"]', "seller_types"),
    ("[settings]", 'zone = "Mars/Base"\n[settings]', "zone"),
    ("[settings]", 'calendar = "moon"\n[settings]', "calendar"),
    ("[settings]", "effective_from = 2026-02-01\neffective_to = 2026-01-01\n[settings]", "effective_to"),
    ("days = 2", 'days = "two"', "rules[0].amount"),
    ("days = 2", "days = -1", "rules[0].amount"),
    ("days = 2", "hours = 2", "rules[0].settings"),
    ('"first_scan"', '"second_scan"', "rules[0].clock"),
    ('"created"', '"dreamt"', "rules[0].start"),
    ('"23:59:59"', '"24:00"', "rules[0].snap"),
    ('snap = "23:59:59"', 'unit = "week"', "rules[0].unit"),
    ('snap = "23:59:59"', 'stop = "paid"', "rules[0].stop"),
    ('snap = "23:59:59"', 'party = "nobody"', "rules[0].party"),
    ('snap = "23:59:59"', 'order_types = ["NEW"]', "rules[0].order_types"),
    ('snap = "23:59:59"', 'late_same_day = "12:00"', "rules[0].cutoff"),
    ('snap = "23:59:59"', 'cutoff = "12:00"\nunit = "hour"', "rules[0].cutoff"),
    ('snap = "23:59:59"', "band = -3", "rules[0].band"),
    ('snap = "23:59:59"', "snap = 5", "rules[0].snap"),
    ('snap = "23:59:59"', "snap = ", "file"),
]


@pytest.mark.parametrize(("old", "new", "field"), WRONG, ids=[f"{n} ({f})" for _, n, f in WRONG])
def test_a_wrong_pack_names_file_and_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in PACK
    (tmp_path / "mine.toml").write_text(PACK.replace(old, new, 1))
    with pytest.raises(Failure) as caught:
        load_book([tmp_path])
    problem = caught.value.problem
    assert (caught.value.exit_code, problem.code) == (2, "pack_invalid")
    assert field in (problem.field or "") or field in (problem.value or "")
    assert "mine.toml" in str(caught.value)


def test_wrong_settings_and_folders(tmp_path: Path) -> None:
    for settings in ({"nope": {"x": 1}}, {"gb-cross-border-direct": {"nope": 1}}):
        with pytest.raises(Failure, match="nope"):
            load_book(settings=settings)
    with pytest.raises(Failure, match="no such folder"):
        load_book([tmp_path / "missing"])
    with pytest.raises(Failure, match=r"Known packs: .*us-local-2026"):
        BOOK.find("nope")


def test_the_pack_as_written_is_good(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(PACK)
    assert msgspec.to_builtins(load_book([tmp_path]).find("mine"))["settings"] == {"days": 2}


@pytest.mark.parametrize("pack", BOOK.packs, ids=BOOK.pack_ids)
def test_what_a_pack_says_is_said_in_chinese(pack: PackFile) -> None:
    notes = [r.note for r in pack.rules if r.note]
    for text in (pack.title, *pack.notes, *notes, *(c.text for c in pack.consequences)):
        assert t(text, "zh") != text
