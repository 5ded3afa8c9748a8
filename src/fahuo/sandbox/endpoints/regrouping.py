"""Split, combine, uncombine, first-mile bundles, invoices (reference 5.1, A.3)."""

from __future__ import annotations

import base64
from typing import Final

from fahuo.sandbox import bundles, invoices, labels, markets, paging, parcels, regroup
from fahuo.sandbox.endpoints.arranging import METHODS, ids_of
from fahuo.sandbox.endpoints.orders import shop_of
from fahuo.sandbox.gateway_model import (
    FULFILMENT,
    FULFILMENT_WRITE,
    Call,
    Data,
    Missing,
    Route,
    may,
    need,
    number,
    objects,
)
from fahuo.sandbox.model import Package, Refuse, Shop
from fahuo.sandbox.world import World

MOST_ASKED: Final = 50
INVOICE_MAX: Final = 1 << 20


def split_attributes(call: Call) -> Data:
    """GET …/orders/split_attributes?order_ids=."""
    ids = [one for one in call.query.get("order_ids", "").split(",") if one]
    if not ids:
        raise Missing("query.order_ids is missing")
    if len(ids) > MOST_ASKED:
        raise Missing(f"query.order_ids is invalid: at most {MOST_ASKED}")
    found: list[Data] = []
    for one in ids:
        order = parcels.order_of(call.world, shop_of(call), one)
        why = regroup.why_not_split(call.world, order)
        found.append({"order_id": one, "can_split": not why} | ({"reason": why} if why else {}))
    return {"split_attributes": found}


def split(call: Call) -> Data:
    """POST …/orders/{order_id}/split."""
    order = parcels.order_of(call.world, shop_of(call), call.params["order_id"])
    where = "body.splittable_groups"
    groups: list[tuple[str, list[str]]] = []
    for entry in objects(call.body, "splittable_groups"):
        lines = ids_of(need(entry, "order_line_item_ids", list, where=where), f"{where}.order_line_item_ids")
        groups.append((str(need(entry, "id", where=where)), lines))
    made = regroup.split(call.world, order, groups, call.now)
    return {"packages": [{"splittable_group_id": name, "id": package.id} for name, package in made]}


def combinable(call: Call) -> Data:
    """GET …/combinable_packages/search."""
    shop = shop_of(call)
    size = number(call.query, "page_size", 20, 1, 50)
    groups = dict(regroup.combinable(call.world, shop))
    rows = sorted((call.world.packages[one].created, one) for one in groups)
    window = paging.Window(rows, size=size, token=call.query.get("page_token", ""))
    found = paging.page(window, [call.world.seed, shop.id, "combinable"])
    return {
        "combinable_packages": [{"id": one, "order_ids": groups[one]} for one in found.ids],
        "next_page_token": found.next_token,
        "total_count": found.total,
    }


def combine(call: Call) -> Data:
    """POST …/packages/combine: groups of orders; those that fail are told in `errors`."""
    shop, where = shop_of(call), "body.combinable_packages"
    groups = [  # a call that cannot be read combines nothing
        (str(need(entry, "id", where=where)), ids_of(entry.get("order_ids"), f"{where}.order_ids"))
        for entry in objects(call.body, "combinable_packages")
    ]
    made: list[Data] = []
    errors: list[Data] = []
    for name, order_ids in groups:
        try:
            wanted = order_ids or dict(regroup.combinable(call.world, shop)).get(name, [])
            made.append(_grouped(regroup.combine(call.world, shop, wanted, call.now)))
        except Refuse as no:
            errors.append({"code": no.code, "message": no.message, "detail": {"package_id": name}})
    return {"packages": made} | ({"errors": errors} if errors else {})


def uncombine(call: Call) -> Data:
    """POST …/packages/{package_id}/uncombine."""
    package = parcels.package_of(call.world, shop_of(call), call.params["package_id"])
    order_ids = ids_of(call.body.get("order_ids"), "body.order_ids")
    return {"packages": [_grouped(one) for one in regroup.uncombine(call.world, package, order_ids, call.now)]}


def _grouped(package: Package) -> Data:
    return {"id": package.id, "order_ids": list(package.order_ids)}


# --- first mile ----------------------------------------------------------------------------------------------------


