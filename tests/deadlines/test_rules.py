"""The clock engine by example and by property: boundaries, outcomes, platform fields, extensions, missing facts."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fahuo.deadlines.model import CLOCK, CLOCKS, OUTCOMES, PARTIES, Clocks, Extension, Facts
from fahuo.deadlines.packs import RuleBook, load_book
from fahuo.deadlines.rules import CHUNK, compute
from fahuo.kernel.arrays import DAY
from fahuo.kernel.instant import NONE, local, parse_instant, zone

BOOK = load_book()
DAY_OFF = date(2026, 1, 1)
MARKETS = ("US", "GB", "VN", "TH", "MY", "SG", "PH", "ID", "JP", "DE", "IE", "BR")
TIMES = st.integers(parse_instant("2024-01-01T00:00:00Z"), parse_instant("2028-12-01T00:00:00Z"))
TYPES = st.sampled_from(("NORMAL", "MADE_TO_ORDER", "PRE_ORDER", "BACK_ORDER", "SOMETHING_NEW"))


def one(market: str, created: str | int, **columns: Any) -> Facts:
    """One order; instants as text or seconds."""
    at = created if isinstance(created, int) else parse_instant(created)
    made: dict[str, Any] = {"market": [market], "created_at": np.array([at])}
    for name, value in columns.items():
        if name.endswith("_at"):
            seconds = value if isinstance(value, int) else parse_instant(str(value))
            made[name] = np.array([seconds], dtype=np.int64)
        else:
            made[name] = value if isinstance(value, dict | np.ndarray) else [value]
    return Facts.of(1, **made)


def due(clocks: Clocks) -> dict[str, int]:
    return {CLOCKS[c]: int(d) for c, d in zip(clocks.clock, clocks.due, strict=True)}


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    n = draw(st.integers(0, 12))
    created = np.array(draw(st.lists(TIMES, min_size=n, max_size=n)), dtype=np.int64)
    shift = st.one_of(st.just(NONE), st.integers(0, 20 * DAY))
    later = {
        name: np.array([NONE if (s := draw(shift)) == NONE else int(c) + s for c in created], dtype=np.int64)
        for name in ("paid_at", "awaiting_at", "ready_at", "first_scan_at", "delivered_at", "release_at")
    }

    def words(*choices: str) -> list[str]:
        return draw(st.lists(st.sampled_from(choices), min_size=n, max_size=n))

    return Facts.of(
        n,
        market=words(*MARKETS, "UK", "XX"),
        seller_type=words("local", "cross_border"),
        shipping_type=words("TIKTOK", "SELLER"),
        order_type=draw(st.lists(TYPES, min_size=n, max_size=n)),
        origin_region=words("", "MY-02", "MY-10"),
        handling_days=np.array(
            draw(st.lists(st.sampled_from((NONE, 0, 3, 14)), min_size=n, max_size=n)), dtype=np.int64
        ),
        handling_type=draw(st.lists(st.sampled_from((None, "BUSINESS_DAY", "CALENDAR_DAY")), min_size=n, max_size=n)),
        created_at=created,
        **later,
    )


@settings(max_examples=150)
@given(facts())
def test_many_orders_together_are_as_each_alone(many: Facts) -> None:
    together = compute(many, BOOK)
    rows = together.rows()
    alone = [(i, *row[1:]) for i in range(len(many)) for row in compute(many.part(i, i + 1), BOOK).rows()]
    assert rows == alone
    assert set(together.unmatched) == set(range(len(many))) - {row[0] for row in rows}
    assert all(together.unmatched.values())


@settings(max_examples=150)
@given(facts())
def test_every_clock_is_sane(many: Facts) -> None:
    clocks = compute(many, BOOK)
    assert (clocks.due >= clocks.starts).all()
    assert ((clocks.band == NONE) | (clocks.band <= clocks.due)).all()
    assert (clocks.rule >= 0).all()
    for row in clocks.rows():
        rule = BOOK.rules[BOOK.rule_ids.index(row[8])]
        assert BOOK.packs[rule.pack].default, "a pack nobody chose was used"
        assert BOOK.packs[rule.pack].id == row[7]


@settings(max_examples=100)
@given(st.sampled_from(MARKETS), st.sampled_from(("local", "cross_border")), st.lists(TIMES, min_size=2, max_size=30))
def test_who_orders_later_has_no_earlier_limit(market: str, seller: str, at: list[int]) -> None:
    created = np.array(sorted(at), dtype=np.int64)
    n = len(created)
    many = Facts.of(n, market=[market] * n, seller_type=[seller] * n, created_at=created, awaiting_at=created)
    clocks = compute(many, BOOK)
    for rule in set(clocks.rule.tolist()):
        if BOOK.rules[rule].late_same_day is None:  # after the cut-off the limit is that day's end, before it 16:00
            assert (np.diff(clocks.due[clocks.rule == rule]) >= 0).all()


@settings(max_examples=100)
@given(
    facts(),
    st.integers(1, 4),
    st.sampled_from(("hour", "calendar_day", "business_day")),
    st.dates(date(2025, 1, 1), date(2027, 1, 1)),
)
def test_an_extension_only_moves_later(many: Facts, amount: int, unit: str, day: date) -> None:
    window: dict[str, Any] = {"start_from": 0, "start_to": 2**33, "source": "notice", "source_date": day}
    more = [Extension(id=m, market=m, amount=amount, unit=unit, **window) for m in MARKETS]
    shut = [Extension(id=c, calendar=c, closed=(day,), **window) for c in BOOK.calendars]
    plain, extended, closed = (compute(many, BOOK, x) for x in ((), more, shut))
    assert plain.order.tolist() == extended.order.tolist() == closed.order.tolist()
    assert (extended.due > plain.due).all()
    assert (closed.due >= plain.due).all()


@settings(max_examples=60)
@given(st.sampled_from(("US", "GB", "DE")), TIMES)
def test_limits_at_the_end_of_a_local_day_survive_summer_time(market: str, at: int) -> None:
    clocks = compute(one(market, at, awaiting_at=at), BOOK)
    for limit in clocks.due.tolist():
        assert f"{local(limit, zone(BOOK.markets[market].zone)):%H:%M:%S}" == "23:59:59"


@pytest.mark.parametrize(
    ("at", "outcome"), [("2026-03-10T23:59:59+07:00", "met"), ("2026-03-11T00:00:00+07:00", "missed")]
)
def test_the_due_second_still_counts(at: str, outcome: str) -> None:
    clocks = compute(one("VN", "2026-03-10T09:00:00+07:00", first_scan_at=at), BOOK)
    row = clocks.clock.tolist().index(CLOCK["first_scan"])
    assert OUTCOMES[clocks.outcome(0)[row]] == outcome
    assert clocks.met[row] == parse_instant(at)


def test_running_and_missed_by_now() -> None:
    clocks = compute(one("VN", "2026-03-10T09:00:00+07:00"), BOOK)
    row = clocks.clock.tolist().index(CLOCK["first_scan"])
    limit = int(clocks.due[row])
    assert [OUTCOMES[clocks.outcome(now)[row]] for now in (limit, limit + 1)] == ["running", "missed"]


def test_a_cancelled_order_misses_nothing_more() -> None:
    clocks = compute(one("VN", "2026-03-10T09:00:00+07:00", cancelled_at="2026-03-10T10:00:00+07:00"), BOOK)
    assert {OUTCOMES[o] for o in clocks.outcome(2**33)} == {"cancelled"}


def test_a_later_event_proves_the_earlier() -> None:
    clocks = compute(one("VN", "2026-03-10T09:00:00+07:00", delivered_at="2026-03-10T20:00:00+07:00"), BOOK)
    met = dict(zip([CLOCKS[c] for c in clocks.clock], clocks.met.tolist(), strict=True))
    assert met["first_scan"] == met["auto_cancel_not_ready"] == parse_instant("2026-03-10T20:00:00+07:00")


def test_parties() -> None:
    forced = one(
        "BR", "2026-03-10T09:00:00-03:00", ready_at="2026-03-10T12:00:00-03:00", pack="general-cross-border-72h"
    )
    vn = one("VN", "2026-03-10T09:00:00+07:00")
    found = {
        CLOCKS[c]: PARTIES[p]
        for clocks in (compute(forced, BOOK), compute(vn, BOOK))
        for c, p in zip(clocks.clock, clocks.party, strict=True)
    }
    assert found["carrier_pickup"] == "carrier"
    assert found["ready_to_ship"] == found["first_scan"] == "seller"
    assert found["auto_cancel_not_ready"] == "platform"


def limits(**fields: int) -> dict[str, np.ndarray]:
    return {name: np.array([at], dtype=np.int64) for name, at in fields.items()}


def test_the_platforms_fields_win_and_the_earlier_of_two_counts() -> None:
    at = parse_instant("2026-03-10T09:00:00+07:00")
    given = one(
        "VN", at, platform=limits(tts_sla_time=at + 5000, pick_up_cut_off_time=at + 4000, delivery_sla_time=at + 9)
    )
    clocks = compute(given, BOOK)
    found = due(clocks)
    assert (found["first_scan"], found["deliver_by"]) == (at + 4000, at + 9)
    source = dict(zip([CLOCKS[c] for c in clocks.clock], clocks.source.tolist(), strict=True))
    assert source == {
        "ready_to_ship": 0, "first_scan": 1, "auto_cancel_not_ready": 0, "auto_cancel_not_collected": 0,
        "auto_cancel": 0, "deliver_by": 1,
    }  # fmt: skip


def test_platform_fields_in_milliseconds_and_nought() -> None:
    at = parse_instant("2026-03-10T09:00:00-03:00")
    clocks = compute(one("BR", at, platform=limits(tts_sla_time=(at + 77) * 1000, rts_sla_time=0)), BOOK)
    assert due(clocks) == {"first_scan": at + 77}
    assert clocks.rows()[0][7:] == ("", "")
    assert clocks.unmatched == {}


def test_only_the_later_of_two_platform_fields_known() -> None:
    at = parse_instant("2026-03-10T09:00:00-03:00")
    given = one("BR", at, platform=limits(tts_sla_time=NONE, pick_up_cut_off_time=at + 5))
    assert due(compute(given, BOOK)) == {"first_scan": at + 5}


def test_an_extension_leaves_the_platforms_own_limit_alone() -> None:
    at = parse_instant("2026-03-10T09:00:00+07:00")
    x = Extension(id="x", source="s", source_date=date(2026, 1, 1), start_from=0, start_to=2**33, market="VN", amount=9)
    assert due(compute(one("VN", at, platform=limits(tts_sla_time=at + 5)), BOOK, [x]))["first_scan"] == at + 5


def test_extension_windows_markets_clocks_and_sellers() -> None:
    at = parse_instant("2026-03-10T09:00:00+07:00")
    base: dict[str, Any] = {"source": "s", "source_date": date(2026, 1, 1), "amount": 1, "unit": "hour"}
    order = one("VN", at)
    plain = due(compute(order, BOOK))

    def with_(**fields: Any) -> dict[str, int]:
        merged = {"id": "x", "market": "VN", "start_from": at, "start_to": at + 1, **base, **fields}
        return due(compute(order, BOOK, [Extension(**merged)]))

    assert with_() == {name: limit + 3600 for name, limit in plain.items()}
    assert with_(start_from=at + 1, start_to=at + 2) == plain, "half-open at the start"
    assert with_(start_from=at - 1, start_to=at) == plain, "half-open at the end"
    assert with_(market="TH") == plain
    assert with_(seller_type="cross_border") == plain
    assert with_(clocks=("first_scan",)) == {**plain, "first_scan": plain["first_scan"] + 3600}


def test_two_closures_with_their_own_windows() -> None:
    at = parse_instant("2026-03-10T15:00:00+07:00")  # after the cut-off: Wednesday the 11th
    day = date(2026, 3, 11)
    base: dict[str, Any] = {"source": "s", "source_date": day, "calendar": "vn"}
    first = Extension(id="a", closed=(day,), start_from=at, start_to=at + 10, **base)
    second = Extension(id="b", closed=(date(2026, 3, 12),), start_from=at + 5, start_to=at + 20, **base)
    created = np.array([at - 1, at, at + 5, at + 10, at + 20])
    clocks = compute(Facts.of(5, market=["VN"] * 5, created_at=created), BOOK, [first, second])
    days = [local(d, zone("Asia/Ho_Chi_Minh")).day for d in clocks.due[clocks.clock == CLOCK["first_scan"]].tolist()]
    assert days == [11, 12, 13, 11, 11]


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"amount": 1, "closed": (DAY_OFF,)}, {"closed": (DAY_OFF,)}, {"amount": -1, "market": "VN"},
        {"amount": 1}, {"amount": 1, "market": "VN", "unit": "week"}, {"amount": 1, "market": "VN", "start_to": 0},
        {"amount": 1, "market": "VN", "clocks": ("tea",)},
    ],
)  # fmt: skip
def test_wrong_extensions_are_refused(wrong: dict[str, Any]) -> None:
    base: dict[str, Any] = {
        "id": "x",
        "source": "s",
        "source_date": date(2026, 1, 1),
        "start_from": 0,
        "start_to": 9,
    }
    with pytest.raises(ValueError, match=r"extension|closed|positive|market|start_to|clocks|amount"):
        Extension(**{**base, **wrong})


def test_handling_time_that_is_not_known() -> None:
    order = one("US", "2026-03-02T10:00:00-08:00", awaiting_at="2026-03-02T11:00:00-08:00", order_type="MADE_TO_ORDER")
    clocks = compute(order, BOOK)
    assert len(clocks) == 0
    assert "us-local-2026" in clocks.unmatched[0]


@pytest.mark.parametrize(
    "created", [-1, NONE, parse_instant("2080-01-01T00:00:00Z"), parse_instant("9999-12-31T23:59:59Z")]
)
def test_starts_nobody_can_believe(created: int) -> None:
    assert len(compute(one("VN", created), BOOK)) == 0


def test_no_orders() -> None:
    assert len(compute(Facts.of(0), BOOK)) == 0


def test_more_orders_than_a_chunk() -> None:
    n = CHUNK + 3
    created = np.full(n, parse_instant("2026-03-10T09:00:00+07:00"))
    clocks = compute(Facts.of(n, market=["VN"] * (n - 1) + ["XX"], created_at=created), BOOK)
    assert len(clocks) == 5 * (n - 1)
    assert clocks.order[-1] == n - 2
    assert list(clocks.unmatched) == [n - 1]


def test_odd_input_does_not_fill_the_memory() -> None:
    book = RuleBook(BOOK.packs, BOOK.rules, BOOK.calendars, BOOK.markets, BOOK.aliases)
    for part in range(3):
        n = 5_000
        compute(Facts.of(n, market=[f"{part}-{i}" for i in range(n)], created_at=np.zeros(n, dtype=np.int64)), book)
    assert len(book.keys) <= 10_000
