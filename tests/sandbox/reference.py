"""The field tables of the reference, read from the shared folder when a test runs, and an answer compared with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_HEAD = re.compile(r"^\*\*(GET|POST|PUT|DELETE) (/\S+)\*\*$")
_ROW = re.compile(r"^\| data \| `([^`]+)` \| (\S+) \| (.*) \|$")
_SAME = re.compile(r"same object as (GET|POST) (/\S+) above")
_WORD = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_NAME = re.compile(r"`([a-z_]+)(?:\[\])?(?:\{[^`]*\})?`")
_MONEY = re.compile(r"-?\d+(?:\.\d+)?")
_ID = re.compile(r"\d{1,19}")
_TYPES = {"string": str, "int": int, "bool": bool, "object": dict, "object[]": list, "string[]": list}

ALSO = {
    "package_status": frozenset({"TO_FULFILL"}),  # 5.2: seen live, where a package exists from AWAITING_SHIPMENT on
    "status": frozenset({"TO_FULFILL"}),
    "display_status": frozenset({"ON_HOLD"}),  # 4.6: the same words as the order's status
}
"""Words that the machine-made tables lack and the prose has."""

Table = dict[str, tuple[str, frozenset[str]]]
"""Type and, where the reference names them, words by field path such as `orders[].id`."""


class Reference(NamedTuple):
    """Tables by method and path, and names that newer order objects have."""

    tables: dict[tuple[str, str], Table]
    newer: frozenset[str]


def read(shared: Path) -> Reference:
    """Parse appendix A and the prose tables of the order object."""
    text = (shared / "reference" / "tiktok-shop.md").read_text(encoding="utf-8")
    tables: dict[tuple[str, str], Table] = {}
    now: Table = {}
    for line in text.splitlines():
        if head := _HEAD.match(line):
            now = tables.setdefault((head[1], head[2]), {})
        elif row := _ROW.match(line):
            field, kind = (row[1], row[2]) if not row[2].endswith("[]") else (row[1].removesuffix("[]"), row[2])
            now[field] = (kind, _words(row[3]))
        elif same := _SAME.search(line):
            now.update(tables[same[1], same[2]])
    part = text[text.index("### 4.3 ") : text.index("### 4.8 ")] + text[text.index("### 5.2 ") : text.index("### 5.3 ")]
    return Reference(tables, frozenset(_newer(part)))


def _words(notes: str) -> frozenset[str]:
    words = [part.strip() for part in notes.split(";", maxsplit=1)[0].split(" / ")]
    return frozenset(words) if len(words) > 1 and all(_WORD.fullmatch(word) for word in words) else frozenset()


def _newer(part: str) -> Iterator[str]:
    """Names in the prose: `order_rights[]`, and those inside braces."""
    for spelled in re.findall(r"`([^`]+)`", part):
        yield from re.findall(r"[a-z][a-z0-9_]*", spelled)


def differences(reference: Reference, table: Table, data: Any) -> list[str]:
    """What in an answer's data is not as the table has it."""
    found: list[str] = []
    _compare(reference, table, data, "", found)
    return found


def _compare(reference: Reference, table: Table, value: dict[str, Any], at: str, found: list[str]) -> None:
    for name, part in value.items():
        path = f"{at}.{name}" if at else name
        if "external_order" not in at:  # another system's ids are its own
            found += [f"{path}: {said}" for said in _general(name, part)]
        known = table.get(path)
        if known is None:
            if name not in reference.newer:
                found.append(f"{path}: not in the table")
                continue
        elif type(part) is not _TYPES[known[0]]:
            found.append(f"{path}: {type(part).__name__}, not {known[0]}")
            continue
        elif known[1] and isinstance(part, str) and part not in known[1] | ALSO.get(name, frozenset()):
            found.append(f"{path}: {part!r} is none of {sorted(known[1])}")
        if isinstance(part, dict):
            _compare(reference, table, part, path, found)
        elif isinstance(part, list):
            for one in part:
                if isinstance(one, dict):
                    _compare(reference, table, one, f"{path}[]", found)
                elif known is not None and known[0] == "string[]" and not isinstance(one, str):
                    found.append(f"{path}[]: {one!r} is no string")


def _general(name: str, value: Any) -> Iterator[str]:
    """What holds for every field of the API."""
    if value is None:
        yield "null"
    if isinstance(value, float):
        yield f"{value!r} is a float"
    if (name == "id" or name.endswith("_id")) and value != "" and name not in ("splittable_group_id", "im_user_id"):
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str) or not _ID.fullmatch(one):
                yield f"{one!r} is no decimal id"
    if isinstance(value, int) and not isinstance(value, bool):
        millis = name.endswith("_millis") or name == "recommended_shipping_time"
        if (name.endswith(("_time", "_date", "deadline")) or millis) and not _instant(value, millis=millis):
            yield f"{value!r} is not in {'milli' if millis else ''}seconds"
    money = name.endswith(("_amount", "_price", "_fee", "_discount", "_tax"))
    if money and isinstance(value, str) and value and not _MONEY.fullmatch(value):
        yield f"{value!r} is no decimal amount"


def _instant(value: int, *, millis: bool) -> bool:
    return 1_500_000_000 < value / (1000 if millis else 1) < 2_500_000_000
