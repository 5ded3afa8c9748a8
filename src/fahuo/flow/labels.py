"""Use cases of printing: labels, pick list and packing slips of a wave.

A parcel the platform ships carries the platform's label and no other; ours are printed for own carriers only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import GOODS, Sender, Shop, SkuIndex
from fahuo.documents import pdf
from fahuo.documents.label import Label, Party
from fahuo.documents.picklist import PackingSlip, PickList, PickRow, SlipLine, packing_slips, pick_list
from fahuo.documents.render import BATCH, Format, join, render_batches
from fahuo.flow.house import House
from fahuo.kernel.ids import new_id
from fahuo.kernel.instant import local, zone
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.store import bulk, personal
from fahuo.store.engine import Tx
from fahuo.warehouse import model, queries, service
from fahuo.warehouse.model import Item, Parcel
from fahuo.warehouse.tables import prints

Kind = Literal["labels", "pick-list", "slips"]
KINDS: tuple[Kind, ...] = ("labels", "pick-list", "slips")
PAPERS: dict[str, tuple[Kind, Format, str]] = {
    "labels.pdf": ("labels", "pdf", "application/pdf"),
    "labels.zpl": ("labels", "zpl", "application/octet-stream"),
    "pick-list.pdf": ("pick-list", "pdf", "application/pdf"),
    "slips.pdf": ("slips", "pdf", "application/pdf"),
}
"""What can be printed for a wave, by file name: kind, format, media type."""


def render_wave(
    house: House, wave_number: int, kind: Kind = "labels", fmt: Format = "pdf", actor: str = "", seller_id: int = 1
) -> bytes:
    """Paper for a wave: labels in pick order, the pick list, or the packing slips. The print is logged."""
    with house.store.read(seller_id) as tx:
        wave = queries.wave_numbered(tx, wave_number)
        if wave is None:
            raise Failure(
                Problem(
                    "unknown_wave",
                    "wave",
                    str(wave_number),
                    N_("There is no wave {wave}."),
                    N_("List the waves first."),
                    {"wave": wave_number},
                )
            )
        parcels = [p for p in queries.parcels_of_wave(tx, wave.id) if p.state != model.CANCELLED]
        parcels = _in_pick_order(tx, parcels)
        document = render_parcels(tx, parcels, kind, fmt, house.lang, wave)
    with house.store.write(seller_id) as tx:
        row = (tx.seller_id, new_id(), wave.id, kind, house.clock.now(), actor, len(parcels))
        bulk.insert(tx, prints, tuple(c.name for c in prints.columns), [row])
    return document


def render_parcels(
    tx: Tx, parcels: Sequence[Parcel], kind: Kind, fmt: Format, lang: str, wave: queries.Wave | None = None
) -> bytes:
    """The same for any parcels, in the order given."""
    if kind == "labels":
        return _labels(tx, parcels, fmt, lang)
    skus = catalogue.sku_index(tx)
    items = queries.items(tx, [parcel.id for parcel in parcels])
    if kind == "pick-list":
        return pick_list([_pick_list(tx, parcels, items, skus, wave)], lang)
    return packing_slips(_slips(tx, parcels, items, skus, wave), lang)


def _in_pick_order(tx: Tx, parcels: Sequence[Parcel]) -> list[Parcel]:
    """By the first bin of the parcel, then by article, so that labels come out as the cart is filled."""
    items = queries.items(tx, [parcel.id for parcel in parcels])
    bins = queries.bins(tx, {item.sku_id for rows in items.values() for item in rows})

    def place(parcel: Parcel) -> tuple[str, int, int]:
        rows = items.get(parcel.id, [])
        first = min(((bins.get((parcel.warehouse_id, i.sku_id), ""), i.sku_id) for i in rows), default=("", 0))
        return (*first, parcel.id)

    return sorted(parcels, key=place)


def _labels(tx: Tx, parcels: Sequence[Parcel], fmt: Format, lang: str) -> bytes:
    """Our labels and the platform's in the order given: whoever walks the shelves takes them one after the other."""
    own = own_labels(tx, [p for p in parcels if p.label_origin == model.OWN and p.tracking_number])
    theirs = attached(tx, [p.label_id for p in parcels if p.label_id is not None and p.id not in own])
    if not own and not (theirs and fmt == "pdf"):
        raise Failure(_no_labels(only_pdf=bool(theirs)))
    sheet = _rendered(list(own.values()), fmt, lang) if own else b""
    if fmt == "zpl" or not theirs:
        return sheet
    mine = {package: (sheet, number) for number, package in enumerate(own, 1)}
    pieces = [mine.get(p.id) or theirs.get(p.label_id or 0) for p in parcels]
    return pdf.collect([piece for piece in pieces if piece is not None])


