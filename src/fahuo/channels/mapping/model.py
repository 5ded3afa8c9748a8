"""The mapping file: which tables there are, how they join, and which column gives which field of an order.

`docs/formats.md` describes it for people; the structs below are the schema itself, and a name they do not know is an
error, so that a typing slip never silently drops a field.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import msgspec

from fahuo.channels.model import known_zone
from fahuo.channels.people import known_market
from fahuo.kernel.money import exponent_of
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders.model import ORDER

SCHEMA: Final = "fahuo.mapping/1"
SHIPPED: Final = ("olist",)
MAIN: Final = "orders"
_NAME: Final = re.compile("[a-z][a-z0-9_]{0,30}")


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a value comes from: a column (`table.column`, or a column of the main table), several, or a constant.

    `take`, where an order has several rows: the first one filled, the least, the greatest, or the sum of all (amounts).
    Several columns: with `sum` all are added, else the first one filled counts. `end_of_day`: a date means its end.
    """

    column: str | list[str] = []
    take: Literal["first", "min", "max", "sum"] = "first"
    value: str | None = None
    end_of_day: bool = False
    epoch: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns as a list."""
        return [self.column] if isinstance(self.column, str) else self.column


From = str | Source


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the data set. `key`: the column that holds the order's id, or with `of` the id that column names."""

    key: str
    file: str = ""
    of: str | None = None
    optional: bool = False


class OrderFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[order]`."""

    platform_order_id: From
    state: From
    substate: From | None = None
    order_type: From | None = None
    shipping_type: From | None = None
    fulfillment_type: From | None = None
    handling_days: From | None = None
    handling_type: From | None = None
    is_cod: From | None = None
    is_sample: From | None = None
    warehouse_ref: From | None = None
    carrier_name: From | None = None
    tracking_number: From | None = None
    package_id: From | None = None
    currency: From | None = None
    subtotal: From | None = None
    shipping_fee: From | None = None
    tax: From | None = None
    total: From | None = None
    created_at: From | None = None
    paid_at: From | None = None
    awaiting_at: From | None = None
    arranged_at: From | None = None
    handed_over_at: From | None = None
    first_scan_at: From | None = None
    delivered_at: From | None = None
    completed_at: From | None = None
    cancelled_at: From | None = None
    release_at: From | None = None
    updated_at: From | None = None
    rts_sla_time: From | None = None
    tts_sla_time: From | None = None
    pick_up_cut_off_time: From | None = None
    shipping_due_time: From | None = None
    collection_due_time: From | None = None
    cancel_order_sla_time: From | None = None
    delivery_sla_time: From | None = None
    cancel_by: From | None = None
    cancel_reason: From | None = None
    buyer_message: From | None = None


class LineFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[line]`: each row of the table `each` is a line, or with `merge` one of the units of a line."""

    each: str = MAIN
    merge: bool = False
    platform_sku_id: From | None = None
    seller_sku: From | None = None
    product_name: From | None = None
    variation: From | None = None
    quantity: From | None = None
    unit_price: From | None = None
    subtotal: From | None = None
    unit_id: From | None = None
    package_id: From | None = None


class RecipientFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[recipient]`."""

    name: From | None = None
    phone: From | None = None
    country: From | None = None
    region: From | None = None
    city: From | None = None
    district: From | None = None
    postal_code: From | None = None
    lines: list[str] = []
    masked: bool = False


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. Without `[order]` it only helps to read a Seller Center export (`headers`, `words`, `dates`)."""

    schema: str = SCHEMA
    title: str = ""
    market: str | None = None
    zone: str | None = None
    currency: str | None = None
    shipping_type: str | None = None
    dates: Literal["MDY", "DMY"] | None = None
    amounts: Literal["plain", "display"] = "plain"
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    headers: dict[str, str] = {}
    words: dict[str, str] = {}
    tables: dict[str, Table] = {}
    order: OrderFields | None = None
    line: LineFields = LineFields()
    recipient: RecipientFields = RecipientFields()

    def sources(self) -> Iterator[tuple[str, Source]]:
        """Every (field, source) of the file; the field as `order.state`."""
        for section, fields in (("order", self.order), ("line", self.line), ("recipient", self.recipient)):
            for name in fields.__struct_fields__ if fields else ():
                given = getattr(fields, name)
                if isinstance(given, list):
                    yield from ((f"{section}.{name}", Source(column=column)) for column in given)
                elif (isinstance(given, str) and name != "each") or isinstance(given, Source):
                    yield f"{section}.{name}", as_source(given)


def as_source(given: From) -> Source:
    """A plain text in the file is a column."""
    return Source(column=given) if isinstance(given, str) else given


def split(column: str) -> tuple[str, str]:
    """(table, column) of a reference; without a table the main one."""
    table, dot, name = column.partition(".")
    return (table, name) if dot else (MAIN, column)


def load(given: str | Path) -> Mapping:
    """The shipped mapping of that name, or the mapping file at that path. Raises Failure saying what is wrong in it."""
    shipped = str(given) in SHIPPED and not Path(given).is_file()
    try:
        text = (files(__package__) / f"{given}.toml" if shipped else Path(given)).read_text(encoding="utf-8")
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except OSError as error:
        raise _wrong(given, N_("The mapping cannot be opened: {why}."), why=error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise _wrong(given, N_("The mapping is not UTF-8 text.")) from None
    except tomllib.TOMLDecodeError as error:
        raise _wrong(given, N_("The mapping is no valid TOML: {why}."), why=str(error)) from None
    except msgspec.ValidationError as error:
        raise _wrong(given, N_("The mapping does not fit its schema: {why}."), why=str(error)) from None
    _check(given, mapping)
    return mapping


def _check(given: str | Path, mapping: Mapping) -> None:
    """What types cannot say: names that must exist, words that must be states."""
    if mapping.schema != SCHEMA:
        raise _wrong(
            given, N_("The mapping's schema is “{found}”, not “{schema}”."), found=mapping.schema, schema=SCHEMA
        )
    for word, state in mapping.words.items():
        if state not in ORDER.states:
            raise _wrong(
                given,
                N_("[words] “{word}” means “{state}”, which is no state; states are {states}."),
                word=word,
                state=state,
                states=", ".join(sorted(ORDER.states)),
            )
    if mapping.zone is not None and not known_zone(mapping.zone):
        raise _wrong(given, N_("The mapping's zone “{zone}” does not exist."), zone=mapping.zone)
    if mapping.market is not None and not known_market(mapping.market):
        raise _wrong(given, N_("The mapping's market “{market}” does not exist."), market=mapping.market)
    if mapping.currency is not None:
        try:
            exponent_of(mapping.currency)
        except ValueError:
            raise _wrong(
                given, N_("The mapping's currency “{currency}” does not exist."), currency=mapping.currency
            ) from None
    if mapping.order is not None:
        _check_tables(given, mapping)


def _check_tables(given: str | Path, mapping: Mapping) -> None:
    if MAIN not in mapping.tables:
        raise _wrong(given, N_("The mapping has no table [tables.orders]."))
    for name, table in mapping.tables.items():
        if not _NAME.fullmatch(name):
            raise _wrong(given, N_("[tables.{name}]: a table's name is small letters, digits and _."), name=name)
        if name == MAIN and (table.of or table.optional):
            raise _wrong(given, N_("[tables.orders] is the main table: it takes neither “of” nor “optional”."))
        if table.of is not None and split(table.of)[0] not in mapping.tables:
            raise _wrong(
                given, N_("[tables.{name}] joins a table that is not declared: “{of}”."), name=name, of=table.of
            )
    if mapping.line.each not in mapping.tables or mapping.tables[mapping.line.each].of:
        raise _wrong(given, N_("[line] each = “{each}” is no table of the orders' own rows."), each=mapping.line.each)
    for field, source in mapping.sources():
        if bool(source.columns) == (source.value is not None):
            raise _wrong(given, N_("{field} needs a column or a value, and not both."), field=field)
        for column in source.columns:
            if split(column)[0] not in mapping.tables:
                raise _wrong(
                    given, N_("{field} names a table that is not declared: “{column}”."), field=field, column=column
                )


def _wrong(given: str | Path, message: str, **params: str) -> Failure:
    return Failure(
        Problem(
            "bad_mapping",
            "mapping",
            str(given),
            message,
            N_("Correct the mapping file “{mapping}”; docs/formats.md describes it."),
            {"mapping": str(given), **params},
        ),
        2,
    )
