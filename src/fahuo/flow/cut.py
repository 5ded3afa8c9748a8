"""Use cases of a person or a rule about a connected shop's parcels: split, combine, take apart, schedule, correct.

What can be known to be refused is refused here, with the reason. The rest is an effect; what the platform has made of
it is read back with the answer and taken in like any telling of these orders, so the parcels follow by the one way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Shop
from fahuo.channels.model import ReadContext
from fahuo.channels.tiktok_shop import fulfilment as api
from fahuo.channels.tiktok_shop.client import Client, Lost, Refused, Unreached
from fahuo.channels.tiktok_shop.orders import read
from fahuo.connections import queries as connections
from fahuo.connections.model import Link
from fahuo.flow import fulfil, intake, wanted
from fahuo.flow.fulfil import Answered, Change
from fahuo.flow.grants import client_of
from fahuo.flow.house import House, open_desk
from fahuo.flow.parcels import ARRANGE, COMBINE_ORDERS, CORRECT, SCHEDULE, SPLIT_ORDER, TIKTOK_LANE, UNCOMBINE, alive
from fahuo.flow.report import Report, Source
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders.model import AWAITING_SHIPMENT, OrderIn
from fahuo.orders.queries import Line, Stored
from fahuo.store import effects, journal
from fahuo.store.effects import Effect
from fahuo.store.engine import Tx
from fahuo.warehouse import queries
from fahuo.warehouse.model import CANCELLED, COMBINE, PLATFORM, Parcel

MOST_TOGETHER: Final = 20
"""Orders in one parcel [A]."""
CORRECTION_S: Final = 72 * 3_600
"""US: a number may be corrected this long after it was told, and once [B]."""
_ONCE: Final = frozenset({"US"})
Groups = Sequence[Mapping[str, int]]
"""For each parcel to be: SKU → units."""


def _no(code: str, field: str, message: str, then: str, **params: Any) -> Failure:
    return Failure(Problem(code, field, None, message, then, params), 1)


def _order(tx: Tx, order_id: int) -> tuple[Stored, str]:
    """The order, locked, and the market its shop is connected in."""
    rows = orders_queries.stored(tx, [order_id])
    region, _ = connections.regions(tx).get(rows[0].shop_id, ("", "")) if rows else ("", "")
    if not rows or not region:
        raise _no("not_connected", "order", N_("The order's shop is not connected."), N_("Do it in Seller Center."))
    return rows[0], region


def _link(tx: Tx, shop_id: int) -> Link:
    link = connections.link_of(tx, shop_id)
    if link is None:
        raise _no("not_connected", "shop", N_("The order's shop is not connected."), N_("Do it in Seller Center."))
    return link


def split(house: House, order_id: int, groups: Groups, actor: str, seller_id: int = 1) -> None:
    """Ask the platform to send an order in several parcels. Raises Failure for what it would refuse."""
    with house.store.write(seller_id) as tx:
        row, region = _order(tx, order_id)
        _unshipped(tx, [row])
        units = _units(orders_queries.lines(tx, [order_id]).get(order_id, []), groups, region in api.SEA)
        body = {"order": row.platform_order_id, "groups": units, "by": actor}
        _put(tx, _effect(SPLIT_ORDER, row, _mark(units), body, house.clock.now()), [row.id], house.clock.now())


def _unshipped(tx: Tx, rows: Sequence[Stored]) -> None:
    parcels = alive(tx, [row.id for row in rows])
    for row in rows:
        if row.state != AWAITING_SHIPMENT or any(_is_fixed(p) for p in parcels.get(row.id, ())):
            raise _no(
                "arranged_already",
                "order",
                N_("Order {order} is arranged or gone: its parcels cannot be cut any more."),
                N_("Only orders that wait to be shipped can be split or combined."),
                order=row.platform_order_id,
            )


def _is_fixed(parcel: Parcel) -> bool:
    """Whether a parcel cannot be cut any more: packed, told, or labelled by the platform."""
    there = parcel.label_origin == PLATFORM and parcel.arranged_at is not None
    return there or parcel.packed_at is not None or parcel.reported_at is not None


def _units(lines: Sequence[Line], groups: Groups, whole_skus: bool) -> list[list[str]]:
    """The platform's unit ids of each group; what no group names goes into a parcel of its own."""
    there: dict[str, list[str]] = {}
    for line in lines:
        if line.state != "CANCELLED":
            name = line.seller_sku or line.platform_sku_id
            there.setdefault(name, []).extend(msgspec.json.decode(line.unit_ids, type=list[str]))
    total = {sku: len(ids) for sku, ids in there.items()}
    cut: list[list[str]] = []
    for group in groups:
        mine: list[str] = []
        for sku, count in group.items():
            if not 0 < count <= len(there.get(sku, ())):
                raise _no(
                    "units_wrong",
                    "groups",
                    N_("The order has not {count} units of {sku} left."),
                    N_("Name each unit once; what is not named goes into a parcel of its own."),
                    count=count,
                    sku=sku,
                )
            if whole_skus and count != total[sku]:
                raise _no(
                    "below_sku",
                    "groups",
                    N_("In this market all units of {sku} must stay in one parcel."),
                    N_("Split between articles, not within one."),
                    sku=sku,
                )
            mine += [there[sku].pop(0) for _ in range(count)]
        cut.append(mine)
    rest = [unit for ids in there.values() for unit in ids]
    cut = [group for group in [*cut, rest] if group]
    if len(cut) <= 1:
        raise _no(
            "one_parcel", "groups", N_("That is still one parcel."), N_("Name the units of at least one other parcel.")
        )
    return cut


