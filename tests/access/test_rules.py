"""Who may do what, how long a session lives, how long a guesser waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.access import rules, secrets
from fahuo.access.model import OWNER, PACKER, ROLES, ApiToken, Attempts, Principal, Session, User

MIN = rules.MINUTE_MS


def principal(role: str = OWNER, shops: frozenset[int] | None = None) -> Principal:
    return Principal("user", 1, 1, "mei", rules.PERMISSIONS[role], shops, role)


def session(active: bool = True, created: int = 0, seen: int = 0) -> Session:
    return Session(User(1, "mei", OWNER, active, 0), created, seen, created + rules.SESSION_MS)


def test_an_owner_may_do_everything_and_every_role_only_what_exists() -> None:
    assert all(rules.may(principal(), action) for action in rules.ACTIONS)
    assert set(rules.PERMISSIONS) == set(ROLES)
    assert all(granted <= set(rules.ACTIONS) for granted in rules.PERMISSIONS.values())


@pytest.mark.parametrize(
    "action",
    [
        "buyers.view",
        "figures.view",
        "orders.handle",
        "orders.import",
        "catalogue.change",
        "access.manage",
        "rules.change",
    ],
)
def test_a_packer_may_not(action: str) -> None:
    assert not rules.may(principal(PACKER), action)
    assert not rules.may_some(principal(PACKER), action)


@pytest.mark.parametrize("action", ["orders.view", "floor.view", "floor.pack", "labels.print", "stock.view"])
def test_a_packer_may(action: str) -> None:
    assert rules.may(principal(PACKER), action, 7)


def test_a_role_nobody_knows_grants_nothing() -> None:
    unknown = rules.user_principal(User(1, "x", "admiral", True, 0), 1)
    assert not any(rules.may_some(unknown, action) for action in rules.ACTIONS)


def test_asking_for_an_action_there_is_not_is_a_bug() -> None:
    with pytest.raises(KeyError):
        rules.may(principal(), "orders.veiw")
    with pytest.raises(KeyError):
        rules.may_some(principal(), "orders.veiw")


def test_limited_to_shops() -> None:
    two = principal(shops=frozenset({4, 5}))
    assert rules.may(two, "orders.view", 4)
    assert not rules.may(two, "orders.view", 6)
    assert not rules.may(two, "orders.view"), "what concerns all shops is more than it has"
    assert rules.may_some(two, "orders.view")
    assert not rules.may_some(principal(shops=frozenset()), "orders.view")


def test_a_token_never_manages_people() -> None:
    token = ApiToken(1, "erp", "ab", frozenset(rules.ACTIONS), None, 0, None, None, None)
    assert not rules.may(rules.token_principal(token, 1), "access.manage")
    assert rules.may(rules.token_principal(token, 1), "orders.import")


@pytest.mark.parametrize(
    ("seen", "now", "live"),
    [
        (0, 0, True),
        (0, rules.IDLE_MS - 1, True),
        (0, rules.IDLE_MS, False),
        (rules.SESSION_MS - 1, rules.SESSION_MS - 1, True),
        (rules.SESSION_MS - 1, rules.SESSION_MS, False),
    ],
)
def test_a_session_ends_by_idleness_and_by_age(seen: int, now: int, live: bool) -> None:
    assert rules.session_live(session(seen=seen), now) is live


def test_a_disabled_user_has_no_live_session() -> None:
    assert not rules.session_live(session(active=False), 0)


@pytest.mark.parametrize(
    ("expires", "revoked", "now", "live"),
    [(None, None, 10, True), (10, None, 9, True), (10, None, 10, False), (None, 5, 10, False)],
)
def test_a_token_ends(expires: int | None, revoked: int | None, now: int, live: bool) -> None:
    token = ApiToken(1, "erp", "ab", frozenset({"orders.view"}), None, 0, expires, revoked, None)
    assert rules.token_live(token, now) is live


@pytest.mark.parametrize(
    ("failures", "after", "wait"),
    [
        (4, 0, 0),
        (5, 0, 30_000),
        (5, 29_999, 1),
        (5, 30_000, 0),
        (6, 0, 60_000),
        (7, 0, 120_000),
        (10, 0, 15 * MIN),
        (500, 0, 15 * MIN),
        (500, 60 * MIN, 0),
    ],
)
def test_waiting_after_failed_log_ins(failures: int, after: int, wait: int) -> None:
    assert rules.wait_ms("user", Attempts(failures, 1_000), 1_000 + after) == wait


def test_an_address_holds_an_office_and_waits_later() -> None:
    assert rules.wait_ms("address", Attempts(19, 0), 0) == 0
    assert rules.wait_ms("address", Attempts(20, 0), 0) == 30_000
    assert rules.wait_ms("address", None, 0) == 0


@given(st.integers(0, 10_000), st.integers(0, 10**13), st.integers(0, 10**8))
def test_the_wait_is_bounded_and_runs_off(failures: int, last: int, after: int) -> None:
    wait = rules.wait_ms("user", Attempts(failures, last), last + after)
    assert 0 <= wait <= rules.LONGEST_WAIT_MS
    assert rules.wait_ms("user", Attempts(failures, last), last + after + wait) == 0
    assert rules.wait_ms("user", Attempts(failures + 1, last), last + after) >= wait


@pytest.mark.parametrize("name", ["", "   ", "a" * 61, "a\x00b", "line\nbreak\u200b\x07"])
def test_names_that_are_refused(name: str) -> None:
    problem = rules.name_problem(name)
    assert problem is not None
    assert (problem.code, problem.field) == ("name_bad", "name")


def test_names_are_compared_folded() -> None:
    assert rules.clean_name("  Mei  LI ") == "mei li" == rules.clean_name("\uff2d\uff25\uff29 li")
    assert rules.name_problem("王美丽") is None


@pytest.mark.parametrize("password", ["", "short", "123456789", "a" * 201, "LONG ENOUGH NAME"])
def test_passwords_that_are_refused(password: str) -> None:
    problem = rules.password_problem(password, "long enough name")
    assert problem is not None
    assert problem.field == "password"
    assert problem.value is None, "a password is never repeated"


@given(st.text(min_size=1, max_size=80))
def test_a_password_matches_itself_only(text: str) -> None:
    token = secrets.new_session_token()
    assert secrets.csrf_matches(token, secrets.csrf_of(token))
    assert not secrets.csrf_matches(token, text)
    assert not secrets.csrf_matches(text, secrets.csrf_of(token))


def test_password_hashes() -> None:
    known = secrets.hash_password("correct horse battery")
    assert known.startswith("$argon2id$")
    assert secrets.password_matches(known, "correct horse battery")
    assert not secrets.password_matches(known, "correct horse")
    assert not secrets.password_matches("no hash at all", "correct horse battery")
    assert not secrets.password_matches(None, "correct horse battery")
    assert not secrets.outdated(known)


def test_secrets_are_long_and_different() -> None:
    assert len({secrets.new_password() for _ in range(50)}) == 50
    assert rules.password_problem(secrets.new_password(), "mei") is None
    prefix, text = secrets.new_api_token()
    assert secrets.prefix_of(text) == prefix
    assert len(text) > 55
    assert [secrets.prefix_of(other) for other in ("", "fahuo", "fahuo_ab", "fahuo_ab_", "other_ab_cd")] == [None] * 5
