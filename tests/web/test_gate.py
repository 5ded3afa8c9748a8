"""Every route there is: nobody gets in without logging in, and the packer only where the bench needs it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from fahuo.access.model import PACKER
from fahuo.access.rules import PERMISSIONS
from fahuo.web.gate import logged_in
from tests.web.conftest import Visitor

PUBLIC = {("GET", "/login"), ("POST", "/login"), ("GET", "/lang/{code}"), ("GET", "/healthz"),
          ("GET", "/favicon.ico"), ("GET", "/api/v1/openapi.json")}  # fmt: skip
ANYBODY = {("GET", "/"), ("GET", "/changed"), ("POST", "/logout")}
"""For whoever is logged in."""


def routes(app: FastAPI) -> list[tuple[str, APIRoute]]:
    """(whole path, route) of everything the app answers, however deep its routers are nested."""
    found: list[tuple[str, APIRoute]] = []

    def walk(several: list[BaseRoute], prefix: str) -> None:
        for route in several:
            if isinstance(route, APIRoute):
                found.append((prefix + route.path, route))
            elif isinstance(route, Mount):
                assert route.path == "/static", f"an unknown mount: {route.path}"
            else:
                inner: Any = route  # a router that was included
                walk(inner.original_router.routes, prefix + inner.include_context.prefix)

    walk(list(app.router.routes), "")
    return found


def gates(route: APIRoute) -> Iterator[Any]:
    def walk(dependant: Any) -> Iterator[Any]:
        for one in dependant.dependencies:
            yield one.call
            yield from walk(one)

    return walk(route.dependant)


def each(app: FastAPI) -> list[tuple[str, str, str | None]]:
    """(method, path, action it asks for, '' for anybody logged in, None for public)."""
    found = []
    for path, route in routes(app):
        calls = list(gates(route))
        actions = {call.action for call in calls if hasattr(call, "action")}
        assert len(actions) <= 1
        action = actions.pop() if actions else ("" if logged_in in calls else None)
        found += [(method, path, action) for method in sorted(route.methods or set())]
    return found


def filled(path: str) -> str:
    """The path with something in each of its places: numbers but for two."""
    for name, value in (("{paper}", "labels.pdf"), ("{code}", "x")):
        path = path.replace(name, value)
    return re.sub(r"\{\w+\}", "1", path)


def test_every_route_has_a_gate(app: FastAPI) -> None:
    found = each(app)
    assert len(found) > 45
    assert {(method, path) for method, path, action in found if action is None} == PUBLIC
    assert {(method, path) for method, path, action in found if action == ""} == ANYBODY


def test_nobody_gets_past_any_gate(app: FastAPI, nobody: Visitor) -> None:
    for method, path, action in each(app):
        if action is None:
            continue
        answer = nobody.client.request(method, filled(path), data={"csrf": "0" * 64} if method == "POST" else None)
        if path.startswith("/api/"):
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"
        elif method == "GET":
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login"), path
        else:
            assert answer.status_code == 401, path


def test_the_packer_is_refused_wherever_the_role_grants_nothing(app: FastAPI, packer: Visitor) -> None:
    granted = PERMISSIONS[PACKER]
    refused = 0
    for method, path, action in each(app):
        if not action or path.startswith("/api/"):
            continue
        answer = packer.client.request(method, filled(path), data={"csrf": packer.csrf} if method == "POST" else None)
        if action in granted:
            assert answer.status_code != 403, (method, path)
        elif method == "GET":
            assert answer.status_code == 403, (method, path)
            refused += 1
        else:
            assert answer.status_code == 403, (method, path)
            refused += 1
    assert refused > 12


def test_a_session_is_no_api_token(owner: Visitor) -> None:
    assert owner.client.get("/api/v1/orders").status_code == 401


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_forms_from_elsewhere_are_refused(owner: Visitor, headers: dict[str, str]) -> None:
    form = {"csrf": owner.csrf, "name": "eve", "role": "owner"}
    assert owner.client.post("/users/add", data=form, headers=headers).status_code == 403
    assert owner.client.post("/users/add", data=form | {"csrf": "0" * 64}).status_code == 403
    assert owner.client.post("/users/add", data={"name": "eve", "role": "owner"}).status_code == 403
    assert "eve" not in owner.get("/users")


def test_the_csrf_token_of_another_session_does_not_help(owner: Visitor, packer: Visitor) -> None:
    owner.csrf = packer.csrf
    owner.post("/users/add", 403, name="eve", role="owner")


def test_security_headers_are_on_every_answer(owner: Visitor, nobody: Visitor) -> None:
    for answer in (owner.client.get("/tower"), nobody.client.get("/tower"), nobody.client.get("/nowhere"),
                   nobody.client.get("/api/v1/orders"), owner.client.get("/static/fahuo.css")):  # fmt: skip
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
    assert owner.client.get("/tower").headers["cache-control"] == "no-store"


def test_a_browser_finds_the_icon_of_what_is_no_page(nobody: Visitor) -> None:
    answer = nobody.client.get("/favicon.ico", follow_redirects=True)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


def test_pages_hold_no_inline_script_or_style(owner: Visitor) -> None:
    for path in ("/tower", "/orders", "/aftersales", "/talks", "/effects", "/waves", "/pack", "/shops", "/users"):
        text = owner.get(path)
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick=" not in text
        assert text.count("<script") == text.count("<script src=")


def test_wrong_passwords_get_one_answer_and_are_slowed(nobody: Visitor) -> None:
    texts = set()
    for name in ("mei", "nobody-of-that-name"):
        answer = nobody.client.post("/login", data={"name": name, "password": "wrong wrong"})
        assert answer.status_code == 401
        texts.add(answer.text.replace(name, ""))
    assert len(texts) == 1
    codes = [nobody.client.post("/login", data={"name": "mei", "password": "no"}).status_code for _ in range(8)]
    assert codes[-1] == 429


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
def test_logging_in_leads_only_to_our_own_pages(nobody: Visitor, wanted: str) -> None:
    from tests.support.house import OWNER_PASSWORD  # noqa: PLC0415 -- only here

    answer = nobody.client.post("/login", data={"name": "mei", "password": OWNER_PASSWORD, "next": wanted})
    assert answer.headers["location"] == "/"
    assert nobody.client.get("/lang/zh", params={"next": wanted}).headers["location"] == "/"


def test_logging_out_ends_the_session(owner: Visitor) -> None:
    cookie = owner.client.cookies["fahuo_session"]
    owner.post("/logout")
    owner.client.cookies.set("fahuo_session", cookie)
    assert owner.client.get("/tower").status_code == 303


def test_the_session_cookie_is_out_of_reach_for_scripts(nobody: Visitor) -> None:
    from tests.support.house import OWNER_PASSWORD  # noqa: PLC0415 -- only here

    answer = nobody.client.post("/login", data={"name": "mei", "password": OWNER_PASSWORD})
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]


def test_what_is_too_large_is_refused_while_it_streams(owner: Visitor) -> None:
    assert owner.client.post("/pack", content=b"x" * (2 << 20), headers={"x-csrf-token": owner.csrf,
        "content-type": "application/x-www-form-urlencoded"}).status_code == 413  # fmt: skip
