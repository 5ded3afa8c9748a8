"""What every reader is told and may answer: the shop's context, the limits, a refusal in the making."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fahuo.kernel.instant import zone
from fahuo.kernel.problems import Problem
from fahuo.kernel.text import DEFAULT
from fahuo.orders.model import SHIPPING_TIKTOK, Refusal

MAX_LINES: Final = 1_000
"""Rows (files) or kinds of article (JSON) in one order. More is a broken file, not an order."""
MAX_UNITS: Final = 5_000
"""Line items, that is units, in one JSON order."""
MAX_QUANTITY: Final = 100_000
"""Units of one line."""
MAX_TEXT: Final = 10_000
"""Characters of one cell or text field that we keep."""


class Market(NamedTuple):
    """Defaults of one market. `dates`: how its Seller Center writes dates; None: only year-first is understood."""

    currency: str
    dates: str | None


MARKETS: Final = {
    # Dates: reference B for US, BR, VN, ID, TH, PH; MY and SG as their region; GB is D, so a mapping file can turn it.
    "US": Market("USD", "MDY"),
    "BR": Market("BRL", "MDY"),
    "GB": Market("GBP", "DMY"),
    "VN": Market("VND", "DMY"),
    "TH": Market("THB", "DMY"),
    "PH": Market("PHP", "DMY"),
    "MY": Market("MYR", "DMY"),
    "SG": Market("SGD", "DMY"),
    "ID": Market("IDR", "DMY"),
    "JP": Market("JPY", None),
    "MX": Market("MXN", None),
    "DE": Market("EUR", None),
    "FR": Market("EUR", None),
    "IT": Market("EUR", None),
    "ES": Market("EUR", None),
    "IE": Market("EUR", None),
}


def market_code(word: str) -> str:
    """The market's ISO code in capitals; `UK` is written `GB`."""
    code = word.strip().upper()
    return "GB" if code == "UK" else code


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContext:
    """The shop an input belongs to. What the input itself states wins over these.

    `zone` is the shop's IANA zone, used for local times. `as_of`: read the world as it stood then.
    `progress` is called with the number of input bytes read since the last call. `lang`: of the messages.
    """

    market: str
    zone: str
    now: int
    currency: str = ""
    shop_name: str = ""
    shipping_type: str = SHIPPING_TIKTOK
    as_of: int | None = None
    lang: str = DEFAULT
    progress: Callable[[int], None] | None = None


class Refused(Exception):
    """One order cannot be taken. Raised inside a reader only; it becomes a `Refusal`."""

    def __init__(self, problem: Problem, row: int | None = None) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.row = row
        self.file: str | None = None
        """Set when the row stands in another file than the order's own."""


def refuse(
    code: str, field: str | None, value: str | None, message: str, next_: str, row: int | None = None, **params: Any
) -> Refused:
    """A `Refused` ready to raise; long values are cut."""
    shown = None if value is None else value[:200]
    return Refused(Problem(code, field, shown, message, next_, {"field": field, "value": shown, **params}), row)


def refusal(refused: Refused, context: ReadContext, file: str, row: int | None, order: str) -> Refusal:
    """The report entry of a refused order, its texts in the context's language."""
    shown = refused.problem.render(context.lang)
    return Refusal(
        file=refused.file or file,
        row=refused.row if refused.row is not None else row,
        order=order,
        code=shown.code,
        field=shown.field,
        value=shown.value,
        message=shown.message,
        next=shown.next,
    )


def known_zone(name: str) -> bool:
    """Whether there is such an IANA zone."""
    try:
        zone(name)
    except ValueError:
        return False
    return True
