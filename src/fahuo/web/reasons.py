"""Reasons in words: what planning stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fahuo.kernel.money import exponent_of
from fahuo.kernel.text import N_, t
from fahuo.planning.explain import CARTON_NOTES, reason_text
from fahuo.views.order import DecisionView
from fahuo.web.format import money

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
