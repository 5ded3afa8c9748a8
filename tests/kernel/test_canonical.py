"""One spelling for one value, checked against a slow writer that follows RFC 8785 to the letter."""

import json
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.kernel.canonical import canonical

SHORT = {0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: '\\"', 0x5C: "\\\\"}
SAFE = 2**53 - 1
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=5),
    max_leaves=20,
)
ODD_KEYS = st.dictionaries(
    st.text(st.sampled_from("aZ\ud7ff\ue000\uffff\U00010000\U0010ffff\u0080"), max_size=3), VALUES
)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def _text(value: str) -> str:
    return '"' + "".join(SHORT.get(ord(c), f"\\u{ord(c):04x}" if ord(c) < 0x20 else c) for c in value) + '"'


def _slow(value: Any) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        units = sorted(value, key=lambda key: [*memoryview(key.encode("utf-16-le")).cast("H")])
        return "{" + ",".join(f"{_text(k)}:{_slow(value[k])}" for k in units) + "}"
    return "[" + ",".join(map(_slow, value)) + "]"


@given(VALUES | ODD_KEYS)
def test_against_the_slow_writer(value: Any) -> None:
    written = canonical(value)
    assert written == _slow(value).encode()
    assert json.loads(written) == value


def test_every_character_is_escaped_as_rfc_8785_says() -> None:
    text = "".join(map(chr, [*range(0x300), 0x2028, 0x2029, 0xFEFF, 0xFFFF, 0x1F600]))
    assert canonical([text, {text: 1}]) == _slow([text, {text: 1}]).encode()
    assert canonical({"\U0001f600": 1, text: "\x7f"}) == _slow({"\U0001f600": 1, text: "\x7f"}).encode()


def test_the_example_of_rfc_8785_for_sorting() -> None:
    names = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical(names)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_order_of_insertion_does_not_matter() -> None:
    assert canonical({"b": [1, (2, 3)], "a": None}) == canonical({"a": None, "b": (1, [2, 3])})


def test_enumerations_are_their_values() -> None:
    assert canonical({"colour": Colour.RED, "level": Level.HIGH}) == b'{"colour":"red","level":3}'


@pytest.mark.parametrize("value", [1.0, float("nan"), b"x", {1: 2}, {"a": {2.5}}, object(), [1, [0.5]], {None: 1}])
def test_what_is_no_json_of_ours(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [SAFE + 1, -SAFE - 1, [2**64], "\ud800", {"\udfff": 1}, {"\ud83d": 1, "a": ["b"]}])
def test_what_json_cannot_carry_exactly(value: Any) -> None:
    with pytest.raises(ValueError, match=r"too large|surrogate"):
        canonical(value)
