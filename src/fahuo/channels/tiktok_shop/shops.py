"""Calls about the connection itself: tokens, the shops a token opens, their warehouses, the addresses for notices."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

import msgspec

from fahuo.channels.tiktok_shop.client import Client, Lost
from fahuo.connections.model import App, Link, Tokens
from fahuo.kernel.clock import technical_ms

CODE_GRANT, REFRESH_GRANT = "authorized_code", "refresh_token"
SELLER_TYPES: Final = {"LOCAL": "local", "CROSS_BORDER": "cross_border"}
EVENTS: Final = (
    "ORDER_STATUS_CHANGE",
    "RECIPIENT_ADDRESS_UPDATE",
    "PACKAGE_UPDATE",
    "CANCELLATION_STATUS_CHANGE",
    "RETURN_STATUS_CHANGE",
    "SELLER_DEAUTHORIZATION",
    "UPCOMING_AUTHORIZATION_EXPIRATION",
    "NEW_CONVERSATION",
    "NEW_MESSAGE",
    "PRODUCT_STATUS_CHANGE",
    "PRODUCT_INFORMATION_CHANGE",
    "PRODUCT_AUDIT_STATUS_CHANGE",
)
"""Kinds of notices asked for: those somebody here acts on, all of them names the platform takes [A]."""
ACCESS_S, REFRESH_S = 7 * 86_400, 30 * 86_400
"""Seconds that tokens are taken to live when the platform does not say: its default [A], and a cautious guess."""
ADDRESS_MAX: Final = 255
DENIED: Final = "auth_denied"
_T = TypeVar("_T")


class PlatformShop(msgspec.Struct, frozen=True, kw_only=True):
    """A shop that a token opens. `seller_type` as the platform writes it."""

    id: str
    name: str = ""
    region: str = ""
    seller_type: str = ""
    cipher: str = ""
    code: str = ""


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """An address as the platform has it; `distict` is its own spelling."""

    region: str = ""
    region_code: str = ""
    state: str = ""
    city: str = ""
    distict: str = ""
    town: str = ""
    postal_code: str = ""
    full_address: str = ""
    address_line1: str = ""
    address_line2: str = ""
    address_line3: str = ""
    address_line4: str = ""
    contact_person: str = ""
    phone_number: str = ""

    @property
    def street(self) -> str:
        """The lines in one, else the whole address."""
        lines = (self.address_line1, self.address_line2, self.address_line3, self.address_line4)
        return ", ".join(line for line in lines if line) or self.full_address


class PlatformWarehouse(msgspec.Struct, frozen=True, kw_only=True):
    """A warehouse of a shop on the platform."""

    id: str
    name: str = ""
    type: str = "SALES_WAREHOUSE"
    sub_type: str = ""
    effect_status: str = "ENABLED"
    is_default: bool = False
    address: _Place = _Place()


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """All but the tokens may be missing or null: a pair that came must be kept, the old one is dead by now."""

    access_token: str | None = None
    access_token_expire_in: int | None = None
    refresh_token: str | None = None
    refresh_token_expire_in: int | None = None
    open_id: str | None = None
    seller_name: str | None = None
    seller_base_region: str | None = None
    user_type: int | None = None
    granted_scopes: tuple[str, ...] | None = None


class _Shops(msgspec.Struct):
    shops: list[PlatformShop] | None = None


class _Warehouses(msgspec.Struct):
    warehouses: list[PlatformWarehouse] | None = None


class _Hook(msgspec.Struct):
    event_type: str = ""
    address: str = ""


class _Hooks(msgspec.Struct):
    webhooks: list[_Hook] | None = None


def consent_address(app: App, state: str) -> str:
    """Where the seller gives consent: the present form by the app's service id, else the older one by its key."""
    if not app.service_id:
        return f"{app.auth_url}/oauth/authorize?app_key={quote(app.app_key, safe='')}&state={quote(state, safe='')}"
    return f"{app.consent_url}?service_id={quote(app.service_id, safe='')}&state={quote(state, safe='')}"


def returned(url: str) -> tuple[str, str, str]:
    """(code, state, error) in the address the platform sent the seller back to; empty what it does not have."""
    query = parse_qs(urlsplit(url.strip()).query)
    code, state, error = (query.get(name, [""])[0] for name in ("code", "state", "error"))
    return ("" if code == "null" else code, state, error or (DENIED if code == "null" else ""))


