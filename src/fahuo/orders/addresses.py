"""Whether recipients' addresses can be delivered to: a batch in, one result each out.

Rules per country are in `postal.py`. A field that holds stars is masked: a state of its own, never judged, and a
record the source calls masked may also lack fields. Nothing here looks at who ships or when; `rules.py` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from fahuo.kernel.problems import Problem
from fahuo.kernel.text import N_
from fahuo.orders.model import RecipientIn
from fahuo.orders.postal import Country, country

MASK: Final = "*"

MESSAGES: Final = {
    "country_missing": (N_("The country is missing."), N_("Give the two-letter country code.")),
    "country_unknown": (N_("{value} is no country code."), N_("Give the two-letter code of ISO 3166-1, such as GB.")),
    "lines_missing": (N_("Street and house number are missing."), N_("Ask the buyer for the street address.")),
    "city_missing": (N_("The city is missing."), N_("Ask the buyer for the city.")),
    "region_missing": (N_("The state or province is missing."), N_("Ask the buyer for the state or province.")),
    "region_unknown": (N_("{country} has no such state."), N_("Correct the state, or ask the buyer.")),
    "postal_code_missing": (N_("The postcode is missing."), N_("Ask the buyer for the postcode.")),
    "postal_code_invalid": (N_("This is no postcode of {country}."), N_("Correct the postcode, or ask the buyer.")),
    "postal_code_region": (
        N_("The postcode does not lie in {region}."),
        N_("Find out which of the two is right: postcode or state."),
    ),
}
"""Code → what is wrong, what to do. None of them quotes the address: problems are kept in clear."""


class AddressCheck(Struct, frozen=True, gc=False):
    """`problems` is empty for a good address; `changes` are fields with a better spelling (postcode, region)."""

    masked: bool = False
    problems: tuple[Problem, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """No problem was found (a masked address has none that could be seen)."""
        return not self.problems


_GOOD = AddressCheck()
_MASKED = AddressCheck(masked=True)


def check_addresses(recipients: Iterable[RecipientIn]) -> list[AddressCheck]:
    """One result per recipient, in the same order. Two to three microseconds each once a country is loaded."""
    return [check_address(r) for r in recipients]


def check_address(r: RecipientIn) -> AddressCheck:
    """The same for one."""
    street = " ".join(r.lines)
    masked = r.masked or MASK in r.name or MASK in r.phone or MASK in street
    if MASK in r.country:
        return _MASKED
    rules = country(r.country)
    if rules is None:
        code = "country_unknown" if r.country else "country_missing"
        return AddressCheck(masked, () if masked and not r.country else (_problem(code, "country", r),))
    problems: list[Problem] = []
    # A letter or digit at once in most; stars and dashes alone are no street.
    if not (masked or street[:1].isalnum() or any(c.isalnum() for c in street)):
        problems.append(_problem("lines_missing", "lines", r))
    postal, region = r.postal_code, r.region
    hidden = MASK in postal or MASK in region or MASK in r.city
    masked = masked or hidden
    if not hidden:
        postal, region = _check_place(r, rules, masked, problems)
    if problems or postal != r.postal_code or region != r.region:
        changes = (("postal_code", postal), ("region", region))
        return AddressCheck(masked, tuple(problems), tuple(c for c in changes if getattr(r, c[0]) != c[1]))
    return _MASKED if masked else _GOOD


def _check_place(r: RecipientIn, rules: Country, masked: bool, problems: list[Problem]) -> tuple[str, str]:
    """City, region and postcode against each other; answers postcode and region in their better spelling."""
    region = rules.region(r.region) if r.region else None
    if region is None and r.region and rules.closed:
        problems.append(_problem("region_unknown", "region", r))
    postal = r.postal_code
    spelled: str | None = None
    better = r.region
    if postal:
        spelled = rules.postal(postal)
        if spelled is None and region is not None and region.fits:
            spelled = _with_lost_zero(postal, rules, region.fits)
        if spelled is None or (region is None and not rules.fits_any(spelled)):
            problems.append(_problem("postal_code_invalid", "postal_code", r))
            spelled = None
        else:
            postal = spelled
            if region is not None and region.fits is not None and region.fits(postal) is None:
                problems.append(_problem("postal_code_region", "postal_code", r, region=r.region))
    elif rules.postal_required and not masked:
        problems.append(_problem("postal_code_missing", "postal_code", r))
    if not masked and (not r.region or not r.city):
        better = _check_presence(r, rules, spelled or "", problems)
    return postal, better


def _check_presence(r: RecipientIn, rules: Country, postal: str, problems: list[Problem]) -> str:
    """City and region where the country needs them; answers the region, from the postcode where it is missing."""
    derived = rules.region_of(postal) if postal and not r.region else None
    known = derived or (rules.region(r.region) if r.region else None)
    if not r.city and not r.district and not (known and known.is_city):
        need = rules.place_required
        if need == "city" or (need == "region or city" and not r.region):
            problems.append(_problem("city_missing", "city", r))
    if not r.region and derived is None and rules.region_required and not problems:
        problems.append(_problem("region_missing", "region", r))
    return r.region or (derived.key if derived else "")


def _with_lost_zero(postal: str, rules: Country, fits: object) -> str | None:
    """The postcode with the leading zero a spreadsheet took, when that makes it one of the named region."""
    if not postal.isdecimal():
        return None
    spelled = rules.postal("0" + postal)
    return spelled if spelled and callable(fits) and fits(spelled) else None


def _problem(code: str, field: str, r: RecipientIn, region: str = "") -> Problem:
    message, then = MESSAGES[code]
    value = r.country if field == "country" else None
    params = {"country": r.country, "region": region, "value": value or ""}
    return Problem(code=code, field=field, value=value, message=message, next=then, params=params)
