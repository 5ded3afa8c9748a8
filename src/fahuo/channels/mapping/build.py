"""One order from the rows of its tables, as the mapping says. All or nothing: any bad cell refuses the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from fahuo.channels.mapping.cells import Cells, check_width, distinct
from fahuo.channels.mapping.dataset import Group, Loaded
from fahuo.channels.mapping.model import MAIN, Mapping
from fahuo.channels.model import MAX_LINES, ReadContext, refuse
from fahuo.channels.people import country_code, is_masked
from fahuo.channels.seller_center import words
from fahuo.channels.sheets import Row
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders import model as m

TIMES: Final = (
    "created_at",
    "paid_at",
    "awaiting_at",
    "arranged_at",
    "handed_over_at",
    "first_scan_at",
    "delivered_at",
    "completed_at",
    "cancelled_at",
    "release_at",
    "updated_at",
)
LIMITS: Final = (
    "rts_sla_time",
    "tts_sla_time",
    "pick_up_cut_off_time",
    "shipping_due_time",
    "collection_due_time",
    "cancel_order_sla_time",
    "delivery_sla_time",
)
_FAR: Final = 60 * 86_400


class Builder:
    """Builds the orders of one data set."""

    def __init__(self, mapping: Mapping, tables: dict[str, Loaded], context: ReadContext) -> None:
        if mapping.order is None:
            raise ValueError("the mapping describes no orders")
        self._mapping = mapping
        self._fields = mapping.order
        self._context = context
        self._cells = Cells(mapping, tables, context)
        self._words = {word.strip().casefold(): state for word, state in mapping.words.items()}

    def build(self, group: Group) -> m.OrderIn:
        """The order, or `Refused`."""
        notes: list[Problem] = []
        self._check_rows(group, notes)
        fields, cells, text = self._fields, self._cells, self._cells.text
        currency = text(group, fields.currency) or cells.default_currency
        order = m.OrderIn(
            platform_order_id=cells.id(group, fields.platform_order_id),
            state=self._state(group, notes),
            substate=text(group, fields.substate),
            market=cells.market,
            order_type=words.order_type(text(group, fields.order_type)),
            shipping_type=text(group, fields.shipping_type)
            or self._mapping.shipping_type
            or self._context.shipping_type,
            fulfillment_type=words.fulfillment_type(text(group, fields.fulfillment_type)),
            is_cod=cells.flag(group, fields.is_cod),
            is_sample=cells.flag(group, fields.is_sample),
            warehouse_ref=self._warehouse(group, notes),
            carrier_name=text(group, fields.carrier_name),
            tracking_number=cells.id(group, fields.tracking_number),
            currency=currency,
            exponent=cells.exponent(currency),
            cancel_by=words.cancel_by(text(group, fields.cancel_by)),
            cancel_reason=text(group, fields.cancel_reason),
            buyer_message=text(group, fields.buyer_message),
            recipient=self._recipient(group),
            lines=self._lines(group, currency),
            raw=msgspec.json.encode(cells.payload(group)),
            row=group.rows[MAIN][0][0],
            notes=notes,
        )
        self._figures(group, order, notes)
        order.package_ids = tuple(
            distinct([line.package_id for line in order.lines] or [cells.id(group, fields.package_id)])
        )
        _note_oddities(order)
        return order

    def _check_rows(self, group: Group, notes: list[Problem]) -> None:
        for name, found in group.rows.items():
            if len(found) > MAX_LINES:
                raise refuse(
                    "too_many_lines",
                    name,
                    None,
                    N_("The order has more than {limit} lines."),
                    N_("Check the file; an order of this size must be split."),
                    limit=MAX_LINES,
                )
            for row in found:
                if row[1] and (refused := check_width(self._cells.tables[name], row)):
                    raise refused
        main = group.rows[MAIN]
        if self._mapping.line.each != MAIN and len(main) > 1:
            _check_repeated(main)
            notes.append(
                Problem("repeated_row", None, None, N_("The order's rows stand in the file more than once."), "")
            )
            group.rows = {name: rows if name != MAIN else main[:1] for name, rows in group.rows.items()}

    def _state(self, group: Group, notes: list[Problem]) -> str:
        word = self._cells.text(group, self._fields.state)
        state = self._words.get(word.casefold()) or words.state(word)
        if state:
            return state
        if not word:
            raise refuse(
                "missing_status",
                "state",
                "",
                N_("The order has no state."),
                N_("Complete the state's column and import the file again."),
            )
        notes.append(
            Problem(
                "unknown_status",
                "state",
                word,
                N_("The status “{value}” is not known; it is kept as it is."),
                N_("Name its meaning in a mapping file under [words]."),
                {"value": word},
            )
        )
        return word

    def _warehouse(self, group: Group, notes: list[Problem]) -> str:
        """The first of the order's warehouses. An order has one; more are noted."""
        given = self._fields.warehouse_ref
        found = distinct([cell[0] for cells in self._cells.filled(group, given) for cell in cells])
        if len(found) > 1:
            notes.append(
                Problem(
                    "several_warehouses",
                    "warehouse_ref",
                    None,
                    N_("The order's lines come from {count} warehouses; the first one stands for all."),
                    "",
                    {"count": len(found)},
                )
            )
        return found[0] if found else self._cells.text(group, given)

    def _recipient(self, group: Group) -> m.RecipientIn:
        given, text = self._mapping.recipient, self._cells.text
        name, phone = text(group, given.name), text(group, given.phone)
        lines = tuple(line for column in given.lines if (line := text(group, column)))
        country = text(group, given.country)
        return m.RecipientIn(
            name=name,
            phone=phone,
            country=country_code(country) or self._cells.market,
            region=text(group, given.region),
            city=text(group, given.city),
            district=text(group, given.district),
            postal_code=text(group, given.postal_code),
            lines=lines,
            masked=given.masked or is_masked(name, phone, *lines),
        )

    def _lines(self, group: Group, currency: str) -> list[m.LineIn]:
        rows = group.rows.get(self._mapping.line.each, [])
        lines = [self._line(group, at, row, currency) for at, row in enumerate(rows)]
        return _merged(lines) if self._mapping.line.merge else lines

    def _line(self, group: Group, at: int, row: Row, currency: str) -> m.LineIn:
        given, cells = self._mapping.line, self._cells
        sku, code = cells.id(group, given.platform_sku_id, at), cells.id(group, given.seller_sku, at)
        if not (sku or code):
            refused = refuse(
                "missing_sku", "platform_sku_id", "", N_("The row has no SKU."), N_("Complete the row."), row[0]
            )
            refused.file = cells.tables[given.each].file
            raise refused
        unit = cells.id(group, given.unit_id, at)
        return m.LineIn(
            platform_sku_id=sku,
            seller_sku=code,
            product_name=cells.text(group, given.product_name, at),
            variation=cells.text(group, given.variation, at),
            quantity=cells.quantity(group, given.quantity, at),
            unit_price=cells.money(group, given.unit_price, currency, at),
            subtotal=cells.money(group, given.subtotal, currency, at),
            unit_ids=(unit,) if unit else (),
            package_id=cells.id(group, given.package_id, at),
            row=row[0],
        )

    def _figures(self, group: Group, order: m.OrderIn, notes: list[Problem]) -> None:
        """Amounts, times, limits and the handling time."""
        fields, cells = self._fields, self._cells
        for name in ("subtotal", "shipping_fee", "tax", "total"):
            setattr(order, name, cells.money(group, getattr(fields, name), order.currency))
        for name in TIMES:
            setattr(order, name, cells.time(group, getattr(fields, name), notes))
        limits = {name: cells.time(group, getattr(fields, name), notes) for name in LIMITS}
        order.platform_times = {name: at for name, at in limits.items() if at is not None}
        days = cells.text(group, fields.handling_days)
        order.handling_days = int(days) if days.isdecimal() else None
        order.handling_type = cells.text(group, fields.handling_type) or None
        for line in order.lines:
            line.state = order.state


