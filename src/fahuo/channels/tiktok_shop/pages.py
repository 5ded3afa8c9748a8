"""Lists the platform gives by pages: asked for one after the other by the token each page names for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from fahuo.channels.tiktok_shop.client import Lost


class Paged(Protocol):
    """A page of a list. The token is empty on the last one."""

    @property
    def next_page_token(self) -> str:
        """What asks for the next page."""
        ...


P = TypeVar("P", bound=Paged)


def pages(fetch: Callable[[dict[str, str]], P], query: dict[str, str]) -> Iterator[P]:
    """Every page of a list; `fetch` gets the query of each.

    Raises Lost for a token that repeats: what comes after it cannot be known, and the list must not pass for whole.
    """
    seen: set[str] = set()
    while True:
        page = fetch(query)
        yield page
        if not page.next_page_token:
            return
        if page.next_page_token in seen:
            raise Lost("the platform gave the same page token twice")
        seen.add(page.next_page_token)
        query = {**query, "page_token": page.next_page_token}