def _no_labels(*, only_pdf: bool) -> Problem:
    if only_pdf:
        wrong, then = N_("These labels are the platform's: they exist as PDF only."), N_("Print them as PDF.")
    else:
        wrong = N_("None of these parcels has a label yet.")
        then = N_("Arrange shipment and import the label file first.")
    return Problem("no_labels", "wave", None, wrong, then)


def _rendered(labels: Sequence[Label], fmt: Format, lang: str) -> bytes:
    """A page a label. Raises Failure that names the order whose label cannot be printed."""
    parts: list[bytes] = []
    for number, part in enumerate(render_batches(labels, fmt)):
        for place, problems in part.refused.items():
            order = labels[number * BATCH + place].order_number
            raise Failure(_not_printable(order, problems[0].render(lang)), 1)
        parts.append(part.document)
    return join(parts, fmt)


def _not_printable(order: str, why: Problem) -> Problem:
    wrong = N_("The label of order {order} cannot be printed: {why}")
    return Problem(why.code, why.field, why.value, wrong, why.next, {"order": order, "why": why.message})


def own_labels(tx: Tx, parcels: Sequence[Parcel]) -> dict[int, Label]:
    """What stands on own-carrier parcels' labels, by parcel: recipients are opened here and nowhere kept.

    Erased ones are left out. A shop without an address of its own sends from the warehouse's.
    """
    people = personal.open_people(tx, [p.order_id for p in parcels])
    refs = {row.id: row.platform_order_id for row in orders_queries.heads_of(tx, [p.order_id for p in parcels])}
    shops = {shop.id: shop for shop in catalogue.shop_list(tx)}
    services = queries.service_names(tx)
    items = queries.items(tx, [p.id for p in parcels])
    skus = catalogue.sku_index(tx)
    places = catalogue.warehouse_addresses(tx)
    labels: dict[int, Label] = {}
    for parcel in parcels:
        person = people.get(parcel.order_id)
        if person is None:  # erased: the order is closed, and the others in the wave still need their labels
            continue
        labels[parcel.id] = Label(
            waybill=parcel.tracking_number,
            carrier=parcel.carrier_name,
            service=services.get(parcel.service_id, ""),
            order_number=refs[parcel.order_id],
            recipient=_recipient(person),
            seller=_seller(shops[parcel.shop_id], places.get(parcel.warehouse_id)),
            weight_g=parcel.weight_g or None,
            marks=_marks(items.get(parcel.id, ()), skus),
        )
    return labels


def _recipient(person: personal.Person) -> Party:
    return Party(
        name=person.name,
        lines=person.lines,
        district=person.district,
        city=person.city,
        region=person.region,
        postal_code=person.postal_code,
        country=person.country,
        phone=person.phone,
    )


def _seller(shop: Shop, place: Sender | None) -> Party:
    sender = shop.sender if shop.sender.lines or place is None else place
    return Party(
        name=shop.sender.name or shop.name,
        lines=sender.lines,
        city=sender.city,
        region=sender.region,
        postal_code=sender.postal_code,
        country=sender.country or shop.market,
        phone=shop.sender.phone or sender.phone,
    )


def _marks(items: Sequence[Item], skus: SkuIndex) -> tuple[str, ...]:
    mask = 0
    for item in items:
        mask |= skus.by_id[item.sku_id].goods
    return tuple(name.upper() for name, bit in GOODS.items() if bit and mask & bit)


