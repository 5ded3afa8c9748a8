"""Use cases of setting up: make an installation ready, add shops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from fahuo.catalogue import queries as catalogue
from fahuo.catalogue import service as catalogue_service
from fahuo.catalogue.model import CHANNELS, Sender, Shop
from fahuo.flow.house import House, open_house
from fahuo.kernel import crypto
from fahuo.kernel.config import Settings, load_settings, write_master_key
from fahuo.kernel.ids import new_id
from fahuo.kernel.instant import zone
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.engine import Store
from fahuo.store.migrate import upgrade

MAIN: Final = "main"
MAX_NAME: Final = 80
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

MARKETS: Final[Mapping[str, tuple[str, str]]] = {
    "US": ("USD", "America/Los_Angeles"),
    "GB": ("GBP", "Europe/London"),
    "IE": ("EUR", "Europe/Dublin"),
    "DE": ("EUR", "Europe/Berlin"),
    "FR": ("EUR", "Europe/Paris"),
    "IT": ("EUR", "Europe/Rome"),
    "ES": ("EUR", "Europe/Madrid"),
    "VN": ("VND", "Asia/Ho_Chi_Minh"),
    "TH": ("THB", "Asia/Bangkok"),
    "PH": ("PHP", "Asia/Manila"),
    "MY": ("MYR", "Asia/Kuala_Lumpur"),
    "SG": ("SGD", "Asia/Singapore"),
    "ID": ("IDR", "Asia/Jakarta"),
    "JP": ("JPY", "Asia/Tokyo"),
    "MX": ("MXN", "America/Mexico_City"),
    "BR": ("BRL", "America/Sao_Paulo"),
}
"""Market → currency and the zone its Seller Center shows times in. US: Pacific (reference 9.1, B)."""


def initialise(settings: Settings) -> tuple[Settings, bool]:
    """Master key, database schema, the seller `main`. May be repeated; says whether a key was made."""
    made = False
    if settings.master_key is None:
        try:
            settings.home.mkdir(parents=True, exist_ok=True)
            write_master_key(settings.master_key_file)
            made = True
        except FileExistsError:
            pass
        except OSError as error:
            raise Failure(
                Problem(
                    "home_not_writable",
                    "FAHUO_HOME",
                    str(settings.home),
                    N_("The folder {home} cannot be written: {why}."),
                    N_("Choose another FAHUO_HOME."),
                    {"home": str(settings.home), "why": str(error)},
                ),
                3,
            ) from None
        again = load_settings(home=settings.home, master_key_file=settings.master_key_file)
        settings = msgspec_replace(settings, master_key=again.master_key)
    house = open_house(settings, of_any_age=True)
    try:
        upgrade(house.store)
        add_main(house.store, house.clock.now())
    except Failure:
        if made:  # a key that opens nothing must not lie where the right one belongs
            settings.master_key_file.unlink(missing_ok=True)
        raise
    finally:
        house.store.close()
    return settings, made


def add_main(store: Store, now: int) -> None:
    """The seller every installation begins with, and its keys."""
    with store.write() as tx:
        catalogue_service.add_seller(tx, MAIN, now)
        _ = tx.keys.data


def msgspec_replace(settings: Settings, **changes: object) -> Settings:
    """A copy of the settings with changes."""
    from dataclasses import replace  # noqa: PLC0415 - one use

    return replace(settings, **changes)  # type: ignore[arg-type]  # names of Settings' own fields


def add_shop(  # noqa: PLR0913 - one argument for each thing that a shop is
    house: House,
    name: str,
    market: str,
    seller_type: str,
    shipping_type: str = "TIKTOK",
    *,
    zone_name: str | None = None,
    pack: str | None = None,
    channel: str = "files",
    callback_url: str | None = None,
    secret: str | None = None,
    sender: Sender | None = None,
    cod_allowed: bool = True,
    known_packs: frozenset[str] | None = None,
    seller_id: int = 1,
) -> Shop:
    """Add a shop, or change the one of that name. Raises Failure naming the field that cannot be used.

    Calls to `callback_url` are signed with `secret`; without one the shop keeps its key, or one is made
    (`callback_key` tells it).
    """
    name = _name(name)
    market = "GB" if market.upper() == "UK" else market.upper()
    currency, usual_zone = _market(market)
    _one_of("seller-type", seller_type, ("local", "cross_border"))
    _one_of("shipping-type", shipping_type, ("TIKTOK", "SELLER"))
    _one_of("channel", channel, CHANNELS)
    if pack is not None and known_packs is not None and pack not in known_packs:
        _one_of("pack", pack, tuple(sorted(known_packs)))
    if zone_name is not None:
        _zone(zone_name)
    _check_callback(channel, callback_url)
    with house.store.write(seller_id) as tx:
        known = catalogue.shop_named(tx, name)
        shop = Shop(
            seller_id=seller_id,
            id=known.id if known else new_id(),
            name=name,
            market=market,
            seller_type=seller_type,
            shipping_type=shipping_type,
            zone=zone_name or (known.zone if known and known.market == market else usual_zone),
            currency=currency,
            pack=pack,
            channel=channel,
            callback_url=callback_url,
            sender=sender or (known.sender if known else Sender(name=name, country=market)),
            cod_allowed=cod_allowed,
        )
        sealed = None
        if callback_url:
            kept = {id_: key for id_, _, _, key in catalogue.callbacks(tx)}.get(shop.id)
            key = (secret or crypto.new_key().hex()).encode()
            sealed = tx.keys.seal(key, f"callback|{shop.id}") if secret or kept is None else kept
        catalogue_service.add_shop(tx, shop, sealed, house.clock.now())
    return shop


def _check_callback(channel: str, url: str | None) -> None:
    if channel == "callback" and not url:
        raise Failure(
            Problem(
                "callback_url_missing",
                "callback-url",
                None,
                N_("A shop with callback needs an address to call."),
                N_("Give --callback-url https://…."),
            )
        )
    parts = urlsplit(url or "https://-")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise Failure(
            Problem(
                "callback_url_wrong",
                "callback-url",
                (url or "")[:200],
                N_("The address must begin with https://."),
                N_("Only loopback may be called without TLS."),
            )
        )


def callback_key(house: House, name: str, seller_id: int = 1) -> str | None:
    """The key that signs calls to the shop's own system, for its owner; None when it has none."""
    with house.store.read(seller_id) as tx:
        for shop_id, shop, _, sealed in catalogue.callbacks(tx):
            if shop == name:
                return tx.keys.open(sealed, f"callback|{shop_id}").decode()
    return None


