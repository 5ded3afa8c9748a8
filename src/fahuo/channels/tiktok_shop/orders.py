"""Orders through the API: pages of what has changed, and single orders by id, each kept as the bytes it came in.

Version 202309 searches, version 202507 reads by id: the same order object, the newer one with more fields. Both become
`OrderIn` by the reader of the order files, so an order is the same order whichever way it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from fahuo.channels.model import ReadContext
from fahuo.channels.tiktok_json.read import decode
from fahuo.channels.tiktok_shop.client import Client, Lost
from fahuo.connections.model import Link
from fahuo.orders.model import OrderIn, Refusal

SEARCH: Final = "/order/202309/orders/search"
READ: Final = "/order/202507/orders"
PAGE: Final = 100
"""Orders in a page at most."""
IDS: Final = 50
"""Orders in one reading by id at most."""
_MILLISECONDS_FROM: Final = 100_000_000_000


class _Answer(msgspec.Struct, gc=False):
    orders: list[msgspec.Raw] | None = None
    next_page_token: str | None = None
    total_count: int | None = None


class _Version(msgspec.Struct, gc=False):
    id: str | int = ""
    update_time: int | None = None


class Page(msgspec.Struct, frozen=True, gc=False):
    """A page as it came. `versions`: (id, update time or 0) of each order, in the page's order."""

    raws: list[bytes]
    versions: list[tuple[str, int]]
    token: str
    """Of the next page; empty at the end."""
    total: int | None = None


_answer: Final = msgspec.json.Decoder(_Answer, strict=False).decode
_version: Final = msgspec.json.Decoder(_Version, strict=False).decode
_BROKEN: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def search(
    client: Client,
    link: Link,
    *,
    since: int,
    before: int | None = None,
    token: str = "",
    status: str = "",
    size: int = PAGE,
) -> Page:
    """Orders changed at `since` or later (and before `before`), the oldest change first. Platform's epoch seconds.

    Raises what the client raises, and `Lost` for an answer that is no page.
    """
    query = {"page_size": str(size), "sort_field": "update_time", "sort_order": "ASC"}
    if token:
        query["page_token"] = token
    body: dict[str, Any] = {"update_time_ge": since}
    if before is not None:
        body["update_time_lt"] = before
    if status:
        body["order_status"] = status
    return _page(client.post(link, SEARCH, query=query, body=body, read=True).raw)


def details(client: Client, link: Link, ids: Sequence[str]) -> Page:
    """These orders (at most `IDS`) as they stand now; one that the platform does not know is missing in the answer."""
    return _page(client.get(link, READ, query={"ids": ",".join(ids)}).raw)


def _page(raw: bytes) -> Page:
    try:
        answer = _answer(raw) if raw else _Answer()
    except _BROKEN as error:
        raise Lost(f"the answer is no page of orders: {error}") from None
    raws = [bytes(one) for one in answer.orders or ()]
    return Page(raws, [_of(one) for one in raws], answer.next_page_token or "", answer.total_count)


def _of(raw: bytes) -> tuple[str, int]:
    try:
        found = _version(raw)
    except _BROKEN:
        return "", 0
    at = found.update_time or 0
    return str(found.id), at if at < _MILLISECONDS_FROM else at // 1000


def read(raws: Sequence[bytes], context: ReadContext, name: str) -> list[OrderIn | Refusal]:
    """The orders in our terms, one that cannot be read as a refusal in its place. `name`: shown as their source."""
    return list(decode(raws, context, name))
