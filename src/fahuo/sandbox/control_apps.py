"""Control's part about apps and what sellers granted them."""

from __future__ import annotations

from typing import Final

from fahuo.sandbox.auth import is_redirect
from fahuo.sandbox.desk import PREFIX, Ask, Data, on
from fahuo.sandbox.endpoints.authorisation import withdraw
from fahuo.sandbox.gateway_model import SCOPES
from fahuo.sandbox.named import shown_app, shown_grant, shown_shop, the_app, the_shop
from fahuo.sandbox.wrong import Wrong, asked, flag, text, whole

DAY: Final = 86400


@on("GET", "apps")
def apps(ask: Ask) -> Data:
    """The apps with their secrets: they guard nothing but this sandbox."""
    return {"apps": [shown_app(app) for app in ask.sandbox.auth.apps.values()]}


@on("POST", "apps")
def add_app(ask: Ask) -> Data:
    """{"name", "redirect_url", "scopes"}: another app."""
    asked(ask.body, "name", "redirect_url", "scopes")
    scopes = _scopes(ask.body)
    app = ask.sandbox.auth.add_app(text(ask.body, "name"), _redirect(ask.body, ""), scopes or SCOPES)
    return shown_app(app)


@on("POST", "apps/{app}")
def set_app(ask: Ask) -> Data:
    """{"redirect_url", "scopes"}: change an app. Scopes taken from it bite at once, added ones with the next grant."""
    asked(ask.body, "redirect_url", "scopes")
    app = the_app(ask.sandbox, ask.params["app"])
    redirect, scopes = _redirect(ask.body, app.redirect_url), _scopes(ask.body)
    app.redirect_url, app.scopes = redirect, scopes or app.scopes
    return shown_app(app)


def _redirect(body: Data, before: str) -> str:
    url = text(body, "redirect_url", before)
    if url and not is_redirect(url):
        raise Wrong("redirect_url", f"{url!r} is no address.", "Send one that begins with http:// or https://.")
    return url


@on("POST", "codes")
def new_code(ask: Ask) -> Data:
    """{"app", "seller" or "shop"}: a fresh authorisation code, as the consent page would give."""
    asked(ask.body, "app", "seller", "shop")
    sandbox = ask.sandbox
    app = the_app(sandbox, text(ask.body, "app", sandbox.app.key))
    seller = text(ask.body, "seller", "")
    if ask.body.get("shop"):
        seller = the_shop(sandbox, text(ask.body, "shop")).seller
    seller = seller or next(iter(sandbox.auth.sellers()))
    if seller not in sandbox.auth.sellers():
        raise Wrong("seller", f"There is no seller {seller!r}.", f"One of: {', '.join(sandbox.auth.sellers())}.", 404)
    return {"auth_code": sandbox.auth.new_code(app, seller, int(sandbox.gateway.clock())), "seller": seller}


@on("GET", "grants")
def grants(ask: Ask) -> Data:
    """Who granted what to which app, and until when."""
    return {"grants": [shown_grant(ask.sandbox, grant) for grant in ask.sandbox.grants()]}


@on("POST", "grants/{grant}/{action}")
def set_grant(ask: Ask) -> Data:
    """expire (the access token; {"refresh": true}: the refresh token too), withdraw, or expiring {"days": 20}."""
    sandbox, body = ask.sandbox, ask.body
    now = int(sandbox.gateway.clock())
    grant = next((one for one in sandbox.grants() if one.id == ask.params["grant"]), None)
    if grant is None:
        raise Wrong("grant", f"There is no grant {ask.params['grant']!r}.", f"GET {PREFIX}grants lists them.", 404)
    action = ask.params["action"]
    if action == "expire":
        asked(body, "refresh")
        sandbox.auth.expire(grant, now, refresh=flag(body, "refresh"))
    elif action == "withdraw":
        asked(body)
        withdraw(sandbox.auth, sandbox.hooks, grant)
    elif action == "expiring":
        asked(body, "days")
        grant.refresh_until = now + whole(body, "days", 20, 1, 30) * DAY
        sandbox.warn(grant, now)
    else:
        raise Wrong("action", f"{action!r} is not known.", "One of: expire, withdraw, expiring.", 404)
    return shown_grant(sandbox, grant)


@on("POST", "shops/{shop}/withdraw")
def withdraw_shop(ask: Ask) -> Data:
    """The seller closes this shop to every app."""
    shop = the_shop(ask.sandbox, ask.params["shop"])
    ask.sandbox.revoke([shop.id])
    return shown_shop(ask.sandbox, shop)


def _scopes(body: Data) -> list[str]:
    wanted = body.get("scopes", [])
    if not isinstance(wanted, list) or (unknown := [one for one in wanted if one not in SCOPES]):
        said = f"There is no scope {unknown[0]!r}." if isinstance(wanted, list) else "This is not a list."
        raise Wrong("scopes", said, f"Some of: {', '.join(SCOPES)}.")
    return [str(one) for one in wanted]
