"""The platform's calls for parcels: services, packages, documents, slots, split and combine, bundles, tracking.

One function a call; what it returns is what the caller needs, the request id beside it. Paths, field names and the flow
of each market are those of the reference (sections 5.1 to 5.3 and Appendix A.3) [A].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from fahuo.channels.tiktok_shop.client import Client
from fahuo.channels.tiktok_shop.pages import pages
from fahuo.connections.model import Link

SHIP_AT_ONCE: Final = 50
"""Packages in one batch call. The reference names no limit of it; other batch calls take 50 [C]."""
ORDERS_AT_ONCE: Final = 50
DOCUMENT_MAX: Final = 10 * 1024 * 1024
_BASE: Final = "/fulfillment/202309"

SERVICE: Final = "service"
"""The seller chooses a service of the platform and creates the package."""
SHIP: Final = "ship"
"""The platform has chosen; the package is there and is shipped."""
SERVICE_MARKETS: Final = frozenset({"US", "GB", "JP"})
_NO_FIRST_MILE: Final = frozenset({"US", "GB"})
_SELF_SHIPMENT: Final = frozenset({"VN", "TH", "PH", "MY", "SG", "ID", "MX", "BR"})
SEA: Final = frozenset({"VN", "TH", "PH", "MY", "SG", "ID"})
INVOICE_FIRST: Final = frozenset({"BR"})
"""Nothing is arranged before the fiscal invoice has been uploaded and accepted."""

ARRANGED: Final = frozenset({"PROCESSING", "FULFILLING", "COMPLETED"})
"""Package states in which the platform has number and label."""
GONE: Final = "CANCELLED"


def flow_of(region: str, seller_type: str) -> str:
    """Which flow the platform has for labels of its own in such a shop: SERVICE or SHIP.

    What goes through the platform's sorting warehouse is shipped in Japan too; the US and the UK have none (5.1, 5.3).
    """
    sorted_first = seller_type == "cross_border" and region not in _NO_FIRST_MILE
    return SERVICE if region in SERVICE_MARKETS and not sorted_first else SHIP


def ships_itself(link: Link) -> bool:
    """Whether an own carrier's number goes with `ship package`; elsewhere the package is marked as shipped."""
    return link.region in _SELF_SHIPMENT


class Error(NamedTuple):
    """One member of a batch that the platform refused."""

    code: int
    message: str


class Batch(NamedTuple):
    """What came of a batch: errors by member (package or order), the rest of the answer."""

    errors: dict[str, Error]
    data: dict[str, Any]
    request_id: str


