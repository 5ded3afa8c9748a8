"""Texts for people: the English text is the key, a catalogue per language holds the rest.

Catalogues are `texts/<language>/<area>.po`, read once. What a catalogue lacks is shown in English.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

DEFAULT = "en"
TEXTS = Path(__file__).resolve().parent.parent / "texts"


def N_(msgid: str) -> str:  # noqa: N802 - the customary name of this marker
    """Mark a text for translation where it is only stored; whoever shows it calls `t`."""
    return msgid


def t(msgid: str, /, lang: str = DEFAULT, **params: Any) -> str:
    """The text in that language with its `{name}` places filled (`str.format`); English when there is no translation.

    Without params the text is returned as it is, so a text already filled may pass through again.
    A place that has no param stays visible as `{name}`.
    """
    text = msgid if lang == DEFAULT else _catalogue(language(lang)).get(msgid, msgid)
    if not params:
        return text
    told = {name: value.render(lang) if isinstance(value, Phrase) else value for name, value in params.items()}
    return text.format_map(_Places(told))


class Phrase:
    """A text that fills a place of another text: translated when that one is."""

    def __init__(self, msgid: str, **params: Any) -> None:
        self.msgid, self.params = msgid, params

    def render(self, lang: str = DEFAULT) -> str:
        """The text in that language."""
        return t(self.msgid, lang, **self.params)

    def __str__(self) -> str:
        return self.render()


class _Places(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages there are texts in, English first."""
    return (DEFAULT, *sorted(d.name for d in TEXTS.iterdir() if d.is_dir() and any(d.glob("*.po"))))


@lru_cache(maxsize=256)
def language(tag: str | None) -> str:
    """The language for a tag such as `zh-CN`, `zh_CN.UTF-8` or `en`; English when we have none for it."""
    word = (tag or "").replace("-", "_").split(".")[0].split("_")[0].strip().lower()
    return word if word in languages() else DEFAULT


@lru_cache(maxsize=32)
def _catalogue(lang: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((TEXTS / lang).glob("*.po")):
        found.update(read_catalogue(path))
    return found


def read_catalogue(path: Path) -> dict[str, str]:
    """The finished translations of one .po file (empty and fuzzy ones are left out)."""
    with path.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    return {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str) and isinstance(message.string, str) and message.id and message.string
        if not message.fuzzy
    }
