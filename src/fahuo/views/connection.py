"""How one shop's connection to the platform stands: for its page, for programs, for the command line."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, func, select

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue.model import Shop
from fahuo.connections import notices_store, queries
from fahuo.connections.model import EXPIRED, EXPIRING, LIMITED, OPEN, REFUSED, WITHDRAWN, Standing
from fahuo.connections.notices import PARKED, Shown
from fahuo.connections.notices_tables import notices
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.instant import iso
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.store.engine import Tx
from fahuo.store.tables import effects
from fahuo.views.json import known
from fahuo.views.shops import EffectRow

HOUR_MS: Final = 3_600_000
SHOWN: Final = 20
UNDER_WAY: Final = ("due", "claimed", "retry")
FOR_PEOPLE: Final = ("unknown", "declined", "given_up")
STRANGE: Final = ("forged", "malformed", "oversized", "unknown_shop", "repeated", "busy")
"""What came to the app's address and was no news: counted, not kept."""
NOT_CONNECTED: Final = "none"


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Notices of the platform about a shop. `strange`: counts of its app's address, for all shops together."""

    last_ms: int | None = None
    hour: int = 0
    waiting: int = 0
    parked: int = 0
    strange: dict[str, int] = {}


class ConnectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A shop with its connection; `standing` is None when it has none."""

    shop: Shop
    standing: Standing | None
    heard: Heard = Heard()
    effects: dict[str, int] = {}
    stalled: int = 0
    """Effects that wait until the shop is connected again, or the app has the permission they need."""
    declined: list[EffectRow] = []
    parked: list[Shown] = []
    """Notices that a person is to look at, the newest first."""

    @property
    def state(self) -> str:
        """none, active, expiring, limited, expired, withdrawn or refused."""
        return self.standing.state if self.standing else NOT_CONNECTED

    @property
    def called(self) -> bool:
        """Whether the platform is called for this shop."""
        return self.state in OPEN

    @property
    def stumble(self) -> Problem | None:
        """The last trouble of any pull that has been got over since."""
        text = self.standing.stumble if self.standing and not self.standing.pull_problem else ""
        return msgspec.json.decode(text, type=Problem) if text else None

    @property
    def pull_problem(self) -> Problem | None:
        """Why the last pull did not come to its end."""
        text = self.standing.pull_problem if self.standing else ""
        return msgspec.json.decode(text, type=Problem) if text else None

    @property
    def waiting(self) -> int:
        """Effects that are still to be sent."""
        return sum(self.effects.get(state, 0) for state in UNDER_WAY)


def connection(tx: Tx, shop_id: int) -> ConnectionView | None:
    """The shop's connection now (technical time); None when there is no such shop."""
    shop = next((one for one in catalogue.shop_list(tx) if one.id == shop_id), None)
    if shop is None:
        return None
    now_ms = technical_ms()
    standing = next(iter(queries.standings(tx, now_ms, shop_id)), None)
    return ConnectionView(
        shop=shop,
        standing=standing,
        heard=_heard(tx, standing, now_ms) if standing else Heard(),
        effects=_counts(tx, shop_id),
        stalled=_stalled(tx, shop_id),
        declined=_declined(tx, shop_id),
        parked=notices_store.shown(tx, (PARKED,), SHOWN, shop_id) if standing else [],
    )


def _heard(tx: Tx, standing: Standing, now_ms: int) -> Heard:
    mine = [
        (state, number, last) for shop, state, number, last in notices_store.standing(tx) if shop == standing.shop_id
    ]
    n = notices.c
    hour = tx.rows(
        select(func.count())
        .select_from(notices)
        .where(
            n.seller_id == tx.seller_id, n.shop_id == standing.shop_id, n.received_ms >= now_ms - HOUR_MS, n.type != 0
        )
    )
    strange = {one.what: one.count for one in notices_store.counts(tx) if one.app_key in ("", standing.app_key)}
    return Heard(
        last_ms=max((last for _, _, last in mine), default=None),
        hour=int(hour[0][0]),
        waiting=sum(number for state, number, _ in mine if state in ("order", "handed")),
        parked=sum(number for state, number, _ in mine if state == PARKED),
        strange={what: strange[what] for what in STRANGE if strange.get(what)},
    )


def _open_parts() -> tuple[ColumnElement[bool], ...]:
    """Each state set by the very words of a partial index: done effects, nearly all of them, are never read."""
    state = effects.c.state
    return (
        state == "due",
        state.in_(("claimed", "retry")),
        state.in_(("unknown", "declined", "given_up", "waiting")),
    )


