"""What a carrier's free text means, by the words in it (`words.toml`): data, with its source and confidence there."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Final

LONGEST_KIND: Final = 80


@lru_cache(maxsize=1)
def _lines() -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = tomllib.loads((files("fahuo.tracking") / "words.toml").read_text(encoding="utf-8"))
    return tuple((line["kind"], tuple(word.casefold() for word in line["any"])) for line in found["words"])


@lru_cache(maxsize=4_096)
def kind_of(text: str) -> str:
    """The kind of event a text tells of; the text itself, shortened, where no word of it is known."""
    plain = " ".join(text.casefold().split())
    for kind, words in _lines():
        if any(word in plain for word in words):
            return kind
    return text.strip()[:LONGEST_KIND] or "note"
