"""The JSON lines of compute: order kept, bad lines in their place, memory bounded, fields named."""

import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from fahuo.deadlines import lines
from fahuo.deadlines.packs import load_book
from fahuo.kernel.instant import parse_instant

NOW = parse_instant("2026-03-10T10:00:00Z")
GOOD: dict[str, Any] = {
    "id": "1", "market": "VN", "seller_type": "local", "shipping_type": "TIKTOK", "order_type": "NORMAL",
    "created_at": "2026-03-10T13:59:59+07:00",
}  # fmt: skip


def run(raw: bytes, **options: Any) -> list[tuple[dict[str, Any], bool]]:
    made = lines.results(lines.read_lines(io.BytesIO(raw)), load_book(), NOW, **options)
    return [(msgspec.json.decode(line), good) for line, good in made]


def order(**fields: Any) -> bytes:
    return msgspec.json.encode({**GOOD, **fields})


def test_the_fields_of_an_answer() -> None:
    ((found, good),) = run(order(first_scan_at="2026-03-10T09:00:00Z"))
    assert good
    assert (found["id"], found["pack"]) == ("1", "vn-local-2024")
    assert "why" not in found
    first = found["clocks"][1]
    why = first.pop("why")
    assert first == {
        "clock": "first_scan", "party": "seller", "starts_at": "2026-03-10T06:59:59Z",
        "due_at": "2026-03-10T16:59:59Z", "source": "pack", "met_at": "2026-03-10T09:00:00Z", "outcome": "met",
        "pack": "vn-local-2024",
    }  # fmt: skip
    for part in ("14:00", "Tue 2026-03-10 13:59:59", "Asia/Ho_Chi_Minh", "vn-local-2024.first_scan", "confidence A"):
        assert part in why


def test_instants_in_every_spelling_are_the_same_order() -> None:
    at = parse_instant(GOOD["created_at"])
    spellings: list[Any] = [GOOD["created_at"], "2026-03-10T06:59:59Z", at, str(at), at * 1000, float(at)]
    answers = run(b"\n".join(order(created_at=s) for s in spellings))
    assert all(good for _, good in answers)
    assert len({msgspec.json.encode(a) for a, _ in answers}) == 1


def test_no_rule_found() -> None:
    ((found, good),) = run(order(market="BR"))
    assert good
    assert (found["pack"], found["clocks"]) == (None, [])
    assert found["why"] == "no rule found: no rule pack speaks for BR, local, TIKTOK, NORMAL"


def test_platform_fields_without_a_pack() -> None:
    ((found, _),) = run(
        order(market="MX", platform={"tts_sla_time": 1773200000000, "recommended_shipping_time": 1, "x": "?"})
    )
    assert found["pack"] is None
    assert [(c["clock"], c["source"], c["due_at"]) for c in found["clocks"]] == [
        ("first_scan", "platform", "2026-03-11T03:33:20Z")
    ]
    assert "tts_sla_time" in found["clocks"][0]["why"]
    assert "no rule found" in found["why"]


def test_what_does_not_run_is_said() -> None:
    ((found, _),) = run(order(market="US", created_at="2026-03-02T10:00:00-08:00"))
    assert {c["clock"] for c in found["clocks"]} == {"auto_cancel_not_ready", "deliver_by"}
    assert found["why"] == "first scan has not started: it waits for awaiting_shipment_at / paid_at"
    made = order(market="US", order_type="MADE_TO_ORDER", created_at="2026-03-02T10:00:00-08:00", paid_at=1772474400)
    ((found, _),) = run(made)
    assert found["clocks"] == []
    assert "first scan needs handling_days" in found["why"]


def test_the_pack_named_first_counts_for_the_late_rate() -> None:
    at = {"created_at": "2026-01-25T23:30:00-08:00", "awaiting_shipment_at": "2026-01-26T00:30:00-08:00"}
    ((found, _),) = run(order(market="US", **at))
    assert found["pack"] == "us-local-2026"
    assert {c["clock"]: c["pack"] for c in found["clocks"]}["deliver_by"] == "us-local-2026-transition"


