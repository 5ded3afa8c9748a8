"""The port of the lane `tiktok`: carries effects of connected shops to the platform and brings the answers back.

Shops are served side by side, each shop's kinds in turn. What the platform said stands in the answer's outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from fahuo.channels.ports import Endpoint
from fahuo.channels.tiktok_shop import arranging, asking, cutting, journey, papers, talks  # noqa: F401 - their handlers
from fahuo.channels.tiktok_shop.carry import HANDLERS, NOT_CONNECTED, Visit, Words
from fahuo.channels.tiktok_shop.client import Client
from fahuo.connections.model import ACTIVE, Link
from fahuo.store.effects import Answer, Claimed

LANE: Final = "tiktok"
BATCH_S: Final = 25.0
"""When a batch begins no more calls: with the last one's time-out it ends within the lease of its claims."""
SHOPS_AT_ONCE: Final = 8


class TikTokChannel:
    """Port of the lane `tiktok`. `links` gives the connected shops as they are now, `now` business time."""

    lane = LANE

    def __init__(
        self,
        client: Client,
        links: Callable[[], Mapping[int, Link]],
        now: Callable[[], int],
        words: Words | None = None,
    ) -> None:
        self._client, self._links, self._now = client, links, now
        self._words: Words = words or (lambda _: {})

    def send(self, batch: Sequence[Claimed], _endpoints: Mapping[int, Endpoint]) -> list[Answer]:
        """One answer an effect, none for those there was no time for."""
        last = time.monotonic() + BATCH_S
        links = self._links()
        shops: dict[int, list[Claimed]] = {}
        for one in batch:
            shops.setdefault(one.shop_id or 0, []).append(one)

        def serve(shop: int) -> list[Answer]:
            return self._serve(links.get(shop), shops[shop], last)

        if len(shops) == 1:
            return serve(next(iter(shops)))
        with ThreadPoolExecutor(min(SHOPS_AT_ONCE, len(shops) or 1)) as pool:
            return [answer for answers in pool.map(serve, shops) for answer in answers]

    def _serve(self, link: Link | None, batch: Sequence[Claimed], last: float) -> list[Answer]:
        if link is None or link.state != ACTIVE:
            return [one.answer("waiting", {"code": NOT_CONNECTED}) for one in batch]
        kinds: dict[str, list[Claimed]] = {}
        for one in batch:
            kinds.setdefault(one.kind, []).append(one)
        answers: list[Answer] = []
        for kind, mine in kinds.items():
            handler = HANDLERS.get(kind)
            if handler is None:
                answers += [one.answer("declined", {"code": "unknown_kind", "message": kind}) for one in mine]
                continue
            for told in handler(Visit(self._client, link, self._now(), self._words), mine):
                answers += told
                if time.monotonic() > last:
                    return answers
        return answers
