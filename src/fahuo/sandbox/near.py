"""Who may touch the sandbox's control: this machine, or whoever has the token; never another site's page."""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from fahuo.sandbox.gateway import Scope

COOKIE: Final = "sandbox_control"


def header(scope: Scope, name: bytes) -> str:
    """A header's value, '' when absent."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def allowed(scope: Scope, token: str) -> bool:
    """Whether this caller may use control and pages."""
    if token and has_token(scope, token):
        return True
    client = scope.get("client")
    return client is not None and _loopback(client[0]) and _own_name(header(scope, b"host"))


def has_token(scope: Scope, token: str) -> bool:
    """Whether the control token came along: Authorization: Bearer, or the pages' cookie."""
    kind, _, given = header(scope, b"authorization").partition(" ")
    if kind.lower() != "bearer":
        try:
            morsel = SimpleCookie(header(scope, b"cookie")).get(COOKIE)
        except CookieError:
            return False
        given = unquote(morsel.value) if morsel else ""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def same_origin(scope: Scope) -> bool:
    """A browser says where a form comes from; a program says nothing, and may."""
    origin = header(scope, b"origin")
    if not origin:
        return header(scope, b"sec-fetch-site") in ("", "same-origin", "none")
    return origin != "null" and urlsplit(origin).netloc == header(scope, b"host")


def _loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _own_name(host: str) -> bool:
    """Not a name of the wide net: such a name may be made to point at this machine by a hostile page."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(".localhost")
    return True
