"""The bench: scan a label, see the articles, scan each, scan the label again; only then is the parcel packed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from fahuo.flow import pack
from fahuo.flow.house import House
from fahuo.flow.pack import BenchView
from fahuo.kernel.problems import Problem
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter(prefix="/pack")
Packer = Annotated[Visitor, Depends(need("floor.pack"))]


@router.get("")
def page(request: Request, visitor: Packer) -> Response:
    """An empty bench."""
    return draw(request, "pack.html", visitor, view=None, found=None, scanned="", done=False)


@router.post("")
def step(
    request: Request,
    visitor: Packer,
    code: Annotated[str, Form(max_length=200)] = "",
    package: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """One scan: opens a parcel, counts an article, or closes the parcel with its label."""
    code = code.strip()
    open_id = int(package) if package.isdecimal() else 0
    view, found = scan(house_of(request), visitor, open_id, code)
    done = bool(open_id) and view is not None and view.state == "packed" and found is None
    template = "pack_part.html" if "x-fragment" in request.headers else "pack.html"
    return draw(request, template, visitor, view=view, found=found, scanned=code, done=done)


def scan(house: House, visitor: Visitor, open_id: int, code: str) -> tuple[BenchView | None, Problem | None]:
    """What lies on the bench after the scan, and what was wrong with it."""
    seller, actor = visitor.principal.seller_id, visitor.principal.actor
    if not code:
        return _still(house, open_id, seller), None
    if not open_id:
        opened = pack.open_parcel(house, code, seller)
        return (None, opened) if isinstance(opened, Problem) else (opened, None)
    before = _still(house, open_id, seller)
    if before is None:
        return scan(house, visitor, 0, code)
    if code == before.tracking_number:
        after = pack.confirm(house, open_id, code, actor, seller)
    else:
        after = pack.scan_item(house, open_id, code, actor, seller)
    return (before, after) if isinstance(after, Problem) else (after, None)


def _still(house: House, open_id: int, seller: int) -> BenchView | None:
    found = pack.open_parcel(house, str(open_id), seller) if open_id else None
    return found if isinstance(found, BenchView) else None
