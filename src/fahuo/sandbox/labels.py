"""Shipping documents: made when their URL is fetched, which works for 24 hours of the sandbox's time.

The URL carries what is to be made, since when it is valid, and a tag that nobody else can compute; nothing is stored.
"""

from __future__ import annotations

import io
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

import pypdfium2  # type: ignore[import-untyped]  # it has no types

from fahuo.documents.label import Label, Party
from fahuo.documents.pdf import LOCK, merge
from fahuo.documents.picklist import PackingSlip, SlipLine, packing_slips
from fahuo.documents.render import render_labels
from fahuo.kernel.problems import Failure
from fahuo.sandbox.gateway_model import OpenRoute, Served
from fahuo.sandbox.model import Bundle, Order, Package, Refuse
from fahuo.sandbox.parcels import INVALID
from fahuo.sandbox.render import Data, address_of, sender

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

LIFE: Final = 24 * 3_600
"""Life of a document's URL (reference 3.5)."""

KINDS: Final = (
    "SHIPPING_LABEL",
    "PACKING_SLIP",
    "SHIPPING_LABEL_AND_PACKING_SLIP",
    "SHIPPING_LABEL_PICTURE",
    "HAZMAT_LABEL",
    "INVOICE_LABEL",
    "BUNDLE_SHEET",
)
SIZES: Final = ("A6", "A5")
ZPL_MARKETS: Final = frozenset({"BR", "MX"})
_PICTURE_DPI: Final = 203
_SLIP_LANGUAGE: Final = "en"
_MEDIA: Final = {"pdf": "application/pdf", "zpl": "text/plain; charset=utf-8", "png": "image/png"}
_GONE: Final = 403
_UNKNOWN: Final = 404


class Wanted(NamedTuple):
    """A document: of which parcel (or bundle), what, and since when its URL is valid."""

    id: str
    kind: str
    size: str
    form: str
    at: int


def url(world: World, wanted: Wanted, base_url: str) -> str:
    """Where the document can be fetched."""
    name = f"{wanted.id}_{KINDS.index(wanted.kind)}_{wanted.size}_{wanted.at}"
    return f"{base_url}/documents/{name}_{_tag(world, name, wanted.form)}.{wanted.form}"


def _tag(world: World, name: str, form: str) -> str:
    return blake2b(f"{world.seed}|{name}|{form}".encode(), digest_size=10).hexdigest()


def serve(world: World, params: dict[str, str], query: dict[str, str], now: int) -> Served:
    """The document behind a URL; 404 for one that was never given, 403 for one that is too old."""
    del query
    name, _, form = params["name"].rpartition(".")
    name, _, tag = name.rpartition("_")
    parts = name.split("_")
    if len(parts) != 4 or form not in _MEDIA or tag != _tag(world, name, form):  # noqa: PLR2004 - as `url` writes them
        return Served(b"NoSuchKey", "text/plain", _UNKNOWN)
    wanted = Wanted(parts[0], KINDS[int(parts[1])], parts[2], form, int(parts[3]))
    if not wanted.at <= now < wanted.at + LIFE:
        return Served(b"AccessDenied: Request has expired", "text/plain", _GONE)
    try:
        return Served(document(world, wanted, now), _MEDIA[form])
    except Failure as error:
        return Served(f"InternalError: {error.problem.render('en').message}".encode(), "text/plain", 500)


def document(world: World, wanted: Wanted, now: int) -> bytes:
    """The document itself. Raises Failure when it cannot be typeset."""
    if wanted.kind == "BUNDLE_SHEET":
        return render_labels([sheet_of(world, world.bundles[wanted.id], now)])
    package = world.packages[wanted.id]
    if wanted.kind in ("PACKING_SLIP", "INVOICE_LABEL"):
        return packing_slips([slip_of(world, package, now)], _SLIP_LANGUAGE)
    label = label_of(world, package, now, hazmat=wanted.kind == "HAZMAT_LABEL")
    if wanted.form == "zpl":
        return render_labels([label], "zpl", wanted.size)
    made = render_labels([label], "pdf", wanted.size)
    if wanted.form == "png":
        return _picture(made)
    if wanted.kind == "SHIPPING_LABEL_AND_PACKING_SLIP":
        return merge([made, packing_slips([slip_of(world, package, now)], _SLIP_LANGUAGE)])
    return made


def _picture(made: bytes) -> bytes:
    with LOCK:
        opened = pypdfium2.PdfDocument(made)
        image = opened[0].render(scale=_PICTURE_DPI / 72, grayscale=True).to_pil()
        out = io.BytesIO()
        image.save(out, "PNG")
        opened.close()
    return out.getvalue()


def label_of(world: World, package: Package, now: int, *, hazmat: bool = False) -> Label:
    """The platform's label: number, masked recipient, order."""
    order = world.orders[package.order_ids[0]]
    more = len(package.order_ids) - 1
    shop = world.shops[package.shop_id]
    marks = []
    if package.flags.get("relabelled"):
        marks.append("RELABEL")
    if order.cod:
        marks.append("COD")
    if hazmat:
        marks.append("HAZMAT")
    return Label(
        waybill=package.tracking_number,
        recipient=_party(address_of(order, now), order),
        seller=_party(sender(world, package), None, shop.warehouse.region),
        order_number=order.id + (f" +{more}" if more else ""),
        carrier=package.provider_name,
        service=str(order.body.get("delivery_option_name", "")),
        sort_code=shop.region,
        pieces=str(len(package.line_ids)),
        marks=tuple(marks),
    )


