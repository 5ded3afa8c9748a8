"""Packages, documents, tracking, proofs of delivery; with the routes of the whole module (reference 5.1, A.3, A.10)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from fahuo.sandbox import carriers, labels, paging, parcels
from fahuo.sandbox.endpoints import arranging, regrouping
from fahuo.sandbox.endpoints.orders import shop_of
from fahuo.sandbox.gateway_model import (
    FULFILMENT,
    FULFILMENT_WRITE,
    TOO_LARGE,
    Call,
    Data,
    Missing,
    OpenRoute,
    Route,
    Upload,
    may,
    need,
    number,
    objects,
)
from fahuo.sandbox.model import (
    COMPLETE,
    FULFILLING,
    GONE,
    PROCESSING,
    TO_FULFILL,
    Document,
    Package,
    Refuse,
)
from fahuo.sandbox.render import package_detail, package_row

PACKAGE_STATUSES: Final = (TO_FULFILL, PROCESSING, FULFILLING, COMPLETE, GONE)
IMAGE_MAX: Final = 5 << 20
FILE_MAX: Final = 10 << 20
_KEPT: Final = 30 * 86_400
"""How long an uploaded proof can be fetched; invented."""
_RESULTS: Final = ("DELIVERY_SUCCESS", "DELIVERY_FAILED", "UPDATE_POD")
_FAILURES: Final = {
    "INVALID_ADDRESS": "exception",
    "UNABLE_RECEIVE": "exception",
    "UNABLE_CONTACT_BUYER": "exception",
    "BUYER_REFUSED": "refused",
    "DELAY_DELIVERY": "exception",
    "PACKAGE_LOST": "lost",
    "PACKAGE_DAMAGE": "damaged",
    "FORCE_MAJEURE": "exception",
    "OTHER": "exception",
}
"""Reasons of a failed delivery, and the scan each is."""


def search(call: Call) -> Data:
    """POST …/packages/search."""
    shop, world, body, query = shop_of(call), call.world, call.body, call.query
    size = number(query, "page_size", 20, 1, 50)
    sort = paging.choice(query, "sort_field", ("create_time", "order_pay_time", "update_time"))
    descending = paging.choice(query, "sort_order", ("DESC", "ASC")) == "DESC"
    status = may(body, "package_status")
    if status is not None and status not in PACKAGE_STATUSES:
        raise Missing("body.package_status is invalid")
    limits = {name: may(body, name, int) for field in ("create_time", "update_time") for name in _bounds(field)}
    key = _sort_key(call, sort)
    rows = sorted((key(package), package.id) for package in world.packages.values() if package.shop_id == shop.id)
    low, high = (limits.get(name) for name in _bounds(sort))

    def keep(one: str) -> bool:
        package = world.packages[one]
        return status in (None, package.status) and all(
            (limits[low] is None or at >= limits[low]) and (limits[high] is None or at < limits[high])
            for at, (low, high) in (
                (package.created, _bounds("create_time")),
                (package.updated, _bounds("update_time")),
            )
        )

    found = paging.page(
        paging.Window(rows, low, high, descending, size, query.get("page_token", "")),
        [world.seed, shop.id, "packages", sort, status, sorted(limits.items())],
        keep,
    )
    packages = [package_row(world, world.packages[one]) for one in found.ids]
    return {"next_page_token": found.next_token, "packages": packages, "total_count": found.total}


def _bounds(field: str) -> tuple[str, str]:
    return f"{field}_ge", f"{field}_lt"


def _sort_key(call: Call, sort: str) -> Callable[[Package], int]:
    if sort == "order_pay_time":
        orders = call.world.orders
        return lambda package: int(orders[package.order_ids[0]].body.get("paid_time", package.created))
    return (lambda package: package.created) if sort == "create_time" else (lambda package: package.updated)


def detail(call: Call) -> Data:
    """GET …/packages/{package_id}."""
    package = parcels.package_of(call.world, shop_of(call), call.params["package_id"])
    return package_detail(call.world, package, call.now)


def document(call: Call) -> Data:
    """GET …/packages/{package_id}/shipping_documents: only platform shipping, after ship, before hand-over."""
    package = parcels.package_of(call.world, shop_of(call), call.params["package_id"])
    query = call.query
    kind = query.get("document_type", "")
    if not kind:
        raise Missing("query.document_type is missing")
    # "0" is how the API before 202309 wrote A6; the PHP client sends it unless told otherwise.
    size, form = query.get("document_size", "").lstrip("0") or "A6", query.get("document_format") or "PDF"
    if package.own:
        raise parcels.wrong_flow("Get Package Shipping Document of a package the seller ships")
    if package.status != PROCESSING or (package.scans and not carriers.by_sorting_warehouse(call.world, package)):
        raise Refuse(parcels.INVALID, f"parameter package_id invalid: package {package.id} is {package.status}")
    labels.check(call.world, package, kind, size, form)
    ending = "zpl" if form == "ZPL" else "png" if kind == "SHIPPING_LABEL_PICTURE" else "pdf"
    if package.label_at is None:
        package.label_at = call.now
    wanted = labels.Wanted(package.id, kind, size, ending, call.now)
    return {"doc_url": labels.url(call.world, wanted, call.base_url), "tracking_number": package.tracking_number}


def tracking(call: Call) -> Data:
    """GET …/orders/{order_id}/tracking: milliseconds, the newest first."""
    order = parcels.order_of(call.world, shop_of(call), call.params["order_id"])
    scans = [scan for one in order.packages for scan in call.world.packages[one].scans]
    scans.sort(key=lambda scan: scan.at)
    return {"tracking": [{"description": scan.text, "update_time_millis": scan.at * 1000} for scan in reversed(scans)]}


# --- the seller's fleet --------------------------------------------------------------------------------------------


def deliver(call: Call) -> Data:
    """POST …/packages/deliver: what the seller's own fleet reports; those that fail are told in `errors`."""
    where, errors = "body.packages", []
    wishes = [  # a call that cannot be read changes nothing
        (str(need(entry, "id", where=where)), str(need(entry, "delivery_type", where=where)), entry)
        for entry in objects(call.body, "packages")
    ]
    if any(result not in _RESULTS for _, result, _ in wishes):
        raise Missing(f"{where}.delivery_type is invalid: expected one of {', '.join(_RESULTS)}")
    for name, result, entry in wishes:
        try:
            _deliver_one(call, name, result, entry)
        except Refuse as no:
            errors.append({"code": no.code, "message": no.message, "detail": {"package_id": name}})
    return {"errors": errors} if errors else {}


