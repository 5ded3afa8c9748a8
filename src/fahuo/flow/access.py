"""Use cases of access: logging in and out, whose request this is, users and tokens."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from fahuo.access import queries, rules, service
from fahuo.access.model import ApiToken, LoggedIn, Principal, User
from fahuo.access.secrets import csrf_matches, csrf_of, new_password
from fahuo.flow.house import House, need_shop
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Failure, Problem

__all__ = [
    "add_token",
    "add_user",
    "csrf_matches",
    "csrf_of",
    "end_session",
    "log_in",
    "new_password",
    "of_session",
    "of_token",
    "require",
    "revoke_token",
    "set_active",
    "set_password",
    "set_role",
    "tidy",
    "tokens",
    "users",
]


def log_in(house: House, name: str, password: str, address: str, now_ms: int | None = None) -> LoggedIn | Problem:
    """Check name and password and open a session. The slow hash is computed outside of any transaction."""
    ms = technical_ms() if now_ms is None else now_ms
    at = house.clock.now()
    with house.store.write() as tx:
        attempt = service.begin_login(tx, name, address, ms, at)
    if isinstance(attempt, Problem):
        return attempt
    matches = len(password) <= rules.PASSWORD_MAX and attempt.matches(password)
    with house.store.write() as tx:
        return service.finish_login(tx, attempt, matches, password, ms, at)


def of_session(house: House, token: str, now_ms: int | None = None) -> Principal | None:
    """Who the cookie belongs to, None when the session is over. Writes at most once a minute."""
    ms = technical_ms() if now_ms is None else now_ms
    with house.store.read() as tx:
        found = service.session_principal(tx, token, ms)
    if found is None:
        return None
    principal, due = found
    if due:
        with house.store.write() as tx:
            service.touch(tx, token, ms)
    return principal


def end_session(house: House, token: str) -> None:
    """Log out; a session that is over already is left alone."""
    with house.store.write() as tx:
        found = service.session_principal(tx, token, technical_ms())
        if found is not None:
            service.log_out(tx, token, found[0], house.clock.now())


def of_token(house: House, text: str, now_ms: int | None = None) -> Principal | None:
    """The program behind an API token, None when the token is unknown, revoked or past its end."""
    ms = technical_ms() if now_ms is None else now_ms
    with house.store.read() as tx:
        found = service.token_principal(tx, text, house.clock.now())
    if found is None:
        return None
    principal, token = found
    if token.used_ms is None or ms - token.used_ms >= rules.TOUCH_MS:
        with house.store.write() as tx:
            service.token_used(tx, token.id, ms)
    return principal


def require(principal: Principal, action: str, shop_id: int | None = None) -> None:
    """Raise Failure (exit 1, an HTTP 403) unless the principal may do it."""
    if not rules.may(principal, action, shop_id):
        raise Failure(rules.refusal(action), 1)


T = TypeVar("T")


def _done(result: T | Problem) -> T:
    # Raised inside the transaction, so that a refused change leaves nothing behind.
    if isinstance(result, Problem):
        raise Failure(result, 2)
    return result


def users(house: House) -> list[User]:
    """Everybody who can or could log in, by name; the hashes stay here."""
    with house.store.read() as tx:
        return [replace(user, password_hash="") for user in queries.user_list(tx)]


def add_user(house: House, name: str, role: str, password: str, actor: str) -> User:
    """A new user. Raises Failure."""
    with house.store.write() as tx:
        return _done(service.add_user(tx, name, role, password, house.clock.now(), actor))


def set_password(house: House, name: str, password: str, actor: str) -> None:
    """A new password; the user is logged out everywhere. Raises Failure."""
    with house.store.write() as tx:
        _done(service.set_password(tx, name, password, house.clock.now(), actor))


def set_role(house: House, name: str, role: str, actor: str) -> None:
    """Another role. Raises Failure."""
    with house.store.write() as tx:
        _done(service.set_role(tx, name, role, house.clock.now(), actor))


def set_active(house: House, name: str, active: bool, actor: str) -> None:
    """Let a user log in, or no longer. Raises Failure."""
    with house.store.write() as tx:
        _done(service.set_active(tx, name, active, house.clock.now(), actor))


def tokens(house: House) -> list[ApiToken]:
    """All API tokens, revoked ones too, without their secrets."""
    with house.store.read() as tx:
        return queries.token_list(tx)


def add_token(
    house: House,
    name: str,
    actions: Iterable[str],
    shops: Sequence[str],
    expires_at: int | None,
    actor: str,
) -> tuple[ApiToken, str]:
    """A new token and its text, shown this once. `shops` by name; none named reaches all. Raises Failure."""
    with house.store.write() as tx:
        limited = [need_shop(tx, shop).id for shop in shops] or None
        return _done(service.add_token(tx, name, actions, limited, expires_at, house.clock.now(), actor))


def revoke_token(house: House, prefix: str, actor: str) -> None:
    """End a token. Raises Failure when there is none of that prefix."""
    with house.store.write() as tx:
        _done(service.revoke_token(tx, prefix, house.clock.now(), actor))


def tidy(house: House) -> None:
    """Remove what is over: sessions, forgotten attempts. For the worker, now and then."""
    with house.store.write() as tx:
        service.purge(tx, technical_ms())