def _check_repeated(main: Sequence[Row]) -> None:
    for row in main[1:]:
        if row[1] != main[0][1]:
            raise refuse(
                "duplicate_order",
                None,
                None,
                N_("Rows {first} and {second} are of one order but differ."),
                N_("Keep the right one and import the file again."),
                row[0],
                first=main[0][0],
                second=row[0],
            )


def _merged(lines: Sequence[m.LineIn]) -> list[m.LineIn]:
    """Units of one article at one price in one package as one line."""
    found: dict[tuple[object, ...], m.LineIn] = {}
    for line in lines:
        kind = (line.platform_sku_id, line.seller_sku, line.variation, line.unit_price, line.package_id)
        first = found.setdefault(kind, line)
        if first is line:
            continue
        first.quantity += line.quantity
        first.unit_ids += line.unit_ids
        first.subtotal = None if first.subtotal is None or line.subtotal is None else first.subtotal + line.subtotal
    return list(found.values())


def _note_oddities(order: m.OrderIn) -> None:
    """What real data holds that is odd but true to the source: kept, and noted."""
    steps = [order.created_at, order.paid_at, order.handed_over_at or order.first_scan_at, order.delivered_at]
    known = [at for at in steps if at is not None]
    if known != sorted(known):
        order.notes.append(
            Problem("times_out_of_order", None, None, N_("The order's times are not in the order of its journey."), "")
        )
    if order.state in (m.DELIVERED, m.COMPLETED) and order.delivered_at is None:
        order.notes.append(
            Problem("delivered_without_time", "delivered_at", None, N_("The order is delivered, but not when."), "")
        )
    dispatch = [(name, at) for name, at in order.platform_times.items() if name != "delivery_sla_time"]
    latest = max(dispatch, key=lambda limit: limit[1], default=None)
    if latest and order.created_at is not None and latest[1] - order.created_at > _FAR:
        order.notes.append(
            Problem(
                "limit_far_out",
                latest[0],
                None,
                N_("{field} lies more than 60 days after the order."),
                "",
                {"field": latest[0]},
            )
        )
