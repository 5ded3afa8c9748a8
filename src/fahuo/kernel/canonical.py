"""JSON with exactly one spelling (RFC 8785), for hashes and signatures."""

import json
from typing import Annotated, Any

import msgspec

_LARGEST = 2**53 - 1
_encode = msgspec.json.Encoder(order="sorted").encode
_SURROGATES = "\ud800"
_SCALARS = frozenset({str, bool, type(None)})


_Whole = Annotated[int, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
_Flat = str | _Whole | bool | None
_List = list[_Flat | list[_Flat]]


class _Usual(msgspec.Struct):
    """The shapes our records have. In a class, because checking against it is faster than against a bare type."""

    record: dict[str, _Flat | _List | dict[str, _Flat | _List | dict[str, _Flat | _List]]]


def canonical_record(record: dict[str, Any]) -> bytes:
    """The same as `canonical` for a record of our own (a dict of texts, whole numbers, flags, lists, flat dicts).

    Checked by types in one go: the journal writes much. Anything unusual goes the long way.
    """
    try:
        msgspec.convert({"record": record}, _Usual)
        text = _encode(record)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return canonical(record)
    # Order by code point and by UTF-16 unit can only differ beyond ASCII.
    return text if text.isascii() else canonical(record)


def canonical(obj: Any) -> bytes:
    """RFC 8785 for dict, list, tuple, str, int, bool and None.

    Raises TypeError for anything else (floats above all: money and instants are integers) and ValueError for what
    JSON cannot carry exactly: an integer beyond 2**53 - 1 (write ids as text) or half a surrogate pair.
    """
    try:
        if _simple(obj):
            return _encode(obj)
        return json.dumps(_ordered(obj), ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise ValueError("text with half a surrogate pair has no canonical form") from None


def _simple(obj: Any) -> bool:
    """Whether the fast encoder's order (by code point) is also the order by UTF-16 unit that RFC 8785 asks for.

    They differ only when a key holds a character from U+D800 up.
    """
    kind = type(obj)
    if kind in _SCALARS:
        return True
    if kind is int:
        return bool(-_LARGEST <= obj <= _LARGEST)
    if kind is dict:
        for key in obj:
            if type(key) is not str or not (key.isascii() or max(key) < _SURROGATES):
                return False
        obj = obj.values()
    elif kind is not list and kind is not tuple:
        return False
    for item in obj:  # noqa: SIM110 - a plain loop is faster, and this runs for every row of the journal
        if type(item) not in _SCALARS and not _simple(item):
            return False
    return True


def _ordered(obj: Any) -> Any:
    """The same value with its keys in order; refuses what has no canonical form."""
    if obj is None or isinstance(obj, str | bool):
        return obj
    if isinstance(obj, int):
        if not -_LARGEST <= obj <= _LARGEST:
            raise ValueError(f"integer too large for JSON, write it as text: {obj}")
        return obj
    if isinstance(obj, dict):
        for key in obj:
            if not isinstance(key, str):
                raise TypeError(f"a key must be text: {key!r}")
        return {key: _ordered(obj[key]) for key in sorted(obj, key=_utf16)}
    if isinstance(obj, list | tuple):
        return [_ordered(item) for item in obj]
    raise TypeError(f"no canonical form for {type(obj).__name__}")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
