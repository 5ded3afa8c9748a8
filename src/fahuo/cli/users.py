"""`fahuo users`: people who log in, and tokens for programs."""

import sys
from typing import Annotated, Any

import typer

from fahuo.access.model import OWNER, ApiToken
from fahuo.access.rules import ACTIONS, TOKEN_ACTIONS
from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house
from fahuo.flow import access
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, t

app = typer.Typer(help="Users and roles, and API tokens for programs.")
tokens_app = typer.Typer(help="API tokens: limited to actions and shops, shown once.")
app.add_typer(tokens_app, name="tokens")

Name = Annotated[str, typer.Argument(help="The name to log in with.")]
Role = Annotated[str, typer.Option("--role", help="owner: everything; packer: the floor only.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it.")]


def _answer(as_json: bool, answer: dict[str, Any], text: str, **params: object) -> None:
    if as_json:
        say.document(answer)
    else:
        say.say(text, **params)


def _password(generate: bool) -> str:
    """Generated, asked for at a terminal, else the first line of standard input."""
    if generate:
        return access.new_password()
    if sys.stdin.isatty():
        question = t(N_("Password"), say.settings().lang)
        return str(typer.prompt(question, hide_input=True, confirmation_prompt=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise Failure(
            Problem(
                "password_missing",
                "password",
                message=N_("There is no password on standard input."),
                next=N_("Write it there as one line, or let one be made with --generate."),
            )
        )
    return password


def _shown(made: bool, password: str, as_json: bool) -> dict[str, str]:
    """A generated password is shown this once; for people on a line of its own."""
    if made and not as_json:
        say.say(N_("Password: {password}"), password=password)
    return {"password": password} if made else {}


@app.command()
def add(name: Name, role: Role = OWNER, generate: Generate = False, as_json: AsJson = False) -> None:
    """Add a user. The password is asked for, read from standard input, or generated."""
    with house() as home:
        new = _password(generate)
        user = access.add_user(home, name, role, new, actor())
    shown = _shown(generate, new, as_json)
    answer = {"schema": "fahuo.user/1", "id": str(user.id), "name": user.name, "role": user.role} | shown
    _answer(as_json, answer, N_("User {name} ({role}) added."), name=user.name, role=user.role)


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the users and their roles."""
    with house() as home:
        known = access.users(home)
    if as_json:
        rows = [{"id": str(u.id), "name": u.name, "role": u.role, "active": u.active} for u in known]
        say.document({"schema": "fahuo.users/1", "users": rows})
        return
    off = t(N_("may not log in"), say.settings().lang)
    say.table("", [N_("Name"), N_("Role"), ""], [(u.name, u.role, "" if u.active else off) for u in known])


@app.command()
def password(name: Name, generate: Generate = False, as_json: AsJson = False) -> None:
    """Set a new password; the user is logged out everywhere."""
    with house() as home:
        new = _password(generate)
        access.set_password(home, name, new, actor())
    answer = {"schema": "fahuo.user/1", "name": name} | _shown(generate, new, as_json)
    _answer(as_json, answer, N_("Password of {name} changed."), name=name)


@app.command()
def role(name: Name, new: Annotated[str, typer.Argument(metavar="ROLE")], as_json: AsJson = False) -> None:
    """Give a user another role: owner or packer."""
    with house() as home:
        access.set_role(home, name, new, actor())
    answer = {"schema": "fahuo.user/1", "name": name, "role": new}
    _answer(as_json, answer, N_("{name} is {role} now."), name=name, role=new)


@app.command()
def disable(name: Name, as_json: AsJson = False) -> None:
    """Stop a user from logging in, at once."""
    with house() as home:
        access.set_active(home, name, False, actor())
    answer = {"schema": "fahuo.user/1", "name": name, "active": False}
    _answer(as_json, answer, N_("{name} may no longer log in."), name=name)


@app.command()
def enable(name: Name, as_json: AsJson = False) -> None:
    """Let a disabled user log in again."""
    with house() as home:
        access.set_active(home, name, True, actor())
    answer = {"schema": "fahuo.user/1", "name": name, "active": True}
    _answer(as_json, answer, N_("{name} may log in again."), name=name)


@tokens_app.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    action: Annotated[list[str], typer.Option("--action", help="What it may do; may be repeated. See `actions`.")],
    shop: Annotated[list[str] | None, typer.Option("--shop", help="Only this shop; may be repeated.")] = None,
    expires: Annotated[str | None, typer.Option("--expires", help="When it ends (ISO 8601).")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for a program. Its text is shown this once and cannot be shown again."""
    with house() as home:
        token, text = access.add_token(home, name, action, shop or (), _instant(expires), actor())
    answer = {"schema": "fahuo.token/1", "prefix": token.prefix, "name": token.name, "token": text}
    _answer(as_json, answer, "{token}", token=text)


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError:
        raise Failure(
            Problem(
                "instant_bad",
                "expires",
                text,
                message=N_("{value} is not an instant with an offset."),
                next=N_("Write it like 2026-12-31T23:59:59+08:00."),
                params={"value": text},
            )
        ) from None


def _token_row(token: ApiToken) -> dict[str, Any]:
    row: dict[str, Any] = {
        "prefix": token.prefix,
        "name": token.name,
        "actions": sorted(token.actions),
        "created_at": iso(token.created_at),
        "revoked": token.revoked_at is not None,
    }
    if token.shops is not None:
        row["shops"] = [str(shop) for shop in sorted(token.shops)]
    if token.expires_at is not None:
        row["expires_at"] = iso(token.expires_at)
    return row


@tokens_app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """List the tokens, without their secrets."""
    with house() as home:
        known = access.tokens(home)
    if as_json:
        say.document({"schema": "fahuo.tokens/1", "tokens": [_token_row(token) for token in known]})
        return
    lang = say.settings().lang
    revoked, everywhere = t(N_("revoked"), lang), t(N_("every shop"), lang)
    rows = [
        (
            token.prefix,
            token.name,
            everywhere if token.shops is None else " ".join(str(shop) for shop in sorted(token.shops)),
            revoked if token.revoked_at is not None else " ".join(sorted(token.actions)),
        )
        for token in known
    ]
    say.table("", [N_("Prefix"), N_("Name"), N_("Shops"), N_("Actions")], rows)


@tokens_app.command("revoke")
def revoke_token(
    prefix: Annotated[str, typer.Argument(help="The token's prefix, as listed.")], as_json: AsJson = False
) -> None:
    """End a token at once."""
    with house() as home:
        access.revoke_token(home, prefix, actor())
    answer = {"schema": "fahuo.token/1", "prefix": prefix, "revoked": True}
    _answer(as_json, answer, N_("Token {prefix} is revoked."), prefix=prefix)


@tokens_app.command()
def actions(as_json: AsJson = False) -> None:
    """List what a token can be allowed to do."""
    lang = say.settings().lang
    rows = [(action, t(ACTIONS[action], lang)) for action in sorted(TOKEN_ACTIONS)]
    if as_json:
        shown = [{"action": action, "meaning": meaning} for action, meaning in rows]
        say.document({"schema": "fahuo.token-actions/1", "actions": shown})
        return
    say.table("", [N_("Action"), N_("Meaning")], rows)
