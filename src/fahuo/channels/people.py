"""Recipients: country names to codes, and whether the source has starred the data out."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from babel import Locale

from fahuo.channels.model import MARKETS
from fahuo.kernel.countries import country_codes

_NAMED_IN: Final = ("en", "zh", "vi", "th", "id", "ms", "ja", "pt", "es", "de", "fr", "it")
_OTHER_NAMES: Final = {
    "usa": "US", "the united states": "US", "u.s.": "US", "uk": "GB", "great britain": "GB", "england": "GB",
    "viet nam": "VN", "the philippines": "PH", "brasil": "BR",
}  # fmt: skip


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in _NAMED_IN:
        for code, name in Locale.parse(language).territories.items():
            if code in country_codes():
                found.setdefault(name.casefold(), code)
    return found | _OTHER_NAMES


@lru_cache(maxsize=512)
def country_code(name: str) -> str | None:
    """ISO 3166-1 alpha-2 of a country's code or name in a market's language; None for an unknown word."""
    word = name.strip()
    if word.upper() == "UK":
        return "GB"
    if word.upper() in country_codes():
        return word.upper()
    return _countries().get(word.casefold())


def known_market(code: str) -> bool:
    """Whether TikTok Shop sells there, or at least such a country exists (a new market is not refused)."""
    return code in MARKETS or code in country_codes()


def is_masked(*parts: str) -> bool:
    """Stars stand where the platform hides a name, phone or street; a single star may be anything."""
    return any("**" in part for part in parts)