BAD: list[tuple[bytes, str | None, str | None]] = [
    (b"junk", None, None),
    (b"[]", None, None),
    (b'"x"', None, None),
    (b"\xff\xfe", None, None),
    (b'{"id":"7","market":5}', "7", "market"),
    (b'{"id":"7","market":"VN","seller_type":"local","shipping_type":"TIKTOK"}', "7", "created_at"),
    (order(id=None), None, "id"),
    (order(seller_type="foreign"), "1", "seller_type"),
    (order(handling_type="WEEK"), "1", "handling_type"),
    (order(handling_days="many"), "1", "handling_days"),
    (order(handling_days=-1), "1", "handling_days"),
    (order(handling_days=3661), "1", "handling_days"),
    (order(handling_days=1.5), "1", "handling_days"),
    (order(created_at="2026-03-10T10:00:00"), "1", "created_at"),
    (order(created_at="2026-02-30T10:00:00Z"), "1", "created_at"),
    (order(created_at=None), "1", "created_at"),
    (order(created_at="1969-12-31T23:59:59Z"), "1", "created_at"),
    (order(created_at="2080-01-01T00:00:00Z"), "1", "created_at"),
    (order(created_at=True), "1", "created_at"),
    (order(paid_at="soon"), "1", "paid_at"),
    (order(paid_at=10**400), "1", "paid_at"),
    (order(platform={"tts_sla_time": "soon"}), "1", "platform.tts_sla_time"),
    (order(platform=[]), "1", "platform"),
    (b"[" * 100_000, None, None),
]


@pytest.mark.parametrize(("raw", "order_id", "field"), BAD, ids=[f"{f} {r[:30]!r}" for r, _, f in BAD])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_bad_line_answers_in_its_place(raw: bytes, order_id: str | None, field: str | None, lang: str) -> None:
    before, (found, good), behind = run(order(id="a") + b"\n" + raw + b"\n" + order(id="b"), lang=lang)
    assert (before[0]["id"], before[1], behind[0]["id"], behind[1]) == ("a", True, "b", True)
    assert not good
    assert found["id"] == order_id
    assert set(found) == {"id", "error"}
    assert set(found["error"]) == {"code", "field", "message", "next"}
    assert found["error"]["field"] == field
    assert found["error"]["message"]
    assert found["error"]["next"]


def test_blank_lines_byte_order_mark_and_last_line_without_end() -> None:
    assert [f["id"] for f, _ in run(b"\xef\xbb\xbf" + order(id="1") + b"\r\n\n  \n" + order(id=2))] == ["1", "2"]
    assert run(b"") == []


def test_a_line_far_too_long() -> None:
    (bad, good), (after, fine) = run(b'{"id":"' + b"9" * (lines.LONGEST * 3) + b'"}\n' + order(id="b"))
    assert (good, bad["error"]["code"], fine, after["id"]) == (False, "line_too_long", True, "b")


def test_order_is_kept_over_many_chunks() -> None:
    n = lines.CHUNK * 2 + 7
    raw = b"\n".join(b"x" if i % 1000 == 5 else order(id=i) for i in range(n))
    found = run(raw)
    assert [f["id"] for f, _ in found] == [None if i % 1000 == 5 else str(i) for i in range(n)]
    assert sum(not good for _, good in found) == n // 1000 + 1


def test_memory_does_not_grow_with_the_input() -> None:
    def peak(n: int) -> int:
        def endless() -> Iterator[bytes]:
            for i in range(n):
                yield order(id=i, created_at=1_773_100_000 + i)

        tracemalloc.start()
        for _ in lines.results(endless(), load_book(), NOW):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)  # what is loaded once is not counted
    assert peak(lines.CHUNK * 4) < peak(lines.CHUNK) * 1.5
