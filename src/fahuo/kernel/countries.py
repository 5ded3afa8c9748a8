"""Which countries there are, by ISO 3166-1 alpha-2 code, as the Unicode locale data (CLDR) know them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from babel import Locale

_CODE: Final = re.compile("[A-Z]{2}")
_NO_COUNTRY: Final = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Codes of unions, remainders and test locales that stand among the territories."""


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """Every code that stands for a country or a territory parcels are sent to."""
    codes = map(str, Locale.parse("en").territories)
    return frozenset(code for code in codes if _CODE.fullmatch(code)) - _NO_COUNTRY
