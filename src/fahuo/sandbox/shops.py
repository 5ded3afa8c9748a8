"""The shops of the sandbox: which there are, and what of them an app may read."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from fahuo.generate.catalogue import CHINA
from fahuo.generate.markets import MARKETS
from fahuo.generate.people import PEOPLE
from fahuo.generate.places import PLACES
from fahuo.generate.press import warehouse_ref
from fahuo.sandbox.markets import language_of
from fahuo.sandbox.model import Shop, Warehouse

SELLER: Final = "main"
_NAMES: Final = {
    "VN": "Saigon Style", "TH": "Bangkok Home", "US": "Pacific Goods", "GB": "London Corner", "PH": "Manila Finds",
    "MY": "KL Living", "SG": "Marina Picks", "ID": "Jakarta Jaya", "JP": "東京くらし", "DE": "Berliner Laden",
    "FR": "Maison Lyon", "IT": "Bottega Milano", "ES": "Casa Madrid", "IE": "Dublin Wares", "MX": "Casa Azteca",
    "BR": "Loja Paulista",
}  # fmt: skip
_SUFFIXES: Final = {"CB": True, "CROSS_BORDER": True, "LOCAL": False}


class Branch(NamedTuple):
    """A shop to open. `share` is its part of all orders, relative to the other shops."""

    market: str
    cross_border: bool = False
    name: str = ""
    share: float = 1.0
    seller_shipping: float | None = None
    """Part of the orders that the seller ships itself; None: the market's own, nothing across the border."""
    seller: str = SELLER
    """Whose shop it is: each seller authorises for itself."""


def branch_of(text: str) -> Branch:
    """`VN`, `MY-CB`, `MY:cross_border`, `VN:local`. Raises ValueError for a market the sandbox does not have."""
    market, _, kind = text.strip().upper().replace(":", "-").partition("-")
    market = {"UK": "GB"}.get(market, market)
    if market not in MARKETS:
        raise ValueError(f"there is no market {market!r} in the sandbox; there are {', '.join(MARKETS)}")
    if kind and kind not in _SUFFIXES:
        raise ValueError(f"{text!r}: a shop is local or cross_border, as in {market}:cross_border")
    return Branch(market, _SUFFIXES.get(kind, False))


def open_shops(seed: int, wanted: Sequence[str | Branch]) -> list[Shop]:
    """The shops, in that order. The same seed and list give the same ids and ciphers."""
    made: list[Shop] = []
    for index, one in enumerate(wanted):
        branch = branch_of(one) if isinstance(one, str) else one
        made.append(_shop(seed, index, branch, {shop.name for shop in made}))
    return made


def _shop(seed: int, index: int, b: Branch, taken: set[str]) -> Shop:
    number = list(MARKETS).index(b.market) + 10
    kind = "CB" if b.cross_border else "LC"
    name = b.name or ("深圳优品 " + b.market if b.cross_border else _NAMES[b.market])
    while name in taken:
        name += " 2"
    digest = hashlib.sha256(f"{seed}|{index}|{b.market}{kind}".encode())
    token = digest.hexdigest()
    return Shop(
        id=str(7_490_000_000_000_000_000 + seed % 9_000 * 10**6 + index + 1),
        name=name,
        region=b.market,
        seller_type="CROSS_BORDER" if b.cross_border else "LOCAL",
        cipher=f"GCP_{b64encode(digest.digest()[:16]).decode()}",  # to be percent-encoded when sent (1.4)
        code=f"{b.market}{kind}{token[24:34].upper()}",
        seller=hashlib.sha256(f"{seed}|{b.seller}".encode()).hexdigest()[:28],
        language=language_of(b.market, b.cross_border),
        warehouses=[_warehouse(b), _returns_to(b)],
        delivery_option_id=f"70000000000000000{number:02d}",
        delivery_option_name=MARKETS[b.market].delivery,
        share=b.share,
        index=index,
        seller_shipping=0.0 if b.cross_border and b.seller_shipping is None else b.seller_shipping,
    )


def _warehouse(b: Branch) -> Warehouse:
    """Where the shop sends from: the warehouses of the generated catalogue."""
    if not b.cross_border:
        return _at_home(b.market, warehouse_ref(b.market), f"{b.market}-1")
    return Warehouse(
        id=warehouse_ref("CN"),
        name=CHINA,
        sub_type="CB_DIRECT_SHIPPING_WAREHOUSE",
        region="CN",
        address={
            "region": "China",
            "state": "Guangdong",
            "city": "Shenzhen",
            "postal_code": "518101",
            "region_code": "CN",
            "address_line1": "12 Baoan Avenue",
            "full_address": "12 Baoan Avenue, Shenzhen, Guangdong, 518101",
            "contact_person": "Warehouse lead",
            "phone_number": "+8613800138000",
        },
    )


def _returns_to(b: Branch) -> Warehouse:
    """Where returns go: a place in the market, also for sellers across the border."""
    warehouse = _at_home(b.market, f"72{warehouse_ref(b.market)[2:]}", f"{b.market} returns")
    warehouse.type, warehouse.is_default = "RETURN_WAREHOUSE", False
    return warehouse


def _at_home(market: str, id_: str, name: str) -> Warehouse:
    region, city, district, postal = PLACES[market][0]
    people = PEOPLE[market]
    street = people.streets[0].format(n=8)
    address: dict[str, Any] = {
        "region": MARKETS[market].country,
        "state": region,
        "city": city,
        "distict": district,
        "postal_code": postal,
        "region_code": market,
        "address_line1": street,
        "full_address": ", ".join(part for part in (street, district, city, region, postal) if part),
        "contact_person": "Warehouse lead",
        "phone_number": f"+{people.code}{people.prefixes[0]}{'1234567890'[: people.digits]}",
    }
    return Warehouse(id=id_, name=name, region=market, address={k: v for k, v in address.items() if v})
