"""Write the table of rule packs into docs/deadlines.md, from the packs themselves. `--check` only compares (exit 1)."""

import sys
from pathlib import Path

from fahuo.deadlines.model import CLOCKS, PARTIES
from fahuo.deadlines.packfile import PackFile, Rule
from fahuo.deadlines.packs import RuleBook, load_book

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "deadlines.md"
BEGIN, END = "<!-- packs: written by scripts/pack_table.py -->", "<!-- end of packs -->"
UNITS = {"business_day": "WD", "calendar_day": "days", "business_hour": "working h", "hour": "h"}


def figure(rule: Rule) -> str:
    """A rule's amount as people write it: '2 WD after awaiting_shipment, 23:59:59'."""
    parts = ["handling time"] if rule.handling else []
    if rule.amount or not parts:
        parts.append(f"{rule.amount} {UNITS[rule.unit]}")
    text = " + ".join(parts)
    if rule.band is not None:
        text = f"{rule.band} to {text}"
    if rule.after_ready is not None:
        text += f" ({rule.after_ready} once arranged)"
    text += f" after {' or '.join(rule.start)}"
    if rule.cutoff is not None:
        text += f", cut-off {time(rule.cutoff)}"
    if rule.snap is not None:
        text += f", at {time(rule.snap)}"
    if rule.late_same_day is not None:
        text += f" (after the cut-off {time(rule.late_same_day)} of the same day)"
    if rule.shipping_types != ("any",):
        text += f" (shipping {', '.join(rule.shipping_types)})"
    return text


def time(seconds: int) -> str:
    """Seconds after midnight as HH:MM:SS."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def section(book: RuleBook, pack: PackFile) -> list[str]:
    """A pack: who it is for, when, and its rules."""
    dates = f"{pack.effective_from or '…'} to {pack.effective_to or '…'}"
    chosen = "by itself" if pack.default else "only when a shop or `--pack` chooses it"
    words = [
        f"### `{pack.id}`",
        "",
        f"{pack.title}. {', '.join(pack.markets)}; {', '.join(pack.seller_types)}; "
        f"shipping {', '.join(pack.shipping_types)}; in force {dates}; used {chosen}.",
        "",
        "| clock | order types | limit | who acts | source, date | conf. |",
        "|---|---|---|---|---|---|",
    ]
    for rule in book.rules:
        if book.packs[rule.pack] is pack:
            rate = " *" if rule.late_rate else ""
            types = ", ".join(rule.order_types)
            words.append(
                f"| {CLOCKS[rule.clock]}{rate} | {types} | {figure(rule)} | {PARTIES[rule.party]} "
                f"| {rule.source}, {rule.source_date} | {rule.confidence} |"
            )
    if pack.settings:
        words += ["", "Settings: " + ", ".join(f"`{k} = {v!r}`" for k, v in pack.settings.items()) + "."]
    words += ["", *(f"- {note}" for note in pack.notes), *([""] if pack.notes else [])]
    words += [f"- {c.text} ({c.source}, {c.source_date}, {c.confidence})" for c in pack.consequences]
    return [*words, ""] if pack.consequences else words


def calendars(book: RuleBook) -> list[str]:
    """The calendars and their weeks."""
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    words = ["### Calendars", "", "| id | week | holidays known | source | conf. |", "|---|---|---|---|---|"]
    for found in sorted(book.calendars.values(), key=lambda c: c.id):
        first = max(d for d in range(7) if d not in found.weekdays) + 1  # the week begins after its last closed day
        week = " ".join(names[d % 7] for d in range(first, first + 7) if d % 7 in found.weekdays)
        known = f"{found.known_from.year} to {found.known_to.year}"
        words.append(f"| `{found.id}` | {week} | {known} | {found.source} | {found.confidence} |")
    return words


def table() -> str:
    """The whole section."""
    book = load_book()
    words = [w for pack in sorted(book.packs, key=lambda p: p.id) for w in section(book, pack)]
    return "\n".join([BEGIN, "", *words, *calendars(book), "", END])


def main(arguments: list[str]) -> int:
    """0 when the document holds the table (after writing it, without --check)."""
    text = DOCUMENT.read_text(encoding="utf-8")
    head, tail = text.split(BEGIN)[0], text.split(END)[-1]
    wanted = head + table() + tail
    if "--check" in arguments:
        return int(wanted != text)
    DOCUMENT.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
