"""`fahuo users` from the outside, and the use cases behind it."""

import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fahuo.access.model import LoggedIn
from fahuo.cli import say
from fahuo.cli.users import app
from fahuo.flow import access
from fahuo.flow.house import House
from fahuo.kernel.clock import FixedClock
from fahuo.kernel.config import write_master_key
from fahuo.kernel.problems import Failure
from fahuo.store.engine import open_store

AT = 1_768_000_000
PASSWORD = "correct horse battery"


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    (tmp_path / "fahuo.db").write_bytes(sqlite_template.read_bytes())
    key = write_master_key(tmp_path / "fahuo.key")
    for name in ("FAHUO_DATABASE_URL", "FAHUO_MASTER_KEY", "FAHUO_MASTER_KEY_FILE", "FAHUO_LANG", "FAHUO_NOW"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAHUO_HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "C.UTF-8")
    return House(open_store(f"sqlite:///{tmp_path / 'fahuo.db'}", master=key), FixedClock(AT))


def run(*arguments: str, stdin: str = "") -> Result:
    say.forget()
    return CliRunner().invoke(app, list(arguments), input=stdin)


def problem_of(result: Result) -> str:
    assert isinstance(result.exception, Failure)
    return result.exception.problem.code


def test_a_password_from_standard_input_logs_in(home: House) -> None:
    added = run("add", "Mei", "--role", "owner", "--json", stdin=PASSWORD + "\n")
    assert json.loads(added.stdout)["name"] == "mei"
    assert PASSWORD not in added.output
    done = access.log_in(home, "mei", PASSWORD, "10.0.0.9")
    assert isinstance(done, LoggedIn)
    assert access.of_session(home, done.token) == done.principal
    access.end_session(home, done.token)
    access.end_session(home, done.token)
    assert access.of_session(home, done.token) is None


def test_a_generated_password_is_shown_and_works(home: House) -> None:
    added = json.loads(run("add", "li", "--role", "packer", "--generate", "--json").stdout)
    done = access.log_in(home, "li", added["password"], "10.0.0.9")
    assert isinstance(done, LoggedIn)
    assert done.principal.role == "packer"
    with pytest.raises(Failure, match=r"orders\.import"):
        access.require(done.principal, "orders.import")
    access.require(done.principal, "floor.pack", 5)


def test_what_cannot_be_added_says_why(home: House) -> None:
    assert problem_of(run("add", "mei", "--role", "admiral", stdin=PASSWORD)) == "role_unknown"
    assert problem_of(run("add", "mei", stdin="short\n")) == "password_weak"
    assert problem_of(run("add", "mei", stdin="")) == "password_missing"
    assert run("add", "mei", stdin=PASSWORD).exit_code == 0
    assert problem_of(run("add", "mei", stdin=PASSWORD)) == "user_exists"
    assert problem_of(run("disable", "mei")) == "last_owner"
    assert problem_of(run("role", "nobody", "packer")) == "user_unknown"


def test_users_are_listed_changed_and_disabled(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(run("list", "--json").stdout)["users"] == []
    run("add", "mei", stdin=PASSWORD)
    run("add", "li", "--role", "packer", stdin=PASSWORD)
    assert run("disable", "li").exit_code == 0
    assert run("password", "mei", stdin="another long password\n").exit_code == 0
    listed = json.loads(run("list", "--json").stdout)["users"]
    assert [(user["name"], user["role"], user["active"]) for user in listed] == [
        ("li", "packer", False),
        ("mei", "owner", True),
    ]
    monkeypatch.setenv("FAHUO_LANG", "zh")
    assert "不可登录" in run("list").stdout
    assert not isinstance(access.log_in(home, "mei", PASSWORD, "10.0.0.9"), LoggedIn)
    assert isinstance(access.log_in(home, "mei", "another long password", "10.0.0.9"), LoggedIn)
    assert all(user.password_hash == "" for user in access.users(home))


def test_a_token_lives_until_it_is_revoked(home: House) -> None:
    made = run("tokens", "add", "erp", "--action", "orders.view", "--expires", "2099-01-01T00:00:00Z", "--json")
    token = json.loads(made.stdout)
    principal = access.of_token(home, token["token"])
    assert principal is not None
    assert principal.actor == "token:erp"
    assert principal.shops is None
    listed = run("tokens", "list").stdout
    assert token["prefix"] in listed
    assert token["token"] not in listed
    assert run("tokens", "revoke", token["prefix"]).exit_code == 0
    assert access.of_token(home, token["token"]) is None
    assert json.loads(run("tokens", "list", "--json").stdout)["tokens"][0]["revoked"] is True


def test_bad_tokens_are_refused(home: House) -> None:
    assert problem_of(run("tokens", "add", "erp", "--action", "access.manage")) == "actions_bad"
    assert problem_of(run("tokens", "add", "erp", "--action", "orders.view", "--shop", "none")) == "unknown_shop"
    assert problem_of(run("tokens", "add", "erp", "--action", "orders.view", "--expires", "tomorrow")) == "instant_bad"
    assert problem_of(run("tokens", "revoke", "nothing")) == "token_unknown"
    assert "orders.view" in run("tokens", "actions").stdout


def test_a_terminal_is_asked_twice(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[dict[str, object]] = []

    def prompt(_text: str, **how: object) -> str:
        asked.append(how)
        return PASSWORD

    monkeypatch.setattr("fahuo.cli.users.typer.prompt", prompt)
    monkeypatch.setattr("fahuo.cli.users.sys.stdin", Terminal())
    say.forget()
    app(["add", "mei"], standalone_mode=False)
    assert asked == [{"hide_input": True, "confirmation_prompt": True, "err": True}]
    assert isinstance(access.log_in(home, "mei", PASSWORD, "10.0.0.9"), LoggedIn)
