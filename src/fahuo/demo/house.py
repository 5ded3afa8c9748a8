"""The seller of the demonstration: a fresh home with its own database, articles, stock, carriers, people, shops."""

from __future__ import annotations

import csv
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import httpx

from fahuo.access.model import OWNER, PACKER
from fahuo.bench.databases import server
from fahuo.catalogue.model import Sender
from fahuo.catalogue.queries import shop_list
from fahuo.demo.platform import Platform
from fahuo.flow.access import add_user, new_password
from fahuo.flow.apps import add_app
from fahuo.flow.connect import consent_url, returned
from fahuo.flow.grants import client_of
from fahuo.flow.house import House
from fahuo.flow.import_data import import_data
from fahuo.flow.setup import add_main, add_shop, initialise
from fahuo.generate.catalogue import write_catalogue
from fahuo.kernel.clock import BusinessClock
from fahuo.kernel.config import load_settings
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.engine import open_store

MARK: Final = ".fahuo-demo"
ACTOR: Final = "demo"
CATALOGUE: Final = "catalogue"
TABLES: Final = ("warehouses", "skus", "stock", "cartons", "carriers", "rates", "numbers")


MARKETS: Final = ("VN", "TH", "US", "GB", "MY:cross_border")
"""The shops of the sandbox: four local ones, and one that sells from China into Malaysia."""
_LOCAL: Final = tuple(market for market in MARKETS if ":" not in market)
CALLS_PER_SECOND: Final = 500.0
"""What the sandbox allows an app and shop; a real app starts far lower."""


class Login(NamedTuple):
    """A user made for the demonstration."""

    name: str
    role: str
    password: str


@contextmanager
def fresh_home(folder: Path) -> Iterator[None]:
    """An empty home, nobody else's for as long as it is used. Only a home of an earlier demonstration is emptied.

    Raises Failure when the folder holds other things (2), or another demonstration runs there (3).
    """
    mark = folder / MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise Failure(_not_ours(folder))
    folder.mkdir(parents=True, exist_ok=True)
    with mark.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failure(_busy(folder), 3) from None
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != mark:
                entry.unlink()
        yield


def _not_ours(folder: Path) -> Problem:
    return Problem(
        "home_not_empty",
        "home",
        str(folder),
        N_("The folder {folder} holds other things; the demonstration wants a fresh one."),
        N_("Name another with --home, or remove it."),
        {"folder": str(folder)},
    )


def _busy(folder: Path) -> Problem:
    return Problem(
        "demo_runs",
        "home",
        str(folder),
        N_("Another demonstration runs in {folder}."),
        N_("Stop it, or give this one another folder with --home."),
        {"folder": str(folder)},
    )


@contextmanager
def fresh_house(folder: Path, clock: BusinessClock, lang: str, postgresql: str | None = None) -> Iterator[House]:
    """An open house in an empty folder. `postgresql`: a server's URL; its database there is dropped again."""
    if postgresql:
        with server(postgresql) as databases, databases.fresh() as (store, _):
            add_main(store, clock.now())
            yield House(store, clock, lang)
        return
    # Nobody mourns the last second of a demonstration, so commits need not wait for the disk.
    url = f"sqlite:///{folder / 'fahuo.db'}"
    settings, _ = initialise(load_settings({}, home=folder, database_url=url))
    store = open_store(f"{url}?synchronous=normal", master=settings.require_key())
    try:
        yield House(store, clock, lang)
    finally:
        store.close()


def furnish(house: House, folder: Path, orders: int, parcels_per_day: int) -> None:
    """The tables of the catalogue through `import-data`; stock for that many orders."""
    tables = folder / CATALOGUE
    write_catalogue(tables, orders, _LOCAL)
    _limit(tables / "warehouses.csv", parcels_per_day)
    for kind in TABLES:
        report = import_data(house.store, kind, [tables / f"{kind}.csv"], house.clock.now(), ACTOR)
        if report.refused:
            raise Failure(report.refused[0].problem, 1)


def connect_shops(house: House, folder: Path, platform: Platform, public_url: str) -> list[str]:
    """Connect the sandbox's shops as a seller does: the app's keys, the consent page, back with a code. Their names."""
    url, start = platform.url, platform.start
    app = add_app(
        house,
        start["app_key"],
        start["app_secret"],
        service_id=start["service_id"],
        api_url=url,
        auth_url=url,
        consent_url=f"{url}/open/authorize",
        public_url=public_url,
        rates=(CALLS_PER_SECOND, CALLS_PER_SECOND),
    )
    asked = httpx.get(f"{consent_url(house, app, ACTOR)}&auto=1", trust_env=False)
    done = returned(house, client_of(house.store), asked.headers["location"], ACTOR)
    if done.left:
        raise Failure(done.left[0], 1)
    senders = {row["country"]: row for row in _rows(folder / CATALOGUE / "warehouses.csv")}
    with house.store.read() as tx:
        shops = shop_list(tx)
    for shop in shops:
        place = senders[shop.market if shop.seller_type == "local" else "CN"]
        sender = Sender(
            name=f"{shop.name} Trading Co.",
            lines=(place["address"],),
            city=place["city"],
            region=place["region"],
            postal_code=place["postal_code"],
            country=place["country"],
            phone=place["phone"],
        )
        add_shop(house, shop.name, shop.market, shop.seller_type, sender=sender)
    return [shop.name for shop in shops]


def people(house: House) -> list[Login]:
    """One login of each role, with passwords made for this run."""
    logins = [Login("mei", OWNER, new_password()), Login("bo", PACKER, new_password())]
    for login in logins:
        add_user(house, login.name, login.role, login.password, ACTOR)
    return logins


def _limit(path: Path, parcels_per_day: int) -> None:
    """Write the floor's real capacity into the warehouses' table, so that the curve shows what the staff can pack.

    Without staff it is the least the table takes: a cell left empty would say that nobody knows.
    """
    rows = _rows(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "capacity_per_day": str(max(parcels_per_day, 1))} for row in rows)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
