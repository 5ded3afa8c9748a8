"""The seller's office: it answers buyers and what they ask, has new labels put on, and bundles for the border."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from fahuo.access.model import OWNER, Principal
from fahuo.access.rules import PERMISSIONS
from fahuo.aftersales import queries as requests
from fahuo.aftersales.model import APPROVE, CANCEL, REJECT, Request
from fahuo.catalogue.queries import shop_list
from fahuo.flow import actions, aftersales, first_mile, talks
from fahuo.flow.house import House
from fahuo.flow.parcels import FETCH_LABEL
from fahuo.flow.readdress import MOVED
from fahuo.kernel.problems import Failure
from fahuo.orders.tables import holds
from fahuo.store import effects
from fahuo.store.engine import Tx
from fahuo.talks import queries as conversations
from fahuo.warehouse.tables import packages

ACTOR: Final = "demo staff"
STAFF: Final = Principal("user", 0, 1, ACTOR, PERMISSIONS[OWNER], None, OWNER)
COURIER: Final = "顺丰速运 SF Express"
"""Drives the bundles to the platform's sorting warehouse, by its name there."""
NEW_LABEL: Final = "New label put on."
MOST_TALKS: Final = 20
"""Buyers who get an answer in one go."""
THANKS: Final = {
    "VN": "Cảm ơn bạn đã nhắn tin. Chúng tôi đang xử lý đơn hàng của bạn.",
    "TH": "ขอบคุณที่ติดต่อมา เรากำลังดำเนินการคำสั่งซื้อของคุณ",
    "MY": "Terima kasih atas mesej anda. Kami sedang memproses pesanan anda.",
}
THANKS_ELSEWHERE: Final = "Thank you for your message. We are working on your order."
_LEFT_TO_PEOPLE: Final = ("answered_already", "nothing_asked", "not_one_of")
"""The platform asks something that is not decided here: that stays in the list."""


class Office:
    """One office for all shops."""

    def __init__(self, house: House) -> None:
        self._house = house

    def answer(self) -> None:
        """What is not packed is cancelled when the buyer asks, what is packed is kept; returns are agreed to."""
        with self._house.store.read() as tx:
            asked = [(one, _is_packed(tx, one)) for one in requests.to_answer(tx)]
        for request, packed in asked:
            reason = self._reason(request) if request.kind == CANCEL and packed else ""
            decision = REJECT if reason else APPROVE
            try:
                aftersales.answer(self._house, STAFF, request.id, decision, reason=reason, comment="")
            except Failure as failure:
                if failure.problem.code not in _LEFT_TO_PEOPLE:
                    raise

    def write(self) -> None:
        """Every buyer who waits gets a few words, in the language of the market."""
        with self._house.store.read() as tx:
            markets = {shop.id: shop.market for shop in shop_list(tx)}
            waiting = [one for one in conversations.waiting(tx, MOST_TALKS) if one.can_send]
        for one in waiting:
            talks.say(self._house, STAFF, one.id, THANKS.get(markets[one.shop_id], THANKS_ELSEWHERE))

    def _reason(self, request: Request) -> str:
        """The platform's first reason for saying no; none when it offers none or cannot be asked now."""
        try:
            offered = aftersales.offered_reasons(self._house, STAFF, request.id)
        except Failure:
            return ""
        return offered[0][0] if offered else ""

    def relabel(self) -> None:
        """Parcels of buyers who moved: their new label is printed and put on, then they may go on."""
        with self._house.store.read() as tx:
            moved = _moved(tx)
            known = effects.of_orders(tx, moved, (FETCH_LABEL,)) if moved else []
            waiting = {one.order_id for one in known if one.state != "done"}
        ready = [id_ for id_ in moved if id_ not in waiting]
        for id_ in ready:
            try:
                actions.print_labels(self._house, STAFF, [id_])
            except Failure as failure:
                if failure.problem.code not in ("no_label_yet", "no_labels"):  # nothing stuck on: nothing to do over
                    raise
        if ready:
            actions.release(self._house, STAFF, ready, NEW_LABEL, codes=(MOVED,))

    def bundle(self, warehouse_id: int) -> None:
        """What is packed there for the sorting warehouse goes in one bundle a shop."""
        shops = {one.shop_id for one in first_mile.waiting(self._house) if one.warehouse_id == warehouse_id}
        for place, shop in enumerate(sorted(shops)):
            send_bundle(self._house, shop, warehouse_id, f"SF{self._house.clock.now():010d}{place:03d}")


def send_bundle(house: House, shop_id: int, warehouse_id: int, number: str) -> bool:
    """Bundle what is packed there for the sorting warehouse; False when there is nothing that may go."""
    wish = first_mile.Wish(
        shop_id=shop_id, warehouse_id=warehouse_id, carrier=COURIER, number=number, phone_tail="1234"
    )
    try:
        first_mile.make(house, wish, ACTOR)
    except Failure as failure:
        if failure.problem.code != "nothing_to_bundle":  # all of them are held
            raise
        return False
    return True


def _is_packed(tx: Tx, request: Request) -> bool:
    """Whether any parcel of the request's order is packed already."""
    p = packages.c
    rows = tx.rows(
        select(p.id).where(p.seller_id == tx.seller_id, p.order_id == (request.order_id or 0), p.packed_at.is_not(None))
    )
    return bool(rows)


def _moved(tx: Tx) -> list[int]:
    """Orders that wait for a new label because their buyer moved."""
    h = holds.c
    rows = tx.rows(
        select(h.order_id)
        .where(h.seller_id == tx.seller_id, h.code == MOVED, h.released_at.is_(None))
        .order_by(h.order_id)
    )
    return [row[0] for row in rows]
