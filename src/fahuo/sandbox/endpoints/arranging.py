"""Arranging: services, packages, ship, mark as shipped, corrections, slots, schedule (reference 5.1, A.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from fahuo.generate.markets import MARKETS
from fahuo.sandbox import carriers, journeys, markets, parcels, providers, settling
from fahuo.sandbox.endpoints.orders import shop_of
from fahuo.sandbox.gateway_model import FULFILMENT, FULFILMENT_WRITE, Call, Data, Missing, Route, may, need, objects
from fahuo.sandbox.model import PROCESSING, TO_FULFILL, Order, Package, Refuse, Shop
from fahuo.sandbox.parcels import INVALID

METHODS: Final = ("PICKUP", "DROP_OFF")
MOST_SHIPPED: Final = 50
"""Packages of one batch call; not published [D]."""
_GRAMS: Final = {"GRAM": Decimal(1), "POUND": Decimal("453.59237")}
_UNITS: Final = frozenset({"CM", "INCH"})
_NUMBER: Final = re.compile(r"\d{1,7}(\.\d{1,4})?")
_USUAL: Final = 500
"""Grams of a parcel whose weight is not told."""


def ids_of(value: Any, where: str) -> list[str]:
    """A list of ids. Raises Missing when it is not."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Missing(f"{where} is invalid: wrong type, expected array of strings")
    return value


# --- services and packages (US, GB, JP) ----------------------------------------------------------------------------


def services(call: Call) -> Data:
    """POST …/orders/{order_id}/shipping_services/query."""
    order = _own_way(call, call.params["order_id"])
    lines = parcels.lines_wanted(
        call.world, order, ids_of(call.body.get("order_line_item_ids"), "body.order_line_item_ids")
    )
    parcels.check_shippable(call.world, order, (), call.now)
    weight, dimension = _weight(call.body), _dimension(call.body)
    shop = shop_of(call)
    offers = providers.offers(shop, _grams(weight))
    return _filled(
        order_id=order.id,
        order_line_id=lines,
        weight=weight,
        dimension=dimension,
        shipping_services=[_offer(shop, offer) | {"is_default": at == 0} for at, offer in enumerate(offers)],
    )


def _own_way(call: Call, order_id: str) -> Order:
    """The order, where the seller may choose a service of the platform for it."""
    shop = shop_of(call)
    order = parcels.order_of(call.world, shop, order_id)
    if markets.flow(shop.region, shop.cross_border) != "service" or order.own:
        raise parcels.wrong_flow("Create Package")
    return order


def _offer(shop: Shop, offer: providers.Offer) -> Data:
    return {
        "id": offer.id,
        "name": offer.name,
        "price": providers.price_text(shop, offer.price),
        "currency": MARKETS[shop.region].currency,
        "earliest_delivery_days": offer.days[0],
        "latest_delivery_days": offer.days[1],
        "shipping_provider_id": offer.provider.id,
        "shipping_provider_name": offer.provider.name,
    }


def create(call: Call) -> Data:
    """POST …/packages: create a package and buy its label."""
    body, world = call.body, call.world
    order = _own_way(call, str(need(body, "order_id")))
    weight, dimension = _weight(body), _dimension(body)
    lines = parcels.lines_wanted(world, order, ids_of(body.get("order_line_item_ids"), "body.order_line_item_ids"))
    parcels.check_shippable(world, order, lines, call.now)
    shop = shop_of(call)
    offers = providers.offers(shop, _grams(weight))
    wanted = may(body, "shipping_service_id") or (offers[0].id if offers else "")
    offer = next((one for one in offers if one.id == wanted), None)
    if offer is None:
        raise Refuse(INVALID, f"parameter shipping_service_id invalid: {wanted or 'no service'} is not eligible")
    package = parcels.create(world, order, lines, offer, call.now, weight=weight, dimension=dimension)
    return _filled(
        package_id=package.id,
        order_id=order.id,
        order_line_item_ids=list(package.line_ids),
        create_time=package.created,
        weight=weight,
        dimension=dimension,
        shipping_service_info=_offer(shop, offer),
    )


def _weight(body: Data) -> dict[str, str] | None:
    if may(body, "weight", dict) is None:
        return None
    value, unit = str(need(body, "weight.value")), str(need(body, "weight.unit"))
    if unit not in _GRAMS:
        raise Missing("body.weight.unit is invalid: expected GRAM or POUND")
    return {"value": _measure(value, "body.weight.value"), "unit": unit}


def _dimension(body: Data) -> dict[str, str] | None:
    if may(body, "dimension", dict) is None:
        return None
    found = {
        side: _measure(str(need(body, f"dimension.{side}")), f"body.dimension.{side}")
        for side in ("length", "width", "height")
    }
    unit = str(need(body, "dimension.unit"))
    if unit not in _UNITS:
        raise Missing("body.dimension.unit is invalid: expected CM or INCH")
    return found | {"unit": unit}


