"""What is wrong with a request to control, and reading its fields so that this can be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

DIGITS: Final = 20
_MISSING: Final = object()


class Wrong(Exception):
    """Bad input: which field, what was wrong, what to do."""

    def __init__(self, field: str, message: str, next_: str, status: int = 400, code: str = "invalid") -> None:
        super().__init__(message)
        self.field, self.message, self.next, self.status, self.code = field, message, next_, status, code

    def shown(self) -> dict[str, Any]:
        """The JSON answer."""
        told = {"code": self.code, "field": self.field, "message": self.message, "next": self.next}
        return {"error": {name: value for name, value in told.items() if value}}


def asked(body: Mapping[str, Any], *known: str) -> None:
    """Raises Wrong when there is a field nobody knows."""
    for name in body:
        if name not in known:
            said = f"Fields: {', '.join(known)}." if known else "Send no fields."
            raise Wrong(name, f"The field {name!r} is not known here.", said)


def text(body: Mapping[str, Any], name: str, default: Any = _MISSING) -> str:
    """A text. Raises Wrong when it is no text, or missing without a default."""
    value = body.get(name, default)
    if value is _MISSING:
        raise Wrong(name, f"{name} is missing.", f"Send {name} as a text.")
    if not isinstance(value, str):
        raise Wrong(name, f"{value!r} is not a text.", f"Send {name} as a text.")
    return value


def whole(body: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    """A whole number between two bounds, also as digits in a text. Raises Wrong."""
    value = body.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < DIGITS:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Wrong(name, f"{value!r} will not do.", f"Send a whole number from {low} to {high}.")
    return value


def flag(body: Mapping[str, Any], name: str) -> bool:
    """True or false; absent is false. Raises Wrong."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Wrong(name, f"{value!r} is neither true nor false.", f"Send {name} as true or false.")
    return value
