"""Apps, grants and links as everybody else sees them, and the state a shop's connection is in.

An **app** is registered with the platform and has a secret. A **grant** is one seller's consent to one app: a pair of
tokens that is renewed, and may cover several shops. A **link** ties one shop of ours to one shop of the platform under
one grant. All times here are technical (epoch milliseconds): no simulated clock moves a token's life.
"""

from __future__ import annotations

from typing import Final

import msgspec

API_URL: Final = "https://open-api.tiktokglobalshop.com"
AUTH_URL: Final = "https://auth.tiktok-shops.com"
CONSENT_URL: Final = "https://services.tiktokshop.com/open/authorize"
CONSENT_URL_US: Final = "https://services.us.tiktokshop.com/open/authorize"
"""Hosts of the platform [A]; an app registered for the US asks for consent elsewhere than all others."""

ACTIVE, EXPIRING, LIMITED = "active", "expiring", "limited"
EXPIRED, WITHDRAWN, REFUSED = "expired", "withdrawn", "refused"
STATES: Final = (ACTIVE, EXPIRING, LIMITED, EXPIRED, WITHDRAWN, REFUSED)
OPEN: Final = (ACTIVE, EXPIRING, LIMITED)
"""States in which the platform is called; `expiring` and `limited` (the app lacks a permission) are computed.

The others stop every call until a person connects the shop again."""

READS_PER_SECOND, WRITES_PER_SECOND = 5.0, 2.0
"""Where the adaptive budget of an app and shop starts [C: reads 3-10/s, writes 1-3/s are safe]."""

HOUR_MS: Final = 3_600_000
SOON_MS: Final = 30 * 86_400_000
"""An authorisation that ends within 30 days is `expiring`: the platform begins to warn then, too."""


class App(msgspec.Struct, frozen=True, kw_only=True):
    """An app of the seller. `secret` signs every call and proves every notice: it is never shown."""

    id: int
    app_key: str
    secret: bytes
    service_id: str = ""
    api_url: str = API_URL
    auth_url: str = AUTH_URL
    consent_url: str = CONSENT_URL
    webhook_url: str = ""
    """Public address of this installation that the platform sends notices to; empty: none are asked for."""
    reads_per_second: float = READS_PER_SECOND
    writes_per_second: float = WRITES_PER_SECOND

    def __repr__(self) -> str:
        return f"App({self.app_key!r})"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A shop of ours on the platform, with what a call needs. `access_token` is never shown."""

    shop_id: int
    shop: str
    platform_shop_id: str
    cipher: str
    region: str
    seller_type: str
    """`local` or `cross_border`: our words."""
    app: App
    grant_id: int
    access_token: str
    access_until_ms: int = 0
    state: str = ACTIVE
    """active, expired, withdrawn or refused."""
    seller_id: int = 1

    def __repr__(self) -> str:
        return f"Link(shop={self.shop!r}, platform_shop_id={self.platform_shop_id!r}, state={self.state!r})"


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform answers to a code or to a refresh token. Never shown, never logged."""

    access_token: str
    access_until_ms: int
    refresh_token: str
    refresh_until_ms: int
    open_id: str = ""
    seller_name: str = ""
    base_region: str = ""
    user_type: int = 0
    scopes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Tokens(open_id={self.open_id!r})"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One consent, with its secrets, for whoever renews it."""

    id: int
    app: App
    open_id: str
    seller_name: str
    access_token: str
    refresh_token: str
    access_until_ms: int
    refresh_until_ms: int
    access_since_ms: int
    state: str
    attempts: int = 0
    """Renewals begun since the last that worked and not known to have failed; the present one counts."""
    retry_ms: int = 0
    seller_id: int = 1

    def __repr__(self) -> str:
        return f"Grant({self.id}, {self.seller_name!r}, {self.state!r})"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What working with a link has shown: its present budget, when it was last told to slow down, the clocks' skew."""

    reads_per_second: float
    writes_per_second: float
    throttled_ms: int | None = None
    skew_s: int = 0
    """Their clock minus ours, in seconds, when so much that calls must be corrected; else 0."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A link as people see it: everything but the secrets. Times are epoch milliseconds."""

    shop_id: int
    shop: str
    market: str
    platform_shop_id: str
    platform_name: str
    region: str
    seller_type: str
    app_key: str
    seller_name: str
    state: str
    reason: str
    connected_ms: int
    access_until_ms: int
    refresh_until_ms: int
    scopes: tuple[str, ...]
    warned_ms: int | None
    cursor_at: int | None
    """Epoch seconds of the platform: orders changed before are all here."""
    pulled_ms: int | None
    pull_problem: str
    """Why the last pull did not come to its end: a problem as JSON, or empty."""
    stumble: str
    """The last trouble of any pull, got over since or not: a problem as JSON, or empty."""
    stumbled_ms: int | None
    lacking: dict[str, str]
    """Part of the API → the platform's words, where it said that the app has no permission."""
    reads_per_second: float | None
    writes_per_second: float | None
    throttled_ms: int | None
    skew_s: int
    hooks: dict[str, str]
    hooks_problem: str
    hooks_ms: int | None
    webhook_url: str
    warehouses_problem: tuple[str, ...]
    grant_id: int


def renewal_due_ms(since_ms: int, until_ms: int) -> int:
    """When a token is renewed: with a fifth of its life left, or an hour, whichever comes first in time.

    Never before half of its life: a token that lives for less than two hours would be renewed without end.
    """
    life = max(until_ms - since_ms, 0)
    return until_ms - min(max(life // 5, HOUR_MS), life // 2)


def state_of(
    grant: str, link: str, refresh_until_ms: int, now_ms: int, *, failing: bool = False, lacking: bool = False
) -> str:
    """The state a person sees: the worse of grant and link; active but about to end is `expiring`.

    `failing`: the last renewal did not work, so the access token will run out. `lacking`: a permission is missing.
    """
    if link != ACTIVE:
        return link
    if grant != ACTIVE:
        return grant
    if refresh_until_ms <= now_ms:
        return EXPIRED
    if lacking:
        return LIMITED
    return EXPIRING if failing or refresh_until_ms - now_ms < SOON_MS else ACTIVE
