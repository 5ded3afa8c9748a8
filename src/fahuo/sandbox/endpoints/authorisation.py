"""Shops of a token, the seller's permissions, and the way out of an authorisation (reference 1.4, A.1)."""

from __future__ import annotations

from typing import Any

from fahuo.sandbox.auth import Auth
from fahuo.sandbox.gateway_model import AUTHORISATION, SHOP, Call, Route
from fahuo.sandbox.hooks import Hooks, withdrawn_notice
from fahuo.sandbox.model import Grant

Data = dict[str, Any]


def routes(auth: Auth, hooks: Hooks) -> list[Route]:
    """The table, bound to the sandbox's apps and webhooks."""

    def deauthorise(call: Call) -> Data:
        withdraw(auth, hooks, call.grant, [call.shop.id] if call.shop else None)
        return {}

    return [
        Route("GET", "/authorization/202309/shops", AUTHORISATION, "forbidden", shops),
        Route("DELETE", "/authorization/202403/shops", AUTHORISATION, "optional", deauthorise),
        Route("GET", "/seller/202309/shops", SHOP, "forbidden", active_shops),
        Route("GET", "/seller/202309/permissions", SHOP, "forbidden", permissions),
    ]


def shops(call: Call) -> Data:
    """The shops the token opens, with their ciphers."""
    found = [call.world.shops[shop_id] for shop_id in call.grant.shops]
    return {
        "shops": [
            {
                "id": shop.id,
                "name": shop.name,
                "region": shop.region,
                "seller_type": shop.seller_type,
                "cipher": shop.cipher,
                "code": shop.code,
            }
            for shop in found
        ]
    }


def active_shops(call: Call) -> Data:
    """Id and region of each shop."""
    return {"shops": [{"id": shop_id, "region": call.world.shops[shop_id].region} for shop_id in call.grant.shops]}


def permissions(call: Call) -> Data:
    """What cross-border sellers may do across shops."""
    across = any(call.world.shops[shop_id].cross_border for shop_id in call.grant.shops)
    return {"permissions": ["MANAGE_GLOBAL_PRODUCT"] if across else []}


def withdraw(auth: Auth, hooks: Hooks, grant: Grant, only: list[str] | None = None) -> None:
    """Close shops to an app, all unless some are named, and tell it by webhook 6. The last one ends the tokens."""
    app = auth.apps[grant.app_key]
    closed = [shop_id for shop_id in grant.shops if only is None or shop_id in only]
    type_, data = withdrawn_notice(grant.seller)
    for shop_id in closed:
        hooks.tell_app(app, shop_id, type_, data, hooks.world.now())
    left = [shop_id for shop_id in grant.shops if shop_id not in closed]
    if left:
        grant.shops = left
    else:
        auth.withdraw(grant)
