"""A house furnished and connected to a sandbox of its own, as the command `demo` makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fahuo.demo.clock import DemoClock
from fahuo.demo.house import MARKETS, connect_shops, furnish
from fahuo.demo.platform import platform
from fahuo.demo.play import Play
from fahuo.flow.connect import CALLBACK_PATH
from fahuo.flow.grants import client_of
from fahuo.flow.house import House
from fahuo.flow.setup import add_main
from fahuo.kernel.instant import parse_instant
from fahuo.store.engine import Store

MONDAY = parse_instant("2026-11-16T00:00:00Z")
ELSEWHERE = "http://127.0.0.1:9"
"""Where Fahuo says it is: nobody listens there, so the platform's notices are lost and everything comes by pull."""

Started = Callable[..., Play]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Started]:
    """Furnish a store, connect it to a new sandbox and open the day; sandboxes end with the test."""
    with ExitStack() as stack:

        def begin(
            store: Store, per_day: int, staff: int = 4, seed: int = 3, markets: tuple[str, ...] = MARKETS
        ) -> Play:
            clock = DemoClock(MONDAY)
            house = House(store, clock)
            add_main(store, MONDAY)
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            furnish(house, folder, per_day * 4, staff * 135)
            options = ("--redirect-url", f"{ELSEWHERE}{CALLBACK_PATH}")
            outside = stack.enter_context(platform(markets, seed, per_day, MONDAY, options))
            stack.callback(client_of(store).close)
            connect_shops(house, folder, outside, ELSEWHERE)
            return Play(house, clock, outside, staff)

        yield begin
