"""The time line of an order: what stands beside an event, the interesting facts of what the journal keeps of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fahuo.kernel.money import exponent_of
from fahuo.kernel.text import N_, t
from fahuo.planning.explain import reason_text
from fahuo.store.journal import Line
from fahuo.web.format import money
from fahuo.web.words import word

Moment = Callable[[int | None], str]


@dataclass(frozen=True)
class _Say:
    """Who reads: in which language, how instants look there."""

    lang: str
    moment: Moment

    def label(self, text: str, value: object) -> str:
        return f"{t(text, self.lang)}: {value}"


def timeline_words(lang: str, moment: Moment) -> Callable[[Line], str]:
    """What stands beside an event in the time line."""
    say = _Say(lang, moment)

    def words(line: Line) -> str:
        book = "request" if line.kind.startswith("aftersale") else "state"
        parts = [*_states(line.data, book, say), *_coded(line.data, say), *_dues(line.data, say)]
        return " · ".join(part for part in [*parts, *_plain(line.data, say)] if part)

    return words


def _states(data: Mapping[str, Any], book: str, say: _Say) -> list[str]:
    parts = [word(book, str(data["type"]), say.lang)] if data.get("type") else []
    state = data.get("state")
    if isinstance(state, list):
        parts.append(" → ".join(word(book, str(one), say.lang) for one in state))
    elif state:
        parts.append(word(book, str(state), say.lang))
    if data.get("station"):
        parts.append(t("now at {station}", say.lang, station=word("station", str(data["station"]), say.lang)))
    return parts


def _coded(data: Mapping[str, Any], say: _Say) -> list[str]:
    """Codes that have words of their own."""
    parts = [word("hold", str(code), say.lang) for code in [*data.get("holds", []), *data.get("codes", [])]]
    kinds = [*data.get("kinds", []), *([data["kind"]] if data.get("kind") not in (None, "cancel", "return") else [])]
    parts += [word("kind", str(kind), say.lang) for kind in kinds]
    for name, book in (("decision", "decision"), ("method", "method")):
        if data.get(name):
            parts.append(word(book, str(data[name]), say.lang))
    # The move of the state stands there already.
    changed = dict.fromkeys(word("field", str(name), say.lang) for name in data.get("changed", []) if name != "state")
    if changed:
        parts.append(say.label(N_("changed"), ", ".join(changed)))
    service = data.get("service")
    if isinstance(service, dict) and service.get("name"):
        price = f" {service.get('currency', '')} {service['price']}" if service.get("price") else ""
        why = word("service_why", str(service.get("why", "")), say.lang)
        parts.append(f"{service['name']}{price}" + (f" ({why})" if why else ""))
    return parts


def _dues(data: Mapping[str, Any], say: _Say) -> list[str]:
    """Clocks that began or moved, and other instants."""
    clocks = data.get("clocks")
    shown = []
    for due in (data.get("due"), clocks.get("due") if isinstance(clocks, dict) else None):
        for clock, at in due.items() if isinstance(due, dict) else ():
            name = word("clock", clock, say.lang)
            span = [say.moment(one) for one in at] if isinstance(at, list) else [say.moment(at)]
            shown.append(f"{name} {' → '.join(span)}")
    shown += [say.label(text, say.moment(data[name])) for name, text in _INSTANTS.items() if data.get(name)]
    slot = data.get("slot")
    if isinstance(slot, dict) and slot.get("start_time"):
        shown.append(f"{say.moment(int(slot['start_time']))} – {say.moment(int(slot.get('end_time') or 0) or None)}")
    return shown


def _plain(data: Mapping[str, Any], say: _Say) -> list[str]:
    parts = [reason_text(str(data["why"]), say.lang)] if data.get("why") else []
    if data.get("amount") is not None and data.get("currency"):
        currency = str(data["currency"])
        parts.append(money(int(data["amount"]), currency, exponent_of(currency)))
    for name, text in _PLAIN.items():
        value = data.get(name)
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value if one)
        if value:
            parts.append(say.label(text, word("told_by", str(value), say.lang) if name == "from" else value))
    return parts


_INSTANTS: Final = {
    "answer_by": N_("answer by"),
    "domestic_scan": N_("scanned on the way to the sorting warehouse"),
    "sorting_in": N_("taken in at the sorting warehouse"),
    "refused": N_("refused"),
    "first_scan": N_("first scan"),
    "delivered": N_("delivered"),
}
_PLAIN: Final = {
    "from": N_("from"),
    "row": N_("row"),
    "units": N_("units"),
    "pack": N_("rule pack"),
    "carrier": N_("carrier"),
    "was": N_("before"),
    "number": N_("waybill"),
    "last_mile": N_("waybill beyond the border"),
    "ref": N_("number at the platform"),
    "refs": N_("numbers at the platform"),
    "event": N_("event"),
    "reason": N_("reason"),
    "code": N_("the platform's code"),
    "proof": N_("proof"),
    "lint": N_("found on the label"),
    "request_id": N_("call"),
}
"""What is shown as it is, with what it is."""