def _name(name: str) -> str:
    """The name as it is kept: one line of 1 to 80 printable characters without blanks around."""
    plain = name.strip()
    if not plain or len(plain) > MAX_NAME or not plain.isprintable():
        raise Failure(
            Problem(
                "bad_shop_name",
                "name",
                plain[:MAX_NAME],
                N_("A shop's name has 1 to {limit} characters in one line."),
                N_("Give another name."),
                {"limit": MAX_NAME},
            )
        )
    return plain


def _market(market: str) -> tuple[str, str]:
    if market not in MARKETS:
        _one_of("market", market, tuple(MARKETS))
    return MARKETS[market]


def _zone(name: str) -> None:
    try:
        zone(name)
    except ValueError:
        raise Failure(
            Problem(
                "unknown_zone",
                "zone",
                name[:80],
                N_("There is no time zone {zone}."),
                N_("Give an IANA name such as Asia/Bangkok."),
                {"zone": name[:80]},
            )
        ) from None


def _one_of(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise Failure(
            Problem(
                "not_one_of",
                field,
                value[:80],
                N_("{value} is no {field}."),
                N_("Choose one of: {known}."),
                {"value": value[:80], "field": field, "known": ", ".join(known)},
            )
        )


def shop_json(shop: Shop) -> dict[str, object]:
    """A shop as users see it: no secrets."""
    return {
        "id": str(shop.id),
        "name": shop.name,
        "market": shop.market,
        "seller_type": shop.seller_type,
        "shipping_type": shop.shipping_type,
        "zone": shop.zone,
        "currency": shop.currency,
        "pack": shop.pack,
        "channel": shop.channel,
        "callback_url": shop.callback_url,
        "sender": msgspec.to_builtins(shop.sender),
    }
