"""`fahuo addresses check`, line by line."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fahuo.orders.lines import check_line


def answer(line: Any, lang: str = "en") -> tuple[dict[str, Any], bool]:
    raw, usable = check_line(line if isinstance(line, bytes) else json.dumps(line).encode(), lang)
    return json.loads(raw), usable


def test_good_address_is_spelled_and_its_phone_becomes_e164() -> None:
    said, usable = answer(
        {"id": 7, "country": "uk", "lines": ["10 Downing Street", " "], "city": "London", "postal_code": "sw1a2aa",
         "phone": "07912 345678"}
    )  # fmt: skip
    assert usable
    assert said == {
        "id": "7",
        "ok": True,
        "masked": False,
        "problems": [],
        "normalised": {
            "country": "GB", "lines": ["10 Downing Street"], "city": "London", "postal_code": "SW1A 2AA",
        },
        "phone_e164": "+447912345678",
    }  # fmt: skip


def test_problems_name_field_and_code_in_the_language_asked_for() -> None:
    line = {"id": "a", "country": "US", "lines": ["1 Main St"], "city": "LA", "region": "CA", "postal_code": "10001",
            "phone": "12"}  # fmt: skip
    said, usable = answer(line, "zh")
    assert usable
    assert not said["ok"]
    assert [(p["field"], p["code"]) for p in said["problems"]] == [
        ("postal_code", "postal_code_region"),
        ("phone", "phone_invalid"),
    ]
    assert all(re.search("[\u4e00-\u9fff]", p["message"]) for p in said["problems"])
    assert "phone_e164" not in said


def test_masked_line_is_no_failure() -> None:
    said, _ = answer({"id": "m", "country": "TH", "lines": ["***"], "city": "เขตวัฒนา", "region": "กรุงเทพมหานคร",
                      "postal_code": "10110", "phone": "(+66)*******12"})  # fmt: skip
    assert (said["ok"], said["masked"]) == (True, True)


def test_bad_line_keeps_its_id_and_its_place() -> None:
    said, usable = answer({"id": "x", "country": 5})
    assert not usable
    assert said["id"] == "x"
    assert said["error"]["code"] == "line_invalid"
    assert answer(b"nope")[0]["id"] is None
    assert answer(b"[1]")[1] is False
    assert answer(b"[" * 5_000)[1] is False
    assert json.loads(check_line(None)[0])["error"]["code"] == "line_too_long"


@given(st.binary(max_size=60))
def test_any_bytes_get_one_json_answer(raw: bytes) -> None:
    found, _ = check_line(raw)
    assert b"\n" not in found
    assert isinstance(json.loads(found), dict)
