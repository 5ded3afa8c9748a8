"""Waves and what is printed for them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from fahuo.flow import labels
from fahuo.flow.handover import hand_over
from fahuo.flow.labels import PAPERS
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import shops as lists
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter(prefix="/waves")
Viewer = Annotated[Visitor, Depends(need("floor.view"))]
PAGE: Final = 50


@router.get("")
def page(request: Request, visitor: Viewer, before: int | None = None) -> Response:
    """The whole page."""
    return draw(request, "waves.html", visitor, **_listed(request, visitor, before))


@router.get("/live")
def live(request: Request, visitor: Viewer, before: int | None = None) -> Response:
    """The list alone."""
    return draw(request, "waves_live.html", visitor, **_listed(request, visitor, before))


@router.post("/handover")
def handover(
    request: Request,
    visitor: Annotated[Visitor, Depends(need("dispatch.report"))],
    wave: Annotated[int, Form()],
    count: Annotated[str, Form(max_length=6)] = "",
) -> Response:
    """The carrier takes the packed parcels of a wave; its count, when given, must agree with ours."""
    counted = int(count) if count.strip().isdecimal() else None
    principal = visitor.principal
    manifest = hand_over(
        house_of(request), principal.actor, wave=wave, counted=counted, seller_id=principal.seller_id
    )  # fmt: skip
    return draw(request, "handed_over.html", visitor, manifest=manifest, wave=wave)


def _listed(request: Request, visitor: Visitor, before: int | None) -> dict[str, Any]:
    with house_of(request).store.read(visitor.principal.seller_id) as tx:
        found = lists.wave_list(tx, PAGE, before)
    return {"waves": found, "older": found[-1].number if len(found) == PAGE else None}


@router.post("/print")
def paper(
    request: Request,
    visitor: Annotated[Visitor, Depends(need("labels.print"))],
    wave: Annotated[int, Form()],
    what: Annotated[str, Form(max_length=20)],
) -> Response:
    """One paper of a wave; the print is logged."""
    if what not in PAPERS:
        raise Failure(Problem("unknown_paper", "what", what, N_("There is no such paper.")))
    kind, fmt, media = PAPERS[what]
    principal = visitor.principal
    body = labels.render_wave(house_of(request), wave, kind, fmt, principal.actor, principal.seller_id)
    shown = "attachment" if fmt == "zpl" else "inline"
    name = f"wave-{wave}-{what}"
    return Response(body, media_type=media, headers={"content-disposition": f'{shown}; filename="{name}"'})