def _counts(tx: Tx, shop_id: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in _open_parts():
        rows = tx.rows(
            select(effects.c.state, func.count())
            .where(effects.c.seller_id == tx.seller_id, effects.c.shop_id == shop_id, effects.c.lane != "person", part)
            .group_by(effects.c.state)
        )
        found |= {row[0]: int(row[1]) for row in rows}
    return found


def _stalled(tx: Tx, shop_id: int) -> int:
    e = effects.c
    mine = select(func.count()).where(e.seller_id == tx.seller_id, e.shop_id == shop_id, e.lane == "tiktok")
    return int(tx.rows(mine.where(_open_parts()[2], e.state == "waiting"))[0][0])


def _declined(tx: Tx, shop_id: int) -> list[EffectRow]:
    rows = tx.rows(
        select(*(effects.c[name] for name in EffectRow._fields))
        .where(effects.c.seller_id == tx.seller_id, effects.c.shop_id == shop_id, effects.c.lane != "person")
        .where(_open_parts()[2], effects.c.state != "waiting")
        .order_by(effects.c.id.desc())
        .limit(SHOWN)
    )
    return [EffectRow._make([*row[:-1], msgspec.json.decode(row[-1])]) for row in rows]


def way_out(standing: Standing | None) -> Problem | None:
    """What a connection's state means and what a person can do about it; None when there is nothing to do."""
    if standing is None:
        text = N_("This shop is not connected to TikTok Shop: orders come in by file.")
        return Problem("connection_none", None, None, text, _CONNECT)
    reason = standing.reason or "-"
    texts: dict[str, tuple[str, str]] = {
        EXPIRED: (N_("Access has expired ({reason}). No orders come in and nothing is reported."), _AGAIN),
        WITHDRAWN: (N_("Access was withdrawn ({reason}). No orders come in and nothing is reported."), _AGAIN),
        REFUSED: (
            N_("The platform refuses this connection ({reason}). No orders come in and nothing is reported."),
            N_("Check that app and shop belong together, then connect the shop again."),
        ),
        LIMITED: (
            N_("The app has no permission for {what}. What needs it waits; everything else goes on."),
            N_("Give the app this scope in the developer portal, then connect the shop again."),
        ),
    }
    if standing.state == EXPIRING:
        if standing.reason:
            texts[EXPIRING] = (
                N_("The token could not be renewed the last time ({reason}). The present one still works."),
                N_("It is tried again by itself; if it stays, check the app's secret and the network."),
            )
        else:
            texts[EXPIRING] = (
                N_("The authorisation the seller gave ends soon."),
                N_("Connect the shop again before that day; nothing is interrupted then."),
            )
    if standing.state not in texts:
        return None
    message, then = texts[standing.state]
    params = {"reason": reason, "what": lacking(standing)}
    return Problem(f"connection_{standing.state}", None, None, message, then, params)


def lacking(standing: Standing) -> str:
    """What the app has no permission for, with the platform's words: they may name the scope."""
    return ", ".join(f"{part} ({words})" if words else part for part, words in standing.lacking.items())


_CONNECT: Final = N_("Connect it from its page or with `fahuo tiktok connect`.")
_AGAIN: Final = N_("Connect the shop again with its main account; orders changed meanwhile are fetched then.")


def connection_json(view: ConnectionView, lang: str = "en") -> dict[str, Any]:
    """The connection as programs see it: no secrets."""
    head = {
        "schema": "fahuo.connection/1",
        "shop_id": str(view.shop.id),
        "shop": view.shop.name,
        "state": view.state,
        "way_out": _told(way_out(view.standing), lang),
        "pull_problem": _told(view.pull_problem, lang),
        "pull_trouble": _trouble(view, lang),
        "effects": view.effects,
        "effects_stalled": view.stalled,
    }
    return known(head | ({} if view.standing is None else _standing_json(view.standing, view.heard)))


def _trouble(view: ConnectionView, lang: str) -> dict[str, Any] | None:
    told = _told(view.stumble, lang)
    return None if told is None or view.standing is None else told | {"at": at(view.standing.stumbled_ms)}


def _told(found: Problem | None, lang: str) -> dict[str, Any] | None:
    return None if found is None else {k: v for k, v in found.as_dict(lang).items() if k in ("code", "message", "next")}


def _standing_json(one: Standing, heard: Heard) -> dict[str, Any]:
    return {
        "reason": one.reason or None,
        "app_key": one.app_key,
        "seller": one.seller_name,
        "platform_shop_id": one.platform_shop_id,
        "platform_name": one.platform_name,
        "region": one.region,
        "seller_type": one.seller_type,
        "scopes": list(one.scopes),
        "lacking": one.lacking or None,
        "connected_at": at(one.connected_ms),
        "token_until": at(one.access_until_ms),
        "authorised_until": at(one.refresh_until_ms),
        "warned_at": at(one.warned_ms),
        "cursor": None if one.cursor_at is None else iso(one.cursor_at),
        "pulled_at": at(one.pulled_ms),
        "budget": known(
            {
                "reads_per_second": one.reads_per_second,
                "writes_per_second": one.writes_per_second,
                "throttled_at": at(one.throttled_ms),
            }
        ),
        "clock_skew_seconds": one.skew_s,
        "notices": known(
            {
                "address": one.webhook_url or None,
                "asked_for": sorted(event for event, url in one.hooks.items() if url == one.webhook_url),
                "problem": one.hooks_problem or None,
                "compared_at": at(one.hooks_ms),
                "last_at": at(heard.last_ms),
                "last_hour": heard.hour,
                "waiting": heard.waiting,
                "parked": heard.parked,
                "strange": heard.strange,
            }
        ),
        "warehouses_to_complete": list(one.warehouses_problem),
    }


def at(ms: int | None) -> str | None:
    """A technical instant as JSON has it."""
    return None if ms is None else iso(ms // 1000)
