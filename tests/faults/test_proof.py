"""The proof of a run full of faults finds what it is there to find."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from fahuo.demo.proof import INTERNAL, Log
from fahuo.flow.house import clock_of
from fahuo.kernel.config import load_settings
from fahuo.kernel.problems import Failure

_serial = itertools.count()


def call(path: str, body: str = "", **more: Any) -> dict[str, Any]:
    usual = {"method": "POST", "path": path, "body": body, "done": True, "errors": [], "query": {}}
    return usual | {"faults": [], "code": 0, "message": "", "request_id": str(next(_serial))} | more


def log(*calls: dict[str, Any]) -> Log:
    found = Log()
    found.calls = {one["request_id"]: one for one in calls}
    return found


SHIP = "/fulfillment/202309/packages/ship"
ACTS = (
    ("/fulfillment/202309/packages/1150/ship", "{}"),
    (SHIP, '{"packages":[{"id":"1150"}]}'),
    ("/fulfillment/202309/packages", '{"order_id":"576","order_line_item_ids":["1"]}'),
    ("/fulfillment/202309/orders/576/packages", '{"tracking_number":"X1"}'),
    ("/fulfillment/202309/bundles", '{"order_ids":["576"]}'),
    ("/customer_service/202309/conversations/7300/messages", '{"type":"TEXT","content":"hello"}'),
    ("/return_refund/202309/cancellations", '{"order_id":"576"}'),
    ("/return_refund/202309/cancellations/700/approve", ""),
    ("/return_refund/202309/returns/700/reject", "{}"),
)


@pytest.mark.parametrize(("path", "body"), ACTS)
def test_what_was_done_twice_is_found(path: str, body: str) -> None:
    assert log(call(path, body)).doubles() == []
    (found,) = log(call(path, body), call(path, body)).doubles()
    assert found.endswith("2 times")
    assert log(call(path, body), call(path, body, done=False)).doubles() == []
    assert list(log(call(path, body), call(path, body)).figures().values()) == [2]


def test_a_parcel_is_one_whether_shipped_alone_or_in_a_batch() -> None:
    alone = call("/fulfillment/202309/packages/1150/ship", "{}")
    batch = '{"packages":[{"id":"1149"},{"id":"1150"}]}'
    assert log(alone, call(SHIP, batch)).doubles() == ["parcel shipped 1150: 2 times"]
    assert log(alone, call(SHIP, batch, errors=[{"detail": {"package_id": "1150"}}])).doubles() == []


def test_an_answer_under_the_same_key_is_one() -> None:
    path, key = "/return_refund/202309/cancellations/700/approve", {"idempotency_key": "k"}
    assert log(call(path, query=key), call(path, query=key)).doubles() == []
    assert log(call(path, query=key), call(path, query={"idempotency_key": "other"})).doubles() != []


def test_a_return_is_agreed_to_and_its_parcel_accepted() -> None:
    path = "/return_refund/202309/returns/700/approve"
    agreed, accepted = (call(path, f'{{"decision":"APPROVE_{what}"}}') for what in ("RETURN", "RECEIVED_PACKAGE"))
    assert log(agreed, accepted).doubles() == []
    again = call(path, agreed["body"])
    assert log(agreed, accepted, again).doubles() == ["return answer 700 APPROVE_RETURN: 2 times"]


def test_reading_twice_is_no_act() -> None:
    assert log(*(call("/order/202309/orders/search", "{}") for _ in range(3))).doubles() == []


def test_a_fault_of_the_sandbox_itself_is_told_apart() -> None:
    asked = call("/order/202309/orders", code=INTERNAL, faults=["internal"])
    assert log(asked).bugs() == []
    assert len(log(asked, call("/order/202309/orders", code=INTERNAL, message="KeyError: 1")).bugs()) == 1


def test_a_clock_that_does_not_answer_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(Failure) as said:
        clock_of(load_settings({"FAHUO_HOME": str(tmp_path), "FAHUO_CLOCK": "http://127.0.0.1:1/_sandbox/clock"}))
    assert (said.value.problem.code, said.value.exit_code) == ("clock_unreachable", 3)
