"""Settings: a flag, then the environment, then `fahuo.toml` in the home folder, then the default."""

import base64
import binascii
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fahuo.kernel.crypto import KEY_BYTES, new_key
from fahuo.kernel.instant import Instant, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import DEFAULT, language, languages

NAMES = ("home", "database_url", "master_key", "master_key_file", "now", "clock", "lang")
SCHEMES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
KEY_FILE = "fahuo.key"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Settings:
    """What an installation is told. The key and the address of the database (it may hold a password) are not shown."""

    home: Path
    database_url: str = field(repr=False)
    master_key: bytes | None = field(repr=False)
    master_key_file: Path
    now: Instant | None
    lang: str
    clock: str = ""
    """Address on this machine whose `epoch` business time follows, for tests and demonstrations; empty: real time."""

    def require_key(self) -> bytes:
        """The master key. Raises Failure (exit 2) when there is none yet."""
        if self.master_key is None:
            raise Failure(
                Problem(
                    "no_master_key",
                    field="FAHUO_MASTER_KEY",
                    message="There is no master key: neither FAHUO_MASTER_KEY nor the file {file}.",
                    next="Run: fahuo init",
                    params={"file": str(self.master_key_file)},
                )
            )
        return self.master_key


def load_settings(environ: Mapping[str, str] | None = None, **flags: str | Path | None) -> Settings:
    """Resolve every setting. Flags are named as in NAMES; None means not given.

    Raises Failure (exit 2) with the setting's name when a value cannot be used.
    """
    env = os.environ if environ is None else environ
    if unknown := set(flags) - set(NAMES):
        raise TypeError(f"no such setting: {sorted(unknown)}")
    home = Path(flags.get("home") or env.get("FAHUO_HOME") or ".").absolute()
    table = _read_table(home / "fahuo.toml")

    def given(name: str) -> str | None:
        value = flags.get(name)
        return str(value) if value else env.get(f"FAHUO_{name.upper()}") or table.get(name) or None

    key_text, key_file = given("master_key"), given("master_key_file")
    path = home / key_file if key_file else home / KEY_FILE
    return Settings(
        home=home,
        database_url=_database(given("database_url"), home),
        master_key=_key(key_text, "FAHUO_MASTER_KEY") if key_text else _key_from(path, must_exist=bool(key_file)),
        master_key_file=path,
        now=_now(given("now")),
        lang=_lang(given("lang"), env),
        clock=_clock(given("clock")),
    )


def write_master_key(path: Path) -> bytes:
    """Make a master key in a new file that only its owner may read. Raises FileExistsError, OSError."""
    key = new_key()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.urlsafe_b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def _read_table(path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Failure(
            Problem(
                "bad_settings_file",
                field="fahuo.toml",
                message="The settings file {file} cannot be read: {why}",
                next="Correct the file or remove it.",
                params={"file": str(path), "why": str(error)},
            )
        ) from error
    for name, value in table.items():
        if isinstance(value, dict):
            continue  # a section of its own, read by the part it belongs to
        if name not in NAMES or name == "home":
            raise Failure(
                Problem(
                    "unknown_setting",
                    field=name,
                    message="The settings file names {name}, which is no setting.",
                    next="The settings are: {names}.",
                    params={"name": name, "names": ", ".join(NAMES[1:])},
                )
            )
    return {name: str(value) for name, value in table.items() if not isinstance(value, dict)}


def _database(url: str | None, home: Path) -> str:
    if url is None:
        return f"sqlite:///{home / 'fahuo.db'}"
    if not url.startswith(SCHEMES) or url in SCHEMES:
        raise Failure(
            Problem(
                "bad_setting",
                field="FAHUO_DATABASE_URL",
                message="The database address is not one of sqlite:///FILE and postgresql://USER@HOST/NAME.",
                next="Correct FAHUO_DATABASE_URL or leave it out.",
            )
        )
    return url


def _key(text: str, name: str) -> bytes:
    plain = text.strip()
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Failure(
            Problem(
                "bad_setting",
                field=name,
                message="{name} does not hold a master key: 32 bytes in url-safe base64.",
                next="Use the key this database was made with; a new one cannot open it.",
                params={"name": name},
            )
        )
    return key


def _key_from(path: Path, *, must_exist: bool) -> bytes | None:
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        if not must_exist:
            return None
        text = None
    except (OSError, ValueError):
        text = None
    if text is None:
        raise Failure(
            Problem(
                "bad_setting",
                field="FAHUO_MASTER_KEY_FILE",
                message="The master key file {file} cannot be read.",
                next="Correct FAHUO_MASTER_KEY_FILE, or the file's permissions.",
                params={"file": str(path)},
            )
        )
    return _key(text, str(path))


def _now(text: str | None) -> Instant | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError:
        raise Failure(
            Problem(
                "bad_setting",
                field="FAHUO_NOW",
                value=text,
                message="FAHUO_NOW is not an instant with an offset: {value}",
                next="Write it like 2026-01-12T08:00:00Z.",
                params={"value": text},
            )
        ) from None


def _clock(text: str | None) -> str:
    """Loopback only: who sets business time decides what is late, so no other machine may."""
    if text is None:
        return ""
    try:
        parts = urlsplit(text)
        fits = parts.scheme == "http" and parts.hostname in LOOPBACK and parts.port is not None
    except ValueError:
        fits = False
    if not fits:
        raise Failure(
            Problem(
                "bad_setting",
                field="FAHUO_CLOCK",
                value=text,
                message="FAHUO_CLOCK is not an http address with a port on this machine: {value}",
                next="Leave it out. For a sandbox write http://127.0.0.1:PORT/_sandbox/clock.",
                params={"value": text},
            )
        )
    return text


def _lang(text: str | None, env: Mapping[str, str]) -> str:
    if text is None:
        return language(env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG"))
    lang = language(text)
    if lang == DEFAULT and not text.lower().startswith(DEFAULT):
        raise Failure(
            Problem(
                "bad_setting",
                field="FAHUO_LANG",
                value=text,
                message="There is no language {value}.",
                next="The languages are: {names}.",
                params={"value": text, "names": ", ".join(languages())},
            )
        )
    return lang
