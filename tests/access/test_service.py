"""Users, sessions and tokens in the database, on both of them."""

import pytest
from sqlalchemy import select

from fahuo.access import queries, rules, secrets, service
from fahuo.access.model import OWNER, PACKER, LoggedIn, User
from fahuo.access.service import Attempt
from fahuo.access.tables import access_log, api_tokens, login_attempts, sessions, users
from fahuo.kernel.problems import Problem
from fahuo.store.engine import Store, Tx

PASSWORD = "correct horse battery"
AT = 1_768_000_000
MS = AT * 1000


@pytest.fixture
def mei(tx: Tx) -> User:
    added = service.add_user(tx, "Mei", OWNER, PASSWORD, AT, "cli")
    assert isinstance(added, User)
    return added


def log_in(tx: Tx, name: str, password: str, now_ms: int = MS, address: str = "10.0.0.9") -> LoggedIn | Problem:
    attempt = service.begin_login(tx, name, address, now_ms, AT)
    if isinstance(attempt, Problem):
        return attempt
    return service.finish_login(tx, attempt, attempt.matches(password), password, now_ms, AT)


def code_of(result: object) -> str:
    return result.code if isinstance(result, Problem) else "done"


def logged_in(result: LoggedIn | Problem) -> LoggedIn:
    assert isinstance(result, LoggedIn)
    return result


def everything_stored(tx: Tx) -> str:
    tables = (users, sessions, api_tokens, login_attempts, access_log)
    return "\n".join(repr(tuple(row)) for table in tables for row in tx.rows(table.select()))


def test_a_user_is_added_once_whatever_the_spelling(tx: Tx, mei: User) -> None:
    again = service.add_user(tx, " MEI ", PACKER, PASSWORD, AT, "cli")
    assert code_of(again) == "user_exists"
    assert [(user.name, user.role) for user in queries.user_list(tx)] == [("mei", OWNER)]


@pytest.mark.parametrize(
    ("name", "role", "password", "code"),
    [
        ("", OWNER, PASSWORD, "name_bad"),
        ("li", "admiral", PASSWORD, "role_unknown"),
        ("li", OWNER, "short", "password_weak"),
    ],
)
def test_a_bad_user_is_refused(tx: Tx, name: str, role: str, password: str, code: str) -> None:
    assert code_of(service.add_user(tx, name, role, password, AT, "cli")) == code
    assert queries.user_list(tx) == []
    assert queries.log_rows(tx) == []


def test_logging_in_opens_a_session_that_ends(tx: Tx, mei: User) -> None:
    done = logged_in(log_in(tx, "mei", PASSWORD))
    assert (done.principal.name, done.principal.role, done.principal.actor) == ("mei", OWNER, "user:mei")
    assert service.session_principal(tx, done.token, MS + 1) == (done.principal, False)
    assert service.session_principal(tx, done.token + "x", MS + 1) is None
    assert service.session_principal(tx, done.token, MS + rules.IDLE_MS) is None
    service.log_out(tx, done.token, done.principal, AT)
    assert service.session_principal(tx, done.token, MS + 1) is None


def test_a_session_in_use_does_not_idle(tx: Tx, mei: User) -> None:
    done = logged_in(log_in(tx, "mei", PASSWORD))
    later = MS + rules.IDLE_MS - 1
    found = service.session_principal(tx, done.token, later)
    assert found is not None
    assert found[1], "a minute has passed, so the use is to be noted"
    service.touch(tx, done.token, later)
    assert service.session_principal(tx, done.token, later + rules.IDLE_MS - 1) is not None


@pytest.mark.parametrize(("name", "password"), [("mei", "wrong password"), ("nobody", PASSWORD), ("", "")])
def test_a_refusal_is_the_same_for_every_reason(tx: Tx, mei: User, name: str, password: str) -> None:
    refused = log_in(tx, name, password)
    assert refused == rules.refused_login()
    assert tx.rows(sessions.select()) == []


def test_a_disabled_user_is_out_at_once(tx: Tx, mei: User) -> None:
    service.add_user(tx, "li", OWNER, PASSWORD, AT, "cli")
    done = logged_in(log_in(tx, "mei", PASSWORD))
    assert service.set_active(tx, "mei", False, AT, "user:li") is None
    assert service.session_principal(tx, done.token, MS + 1) is None
    assert code_of(log_in(tx, "mei", PASSWORD)) == "login_refused"
    assert service.set_active(tx, "mei", True, AT, "user:li") is None
    assert code_of(log_in(tx, "mei", PASSWORD)) == "done"


