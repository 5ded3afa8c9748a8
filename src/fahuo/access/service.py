"""What the access station does inside a given transaction. Never commits; refusals come back as problems."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, select, update

from fahuo.access import queries, rules, secrets
from fahuo.access.model import OWNER, ApiToken, Attempts, LoggedIn, Principal, User
from fahuo.access.tables import access_log, api_tokens, login_attempts, sessions, users
from fahuo.kernel.crypto import blind
from fahuo.kernel.ids import new_id
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.store import bulk
from fahuo.store.engine import Tx


def record(tx: Tx, at: int, actor: str, event: str, subject: str, **data: object) -> None:
    """Write one line of the access log."""
    text = msgspec.json.encode(data, order="sorted").decode()
    columns = ("seller_id", "id", "at", "actor", "event", "subject", "data")
    bulk.insert(tx, access_log, columns, [(tx.seller_id, new_id(), at, actor, event, subject, text)])


# --- users ---------------------------------------------------------------------------------------------------------


def add_user(tx: Tx, name: str, role: str, password: str, at: int, actor: str) -> User | Problem:
    """A new user. The password is hashed here, so its text never reaches the database."""
    if bad := rules.name_problem(name) or rules.role_problem(role) or rules.password_problem(password, name):
        return bad
    user = User(new_id(), rules.clean_name(name), role, True, at, secrets.hash_password(password))
    row = (tx.seller_id, user.id, user.name, user.role, user.password_hash, user.active, user.created_at)
    columns = ("seller_id", "id", "name", "role", "password_hash", "active", "created_at")
    if not bulk.insert_new(tx, users, columns, [row], ("seller_id", "name")):
        return Problem(
            "user_exists",
            "name",
            user.name,
            message=N_("There is a user {name} already."),
            next=N_("Choose another name, or set a new password for that user."),
            params={"name": user.name},
        )
    record(tx, at, actor, "user.added", f"user:{user.name}", role=role)
    return user


def set_password(tx: Tx, name: str, password: str, at: int, actor: str) -> Problem | None:
    """A new password; every session of the user ends."""
    user = queries.user_named(tx, rules.clean_name(name))
    if user is None:
        return _no_user(name)
    if bad := rules.password_problem(password, user.name):
        return bad
    _store_hash(tx, user.id, secrets.hash_password(password))
    end_sessions(tx, user.id)
    record(tx, at, actor, "user.password", f"user:{user.name}")
    return None


def set_role(tx: Tx, name: str, role: str, at: int, actor: str) -> Problem | None:
    """Another role, in force with the next request. The last owner stays one."""
    user = queries.user_named(tx, rules.clean_name(name))
    if user is None:
        return _no_user(name)
    if bad := rules.role_problem(role) or (_last_owner(tx, user) if role != OWNER else None):
        return bad
    tx.execute(update(users).where(users.c.seller_id == tx.seller_id, users.c.id == user.id).values(role=role))
    record(tx, at, actor, "user.role", f"user:{user.name}", role=role, before=user.role)
    return None


def set_active(tx: Tx, name: str, active: bool, at: int, actor: str) -> Problem | None:
    """Let a user log in or no longer; who may not is logged out at once. The last owner stays."""
    user = queries.user_named(tx, rules.clean_name(name))
    if user is None:
        return _no_user(name)
    if not active and (bad := _last_owner(tx, user)):
        return bad
    tx.execute(update(users).where(users.c.seller_id == tx.seller_id, users.c.id == user.id).values(active=active))
    if not active:
        end_sessions(tx, user.id)
    record(tx, at, actor, "user.enabled" if active else "user.disabled", f"user:{user.name}")
    return None


def _store_hash(tx: Tx, user_id: int, password_hash: str) -> None:
    tx.execute(
        update(users)
        .where(users.c.seller_id == tx.seller_id, users.c.id == user_id)
        .values(password_hash=password_hash)
    )


def _no_user(name: str) -> Problem:
    return Problem(
        "user_unknown",
        "name",
        name,
        message=N_("There is no user {name}."),
        next=N_("`fahuo users list` shows the users there are."),
        params={"name": name},
    )


def _last_owner(tx: Tx, user: User) -> Problem | None:
    # Locked, so that two owners cannot remove each other at the same moment.
    owners = tx.rows(
        select(users.c.id)
        .where(users.c.seller_id == tx.seller_id, users.c.role == OWNER, users.c.active.is_(True))
        .order_by(users.c.id)
        .with_for_update()
    )
    if [row[0] for row in owners] != [user.id]:
        return None
    return Problem(
        "last_owner",
        "name",
        user.name,
        message=N_("{name} is the last owner."),
        next=N_("Make somebody else an owner first."),
        params={"name": user.name},
    )


# --- logging in ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attempt:
    """A log-in on its way: counted already, its password not yet looked at."""

    name: str
    user: User | None
    subjects: tuple[tuple[str, bytes], ...]

    def matches(self, password: str) -> bool:
        """Check the password. Slow on purpose, so do it between the two transactions."""
        known = self.user if self.user is not None and self.user.active else None
        return secrets.password_matches(known.password_hash if known else None, password)


def begin_login(tx: Tx, name: str, address: str, now_ms: int, at: int) -> Attempt | Problem:
    """Count the attempt as failed beforehand, so that guesses made at the same time are all counted."""
    clean = rules.clean_name(name)[: rules.NAME_MAX]
    subjects = (("address", _blinded(tx, "address", address)), ("user", _blinded(tx, "user", clean)))
    counted = [(kind, subject, _locked(tx, kind, subject, now_ms)) for kind, subject in subjects]
    user = queries.user_named(tx, clean)
    wait = max(rules.wait_ms(kind, attempts, now_ms) for kind, _, attempts in counted)
    if wait:
        record(tx, at, "system", "login.throttled", _tried(user))
        return rules.throttled(wait)
    rows = [
        (tx.seller_id, kind, subject, rules.failures_now(attempts, now_ms) + 1, now_ms)
        for kind, subject, attempts in counted
    ]
    bulk.update(tx, login_attempts, ("seller_id", "kind", "subject"), ("failures", "last_ms"), rows)
    return Attempt(clean, user, subjects)


def _tried(user: User | None) -> str:
    """Who a log-in was tried as. A name there is not is not written down: people type their password there."""
    return f"user:{user.name}" if user else "user:?"


def finish_login(tx: Tx, attempt: Attempt, matches: bool, password: str, now_ms: int, at: int) -> LoggedIn | Problem:
    """Open a session when the password was right; otherwise the failure stays counted."""
    user = queries.user_named(tx, attempt.name)
    # The user may have been disabled, or given another password, while the old one was being checked.
    same = user is not None and attempt.user is not None and user.password_hash == attempt.user.password_hash
    if user is None or not (matches and same and user.active):
        record(tx, at, "system", "login.failed", _tried(user))
        return rules.refused_login()
    _forgive(tx, attempt)
    if secrets.outdated(user.password_hash):
        _store_hash(tx, user.id, secrets.hash_password(password))
    token = secrets.new_session_token()
    expires = now_ms + rules.SESSION_MS
    columns = ("seller_id", "token_hash", "user_id", "created_ms", "seen_ms", "expires_ms")
    row = (tx.seller_id, secrets.fingerprint(token), user.id, now_ms, now_ms, expires)
    bulk.insert(tx, sessions, columns, [row])
    record(tx, at, f"user:{user.name}", "login.ok", f"user:{user.name}")
    return LoggedIn(token, rules.user_principal(user, tx.seller_id), secrets.csrf_of(token), expires)


def _blinded(tx: Tx, kind: str, text: str) -> bytes:
    return blind(tx.keys.index, f"login {kind} {text}")


def _locked(tx: Tx, kind: str, subject: bytes, now_ms: int) -> Attempts | None:
    columns = ("seller_id", "kind", "subject", "failures", "last_ms")
    row = (tx.seller_id, kind, subject, 0, now_ms)
    bulk.insert_new(tx, login_attempts, columns, [row], ("seller_id", "kind", "subject"))
    a = login_attempts.c
    found = select(a.failures, a.last_ms).where(a.seller_id == tx.seller_id, a.kind == kind, a.subject == subject)
    rows = tx.rows(found.with_for_update())
    return Attempts(*rows[0]) if rows else None


def _forgive(tx: Tx, attempt: Attempt) -> None:
    """The user's count ends; the address only gets its own attempt back, since others may be guessing from it."""
    a = login_attempts.c
    for kind, subject in attempt.subjects:
        if kind == "user":
            gone = delete(login_attempts).where(a.seller_id == tx.seller_id, a.kind == kind, a.subject == subject)
            tx.execute(gone)
            continue
        less = update(login_attempts).where(a.seller_id == tx.seller_id, a.kind == kind, a.subject == subject)
        tx.execute(less.where(a.failures > 0).values(failures=a.failures - 1))