def _measure(text: str, where: str) -> str:
    try:
        positive = bool(_NUMBER.fullmatch(text)) and Decimal(text) > 0
    except InvalidOperation:
        positive = False
    if not positive:
        raise Missing(f"{where} is invalid: a positive number is expected")
    return text


def _grams(weight: dict[str, str] | None) -> int:
    return int(Decimal(weight["value"]) * _GRAMS[weight["unit"]]) if weight else _USUAL


# --- ship package (SEA, EU, LATAM) ---------------------------------------------------------------------------------


def ship(call: Call) -> Data:
    """POST …/packages/{package_id}/ship."""
    _ship_one(call, call.params["package_id"], _shipment(call.body, "body"))
    return {}


def ship_batch(call: Call) -> Data:
    """POST …/packages/ship: several packages; those that fail are told in `errors`."""
    wanted, where = objects(call.body, "packages"), "body.packages"
    if len(wanted) > MOST_SHIPPED:
        raise Missing(f"{where} is invalid: at most {MOST_SHIPPED}")
    # A call that cannot be read ships nothing.
    wishes = [(str(need(entry, "id", where=where)), _shipment(entry, where)) for entry in wanted]
    errors: list[Data] = []
    for name, wish in wishes:
        try:
            _ship_one(call, name, wish)
        except Refuse as no:
            errors.append({"code": no.code, "message": no.message, "detail": {"package_id": name}})
    return {"errors": errors} if errors else {}


class _Shipment(NamedTuple):
    """How a package shall be shipped: `own` is carrier and number of the seller's own, `slot` start and end."""

    own: tuple[str, str] | None
    handover: str
    slot: tuple[int, int] | None


def _shipment(body: Data, where: str) -> _Shipment:
    """Raises Missing."""
    if may(body, "self_shipment", dict, where=where) is not None:
        number = str(need(body, "self_shipment.tracking_number", where=where))
        return _Shipment((str(need(body, "self_shipment.shipping_provider_id", where=where)), number), "", None)
    return _Shipment(None, _method(body, where), _slot(body, where))


def _ship_one(call: Call, name: str, wish: _Shipment) -> None:
    package = parcels.package_of(call.world, shop_of(call), name)
    if wish.own is None and package.status == TO_FULFILL and not package.own:
        _check_slot(call, wish.slot, wish.handover)
        parcels.ship(call.world, package, call.now, handover=wish.handover, slot=wish.slot)
    else:
        parcels.ship(call.world, package, call.now, own=wish.own, handover=wish.handover)


def _method(body: Data, where: str = "body") -> str:
    method = may(body, "handover_method", where=where) or ""
    if method not in ("", *METHODS):
        raise Missing(f"{where}.handover_method is invalid: expected PICKUP or DROP_OFF")
    return str(method)


def _slot(body: Data, where: str = "body") -> tuple[int, int] | None:
    if may(body, "pickup_slot", dict, where=where) is None:
        return None
    start = int(need(body, "pickup_slot.start_time", int, where=where))
    return start, int(need(body, "pickup_slot.end_time", int, where=where))


def _check_slot(call: Call, wanted: tuple[int, int] | None, handover: str) -> None:
    """A booked slot must be one that can still be had. Raises Refuse."""
    if wanted is None:
        return
    if handover == "DROP_OFF":
        raise Refuse(INVALID, "parameter pickup_slot invalid: a package that is dropped off has none")
    if not any(slot.free and (slot.start, slot.end) == wanted for slot in journeys.slots(shop_of(call), call.now)):
        raise Refuse(INVALID, "parameter pickup_slot invalid: it is not offered or no longer available")


# --- own carrier (US, EMEA, JP) ------------------------------------------------------------------------------------


def mark_shipped(call: Call) -> Data:
    """POST …/orders/{order_id}/packages: the seller's own carrier has these units."""
    shop, world, body = shop_of(call), call.world, call.body
    number, provider_id = str(need(body, "tracking_number")), str(need(body, "shipping_provider_id"))
    order = parcels.order_of(world, shop, call.params["order_id"])
    if not markets.marks_shipped(shop.region) or not order.own:
        raise parcels.wrong_flow("Mark Package As Shipped")
    parcels.check_shippable(world, order, (), call.now)
    lines = parcels.lines_wanted(world, order, ids_of(body.get("order_line_item_ids"), "body.order_line_item_ids"))
    provider = parcels.own_provider(shop, provider_id)
    warning = parcels.check_number(provider, number)
    parcels.check_shippable(world, order, lines, call.now)
    package = parcels.mark_shipped(world, order, lines, provider, number, call.now)
    return _filled(
        order_id=order.id,
        order_line_item_ids=list(package.line_ids),
        package_id=package.id,
        warning={"message": warning} if warning else None,
    )


def correct_package(call: Call) -> Data:
    """POST …/packages/{package_id}/shipping_info/update."""
    _correct(call, [parcels.package_of(call.world, shop_of(call), call.params["package_id"])])
    return {}


