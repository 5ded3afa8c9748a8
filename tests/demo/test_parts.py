"""The parts of the demonstration: its clock, its home, and the world around the seller."""

from __future__ import annotations

import msgspec
import pytest

from fahuo.demo.clock import DemoClock
from fahuo.demo.house import BRANCHES, MARK, fresh_home
from fahuo.demo.outside import DAY, HOUR, Outside
from fahuo.kernel.instant import parse_instant
from fahuo.kernel.problems import Failure

START = parse_instant("2026-11-16T00:00:00Z")


def test_the_clock_stands_until_it_runs() -> None:
    seconds = [10.0]
    clock = DemoClock(START, lambda: seconds[0])
    seconds[0] += 5
    assert clock.now() == START
    clock.run(60)
    seconds[0] += 2
    assert clock.now() == START + 120
    assert clock.wait_s(START + 180) == 1.0
    clock.set(START)  # never back
    seconds[0] += 9
    assert clock.now() == START + 120


def test_a_home_with_other_things_is_left_alone(tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's own path
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(Failure) as caught, fresh_home(tmp_path):
        pass
    assert caught.value.problem.code == "home_not_empty"
    assert (tmp_path / "letters.txt").exists()


def test_a_home_of_an_earlier_run_is_emptied_and_taken_by_one_run_only(tmp_path) -> None:  # type: ignore[no-untyped-def]  # pytest's own path
    home = tmp_path / "demo"
    with fresh_home(home):
        (home / "files").mkdir()
        (home / "fahuo.db").write_text("old")
        with pytest.raises(Failure) as caught, fresh_home(home):
            pass
        assert caught.value.problem.code == "demo_runs"
        assert (home / "fahuo.db").exists()
    with fresh_home(home):
        assert [path.name for path in home.iterdir()] == [MARK]


def told(outside: Outside) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for branch in range(len(BRANCHES)) for line in outside.export(branch)]


def test_orders_keep_the_rhythm_of_the_day_and_rest_an_hour() -> None:
    outside = Outside(seed=1, per_day=2_000)
    outside.live(START, START + DAY)
    made = told(outside)
    assert 1_800 < len(made) < 2_200
    assert told(outside) == []  # told once
    hours = [(int(str(o["create_time"])) + 7 * HOUR) // HOUR % 24 for o in made if o["id"] in outside.tickets]
    vn = [h for h, o in zip(hours, made, strict=True) if outside.tickets[str(o["id"])].branch == 0]
    assert sum(19 <= h <= 22 for h in vn) > 4 * sum(1 <= h <= 4 for h in vn)
    resting = [o for o in made if o["status"] == "ON_HOLD"]
    assert all(int(str(o["create_time"])) > START + DAY - 61 * 60 - 1 for o in resting)


def test_a_cancelled_order_is_neither_arranged_nor_uploaded() -> None:
    outside = Outside(seed=1, per_day=200)
    outside.live(START, START + DAY)
    waiting = [id_ for id_, ticket in outside.tickets.items() if outside.status(id_) == "AWAITING_SHIPMENT"]
    first, second = [id_ for id_ in waiting if not outside.tickets[id_].own][:2]
    outside.agree_to_cancel(first, START + DAY)
    labels = outside.arrange([first, second], START + DAY)
    assert [label.order_number for label in labels] == [second]
    assert (outside.status(first), outside.status(second)) == ("CANCELLED", "AWAITING_COLLECTION")

    own = next(id_ for id_ in waiting if outside.tickets[id_].own)
    file = f"Order ID,Package ID,Shipping Provider Name,Tracking ID\r\n{own},1,USPS,9400\r\n{first},2,USPS,9401\r\n"
    assert outside.upload(file.encode("utf-8-sig"), START + DAY) == 1
    outside.collect([(own, "9400")], START + DAY)
    outside.live(START + DAY, START + DAY + 2 * HOUR)
    assert outside.scans()[0][:2] == ("9400", "first_scan")
