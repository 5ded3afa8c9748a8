"""What pulling and notices share: orders of a connected shop, as bytes, are taken in one transaction.

An order that cannot be read, or is another shop's, is refused alone: it stays as a parked note that people see, and the
note is settled as soon as the order can be taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fahuo.catalogue.model import Shop
from fahuo.channels.model import MARKETS, ReadContext
from fahuo.channels.tiktok_shop.orders import read
from fahuo.connections import notices_store
from fahuo.connections import queries as connections
from fahuo.connections.model import Link
from fahuo.connections.notices import ORDER, OWN_NOTE, PARKED, Notice
from fahuo.flow.again import write_again
from fahuo.flow.house import Desk, House, need_shop, open_desk
from fahuo.flow.intake import take_in
from fahuo.flow.report import Report, Source
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.text import N_, t
from fahuo.orders.merge import digest
from fahuo.orders.model import OrderIn, Refusal
from fahuo.orders.owners import Held, owners
from fahuo.store.engine import Tx

Also = Callable[[Tx, Sequence[OrderIn]], object]


class Taker:
    """Takes orders of one shop. Made for one pull or one batch of notices: it keeps the desk's facts while it lasts."""

    def __init__(self, house: House, link: Link, name: str, actor: str) -> None:
        self.house, self.link, self.name = house, link, name
        with house.store.read(link.seller_id) as tx:
            self.shop: Shop = need_shop(tx, link.shop)
            self.desk: Desk = open_desk(tx, actor)
            self._linked = frozenset(connections.linked(tx).values())
        self.context = ReadContext(
            market=self.shop.market,
            zone=self.shop.zone,
            now=house.clock.now(),
            currency=self.shop.currency,
            shop_name=self.shop.name,
            shipping_type=self.shop.shipping_type,
            lang=house.lang,
        )

    def read(self, raws: Sequence[bytes]) -> list[OrderIn | Refusal]:
        """Orders in our terms, each once: of several tellings the newest."""
        found: dict[str, OrderIn] = {}
        refused: list[OrderIn | Refusal] = []
        for one in read(raws, self.context, self.name):
            if isinstance(one, Refusal):
                refused.append(one)
                continue
            known = found.get(one.platform_order_id)
            if known is None or (one.updated_at or 0) >= (known.updated_at or 0):
                found[one.platform_order_id] = one
        return [*found.values(), *refused]

    def take(self, batch: Sequence[OrderIn | Refusal], report: Report, also: Also) -> None:
        """Take a batch; `also` is done in the same transaction, with the orders taken."""
        now = self.house.clock.now()

        def once(tx: Tx) -> Report:
            counted = Report(read=len(batch))
            fine, refused, settled = self._sort(tx, batch)
            counted.unchanged += len(settled) - len(fine)
            take_in(tx, self.desk, self.shop, fine, now, Source("api", self.name), counted, plan=True)
            counted.refused += refused
            if refused:
                notices_store.note(tx, [self._note(one) for one in refused])
            notices_store.notes_settled(tx, [note_id(self.shop.id, order.platform_order_id) for order in settled])
            also(tx, fine)
            return counted

        report.add(write_again(self.house.store, once, self.link.seller_id))

    def _sort(self, tx: Tx, batch: Sequence[OrderIn | Refusal]) -> tuple[list[OrderIn], list[Refusal], list[OrderIn]]:
        """(to be taken, refused, all that are or will be as told): most of an overlap is known already."""
        orders = [one for one in batch if isinstance(one, OrderIn)]
        refused = [one for one in batch if isinstance(one, Refusal)]
        held = owners(tx, self._linked | {self.shop.id}, [order.platform_order_id for order in orders])
        fine, settled = [], []
        for order in orders:
            holders = held.get(order.platform_order_id, ())
            if why := self._foreign(order, [one.shop_id for one in holders]):
                refused.append(self._refusal(order, why))
                continue
            settled.append(order)
            mine = next((one for one in holders if one.shop_id == self.shop.id), None)
            if mine is None or not _same(order, mine):
                fine.append(order)
        return fine, refused, settled

    def _foreign(self, order: OrderIn, holders: Iterable[int]) -> str:
        """What shows that the order is another shop's; a shop that is not connected proves nothing."""
        if any(holder in self._linked and holder != self.shop.id for holder in holders):
            return N_("The order already belongs to another connected shop.")
        if self.shop.currency and order.currency != self.shop.currency:
            return N_("The order is in another currency than the shop's.")
        there = MARKETS.get(order.market)
        here = MARKETS.get(self.shop.market)
        if there and here and there.currency != here.currency:
            return N_("The order goes to another market than the shop's.")
        return ""

    def _refusal(self, order: OrderIn, why: str) -> Refusal:
        return Refusal(
            file=self.name,
            row=order.row,
            order=order.platform_order_id,
            code="other_shop",
            field=None,
            value=None,
            message=t(why, self.house.lang),
            next=t(N_("Check which shop is connected here; report it to the platform."), self.house.lang),
        )

    def _note(self, refusal: Refusal) -> Notice:
        why = f"{refusal.code}: {refusal.message}"
        return own_note(self.link, refusal.order or f"row {refusal.row}", state=PARKED, why=why)


def _same(order: OrderIn, held: Held) -> bool:
    """Whether we know exactly this already, as `orders.merge` would find."""
    if order.updated_at is None or held.source_at is None or order.updated_at > held.source_at:
        return False
    return digest(order) == held.digest


def note_id(shop_id: int, order_ref: str) -> str:
    """Under which our own note about an order stands."""
    return f"own-{shop_id}-{order_ref}"


def own_note(link: Link, order_ref: str, *, state: str = ORDER, why: str = "") -> Notice:
    """Our own note: read this order (again)."""
    return Notice(
        seller_id=link.seller_id,
        notification_id=note_id(link.shop_id, order_ref)[:100],
        platform_shop_id=link.platform_shop_id,
        shop_id=link.shop_id,
        type=OWN_NOTE,
        kind="order",
        ref=order_ref[:64],
        order_refs=(order_ref,) if order_ref.isdigit() and len(order_ref) <= 64 else (),  # noqa: PLR2004 - as ids are
        state=state,
        received_ms=technical_ms(),
        why=why,
    )
