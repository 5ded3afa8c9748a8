"""How figures look to people: money, instants in a zone, time left."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from fahuo.kernel.clock import technical_ms
from fahuo.kernel.instant import local, zone
from fahuo.kernel.money import amount_text
from fahuo.kernel.text import t

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400


def money(minor: int | None, currency: str, exponent: int) -> str:
    """`USD 1,234.50`; a dash when not known."""
    return "–" if minor is None else f"{currency} {grouped(amount_text(minor, exponent))}"


def grouped(amount: str) -> str:
    """Thousands set apart by commas."""
    whole, dot, rest = amount.partition(".")
    return re.sub(r"(?<=\d)(?=(\d{3})+$)", ",", whole) + dot + rest


def moment(at: int | None, zone_name: str, now: int | None = None) -> str:
    """`11-21 16:00`, with the year when it is not this one; only the time when it is today."""
    if at is None:
        return "–"
    where = zone(zone_name)
    shown = local(at, where)
    if now is not None:
        today = local(now, where)
        if shown.date() == today.date():
            return shown.strftime("%H:%M")
        if shown.year == today.year:
            return shown.strftime("%m-%d %H:%M")
    return shown.strftime("%Y-%m-%d %H:%M")


def full(at: int | None, zone_name: str) -> str:
    """With seconds and offset, for where it matters."""
    if at is None:
        return "–"
    shown: datetime = local(at, zone(zone_name))
    offset = shown.strftime("%z")
    return f"{shown:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"


def span(seconds: int, lang: str) -> str:
    """`2 d 3 h`, `3 h 12 min`, `12 min`."""
    days, rest = divmod(abs(seconds), DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    if days:
        return t("{days} d {hours} h", lang, days=days, hours=hours)
    if hours:
        return t("{hours} h {minutes} min", lang, hours=hours, minutes=minutes)
    return t("{minutes} min", lang, minutes=minutes)


def ago(ms: int | None, lang: str) -> str:
    """How long ago a technical instant was, whatever business time it is: `3 min ago`; nothing for none."""
    return "" if ms is None else t("{span} ago", lang, span=span(max(technical_ms() - ms, 0) // 1000, lang))


def left(due: int, now: int, lang: str) -> str:
    """Time left, or how long overdue."""
    if due < now:
        return t("{span} overdue", lang, span=span(now - due, lang))
    return t("{span} left", lang, span=span(due - now, lang))


def urgency(due: int | None, now: int) -> str:
    """Class of a due time: late, soon (4 hours), today (24 hours) or none."""
    if due is None:
        return ""
    if due < now:
        return "late"
    return "soon" if due - now <= 4 * HOUR else ("today" if due - now <= DAY else "")


def percent(part: int, whole: int) -> str:
    """`3.2 %`; a dash of nothing."""
    return "–" if not whole else f"{100 * part / whole:.1f} %"
