"""Handlers: hand a bundle to the platform's sorting warehouse, and follow parcels on their way.

A bundle cannot be read back: an answer lost there is a person's question, never a second bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from fahuo.channels.tiktok_shop import fulfilment as api
from fahuo.channels.tiktok_shop.arranging import Providers, not_listed
from fahuo.channels.tiktok_shop.carry import Troubles, Visit, declined, done, handles, no
from fahuo.channels.tiktok_shop.client import Refused
from fahuo.store.effects import Answer, Claimed

_FIELDS: Final = ("handover_method", "shipping_provider_id", "tracking_number", "phone_tail_number")


@handles("bundle_first_mile")
def bundle(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Make first-mile bundles; orders that the platform leaves out are named in the answer."""
    for one in batch:
        body: dict[str, Any] = {"order_ids": list(one.body["orders"])}
        body |= {name: one.body[name] for name in _FIELDS if one.body.get(name)}
        wrote = False
        try:
            if one.body.get("carrier"):
                provider, names = _courier(visit, one)
                if not provider:
                    yield [not_listed(one, names)]
                    continue
                body["shipping_provider_id"] = provider
            wrote = True
            told = api.bundle(visit.client, visit.link, body)
        except Troubles as error:
            yield no(visit, [one], error, wrote=wrote)
            continue
        out = {ref: {"code": error.code, "message": error.message} for ref, error in told.errors.items()}
        ref = str(told.data.get("first_mile_bundle_id") or "")
        if not ref:
            first = next(iter(out.values()), {"code": "no_bundle", "message": ""})
            yield [declined(one, str(first["code"]), str(first["message"]), out=out, request_id=told.request_id)]
            continue
        sheet, url = None, str(told.data.get("url") or "")
        try:
            sheet = visit.client.download(visit.link, url) if url else None
        except Troubles:
            sheet = None  # the bundle is made; its sheet can be fetched later from the same address
        if sheet is not None and not sheet.startswith(b"%PDF-"):
            sheet = None
        yield [done(one, told.request_id, bundle=ref, url=url, out=out, content=sheet)]


def _courier(visit: Visit, one: Claimed) -> tuple[str, Iterable[str]]:
    """The platform's id of the domestic courier we name, by an order's delivery option."""
    first = str(one.body["orders"][0])
    told = api.orders(visit.client, visit.link, [first])
    return Providers(visit).named(told.get(first, {}), str(one.body["carrier"]))


@handles("fetch_sheet")
def sheet(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """The sheet of a bundle whose address did not answer when the bundle was made."""
    for one in batch:
        try:
            content = visit.client.download(visit.link, str(one.body["url"]))
        except Troubles as error:
            yield no(visit, [one], error, wrote=False)
            continue
        if content.startswith(b"%PDF-") and len(content) <= api.DOCUMENT_MAX:
            yield [done(one, "", content=content)]
        else:
            yield [declined(one, "not_pdf")]


@handles("follow_parcels")
def follow(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """What carriers have told of these parcels since they left. One that cannot be read is left for the next time."""
    for one in batch:
        events: list[list[Any]] = []
        legs: dict[str, dict[str, str]] = {}
        missed = 0
        trouble: Exception | None = None
        for parcel, order, ref in one.body["parcels"]:
            try:
                told = api.tracking(visit.client, visit.link, str(order))
                if one.body.get("two_legs") and ref:
                    legs[str(parcel)] = _leg(api.package(visit.client, visit.link, str(ref)))
            except Refused:
                missed += 1
                continue
            except Troubles as error:
                trouble, missed = error, missed + 1
                break
            events += [[parcel, at, text] for at, text in told]
        if trouble is not None and not events:
            yield no(visit, [one], trouble, wrote=False)
        else:
            yield [done(one, "", events=events, legs=legs, missed=missed)]


def _leg(told: dict[str, Any]) -> dict[str, str]:
    return {
        "status": str(told.get("package_status") or ""),
        "number": str(told.get("tracking_number") or ""),
        "last_mile": str(told.get("last_mile_tracking_number") or ""),
    }
