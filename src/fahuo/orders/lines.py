"""The JSON lines of `fahuo addresses check`: one address in, what is wrong with it and its better spelling out."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from fahuo.kernel.problems import Problem
from fahuo.kernel.text import DEFAULT, N_
from fahuo.orders.addresses import check_addresses
from fahuo.orders.model import RecipientIn
from fahuo.orders.phones import parse_phone

_ALIASES: Final = {"UK": "GB", "EL": "GR"}
"""Codes people write for a country whose ISO code is another."""
_PHONE_MESSAGES: Final = {"phone_invalid": N_("The phone number is not valid in {value}.")}


class AddressLine(Struct, kw_only=True):
    """One address as it comes in."""

    id: str | int
    country: str
    lines: list[str] | str | None = None
    city: str | None = None
    district: str | None = None
    region: str | None = None
    postal_code: str | int | None = None
    name: str | None = None
    phone: str | int | None = None


_decode = msgspec.json.Decoder(AddressLine).decode
_encode = msgspec.json.Encoder().encode
_read_id = msgspec.json.Decoder(dict[str, Any]).decode


def check_line(raw: bytes | None, lang: str = DEFAULT) -> tuple[bytes, bool]:
    """The answer to one line (without line end) and whether the line could be read; None stands for one too long."""
    if raw is None:
        return _bad(None, Problem("line_too_long", message=N_("The line is too long.")), lang), False
    try:
        line = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = Problem(
            "line_invalid",
            message=N_("The line is no address: {why}."),
            next=N_("Send one JSON object a line with id, country, lines."),
            params={"why": str(error)},
        )
        return _bad(_id_of(raw), problem, lang), False
    return _answer(line, lang), True


def _answer(line: AddressLine, lang: str) -> bytes:
    code = line.country.strip().upper()
    to = RecipientIn(
        name=(line.name or "").strip(),
        phone=str(line.phone or "").strip(),
        country=_ALIASES.get(code, code),
        region=(line.region or "").strip(),
        city=(line.city or "").strip(),
        district=(line.district or "").strip(),
        postal_code=str(line.postal_code or "").strip(),
        lines=tuple(
            x.strip() for x in ([line.lines] if isinstance(line.lines, str) else line.lines or ()) if x.strip()
        ),
    )
    check = check_addresses([to])[0]
    problems = list(check.problems)
    phone = parse_phone(to.phone, to.country) if to.phone else None
    if phone and phone.problem:
        message = _PHONE_MESSAGES[phone.problem]
        problems.append(Problem(phone.problem, "phone", message=message, params={"value": to.country}))
    for name, value in check.changes:
        setattr(to, name, value)
    shown = [p.render(lang) for p in problems]
    found: dict[str, Any] = {
        "id": str(line.id),
        "ok": not problems,
        "masked": check.masked,
        "problems": [{"field": p.field, "code": p.code, "message": p.message} for p in shown],
        "normalised": {
            "country": to.country,
            "lines": to.lines,
            **{n: v for n in ("city", "district", "region", "postal_code", "name") if (v := getattr(to, n))},
        },
    }
    if phone and phone.e164:
        found["phone_e164"] = phone.e164
    return _encode(found)


def _id_of(raw: bytes) -> str | None:
    try:
        found = _read_id(raw).get("id")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return str(found) if isinstance(found, (str, int)) else None


def _bad(id_: str | None, problem: Problem, lang: str) -> bytes:
    said = problem.as_dict(lang)
    return _encode({"id": id_, "error": {k: said[k] for k in ("code", "field", "message", "next")}})
