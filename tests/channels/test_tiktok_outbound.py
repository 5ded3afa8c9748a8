"""The port of the lane `tiktok`: what each end of a call becomes, and that nothing is repeated unasked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fahuo.channels.tiktok_shop.carry import HOUR
from fahuo.channels.tiktok_shop.outbound import TikTokChannel
from fahuo.connections.model import Link
from fahuo.documents.label import Label, Party
from fahuo.documents.render import render_labels
from fahuo.store.effects import Answer, Claimed
from tests.support.tiktok import client_for, link, no, ok

NOW = 1_770_000_000
Handle = Callable[[httpx.Request], httpx.Response]


def claim(
    n: int = 1, kind: str = "arrange_shipment", *, read_first: bool = False, attempt: int = 1, **body: Any
) -> Claimed:
    told = {"order": f"57600000000000000{n}", "ref": f"11500000000000000{n}"} | body
    return Claimed(n, f"{kind}:{n}", kind, "tiktok", "11", 11, n, n, NOW, "readable", attempt, read_first, told)


def send(handle: Handle, *batch: Claimed, **changes: Any) -> list[Answer]:
    shop: Link = link(**changes)
    client = client_for(handle, waits=(0.0,))
    try:
        return TikTokChannel(client, lambda: {11: shop}, lambda: NOW).send(batch, {})
    finally:
        client.close()


@pytest.mark.parametrize(
    ("code", "state", "due"),
    [
        (21011044, "retry", NOW + HOUR),
        (21011007, "declined", None),
        (21008106, "declined", None),
        (21008111, "declined", None),
        (98001004, "declined", None),
        (99999999, "declined", None),
    ],
)
def test_what_the_platform_says_no_to(code: int, state: str, due: int | None) -> None:
    (answer,) = send(lambda _: no(code, "their words"), claim())
    assert (answer.state, answer.due_at, answer.outcome["code"]) == (state, due, code)
    assert (answer.outcome["message"], answer.outcome["request_id"]) == ("their words", "2026rid")


def test_what_the_app_may_not_do_waits_and_is_no_refusal() -> None:
    calls: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        return no(105005, "scope seller.fulfillment.basic is not granted", 403)

    answers = send(handle, *[claim(n) for n in (1, 2, 3)])
    assert [(answer.state, answer.outcome["code"]) for answer in answers] == [("waiting", "not_permitted")] * 3
    assert answers[0].outcome["request_id"] == "2026rid"
    assert len(calls) == 1  # it is the app's fault, not a member's: no call for each
    (unsure,) = send(handle, claim(read_first=True))
    assert unsure.state == "waiting"


def test_the_members_of_a_batch_are_answered_one_by_one() -> None:
    calls: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        bad = {"code": 21011007, "message": "open request", "detail": {"package_id": "115000000000000002"}}
        return ok({"errors": [bad]})

    answers = send(handle, *[claim(n) for n in (1, 2, 3)])
    assert [answer.state for answer in answers] == ["done", "declined", "done"]
    assert calls == ["/fulfillment/202309/packages/ship"]


def test_a_batch_refused_as_a_whole_is_sent_member_by_member() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/packages/ship"):
            return no(98001004)
        return no(21008111) if "000002" in request.url.path else ok({})

    answers = send(handle, *[claim(n) for n in (1, 2, 3)])
    assert {answer.id: answer.state for answer in answers} == {1: "done", 2: "declined", 3: "done"}


def test_packages_of_combined_orders_are_shipped_once() -> None:
    calls: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        return ok({})

    answers = send(handle, claim(1, ref="P"), claim(2, ref="P"))
    assert [answer.state for answer in answers] == ["done", "done"]
    assert calls == ["/fulfillment/202309/packages/P/ship"]


def test_a_lost_answer_is_unknown_and_a_failed_look_keeps_it_so() -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("gone", request=request)

    def unreached(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no way", request=request)

    assert [answer.state for answer in send(lost, claim())] == ["unknown"]
    assert [answer.state for answer in send(unreached, claim())] == ["retry"]
    for handle in (lost, unreached, lambda _: no(10002014)):
        assert [answer.state for answer in send(handle, claim(read_first=True))] == ["unknown"]


def test_what_is_there_already_is_not_done_again() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        item = {"id": "1", "package_id": "P", "package_status": "PROCESSING", "tracking_number": "N1"}
        return ok({"orders": [{"id": "576000000000000001", "status": "AWAITING_COLLECTION", "line_items": [item]}]})

    (answer,) = send(handle, claim(read_first=True))
    assert (answer.state, answer.outcome["number"], answer.outcome["package"]) == ("done", "N1", "P")


def test_a_shop_that_is_not_connected_waits_and_is_not_called() -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    (answer,) = send(handle, claim(), state="withdrawn")
    assert (answer.state, answer.outcome["code"]) == ("waiting", "not_connected")


def test_a_kind_nobody_knows_is_declined() -> None:
    (answer,) = send(lambda _: ok({}), claim(kind="fly"))
    assert (answer.state, answer.outcome["code"]) == ("declined", "unknown_kind")


def page() -> bytes:
    party = Party(
        name="Hoa", lines=("12 Le Loi",), city="HCM", postal_code="700000", country="VN", phone="+84912345678"
    )
    label = Label(waybill="TT123456789", carrier="J&T", service="", order_number="5760", recipient=party, seller=party)
    return render_labels([label])


def labels(content: bytes, expired: int = 0, calls: list[str] | None = None) -> Handle:
    left = [expired]

    def handle(request: httpx.Request) -> httpx.Response:
        if calls is not None:
            calls.append(request.url.path)
        if request.url.path.endswith("/shipping_documents"):
            return ok({"doc_url": "https://api.test/label.pdf", "tracking_number": "TT123456789"})
        left[0] -= 1
        return httpx.Response(403) if left[0] >= 0 else httpx.Response(200, content=content)

    return handle


def test_a_label_is_fetched_and_looked_over_and_an_expired_address_asked_for_again() -> None:
    content, calls = page(), list[str]()
    (answer,) = send(labels(content, expired=1, calls=calls), claim(kind="fetch_label"))
    assert (answer.state, answer.outcome["content"], answer.outcome["number"]) == ("done", content, "TT123456789")
    assert answer.outcome["pages"] == 1
    assert sum(path.endswith("/shipping_documents") for path in calls) == 2


@pytest.mark.parametrize("content", [b"", b"<html>", b"%PDF-1.7 broken", b"PK"])
def test_what_is_no_label_is_asked_for_again_and_then_goes_to_a_person(content: bytes) -> None:
    assert [a.state for a in send(labels(content), claim(kind="fetch_label"))] == ["retry"]
    assert [a.state for a in send(labels(content), claim(kind="fetch_label", attempt=5))] == ["declined"]
