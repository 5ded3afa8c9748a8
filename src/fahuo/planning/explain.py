"""A decision in words."""

from __future__ import annotations

from typing import Final

import numpy as np

from fahuo.carriers.model import REFUSALS
from fahuo.kernel.instant import NONE, local, zone
from fahuo.kernel.money import Money
from fahuo.kernel.text import DEFAULT, N_, t
from fahuo.planning.choice import rule_for
from fahuo.planning.model import (
    ARRANGING,
    CARTON_NONE,
    CARTON_OWN,
    CARTON_UNKNOWN_SIZE,
    NO_SERVICE,
    NO_WAREHOUSE,
    NOBODY,
    PLATFORM,
    UNKNOWN,
    UNKNOWN_WAREHOUSE,
    Plan,
)

REASONS: Final = {
    "wrong_shipping_type": N_("it does not go with this shipping type"),
    "no_stock_there": N_("the warehouse does not hold all items"),
    "not_on_lane": N_("it does not go from this warehouse to this country"),
    "lane_not_approved": N_("lane not approved by the platform for this market"),
    "goods_not_allowed": N_("goods not allowed (battery, liquid, dangerous, food or fragile)"),
    "too_heavy": N_("the parcel is too heavy"),
    "too_long": N_("the parcel is too long"),
    "too_big": N_("the parcel's girth is too large"),
    "no_rate": N_("no rate for this destination and weight"),
    "no_exchange_rate": N_("its rate is in a currency without exchange rate"),
    "cutoff_missed": N_("no hand-over within the next days"),
    "no_capacity": N_("no capacity left"),
    NO_SERVICE: N_("no carrier service is known: import carriers and rates"),
    NO_WAREHOUSE: N_("no warehouse is known: import warehouses"),
    UNKNOWN_WAREHOUSE: N_("the warehouse the platform named is not known here"),
    UNKNOWN: N_("the shipping type is not known: a person must look"),
    NOBODY: N_("a digital order: nothing to ship"),
}
"""What each reason code says to people, for a service refused and for an order that cannot be planned."""

CARTON_NOTES: Final = {
    CARTON_OWN: N_("No carton needed: a single item in its own packaging."),
    CARTON_NONE: N_("No carton holds these items: the packer chooses, or the order is split."),
    CARTON_UNKNOWN_SIZE: N_("No carton chosen: the size of an item is not known."),
}


def reason_text(code: str, lang: str = DEFAULT) -> str:
    """A reason code in words; a code nobody has words for is shown as it is."""
    return t(REASONS[code], lang) if code in REASONS else code


def explain(plan: Plan, index: int, lang: str = DEFAULT) -> list[str]:
    """Why an order of the plan got what it got: the choice, its price and risk, the carton, every service refused."""
    lines = [_headline(plan, index, lang)]
    if plan.service[index]:
        lines.append(_price(plan, index, lang))
    if plan.carton_note[index]:
        lines.append(t(CARTON_NOTES[plan.carton_note[index]], lang))
    elif plan.carton[index]:
        carton = next(c for c in plan.network.cartons if c.id == plan.carton[index])
        with_packing = N_("Carton {carton}, with {packing}.")
        lines.append(t(with_packing if carton.packing else N_("Carton {carton}."), lang, carton=carton.code,
                       packing=carton.packing))  # fmt: skip
    return lines + _others(plan, index, lang) + _refusals(plan, index, lang)


def _headline(plan: Plan, index: int, lang: str) -> str:
    if plan.reason[index]:
        return t(N_("Cannot be planned: {why}."), lang, why=reason_text(plan.reason[index], lang))
    warehouse = next(w for w in plan.network.warehouses if w.id == plan.warehouse[index])
    at = local(int(plan.leave_at[index]), zone(warehouse.zone)).strftime("%Y-%m-%d %H:%M")
    if plan.chosen_by[index] == PLATFORM:
        text = N_("The platform decides warehouse and carrier. Leaves {warehouse} by {at} ({zone}).")
        return t(text, lang, warehouse=warehouse.code, at=at, zone=warehouse.zone)
    if plan.chosen_by[index] == ARRANGING:
        text = N_(
            "You choose the carrier in Seller Center when you arrange shipment. Leaves {warehouse} by {at} ({zone})."
        )
        return t(text, lang, warehouse=warehouse.code, at=at, zone=warehouse.zone)
    service = next(s for s in plan.network.services if s.id == plan.service[index])
    text = N_("{service} from {warehouse}, hand-over by {at} ({zone}).")
    return t(text, lang, service=service.label, warehouse=warehouse.code, at=at, zone=warehouse.zone)


