"""Shops, and taking in order files. A file is distrusted: bounded, streamed to a temporary place, then read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from fahuo.flow.apps import app_list
from fahuo.flow.connect import standings
from fahuo.flow.import_orders import import_orders
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.views import shops as lists
from fahuo.web.gate import Visitor, draw, house_of, need

router = APIRouter()
FORMATS: Final = ("auto", "seller-center", "tiktok-json")
SHOWN: Final = 500
SUFFIXES: Final = frozenset({".csv", ".txt", ".xlsx", ".xls", ".json", ".jsonl", ".gz"})


@router.get("/shops")
def page(request: Request, visitor: Annotated[Visitor, Depends(need("orders.view"))]) -> Response:
    """Shops with what is open, and the latest imports."""
    house = house_of(request)
    with house.store.read(visitor.principal.seller_id) as tx:
        shops = lists.shop_views(tx, house.clock.now(), visitor.shops)
        imports = lists.last_imports(tx)
    names = {view.shop.id: view.shop.name for view in shops}
    links = {one.shop_id: one for one in standings(house, seller_id=visitor.principal.seller_id)}
    facts: dict[str, Any] = {"shops": shops, "imports": imports, "names": names, "links": links}
    facts["apps"] = app_list(house, visitor.principal.seller_id) if visitor.may("access.manage") else []
    return draw(request, "shops.html", visitor, formats=FORMATS, **facts)


Importer = Annotated[Visitor, Depends(need("orders.import"))]


class Sent(NamedTuple):
    """A form with a file."""

    shop: str
    file: UploadFile
    format: str
    rehearse: bool


async def _sent(request: Request, _visitor: Importer) -> AsyncIterator[Sent]:
    """The form, read behind the gate only: declared fields are read before it, whoever sends them."""
    async with request.form() as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Failure(Problem("file_missing", "file", None, N_("There is no file."), N_("Choose a file.")))
        yield Sent(str(form.get("shop", "")), file, str(form.get("format", "auto")), bool(form.get("rehearse")))


@router.post("/import")
def take_file(request: Request, visitor: Importer, sent: Annotated[Sent, Depends(_sent)]) -> Response:
    """Take the orders of one file, or only say what would come of it."""
    name = Path(sent.file.filename or "").name
    suffix = Path(name).suffix.lower()
    if sent.format not in FORMATS or suffix not in SUFFIXES:
        raise Failure(
            Problem(
                "file_kind",
                "file",
                name[:80],
                N_("This is no kind of file that orders come in."),
                N_("Choose a CSV, XLSX or JSON lines file as exported from Seller Center."),
            )
        )
    with tempfile.TemporaryDirectory(prefix="fahuo-import-") as folder:
        path = Path(folder) / _plain(name)
        with path.open("wb") as target:
            shutil.copyfileobj(sent.file.file, target)
        report = import_orders(
            house_of(request),
            [path],
            sent.shop,
            format_=sent.format,
            dry_run=sent.rehearse,
            actor=visitor.principal.actor,
            seller_id=visitor.principal.seller_id,
        )
    facts: dict[str, Any] = {
        "report": report,
        "refused": report.refused[:SHOWN],
        "more": max(0, len(report.refused) - SHOWN),
    }
    return draw(request, "imported.html", visitor, shop=sent.shop, name=name, rehearse=sent.rehearse, **facts)


def _plain(name: str) -> str:
    """A file name without anything a file system could take amiss, its endings kept."""
    kept = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in name)[-80:]
    return kept.lstrip(".") or "orders.csv"
