"""Every kind of journal entry and of message the use cases write has a word on the pages, in both languages."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import fahuo.flow
from fahuo.channels.tiktok_shop import outbound
from fahuo.channels.tiktok_shop.carry import HANDLERS
from fahuo.kernel.text import t
from fahuo.orders.model import OrderIn
from fahuo.store.journal import Line
from fahuo.web import words
from fahuo.web.timeline import timeline_words
from fahuo.web.words import EVENTS, FIELDS, KINDS

HANDED = (
    "held", "released", "sent_again",
    "split", "combined", "uncombined", "regrouped", "label_void",
    "arrange_declined", "label_declined", "change_declined", "first_mile", "first_mile_refused",
    "aftersale_answered", "aftersale_declined", "seller_cancelled", "seller_cancel_declined",
)  # fmt: skip
FLOW = Path(fahuo.flow.__file__).parent


def test_every_kind_written_has_a_word_and_every_word_a_kind() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(FLOW.glob("*.py")))
    direct = set(re.findall(r'Entry\(\s*[\w.\[\] ]+(?: or 0)?,\s*"(\w+)"', text))
    # Where one helper writes several kinds, the word is handed on to it.
    handed = set(re.findall(rf'"({"|".join(HANDED)})"', text))
    assert len(direct) > 10
    assert direct | handed == set(EVENTS)


def kinds_made(tree: ast.Module) -> Iterator[str]:
    """Kinds that a module names where it makes an effect, by itself or by a constant of its own."""
    named = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            named[ast.unparse(target)] = str(node.value.value)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "Effect":
            kind = next((word.value for word in call.keywords if word.arg == "kind"), (*call.args, None, None)[1])
            if isinstance(kind, ast.Constant):
                yield str(kind.value)
            elif isinstance(kind, ast.Name) and kind.id in named:
                yield named[kind.id]


def test_every_kind_of_message_has_a_word() -> None:
    assert outbound  # it brings every handler of its lane with it
    made = {kind for path in sorted(FLOW.glob("*.py")) for kind in kinds_made(ast.parse(path.read_text("utf-8")))}
    assert {"first_mile_refused", "bundle_first_mile", "send_message", "staff_alert"} <= made
    assert (made | set(HANDLERS)) - set(KINDS) == set()


def test_every_field_that_can_change_has_a_word() -> None:
    told = set(OrderIn.__struct_fields__) - {"raw", "row", "notes", "updated_at"}
    assert told == set(FIELDS)


@pytest.mark.parametrize("book", ["EVENTS", "KINDS", "FIELDS", "TROUBLES", "REQUESTS", "MESSAGES", "ANSWERS"])
def test_every_word_is_there_in_chinese(book: str) -> None:
    found: Mapping[str, str] = getattr(words, book)
    assert [text for text in found.values() if t(text, "zh") == text] == []


def line(event: str, **data: object) -> Line:
    return Line(1, 1, 0, event, "x", data, b"")


def test_the_time_line_says_what_matters() -> None:
    say = timeline_words("en", lambda at: f"@{at}")
    asked = say(line("aftersale", request="7", kind="cancel", type="BUYER_CANCEL", state="CANCELLATION_REQUEST_PENDING",
                     answer_by=9, amount=974000, currency="VND"))  # fmt: skip
    assert asked == "Buyer wants to cancel · asked · answer by: @9 · VND 974,000"
    assert say(line("aftersale_decided", request="7", decision="reject", reason="x")) == "Rejected · reason: x"
    arranged = say(line("arranged", package="1", ref="115", request_id="2026",
                        service={"name": "Ground", "currency": "USD", "price": "8.16", "why": "in_time"}))  # fmt: skip
    assert arranged.startswith("Ground USD 8.16 (the cheapest that arrives in time)")
    assert arranged.endswith("number at the platform: 115 · call: 2026")
    assert say(line("scheduled", package="1", method="PICKUP", slot={"start_time": 1, "end_time": 2})) == (
        "picked up · @1 – @2"
    )
    told = say(line("told", state=["ON_HOLD", "AWAITING_SHIPMENT"], changed=["state", "lines", "total", "tax"]))
    assert told == "On hold → Awaiting shipment · changed: items, amounts"
    assert "Split the order" in say(line("cut_done", kind="split_order", by="mei"))
    assert say(line("first_mile", package="1", sorting_in=5, last_mile="MY9")) == (
        "taken in at the sorting warehouse: @5 · waybill beyond the border: MY9"
    )