def test_a_new_password_ends_every_session(tx: Tx, mei: User) -> None:
    done = logged_in(log_in(tx, "mei", PASSWORD))
    assert service.set_password(tx, "MEI", "another long password", AT, "user:mei") is None
    assert service.session_principal(tx, done.token, MS + 1) is None
    assert code_of(log_in(tx, "mei", PASSWORD)) == "login_refused"
    assert code_of(log_in(tx, "mei", "another long password")) == "done"
    assert code_of(service.set_password(tx, "nobody", PASSWORD, AT, "cli")) == "user_unknown"
    assert code_of(service.set_password(tx, "mei", "short", AT, "cli")) == "password_weak"


def test_a_password_changed_during_the_check_counts(tx: Tx, mei: User) -> None:
    attempt = service.begin_login(tx, "mei", "10.0.0.9", MS, AT)
    assert isinstance(attempt, Attempt)
    matches = attempt.matches(PASSWORD)
    service.set_password(tx, "mei", "another long password", AT, "user:mei")
    assert code_of(service.finish_login(tx, attempt, matches, PASSWORD, MS, AT)) == "login_refused"


def test_the_last_owner_stays(tx: Tx, mei: User) -> None:
    service.add_user(tx, "li", PACKER, PASSWORD, AT, "cli")
    assert code_of(service.set_role(tx, "mei", PACKER, AT, "cli")) == "last_owner"
    assert code_of(service.set_active(tx, "mei", False, AT, "cli")) == "last_owner"
    assert service.set_role(tx, "li", OWNER, AT, "cli") is None
    assert service.set_role(tx, "mei", PACKER, AT, "cli") is None
    assert {user.name: user.role for user in queries.user_list(tx)} == {"li": OWNER, "mei": PACKER}


def test_guessing_a_password_gets_slow_for_that_name_alone(tx: Tx, mei: User) -> None:
    service.add_user(tx, "li", PACKER, PASSWORD, AT, "cli")
    for _ in range(rules.FREE_FAILURES["user"]):
        assert code_of(log_in(tx, "mei", "wrong password")) == "login_refused"
    blocked = log_in(tx, "Mei", PASSWORD)
    assert code_of(blocked) == "login_throttled", "the right password does not help while the wait runs"
    assert isinstance(blocked, Problem)
    assert blocked.params == {"seconds": 30}
    assert code_of(log_in(tx, "li", PASSWORD)) == "done"
    assert code_of(log_in(tx, "mei", PASSWORD, MS + rules.WAIT_MS)) == "done"
    assert code_of(log_in(tx, "mei", "wrong password", MS + rules.WAIT_MS)) == "login_refused", "the count began anew"


def test_guessing_names_gets_slow_for_that_address_alone(tx: Tx, mei: User) -> None:
    for number in range(rules.FREE_FAILURES["address"]):
        assert code_of(log_in(tx, f"guess {number}", "wrong password")) == "login_refused"
    assert code_of(log_in(tx, "mei", PASSWORD)) == "login_throttled"
    assert code_of(log_in(tx, "mei", PASSWORD, address="10.0.0.8")) == "done"


def test_logging_in_rightly_does_not_wash_an_address_clean(tx: Tx, mei: User) -> None:
    for number in range(rules.FREE_FAILURES["address"] - 1):
        log_in(tx, f"guess {number}", "wrong password")
    assert code_of(log_in(tx, "mei", PASSWORD)) == "done"
    assert code_of(log_in(tx, "one more", "wrong password")) == "login_refused"
    assert code_of(log_in(tx, "mei", PASSWORD)) == "login_throttled"


def test_attempts_begun_together_are_all_counted(tx: Tx, mei: User) -> None:
    begun = [service.begin_login(tx, "mei", f"10.0.0.{n}", MS, AT) for n in range(8)]
    assert [code_of(attempt) for attempt in begun] == ["done"] * 5 + ["login_throttled"] * 3


def test_a_token_is_shown_once_and_scoped(tx: Tx) -> None:
    added = service.add_token(tx, "ERP", ["orders.view", "orders.import"], [7, 8], AT + 100, AT, "user:mei")
    assert not isinstance(added, Problem)
    token, text = added
    found = service.token_principal(tx, text, AT + 99)
    assert found is not None
    principal = found[0]
    assert principal.actor == "token:erp"
    assert rules.may(principal, "orders.import", 7)
    assert not rules.may(principal, "orders.import", 9)
    assert not rules.may(principal, "stock.change", 7)
    assert service.token_principal(tx, text, AT + 100) is None, "its end has come"
    assert service.token_principal(tx, text[:-1] + ("a" if text[-1] != "a" else "b"), AT) is None
    assert service.token_principal(tx, f"fahuo_{token.prefix}_", AT) is None
    assert [known.prefix for known in queries.token_list(tx)] == [token.prefix]


