"""Write src/fahuo/deadlines/calendars/*.toml from the `holidays` library plus the working weeks below.

Run it again after an update of the library and read the difference before committing it:
    .venv/bin/python scripts/seed_calendars.py
"""

import json
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import holidays

FOLDER = Path(__file__).resolve().parent.parent / "src" / "fahuo" / "deadlines" / "calendars"
FIRST, LAST = 2016, 2028
MON_FRI, MON_SAT, SUN_THU = "mon tue wed thu fri", "mon tue wed thu fri sat", "sun mon tue wed thu"
VERSION = version("holidays")
LIBRARY = f"holidays {VERSION}"


@dataclass(frozen=True)
class Week:
    """The open weekdays of a market: what the library does not know about the platform."""

    days: str
    confidence: str
    source: str


US_POLICY = "US FAQ seller-us 8064131472115499: Saturdays, Sundays and federal holidays are no business days"
STRICTER = "the platform's working days are not known; Monday to Saturday is the stricter reading"
EU_LAW = "not stated by the platform; Monday to Friday is the working week of Regulation 1182/71 and of the market"
MY_STATES = "SEA fulfilment policy: Kedah, Kelantan and Terengganu work Sunday to Thursday"

CALENDARS = {
    "us": ("US", None, Week(MON_FRI, "A", US_POLICY)),
    "gb": ("GB", "ENG", Week(MON_FRI, "C", "not stated by the platform; Monday to Friday is the market's week")),
    "ie": ("IE", None, Week(MON_FRI, "C", EU_LAW)),
    "de": ("DE", None, Week(MON_FRI, "C", EU_LAW)),
    "fr": ("FR", None, Week(MON_FRI, "C", EU_LAW)),
    "it": ("IT", None, Week(MON_FRI, "C", EU_LAW)),
    "es": ("ES", None, Week(MON_FRI, "C", EU_LAW)),
    "vn": ("VN", None, Week(MON_SAT, "B", "nine live orders of August and September 2025")),
    "th": ("TH", None, Week(MON_SAT, "D", STRICTER)),
    "ph": ("PH", None, Week(MON_SAT, "D", STRICTER)),
    "my": ("MY", None, Week(MON_SAT, "D", STRICTER)),
    "my-02": ("MY", "02", Week(SUN_THU, "B", MY_STATES)),
    "my-03": ("MY", "03", Week(SUN_THU, "B", MY_STATES)),
    "my-11": ("MY", "11", Week(SUN_THU, "B", MY_STATES)),
    "sg": ("SG", None, Week(MON_SAT, "D", STRICTER)),
    "id": ("ID", None, Week(MON_FRI, "B", "SEA fulfilment policy: Indonesia works Monday to Friday")),
    "jp": ("JP", None, Week(MON_SAT, "D", STRICTER)),
    "br": ("BR", None, Week(MON_FRI, "C", "not stated by the platform; Monday to Friday are Brazil's dias úteis")),
    "mx": ("MX", None, Week(MON_FRI, "C", "not stated by the platform; Monday to Friday is the market's week")),
    "cn": ("CN", None, Week(MON_FRI, "A", "State Council: Monday to Friday with announced working weekends")),
}


def known(country: str, subdivision: str | None) -> tuple[dict[date, str], set[date], int]:
    """Holidays, make-up days and the last year that is really published."""
    last = LAST
    years = range(FIRST, last + 1)
    plain = holidays.country_holidays(country, years=years)
    language = "en_US" if "en_US" in plain.supported_languages else None
    found = holidays.country_holidays(country, subdiv=subdivision, years=years, language=language)
    makeup = {d for d in getattr(found, "weekend_workdays", ()) if d.year >= FIRST}
    if country == "CN":  # the State Council publishes a year at a time: a year without make-up days is not out yet
        last = max(d.year for d in makeup)
    return {d: n for d, n in found.items() if d.year <= last}, makeup, last


def toml(id_: str, country: str, subdivision: str | None, week: Week) -> str:
    """The calendar file."""
    closed, makeup, last = known(country, subdivision)
    open_days = week.days.split()
    place = f"{country}-{subdivision}" if subdivision else country
    note = "Names ending in (estimated) follow the moon and may move by a day." if "estimated" in str(closed) else ""
    lines = [
        "# Written by scripts/seed_calendars.py; a seller's own changes are kept in the database, not here.",
        f"id = {json.dumps(id_)}",
        f"version = {json.dumps(VERSION)}",
        f"source = {json.dumps(f'holidays of {place} from {LIBRARY}; week: {week.source}', ensure_ascii=False)}",
        f"confidence = {json.dumps(week.confidence)}",
        f"weekdays = {json.dumps(open_days)}",
        f"known_from = {FIRST}-01-01",
        f"known_to = {last}-12-31",
        *([f"note = {json.dumps(note)}"] if note else []),
        "",
        "[holidays]",
        *(f"{d.isoformat()} = {json.dumps(closed[d], ensure_ascii=False)}" for d in sorted(closed)),
    ]
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    # a make-up day on a day that is open anyway changes nothing
    extra = sorted(d for d in makeup if names[d.weekday()] not in open_days and d not in closed)
    if extra:
        lines += ["", "[working]", *(f'{d.isoformat()} = "working weekend"' for d in extra)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every calendar."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for id_, (country, subdivision, week) in CALENDARS.items():
        (FOLDER / f"{id_}.toml").write_text(toml(id_, country, subdivision, week), encoding="utf-8")


if __name__ == "__main__":
    main()
