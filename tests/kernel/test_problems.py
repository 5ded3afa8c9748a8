"""Problems as values, in the reader's language."""

import pickle
from dataclasses import FrozenInstanceError

import msgspec
import pytest

from fahuo.kernel.problems import Failure, Problem

PROBLEM = Problem(
    "bad_setting",
    field="FAHUO_LANG",
    value="xx",
    message="There is no language {value}.",
    next="The languages are: {names}.",
    params={"value": "xx", "names": "en, zh"},
)


def test_rendered_in_english_and_chinese() -> None:
    assert PROBLEM.render("en").message == "There is no language xx."
    assert PROBLEM.render("zh").message == "没有语言 xx。"
    assert PROBLEM.render("zh").next == "可用的语言：en, zh。"
    assert PROBLEM.render("th") == PROBLEM.render("en"), "what we cannot say in Thai we say in English"


def test_rendering_twice_changes_nothing() -> None:
    odd = msgspec.structs.replace(PROBLEM, params={"value": "{names} {", "names": "}"})
    once = odd.render()
    assert once.message == "There is no language {names} {."
    assert once.render("zh") == once


def test_as_json() -> None:
    assert PROBLEM.as_dict("zh") == {
        "code": "bad_setting",
        "field": "FAHUO_LANG",
        "value": "xx",
        "message": "没有语言 xx。",
        "next": "可用的语言：en, zh。",
    }
    assert Problem("odd").as_dict() == {"code": "odd", "field": None, "value": None, "message": "", "next": ""}
    assert msgspec.json.decode(msgspec.json.encode(PROBLEM), type=Problem) == PROBLEM


def test_a_problem_does_not_change() -> None:
    with pytest.raises((AttributeError, FrozenInstanceError)):
        PROBLEM.code = "other"  # type: ignore[misc]  # what the test is about


def test_a_failure_speaks_and_travels() -> None:
    failure = Failure(PROBLEM, 3)
    assert str(failure) == "There is no language xx. The languages are: en, zh."
    assert str(Failure(Problem("odd"))) == "odd"
    assert Failure(PROBLEM).exit_code == 2
    copy = pickle.loads(pickle.dumps(failure))  # noqa: S301 - our own bytes; worker processes hand failures back
    assert (copy.problem, copy.exit_code) == (PROBLEM, 3)
