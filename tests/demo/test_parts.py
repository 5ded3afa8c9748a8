"""The parts of the demonstration: its clock, its home, its vans, and the sandbox that is its platform."""

from __future__ import annotations

import httpx
import pytest

from fahuo.catalogue.model import Warehouse
from fahuo.demo.clock import DemoClock
from fahuo.demo.house import MARK, fresh_home
from fahuo.demo.inside import COLLECTED_AT, DAY, HOUR, _struck
from fahuo.demo.platform import platform
from fahuo.demo.play import start_of
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


def test_a_clock_that_leaps_goes_on_as_it_went() -> None:
    seconds = [10.0]
    clock = DemoClock(START, lambda: seconds[0])
    clock.run(60)
    clock.reach(START + HOUR)
    seconds[0] += 1
    assert clock.now() == START + HOUR + 60
    clock.reach(START)  # never back
    assert clock.now() == START + HOUR + 60


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


def test_a_day_begins_on_the_full_hour_so_that_it_ends_today() -> None:
    now = START + 3 * HOUR + 61
    assert start_of(now, 2) == START + 3 * HOUR - 2 * DAY


@pytest.mark.parametrize(
    ("since", "until", "came"),
    [
        ("2026-11-16T11:00:00Z", "2026-11-16T11:30:00Z", True),  # 18:30 in Vietnam
        ("2026-11-16T11:30:00Z", "2026-11-16T12:00:00Z", False),  # once only
        ("2026-11-15T11:00:00Z", "2026-11-15T11:30:00Z", False),  # a Sunday
        ("2026-11-16T23:00:00Z", "2026-11-17T11:30:00Z", True),  # over midnight
    ],
)
def test_the_van_comes_once_on_a_working_day(since: str, until: str, came: bool) -> None:
    place = Warehouse(
        id=1, code="HCM", name="HCM", kind="own", country="VN", zone="Asia/Ho_Chi_Minh", cutoff="17:00",
        work_days="12345", capacity_per_day=None, platform_ref="",
    )  # fmt: skip
    assert _struck(COLLECTED_AT, place, parse_instant(since), parse_instant(until)) is came


def test_a_sandbox_starts_when_asked_obeys_its_clock_and_ends_with_its_user() -> None:
    with platform(("VN", "GB", "MY:cross_border"), 5, 48, START) as outside:
        assert len(outside.start["shops"]) == 3
        assert outside.now() == START
        assert outside.go_to(START + 12 * HOUR) == START + 12 * HOUR
        orders = outside.orders()
        assert 10 < len(orders) < 40
        with pytest.raises(Failure) as caught:
            outside.buyer("1", "cancel")
        assert caught.value.exit_code == 3
        url = outside.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/_sandbox/state", trust_env=False)


def test_a_sandbox_that_does_not_start_is_told() -> None:
    with pytest.raises(Failure) as caught, platform(("Atlantis",), 1, 1, START):
        pass
    assert caught.value.problem.code == "sandbox_not_started"
