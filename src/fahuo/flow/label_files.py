"""Use case: take in the platform's label files. Each page finds its parcel, or is refused and not kept.

A page belongs to the parcel whose number one of its barcodes is, else to the only waiting parcel of the order whose id
stands on it. One parcel gets one label. A page that is nobody's shows a stranger's address: it is blanked, not kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fahuo.documents import pdf
from fahuo.documents.lint import PageReport, lint_pdf
from fahuo.flow.house import House
from fahuo.flow.ready import READY, ready_to_ship
from fahuo.kernel.ids import new_id, new_ids
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.store import bulk, effects, journal
from fahuo.store.engine import Tx
from fahuo.warehouse import model, queries, service
from fahuo.warehouse.model import PLATFORM, Parcel
from fahuo.warehouse.tables import label_files
from fahuo.warehouse.tables import labels as labels_table


class Attached(msgspec.Struct):
    """What came of a label file. `refused`, `noted`: (page from 1, problem); noted ones are attached all the same."""

    pages: int = 0
    attached: int = 0
    refused: list[tuple[int, Problem]] = []
    noted: list[tuple[int, Problem]] = []


class _Page(NamedTuple):
    """A page with the parcel it belongs to, and the number it gives the parcel."""

    parcel: Parcel
    report: PageReport
    number: str


class _Waiting:
    """The parcels that wait for a label, locked, by what may stand on it."""

    def __init__(self, tx: Tx) -> None:
        orders_queries.heads_of(tx, {parcel.order_id for parcel in queries.without_label(tx)})
        # Read again now that their orders are locked: somebody may have been at the same file.
        parcels = queries.without_label(tx)
        heads = orders_queries.heads_of(tx, {parcel.order_id for parcel in parcels})
        refs = {head.id: head.platform_order_id for head in heads}
        alone = Counter(refs[parcel.order_id] for parcel in parcels)
        self.order_ids = alone.keys()
        self._by_number = {parcel.tracking_number: parcel for parcel in parcels if parcel.tracking_number}
        self._by_order = {refs[p.order_id]: p for p in parcels if alone[refs[p.order_id]] == 1}

    def find(self, codes: Collection[str], text: str) -> Parcel | None:
        """The parcel a page is for, None when that is not certain."""
        numbered = {self._by_number[code].id: self._by_number[code] for code in codes if code in self._by_number}
        if not numbered:
            named = {word for word in (*text.split(), *codes) if word in self._by_order}
            numbered = {self._by_order[word].id: self._by_order[word] for word in named}
        return next(iter(numbered.values())) if len(numbered) == 1 else None

    def number_on(self, report: PageReport) -> str:
        """The waybill number a page shows: its one Code 128 that is no order id, '' when that is not certain."""
        found = {c.text for c in report.barcodes if c.format == "Code128" and c.text not in self.order_ids}
        return found.pop() if len(found) == 1 else ""


def attach(house: House, path: Path, actor: str, seller_id: int = 1) -> Attached:
    """Take a label file of the platform. The page's number becomes the parcel's, and the parcel is arranged."""
    content = path.read_bytes()
    pages = list(lint_pdf(content, "platform"))
    texts = pdf.page_texts(content)
    report = Attached(pages=len(pages))
    with house.store.write(seller_id) as tx:
        waiting = _Waiting(tx)
        found: dict[int, _Page] = {}
        for page, text in zip(pages, texts, strict=True):
            parcel = waiting.find([code.text for code in page.barcodes], text)
            if parcel is None or parcel.id in found:
                report.refused.append((page.page, _no_parcel() if parcel is None else _twice(found[parcel.id])))
                continue
            found[parcel.id] = _Page(parcel, page, parcel.tracking_number or waiting.number_on(page))
            report.noted += [(page.page, problem) for problem in page.problems]
        if found:
            strangers = {number for number, _ in report.refused}
            kept = pdf.blanked(content, strangers) if strangers else content
            _write_labels(tx, list(found.values()), (path.name, kept), house.clock.now(), actor)
    report.attached = len(found)
    return report


def _no_parcel() -> Problem:
    return Problem(
        "label_without_parcel",
        "page",
        None,
        N_("No parcel that waits for a label belongs to this page."),
        N_("Import the newest order export first; the page must show the order id or the tracking number."),
    )


def _twice(first: _Page) -> Problem:
    return Problem(
        "label_twice",
        "page",
        None,
        N_("The parcel of this page has its label from page {first}."),
        N_("Keep one label for each parcel; compare both pages."),
        {"first": first.report.page},
    )


def _write_labels(tx: Tx, found: Sequence[_Page], file: tuple[str, bytes], now: int, actor: str) -> None:
    name, content = file
    digest = hashlib.sha256(content).hexdigest()
    known = queries.file_with(tx, digest)
    file_id = known or new_id()
    sealed = tx.keys.seal(content, f"label|{file_id}")
    if known is None:
        row = (tx.seller_id, file_id, name, digest, sealed, now)
        bulk.insert(tx, label_files, tuple(c.name for c in label_files.columns), [row])
    else:
        service.reseal(tx, file_id, sealed)
    ids = list(new_ids(len(found)))
    columns = tuple(c.name for c in labels_table.columns)
    bulk.insert(
        tx,
        labels_table,
        columns,
        [
            (tx.seller_id, id_, PLATFORM, "pdf", report.page, digest, file_id, _codes(report), now)
            for id_, (_, report, _) in zip(ids, found, strict=True)
        ],
    )
    arranged = [(p, id_, number, p.arranged_at or now) for id_, (p, _, number) in zip(ids, found, strict=True)]
    service.move(
        tx,
        ("label_id", "tracking_number", "arranged_at", "state"),
        [
            (p.id, id_, number, at, model.ARRANGED if p.state == model.PLANNED else p.state)
            for p, id_, number, at in arranged
        ],
    )
    rows = {row.id: row for row in orders_queries.heads_of(tx, [p.order_id for p, *_ in arranged])}
    entries = [
        journal.Entry(p.order_id, "labelled", now, actor, {"package": str(p.id), "number": number, "label": PLATFORM})
        for p, _, number, _ in arranged
    ]
    heads = journal.append(tx, entries, {id_: (row.journal_seq, row.journal_head) for id_, row in rows.items()})
    ready = ready_to_ship(tx, rows, {p.order_id: at for p, _, _, at in arranged})
    orders.move(
        tx,
        ("tracking_number", *READY, "version", "journal_seq", "journal_head"),
        [
            (p.order_id, number, *ready[p.order_id], rows[p.order_id].version + 1, *heads[p.order_id])
            for p, _, number, _ in arranged
        ],
    )
    waiting = effects.waiting(tx, list(rows), ("arrange_shipment",))
    effects.settle(tx, [id_ for id_, _, _ in waiting], "done", {"proof": "label file"})


def _codes(report: PageReport) -> str:
    return msgspec.json.encode([problem.code for problem in report.problems]).decode()
