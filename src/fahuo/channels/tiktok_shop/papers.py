"""Handler: fetch the platform's label of a parcel, look it over, hand it on.

The page belongs to the parcel for certain, because it was asked for by package. The address lives 24 hours: one that
does not answer any more is asked for again. A label that is not there yet is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fahuo.channels.tiktok_shop import fulfilment as api
from fahuo.channels.tiktok_shop.carry import Troubles, Visit, declined, done, handles, no
from fahuo.channels.tiktok_shop.client import Refused, Withdrawn
from fahuo.channels.tiktok_shop.errors import meaning
from fahuo.documents.lint import lint_pdf
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.effects import Answer, Claimed

PATIENCE: Final = 5
"""Attempts after which a label that the platform does not give goes to a person."""
_FIRST: Final = b"%PDF-"


@handles("fetch_label")
def fetch(visit: Visit, batch: Sequence[Claimed]) -> Iterator[list[Answer]]:
    """Labels, one a parcel. Parcels that share a package (combined ones) share its label."""
    groups: dict[str, list[Claimed]] = {}
    for one in batch:
        groups.setdefault(str(one.body["ref"]), []).append(one)
    for ref, claims in groups.items():
        try:
            number, content = _get(visit, ref)
            outcome = _looked_over(content)
        except Failure as failure:
            yield [_patient(one, failure.problem.code, failure.problem.message) for one in claims]
            continue
        except Troubles as error:
            yield [_waiting(visit, one, error) for one in claims]
            continue
        yield [done(one, "", number=number, package=ref, content=content, **outcome) for one in claims]


def _get(visit: Visit, ref: str) -> tuple[str, bytes]:
    """(tracking number, the PDF). An address that has run out is asked for once more."""
    url, number = api.document(visit.client, visit.link, ref)
    try:
        return number, visit.client.download(visit.link, url)
    except Withdrawn:
        raise
    except Refused:
        url, number = api.document(visit.client, visit.link, ref)
        return number, visit.client.download(visit.link, url)


def _looked_over(content: bytes) -> dict[str, Any]:
    """What the lint says, told with the label. Raises Failure for what is no PDF of a usable size."""
    if len(content) > api.DOCUMENT_MAX or not content.startswith(_FIRST):
        raise Failure(
            Problem(
                "label_unusable",
                message=N_("The platform gave something that is no label."),
                next=N_("It is asked for again by itself."),
            )
        )
    pages = list(lint_pdf(content, "platform"))
    return {"lint": [problem.code for page in pages for problem in page.problems], "pages": len(pages)}


def _waiting(visit: Visit, one: Claimed, error: Exception) -> Answer:
    """Asking again for a label is harmless: a refusal counts only when it stays."""
    answer = no(visit, [one], error, wrote=False)[0]
    if answer.state == "declined" and isinstance(error, Refused) and meaning(error.code).kind == "business":
        return _patient(one, str(error.code), error.message)
    return answer


def _patient(one: Claimed, code: str, words: str) -> Answer:
    if one.attempt < PATIENCE:
        return one.answer("retry", {"code": code, "message": words[:300]})
    return declined(one, code, words)
