"""Apps, consent, tokens: who may call on behalf of which seller. Time in here is the machine's.

One grant stands for "this seller authorised this app"; authorising again renews it. A token opens every shop of the
grant. Token endpoints answer with absolute expiry instants, as the platform does in spite of the name `…_expire_in`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from msgspec import Struct, field

from fahuo.sandbox.gateway_model import BAD_CODE, BAD_PARAMETER, SCOPES, TOKEN_EXPIRED, Barred
from fahuo.sandbox.model import Grant, Shop

CODE_LIFE: Final = 30 * 60
"""Of an authorisation code; another source says 10 minutes [C]."""
ACCESS_LIFE: Final = 7 * 86400
GRANT_LIFE: Final = 365 * 86400
"""Invented: the platform's follows what the seller chose, months to years."""
WARN_BEFORE: Final = 30 * 86400
UNAUTHORISED: Final = 401
PREFIXES: Final = ("TTP_", "ROW_")
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def is_redirect(url: str) -> bool:
    """Whether codes can be sent there."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


class App(Struct, kw_only=True):
    """An app of a developer. Its secret signs calls and webhooks; `redirect_url` gets the codes."""

    key: str
    secret: str
    service_id: str
    name: str
    redirect_url: str = ""
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))

    def __repr__(self) -> str:
        """Without the secret."""
        return f"App(key={self.key!r}, name={self.name!r})"


class Code(Struct, kw_only=True):
    """An authorisation code somebody may still use."""

    app_key: str
    seller: str
    shops: list[str]
    until: int


class Auth:
    """All apps, codes and grants of the sandbox. Random texts come from the seed."""

    def __init__(self, shops: Mapping[str, Shop], seed: int) -> None:
        self.shops = shops
        self.apps: dict[str, App] = {}
        self.codes: dict[str, Code] = {}
        self.grants: dict[tuple[str, str], Grant] = {}
        self.by_access: dict[str, Grant] = {}
        self.by_refresh: dict[str, Grant] = {}
        self.names: dict[str, str] = {}
        """Seller's open id → name, where somebody gave one."""
        self._random = Random(f"auth {seed}")  # noqa: S311 -- a repeatable run matters, these secrets guard nothing

    # Apps.

    def add_app(self, name: str, redirect_url: str = "", scopes: Iterable[str] = SCOPES) -> App:
        """A new app with key, secret and service id from the seed."""
        app = App(
            key=self._text(13).lower(),
            secret=self._random.randbytes(20).hex(),
            service_id=str(self._random.randrange(7 * 10**18, 8 * 10**18)),
            name=name,
            redirect_url=redirect_url,
            scopes=list(scopes),
        )
        self.apps[app.key] = app
        return app

    def app_of(self, service_id: str = "", app_key: str = "") -> App | None:
        """The app of a consent address, by either of its ids."""
        if app_key:
            return self.apps.get(app_key)
        return next((app for app in self.apps.values() if app.service_id == service_id), None)

    # Consent.

    def sellers(self) -> dict[str, list[Shop]]:
        """Shops by the account that owns them."""
        found: dict[str, list[Shop]] = {}
        for shop in self.shops.values():
            found.setdefault(shop.seller, []).append(shop)
        return found

    def new_code(self, app: App, seller: str, now: int, shops: Iterable[str] = ()) -> str:
        """A code as the consent page hands it out, for all shops of the seller unless some are named."""
        code = f"{_prefix(self._region(seller))}{self._text(60)}"
        wanted = list(shops) or [shop.id for shop in self.sellers().get(seller, [])]
        self.codes = {text: kept for text, kept in self.codes.items() if kept.until > now}
        self.codes[code] = Code(app_key=app.key, seller=seller, shops=wanted, until=now + CODE_LIFE)
        return code

    def redirect(self, app: App, state: str, code: str | None) -> str:
        """Where the seller's browser goes after consent; None means refused."""
        told = {"code": code, "state": state} if code else {"code": "null", "error": "auth_denied", "state": state}
        parts = urlsplit(app.redirect_url)
        query = "&".join(part for part in (parts.query, urlencode(told)) if part)
        return urlunsplit(parts._replace(query=query))

    # Tokens.

    def token_get(self, query: Mapping[str, str], now: int) -> dict[str, Any]:
        """Exchange a code, once. Raises Barred."""
        app = self._app(query)
        if query.get("grant_type") != "authorized_code":
            raise Barred(BAD_PARAMETER, "Invalid parameter: grant_type must be authorized_code")
        code = self.codes.get(query.get("auth_code", ""))
        if code is None or code.app_key != app.key or code.until <= now:
            raise Barred(BAD_CODE, "Authorization code is invalid", 200)
        del self.codes[query["auth_code"]]
        grant = self.grants.get((app.key, code.seller))
        if grant is None:
            grant = Grant(
                id=self._digits(),
                app_key=app.key,
                seller=code.seller,
                shops=[],
                access_token="",
                access_until=0,
                refresh_token="",
                refresh_until=0,
            )
            self.grants[app.key, code.seller] = grant
        grant.shops, grant.scopes, grant.withdrawn = list(code.shops), list(app.scopes), False
        grant.refresh_until = now + GRANT_LIFE
        self._issue(grant, now)
        return self._told(grant)

    def token_refresh(self, query: Mapping[str, str], now: int) -> dict[str, Any]:
        """A new pair; the old one stops at once. Raises Barred.

        `authorized_code` is taken as well: the official Node client sends it here [C].
        """
        app = self._app(query)
        if query.get("grant_type") not in ("refresh_token", "authorized_code"):
            raise Barred(BAD_PARAMETER, "Invalid parameter: grant_type must be refresh_token")
        grant = self.by_refresh.get(query.get("refresh_token", ""))
        if grant is None or grant.app_key != app.key or grant.withdrawn:
            raise Barred(BAD_CODE, "Refresh token is invalid", 200)
        if grant.refresh_until <= now:
            raise Barred(TOKEN_EXPIRED, "Refresh token is expired", 200)
        self._issue(grant, now)
        return self._told(grant)

    def opened_by(self, token: str, app: App, now: int) -> Grant:
        """The grant of an access token. Raises Barred."""
        if not token.startswith(PREFIXES) or not token.isascii():
            raise Barred(BAD_PARAMETER, "Invalid parameter: header x-tts-access-token is missing or malformed")
        grant = self.by_access.get(token)
        if grant is None or grant.app_key != app.key:
            raise Barred(TOKEN_EXPIRED, "Access token is invalid, please refresh it", UNAUTHORISED)
        if grant.withdrawn:
            raise Barred(TOKEN_EXPIRED, "Access token is invalid: the seller withdrew the authorization", UNAUTHORISED)
        if grant.access_until <= now:
            raise Barred(TOKEN_EXPIRED, "Access token is expired", UNAUTHORISED)
        return grant

    def expire(self, grant: Grant, now: int, *, refresh: bool = False) -> None:
        """Let the access token end now, and the refresh token too when asked."""
        grant.access_until = min(grant.access_until, now)
        if refresh:
            grant.refresh_until = min(grant.refresh_until, now)

    def withdraw(self, grant: Grant) -> None:
        """The seller takes the authorisation back: both tokens are dead."""
        grant.withdrawn = True

    def listeners(self, shop_id: str) -> list[App]:
        """The apps that may see this shop now."""
        return [self.apps[g.app_key] for g in self.grants.values() if not g.withdrawn and shop_id in g.shops]

    def _issue(self, grant: Grant, now: int) -> None:
        self.by_access.pop(grant.access_token, None)
        self.by_refresh.pop(grant.refresh_token, None)
        prefix = _prefix(self._region(grant.seller))
        grant.access_token, grant.refresh_token = f"{prefix}{self._text(66)}", f"{prefix}{self._text(60)}"
        grant.access_until = min(now + ACCESS_LIFE, grant.refresh_until)
        self.by_access[grant.access_token] = self.by_refresh[grant.refresh_token] = grant

    def _told(self, grant: Grant) -> dict[str, Any]:
        return {
            "access_token": grant.access_token,
            "access_token_expire_in": grant.access_until,
            "refresh_token": grant.refresh_token,
            "refresh_token_expire_in": grant.refresh_until,
            "open_id": grant.seller,
            "seller_name": self.name_of(grant.seller),
            "seller_base_region": self._region(grant.seller),
            "user_type": 0,
            "granted_scopes": list(grant.scopes),
        }

    def _app(self, query: Mapping[str, str]) -> App:
        app = self.apps.get(query.get("app_key", ""))
        if app is None:
            raise Barred(BAD_PARAMETER, "Invalid parameter: app_key is invalid")
        if not hmac.compare_digest(query.get("app_secret", "").encode(), app.secret.encode()):
            raise Barred(BAD_PARAMETER, "Invalid parameter: app_secret is invalid")
        return app

    def name_of(self, seller: str) -> str:
        """The seller's name."""
        shops = self.sellers().get(seller, [])
        return self.names.get(seller) or (shops[0].name if shops else seller)

    def _region(self, seller: str) -> str:
        shops = self.sellers().get(seller, [])
        if any(shop.cross_border for shop in shops):
            return "CN"
        return shops[0].region if shops else ""

    def _text(self, length: int) -> str:
        return "".join(self._random.choices(_ALPHABET, k=length))

    def _digits(self) -> str:
        return str(self._random.randrange(7 * 10**18, 8 * 10**18))


def _prefix(region: str) -> str:
    return "TTP_" if region == "US" else "ROW_"


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """The signature of a request (section 2.1): path as sent, decoded query values, raw body (b"" to leave it out)."""
    joined = "".join(
        f"{name}{query[name]}" for name in sorted(query, key=_bytes) if name not in ("sign", "access_token")
    )
    message = b"".join(
        (secret.encode(), path.encode(), joined.encode("utf-8", "surrogateescape"), body, secret.encode())
    )
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def sign_webhook(app_key: str, secret: str, body: bytes) -> str:
    """The `Authorization` header of a webhook, section 2.3."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
