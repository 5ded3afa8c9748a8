"""Stories that a seller can read, played on both databases: `scenarios/*.md`, one table row a step."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pytest

from fahuo.flow.dispatch import export_shipped
from fahuo.flow.handover import hand_over
from fahuo.flow.pack import confirm, open_parcel
from fahuo.flow.track import track
from fahuo.kernel.instant import from_local, local, zone
from fahuo.kernel.problems import Problem
from fahuo.orders.model import OrderIn
from tests.support.shopfloor import Floor, lines, order

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.md"))
HERE = zone("Asia/Ho_Chi_Minh")
Words = tuple[str, ...]
T = TypeVar("T")


class Story:
    """What has been told so far."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.shop = floor.shop()
        self.orders: dict[int, OrderIn] = {}
        self.parcels = 0
        self.bench = ""

    def comes(self, number: str, platform: str, units: str) -> None:
        wanted = {sku: int(count) for count, sku in re.findall(r"(\d+) (\w+)", units)}
        now = self.floor.clock.at
        kind = "TIKTOK" if platform else "SELLER"
        told = order(
            int(number), lines=lines(**wanted), shipping_type=kind, created_at=now, paid_at=now, awaiting_at=now
        )
        self.orders[int(number)] = told
        self.floor.take(self.shop, told)

    def shows(self, number: str, state: str) -> None:
        told = self.orders[int(number)]
        told.state = state
        names = {"AWAITING_COLLECTION": "arranged_at", "IN_TRANSIT": "first_scan_at", "DELIVERED": "delivered_at"}
        if state in names:
            setattr(told, names[state], self.floor.clock.at)
        if state == "AWAITING_COLLECTION" and told.shipping_type == "TIKTOK":
            told.tracking_number, told.carrier_name = f"TT{number}", "J&T Express"
        self.floor.take(self.shop, told)

    def scans(self, number: str) -> None:
        path = self.floor.folder / "scans.csv"
        waybill = self.floor.view(int(number)).parcels[0].tracking_number
        path.write_text(f"number,event,at\n{waybill},first_scan,{self.floor.clock.at}\n")
        assert track(self.floor.house, [path], "carrier").refused == []

    def export(self) -> None:
        self.parcels = export_shipped(self.floor.house)[1]

    def to_bench(self, number: str) -> None:
        found = open_parcel(self.floor.house, self.orders[int(number)].platform_order_id)
        if not isinstance(found, Problem):
            found = confirm(self.floor.house, found.package_id, found.tracking_number, "bench")
        self.bench = found.code if isinstance(found, Problem) else found.state

    def sku(self, code: str) -> None:
        self.floor.table("skus", f"sku,weight_g,length_mm,width_mm,height_mm\n{code},100,100,100,50\n")

    def counted(self, sku: str, units: str) -> None:
        self.floor.table("stock", f"sku,warehouse,on_hand\n{sku},SG1,{units}\n")


STEPS: dict[str, Callable[[Story, Words], object]] = {
    r"order (\d+) comes( from the platform)?: (.+)": lambda s, w: s.comes(*w),
    r"run": lambda s, _: s.floor.run(),
    r"nothing": lambda _s, _w: None,
    r"order (\d+) is packed": lambda s, w: s.floor.pack(int(w[0])),
    r"order (\d+) is taken to the bench": lambda s, w: s.to_bench(*w),
    r"the shipped-file is exported": lambda s, _: s.export(),
    r"the carrier scans order (\d+)": lambda s, w: s.scans(*w),
    r"the platform shows order (\d+) as (\w+)": lambda s, w: s.shows(*w),
    r"wave (\d+) is handed over": lambda s, w: hand_over(s.floor.house, "mei", wave=int(w[0])),
    r"(\w+) is imported": lambda s, w: s.sku(*w),
    r"(\w+) is counted: (\d+)": lambda s, w: s.counted(*w),
}


def clock(story: Story, name: str, number: str) -> str:
    return {c.clock: c.outcome for c in story.floor.view(int(number)).clocks}[name]


def effect(story: Story, number: str, kind: str) -> str:
    return ", ".join(e.state for e in story.floor.view(int(number)).effects if e.kind == kind)


CHECKS: dict[str, Callable[[Story, Words], tuple[object, object]]] = {
    r"order (\d+) is at (\w+)": lambda s, w: (s.floor.station(int(w[0])), w[1]),
    r"order (\d+) is held: (.+)": lambda s, w: (", ".join(sorted(s.floor.held(int(w[0])))) or "-", w[1]),
    r"order (\d+) is reported: (\w+)": lambda s, w: (effect(s, w[0], "report_shipped"), w[1]),
    r"order (\d+) has the task (\w+): (\w+)": lambda s, w: (effect(s, w[0], w[1]), w[2]),
    r"nothing is reported": lambda s, _: (s.floor.effects(), []),
    r"(\w+): (\d+) on hand, (\d+) reserved": lambda s, w: (s.floor.counters(w[0])[:2], (int(w[1]), int(w[2]))),
    r"the file has (\d+) parcels?": lambda s, w: (s.parcels, int(w[0])),
    r"(\w+) of order (\d+) is (met|missed|running)": lambda s, w: (clock(s, w[0], w[1]), w[2]),
    r"the bench says (\w+)": lambda s, w: (s.bench, w[0]),
}


def rows(path: Path) -> list[tuple[datetime, str, list[str]]]:
    """(when, what, then) of every row of the story's table."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.match(r"\w{3} \d{4}", cells[0]):
            found.append((datetime.strptime(cells[0], "%a %Y-%m-%d %H:%M"), cells[1], cells[2].split("; ")))  # noqa: DTZ007 - local time of the story
    return found


def matched(table: Mapping[str, Callable[[Story, Words], T]], words: str) -> Callable[[Story], T]:
    for pattern, does in table.items():
        if found := re.fullmatch(pattern, words):
            groups = tuple(group or "" for group in found.groups())
            return lambda story: does(story, groups)
    raise AssertionError(f"no step is called {words!r}")


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(floor: Floor, path: Path) -> None:
    story = Story(floor)
    told = rows(path)
    assert told
    for when, what, then in told:
        at, _ = from_local(when, HERE)
        assert local(at, HERE).strftime("%a") == when.strftime("%a")
        assert at >= floor.clock.at - 86_400
        floor.clock.at = at
        matched(STEPS, what)(story)
        for expected in then:
            is_, should = matched(CHECKS, expected)(story)
            assert is_ == should, f"{path.name}: after “{what}” at {when}: “{expected}” is {is_}"
    floor.clean()