# --- sessions ------------------------------------------------------------------------------------------------------


def session_principal(tx: Tx, token: str, now_ms: int) -> tuple[Principal, bool] | None:
    """Who the cookie belongs to, and whether `touch` is due; None when the session is over. Reads only."""
    session = queries.session_of(tx, secrets.fingerprint(token))
    if session is None or not rules.session_live(session, now_ms):
        return None
    return rules.user_principal(session.user, tx.seller_id), now_ms - session.seen_ms >= rules.TOUCH_MS


def touch(tx: Tx, token: str, now_ms: int) -> None:
    """Note that the session was just used."""
    s = sessions.c
    mine = update(sessions).where(s.seller_id == tx.seller_id, s.token_hash == secrets.fingerprint(token))
    tx.execute(mine.where(s.seen_ms < now_ms).values(seen_ms=now_ms))


def log_out(tx: Tx, token: str, principal: Principal, at: int) -> None:
    """End this session."""
    s = sessions.c
    tx.execute(delete(sessions).where(s.seller_id == tx.seller_id, s.token_hash == secrets.fingerprint(token)))
    record(tx, at, principal.actor, "logout", principal.actor)


def end_sessions(tx: Tx, user_id: int) -> None:
    """End every session of a user."""
    tx.execute(delete(sessions).where(sessions.c.seller_id == tx.seller_id, sessions.c.user_id == user_id))