def correct_order(call: Call) -> Data:
    """POST …/orders/{order_id}/shipping_info/update: every package of the order that is under way."""
    order = parcels.order_of(call.world, shop_of(call), call.params["order_id"])
    found = [package for package in settling.live_packages(call.world, order) if package.tracking_number]
    if not found:
        raise Refuse(INVALID, f"parameter order_id invalid: order {order.id} has not been shipped")
    _correct(call, found)
    return {}


def _correct(call: Call, packages: Sequence[Package]) -> None:
    number = str(need(call.body, "tracking_number"))
    provider = parcels.own_provider(shop_of(call), str(need(call.body, "shipping_provider_id")))
    parcels.check_number(provider, number)
    for package in packages:
        parcels.renumber(call.world, package, provider, number, call.now)


# --- hand-over -----------------------------------------------------------------------------------------------------


def slots_of_package(call: Call) -> Data:
    """GET …/packages/{package_id}/handover_time_slots."""
    package = parcels.package_of(call.world, shop_of(call), call.params["package_id"])
    if package.own:
        raise parcels.wrong_flow("Get Package Handover Time Slots")
    return _slots(call)


def slots_of_order(call: Call) -> Data:
    """GET …/orders/{order_id}/handover_time_slots."""
    order = parcels.order_of(call.world, shop_of(call), call.params["order_id"])
    if order.own:
        raise parcels.wrong_flow("Get Order Handover Time Slots")
    for line in filter(None, call.query.get("order_line_item_ids", "").split(",")):
        if line not in order.line_ids:
            raise Refuse(parcels.FOREIGN, f"order line item {line} does not belong to order {order.id}")
    return _slots(call)


def _slots(call: Call) -> Data:
    shop = shop_of(call)
    return {
        "can_pickup": True,
        "can_drop_off": True,
        "can_van_collection": shop.region == "GB",
        "drop_off_point_url": f"https://www.example.com/drop-off-points?region={shop.region}",
        "pickup_slots": [
            {"start_time": slot.start, "end_time": slot.end, "avaliable": slot.free}
            for slot in journeys.slots(shop, call.now)
        ],
    }


def schedule(call: Call) -> Data:
    """POST …/packages/schedule: hand-over method and slot of the arranged package of an order's units."""
    body, world, shop = call.body, call.world, shop_of(call)
    order = parcels.order_of(world, shop, str(need(body, "order_id")))
    wanted = ids_of(body.get("order_line_item_ids"), "body.order_line_item_ids")
    found = [
        package
        for package in settling.live_packages(world, order)
        if package.status == PROCESSING and (not wanted or set(wanted) <= set(package.line_ids))
    ]
    if not found:
        raise Refuse(INVALID, f"parameter order_id invalid: order {order.id} has no such arranged package")
    if found[0].own:
        raise parcels.wrong_flow("Schedule Package")
    method = _method(body) or "PICKUP"
    slot = _slot(body)
    _check_slot(call, slot, method)
    for package in found:
        package.handover_method, package.slot, package.updated = method, slot, call.now
        if not package.scans and not carriers.by_sorting_warehouse(world, package):
            carriers.plan_collection(world, package, call.now)
    package = found[0]
    return _filled(
        package_id=package.id,
        order_id=order.id,
        order_line_item_ids=list(package.line_ids),
        handover_method=package.handover_method,
        create_time=package.created,
        update_time=package.updated,
        weight=package.weight,
        dimension=package.dimension,
        shipping_provider_id=package.provider_id,
        shipping_provider_name=package.provider_name,
        tracking_number=package.tracking_number,
    )


def _filled(**values: Any) -> Data:
    """Keys without a value are absent."""
    return {key: value for key, value in values.items() if value not in (None, "")}


_BASE: Final = "/fulfillment/202309"
ROUTES: list[Route] = [
    Route("POST", f"{_BASE}/orders/{{order_id}}/shipping_services/query", FULFILMENT, "required", services),
    Route("POST", f"{_BASE}/packages", FULFILMENT_WRITE, "required", create),
    Route("POST", f"{_BASE}/packages/ship", FULFILMENT_WRITE, "required", ship_batch),
    Route("POST", f"{_BASE}/packages/schedule", FULFILMENT_WRITE, "required", schedule),
    Route("POST", f"{_BASE}/packages/{{package_id}}/ship", FULFILMENT_WRITE, "required", ship),
    Route("POST", f"{_BASE}/orders/{{order_id}}/packages", FULFILMENT_WRITE, "required", mark_shipped),
    Route(
        "POST", f"{_BASE}/packages/{{package_id}}/shipping_info/update", FULFILMENT_WRITE, "required", correct_package
    ),
    Route("POST", f"{_BASE}/orders/{{order_id}}/shipping_info/update", FULFILMENT_WRITE, "required", correct_order),
    Route("GET", f"{_BASE}/packages/{{package_id}}/handover_time_slots", FULFILMENT, "required", slots_of_package),
    Route("GET", f"{_BASE}/orders/{{order_id}}/handover_time_slots", FULFILMENT, "required", slots_of_order),
]
