"""New rules, changed calendars and announced extensions reach the orders they touch, and the journal says why."""

from __future__ import annotations

from datetime import date

import pytest

from fahuo.deadlines.model import Extension
from fahuo.flow.explain import explain_order
from fahuo.flow.house import open_desk
from fahuo.flow.recompute import announce, change_calendar, recompute
from fahuo.kernel.problems import Failure
from fahuo.orders.model import DELIVERED
from tests.support.shopfloor import DAY, HOUR, MONDAY, Floor, order


def due(floor: Floor, number: int = 1) -> dict[str, int]:
    return {clock.clock: clock.due_at for clock in floor.view(number).clocks}


def extension(**changes: object) -> Extension:
    values: dict[str, object] = {
        "id": "flood-2026",
        "source": "Seller Center notice",
        "source_date": date(2026, 3, 1),
        "start_from": MONDAY - DAY,
        "start_to": MONDAY + DAY,
        "market": "VN",
        "amount": 24,
        "unit": "hour",
        "why": "flood in the south",
    }
    return Extension(**(values | changes))  # type: ignore[arg-type]  # a test's own values


def test_an_extension_moves_the_orders_it_touches_and_says_why(floor: Floor) -> None:
    shop = floor.shop()
    early = dict.fromkeys(("created_at", "paid_at", "awaiting_at"), MONDAY - 9 * DAY)
    floor.take(shop, order(1), order(2, **early), order(3, state=DELIVERED, first_scan_at=MONDAY + 2 * DAY))
    before = {n: due(floor, n) for n in (1, 2, 3)}
    assert floor.view(3).clocks
    version = floor.view(1).row["version"]

    done = announce(floor.house, extension(), "mei")
    assert (done.checked, done.changed) == (3, 2)
    assert due(floor, 1)["first_scan"] == before[1]["first_scan"] + DAY
    assert due(floor, 2) == before[2]
    assert due(floor, 3)["first_scan"] == before[3]["first_scan"] + DAY  # history too: the week's rate depends on it
    entry = floor.view(1).timeline[-1]
    assert (entry.kind, entry.actor) == ("reclocked", "mei")
    assert "flood in the south" in entry.data["why"]
    assert entry.data["due"]["first_scan"] == [before[1]["first_scan"], due(floor, 1)["first_scan"]]
    row = floor.view(1).row
    assert (row["version"], row["due_at"]) == (
        version + 1,
        min(due(floor, 1)[c] for c in ("first_scan", "ready_to_ship") if c in due(floor, 1)),
    )
    floor.clean()


def test_doing_it_twice_changes_nothing(floor: Floor) -> None:
    floor.take(floor.shop(), order())
    announce(floor.house, extension(), "mei")
    assert announce(floor.house, extension(), "mei").changed == 0
    assert recompute(floor.house, "again", "mei").changed == 0
    assert announce(floor.house, extension(amount=48), "mei").changed == 1  # the same id: the last word counts
    with floor.store.read() as tx:
        assert tx.rows("SELECT COUNT(*) FROM extensions")[0][0] == 1


def test_new_orders_get_the_extension_at_once(floor: Floor) -> None:
    shop = floor.shop()
    floor.take(shop, order(1))
    plain = due(floor, 1)
    announce(floor.house, extension(), "mei")
    floor.take(shop, order(2, created_at=MONDAY - HOUR - 1, recipient=order().recipient))
    assert due(floor, 2)["first_scan"] == plain["first_scan"] + DAY


def test_a_closed_day_moves_what_counts_working_days(floor: Floor) -> None:
    floor.take(floor.shop(), order())
    before = due(floor)
    with floor.store.read() as tx:
        desk = open_desk(tx, "test")
    plan = desk.book.plan(("VN", "local", "SELLER", "NORMAL", "", None))
    calendar = plan.steps[0].calendar
    done = change_calendar(floor.house, calendar, [date(2026, 3, 2), date(2026, 3, 3)], False, "public mourning", "mei")
    assert done.changed == 1
    assert due(floor) != before
    assert "public mourning" in floor.view().timeline[-1].data["why"]
    change_calendar(floor.house, calendar, [date(2026, 3, 2), date(2026, 3, 3)], True, "called off", "mei")
    assert due(floor) == before


def test_a_run_sees_that_the_rules_have_changed(floor: Floor) -> None:
    """A shop gets another rule pack: the next run computes its orders anew, the one after that has nothing to do."""
    floor.take(floor.shop(market="BR", seller_type="cross_border"), order(market="BR"))
    floor.run()
    assert (floor.view().clocks, "no_rule_found" in floor.held()) == ([], True)
    with floor.store.read() as tx:
        general = [p.id for p in open_desk(tx, "test").book.packs if not p.default]
    assert general
    floor.shop(market="BR", seller_type="cross_border", pack=general[0])
    assert floor.run().reclocked == 1
    assert floor.view().clocks != []
    assert "no_rule_found" not in floor.held()
    assert floor.kinds().count("reclocked") == 1
    assert floor.run().reclocked == 0


def test_more_time_ends_the_hold_of_an_order_that_could_not_leave(floor: Floor) -> None:
    floor.clock.at = MONDAY + 2 * DAY
    floor.take(floor.shop(), order())
    assert floor.held() == {"cannot_leave_in_time"}
    announce(floor.house, extension(amount=96), "mei")
    assert floor.held() == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"market": "XX"}, "unknown_market"),
     ({"market": "", "amount": 0, "closed": (date(2026, 3, 2),), "calendar": "none"}, "unknown_calendar")],
)  # fmt: skip
def test_an_extension_for_nowhere_is_refused(floor: Floor, changes: dict[str, object], code: str) -> None:
    with pytest.raises(Failure) as failure:
        announce(floor.house, extension(**changes), "mei")
    assert failure.value.problem.code == code
    with pytest.raises(Failure):
        change_calendar(floor.house, "none", [date(2026, 3, 2)], False, "x", "mei")
    with floor.store.read() as tx:
        assert tx.rows("SELECT COUNT(*) FROM extensions")[0][0] == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_order_is_explained_day_by_day(floor: Floor, lang: str) -> None:
    floor.take(floor.shop(), order())
    announce(floor.house, extension(), "mei")
    found = explain_order(floor.house, floor.id(), lang)
    assert found is not None
    said = {one.clock: one for one in found.clocks}
    assert said["first_scan"].due_at == due(floor)["first_scan"]
    assert said["first_scan"].days
    assert any("flood" in note for note in (*said["first_scan"].notes, said["first_scan"].why))
    assert explain_order(floor.house, 4711, lang) is None
