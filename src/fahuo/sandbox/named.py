"""Shops, orders and apps as control shows them, and as a request names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fahuo.kernel.instant import iso
from fahuo.sandbox.auth import App
from fahuo.sandbox.desk import PREFIX, Data
from fahuo.sandbox.model import Grant, Order, Shop
from fahuo.sandbox.wrong import Wrong, text

if TYPE_CHECKING:
    from fahuo.sandbox.serve import Sandbox


def shown_shop(sandbox: Sandbox, shop: Shop) -> Data:
    """A shop for JSON."""
    return {
        "id": shop.id,
        "name": shop.name,
        "market": shop.region,
        "seller_type": shop.seller_type,
        "cipher": shop.cipher,
        "code": shop.code,
        "seller": shop.seller,
        "language": shop.language,
        "collect": shop.collect,
        "warehouses": [warehouse.id for warehouse in shop.warehouses],
        "apps": [app.key for app in sandbox.auth.listeners(shop.id)],
    }


def shown_app(app: App) -> Data:
    """An app for JSON, with its secret."""
    return {
        "app_key": app.key,
        "app_secret": app.secret,
        "service_id": app.service_id,
        "name": app.name,
        "redirect_url": app.redirect_url,
        "scopes": app.scopes,
    }


def shown_grant(sandbox: Sandbox, grant: Grant) -> Data:
    """A grant for JSON, without its tokens."""
    return {
        "id": grant.id,
        "app_key": grant.app_key,
        "seller": grant.seller,
        "seller_name": sandbox.auth.name_of(grant.seller),
        "shops": grant.shops,
        "scopes": grant.scopes,
        "access_until": iso(grant.access_until),
        "refresh_until": iso(grant.refresh_until),
        "withdrawn": grant.withdrawn,
    }


def the_shop(sandbox: Sandbox, name: str) -> Shop:
    """By id, code, cipher or name; by market where it has only one. Raises Wrong."""
    known = sandbox.world.shops
    if name in known:
        return known[name]
    found = [s for s in known.values() if name in (s.code, s.cipher, s.name)] or [
        s for s in known.values() if s.region == name.upper()
    ]
    if len(found) != 1:
        why = f"There is no shop {name!r}." if not found else f"{name!r} has several shops."
        raise Wrong("shop", why, f"Name one by id: {', '.join(s.id for s in found or known.values())}.", 404)
    return found[0]


def shop_or_market(sandbox: Sandbox, body: Data) -> Shop:
    """The shop a body names as `shop` or `market`. Raises Wrong."""
    named = [name for name in ("shop", "market") if name in body]
    if len(named) > 1:
        raise Wrong("market", "shop and market exclude each other.", "Send one of them.")
    if not named:
        if len(sandbox.world.shops) == 1:
            return next(iter(sandbox.world.shops.values()))
        raise Wrong("shop", "Which shop?", 'Send {"shop": id} or {"market": "VN"}.')
    return the_shop(sandbox, text(body, named[0]))


def the_order(sandbox: Sandbox, order_id: str) -> Order:
    """By id. Raises Wrong."""
    order = sandbox.world.orders.get(order_id)
    if order is None:
        raise Wrong("order", f"There is no order {order_id!r}.", f"GET {PREFIX}orders lists them.", 404, "not_found")
    return order


def the_app(sandbox: Sandbox, key: str) -> App:
    """By its key. Raises Wrong."""
    app = sandbox.auth.apps.get(key)
    if app is None:
        raise Wrong("app", f"There is no app {key!r}.", f"GET {PREFIX}apps lists them.", 404, "not_found")
    return app
