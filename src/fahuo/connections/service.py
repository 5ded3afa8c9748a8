"""What the station writes: apps, consents, grants, links. Never commits. Secrets are sealed for their row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import delete, select, update

from fahuo.connections import queries
from fahuo.connections.model import ACTIVE, App, Health, Link, Tokens
from fahuo.connections.queries import app_of_key, owner_of
from fahuo.connections.tables import apps, consents, grants, links
from fahuo.kernel.ids import new_id
from fahuo.store import bulk
from fahuo.store.engine import Tx

CLAIM_MS: Final = 90_000
"""How long one worker may renew a grant before another may: longer than any call of the token API lasts."""
REASON: Final = 300

_APP: Final = (
    *("secret", "service_id", "api_url", "auth_url", "consent_url", "webhook_url"),
    *("reads_per_second", "writes_per_second"),
)


def put_app(tx: Tx, app: App, now_ms: int) -> App:
    """Write an app, or change the one with that key, which keeps its id."""
    known = app_of_key(tx, app.app_key)
    app = msgspec.structs.replace(app, id=known.id if known else new_id())
    values = [getattr(app, name) for name in _APP[1:]]
    row = (tx.seller_id, app.id, app.app_key, tx.keys.seal(app.secret, owner_of("secret", app.id)), *values, now_ms)
    columns = ("seller_id", "id", "app_key", *_APP, "created_ms")
    bulk.upsert(tx, apps, columns, [row], ("seller_id", "id"), _APP)
    return app


def ask_consent(tx: Tx, app_id: int, state: str, actor: str, now_ms: int, until_ms: int) -> None:
    """Remember that `actor` was sent to the platform with this `state`. Only its hash is kept; old ones go."""
    tx.execute(delete(consents).where(consents.c.seller_id == tx.seller_id, consents.c.until_ms < now_ms))
    columns = ("seller_id", "state_hash", "app_id", "actor", "created_ms", "until_ms")
    bulk.insert(tx, consents, columns, [(tx.seller_id, _hash(state), app_id, actor, now_ms, until_ms)])


def use_consent(tx: Tx, state: str, actor: str, now_ms: int) -> int | None:
    """The app this `state` was made for; None when it is unknown, another's, over, or was used before."""
    c = consents.c
    mine = (c.seller_id == tx.seller_id) & (c.state_hash == _hash(state)) & (c.actor == actor)
    taken = tx.execute(
        update(consents)
        .where(consents.c.seller_id == tx.seller_id, mine, c.used_ms.is_(None), c.until_ms > now_ms)
        .values(used_ms=now_ms)
    )
    if not taken.rowcount:
        return None
    return int(tx.rows(select(c.app_id).where(consents.c.seller_id == tx.seller_id, mine))[0][0])


def put_grant(tx: Tx, app_id: int, tokens: Tokens, now_ms: int) -> int:
    """Keep a fresh consent; a newer one of the same person to the same app takes the old one's place. Its id."""
    g = grants.c
    known = tx.rows(select(g.id).where(g.seller_id == tx.seller_id, g.app_id == app_id, g.open_id == tokens.open_id))
    id_ = int(known[0][0]) if known else new_id()
    columns = ("seller_id", "id", "app_id", "open_id", "granted_ms", *_NEW, "claim", "claim_until_ms")
    row = (tx.seller_id, id_, app_id, tokens.open_id, now_ms, *_new(tx, id_, tokens, now_ms), 0, 0)
    bulk.upsert(tx, grants, columns, [row], ("seller_id", "id"), ("granted_ms", *_NEW))
    # A renewal of the old pair that is under way must not write over the new one: its fence is gone.
    tx.execute(
        update(grants)
        .where(grants.c.seller_id == tx.seller_id, g.id == id_)
        .values(claim=g.claim + 1, claim_until_ms=0)
    )
    return id_


_NEW: Final = (
    *("seller_name", "base_region", "scopes", "access_token", "refresh_token", "access_since_ms", "access_until_ms"),
    *("refresh_until_ms", "state", "reason", "attempts", "retry_ms"),
)


def _new(tx: Tx, id_: int, tokens: Tokens, now_ms: int) -> tuple[Any, ...]:
    return (
        tokens.seller_name,
        tokens.base_region,
        msgspec.json.encode(tokens.scopes).decode(),
        tx.keys.seal(tokens.access_token.encode(), owner_of("access", id_)),
        tx.keys.seal(tokens.refresh_token.encode(), owner_of("refresh", id_)),
        now_ms,
        tokens.access_until_ms,
        tokens.refresh_until_ms,
        ACTIVE,
        "",
        0,
        0,
    )


def claim_renewal(tx: Tx, grant_id: int, now_ms: int) -> int | None:
    """Take the right to renew a grant; its number is the fence. None: somebody has it, or the grant is dead.

    It counts as an attempt from now on: a process that is killed in the middle has lost the answer, too.
    """
    g = grants.c
    taken = tx.execute(
        update(grants)
        .where(grants.c.seller_id == tx.seller_id, g.id == grant_id, g.state == ACTIVE, g.claim_until_ms <= now_ms)
        .values(claim=g.claim + 1, claim_until_ms=now_ms + CLAIM_MS, attempts=g.attempts + 1)
    )
    if not taken.rowcount:
        return None
    return int(tx.rows(select(g.claim).where(g.seller_id == tx.seller_id, g.id == grant_id))[0][0])