def combine(
    house: House, order_ids: Sequence[int], actor: str, seller_id: int = 1, *, client: Client | None = None
) -> None:
    """Ask the platform to send these orders in one parcel; it must offer that itself (same buyer, same address)."""
    wanted_ids = sorted(set(order_ids))
    if not 1 < len(wanted_ids) <= MOST_TOGETHER:
        raise _no(
            "not_so_many",
            "orders",
            N_("Two to {most} orders can be combined."),
            N_("Choose others."),
            most=MOST_TOGETHER,
        )
    with house.store.read(seller_id) as tx:
        pairs = [_order(tx, id_) for id_ in wanted_ids]
        link = _link(tx, pairs[0][0].shop_id)
    refs = {row.platform_order_id for row, _ in pairs}
    group = next((id_ for id_, offered in _offered(house, link, client) if refs <= set(offered)), None)
    if group is None or len({row.shop_id for row, _ in pairs}) > 1:
        raise _no(
            "not_combinable",
            "orders",
            N_("The platform does not offer to combine these orders."),
            N_("They must go to the same person and address, and none may be arranged."),
        )
    with house.store.write(seller_id) as tx:
        rows = orders_queries.stored(tx, wanted_ids)
        _unshipped(tx, rows)
        body = {"group": group, "orders": sorted(refs), "by": actor}
        now = house.clock.now()
        _put(tx, _effect(COMBINE_ORDERS, rows[0], _mark(sorted(refs)), body, now), wanted_ids, now)


def offered(house: House, shop_id: int, seller_id: int = 1) -> list[list[str]]:
    """Groups of orders of a shop that the platform offers to combine."""
    with house.store.read(seller_id) as tx:
        link = connections.link_of(tx, shop_id)
    return [] if link is None else [refs for _, refs in _offered(house, link) if len(refs) > 1]


def _offered(house: House, link: Link, client: Client | None = None) -> list[tuple[str, list[str]]]:
    try:
        return list(api.combinable(client or client_of(house.store), link))
    except (Refused, Lost, Unreached) as error:
        raise _unreached(error) from None


def _unreached(error: Exception) -> Failure:
    return _no(
        "not_answered",
        "platform",
        N_("The platform did not say: {why}."),
        N_("Try again in a minute."),
        why=str(error)[:200],
    )


