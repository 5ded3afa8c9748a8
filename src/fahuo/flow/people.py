"""Recipients and raw payloads of a batch, sealed; and their erasure."""

from __future__ import annotations

from collections.abc import Sequence

from fahuo.orders.model import OrderIn
from fahuo.orders.phones import parse_phone
from fahuo.store import personal
from fahuo.store.engine import Tx


def seal(tx: Tx, ids: Sequence[int], batch: Sequence[OrderIn], source: str, now: int, *, again: bool = False) -> None:
    """Store recipients and raw payloads, encrypted. `again`: the orders have them already, or they were erased."""
    if again and (gone := personal.erased(tx, ids)):
        kept = [(id_, order) for id_, order in zip(ids, batch, strict=True) if id_ not in gone]
        ids, batch = [id_ for id_, _ in kept], [order for _, order in kept]
    personal.seal_people(tx, [(id_, _person(order)) for id_, order in zip(ids, batch, strict=True)], replace=again)
    told = [(id_, source, now, order.raw) for id_, order in zip(ids, batch, strict=True) if order.raw]
    personal.seal_payloads(tx, told, replace=again)


def _person(order: OrderIn) -> personal.Person:
    to = order.recipient
    e164 = "" if to.masked or not to.phone else parse_phone(to.phone, to.country).e164 or ""
    return personal.Person(
        name=to.name,
        phone=to.phone,
        phone_e164=e164,
        country=to.country,
        region=to.region,
        city=to.city,
        district=to.district,
        postal_code=to.postal_code,
        lines=to.lines,
        masked=to.masked,
        message=order.buyer_message,
    )