def renewed(tx: Tx, grant_id: int, claim: int, tokens: Tokens, now_ms: int) -> bool:
    """Keep the new pair and give the claim back. False: the claim was no longer ours."""
    values = dict(zip(_NEW, _new(tx, grant_id, tokens, now_ms), strict=True))
    if not tokens.scopes:
        del values["scopes"]
    return _finish(tx, grant_id, claim, values)


def not_renewed(tx: Tx, grant_id: int, claim: int, retry_ms: int, reason: str, *, lost: bool) -> bool:
    """The platform did not answer, or not with tokens: again from `retry_ms` on. `lost`: it may have rotated."""
    more = {} if lost else {"attempts": grants.c.attempts - 1}
    return _finish(tx, grant_id, claim, {"retry_ms": retry_ms, "reason": reason[:REASON], **more})


def not_renewable(tx: Tx, grant_id: int, claim: int, state: str, reason: str) -> bool:
    """The platform will not renew it any more."""
    return _finish(tx, grant_id, claim, {"state": state, "reason": reason[:REASON]})


def not_claimed(tx: Tx, grant_id: int, claim: int) -> None:
    """Give the claim back unused."""
    _finish(tx, grant_id, claim, {"attempts": grants.c.attempts - 1})


def _finish(tx: Tx, grant_id: int, claim: int, values: Mapping[str, Any]) -> bool:
    done = tx.execute(
        update(grants)
        .where(grants.c.seller_id == tx.seller_id, grants.c.id == grant_id, grants.c.claim == claim)
        .values(claim_until_ms=0, **values)
    )
    return bool(done.rowcount)


def end_grant(tx: Tx, grant_id: int, state: str, reason: str) -> None:
    """No call under this grant any more."""
    g = grants.c
    wanted = update(grants).where(grants.c.seller_id == tx.seller_id, g.id == grant_id, g.state == ACTIVE)
    tx.execute(wanted.values(state=state, reason=reason[:REASON], claim=g.claim + 1, claim_until_ms=0))


_LINK: Final = (
    *("app_id", "grant_id", "platform_name", "cipher", "region", "seller_type", "state", "reason", "connected_ms"),
    *("warned_ms", "lacking"),
)


def put_link(tx: Tx, link: Link, platform_name: str, now_ms: int) -> None:
    """Tie a shop of ours to one of the platform, or anew under another grant. What was pulled so far stays known."""
    columns = (
        *("seller_id", "shop_id", "platform_shop_id", *_LINK, "pull_problem", "stumble", "skew_s", "hooks"),
        *("hooks_problem", "warehouses_problem"),
    )
    row = (
        *(tx.seller_id, link.shop_id, link.platform_shop_id, link.app.id, link.grant_id, platform_name, link.cipher),
        *(link.region, link.seller_type, ACTIVE, "", now_ms, None, "{}", "", "", 0, "{}"),
        *("", "[]"),
    )
    bulk.upsert(tx, links, columns, [row], ("seller_id", "shop_id"), _LINK)


def end_link(tx: Tx, shop_id: int, state: str, reason: str) -> None:
    """No call for this shop any more."""
    _set(tx, shop_id, state=state, reason=reason[:REASON])


def recipher(tx: Tx, shop_id: int, cipher: str) -> None:
    """The platform names the shop by another cipher now."""
    _set(tx, shop_id, cipher=cipher)


def warned(tx: Tx, shop_id: int, now_ms: int) -> None:
    """The platform announced that the authorisation ends."""
    _set(tx, shop_id, warned_ms=now_ms)


def lacks(tx: Tx, shop_id: int, part: str, words: str) -> None:
    """The platform says that the app has no permission for this part of its API."""
    told = queries.lacking(tx).get(shop_id, {}) | {part: words[:REASON]}
    _set(tx, shop_id, lacking=msgspec.json.encode(dict(sorted(told.items()))).decode())


def may_again(tx: Tx, shop_id: int) -> None:
    """Perhaps a missing permission has been given since: the next call shows it."""
    _set(tx, shop_id, lacking="{}")


def keep_health(tx: Tx, shop_id: int, health: Health, now_ms: int) -> None:
    """What calling has shown."""
    _set(tx, shop_id, **msgspec.structs.asdict(health), health_ms=now_ms)


def keep_hooks(tx: Tx, shop_id: int, hooks: Mapping[str, str], problem: str, now_ms: int) -> None:
    """The webhook addresses as the platform told them, and what is wrong with them."""
    told = msgspec.json.encode(dict(sorted(hooks.items()))).decode()
    _set(tx, shop_id, hooks=told, hooks_problem=problem[:REASON], hooks_ms=now_ms)


def hooks_not_seen(tx: Tx, shop_id: int, problem: str, at_ms: int) -> None:
    """The addresses could not be compared; counts as compared at `at_ms`, which decides when it is tried again."""
    _set(tx, shop_id, hooks_problem=problem[:REASON], hooks_ms=at_ms)


def keep_places(tx: Tx, shop_id: int, incomplete: Sequence[str]) -> None:
    """Names of the shop's warehouses that a person must complete."""
    _set(tx, shop_id, warehouses_problem=msgspec.json.encode(list(incomplete)).decode())


def _set(tx: Tx, shop_id: int, **values: Any) -> None:
    tx.execute(update(links).where(links.c.seller_id == tx.seller_id, links.c.shop_id == shop_id).values(**values))


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