def attached(tx: Tx, label_ids: Sequence[int]) -> dict[int, tuple[bytes, int]]:
    """Label → (its file, its page there; 0: all of it). Orders that share a label have it once; erased ones not."""
    found = queries.label_pages(tx, label_ids)
    files = {
        file_id: tx.keys.open(sealed, f"label|{file_id}")
        for file_id, sealed in queries.sealed_files(tx, {row[1] for row in found.values()}).items()
    }
    first: dict[tuple[int, int], int] = {}
    for id_ in label_ids:
        if id_ in found and found[id_][1] in files:
            first.setdefault(found[id_][1:], id_)
    return {id_: (files[file_id], page) for (file_id, page), id_ in first.items()}


def blank(tx: Tx, label_ids: Iterable[int], *, but: Collection[tuple[int, int]] = ()) -> None:
    """The pages of these labels become empty pages; the others of their files stay. `but`: (file, page) to leave."""
    pages: dict[int, set[int]] = {}
    for _, file_id, page in queries.label_pages(tx, label_ids).values():
        if (file_id, page) not in but:
            pages.setdefault(file_id, set()).add(page)
    for file_id, sealed in queries.sealed_files(tx, pages).items():
        content = pdf.blanked(tx.keys.open(sealed, f"label|{file_id}"), pages[file_id])
        service.reseal(tx, file_id, tx.keys.seal(content, f"label|{file_id}"))


def _pick_list(
    tx: Tx, parcels: Sequence[Parcel], items: dict[int, list[Item]], skus: SkuIndex, wave: queries.Wave | None
) -> PickList:
    everything = [item for parcel in parcels for item in items.get(parcel.id, ())]
    bins = queries.bins(tx, {item.sku_id for item in everything})
    place = parcels[0].warehouse_id if parcels else 0
    units: dict[int, int] = {}
    holders: dict[int, set[int]] = {}
    for item in everything:
        units[item.sku_id] = units.get(item.sku_id, 0) + item.quantity
        holders.setdefault(item.sku_id, set()).add(item.package_id)
    warehouses = {w.id: w for w in catalogue.warehouse_list(tx)}
    rows = [
        PickRow(
            bin=bins.get((place, sku), ""),
            sku=skus.by_id[sku].sku,
            name=skus.by_id[sku].name,
            quantity=count,
            parcels=str(len(holders[sku])),
        )
        for sku, count in units.items()
    ]
    due = ""
    if wave is not None and place in warehouses and (at := _first_due(tx, parcels)) is not None:
        due = _local_text(at, warehouses[place].zone)
    return PickList(
        wave=str(wave.number) if wave else "",
        rows=rows,
        warehouse=warehouses[place].name if place in warehouses else "",
        due=due,
    )


def _first_due(tx: Tx, parcels: Sequence[Parcel]) -> int | None:
    """The earliest limit, as it stands now, of what has not left yet."""
    staying = [parcel.order_id for parcel in parcels if parcel.handed_over_at is None]
    return min((row.due_at for row in orders_queries.heads_of(tx, staying) if row.due_at is not None), default=None)


def _local_text(at: int, zone_name: str) -> str:
    moment: datetime = local(at, zone(zone_name))
    return moment.strftime("%Y-%m-%d %H:%M")


def _slips(
    tx: Tx, parcels: Sequence[Parcel], items: dict[int, list[Item]], skus: SkuIndex, wave: queries.Wave | None
) -> list[PackingSlip]:
    refs = {row.id: row.platform_order_id for row in orders_queries.heads_of(tx, [p.order_id for p in parcels])}
    shops = {shop.id: shop.name for shop in catalogue.shop_list(tx)}
    return [
        PackingSlip(
            package=parcel.tracking_number or str(parcel.id),
            order_number=refs[parcel.order_id],
            shop=shops.get(parcel.shop_id, ""),
            wave=str(wave.number) if wave else "",
            lines=[
                SlipLine(sku=skus.by_id[i.sku_id].sku, name=skus.by_id[i.sku_id].name, quantity=i.quantity)
                for i in items.get(parcel.id, ())
            ],
        )
        for parcel in parcels
    ]