def _deliver_one(call: Call, name: str, result: str, entry: Data) -> None:
    world = call.world
    package = parcels.package_of(world, shop_of(call), name)
    if not package.own:
        raise parcels.wrong_flow("Deliver Packages of a package the platform ships")
    if package.status not in ((COMPLETE,) if result == "UPDATE_POD" else (PROCESSING, FULFILLING)):
        raise Refuse(parcels.INVALID, f"parameter id invalid: package {name} is {package.status}")
    if result == "DELIVERY_FAILED":
        reason = entry.get("fail_delivery_reason", "")
        if reason not in _FAILURES:
            raise Refuse(parcels.INVALID, "parameter fail_delivery_reason invalid")
        _under_way(call, package)
        carriers.scanned(world, package, _FAILURES[reason], call.now, f"Delivery failed: {reason}")
        return
    _check_proof(call, entry)
    package.flags["proof"] = entry["file_url"]
    if result == "DELIVERY_SUCCESS":
        _under_way(call, package)
        carriers.scanned(world, package, "delivered", call.now)
    else:
        package.updated = call.now


def _under_way(call: Call, package: Package) -> None:
    """What the fleet reports about a parcel says that it has it; no other carrier will scan it."""
    if package.status == PROCESSING and not package.scans:
        carriers.scanned(call.world, package, "collected", call.now, "Parcel has left with the seller's own delivery")
    carriers.set_way(call.world, package, [])


def _check_proof(call: Call, entry: Data) -> None:
    if entry.get("file_type") not in ("IMG", "PDF"):
        raise Refuse(parcels.INVALID, "parameter file_type invalid: IMG or PDF is expected")
    name = str(entry.get("file_url", "")).rpartition("/")[2].partition(".")[0]
    found = call.world.documents.get(name)
    if found is None or (entry["file_type"] == "PDF") != (found.media == "application/pdf"):
        raise Refuse(parcels.INVALID, "parameter file_url invalid: upload the proof first")