def uncombine(house: House, order_id: int, actor: str, seller_id: int = 1) -> None:
    """Ask the platform to send an order of a combined parcel by itself."""
    with house.store.write(seller_id) as tx:
        row, _ = _order(tx, order_id)
        _unshipped(tx, [row])
        mine = [p for p in alive(tx, [order_id]).get(order_id, ()) if p.tag == COMBINE]
        if not mine:
            raise _no("not_combined", "order", N_("The order's parcel is not combined."), N_("There is nothing to do."))
        ref = mine[0].platform_ref
        mates = [p.order_id for p in queries.parcels_with_ref(tx, [ref]) if p.state != CANCELLED]
        names = sorted(one.platform_order_id for one in orders_queries.heads_of(tx, mates))
        body = {"ref": ref, "orders": [row.platform_order_id], "all": names, "by": actor}
        _put(tx, _effect(UNCOMBINE, row, ref, body, house.clock.now()), sorted(set(mates)), house.clock.now())


def slots(house: House, package_id: int, seller_id: int = 1) -> tuple[list[tuple[int, int]], bool]:
    """(pick-up slots that can be had, whether it can be dropped off) of a parcel, as the platform says now."""
    with house.store.read(seller_id) as tx:
        parcel = _parcel(tx, package_id)
        row, _ = _order(tx, parcel.order_id)
        link = _link(tx, row.shop_id)
    try:
        if parcel.platform_ref:
            told = api.slots(client_of(house.store), link, parcel.platform_ref)
        else:
            told = api.order_slots(client_of(house.store), link, row.platform_order_id)
    except (Refused, Lost, Unreached) as error:
        raise _unreached(error) from None
    return api.open_slots(told), bool(told.get("can_drop_off"))


def schedule(
    house: House, package_id: int, method: str, slot: tuple[int, int] | None, actor: str, seller_id: int = 1
) -> None:
    """Book how and when a labelled parcel is handed over."""
    with house.store.write(seller_id) as tx:
        parcel = _parcel(tx, package_id)
        row, _ = _order(tx, parcel.order_id)
        if parcel.label_origin != PLATFORM or parcel.arranged_at is None or parcel.handed_over_at is not None:
            raise _no(
                "not_schedulable",
                "package",
                N_("Only a parcel with the platform's label that is still here can be scheduled."),
                N_("Arrange it first."),
            )
        if method not in ("PICKUP", "DROP_OFF") or (method == "PICKUP") != (slot is not None):
            raise _no(
                "slot_wrong", "slot", N_("A pick-up needs a slot, a drop-off has none."), N_("List the slots first.")
            )
        body: dict[str, Any] = {"order": row.platform_order_id, "method": method, "by": actor}
        if parcel.platform_ref:
            body["ref"] = parcel.platform_ref
        if units := wanted.units_of(tx, [parcel]).get(parcel.id):
            body["units"] = units
        if slot is not None:
            body["slot"] = list(slot)
        mark = f"{method}:{slot[0] if slot else ''}"
        effects.put(tx, [wanted.of_parcel(SCHEDULE, parcel, mark, body, house.clock.now())])


def correct(house: House, package_id: int, carrier: str, number: str, actor: str, seller_id: int = 1) -> None:
    """Correct the number the platform was told of an own-carrier parcel. Raises Failure where it may not be."""
    number, carrier = number.strip(), carrier.strip()
    now = house.clock.now()
    with house.store.write(seller_id) as tx:
        parcel = _parcel(tx, package_id)
        row, region = _order(tx, parcel.order_id)
        if parcel.label_origin == PLATFORM or parcel.reported_at is None or parcel.delivered_at is not None:
            raise _no(
                "not_correctable",
                "package",
                N_("Only an own carrier's number that the platform was told can be corrected."),
                N_("The platform's own numbers are its own; one that was not told yet is told as it is."),
            )
        if not number or number == parcel.tracking_number:
            raise _no("number_same", "number", N_("That is the number it has."), N_("Give the right one."))
        before = [one for one in effects.of_orders(tx, [row.id], [CORRECT]) if one.package_id == package_id]
        spent = [one for one in before if one.state not in ("declined", "dropped")]
        if region in _ONCE and (spent or now - parcel.reported_at > CORRECTION_S):
            raise _no(
                "correction_over",
                "number",
                N_("In {market} a number can be corrected once, within 72 hours."),
                N_("Tell the buyer the right number in the conversation."),
                market=region,
            )
        body = {
            "order": row.platform_order_id,
            "carrier": carrier or parcel.carrier_name,
            "number": number,
            "by": actor,
        }
        if parcel.platform_ref:
            body["ref"] = parcel.platform_ref
        effects.put(tx, [wanted.of_parcel(CORRECT, parcel, number, body, now)])