def test_a_revoked_token_is_dead(tx: Tx) -> None:
    added = service.add_token(tx, "erp", ["orders.view"], None, None, AT, "user:mei")
    assert not isinstance(added, Problem)
    token, text = added
    service.token_used(tx, token.id, MS)
    assert queries.token_list(tx)[0].used_ms == MS
    assert service.revoke_token(tx, token.prefix, AT + 5, "user:mei") is None
    assert service.revoke_token(tx, token.prefix, AT + 9, "user:mei") is None
    assert service.token_principal(tx, text, AT + 5) is None
    assert queries.token_list(tx)[0].revoked_at == AT + 5
    assert [row[2] for row in queries.log_rows(tx)] == ["token.revoked", "token.added"]
    assert code_of(service.revoke_token(tx, "nothing", AT, "user:mei")) == "token_unknown"


@pytest.mark.parametrize(
    ("actions", "shops", "code"),
    [
        ([], None, "actions_bad"),
        (["orders.view", "access.manage"], None, "actions_bad"),
        (["orders.veiw"], None, "actions_bad"),
        (["orders.view"], [], "token_no_shop"),
    ],
)
def test_a_bad_token_is_refused(tx: Tx, actions: list[str], shops: list[int] | None, code: str) -> None:
    assert code_of(service.add_token(tx, "erp", actions, shops, None, AT, "user:mei")) == code
    assert queries.token_list(tx) == []


def test_no_secret_reaches_the_database_in_clear(tx: Tx, mei: User) -> None:
    done = logged_in(log_in(tx, "mei", PASSWORD, address="203.0.113.77"))
    log_in(tx, "mei", "a wrong password", address="203.0.113.77")
    added = service.add_token(tx, "erp", ["orders.view"], None, None, AT, "user:mei")
    assert not isinstance(added, Problem)
    stored = everything_stored(tx)
    for secret in (PASSWORD, "a wrong password", done.token, done.csrf, added[1], "203.0.113.77"):
        assert secret not in stored


def test_another_seller_sees_nothing(store: Store) -> None:
    with store.write() as tx:
        service.add_user(tx, "mei", OWNER, PASSWORD, AT, "cli")
        done = logged_in(log_in(tx, "mei", PASSWORD))
        added = service.add_token(tx, "erp", ["orders.view"], None, None, AT, "cli")
        assert not isinstance(added, Problem)
    with store.write(seller_id=2) as other:
        assert [queries.user_list(other), queries.token_list(other), queries.log_rows(other)] == [[], [], []]
        assert service.session_principal(other, done.token, MS + 1) is None
        assert service.token_principal(other, added[1], AT) is None
        assert code_of(log_in(other, "mei", PASSWORD)) == "login_refused"


def test_what_is_over_is_removed(tx: Tx, mei: User) -> None:
    old = logged_in(log_in(tx, "mei", PASSWORD))
    log_in(tx, "guess", "wrong password")
    fresh = logged_in(log_in(tx, "mei", PASSWORD, MS + rules.IDLE_MS))
    service.purge(tx, MS + rules.IDLE_MS)
    kept = [bytes(row[1]) for row in tx.rows(sessions.select())]
    assert kept == [secrets.fingerprint(fresh.token)]
    assert secrets.fingerprint(old.token) not in kept
    left = tx.rows(select(login_attempts.c.kind))
    assert left == [("address",)], "of the fresh log-in, with nothing against it"


def test_the_log_tells_what_happened(tx: Tx, mei: User) -> None:
    log_in(tx, "mei", "wrong password")
    log_in(tx, "mei", PASSWORD)
    assert [(row[1], row[2], row[3]) for row in reversed(queries.log_rows(tx))] == [
        ("cli", "user.added", "user:mei"),
        ("system", "login.failed", "user:mei"),
        ("user:mei", "login.ok", "user:mei"),
    ]


def test_a_password_typed_as_the_name_is_not_written_down(tx: Tx, mei: User) -> None:
    for _ in range(rules.FREE_FAILURES["user"] + 1):
        log_in(tx, PASSWORD, "whatever else")
    assert PASSWORD not in everything_stored(tx)
    assert {row[3] for row in queries.log_rows(tx) if row[2].startswith("login.")} == {"user:?"}
