"""Walking through all orders that changed in a stretch of time, so that none is missed. Pure but for `fetch`.

Orders move while one pages: a change puts an order at the end. Page tokens that count places would then skip one, so
tokens are used only within one second's orders (which may be thousands); otherwise the next page is asked for from the
last change seen on (that second's orders come twice, which does no harm). How far everything is known to be seen is the
**cursor**.

What makes no progress (a token that repeats, a page with nothing new) is asked for again in half the stretch of time,
down to one second: a shorter stretch has fewer pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from fahuo.channels.tiktok_shop.orders import Page
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

Fetch = Callable[[int, int | None, str], Page]
"""(changed since, changed before or None, page token) → the page."""

_NEXT: Final = N_("Nothing: shorter stretches of time are asked for. If it stays, report it to the platform.")


class Step(NamedTuple):
    """A page, and the platform's time before which all changes have been seen once it is taken; None: not further."""

    page: Page
    cursor: int | None
    problem: Problem | None = None


class Stuck(Exception):
    """A stretch of time that cannot be read to its end."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def walk(fetch: Fetch, since: int, before: int | None, soft: int) -> Iterator[Step]:
    """All orders changed in [since, before), oldest change first. `before` None: up to the platform's present.

    `soft`: our own idea of now. What changed after it moved while we read, so the cursor does not jump there as long
    as something older is in sight. Raises Stuck, and whatever `fetch` raises; the cursor given last is true then.
    """
    stretches = [(since, before)]
    while stretches:
        low, high = stretches.pop()
        try:
            for step in _stretch(fetch, low, high, soft):
                low = max(low, step.cursor or low)
                yield step
        except Stuck as stuck:
            top = high if high is not None else soft
            if top - low <= 1:
                raise
            middle = low + (top - low) // 2
            stretches += [(middle, high), (low, middle)]
            yield Step(_EMPTY, None, stuck.problem)


_EMPTY: Final = Page([], [], "")


def _stretch(fetch: Fetch, low: int, high: int | None, soft: int) -> Iterator[Step]:
    """One stretch from end to end."""
    at, token = low, ""
    tokens: set[str] = set()
    seen: set[str] = set()
    top: int | None = None
    ordered = True
    while True:
        page = fetch(at, high, token)
        times = [when for _, when in page.versions]
        ordered = ordered and all(a <= b for a, b in pairwise(times)) and all(when >= at for when in times)
        reached = _reached(times, soft)
        top = max((when for when in (top, reached) if when is not None), default=None)
        if not page.token:
            yield Step(page, top)
            return
        yield Step(page, top if ordered else None)
        if all(id_ in seen for id_, _ in page.versions):
            raise Stuck(_stuck("page_stands_still", N_("A page of orders held nothing new, and yet more was to come.")))
        if ordered and reached is not None and reached > at and times[0] < times[-1]:
            at, token = reached, ""
            tokens.clear()
            seen = {id_ for id_, when in page.versions if when >= at}
            continue
        seen.update(id_ for id_, _ in page.versions)
        if page.token in tokens:
            raise Stuck(_stuck("page_repeats", N_("The platform gave the same page token twice.")))
        tokens.add(page.token)
        token = page.token


def _reached(times: list[int], soft: int) -> int | None:
    """How far a page reaches: its last change that is not newer than `soft`, or its last one when all are."""
    known = [when for when in times if when > 0]
    return max((when for when in known if when < soft), default=max(known, default=None))


def _stuck(code: str, message: str) -> Problem:
    return Problem(code, message=message, next=_NEXT)
