"""One order from its rows of a Seller Center export. All or nothing: any bad row refuses the order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from fahuo.channels import values
from fahuo.channels.model import MARKETS, MAX_LINES, ReadContext, market_code, refuse
from fahuo.channels.people import country_code, is_masked
from fahuo.channels.seller_center import headers as h
from fahuo.channels.seller_center import words
from fahuo.channels.seller_center.layout import Layout, Money
from fahuo.channels.sheets import Row
from fahuo.kernel.money import exponent_of
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders import model as m

_REACHED: Final = (
    (h.CANCELLED, m.CANCELLED),
    (h.DELIVERED, m.DELIVERED),
    (h.SHIPPED, m.IN_TRANSIT),
    (h.ARRANGED, m.AWAITING_COLLECTION),
    (h.PAID, m.AWAITING_SHIPMENT),
)


class _Line(msgspec.Struct):
    """A row with what its own cells say."""

    row: Row
    state: str
    substate: str
    times: dict[str, int | None]
    line: m.LineIn | None


class Builder:
    """Builds the orders of one file."""

    def __init__(self, layout: Layout, context: ReadContext) -> None:
        self._layout = layout
        self._context = context
        self._market = market_code(context.market)
        self._currency = context.currency or MARKETS[self._market].currency

    def build(self, order_id: str, rows: Sequence[Row]) -> m.OrderIn:
        """The order, or `Refused`."""
        notes: list[Problem] = []
        rows = self._distinct(rows, notes)
        number = values.identifier(order_id, self._layout.shown(h.ORDER_ID), rows[0][0])
        for row in rows:
            self._check_width(row)
        money = Money(self._layout, self._currency)
        self._check_agreement(rows, money)
        lines = [self._line(row, money, notes) for row in rows]
        self._check_same_article(lines)
        state, substate = self._state(lines, notes)
        first = rows[0]
        order = m.OrderIn(
            platform_order_id=number,
            state=state,
            substate=substate,
            market=self._market,
            order_type=words.order_type(self._layout.cell(first, "Normal or Pre-order")),
            shipping_type=words.shipping_type(self._layout.cell(first, "Delivery Option Type"))
            or self._context.shipping_type,
            fulfillment_type=words.fulfillment_type(self._layout.cell(first, "Fulfillment Type")),
            is_cod=words.is_cod(self._layout.cell(first, "Payment Method")),
            currency=self._currency,
            exponent=exponent_of(self._currency),
            recipient=self._recipient(first),
            lines=[line.line for line in lines if line.line],
            raw=msgspec.json.encode([self._payload(row) for row in rows]),
            row=first[0],
            notes=notes,
        )
        self._facts(order, lines)
        self._parcel(order, rows)
        self._amounts(order, first, money)
        self._texts(order, rows, notes)
        # Order-level cells are read on every row, so the same note may have been made for each.
        order.notes = list({(note.code, note.field, note.value): note for note in notes}.values())
        return order

    def _distinct(self, rows: Sequence[Row], notes: list[Problem]) -> list[Row]:
        seen: dict[tuple[str, ...], Row] = {}
        for row in rows:
            seen.setdefault(tuple(row[1]), row)
        if len(seen) > MAX_LINES:
            raise refuse(
                "too_many_lines",
                self._layout.shown(h.ORDER_ID),
                None,
                N_("The order has more than {limit} lines."),
                N_("Check the file; an order of this size must be split."),
                rows[0][0],
                limit=MAX_LINES,
            )
        if len(seen) < len(rows):
            notes.append(
                Problem("repeated_row", None, None, N_("The order's rows stand in the file more than once."), "")
            )
        return list(seen.values())

    def _check_width(self, row: Row) -> None:
        width, cells = len(self._layout.header), row[1]
        extra = any(cells[width:])
        if len(cells) < width or extra:
            raise refuse(
                "wrong_cell_count",
                None,
                str(len(cells)),
                N_("The row has {value} cells where the header has {width}: the file is cut off or its quotes broke."),
                N_("Export the file again."),
                row[0],
                width=width,
            )

    def _check_agreement(self, rows: Sequence[Row], money: Money) -> None:
        first = rows[0]
        for name in h.ORDER_LEVEL:
            at = self._layout.position.get(name)
            if at is None:
                continue
            for row in rows[1:]:
                same = row[1][at] == first[1][at]
                if not same and self._value(first, name, money) != self._value(row, name, money):
                    raise refuse(
                        "rows_disagree",
                        self._layout.shown(name),
                        None,
                        N_("Rows {first} and {second} are of one order but differ in {field}."),
                        N_("Keep the rows of one export only, and import the file again."),
                        row[0],
                        first=first[0],
                        second=row[0],
                    )

    def _value(self, row: Row, name: str, money: Money) -> object:
        """What the cell means, so that a bad cell is called bad and not merely different."""
        if name in h.TIMES:
            return self._time(row, name, [])
        return money.take(row, name) if name in h.ORDER_AMOUNTS else self._layout.cell(row, name)

    def _check_same_article(self, lines: Sequence[_Line]) -> None:
        """Two rows of one article at one price in one package contradict each other: an export has one row for them."""
        seen: dict[tuple[object, ...], _Line] = {}
        for current in lines:
            if not (line := current.line):
                continue
            article = (line.platform_sku_id, line.seller_sku, line.variation, line.unit_price, line.package_id)
            before = seen.setdefault(article, current)
            if before is not current and before.line and before.line.quantity != line.quantity:
                raise refuse(
                    "duplicate_line",
                    self._layout.shown(h.QUANTITY),
                    str(line.quantity),
                    N_("Rows {first} and {second} give the same article of one order with different quantities."),
                    N_("Keep the rows of one export only, and import the file again."),
                    current.row[0],
                    first=before.row[0],
                    second=current.row[0],
                )

    def _line(self, row: Row, money: Money, notes: list[Problem]) -> _Line:
        cell, shown = self._layout.cell, self._layout.shown
        times = {name: self._time(row, name, notes) for name in h.TIMES}
        state, substate = self._row_state(row, times)
        sku = values.identifier(cell(row, h.SKU_ID), shown(h.SKU_ID), row[0])
        code = values.machine(cell(row, h.SELLER_SKU), shown(h.SELLER_SKU), row[0])[:200]
        count = cell(row, h.QUANTITY)
        if not (sku or code):
            if count:
                raise refuse(
                    "missing_sku",
                    shown(h.SKU_ID if h.SKU_ID in self._layout.position else h.SELLER_SKU),
                    "",
                    N_("The row has a quantity but no SKU."),
                    N_("Export the file again with the SKU columns."),
                    row[0],
                )
            return _Line(row, state, substate, times, None)
        line = m.LineIn(
            platform_sku_id=sku,
            seller_sku=code,
            product_name=values.free_text(cell(row, "Product Name")),
            variation=values.free_text(cell(row, "Variation")),
            quantity=values.quantity(count, shown(h.QUANTITY), row[0]),
            unit_price=money.take(row, "SKU Unit Original Price"),
            subtotal=money.take(row, "SKU Subtotal After Discount"),
            state=state,
            package_id=values.identifier(cell(row, "Package ID"), shown("Package ID"), row[0]),
            row=row[0],
        )
        return _Line(row, state, substate, times, line)

    def _time(self, row: Row, name: str, notes: list[Problem]) -> int | None:
        return values.local_time(
            self._layout.cell(row, name),
            self._layout.shown(name),
            self._layout.dates,
            self._context.zone,
            notes,
            row[0],
        )

    def _row_state(self, row: Row, times: dict[str, int | None]) -> tuple[str, str]:
        """The further of status and substatus; where only the coarse word is known, the row's times refine it."""
        status = values.machine(self._layout.cell(row, h.STATUS), self._layout.shown(h.STATUS), row[0])
        substatus = values.machine(self._layout.cell(row, h.SUBSTATUS), self._layout.shown(h.SUBSTATUS), row[0])
        if words.is_cancel(self._layout.cell(row, "Cancelation/Return Type")) and times[h.CANCELLED] is not None:
            return m.CANCELLED, substatus
        known = [found for word in (status, substatus) if (found := words.state(word))]
        if m.ON_HOLD in known or m.UNPAID in known:
            return (m.ON_HOLD if m.ON_HOLD in known else m.UNPAID), substatus
        if not known:
            return (status or substatus or self._state_by_times(row, times)), substatus
        state = max(known, key=_rank)
        if state == m.AWAITING_SHIPMENT and times[h.ARRANGED] is not None:
            return m.AWAITING_COLLECTION, substatus
        if state == m.IN_TRANSIT and times[h.DELIVERED] is not None:
            return m.DELIVERED, substatus
        return state, substatus

    def _state_by_times(self, row: Row, times: dict[str, int | None]) -> str:
        """For files or rows without a status: the last thing that happened says where the order is."""
        for name, state in _REACHED:
            if times[name] is not None:
                return state
        raise refuse(
            "missing_status",
            self._layout.shown(h.STATUS),
            "",
            N_("The row has no status and no time of payment, shipping or cancellation to infer it from."),
            N_("Export the file again with the columns “Order Status” and “Order Substatus”."),
            row[0],
        )

    def _state(self, lines: Sequence[_Line], notes: list[Problem]) -> tuple[str, str]:
        live = [line for line in lines if line.state != m.CANCELLED] or list(lines)
        states = {line.state for line in live}
        notes += [
            Problem(
                "unknown_status",
                self._layout.shown(h.STATUS),
                word,
                N_("The status “{value}” is not known; it is kept as it is."),
                N_("Name its meaning in a mapping file under [words]."),
                {"value": word},
            )
            for word in sorted(states - m.ORDER.states)
        ]
        if states == {m.AWAITING_SHIPMENT, m.AWAITING_COLLECTION}:
            return m.PARTIALLY_SHIPPING, ""
        slowest = min(live, key=lambda line: _rank(line.state))
        return slowest.state, slowest.substate

    def _facts(self, order: m.OrderIn, lines: Sequence[_Line]) -> None:
        """A time of the order is known when all its live rows have it; then the last one counts."""
        live = [line for line in lines if line.state != m.CANCELLED] or list(lines)
        order.created_at = lines[0].times[h.CREATED]
        order.paid_at = lines[0].times[h.PAID]
        order.arranged_at = _last(live, h.ARRANGED)
        order.first_scan_at = _last(live, h.SHIPPED)
        order.delivered_at = _last(live, h.DELIVERED)
        if order.state == m.CANCELLED:
            order.cancelled_at = _last(lines, h.CANCELLED)
        elif order.state not in m.FINISHED:
            order.buyer_cancel = any(
                words.is_cancel(self._layout.cell(line.row, "Cancelation/Return Type")) for line in live
            )

    def _parcel(self, order: m.OrderIn, rows: Sequence[Row]) -> None:
        cell = self._layout.cell
        order.warehouse_ref = values.free_text(cell(rows[0], "Warehouse Name"))
        order.carrier_name = values.free_text(cell(rows[0], "Shipping Provider Name"))
        shown = self._layout.shown("Tracking ID")
        numbers = [values.machine(cell(row, "Tracking ID"), shown, row[0])[:100] for row in rows]
        order.tracking_number = next((number for number in numbers if number), "")
        order.package_ids = tuple(dict.fromkeys(line.package_id for line in order.lines if line.package_id))

    def _amounts(self, order: m.OrderIn, row: Row, money: Money) -> None:
        """`tax` is all the buyer pays beside goods and shipping, less the payment discount, so that it adds up."""
        order.total = money.take(row, h.AMOUNT)
        order.shipping_fee = money.take(row, "Shipping Fee After Discount")
        fees = [fee for name in h.FEES if (fee := money.take(row, name)) is not None]
        discount = money.take(row, "Payment platform discount", may_be_negative=True)
        if fees or discount:
            order.tax = sum(fees) - abs(discount or 0)
        subtotals = [line.subtotal for line in order.lines]
        if subtotals and None not in subtotals:
            order.subtotal = sum(s for s in subtotals if s is not None)
        order.currency, order.exponent = money.settled()

    def _recipient(self, row: Row) -> m.RecipientIn:
        def text(*names: str) -> str:
            return next((found for name in names if (found := values.free_text(self._layout.cell(row, name)))), "")

        lines = tuple(
            line
            for name in ("Address Line 1", "Address Line 2", "Detail Address", "Additional address information")
            if (line := text(name))
        )
        if village := text("Villages"):
            lines = (*lines, village)
        name, phone = text("Recipient"), text("Phone #")
        return m.RecipientIn(
            name=name,
            phone=phone,
            country=country_code(text("Country")) or self._market,
            region=text("State", "Province", "Region"),
            city=text("City", "Municipality", "Regency and City", "District"),
            district=text("Barangay", "Commune", "Districts"),
            postal_code=text("Zipcode"),
            lines=lines,
            masked=is_masked(name, phone, *lines),
        )

    def _texts(self, order: m.OrderIn, rows: Sequence[Row], notes: list[Problem]) -> None:
        cell = self._layout.cell
        order.cancel_by = words.cancel_by(cell(rows[0], "Cancel By"))
        order.cancel_reason = values.free_text(cell(rows[0], "Cancel Reason"))
        order.buyer_message = values.free_text(cell(rows[0], "Buyer Message"))
        person = order.recipient
        texts = (order.buyer_message, person.name, *person.lines, *(line.product_name for line in order.lines))
        if any(values.looks_like_formula(text) for text in texts):
            notes.append(
                Problem(
                    "formula_text",
                    None,
                    None,
                    N_("A text of the order begins like a spreadsheet formula; it is kept as plain text."),
                    "",
                )
            )

    def _payload(self, row: Row) -> dict[str, str]:
        return {name: cell for name, cell in zip(self._layout.header, row[1], strict=False) if cell}


def _rank(state: str) -> int:
    rank = m.ORDER.rank(state)
    return -1 if rank is None else rank


def _last(lines: Sequence[_Line], name: str) -> int | None:
    times = [line.times[name] for line in lines]
    known = [at for at in times if at is not None]
    return max(known) if known and len(known) == len(times) else None