def purge(tx: Tx, now_ms: int) -> None:
    """Remove sessions that are over and attempts that are forgotten."""
    s, a = sessions.c, login_attempts.c
    over = (s.expires_ms <= now_ms) | (s.seen_ms <= now_ms - rules.IDLE_MS)
    tx.execute(delete(sessions).where(s.seller_id == tx.seller_id, over))
    forgotten = a.last_ms <= now_ms - rules.FORGOTTEN_MS
    tx.execute(delete(login_attempts).where(a.seller_id == tx.seller_id, forgotten))


# --- API tokens ----------------------------------------------------------------------------------------------------


def add_token(
    tx: Tx,
    name: str,
    actions: Iterable[str],
    shops: Iterable[int] | None,
    expires_at: int | None,
    at: int,
    actor: str,
) -> tuple[ApiToken, str] | Problem:
    """A new token and its text, which is shown this once. `shops` None reaches every shop of the seller."""
    granted = frozenset(actions)
    limited = None if shops is None else frozenset(shops)
    if bad := rules.name_problem(name) or rules.actions_problem(granted) or _no_shops(limited):
        return bad
    prefix, text = secrets.new_api_token()
    token = ApiToken(new_id(), rules.clean_name(name), prefix, granted, limited, at, expires_at, None, None)
    scope = None if limited is None else msgspec.json.encode(sorted(limited)).decode()
    columns = ("seller_id", "id", "name", "prefix", "token_hash", "actions", "shops", "created_at", "expires_at")
    row = (
        tx.seller_id,
        token.id,
        token.name,
        prefix,
        secrets.fingerprint(text),
        msgspec.json.encode(sorted(granted)).decode(),
        scope,
        at,
        expires_at,
    )
    bulk.insert(tx, api_tokens, columns, [row])
    shops_named = None if limited is None else sorted(str(shop) for shop in limited)
    record(tx, at, actor, "token.added", f"token:{prefix}", name=token.name, actions=sorted(granted), shops=shops_named)
    return token, text


def _no_shops(shops: frozenset[int] | None) -> Problem | None:
    if shops is None or shops:
        return None
    return Problem(
        "token_no_shop",
        "shops",
        message=N_("A token limited to no shop at all could do nothing."),
        next=N_("Name its shops, or none to let it reach all of them."),
    )


def revoke_token(tx: Tx, prefix: str, at: int, actor: str) -> Problem | None:
    """End a token at once. Ending it again changes nothing."""
    found = queries.token_by_prefix(tx, prefix)
    if found is None:
        return Problem(
            "token_unknown",
            "prefix",
            prefix,
            message=N_("There is no token {prefix}."),
            next=N_("`fahuo users tokens list` shows the tokens there are."),
            params={"prefix": prefix},
        )
    t = api_tokens.c
    mine = update(api_tokens).where(t.seller_id == tx.seller_id, t.prefix == prefix, t.revoked_at.is_(None))
    if tx.execute(mine.values(revoked_at=at)).rowcount:
        record(tx, at, actor, "token.revoked", f"token:{prefix}", name=found[0].name)
    return None


def token_principal(tx: Tx, text: str, at: int) -> tuple[Principal, ApiToken] | None:
    """The program behind a token's text; None when it is unknown, revoked or past its end. Reads only."""
    prefix = secrets.prefix_of(text)
    found = queries.token_by_prefix(tx, prefix) if prefix else None
    if found is None:
        return None
    token, known = found
    if not secrets.same(known, secrets.fingerprint(text)) or not rules.token_live(token, at):
        return None
    return rules.token_principal(token, tx.seller_id), token


def token_used(tx: Tx, token_id: int, now_ms: int) -> None:
    """Note that the token was just used."""
    t = api_tokens.c
    tx.execute(update(api_tokens).where(t.seller_id == tx.seller_id, t.id == token_id).values(used_ms=now_ms))