def bundle(call: Call) -> Data:
    """POST /fulfillment/202407/bundles: no cipher, the orders say whose they are."""
    body, world = call.body, call.world
    order_ids = ids_of(need(body, "order_ids", list), "body.order_ids")
    method = need(body, "handover_method")
    if method not in METHODS:
        raise Missing("body.handover_method is invalid: expected PICKUP or DROP_OFF")
    if method == "DROP_OFF":
        need(body, "shipping_provider_id")
        need(body, "tracking_number")
    shops = [world.shops[one] for one in call.grant.shops if one in world.shops]
    _check_region(world, shops, order_ids)
    made, errors = bundles.bundle(
        world,
        shops,
        order_ids,
        call.now,
        method=str(method),
        provider_id=may(body, "shipping_provider_id", default=""),
        number=may(body, "tracking_number", default=""),
        tail=may(body, "phone_tail_number", default=""),
    )
    told = [{"code": no.code, "message": no.message, "detail": {"order_id": one}} for one, no in errors]
    found: Data = {"errors": told} if told else {}
    if made is not None:
        sheet = labels.Wanted(made.id, "BUNDLE_SHEET", "A6", "pdf", call.now)
        found |= {"first_mile_bundle_id": made.id, "url": labels.url(world, sheet, call.base_url)}
    return found


def _check_region(world: World, shops: list[Shop], order_ids: list[str]) -> None:
    """The whole call is refused where no order's region has a first mile."""
    own = {shop.id: shop for shop in shops}
    met = [own[order.shop_id] for one in order_ids if (order := world.orders.get(one)) and order.shop_id in own]
    if met and all(not markets.first_mile(shop.region, shop.cross_border) for shop in met):
        raise parcels.wrong_flow("First-mile bundle")


# --- invoices (BR) -------------------------------------------------------------------------------------------------


def invoice(call: Call) -> Data:
    """POST /fulfillment/202502/invoice/upload: checked by the tax office some minutes later (webhook 36)."""
    shop = shop_of(call)
    if shop.region != "BR":
        raise parcels.wrong_flow("Upload Invoice")
    where, errors = "body.invoices", []
    wishes = [  # a call that cannot be read takes nothing
        (
            str(entry.get("package_id", "")),
            ids_of(entry.get("order_ids"), f"{where}.order_ids"),
            str(may(entry, "file_type", default="XML", where=where)),
            str(need(entry, "file", where=where)),
        )
        for entry in objects(call.body, "invoices")
    ]
    for package_id, order_ids, kind, file in wishes:
        try:
            _take(call, shop, package_id, order_ids, kind, file)
        except Refuse as no:
            detail = {"package_id": package_id, "order_ids": order_ids}
            errors.append({"code": no.code, "message": no.message, "detail": detail})
    return {"errors": errors} if errors else {}


def _take(call: Call, shop: Shop, package_id: str, order_ids: list[str], kind: str, file: str) -> None:
    package = parcels.package_of(call.world, shop, package_id)
    if kind != "XML":
        raise Refuse(parcels.INVALID, "parameter file_type invalid: XML is expected")
    try:
        content = base64.b64decode(file, validate=True)
    except ValueError as error:  # also for letters that are not ASCII
        raise Refuse(parcels.INVALID, "parameter file invalid: base64 is expected") from error
    if len(content) > INVOICE_MAX:
        raise Refuse(parcels.INVALID, "parameter file invalid: at most 1 MB")
    if any(one not in package.order_ids for one in order_ids):
        raise Refuse(parcels.FOREIGN, f"an order is not in package {package.id}")
    invoices.take(call.world, package, content, call.now)


_BASE: Final = "/fulfillment/202309"
ROUTES: list[Route] = [
    Route("GET", f"{_BASE}/orders/split_attributes", FULFILMENT, "required", split_attributes),
    Route("POST", f"{_BASE}/orders/{{order_id}}/split", FULFILMENT_WRITE, "required", split),
    Route("GET", f"{_BASE}/combinable_packages/search", FULFILMENT, "required", combinable),
    Route("POST", f"{_BASE}/packages/combine", FULFILMENT_WRITE, "required", combine),
    Route("POST", f"{_BASE}/packages/{{package_id}}/uncombine", FULFILMENT_WRITE, "required", uncombine),
    Route("POST", "/fulfillment/202407/bundles", FULFILMENT_WRITE, "forbidden", bundle),
    Route("POST", "/fulfillment/202502/invoice/upload", FULFILMENT_WRITE, "required", invoice),
]
