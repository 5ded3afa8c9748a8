"""Explanations agree with the engine: the days counted are the days of the rule, in English and Chinese."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.deadlines.explain import Explanation, explain
from fahuo.deadlines.model import Extension, Facts
from fahuo.deadlines.packs import load_book
from fahuo.deadlines.rules import compute
from fahuo.kernel.instant import local, parse_instant, zone

BOOK = load_book()
NOW = parse_instant("2026-11-21T00:00:00Z")
TIMES = st.integers(parse_instant("2025-11-01T00:00:00Z"), parse_instant("2027-12-01T00:00:00Z"))


def said(facts: Facts, lang: str = "en", extensions: tuple[Extension, ...] = ()) -> list[Explanation]:
    clocks = compute(facts, BOOK, extensions)
    return [one for _, mine, _ in explain(facts, clocks, BOOK, NOW, lang, extensions) for one in mine]


@settings(max_examples=100)
@given(
    st.sampled_from(("US", "GB", "VN", "TH", "MY", "ID", "JP", "IE")),
    st.sampled_from(("NORMAL", "MADE_TO_ORDER")),
    st.sampled_from((None, "CALENDAR_DAY")),
    TIMES,
)
def test_the_days_counted_are_the_days_of_the_rule(market: str, kind: str, handling: str | None, at: int) -> None:
    start = np.array([at])
    facts = Facts.of(
        1, market=[market], order_type=[kind], created_at=start, awaiting_at=start,
        handling_days=np.array([5]), handling_type=[handling],
    )  # fmt: skip
    tz = zone(BOOK.markets[market].zone)
    for one in said(facts):
        rule = BOOK.rules[BOOK.rule_ids.index(str(one.rule))]
        days = [d.day for d in one.days]
        first, last = local(at, tz).date(), local(one.due_at, tz).date()
        assert days == [first + timedelta(n) for n in range((last - first).days + 1)]
        assert [d.number for d in one.days if d.number] == list(range(1, 1 + sum(d.number > 0 for d in one.days)))
        amount = rule.amount + (5 if rule.handling else 0)
        assert max(d.number for d in one.days) == amount
        if amount:
            assert one.days[-1].number == amount


def test_holidays_and_weekends_are_named_in_both_languages() -> None:
    facts = Facts.of(1, market=["VN"], created_at=np.array([parse_instant("2025-08-30T15:30:59+07:00")]))
    for lang, words in (
        ("en", ["Sun 2025-08-31 weekend", "holiday: National Day", "not before the cut-off 14:00", "confidence A"]),
        ("zh", ["周日 2025-08-31 休息日", "节假日：National Day", "不早于截单时间 14:00", "可信度 A"]),
    ):
        scan = said(facts, lang)[1]
        for word in words:
            assert word in scan.why
        assert [d.number for d in scan.days] == [0, 0, 0, 0, 0]
        assert scan.days[-1].day == date(2025, 9, 3)


def test_the_extension_is_named() -> None:
    facts = Facts.of(1, market=["VN"], created_at=np.array([parse_instant("2026-03-10T15:00:00+07:00")]))
    closed = date(2026, 3, 11)
    x = Extension(
        id="storm", source="notice 7", source_date=closed, start_from=0, start_to=2**33, calendar="vn",
        closed=(closed,), why="typhoon",
    )  # fmt: skip
    scan = said(facts, extensions=(x,))[1]
    assert "holiday: typhoon" in scan.why
    assert any("storm" in note and "notice 7" in note for note in scan.notes)
    assert scan.days[1].why == "holiday: typhoon"


def test_years_without_recorded_holidays_are_said() -> None:
    facts = Facts.of(1, market=["VN"], created_at=np.array([parse_instant("2035-03-10T15:00:00+07:00")]))
    assert "holidays of 2035 are not recorded" in said(facts)[1].why


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_handling_in_calendar_days_skips_nothing_until_it_ends(lang: str) -> None:
    at = np.array([parse_instant("2026-02-12T10:00:00-08:00")])
    facts = Facts.of(
        1, market=["US"], order_type=["MADE_TO_ORDER"], created_at=at, awaiting_at=at,
        handling_days=np.array([5]), handling_type=["CALENDAR_DAY"],
    )  # fmt: skip
    scan = said(facts, lang)[0]
    assert "2026-02-14" not in scan.why
    assert [d.number for d in scan.days] == [0, 1, 2, 3, 4, 5, 6]
