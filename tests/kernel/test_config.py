"""Settings: who wins, what is refused, what is never shown."""

import base64
from pathlib import Path

import pytest

from fahuo.kernel.clock import FixedClock, FollowedClock, RealClock, technical_ms
from fahuo.kernel.config import Settings, load_settings, write_master_key
from fahuo.kernel.problems import Failure

KEY = bytes(range(32))
KEY_TEXT = base64.urlsafe_b64encode(KEY).decode()


def _load(home: Path, env: dict[str, str] | None = None, **flags: str | Path | None) -> Settings:
    return load_settings({"FAHUO_HOME": str(home)} | (env or {}), **flags)


def test_defaults(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert settings.home == tmp_path
    assert settings.database_url == f"sqlite:///{tmp_path}/fahuo.db"
    assert settings.master_key is None
    assert settings.master_key_file == tmp_path / "fahuo.key"
    assert settings.now is None
    assert settings.lang == "en"


def test_home_is_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({}).home == tmp_path
    assert load_settings({"FAHUO_HOME": "shop"}).home == tmp_path / "shop"


def test_flag_beats_environment_beats_file(tmp_path: Path) -> None:
    (tmp_path / "fahuo.toml").write_text(
        'lang = "zh"\ndatabase_url = "postgresql://file/x"\n[alerts]\nurl = "json://"\n'
    )
    assert _load(tmp_path).lang == "zh"
    assert _load(tmp_path).database_url == "postgresql://file/x"
    env = {"FAHUO_LANG": "en", "FAHUO_DATABASE_URL": "postgresql://env/x"}
    assert _load(tmp_path, env).lang == "en"
    assert _load(tmp_path, env, lang="zh", database_url=None).lang == "zh"
    assert _load(tmp_path, env).database_url == "postgresql://env/x"
    assert _load(tmp_path, env, database_url="sqlite:///flag.db").database_url == "sqlite:///flag.db"
    assert load_settings({"FAHUO_HOME": "/nowhere"}, home=tmp_path).lang == "zh"


def test_the_machine_s_language_is_the_last_word(tmp_path: Path) -> None:
    assert _load(tmp_path, {"LANG": "zh_CN.UTF-8"}).lang == "zh"
    assert _load(tmp_path, {"LANG": "th_TH.UTF-8"}).lang == "en"
    assert _load(tmp_path, {"LANG": "zh_CN.UTF-8", "FAHUO_LANG": "en"}).lang == "en"


@pytest.mark.parametrize("text", ["2026-01-12T08:00:00Z", "1768204800"])
def test_a_fixed_now(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, {"FAHUO_NOW": text}).now == 1768204800
    (tmp_path / "fahuo.toml").write_text("now = 2026-01-12T08:00:00Z\n")
    assert _load(tmp_path).now == 1768204800


def test_the_key_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    for text in (KEY_TEXT, KEY_TEXT.rstrip("="), f" {KEY_TEXT}\n"):
        assert _load(tmp_path, {"FAHUO_MASTER_KEY": text}).require_key() == KEY
    (tmp_path / "other.key").write_text(KEY_TEXT)
    assert _load(tmp_path, {"FAHUO_MASTER_KEY_FILE": "other.key"}).master_key == KEY
    made = write_master_key(tmp_path / "fahuo.key")
    assert _load(tmp_path).require_key() == made
    assert (tmp_path / "fahuo.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_master_key(tmp_path / "fahuo.key")
    assert _load(tmp_path, {"FAHUO_MASTER_KEY": KEY_TEXT}).master_key == KEY


@pytest.mark.parametrize(
    ("env", "field"),
    [
        ({"FAHUO_DATABASE_URL": "mysql://root:hunter2@db/x"}, "FAHUO_DATABASE_URL"),
        ({"FAHUO_DATABASE_URL": "sqlite:///"}, "FAHUO_DATABASE_URL"),
        ({"FAHUO_MASTER_KEY": "hunter2"}, "FAHUO_MASTER_KEY"),
        ({"FAHUO_MASTER_KEY": KEY_TEXT[:-8] + "hunter2!"}, "FAHUO_MASTER_KEY"),
        ({"FAHUO_MASTER_KEY_FILE": "missing.key"}, "FAHUO_MASTER_KEY_FILE"),
        ({"FAHUO_NOW": "2026-01-12T08:00:00"}, "FAHUO_NOW"),
        ({"FAHUO_LANG": "xx"}, "FAHUO_LANG"),
    ],
)
def test_a_bad_value_is_named_and_secrets_are_not(tmp_path: Path, env: dict[str, str], field: str) -> None:
    with pytest.raises(Failure) as caught:
        _load(tmp_path, env)
    assert caught.value.exit_code == 2
    assert caught.value.problem.field == field
    assert "hunter2" not in f"{caught.value} {caught.value.problem}"


@pytest.mark.parametrize(
    ("table", "code"),
    [("lang = ", "bad_settings_file"), ("speed = 9", "unknown_setting"), ('home = "/x"', "unknown_setting")],
)
def test_a_bad_file(tmp_path: Path, table: str, code: str) -> None:
    (tmp_path / "fahuo.toml").write_text(table)
    with pytest.raises(Failure) as caught:
        _load(tmp_path)
    assert (caught.value.exit_code, caught.value.problem.code) == (2, code)


def test_a_broken_key_file(tmp_path: Path) -> None:
    (tmp_path / "fahuo.key").write_bytes(b"\xff\xfe")
    with pytest.raises(Failure, match="cannot be read"):
        _load(tmp_path)


def test_no_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="fahuo init"):
        _load(tmp_path).require_key()


def test_an_unknown_flag_is_a_mistake_of_ours(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="speed"):
        _load(tmp_path, speed="9")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    env = {"FAHUO_MASTER_KEY": KEY_TEXT, "FAHUO_DATABASE_URL": "postgresql://u:hunter2@db/x"}
    shown = repr(_load(tmp_path, env))
    assert "hunter2" not in shown
    assert KEY_TEXT not in shown
    assert repr(KEY) not in shown


def test_clocks() -> None:
    assert FixedClock(5).now() == 5
    assert abs(RealClock().now() - technical_ms() // 1000) <= 1


def test_a_followed_clock_never_goes_back_and_stands_while_nobody_tells() -> None:
    told: list[int | Exception] = [100, 160, 150, OSError("gone"), 300]
    real = [0.0]

    def ask() -> int:
        answer = told.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    clock = FollowedClock(ask, fresh_s=1.0, seconds=lambda: real[0])
    seen = [clock.now()]
    for _ in range(4):
        real[0] += 1.0
        seen += [clock.now(), clock.now()]
    assert seen == [100, 160, 160, 160, 160, 160, 160, 300, 300]
    assert told == []


def test_a_clock_that_never_told_the_time_is_an_error() -> None:
    def ask() -> int:
        raise OSError("nobody there")

    with pytest.raises(OSError, match="nobody there"):
        FollowedClock(ask)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8900/_sandbox/clock", "http://[::1]:1/x", "http://localhost:9/"])
def test_a_clock_to_follow_is_on_this_machine(tmp_path: Path, address: str) -> None:
    assert _load(tmp_path, {"FAHUO_CLOCK": address}).clock == address
    assert _load(tmp_path).clock == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1:80/",
        "https://127.0.0.1:1/",
        "http://127.0.0.1.evil.example:1/",
        "http://127.0.0.1/",
        "x",
        "//[",
    ],
)
def test_a_clock_elsewhere_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(Failure) as refused:
        _load(tmp_path, {"FAHUO_CLOCK": address})
    assert refused.value.problem.field == "FAHUO_CLOCK"