# --- uploads -------------------------------------------------------------------------------------------------------


def upload_file(call: Call) -> Data:
    """POST …/files/upload: a PDF of at most 10 MB."""
    part = _part(call, FILE_MAX)
    if not part.content.startswith(b"%PDF-"):
        raise Missing("body.data is invalid: a PDF is expected")
    name = call.files["name"].content.decode("utf-8", "replace") if "name" in call.files else part.name
    return {"name": name or "file.pdf", "url": _kept(call, part.content, "application/pdf", "pdf")}


def upload_image(call: Call) -> Data:
    """POST …/images/upload: a picture of at most 5 MB."""
    part = _part(call, IMAGE_MAX)
    try:
        with Image.open(io.BytesIO(part.content)) as image:
            width, height, kind = image.width, image.height, (image.format or "").lower()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise Missing("body.data is invalid: a picture is expected") from error
    return {"url": _kept(call, part.content, f"image/{kind}", kind), "height": height, "width": width}


def _part(call: Call, most: int) -> Upload:
    part = call.files.get("data")
    if part is None or not part.content:
        raise Missing("body.data is missing")
    if len(part.content) > most:
        raise Refuse(TOO_LARGE, f"file too large: at most {most >> 20} MB", http=413)
    return part


def _kept(call: Call, content: bytes, media: str, ending: str) -> str:
    made = Document(id=call.world.new_id(), data=content, media=media, at=call.now, until=call.now + _KEPT)
    call.world.documents[made.id] = made
    return f"{call.base_url}/uploads/{made.id}.{ending}"


# --- warehouse providers -------------------------------------------------------------------------------------------


def sync(call: Call) -> Data:
    """POST /supply_chain/202309/packages/sync: a warehouse provider tells what it has shipped."""
    need(call.body, "warehouse_provider_id")
    wanted, where = objects(call.body, "packages"), "body.packages"
    for entry in wanted:  # a call that cannot be read changes nothing
        for field, kind in _SYNCED:
            need(entry, field, kind, where=where)
    done: list[str] = []
    errors: list[Data] = []
    for entry in wanted:
        name = entry["id"]
        package = call.world.packages.get(name)
        if package is None or package.shop_id not in call.grant.shops:
            told = {"code": str(parcels.FOREIGN), "message": f"package {name} does not belong to the seller"}
            errors.append(told | {"detail": {"package_id": name}})
            continue
        package.flags["synced"] = {key: value for key, value in entry.items() if key != "skus"}
        done.append(name)
    found: Data = {"success_packages": done}
    return found | ({"errors": errors} if errors else {})


_SYNCED: Final[tuple[tuple[str, Any], ...]] = (
    ("id", str),
    ("create_time_millis", int),
    ("handover_time_millis", int),
    ("ship_time_millis", int),
    ("shipping_provider_id", str),
    ("shipping_provider_name", str),
    ("skus", list),
    ("time_zone", str),
    ("tracking_number", str),
    ("wms_order_id", str),
)

_BASE: Final = "/fulfillment/202309"
ROUTES: list[Route] = [
    Route("POST", f"{_BASE}/packages/search", FULFILMENT, "required", search),
    *arranging.ROUTES,
    *regrouping.ROUTES,
    Route("POST", f"{_BASE}/packages/deliver", FULFILMENT_WRITE, "required", deliver),
    Route("GET", f"{_BASE}/packages/{{package_id}}", FULFILMENT, "required", detail),
    Route("GET", f"{_BASE}/packages/{{package_id}}/shipping_documents", FULFILMENT, "required", document),
    Route("GET", f"{_BASE}/orders/{{order_id}}/tracking", FULFILMENT, "required", tracking),
    Route("POST", f"{_BASE}/files/upload", FULFILMENT_WRITE, "required", upload_file, upload=True),
    Route("POST", f"{_BASE}/images/upload", FULFILMENT_WRITE, "required", upload_image, upload=True),
    Route("POST", "/supply_chain/202309/packages/sync", FULFILMENT_WRITE, "forbidden", sync),
]
OPEN: list[OpenRoute] = labels.OPEN
