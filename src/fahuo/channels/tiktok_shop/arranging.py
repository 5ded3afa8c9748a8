"""Handlers: arrange shipment, report an own carrier's number, correct it, schedule the hand-over.

Every one of them can lose its answer, so every one first reads what the platform shows when it is repeated: the units'
package, its state and number stand in the order object, fifty orders a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from fahuo.channels.tiktok_shop import fulfilment as api
from fahuo.channels.tiktok_shop.carry import (
    HOUR,
    Troubles,
    Visit,
    declined,
    done,
    handles,
    no,
    refused,
)
from fahuo.channels.tiktok_shop.choosing import CHEAPEST, Choice, choose
from fahuo.channels.tiktok_shop.client import Refused
from fahuo.channels.tiktok_shop.errors import meaning
from fahuo.store.effects import Answer, Claimed

_WAITS: Final = frozenset({"UNPAID", "ON_HOLD"})
_LATER: Final = 600
"""Seconds until an order that the platform has cut otherwise than we know is looked at again."""


class There(NamedTuple):
    """What the platform shows of an effect's units. `packages`: ids, `states`: theirs, '' where not told."""

    order: Mapping[str, Any]
    packages: tuple[str, ...]
    states: frozenset[str]
    number: str
    carrier: str

    @property
    def arranged(self) -> bool:
        """Whether the platform has number and label of these units."""
        if self.states:
            return self.states <= api.ARRANGED
        return bool(self.packages) and self.order.get("status") not in (*_WAITS, "AWAITING_SHIPMENT")


def there(order: Mapping[str, Any], units: Sequence[str]) -> There:
    """Read an order object for these units; for all its living ones when none are named."""
    rows = [
        item
        for item in order.get("line_items") or []
        if (not units or str(item.get("id")) in units) and item.get("display_status") != "CANCELLED"
    ]
    packages = tuple(dict.fromkeys(str(item["package_id"]) for item in rows if item.get("package_id")))
    states = frozenset(str(item["package_status"]) for item in rows if item.get("package_status"))
    number = next((str(item["tracking_number"]) for item in rows if item.get("tracking_number")), "")
    carrier = next((str(item["shipping_provider_name"]) for item in rows if item.get("shipping_provider_name")), "")
    return There(order, packages, states, number, carrier)


def look(visit: Visit, batch: Sequence[Claimed]) -> tuple[dict[int, There], list[Answer]]:
    """What the platform shows for each effect (by id), and the answer to those it could not be asked about."""
    seen: dict[int, There] = {}
    failed: list[Answer] = []
    for part in api.chunks(batch, api.ORDERS_AT_ONCE):
        try:
            told = api.orders(visit.client, visit.link, [str(one.body["order"]) for one in part])
        except Troubles as error:
            failed += no(visit, part, error, wrote=False)
            continue
        for one in part:
            order = told.get(str(one.body["order"]))
            if order is None:
                failed.append(declined(one, "unknown_order", "the platform does not show this order"))
            else:
                seen[one.id] = there(order, one.body.get("units") or ())
    return seen, failed


def _closed(visit: Visit, one: Claimed, seen: There) -> Answer | None:
    """The answer where the order's state alone decides."""
    status = str(seen.order.get("status") or "")
    if status == "CANCELLED" or (seen.states and seen.states <= {api.GONE}):
        return declined(one, "cancelled_there", status)
    if status in _WAITS:
        return one.answer("retry", {"code": "on_hold", "message": status}, visit.now + HOUR)
    return None


