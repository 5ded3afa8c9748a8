"""`fahuo users`: people who log in, and tokens for programs."""

import sys
from typing import Annotated, Any

import msgspec
import typer

from fahuo.access.model import OWNER, ApiToken
from fahuo.access.rules import ACTIONS, TOKEN_ACTIONS
from fahuo.flow import access
from fahuo.flow.house import House, open_house
from fahuo.kernel.config import load_settings
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, t

ACTOR = "cli"

app = typer.Typer(no_args_is_help=True, help="Users and roles, and API tokens for programs.")
tokens_app = typer.Typer(no_args_is_help=True, help="API tokens: limited to actions and shops, shown once.")
app.add_typer(tokens_app, name="tokens")

Name = Annotated[str, typer.Argument(help="The name to log in with.")]
Role = Annotated[str, typer.Option("--role", help="owner: everything; packer: the floor only.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Lang = Annotated[str | None, typer.Option("--lang", help="en or zh.")]


def _house(lang: str | None) -> House:
    return open_house(load_settings(lang=lang))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _answer(as_json: bool, document: dict[str, Any], text: str) -> None:
    _say(msgspec.json.encode(document).decode() if as_json else text)


def _password(generate: bool, lang: str) -> tuple[str, bool]:
    """(password, whether it was generated): asked for at a terminal, else the first line of standard input."""
    if generate:
        return access.new_password(), True
    if sys.stdin.isatty():
        return typer.prompt(t(N_("Password"), lang), hide_input=True, confirmation_prompt=True, err=True), False
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
    return password, False


@app.command()
def add(name: Name, role: Role = OWNER, generate: Generate = False, as_json: AsJson = False, lang: Lang = None) -> None:
    """Add a user. The password is asked for, read from standard input, or generated."""
    house = _house(lang)
    password, made = _password(generate, house.lang)
    user = access.add_user(house, name, role, password, ACTOR)
    document = {"schema": "fahuo.user/1", "id": str(user.id), "name": user.name, "role": user.role}
    text = t(N_("User {name} ({role}) added."), house.lang, name=user.name, role=user.role)
    if made:
        document["password"] = password
        text += "\n" + t(N_("Password: {password}"), house.lang, password=password)
    _answer(as_json, document, text)


@app.command("list")
def list_users(as_json: AsJson = False, lang: Lang = None) -> None:
    """List the users and their roles."""
    house = _house(lang)
    known = access.users(house)
    rows = [{"id": str(u.id), "name": u.name, "role": u.role, "active": u.active} for u in known]
    off = t(N_("may not log in"), house.lang)
    text = "\n".join(f"{u.name:<30} {u.role:<8}{'' if u.active else ' ' + off}".rstrip() for u in known)
    _answer(as_json, {"schema": "fahuo.users/1", "users": rows}, text or t(N_("There are no users yet."), house.lang))


@app.command()
def password(name: Name, generate: Generate = False, as_json: AsJson = False, lang: Lang = None) -> None:
    """Set a new password; the user is logged out everywhere."""
    house = _house(lang)
    new, made = _password(generate, house.lang)
    access.set_password(house, name, new, ACTOR)
    document = {"schema": "fahuo.user/1", "name": name} | ({"password": new} if made else {})
    text = t(N_("Password of {name} changed."), house.lang, name=name)
    _answer(as_json, document, text + ("\n" + t(N_("Password: {password}"), house.lang, password=new) if made else ""))


@app.command()
def role(name: Name, new: Annotated[str, typer.Argument(metavar="ROLE")], lang: Lang = None) -> None:
    """Give a user another role: owner or packer."""
    house = _house(lang)
    access.set_role(house, name, new, ACTOR)
    _say(t(N_("{name} is {role} now."), house.lang, name=name, role=new))


@app.command()
def disable(name: Name, lang: Lang = None) -> None:
    """Stop a user from logging in, at once."""
    house = _house(lang)
    access.set_active(house, name, False, ACTOR)
    _say(t(N_("{name} may no longer log in."), house.lang, name=name))


@app.command()
def enable(name: Name, lang: Lang = None) -> None:
    """Let a disabled user log in again."""
    house = _house(lang)
    access.set_active(house, name, True, ACTOR)
    _say(t(N_("{name} may log in again."), house.lang, name=name))


@tokens_app.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    action: Annotated[list[str], typer.Option("--action", help="What it may do; may be repeated. See `actions`.")],
    shop: Annotated[list[str] | None, typer.Option("--shop", help="Only this shop; may be repeated.")] = None,
    expires: Annotated[str | None, typer.Option("--expires", help="When it ends (ISO 8601).")] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Make a token for a program. Its text is shown this once and cannot be shown again."""
    house = _house(lang)
    token, text = access.add_token(house, name, action, shop or (), _instant(expires), ACTOR)
    document = {"schema": "fahuo.token/1", "prefix": token.prefix, "name": token.name, "token": text}
    _answer(as_json, document, text)


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
def list_tokens(as_json: AsJson = False, lang: Lang = None) -> None:
    """List the tokens, without their secrets."""
    house = _house(lang)
    known = access.tokens(house)
    revoked, everywhere = t(N_("revoked"), house.lang), t(N_("every shop"), house.lang)
    lines = [
        f"{k.prefix}  {k.name:<24} {revoked if k.revoked_at else ' '.join(sorted(k.actions))}"
        f"  {everywhere if k.shops is None else ' '.join(str(shop) for shop in sorted(k.shops))}"
        for k in known
    ]
    none = t(N_("There are no tokens yet."), house.lang)
    _answer(as_json, {"schema": "fahuo.tokens/1", "tokens": [_token_row(k) for k in known]}, "\n".join(lines) or none)


@tokens_app.command("revoke")
def revoke_token(
    prefix: Annotated[str, typer.Argument(help="The token's prefix, as listed.")], lang: Lang = None
) -> None:
    """End a token at once."""
    house = _house(lang)
    access.revoke_token(house, prefix, ACTOR)
    _say(t(N_("Token {prefix} is revoked."), house.lang, prefix=prefix))


@tokens_app.command()
def actions(lang: Lang = None) -> None:
    """List what a token can be allowed to do."""
    chosen = load_settings(lang=lang).lang
    for action in sorted(TOKEN_ACTIONS):
        _say(f"{action:<18} {t(ACTIONS[action], chosen)}")