def tokens_for_code(client: Client, app: App, code: str) -> Tokens:
    """Exchange a code, which works once. Raises Refused, Unreached, Lost."""
    tokens = _tokens(client, app, "/api/v2/token/get", {"auth_code": code, "grant_type": CODE_GRANT})
    if not tokens.open_id:
        raise Lost("the answer does not say who consented")
    return tokens


def renewed_tokens(client: Client, app: App, refresh_token: str) -> Tokens:
    """A new pair; the old one is to be taken as dead. Raises Refused, Unreached, Lost (it may have been rotated)."""
    return _tokens(client, app, "/api/v2/token/refresh", {"refresh_token": refresh_token, "grant_type": REFRESH_GRANT})


def _tokens(client: Client, app: App, path: str, more: Mapping[str, str]) -> Tokens:
    reply = client.ask(app, path, {"app_key": app.app_key, "app_secret": app.secret.decode(), **more})
    told = _read(reply.raw, _Told, reply.request_id)
    if not told.access_token or not told.refresh_token:
        raise Lost("the answer holds no tokens", reply.request_id)
    now_s = technical_ms() // 1000
    return Tokens(
        access_token=told.access_token,
        # Absolute epoch seconds in spite of the name [A].
        access_until_ms=(told.access_token_expire_in or now_s + ACCESS_S) * 1000,
        refresh_token=told.refresh_token,
        refresh_until_ms=(told.refresh_token_expire_in or now_s + REFRESH_S) * 1000,
        open_id=told.open_id or "",
        seller_name=told.seller_name or "",
        base_region=told.seller_base_region or "",
        user_type=told.user_type or 0,
        scopes=told.granted_scopes or (),
    )


def authorised_shops(client: Client, link: Link) -> list[PlatformShop]:
    """The shops the link's token opens."""
    reply = client.get(link, "/authorization/202309/shops")
    return _read(reply.raw, _Shops, reply.request_id).shops or []


def deauthorise(client: Client, link: Link) -> None:
    """Give the seller's consent back: every shop of the grant."""
    client.delete(link, "/authorization/202403/shops", read=True)


def warehouses(client: Client, link: Link) -> list[PlatformWarehouse]:
    """The warehouses of the link's shop that parcels leave from."""
    reply = client.get(link, "/logistics/202309/warehouses")
    found = _read(reply.raw, _Warehouses, reply.request_id).warehouses or []
    return [one for one in found if one.type != "RETURN_WAREHOUSE" and one.effect_status != "DISABLED"]


def hooks(client: Client, link: Link) -> dict[str, str]:
    """Kind of notice → the address it is sent to, as the platform has it."""
    reply = client.get(link, "/event/202309/webhooks")
    return {one.event_type: one.address for one in _read(reply.raw, _Hooks, reply.request_id).webhooks or ()}


def set_hook(client: Client, link: Link, event: str, url: str) -> None:
    """Have a kind of notice sent to an address. The same again changes nothing."""
    client.put(link, "/event/202309/webhooks", body={"address": url, "event_type": event}, read=True)


def address_fault(url: str, api_url: str) -> str | None:
    """Why the platform will not send notices to an address: `scheme`, `host`, `port` or `length`; None when it will.

    HTTPS with a domain name, no IP, no port, at most 255 characters [A]. A sandbox on this machine takes any.
    """
    if urlsplit(api_url).hostname in ("127.0.0.1", "localhost", "::1"):
        return None
    parts = urlsplit(url)
    if len(url) > ADDRESS_MAX:
        return "length"
    if parts.scheme != "https":
        return "scheme"
    if parts.port is not None:
        return "port"
    return "host" if _no_domain(parts.hostname or "") else None


def _no_domain(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True


def _read(raw: bytes, kind: type[_T], request_id: str) -> _T:
    try:
        return msgspec.json.decode(raw or b"{}", type=kind, strict=False)
    except msgspec.MsgspecError as error:
        # The decoder's words name the field, never its value.
        raise Lost(f"the answer is not as described: {error}", request_id) from None