@handles("arrange_shipment")
def arrange(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Arrange shipment of parcels that the platform labels."""
    chooses = api.flow_of(visit.link.region, visit.link.seller_type) == api.SERVICE
    # A package that is there already waits to be shipped, or, where the seller makes them, is arranged: read which.
    asked = [one for one in batch if one.read_first or one.body.get("look") or chooses == bool(one.body.get("ref"))]
    seen, failed = look(visit, asked)
    if failed:
        yield failed
    over = {answer.id for answer in failed}
    ready: list[tuple[Claimed, str]] = []
    for one in batch:
        if one.id in over:
            continue
        told = seen.get(one.id)
        if told is not None and (answer := _arranged(visit, one, told)):
            yield [answer]
        elif chooses:
            yield [_choose_and_create(visit, one)]
        else:
            ready.append((one, told.packages[0] if told and told.packages else str(one.body["ref"])))
    yield from _ship(visit, ready)


def _arranged(visit: Visit, one: Claimed, seen: There) -> Answer | None:
    """The answer where reading was enough: arranged already, closed, or cut otherwise than we know."""
    if seen.arranged and len(seen.packages) == 1:
        return done(one, "", package=seen.packages[0], number=seen.number, carrier=seen.carrier, proof="read back")
    if answer := _closed(visit, one, seen):
        return answer
    if len(seen.packages) > 1:
        return one.answer("retry", {"code": "cut_otherwise", "message": "several packages"}, visit.now + _LATER)
    if not seen.packages and api.flow_of(visit.link.region, visit.link.seller_type) == api.SHIP:
        return one.answer("retry", {"code": "no_package_yet"}, visit.now + _LATER)
    return None


def _ship(visit: Visit, ready: Sequence[tuple[Claimed, str]]) -> Iterator[list[Answer]]:
    """Ship packages there are, in batches. A combined package is named once for all its orders."""
    members: dict[str, list[Claimed]] = {}
    for one, ref in ready:
        members.setdefault(ref, []).append(one)
    for refs in api.chunks(list(members), api.SHIP_AT_ONCE):
        mine = {ref: members[ref] for ref in refs}
        try:
            wanted = [_handover(visit, ref, claims[0]) for ref, claims in mine.items()]
        except Troubles as error:
            yield no(visit, [one for claims in mine.values() for one in claims], error, wrote=False)
            continue
        yield from _ship_batch(visit, mine, wanted)


def _ship_batch(
    visit: Visit, members: Mapping[str, Sequence[Claimed]], wanted: Sequence[Mapping[str, Any]]
) -> Iterator[list[Answer]]:
    everyone = [one for claims in members.values() for one in claims]
    try:
        told = api.ship(visit.client, visit.link, wanted)
    except Refused as error:
        if len(wanted) == 1 or meaning(error.code).kind in ("auth", "busy"):
            yield no(visit, everyone, error, wrote=True)
            return
        # One wrong member must not stop the others: each has its own call, and its own answer.
        for one in wanted:
            yield from _ship_batch(visit, {str(one["id"]): members[str(one["id"])]}, [one])
        return
    except Troubles as error:
        yield no(visit, everyone, error, wrote=True)
        return
    answers: list[Answer] = []
    for one in wanted:
        ref = str(one["id"])
        out = told.errors.get(ref)
        method, slot = one.get("handover_method"), one.get("pickup_slot")
        for claim in members[ref]:
            if out is not None:
                answers.append(refused(visit, claim, out.code, out.message, told.request_id))
            else:
                answers.append(done(claim, told.request_id, package=ref, method=method, slot=slot))
    yield answers


def _handover(visit: Visit, ref: str, one: Claimed) -> dict[str, Any]:
    """A member of the batch, with hand-over and slot where the shop has its parcels picked up."""
    method = one.body.get("method")
    member: dict[str, Any] = {"id": ref}
    if not method:
        return member
    if method == "PICKUP":
        told = api.slots(visit.client, visit.link, ref)
        if not told.get("can_pickup", True):
            return member | {"handover_method": "DROP_OFF"}
        slot = slot_for(api.open_slots(told), int(one.body.get("leave_at") or visit.now))
        if slot is not None:
            member["pickup_slot"] = {"start_time": slot[0], "end_time": slot[1]}
    return member | {"handover_method": method}


def slot_for(slots: Sequence[tuple[int, int]], leave_at: int) -> tuple[int, int] | None:
    """The first slot that does not begin before the parcel can leave, else the last one there is."""
    return next((slot for slot in slots if slot[0] >= leave_at), slots[-1] if slots else None)


def _choose_and_create(visit: Visit, one: Claimed) -> Answer:
    """Ask for services, choose one, create the package with its label."""
    body, units = one.body, list(one.body.get("units") or ())
    size = {name: body[name] for name in ("dimension", "weight") if body.get(name)}
    part = {"order_line_item_ids": units} if units else {}
    try:
        offers = api.services(visit.client, visit.link, str(body["order"]), size | part)
    except Troubles as error:
        return no(visit, [one], error, wrote=False)[0]
    leaves = max(visit.now, int(body.get("leave_at") or visit.now))
    chosen = choose(offers, str(body.get("rule") or CHEAPEST), leaves, body.get("deliver_by"))
    wanted = {"order_id": str(body["order"])} | size | part
    if chosen is not None:
        wanted["shipping_service_id"] = chosen.id
    try:
        told, request_id = api.create_package(visit.client, visit.link, wanted)
    except Troubles as error:
        return no(visit, [one], error, wrote=True)[0]
    info = told.get("shipping_service_info") or {}
    return done(
        one,
        request_id,
        package=str(told.get("package_id") or ""),
        carrier=str(info.get("shipping_provider_name") or (chosen.provider if chosen else "")),
        service=None if chosen is None else _shown(chosen, len(offers)),
    )


def _shown(chosen: Choice, offers: int) -> dict[str, Any]:
    told = {"name": chosen.name, "why": chosen.why, "offers": offers, "price": chosen.price}
    return told | {"currency": chosen.currency, "latest_days": chosen.latest_days}


@handles("report_shipped")
def report(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Tell the platform the number of parcels that an own carrier takes: packed, and not before."""
    seen, failed = look(visit, batch)
    if failed:
        yield failed
    known = Providers(visit)
    ready: list[tuple[Claimed, There, str]] = []
    for one in batch:
        if one.id not in seen:
            continue
        told = seen[one.id]
        if told.arranged and told.number == one.body["number"]:
            yield [done(one, "", package=next(iter(told.packages), None), proof="read back")]
        elif answer := _closed(visit, one, told):
            yield [answer]
        else:
            try:
                provider, names = known.named(told.order, str(one.body["carrier"]))
            except Troubles as error:
                yield no(visit, [one], error, wrote=False)
                continue
            if provider:
                ready.append((one, told, provider))
            else:
                yield [not_listed(one, names)]
    yield from (_self_ship(visit, ready) if api.ships_itself(visit.link) else _mark(visit, ready))


def not_listed(one: Claimed, names: Iterable[str]) -> Answer:
    """The answer where the platform does not list the carrier: which ones it lists."""
    listed = ", ".join(sorted(names))[:200]
    return declined(one, "carrier_not_listed", f"{one.body['carrier']} / {listed}", carrier=one.body["carrier"])


def _self_ship(visit: Visit, ready: Sequence[tuple[Claimed, There, str]]) -> Iterator[list[Answer]]:
    members: dict[str, list[Claimed]] = {}
    wanted: dict[str, dict[str, Any]] = {}
    for one, told, provider in ready:
        ref = next(iter(told.packages), str(one.body.get("ref") or ""))
        if not ref or len(told.packages) > 1:
            yield [one.answer("retry", {"code": "cut_otherwise"}, visit.now + _LATER)]
            continue
        members.setdefault(ref, []).append(one)
        own = {"tracking_number": str(one.body["number"]), "shipping_provider_id": provider}
        wanted[ref] = {"id": ref, "self_shipment": own}
    for refs in api.chunks(list(wanted), api.SHIP_AT_ONCE):
        yield from _ship_batch(visit, {ref: members[ref] for ref in refs}, [wanted[ref] for ref in refs])


def _mark(visit: Visit, ready: Sequence[tuple[Claimed, There, str]]) -> Iterator[list[Answer]]:
    for one, _, provider in ready:
        body: dict[str, Any] = {"tracking_number": str(one.body["number"]), "shipping_provider_id": provider}
        if one.body.get("units"):
            body["order_line_item_ids"] = list(one.body["units"])
        try:
            told, request_id = api.mark_shipped(visit.client, visit.link, str(one.body["order"]), body)
        except Troubles as error:
            yield no(visit, [one], error, wrote=True)
            continue
        warning = str((told.get("warning") or {}).get("message") or "")[:200]
        yield [done(one, request_id, package=str(told.get("package_id") or "") or None, warning=warning or None)]


class Providers:
    """Carriers of the delivery options, asked for once a batch."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._known: dict[str, dict[str, str]] = {}

    def named(self, order: Mapping[str, Any], carrier: str) -> tuple[str, Iterable[str]]:
        """(the carrier's id or '', the names there are) for an order's delivery option."""
        option = str(order.get("delivery_option_id") or "")
        if not option:
            options = api.delivery_options(self._visit.client, self._visit.link, str(order.get("warehouse_id") or "0"))
            option = next(iter(options), "0")
        if option not in self._known:
            self._known[option] = api.providers(self._visit.client, self._visit.link, option)
        known = self._known[option]
        return api.provider_named(known, carrier), known


@handles("update_tracking")
def correct(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Correct the number of parcels that an own carrier takes. Reading first keeps the one correction the US allows."""
    seen, failed = look(visit, batch)
    if failed:
        yield failed
    known = Providers(visit)
    for one in batch:
        if one.id not in seen:
            continue
        told = seen[one.id]
        if told.number == one.body["number"]:
            yield [done(one, "", proof="read back", number=told.number)]
            continue
        try:
            provider, names = known.named(told.order, str(one.body["carrier"]))
        except Troubles as error:
            yield no(visit, [one], error, wrote=False)
            continue
        ref = str(one.body.get("ref") or next(iter(told.packages), ""))
        if not provider or not ref:
            yield [not_listed(one, names) if ref else declined(one, "no_package_there")]
            continue
        try:
            request_id = api.update_tracking(visit.client, visit.link, ref, str(one.body["number"]), provider)
        except Troubles as error:
            yield no(visit, [one], error, wrote=True)
            continue
        yield [done(one, request_id, number=one.body["number"])]


@handles("schedule_handover")
def schedule(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Book the pick-up of parcels that have their label."""
    for one in batch:
        body = one.body
        wanted: dict[str, Any] = {"order_id": str(body["order"]), "handover_method": body["method"]}
        if body.get("units"):
            wanted["order_line_item_ids"] = list(body["units"])
        if body.get("slot"):
            wanted["pickup_slot"] = {"start_time": body["slot"][0], "end_time": body["slot"][1]}
        wrote = False
        try:
            if one.read_first and body.get("ref"):
                seen = api.package(visit.client, visit.link, str(body["ref"]))
                slot = seen.get("pickup_slot") or None
                if seen.get("handover_method") == body["method"] and slot == wanted.get("pickup_slot"):
                    yield [done(one, "", method=body["method"], slot=slot, proof="read back")]
                    continue
            wrote = True
            told, request_id = api.schedule(visit.client, visit.link, wanted)
        except Troubles as error:
            yield no(visit, [one], error, wrote=wrote)
            continue
        slot = told.get("pickup_slot") or wanted.get("pickup_slot")
        number = str(told.get("tracking_number") or "") or None
        yield [done(one, request_id, method=body["method"], slot=slot, number=number)]