def _parcel(tx: Tx, package_id: int) -> Parcel:
    found = queries.parcels(tx, [package_id])
    if not found or found[0].state == CANCELLED:
        raise _no("unknown_package", "package", N_("There is no such parcel."), N_("Look at the order's page."))
    return found[0]


def _put(tx: Tx, effect: Effect, order_ids: Sequence[int], now: int) -> None:
    """Ask for it; these orders are not arranged before the platform has said what it makes of it."""
    effects.put(tx, [effect])
    effects.put_off(tx, order_ids, (ARRANGE,), now + fulfil.HELD_S)


def _mark(what: object) -> str:
    return blake2b(msgspec.json.encode(what), digest_size=8).hexdigest()


def _effect(kind: str, row: Stored, mark: str, body: dict[str, Any], now: int) -> Effect:
    return Effect(
        key=f"{kind}:{row.id}:{mark}:{row.version}",
        kind=kind,
        lane=TIKTOK_LANE,
        scope=str(row.shop_id),
        shop_id=row.shop_id,
        order_id=row.id,
        package_id=None,
        due_at=now,
        body=body,
        safety="readable",
    )


def book(tx: Tx, answered: Answered, now: int, actor: str) -> None:
    """The platform has cut parcels anew: what it tells of the orders is taken in, and the parcels follow."""
    by_shop: dict[int, list[dict[str, Any]]] = {}
    for one, answer in answered:
        if answer.state == "done":
            by_shop.setdefault(one.shop_id or 0, []).extend(answer.outcome.get("orders") or ())
    done = {one.order_id: one for one, answer in answered if answer.state == "done" and one.order_id}
    rows = {row.id: row for row in orders_queries.heads_of(tx, done)}
    asked = {
        id_: Change(
            [journal.Entry(id_, "cut_done", now, actor, {"kind": one.kind, "by": str(one.body.get("by") or "")})]
        )
        for id_, one in done.items()
        if id_ in rows
    }
    fulfil.write(tx, rows, asked)
    shops = {shop.id: shop for shop in catalogue.shop_list(tx)}
    desk = open_desk(tx, actor)
    for shop_id, told in by_shop.items():
        batch = {order.platform_order_id: order for order in _orders(told, shops[shop_id], now)}
        intake.take_in(tx, desk, shops[shop_id], list(batch.values()), now, Source("api", "read back"), Report())
    fulfil.decline(tx, answered, "change_declined", now, actor)


def _orders(told: Sequence[Mapping[str, Any]], shop: Shop, now: int) -> list[OrderIn]:
    """The orders in our terms. One that cannot be read comes with the next pull, which reports it."""
    context = ReadContext(
        market=shop.market, zone=shop.zone, now=now, currency=shop.currency, shop_name=shop.name,
        shipping_type=shop.shipping_type,
    )  # fmt: skip
    found = read([msgspec.json.encode(one) for one in told], context, "read back")
    return [one for one in found if isinstance(one, OrderIn)]


def possible(house: House, order_id: int, seller_id: int = 1) -> frozenset[str]:
    """What may be asked of the platform for an order's parcels now: `split`, `uncombine`."""
    with house.store.read(seller_id) as tx:
        rows = orders_queries.stored(tx, [order_id])
        if not rows or rows[0].shop_id not in connections.connected(tx) or rows[0].state != AWAITING_SHIPMENT:
            return frozenset()
        parcels = alive(tx, [order_id]).get(order_id, ())
        if any(_is_fixed(parcel) for parcel in parcels):
            return frozenset()
        units = sum(line.quantity for line in orders_queries.lines(tx, [order_id]).get(order_id, ()))
    found = {"split"} if units > 1 else set()
    return frozenset(found | ({"uncombine"} if any(p.tag == COMBINE for p in parcels) else set()))
