"""What people with bad intentions send: values no column holds, uploads without a log-in, the names they try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI

from fahuo.access.model import OWNER
from fahuo.flow import access
from fahuo.flow.house import House
from fahuo.kernel.clock import FixedClock
from fahuo.store.engine import Store
from fahuo.web.app import create_app
from tests.support.house import NOW, OWNER_PASSWORD
from tests.support.serving import serving
from tests.web.conftest import Visitor

HUGE = "9" * 23


@pytest.fixture
def empty(store: Store) -> Iterator[str]:
    """The address of a house with nothing in it but the owner, on each of the two databases."""
    house = House(store, FixedClock(NOW))
    access.add_user(house, "mei", OWNER, OWNER_PASSWORD, "test")
    app = create_app(house)
    with serving(app) as address:
        yield address
    app.state.watch.close()


def test_values_that_no_column_holds_are_refused(empty: str) -> None:
    owner = Visitor(empty).log_in("mei", OWNER_PASSWORD)
    for path in (f"/orders/{HUGE}", f"/orders/{HUGE}/recipient", f"/waves?before={HUGE}", "/orders?shop=" + HUGE,
                 "/orders?state=%00", "/orders?q=%00", "/orders?hold=%00", f"/talks/{HUGE}", f"/orders/{HUGE}/talks",
                 f"/aftersales?shop={HUGE}&before={HUGE}&kind={HUGE}",
                 f"/effects?shop={HUGE}&before={HUGE}&state={HUGE}"):  # fmt: skip
        assert owner.client.get(path).status_code < 500, path
    for path, form in (
        ("/waves/print", {"wave": HUGE, "what": "labels.pdf"}),
        ("/orders/batch", {"action": "release", "ids": HUGE}),
        (f"/effects/{HUGE}/retry", {"order": HUGE}),
        ("/pack", {"code": "\0"}),
        ("/login", {"name": "\0", "password": "\0"}),
    ):
        answer = owner.client.post(path, data={"csrf": owner.csrf, **form})
        assert answer.status_code < 500, path
    assert "cannot be used" in owner.client.get(f"/orders/{HUGE}").text
    owner.client.close()


def test_no_nul_gets_into_the_database(store: Store, empty: str) -> None:
    owner = Visitor(empty).log_in("mei", OWNER_PASSWORD)
    program = {"content-type": "application/json"}
    answers = [
        owner.client.post("/login", data={"name": "a\0b", "password": "x"}),
        owner.client.post(
            "/login", content=b"name=a\0b", headers={"content-type": "application/x-www-form-urlencoded"}
        ),
        owner.client.post("/users/add", data={"csrf": owner.csrf, "name": "a\0b", "role": "owner"}),
        owner.client.post("/orders/1/hold", files={"csrf": (None, owner.csrf), "note": (None, "a\0b")}),
        owner.client.post("/api/v1/orders/1/hold", content=b'{"note":"\\u0000"}', headers=program),
        owner.client.get("/orders", params={"q": "a\0b"}),
        owner.client.get("/orders/a%00b"),
    ]
    assert {answer.status_code for answer in answers} == {400}
    with store.read() as tx:
        assert "\0" not in str(tx.rows("SELECT subject, data FROM access_log"))
    owner.client.close()


def test_programs_are_told_so_too(house: House, address: str) -> None:
    _, token = access.add_token(house, "probe", ["orders.view", "orders.handle", "floor.pack"], (), None, "test")
    with httpx.Client(base_url=f"{address}/api/v1", headers={"authorization": f"Bearer {token}"}) as program:
        for answer in (
            program.get(f"/orders/{HUGE}"),
            program.get(f"/waves?cursor={HUGE}"),
            program.post(f"/parcels/{HUGE}/scan", json={"code": "x"}),
        ):
            assert 400 <= answer.status_code < 500
            assert answer.headers["content-type"] == "application/problem+json"


def test_an_upload_without_a_log_in_is_not_even_read(app: FastAPI) -> None:
    asked: list[int] = []
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        asked.append(1)
        return {"type": "http.request", "body": b"x" * 1024, "more_body": len(asked) < 50}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/import", "raw_path": b"/import", "query_string": b"",
             "root_path": "", "scheme": "http", "http_version": "1.1", "server": ("127.0.0.1", 80),
             "client": ("127.0.0.1", 1), "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
    }  # fmt: skip
    anyio.run(app, scope, receive, send)
    assert sent[0]["status"] == 401
    assert asked == []
