"""Every kind of journal entry the use cases write has a word on the pages."""

import re
from pathlib import Path

import fahuo.flow
from fahuo.web.words import EVENTS

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