def orders(client: Client, link: Link, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Whole order objects by id, as few calls as there can be; those the platform does not tell of are left out."""
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(list(dict.fromkeys(ids)), ORDERS_AT_ONCE):
        told = client.get(link, "/order/202507/orders", {"ids": part}).data.get("orders") or []
        found |= {str(order.get("id")): order for order in told}
    return found


def package(client: Client, link: Link, ref: str) -> dict[str, Any]:
    """A package's detail."""
    return client.get(link, f"{_BASE}/packages/{_id(ref)}").data


def services(client: Client, link: Link, order: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The platform's services for an order of that size and weight."""
    path = f"{_BASE}/orders/{_id(order)}/shipping_services/query"
    return list(client.post(link, path, body=dict(asked), read=True).data.get("shipping_services") or [])


def create_package(client: Client, link: Link, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Create a package and its label with the service chosen: (answer, request id)."""
    reply = client.post(link, f"{_BASE}/packages", body=dict(body))
    return reply.data, reply.request_id


def ship(client: Client, link: Link, packages: Sequence[Mapping[str, Any]]) -> Batch:
    """Ship packages, each {"id", "handover_method"?, "pickup_slot"?, "self_shipment"?}; one alone by its own call."""
    if len(packages) == 1:
        body = {name: value for name, value in packages[0].items() if name != "id"}
        reply = client.post(link, f"{_BASE}/packages/{_id(str(packages[0]['id']))}/ship", body=body)
        return Batch({}, reply.data, reply.request_id)
    reply = client.post(link, f"{_BASE}/packages/ship", body={"packages": [dict(one) for one in packages]})
    return Batch(_errors(reply.data, "package_id"), reply.data, reply.request_id)


def mark_shipped(client: Client, link: Link, order: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Mark units as shipped with an own carrier: (answer with package and warning, request id)."""
    reply = client.post(link, f"{_BASE}/orders/{_id(order)}/packages", body=dict(body))
    return reply.data, reply.request_id


def update_tracking(client: Client, link: Link, ref: str, number: str, provider: str) -> str:
    """Correct number and carrier of an own-carrier package; the request id."""
    body = {"tracking_number": number, "shipping_provider_id": provider}
    return client.post(link, f"{_BASE}/packages/{_id(ref)}/shipping_info/update", body=body).request_id


def document(client: Client, link: Link, ref: str) -> tuple[str, str]:
    """(address of the label, tracking number); the address lives 24 hours."""
    query = {"document_type": "SHIPPING_LABEL", "document_size": "A6", "document_format": "PDF"}
    data = client.get(link, f"{_BASE}/packages/{_id(ref)}/shipping_documents", query).data
    return str(data.get("doc_url") or ""), str(data.get("tracking_number") or "")


def slots(client: Client, link: Link, ref: str) -> dict[str, Any]:
    """When a package can be picked up, and whether it can be dropped off."""
    return client.get(link, f"{_BASE}/packages/{_id(ref)}/handover_time_slots").data


def order_slots(client: Client, link: Link, order: str, units: Sequence[str] = ()) -> dict[str, Any]:
    """The same before there is a package."""
    return client.get(
        link, f"{_BASE}/orders/{_id(order)}/handover_time_slots", {"order_line_item_ids": list(units)} if units else {}
    ).data


def schedule(client: Client, link: Link, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Schedule the hand-over of an order's package."""
    reply = client.post(link, f"{_BASE}/packages/schedule", body=dict(body))
    return reply.data, reply.request_id


def open_slots(told: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Pick-up slots that can be had, earliest first. The platform writes `avaliable`; the right spelling is read."""
    found = [
        (int(slot["start_time"]), int(slot["end_time"]))
        for slot in told.get("pickup_slots") or []
        if slot.get("avaliable", slot.get("available", True)) and slot.get("start_time") and slot.get("end_time")
    ]
    return sorted(found)


def can_split(client: Client, link: Link, order: str) -> tuple[bool, str]:
    """Whether the platform lets the order be split, and its reason if not."""
    data = client.get(link, f"{_BASE}/orders/split_attributes", {"order_ids": [order]}).data
    mine = [one for one in data.get("split_attributes") or [] if str(one.get("order_id")) == order]
    return (bool(mine[0].get("can_split")), str(mine[0].get("reason") or "")) if mine else (False, "")


def split(client: Client, link: Link, order: str, groups: Sequence[Sequence[str]]) -> tuple[list[str], str]:
    """Split an order into packages of these units: (package ids in the order of the groups, request id)."""
    body = {"splittable_groups": [{"id": str(n), "order_line_item_ids": list(g)} for n, g in enumerate(groups, 1)]}
    reply = client.post(link, f"{_BASE}/orders/{_id(order)}/split", body=body)
    told = {str(one.get("splittable_group_id")): str(one.get("id")) for one in reply.data.get("packages") or []}
    return [told.get(str(number), "") for number in range(1, len(groups) + 1)], reply.request_id


class _Combinable(NamedTuple):
    groups: list[dict[str, Any]]
    next_page_token: str


def combinable(client: Client, link: Link) -> Iterator[tuple[str, list[str]]]:
    """(group, orders) that the platform lets be combined."""

    def fetch(query: dict[str, str]) -> _Combinable:
        data = client.get(link, f"{_BASE}/combinable_packages/search", query).data
        return _Combinable(data.get("combinable_packages") or [], str(data.get("next_page_token") or ""))

    for page in pages(fetch, {"page_size": "50"}):
        for one in page.groups:
            yield str(one.get("id")), [str(order) for order in one.get("order_ids") or []]


def combine(client: Client, link: Link, group: str, order_ids: Sequence[str]) -> Batch:
    """Combine the packages of these orders into one."""
    body = {"combinable_packages": [{"id": group, "order_ids": list(order_ids)}]}
    reply = client.post(link, f"{_BASE}/packages/combine", body=body)
    return Batch(_errors(reply.data, "package_id"), reply.data, reply.request_id)


def uncombine(client: Client, link: Link, ref: str, order_ids: Sequence[str]) -> str:
    """Take these orders out of a combined package; the request id."""
    return client.post(link, f"{_BASE}/packages/{_id(ref)}/uncombine", body={"order_ids": list(order_ids)}).request_id


def bundle(client: Client, link: Link, body: Mapping[str, Any]) -> Batch:
    """Make a first-mile bundle of orders: `data` has first_mile_bundle_id and url, `errors` are by order."""
    reply = client.post(link, "/fulfillment/202407/bundles", body=dict(body))
    return Batch(_errors(reply.data, "order_id"), reply.data, reply.request_id)


def tracking(client: Client, link: Link, order: str) -> list[tuple[int, str]]:
    """(instant, free text) of what carriers have told of an order, oldest first. The platform gives milliseconds."""
    told = client.get(link, f"{_BASE}/orders/{_id(order)}/tracking").data.get("tracking") or []
    found = [
        (int(one["update_time_millis"]) // 1000, str(one.get("description") or ""))
        for one in told
        if one.get("update_time_millis")
    ]
    return sorted(found)


def providers(client: Client, link: Link, delivery_option: str) -> dict[str, str]:
    """Carriers that a delivery option takes: name → id."""
    path = f"/logistics/202309/delivery_options/{_id(delivery_option)}/shipping_providers"
    told = client.get(link, path).data.get("shipping_providers") or []
    return {str(one.get("name") or ""): str(one.get("id") or "") for one in told}


def delivery_options(client: Client, link: Link, warehouse: str) -> list[str]:
    """The delivery options of a warehouse."""
    data = client.get(link, f"/logistics/202309/warehouses/{_id(warehouse)}/delivery_options").data
    return [str(one.get("id")) for one in data.get("delivery_options") or []]


def provider_named(known: Mapping[str, str], carrier: str) -> str:
    """The id of the carrier we call so, '' when that is not certain. Blanks, signs and case do not count."""
    plain = {_plain(name): id_ for name, id_ in known.items()}
    mine = _plain(carrier)
    if mine in plain:
        return plain[mine]
    near = {id_ for name, id_ in plain.items() if mine and name and (mine in name or name in mine)}
    return near.pop() if len(near) == 1 else ""


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _errors(data: Mapping[str, Any], member: str) -> dict[str, Error]:
    found: dict[str, Error] = {}
    for one in data.get("errors") or []:
        detail = one.get("detail") or {}
        found[str(detail.get(member) or "")] = Error(int(one.get("code") or 0), str(one.get("message") or "")[:300])
    return found


def chunks(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """The items in parts of at most `size`."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _id(value: str) -> str:
    """An id inside a path; whatever it is, it stays one segment."""
    return quote(value, safe="")
