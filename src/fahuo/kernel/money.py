"""Money: integer minor units, a currency, and the exponent the source quotes it with. Never a float."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from babel.core import get_global
from babel.numbers import list_currencies

# Where the marketplace quotes whole units although ISO 4217 counts hundredths (IDR) or agrees (VND, stated for
# certainty): TikTok Shop, Shopee and Lazada all send `12000` for Rp12.000.
_SOURCE_EXPONENTS = {"IDR": 0, "VND": 0}

# Babel's table (CLDR) rounds these to whole units because that is how people pay; ISO 4217 counts more.
_ISO_EXPONENTS = dict.fromkeys(
    ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SLL", "SOS", "SYP", "YER"), 2
) | {"IQD": 3}

_BIGINT = 2**63
_LONGEST = 30  # digits; checked before int() sees a text of any length


@lru_cache(maxsize=512)
def exponent_of(currency: str) -> int:
    """How many decimal digits the source writes for a currency: ISO 4217, but 0 for IDR and VND.

    Raises ValueError for what is no ISO 4217 code.
    """
    if not re.fullmatch(r"[A-Z]{3}", currency) or currency not in list_currencies():
        raise ValueError(f"unknown currency: {currency!r}")
    if currency in _SOURCE_EXPONENTS:
        return _SOURCE_EXPONENTS[currency]
    if currency in _ISO_EXPONENTS:
        return _ISO_EXPONENTS[currency]
    fractions = get_global("currency_fractions")
    digits: int = fractions.get(currency, fractions["DEFAULT"])[0]
    return digits


_DECIMAL = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")


def parse_minor(text: str | int, exponent: int) -> int:
    """Minor units of a plain decimal text: `'12.30'` with exponent 2 is 1230. An int counts whole units: 12 is 1200.

    Raises ValueError for anything else: a float, thousands marks, a second point, digits that would be lost.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return _bounded(text * 10**exponent, str(text))
    match = _DECIMAL.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"not a decimal amount: {text!r}")
    sign, whole, fraction = match.groups(default="")
    return _minor(sign == "-", whole, fraction, exponent, str(text))


def _minor(negative: bool, whole: str, fraction: str, exponent: int, shown: str) -> int:
    kept, lost = fraction[:exponent], fraction[exponent:]
    if lost.strip("0"):
        raise ValueError(f"more than {exponent} decimal digits: {shown!r}")
    if len(whole) > _LONGEST:
        raise ValueError(f"amount out of range: {shown!r}")
    value = int(whole + kept.ljust(exponent, "0"))
    return _bounded(-value if negative else value, shown)


def _bounded(value: int, shown: str) -> int:
    if not -_BIGINT < value < _BIGINT:
        raise ValueError(f"amount out of range: {shown!r}")
    return value


# Longest first, so that R$ and US$ are not read as $.
_SYMBOLS = {
    "US$": "USD", "MX$": "MXN", "HK$": "HKD", "NT$": "TWD", "CN¥": "CNY", "JP¥": "JPY", "RMB": "CNY",
    "VNĐ": "VND", "VNđ": "VND", "R$": "BRL", "S$": "SGD", "RM": "MYR", "Rp": "IDR", "₫": "VND", "đ": "VND",
    "Đ": "VND", "฿": "THB", "£": "GBP", "€": "EUR", "₱": "PHP", "₩": "KRW", "円": "JPY", "元": "CNY", "$": "USD",
    "¥": "",
}  # fmt: skip
_SHARED = {
    "$": frozenset({"USD", "SGD", "MXN", "AUD", "CAD", "NZD", "HKD", "TWD", "BRL", "CLP", "COP"}),
    "¥": frozenset({"JPY", "CNY"}),
}

# How the currency's own market writes numbers. EUR is in neither: Ireland writes 1,234.50 and Germany 1.234,50.
_POINT = frozenset(
    {"USD", "GBP", "SGD", "MYR", "THB", "PHP", "JPY", "CNY", "MXN", "HKD", "TWD", "KRW", "AUD", "NZD", "INR"}
)
_COMMA = frozenset({"BRL", "VND", "IDR"})

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0xFFE5: "¥", 0xFFE1: "£", 0xFFE6: "₩"}
_PLAIN = str.maketrans(_WIDE | {0x2212: "-", 0xA0: " ", 0x202F: " ", 0x2009: " ", 0x3000: " ", 0x2019: "'"})
_WORD = r"[^0-9.,+-]*"
_DISPLAY = re.compile(
    rf"(?P<before>{_WORD})(?P<sign>[+-]?)(?P<inner>{_WORD})(?P<number>[0-9](?:[0-9., ']*[0-9])?)(?P<after>{_WORD})"
)


