"""Every reading statement about apps, grants and links. Secrets are opened only for those who make calls."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import and_, select

from fahuo.catalogue.tables import shops
from fahuo.connections.model import ACTIVE, App, Grant, Link, Standing, renewal_due_ms, state_of
from fahuo.connections.tables import apps as _apps
from fahuo.connections.tables import grants
from fahuo.connections.tables import links as _links
from fahuo.store.engine import Tx

_APP: Final = tuple(_apps.c[name] for name in App.__struct_fields__)
_JOINED: Final = (
    _links.join(grants, and_(grants.c.seller_id == _links.c.seller_id, grants.c.id == _links.c.grant_id))
    .join(_apps, and_(_apps.c.seller_id == _links.c.seller_id, _apps.c.id == _links.c.app_id))
    .join(shops, and_(shops.c.seller_id == _links.c.seller_id, shops.c.id == _links.c.shop_id))
)


def owner_of(kind: str, id_: int) -> str:
    """Whose secret is sealed: `secret` of an app, `access` and `refresh` of a grant."""
    return f"tiktok {kind}|{id_}"


def apps(tx: Tx) -> list[App]:
    """All apps of the seller, the oldest first."""
    rows = tx.rows(select(*_APP).where(_apps.c.seller_id == tx.seller_id).order_by(_apps.c.id))
    return [_app(tx, row) for row in rows]


def app_of_key(tx: Tx, app_key: str) -> App | None:
    """The app with that key."""
    rows = tx.rows(select(*_APP).where(_apps.c.seller_id == tx.seller_id, _apps.c.app_key == app_key))
    return _app(tx, rows[0]) if rows else None


def app_of(tx: Tx, app_id: int) -> App | None:
    """The app with that id of ours."""
    rows = tx.rows(select(*_APP).where(_apps.c.seller_id == tx.seller_id, _apps.c.id == app_id))
    return _app(tx, rows[0]) if rows else None


def _app(tx: Tx, row: Any) -> App:
    values = dict(zip(App.__struct_fields__, row, strict=True))
    values["secret"] = tx.keys.open(bytes(values["secret"]), owner_of("secret", values["id"]))
    return App(**values)


def links(tx: Tx, only_active: bool = False) -> list[Link]:
    """All links of the seller, ready to be called with, by shop name. `only_active`: those that may be called."""
    found = _read(tx)
    return [link for link in found if link.state == ACTIVE] if only_active else found


def link_of(tx: Tx, shop_id: int) -> Link | None:
    """The link of a shop of ours."""
    return next(iter(_read(tx, shop_id=shop_id)), None)


def link_of_platform(tx: Tx, platform_shop_id: str) -> Link | None:
    """The link to a shop of the platform."""
    return next(iter(_read(tx, platform_shop_id=platform_shop_id)), None)


_LINK: Final = ("shop_id", "platform_shop_id", "cipher", "region", "seller_type", "grant_id", "app_id")


def _read(tx: Tx, **wanted: Any) -> list[Link]:
    found = (
        select(
            *(_links.c[name] for name in _LINK),
            shops.c.name,
            grants.c.access_token,
            grants.c.access_until_ms,
            _links.c.state,
            grants.c.state,
        )
        .select_from(_JOINED)
        .where(_links.c.seller_id == tx.seller_id, *(_links.c[name] == value for name, value in wanted.items()))
        .order_by(shops.c.name)
    )
    rows = tx.rows(found)
    known = {app.id: app for app in apps(tx)} if rows else {}
    made = []
    for *named, shop, token, until, mine, granted in rows:
        values = dict(zip(_LINK, named, strict=True))
        made.append(
            Link(
                seller_id=tx.seller_id,
                app=known[values.pop("app_id")],
                shop=shop,
                access_token=tx.keys.open(bytes(token), owner_of("access", values["grant_id"])).decode(),
                access_until_ms=until,
                state=mine if mine != ACTIVE else granted,
                **values,
            )
        )
    return made


def connected(tx: Tx) -> frozenset[int]:
    """Our shops that are connected: link and grant active. Opens no secret."""
    rows = tx.rows(
        select(_links.c.shop_id)
        .select_from(_JOINED)
        .where(_links.c.seller_id == tx.seller_id, _links.c.state == ACTIVE, grants.c.state == ACTIVE)
    )
    return frozenset(row[0] for row in rows)


def linked(tx: Tx) -> dict[str, int]:
    """Platform shop id → our shop, of all links whatever their state."""
    rows = tx.rows(select(_links.c.platform_shop_id, _links.c.shop_id).where(_links.c.seller_id == tx.seller_id))
    return {row[0]: row[1] for row in rows}


def places(tx: Tx) -> list[tuple[str, str, int]]:
    """(app key, platform shop id, our shop) of all links whatever their state: whose notices are ours."""
    rows = tx.rows(
        select(_apps.c.app_key, _links.c.platform_shop_id, _links.c.shop_id)
        .select_from(_links)
        .join(_apps, and_(_apps.c.seller_id == _links.c.seller_id, _apps.c.id == _links.c.app_id))
        .where(_links.c.seller_id == tx.seller_id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def grant_of(tx: Tx, grant_id: int) -> Grant | None:
    """A grant with its secrets."""
    g = grants.c
    names = ("open_id", "seller_name", "access_until_ms", "refresh_until_ms", "access_since_ms", "state", "attempts")
    rows = tx.rows(
        select(g.app_id, g.access_token, g.refresh_token, g.retry_ms, *(g[name] for name in names)).where(
            g.seller_id == tx.seller_id, g.id == grant_id
        )
    )
    if not rows:
        return None
    app_id, access, refresh, retry_ms, *rest = rows[0]
    app = app_of(tx, app_id)
    if app is None:
        return None
    return Grant(
        id=grant_id,
        app=app,
        seller_id=tx.seller_id,
        access_token=tx.keys.open(bytes(access), owner_of("access", grant_id)).decode(),
        refresh_token=tx.keys.open(bytes(refresh), owner_of("refresh", grant_id)).decode(),
        retry_ms=retry_ms,
        **dict(zip(names, rest, strict=True)),
    )


def to_renew(tx: Tx, now_ms: int) -> list[int]:
    """Grants whose access token should be renewed now. Only those of a shop that is still connected."""
    g = grants.c
    rows = tx.rows(
        select(g.id, g.access_since_ms, g.access_until_ms)
        .where(g.seller_id == tx.seller_id, g.state == ACTIVE, g.retry_ms <= now_ms)
        .where(
            select(_links.c.shop_id)
            .where(_links.c.seller_id == g.seller_id, _links.c.grant_id == g.id, _links.c.state == ACTIVE)
            .exists()
        )
        .order_by(g.access_until_ms)
    )
    return [row[0] for row in rows if renewal_due_ms(row[1], row[2]) <= now_ms]


_PLAIN: Final = (
    *(
        "shop_id",
        "platform_shop_id",
        "platform_name",
        "region",
        "seller_type",
        "connected_ms",
        "warned_ms",
        "cursor_at",
    ),
    *("pulled_ms", "pull_problem", "reads_per_second", "writes_per_second", "throttled_ms", "skew_s", "hooks_problem"),
    *("hooks_ms", "grant_id", "stumble", "stumbled_ms"),
)


def standings(tx: Tx, now_ms: int, shop_id: int | None = None) -> list[Standing]:
    """Every link as people see it, by shop name; or that of one shop. Opens no secret."""
    g = grants.c
    wanted = (
        select(
            *(_links.c[name] for name in _PLAIN),
            *(shops.c.name, shops.c.market, _apps.c.app_key, _apps.c.webhook_url, g.seller_name, g.scopes),
            *(g.access_until_ms, g.refresh_until_ms, g.state, g.reason),
            *(_links.c.state, _links.c.reason, _links.c.hooks, _links.c.warehouses_problem, _links.c.lacking),
        )
        .select_from(_JOINED)
        .where(_links.c.seller_id == tx.seller_id)
        .order_by(shops.c.name)
    )
    if shop_id is not None:
        wanted = wanted.where(_links.c.shop_id == shop_id)
    return [_standing(row, now_ms) for row in tx.rows(wanted)]


def _standing(row: Any, now_ms: int) -> Standing:
    values = dict(zip(_PLAIN, row, strict=False))
    shop, market, app_key, url, seller, scopes, access, refresh, granted, why, *mine = row[len(_PLAIN) :]
    link_state, link_why, hooks, places, lacking = mine
    return Standing(
        shop=shop,
        market=market,
        app_key=app_key,
        webhook_url=url,
        seller_name=seller,
        scopes=tuple(msgspec.json.decode(scopes)),
        access_until_ms=access,
        refresh_until_ms=refresh,
        state=state_of(granted, link_state, refresh, now_ms, failing=bool(why), lacking=lacking != "{}"),
        lacking=msgspec.json.decode(lacking),
        reason=link_why or why,
        hooks=msgspec.json.decode(hooks),
        warehouses_problem=tuple(msgspec.json.decode(places)),
        **values,
    )


def lacking(tx: Tx) -> dict[int, dict[str, str]]:
    """Our shop → the parts of the API the app has no permission for (→ the platform's words), where there are any."""
    mine = select(_links.c.shop_id, _links.c.lacking)
    rows = tx.rows(mine.where(_links.c.seller_id == tx.seller_id, _links.c.lacking != "{}"))
    return {row[0]: msgspec.json.decode(row[1]) for row in rows}


def looks_due(tx: Tx, before_ms: int) -> list[int]:
    """Connected shops that were last looked at (addresses of notices, warehouses) before then."""
    rows = tx.rows(
        select(_links.c.shop_id)
        .select_from(_JOINED)
        .where(_links.c.seller_id == tx.seller_id, _links.c.state == ACTIVE, grants.c.state == ACTIVE)
        .where(_links.c.hooks_ms.is_(None) | (_links.c.hooks_ms < before_ms))
        .order_by(_links.c.shop_id)
    )
    return [row[0] for row in rows]


def regions(tx: Tx) -> dict[int, tuple[str, str]]:
    """Shop → (region, seller type) of the shops that may be called. No secret is opened."""
    found = select(_links.c.shop_id, _links.c.region, _links.c.seller_type).select_from(_JOINED)
    found = found.where(_links.c.seller_id == tx.seller_id, _links.c.state == ACTIVE, grants.c.state == ACTIVE)
    return {row[0]: (row[1], row[2]) for row in tx.rows(found)}
