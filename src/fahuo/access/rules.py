"""Decisions about access: pure functions; `now` is an argument."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from fahuo.access.model import OWNER, PACKER, ROLES, ApiToken, Attempts, Principal, Session, User
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_

# Every action there is, with what it means to the person who grants it.
ACTIONS: Final[Mapping[str, str]] = {
    "orders.view": N_("See orders, clocks and time lines"),
    "orders.import": N_("Bring orders in"),
    "orders.handle": N_("Release holds, plan again, act on many orders"),
    "buyers.view": N_("See recipients, addresses and phone numbers"),
    "floor.view": N_("See waves, pick lists and packages"),
    "floor.pack": N_("Scan and pack at the bench"),
    "labels.print": N_("Print labels and documents"),
    "dispatch.report": N_("Hand over and report to the platform"),
    "stock.view": N_("See stock"),
    "stock.change": N_("Change stock"),
    "catalogue.change": N_("Change shops, SKUs, warehouses, carriers and rates"),
    "rules.change": N_("Change rule packs, calendars and extensions"),
    "figures.view": N_("See money at risk and late dispatch rates"),
    "effects.view": N_("See messages to platforms and carriers"),
    "effects.retry": N_("Send messages to platforms and carriers again"),
    "access.manage": N_("Manage users and tokens"),
}

# The packer sees what the bench needs: no figures, no buyer search, no settings.
PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    OWNER: frozenset(ACTIONS),
    PACKER: frozenset({"orders.view", "floor.view", "floor.pack", "labels.print", "stock.view"}),
}

# A token is a program; people are managed by people.
TOKEN_ACTIONS: Final = frozenset(ACTIONS) - {"access.manage"}

SECOND_MS: Final = 1000
MINUTE_MS: Final = 60 * SECOND_MS
# A shift with overtime, and the longest break in it.
SESSION_MS: Final = 14 * 60 * MINUTE_MS
IDLE_MS: Final = 2 * 60 * MINUTE_MS
# The last-seen time is written at most this often, so that reading a page does not write.
TOUCH_MS: Final = MINUTE_MS

PASSWORD_MIN: Final = 10
PASSWORD_MAX: Final = 200
NAME_MAX: Final = 60

# Failures that cost nothing, per kind of subject; after them the wait doubles. One address may hold a whole office.
FREE_FAILURES: Final[Mapping[str, int]] = {"user": 5, "address": 20}
WAIT_MS: Final = 30 * SECOND_MS
LONGEST_WAIT_MS: Final = 15 * MINUTE_MS
FORGOTTEN_MS: Final = 60 * MINUTE_MS


def may(principal: Principal, action: str, shop_id: int | None = None) -> bool:
    """Whether the principal may do it in that shop; without a shop, in the seller's house as a whole.

    Whoever is limited to shops may do nothing that concerns them all. Raises KeyError for an action there is not.
    """
    _ = ACTIONS[action]
    if action not in principal.actions:
        return False
    return principal.shops is None or shop_id in principal.shops


def may_some(principal: Principal, action: str) -> bool:
    """Whether there is any shop it may do this in: for lists, which then show `principal.shops` only."""
    _ = ACTIONS[action]
    return action in principal.actions and (principal.shops is None or bool(principal.shops))


def user_principal(user: User, seller_id: int) -> Principal:
    """The person as one who acts. A role we do not know grants nothing."""
    granted = PERMISSIONS.get(user.role, frozenset())
    return Principal("user", user.id, seller_id, user.name, granted, None, user.role)


def token_principal(token: ApiToken, seller_id: int) -> Principal:
    """The program as one who acts, never with more than tokens may have."""
    return Principal("token", token.id, seller_id, token.name, token.actions & TOKEN_ACTIONS, token.shops)


def clean_name(name: str) -> str:
    """The name as it is stored and compared: NFKC, no outer or double blanks, case folded."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def name_problem(name: str) -> Problem | None:
    """What is wrong with a name for a user or token."""
    clean = clean_name(name)
    if clean and len(clean) <= NAME_MAX and clean.isprintable():
        return None
    return Problem(
        "name_bad",
        "name",
        message=N_("A name has 1 to {most} printable characters."),
        next=N_("Choose another name."),
        params={"most": NAME_MAX},
    )


def password_problem(password: str, name: str) -> Problem | None:
    """What is wrong with a password. Length is what counts; composition rules only make people write it down."""
    if PASSWORD_MIN <= len(password) <= PASSWORD_MAX and clean_name(password) != clean_name(name):
        return None
    return Problem(
        "password_weak",
        "password",
        message=N_("A password has {least} to {most} characters and is not the name."),
        next=N_("Choose another password, or let one be generated."),
        params={"least": PASSWORD_MIN, "most": PASSWORD_MAX},
    )


def role_problem(role: str) -> Problem | None:
    """Only roles that exist can be given."""
    if role in ROLES:
        return None
    return Problem(
        "role_unknown",
        "role",
        role,
        message=N_("There is no role {role}."),
        next=N_("The roles are: {roles}."),
        params={"role": role, "roles": ", ".join(ROLES)},
    )


def actions_problem(actions: Iterable[str]) -> Problem | None:
    """A token's actions: at least one, all of them such as tokens may have."""
    asked = set(actions)
    unknown = sorted(asked - TOKEN_ACTIONS)
    if asked and not unknown:
        return None
    return Problem(
        "actions_bad",
        "actions",
        ", ".join(unknown) or None,
        message=N_("A token needs at least one action, and none that tokens cannot have."),
        next=N_("The actions are: {actions}."),
        params={"actions": ", ".join(sorted(TOKEN_ACTIONS))},
    )


def session_live(session: Session, now_ms: int) -> bool:
    """Whether it has neither reached its end nor been idle too long, and its user may still log in."""
    return session.user.active and now_ms < session.expires_ms and now_ms - session.seen_ms < IDLE_MS


def token_live(token: ApiToken, now_at: int) -> bool:
    """Whether it is neither revoked nor past its end. Ends are half-open: at the instant itself it is over."""
    return token.revoked_at is None and (token.expires_at is None or now_at < token.expires_at)


def failures_now(attempts: Attempts | None, now_ms: int) -> int:
    """Failures that still count."""
    if attempts is None or now_ms - attempts.last_ms >= FORGOTTEN_MS:
        return 0
    return attempts.failures


def wait_ms(kind: str, attempts: Attempts | None, now_ms: int) -> int:
    """How long that subject must still wait before the next attempt, 0 when it need not."""
    over = failures_now(attempts, now_ms) - FREE_FAILURES[kind]
    if attempts is None or over < 0:
        return 0
    wait: int = min(WAIT_MS << min(over, 10), LONGEST_WAIT_MS)
    return max(0, attempts.last_ms + wait - now_ms)


def throttled(wait: int) -> Problem:
    """The answer to an attempt that comes too early."""
    return Problem(
        "login_throttled",
        message=N_("Too many failed attempts."),
        next=N_("Try again in {seconds} seconds."),
        params={"seconds": -(-wait // SECOND_MS)},
    )


def refused_login() -> Problem:
    """One answer for every reason, so that nobody learns which names exist."""
    return Problem(
        "login_refused",
        message=N_("Name or password is wrong."),
        next=N_("Try again, or ask an owner for a new password."),
    )


def refusal(action: str) -> Problem:
    """The answer to somebody who may not do this."""
    return Problem(
        "forbidden",
        value=action,
        message=N_("You may not do this: {what}."),
        next=N_("Ask an owner."),
        params={"what": action},
    )
