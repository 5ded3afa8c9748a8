"""Streams of orders in JSON: one order a line, one API answer a line, or one array or answer as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from fahuo.channels import values
from fahuo.channels.checks import finish
from fahuo.channels.files import failure, open_bytes
from fahuo.channels.model import ReadContext, Refused, refusal, refuse
from fahuo.channels.staging import open_private
from fahuo.channels.tiktok_json.convert import convert
from fahuo.channels.tiktok_json.model import Envelope, Order, Version
from fahuo.kernel.text import N_
from fahuo.orders.model import OrderIn, Refusal

# scope: ok in this module -- its statements go to a private temporary database
MAX_DOCUMENT: Final = 256 << 20
"""Bytes of a JSON document, or of one line, which is held in memory while it is read."""

_order = msgspec.json.Decoder(Order, strict=False)
_version = msgspec.json.Decoder(Version, strict=False)
_envelope = msgspec.json.Decoder(Envelope)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder(msgspec.Raw)

_BATCH: Final = 2_000
_BROKEN: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding text that is no order may raise."""


def decode(lines: Iterable[bytes], context: ReadContext, file: str = "") -> Iterator[OrderIn | Refusal]:
    """Orders straight from JSON lines: the hot path. Blank lines are skipped.

    A line that is no order is a `Refusal` in its place. Repeated ids are not looked for; `read` does that.
    """
    for row, line in enumerate(lines, start=1):
        if raw := line.strip():
            yield from _take(raw, row, context, file)


def read(path: Path, context: ReadContext) -> Iterator[OrderIn | Refusal]:
    """Every order of a JSON file. An order that stands there twice at the same update with other content is refused."""
    skipped = _repeats(path)
    skip = next(skipped, None)
    for position, (row, raw) in enumerate(_items(path, context)):
        if skip and skip[0] == position:
            _, _, first, last, differ, order_id = skip
            skip = next(skipped, None)
            if differ and row == first:
                yield refusal(_duplicate(first, last), context, path.name, row, order_id)
            continue
        yield from _take(raw, row, context, path.name)


def _take(raw: bytes, row: int, context: ReadContext, file: str) -> list[OrderIn | Refusal]:
    order_id = ""
    try:
        source = _order.decode(raw)
        order_id = str(source.id)
        if not order_id:
            return _unwrap(raw, row, context, file)
        if not order_id.isdigit():
            order_id = values.identifier(order_id, "id")
        if b"\\" in raw and b"\\u0000" in raw:  # the first alone is found far faster
            raise refuse("nul_bytes", None, None, N_("The order has a NUL sign in its text."), N_("Remove it."))
        order = finish(convert(source, raw.strip(), row, context), context)
    except Refused as refused:
        return [refusal(refused, context, file, row, order_id)]
    except _BROKEN as error:
        return [refusal(_not_an_order(raw, error), context, file, row, _id_of(raw))]
    return [order] if order else []


def _unwrap(raw: bytes, row: int, context: ReadContext, file: str) -> list[OrderIn | Refusal]:
    """The orders of an API answer that stands where an order should."""
    envelope = _envelope.decode(raw)
    orders = envelope.orders if envelope.data is None else envelope.data.orders
    if orders is None:
        raise refuse(
            "missing_order_id",
            "id",
            None,
            N_("The order has no id."),
            N_("Write one order object, with its “id”, in each line."),
        )
    return [taken for order in orders for taken in _take(bytes(order), row, context, file)]


def _not_an_order(raw: bytes, error: Exception) -> Refused:
    text = str(error)
    if isinstance(error, msgspec.ValidationError):
        field = text.partition("`$.")[2].rstrip("`") or None
        return refuse(
            "wrong_type",
            field,
            None,
            N_("The order's {field} is not what it should be: {why}."),
            N_("Write orders as the platform's API does."),
            why=text.partition(" - at")[0],
        )
    return refuse(
        "bad_json",
        None,
        raw[:80].decode("utf-8", "replace"),
        N_("The line is no JSON object: {why}."),
        N_("Write one order object in each line, in UTF-8."),
        why=text,
    )


