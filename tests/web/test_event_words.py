"""Every kind of journal entry the use cases write has a word on the pages."""

import re
from pathlib import Path

import fahuo.flow
from fahuo.web.words import EVENTS

FLOW = Path(fahuo.flow.__file__).parent


def test_every_kind_written_has_a_word_and_every_word_a_kind() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(FLOW.glob("*.py")))
    direct = set(re.findall(r'Entry\(\s*[\w.\[\] ]+(?: or 0)?,\s*"(\w+)"', text))
    # Actions of people hand the word on to one helper.
    handed = set(re.findall(r'"(held|released|sent_again)"', text))
    assert len(direct) > 10
    assert direct | handed == set(EVENTS)