def _money(plan: Plan, minor: int) -> str:
    money = Money(minor, plan.network.currency, plan.network.exponent)
    return f"{money.amount()} {money.currency}"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}".removesuffix(".0") + " %"


def _price(plan: Plan, index: int, lang: str) -> str:
    cost, risk = _money(plan, int(plan.cost[index])), _percent(float(plan.risk[index]))
    if plan.due_at[index] == NONE:
        return t(N_("Costs {cost}; no clock runs."), lang, cost=cost)
    if plan.lateness[index] == NONE:
        return t(N_("Costs {cost}; {risk} risk to miss the clock."), lang, cost=cost, risk=risk)
    lateness = _money(plan, int(plan.lateness[index]))
    text = N_("Costs {cost}; {risk} risk to miss the clock, reckoned at {lateness}.")
    return t(text, lang, cost=cost, risk=risk, lateness=lateness)


def _options(plan: Plan, index: int) -> list[tuple[int, str, str, float]]:
    """(price, service, warehouse, least risk) of the options open to the order's class, cheapest first."""
    choices = plan.choices[plan.group[index]]
    row = plan.class_of[index]
    out = []
    for pair in np.flatnonzero(choices.refused[row] == 0).tolist():
        columns = [k for k, d in enumerate(choices.departures) if d.pair == pair]
        w, s = choices.pairs[pair]
        warehouse, service = plan.network.warehouses[w], plan.network.services[s]
        if (warehouse.id, service.id) != (plan.warehouse[index], plan.service[index]):
            risk = float(choices.risk[choices.cell[row], columns].min())
            out.append((int(choices.price[row, pair]), service.label, warehouse.code, risk))
    return sorted(out)


def _others(plan: Plan, index: int, lang: str) -> list[str]:
    if plan.group[index] < 0 or not plan.service[index]:
        return []
    lines = []
    for price, service, warehouse, risk in _options(plan, index):
        more = price - int(plan.cost[index])
        if more >= 0:
            text = N_("{service} from {warehouse} costs {more} more.")
        elif risk > plan.risk[index]:
            text = N_("{service} from {warehouse} costs {less} less, but is later: {risk} risk.")
        else:
            text = N_("{service} from {warehouse} costs {less} less, but is full or kept for orders that gain more.")
        lines.append(t(text, lang, service=service, warehouse=warehouse, more=_money(plan, more),
                       less=_money(plan, -more), risk=_percent(risk)))  # fmt: skip
    return lines


def _refusals(plan: Plan, index: int, lang: str) -> list[str]:
    """One line for each service and reason, naming the warehouses when it is not the same at all of them."""
    services = {s.id: s.label for s in plan.network.services}
    codes = {w.id: w.code for w in plan.network.warehouses}
    places: dict[tuple[int, str], list[str]] = {}
    for warehouse, service, code in plan.refusals(index):
        places.setdefault((service, code), []).append(codes[warehouse])
    text, short = N_("{service} refused at {places}: {why}."), N_("{service} refused: {why}.")
    lines = []
    for (service, code), found in sorted(places.items(), key=lambda entry: (REFUSALS.index(entry[0][1]), entry[0][0])):
        everywhere = len(found) == len(codes)
        lines.append(t(short if everywhere else text, lang, service=services[service], places=", ".join(found),
                       why=reason_text(code, lang)))  # fmt: skip
    return lines


def who_chooses(market: str, shipping_type: str, lang: str = DEFAULT) -> str:
    """Who decides warehouse and carrier there, with source and date."""
    rule = rule_for(market, shipping_type)
    if rule is None:
        return reason_text(UNKNOWN, lang)
    return f"{t(rule.why, lang)} ({rule.source}, {rule.source_date}, {rule.confidence})"