def _id_of(raw: bytes) -> str:
    try:
        return str(_version.decode(raw).id)
    except _BROKEN:
        return ""


def _duplicate(first: int, last: int) -> Refused:
    return refuse(
        "duplicate_order",
        "id",
        None,
        N_("Rows {first} and {last} are the same order at the same update time with different content."),
        N_("Keep the right one and import the file again."),
        first=first,
        last=last,
    )


def _items(path: Path, context: ReadContext | None) -> Iterator[tuple[int, bytes]]:
    """(row, JSON of one order or answer); rows are lines, in a document the orders counted from 1."""
    with open_bytes(path, context.progress if context else None) as stream:
        first = stream.readline(MAX_DOCUMENT).removeprefix(b"\xef\xbb\xbf")
        number = 1
        while first and first.isspace():
            first, number = stream.readline(MAX_DOCUMENT), number + 1
        if not first:
            return
        if not _is_lines(first):
            rest = stream.read(MAX_DOCUMENT)
            yield from enumerate(_document(path, first + rest), start=1)
            return
        yield number, first
        while line := stream.readline(MAX_DOCUMENT):
            number += 1
            if len(line) >= MAX_DOCUMENT:
                raise _too_large(path)
            if not line.isspace():
                yield number, line


def _is_lines(first: bytes) -> bool:
    """Whether the first line is complete by itself. A broken one counts as a line: the rest may be fine."""
    if first.lstrip()[:1] != b"{":
        return False
    try:
        _any.decode(first)
    except _BROKEN as error:
        return "truncated" not in str(error)
    return True


def _document(path: Path, text: bytes) -> list[bytes]:
    if len(text) >= MAX_DOCUMENT:
        raise _too_large(path)
    try:
        if text.lstrip()[:1] == b"[":
            return [bytes(item) for item in _array.decode(text)]
        if _id_of(text):
            return [text]
        envelope = _envelope.decode(text)
        orders = envelope.orders if envelope.data is None else envelope.data.orders
    except _BROKEN as error:
        raise failure(
            "bad_json",
            path,
            N_("{file} is broken JSON: {why}."),
            N_("Export the file again, one order object a line (JSON lines) if possible."),
            why=str(error),
        ) from None
    if orders is None:
        raise failure(
            "not_an_order_file",
            path,
            N_("{file} is JSON, but neither orders nor an answer with “data.orders”."),
            N_("Import order objects as the platform's API writes them, one a line."),
        )
    return [bytes(item) for item in orders]


def _too_large(path: Path) -> Exception:
    return failure(
        "json_too_large",
        path,
        N_("{file} holds one JSON document or line of more than {size} MB."),
        N_("Write one order object a line (JSON lines); such a file may be of any size."),
        size=MAX_DOCUMENT >> 20,
    )


def _repeats(path: Path) -> Iterator[tuple[int, int, int, int, int, str]]:
    """(position, row, first row, last row, whether they differ, id) of what must not be taken, in file order."""
    db = open_private()
    db.execute("CREATE TABLE seen (position INTEGER, row INTEGER, id TEXT, version INTEGER, digest INTEGER)")
    db.execute("BEGIN")
    seen = ((at, row, *_version_of(raw), hash(raw.strip())) for at, (row, raw) in enumerate(_items(path, None)))
    while batch := list(islice(seen, _BATCH)):
        db.executemany("INSERT INTO seen VALUES (?, ?, ?, ?, ?)", batch)
    db.execute("COMMIT")
    return iter(
        db.execute(
            """
            SELECT position, row, first, last, differ, id FROM (
              SELECT position, row, id, min(row) OVER same AS first, max(row) OVER same AS last,
                     min(position) OVER same AS head, min(digest) OVER same <> max(digest) OVER same AS differ
              FROM seen
              WHERE id IN (SELECT id FROM seen WHERE id <> '' GROUP BY id HAVING count(*) > 1)
              WINDOW same AS (PARTITION BY id, version))
            WHERE differ OR position > head ORDER BY position
            """
        )
    )


def _version_of(raw: bytes) -> tuple[str, int]:
    try:
        version = _version.decode(raw)
    except _BROKEN:
        return "", 0
    return str(version.id), version.update_time or 0
