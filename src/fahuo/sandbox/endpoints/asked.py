"""What the search endpoints of orders, cancellations, returns and finance read alike from a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from fahuo.sandbox.gateway_model import Call, Missing, may, number
from fahuo.sandbox.model import Refuse, Shop
from fahuo.sandbox.paging import Page, Row, Window, choice, invalid, page

_LONG_AGO: Final = 0
KEY_MAX: Final = 255
"""Characters of an `idempotency_key`."""


class Search(NamedTuple):
    """How a list is searched: sort fields and how each is read, default order, page sizes."""

    fields: Mapping[str, Callable[[Any], int]]
    order: str = "ASC"
    size: int = 10
    most: int = 50


def shop_of(call: Call) -> Shop:
    """The shop a route with a cipher was called for."""
    if call.shop is None:
        raise Missing("query.shop_cipher is missing")
    return call.shop


def words(call: Call, name: str, allowed: Iterable[str] = ()) -> frozenset[str]:
    """A list of texts in the body, empty when absent. Raises Missing for other types and unknown words."""
    found = may(call.body, name, list, [])
    if not all(isinstance(one, str) for one in found):
        raise Missing(f"body.{name} is invalid: wrong type, expected an array of strings")
    known = tuple(allowed)
    for one in found:
        if known and one not in known:
            raise Missing(f"body.{name} is invalid: expected some of {', '.join(known)}")
    return frozenset(found)


def span(source: Mapping[str, Any], name: str, *, where: str = "body") -> tuple[int, int | None]:
    """`{name}_ge` and `{name}_lt` in epoch seconds; numbers in a body, digits in a query."""
    return _bound(source, f"{name}_ge", where) or _LONG_AGO, _bound(source, f"{name}_lt", where)


def _bound(source: Mapping[str, Any], name: str, where: str) -> int | None:
    value = source.get(name)
    if value in (None, ""):
        return None
    if (
        where == "query"
        and isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and len(value) < KEY_MAX // 10
    ):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Missing(f"{where}.{name} is invalid: expected epoch seconds")
    return value


def within(value: int, bounds: tuple[int, int | None]) -> bool:
    """Whether an instant lies between them: the first inclusive, the second not."""
    return bounds[0] <= value and (bounds[1] is None or value < bounds[1])


def found(call: Call, records: Iterable[Any], how: Search, bound_to: Any) -> tuple[list[str], Page]:
    """The page of the records (each with an `id`) that the query's sort, size and token ask for."""
    field = choice(call.query, "sort_field", tuple(how.fields))
    order = choice(call.query, "sort_order", (how.order, "DESC" if how.order == "ASC" else "ASC"))
    read = how.fields[field]
    rows: list[Row] = sorted((read(one), one.id) for one in records)
    window = Window(
        rows,
        descending=order == "DESC",
        size=number(call.query, "page_size", how.size, 1, how.most),
        token=call.query.get("page_token", ""),
    )
    shop = call.shop.id if call.shop else ""
    result = page(window, [call.world.seed, shop, bound_to, field, order])
    return result.ids, result


def idempotency_key(call: Call) -> str:
    """The query's key, '' when absent. Raises Refuse beyond 255 characters."""
    key = call.query.get("idempotency_key", "")
    if len(key) > KEY_MAX:
        raise invalid("idempotency_key")
    return key


def foreign(name: str) -> Refuse:
    """An id that is not one of this shop's."""
    return invalid(name)
