"""Pages of a search that stay the same while orders arrive (reference 3.5).

A token is a keyset: sort value and id of the last row given, the upper bound that the first page fixed where the caller
gave none, and the count of the first page. It is bound to shop, path and filter by a keyed tag: with another filter, or
changed by a byte, it is refused. Nothing is remembered between pages, so tokens never expire and a restart with the
same seed keeps them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from fahuo.sandbox.gateway_model import Missing
from fahuo.sandbox.model import Refuse

INVALID: Final = 98001004
_TAG: Final = 12
_FOREVER: Final = 1 << 62

Row = tuple[int, str]
"""Sort value and id: what an index holds, ascending."""


class Page(NamedTuple):
    """Ids of one page in order, the token of the next ('' at the end), and how many rows the first page counted."""

    ids: list[str]
    next_token: str
    total: int


class Window(NamedTuple):
    """Rows from `low` (inclusive) to `high` (exclusive) of an ascending index; None: the end is open."""

    rows: Sequence[Row]
    low: int | None = None
    high: int | None = None
    descending: bool = False
    size: int = 20
    token: str = ""


def invalid(name: str) -> Refuse:
    """The business refusal of a parameter."""
    return Refuse(INVALID, f"parameter {name} invalid")


def choice(source: Mapping[str, Any], name: str, allowed: Sequence[str], *, where: str = "query") -> str:
    """One of the allowed words, the first when absent. Raises Missing otherwise."""
    word = source.get(name) or allowed[0]
    if word not in allowed:
        raise Missing(f"{where}.{name} is invalid: expected one of {', '.join(filter(None, allowed))}")
    return str(word)


def page(window: Window, bound_to: Any, keep: Callable[[str], bool] | None = None) -> Page:
    """One page. `bound_to` is everything the token must not be used without: seed, shop, path, filter, sort (JSON)."""
    rows = window.rows
    key = msgspec.json.encode([bound_to, window.low, window.high, window.descending], order="sorted")
    last: Row | None = None
    if window.token:
        last, bound, total = _opened(window.token, key)
        first, end = _places(rows, window.low, bound)
    else:
        bound = _bound(window)
        first, end = _places(rows, window.low, bound)
        total = end - first if keep is None else sum(keep(rows[at][1]) for at in range(first, end))
    ids, more = _taken(rows, first, end, last, window, keep)
    if not more:
        return Page([row[1] for row in ids], "", total)
    return Page([row[1] for row in ids], _sealed(ids[-1], bound, total, key), total)


def _bound(window: Window) -> Row:
    """The first row that does not belong: where the caller left the end open, one behind all there are now."""
    if window.high is not None:
        return min(window.high, _FOREVER), ""
    return _behind(window.rows[-1]) if window.rows else (0, "")


def _behind(row: Row) -> Row:
    """The least that comes after a row."""
    return row[0], row[1] + "\0"


def _places(rows: Sequence[Row], low: int | None, bound: Row) -> tuple[int, int]:
    first = 0 if low is None else bisect_left(rows, (low, ""))
    return first, max(first, bisect_left(rows, bound))


def _taken(
    rows: Sequence[Row], first: int, end: int, last: Row | None, window: Window, keep: Callable[[str], bool] | None
) -> tuple[list[Row], bool]:
    """At most `size` rows behind the last one, and whether another follows."""
    if window.descending:
        start = end if last is None else min(end, bisect_left(rows, last))
        places: range = range(start - 1, first - 1, -1)
    else:
        start = first if last is None else max(first, bisect_left(rows, _behind(last)))
        places = range(start, end)
    taken: list[Row] = []
    for at in places:
        row = rows[at]
        if keep is not None and not keep(row[1]):
            continue
        if len(taken) == window.size:
            return taken, True
        taken.append(row)
    return taken, False


def _sealed(last: Row, bound: Row, total: int, key: bytes) -> str:
    payload = msgspec.msgpack.encode([*last, *bound, total])
    # Not the alphabet that is safe in addresses: `+`, `/` and `=` must be percent-encoded when sent (reference 2.1).
    return b64encode(_tag(payload, key) + payload).decode()


def _opened(token: str, key: bytes) -> tuple[Row, Row, int]:
    try:
        raw = b64decode(token, validate=True)
        tag, payload = raw[:_TAG], raw[_TAG:]
        if tag != _tag(payload, key):
            raise invalid("page_token")
        at, name, end, before, total = msgspec.msgpack.decode(payload, type=tuple[int, str, int, str, int])
    except (ValueError, msgspec.MsgspecError) as error:
        raise invalid("page_token") from error
    return (at, name), (end, before), total


def _tag(payload: bytes, key: bytes) -> bytes:
    return blake2b(payload, digest_size=_TAG, key=blake2b(key, digest_size=32).digest()).digest()


def between(rows: Sequence[Row], low: int | None, high: int | None) -> tuple[int, int]:
    """Places of the rows from `low` (inclusive) to `high` (exclusive); None: the end is open."""
    first = 0 if low is None else bisect_left(rows, (low, ""))
    return first, len(rows) if high is None else max(first, bisect_left(rows, (high, "")))
