"""Reasons in words: what planning stored, and what the journal keeps of an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from fahuo.kernel.money import exponent_of
from fahuo.kernel.text import N_, t
from fahuo.planning.explain import CARTON_NOTES, reason_text
from fahuo.store.journal import Line
from fahuo.views.order import DecisionView
from fahuo.web.format import money
from fahuo.web.words import word

CHOSEN_BY: Final = {
    "platform": N_("The platform fixed warehouse and carrier."),
    "seller": N_("Chosen by cost and the risk of being late, under the capacity of the day."),
}


def cost(minor: int, currency: str | None) -> str:
    """Plan money, in the exponent of its currency."""
    return money(minor, currency or "", exponent_of(currency) if currency else 2)


def decision_words(decision: DecisionView | None, names: Mapping[int, str], lang: str) -> list[str]:
    """Why it was planned so: who chose, what was refused for which reason."""
    if decision is None:
        return []
    why = decision.why
    found = []
    if why.get("reason"):
        found.append(reason_text(str(why["reason"]), lang))
    by = str(why.get("by", ""))
    if by in CHOSEN_BY:
        found.append(t(CHOSEN_BY[by], lang))
    note = str(why.get("carton", ""))
    if note in CARTON_NOTES:
        found.append(t(CARTON_NOTES[note], lang))
    return found + _refused(why.get("refused", []), names, lang)


def _refused(refused: Iterable[Any], names: Mapping[int, str], lang: str) -> list[str]:
    """What was refused, gathered by reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for place, service, code in refused:
        where = names.get(int(place), str(place))
        found.setdefault((str(code), where), []).append(names.get(int(service), str(service)))
    alike: dict[tuple[str, str], list[str]] = {}
    for (code, where), services in found.items():
        alike.setdefault((code, ", ".join(services)), []).append(where)
    text = N_("Refused from {places}, because {why}: {services}")
    return [
        t(text, lang, places=", ".join(places), why=reason_text(code, lang), services=services)
        for (code, services), places in alike.items()
    ]


def timeline_words(lang: str, moment: Callable[[int | None], str]) -> Callable[[Line], str]:
    """What stands beside an event in the time line; the interesting facts only."""

    def words(line: Line) -> str:
        data = line.data
        parts: list[str] = []
        state = data.get("state")
        if isinstance(state, list):
            parts.append(" → ".join(word("state", one, lang) for one in state))
        elif state:
            parts.append(word("state", str(state), lang))
        if data.get("station"):
            parts.append(t("now at {station}", lang, station=word("station", str(data["station"]), lang)))
        parts += [word("hold", str(code), lang) for code in [*data.get("holds", []), *data.get("codes", [])]]
        parts += _due(data.get("due"), lang, moment)
        if data.get("why"):
            parts.append(reason_text(str(data["why"]), lang))
        for name, label in _PLAIN.items():
            if data.get(name):
                parts.append(f"{t(label, lang)}: {data[name]}")
        return " · ".join(parts)

    return words


_PLAIN: Final = {
    "from": N_("from"),
    "row": N_("row"),
    "units": N_("units"),
    "pack": N_("rule pack"),
    "number": N_("waybill"),
    "event": N_("event"),
}


def _due(due: Any, lang: str, moment: Callable[[int | None], str]) -> list[str]:
    if not isinstance(due, dict):
        return []
    shown = []
    for clock, at in due.items():
        name = word("clock", clock, lang)
        if isinstance(at, list):
            shown.append(f"{name} {moment(at[0])} → {moment(at[1])}")
        else:
            shown.append(f"{name} {moment(at)}")
    return shown