def _party(address: Data, order: Order | None, country: str = "") -> Party:
    districts = order.body["recipient_address"].get("district_info", []) if order else []
    level = {d["address_level"]: d["address_name"] for d in districts}
    streets = tuple(address[key] for key in ("address_line1", "address_line2") if address.get(key))
    return Party(
        name=address.get("name", ""),
        lines=streets or (address.get("full_address", "***"),),
        district=level.get("L3", ""),
        city=level.get("L2", ""),
        region=level.get("L1", ""),
        postal_code=address.get("postal_code", ""),
        country=address.get("region_code") or country,
        phone=address.get("phone_number", ""),
    )


def slip_of(world: World, package: Package, now: int) -> PackingSlip:
    """What lies in the parcel."""
    mine = set(package.line_ids)
    lines: dict[str, SlipLine] = {}
    for one in package.order_ids:
        for item in world.orders[one].body["line_items"]:
            if item["id"] in mine:
                key = item["sku_id"]
                lines[key] = SlipLine(
                    sku=item.get("seller_sku") or key,
                    name=item.get("product_name", ""),
                    variation=item.get("sku_name", ""),
                    quantity=lines[key].quantity + 1 if key in lines else 1,
                )
    order = world.orders[package.order_ids[0]]
    address = address_of(order, now)
    return PackingSlip(
        package=package.id,
        order_number=", ".join(package.order_ids[:3]),
        lines=list(lines.values()),
        shop=world.shops[package.shop_id].name,
        recipient=str(address.get("name", "")),
        country=str(address.get("region_code", "")),
    )


def sheet_of(world: World, bundle: Bundle, now: int) -> Label:
    """The sheet that goes on the outside of a first-mile bundle."""
    del now
    shop = world.shops[bundle.shop_id]
    warehouse = Party(
        name="TikTok Shop sorting warehouse",
        lines=("1 Cross-border Logistics Park",),
        city="Dongguan",
        region="Guangdong",
        postal_code="523000",
        country="CN",
        phone="+86 769 0000 0000",
    )
    address = shop.warehouse.address
    return Label(
        waybill=bundle.id,
        recipient=warehouse,
        seller=Party(
            name=shop.name,
            lines=(str(address.get("address_line1", "")) or shop.name,),
            city=str(address.get("city", "")),
            region=str(address.get("state", "")),
            postal_code=str(address.get("postal_code", "")),
            country=str(address.get("region_code", "")),
            phone=str(address.get("phone_number", "")),
        ),
        order_number=f"{len(bundle.order_ids)} orders",
        carrier=bundle.tracking_number or "Pick-up",
        service=f"First mile {bundle.handover_method}",
        sort_code=shop.region,
    )


def check(world: World, package: Package, kind: str, size: str, form: str) -> None:
    """Whether the platform gives this document. Raises Refuse 98001004 naming the parameter."""
    region = world.shops[package.shop_id].region
    if kind not in KINDS[:-1]:
        raise Refuse(INVALID, "parameter document_type invalid")
    if size not in SIZES:
        raise Refuse(INVALID, "parameter document_size invalid: A6 or A5 is expected")
    if form not in ("PDF", "ZPL") or (form == "ZPL" and region not in ZPL_MARKETS):
        raise Refuse(INVALID, f"parameter document_format invalid: not available in {region}")
    if form == "ZPL" and kind != "SHIPPING_LABEL":
        raise Refuse(INVALID, "parameter document_format invalid: ZPL is for SHIPPING_LABEL only")
    if kind == "INVOICE_LABEL" and region != "BR":
        raise Refuse(INVALID, f"parameter document_type invalid: not available in {region}")
    if kind == "HAZMAT_LABEL" and not _dangerous(world, package):
        raise Refuse(INVALID, "parameter document_type invalid: there are no dangerous goods in the package")


def _dangerous(world: World, package: Package) -> bool:
    mine = set(package.line_ids)
    return any(
        item.get("is_dangerous_good")
        for one in package.order_ids
        for item in world.orders[one].body["line_items"]
        if item["id"] in mine
    )


def serve_upload(world: World, params: dict[str, str], query: dict[str, str], now: int) -> Served:
    """A file the seller has uploaded."""
    del query
    found = world.documents.get(params["name"].partition(".")[0])
    if found is None:
        return Served(b"NoSuchKey", "text/plain", _UNKNOWN)
    if now >= found.until:
        return Served(b"AccessDenied: Request has expired", "text/plain", _GONE)
    return Served(found.data, found.media)


OPEN: list[OpenRoute] = [
    OpenRoute("GET", "/documents/{name}", serve),
    OpenRoute("GET", "/uploads/{name}", serve_upload),
]