@lru_cache(maxsize=8192)  # prices and fees repeat from line to line
def parse_display(text: str, currency_hint: str | None) -> tuple[int, str, int]:
    """Read an amount as the Seller Center shows it: (minor units, currency, exponent).

    `$1,234.50`, `BRL 35,91`, `JPY 1,234`, `₫120.000`, `Rp12.000`, `12.50 USD`, `-£3` and plain numbers.

    The currency: what the text says, else the hint. `$` is the hint when the hint is a dollar (or MXN, BRL …),
    else, without a hint, USD; `¥` needs the hint JPY or CNY.

    The number: when both marks occur the last is the decimal mark; a mark that repeats groups thousands. A single
    mark followed by other than three digits is the decimal mark. A single mark followed by exactly three digits
    groups thousands when the currency has no decimals (`JPY 1,234`, `₫120.000`) or when it is the thousands mark of
    the currency's market (comma for USD, point for BRL); otherwise (`$1.234`, `€1.234`) it is ambiguous.

    Raises ValueError for junk, an unknown or missing currency, an ambiguous number, digits that would be lost.
    """
    plain = text.translate(_PLAIN).replace("Rp.", "Rp ").strip()
    match = _DISPLAY.fullmatch(plain) if len(plain) <= 2 * _LONGEST else None
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    words = [w for w in (match["before"].strip(), match["inner"].strip(), match["after"].strip()) if w]
    currency = _currency(words, currency_hint, text)
    exponent = exponent_of(currency)
    whole, fraction = _split(match["number"].strip(), currency, exponent, text)
    return _minor(match["sign"] == "-", whole, fraction, exponent, text), currency, exponent


def _currency(words: list[str], hint: str | None, shown: str) -> str:
    stated = {c for word in words for c in _meanings(word, hint, shown)}
    if len(stated) > 1:
        raise ValueError(f"more than one currency: {shown!r}")
    if stated:
        return stated.pop()
    if not hint:
        raise ValueError(f"amount without a currency: {shown!r}")
    return hint


def _meanings(word: str, hint: str | None, shown: str) -> list[str]:
    """The currencies a word before or after the number states: `USD`, `$`, `US$`, `USD $`."""
    found = []
    for part in word.split():
        if part in _SHARED:
            found.append(_shared(part, hint, shown))
        elif part in _SYMBOLS or part.removesuffix(".") in _SYMBOLS:
            found.append(_SYMBOLS.get(part) or _SYMBOLS[part.removesuffix(".")])
        else:
            exponent_of(part.upper())  # raises for what is no currency
            found.append(part.upper())
    return found


def _shared(symbol: str, hint: str | None, shown: str) -> str:
    if hint in _SHARED[symbol]:
        return hint
    if hint or not _SYMBOLS[symbol]:
        raise ValueError(f"{symbol} does not say which currency, and {hint or 'no currency'} is expected: {shown!r}")
    return _SYMBOLS[symbol]


_GROUPED = {mark: re.compile(rf"[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+") for mark in ".,' "}


def _split(number: str, currency: str, exponent: int, shown: str) -> tuple[str, str]:
    """Whole and decimal digits of an unsigned number, or ValueError when two readings are possible."""
    marks = [c for c in number if not c.isdigit()]
    if not marks:
        return number, ""
    last = marks[-1]
    whole, _, fraction = number.rpartition(last)
    if last in " '" or marks.count(last) > 1:
        return _ungroup(number, shown), ""
    if len(marks) > 1:
        return _ungroup(whole, shown), fraction
    if not _GROUPED[last].fullmatch(number) or whole[0] == "0":
        return whole, fraction
    if exponent == 0 or (last == "," and currency in _POINT) or (last == "." and currency in _COMMA):
        return whole + fraction, ""
    raise ValueError(f"cannot tell thousands from decimals: {shown!r}")


def _ungroup(number: str, shown: str) -> str:
    for mark, grouped in _GROUPED.items():
        if grouped.fullmatch(number) and number[0] != "0":
            return number.replace(mark, "")
    raise ValueError(f"digits are not grouped in threes: {shown!r}")


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount. Adding and comparing works within one currency only (ValueError otherwise)."""

    minor: int
    currency: str
    exponent: int

    @classmethod
    def of(cls, amount: str | int, currency: str) -> Self:
        """From a decimal text: `Money.of('12.30', 'USD')`. Raises ValueError."""
        exponent = exponent_of(currency)
        return cls(parse_minor(amount, exponent), currency, exponent)

    def amount(self) -> str:
        """`'12.30'`."""
        return amount_text(self.minor, self.exponent)

    def to_json(self) -> dict[str, str]:
        """`{"amount": "12.30", "currency": "USD"}`."""
        return {"amount": self.amount(), "currency": self.currency}

    def allocate(self, weights: Sequence[int]) -> list["Money"]:
        """Shares by weight that add up exactly; what rounding leaves goes to the largest remainders, first ones first.

        Raises ValueError when there are no weights, one is negative, or all are zero.
        """
        total = sum(weights)
        if not weights or min(weights) < 0 or total == 0:
            raise ValueError("weights must not be negative and must add up to more than zero")
        shares = [divmod(abs(self.minor) * w, total) for w in weights]
        left = abs(self.minor) - sum(share for share, _ in shares)
        extra = set(sorted(range(len(weights)), key=lambda i: -shares[i][1])[:left])
        sign = -1 if self.minor < 0 else 1
        return [
            Money(sign * (share + (i in extra)), self.currency, self.exponent) for i, (share, _) in enumerate(shares)
        ]

    def _same(self, other: "Money") -> None:
        if (self.currency, self.exponent) != (other.currency, other.exponent):
            raise ValueError(f"cannot mix {self.currency} and {other.currency} in one sum")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency, self.exponent)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency, self.exponent)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency, self.exponent)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def __str__(self) -> str:
        return f"{self.amount()} {self.currency}"


def amount_text(minor: int, exponent: int) -> str:
    """`1230` with exponent 2 is `'12.30'`."""
    if exponent == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    return f"{'-' if minor < 0 else ''}{digits[:-exponent]}.{digits[-exponent:]}"
