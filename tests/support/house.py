"""A furnished house: shops, articles, stock and orders at every station, made by the use cases themselves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fahuo.access.model import OWNER, PACKER
from fahuo.catalogue.model import Sender
from fahuo.flow import access, setup
from fahuo.flow.house import House, open_desk
from fahuo.flow.import_data import import_data
from fahuo.flow.import_orders import import_orders
from fahuo.flow.plan import plan_all
from fahuo.generate.catalogue import write_catalogue
from fahuo.generate.orders import generate
from fahuo.generate.press import Options
from fahuo.kernel.clock import FixedClock
from fahuo.kernel.instant import parse_instant
from fahuo.store.engine import Store, open_store
from tests.support.stores import MASTER

NOW = parse_instant("2026-11-20T03:30:00Z")
SEEN = parse_instant("2026-11-20T00:00:00Z")
MARKETS = ("VN", "US")
OWNER_PASSWORD = "the owner of the floor"
PACKER_PASSWORD = "the packer of the floor"


def furnish(store: Store, folder: Path, orders: int = 60, seed: int = 7) -> House:
    """Fill an empty database: shops `shop-VN` and `shop-US`, users `mei` (owner) and `liu` (packer)."""
    house = House(store, FixedClock(NOW))
    setup.add_main(store, NOW)
    for kind, path in zip(
        ("warehouses", "skus", "stock", "cartons", "carriers", "rates", "numbers"),
        _catalogue(folder, orders),
        strict=True,
    ):
        import_data(store, kind, [path], NOW, "test")
    files: dict[str, list[bytes]] = {}
    for market, body in generate(orders, MARKETS, seed, Options(SEEN, seller_shipping=0.7)):
        files.setdefault(market, []).append(body)
    for market, lines in files.items():
        setup.add_shop(house, f"shop-{market}", market, "local", sender=_sender(market))
        path = folder / f"{market}.jsonl"
        path.write_bytes(b"\n".join(lines))
        import_orders(house, [path], f"shop-{market}", actor="test")
    with store.read() as tx:
        desk = open_desk(tx, "test")
    plan_all(store, desk, NOW)
    access.add_user(house, "mei", OWNER, OWNER_PASSWORD, "test")
    access.add_user(house, "liu", PACKER, PACKER_PASSWORD, "test")
    return house


def _sender(market: str) -> Sender:
    place = {"VN": ("Hồ Chí Minh", "Hồ Chí Minh", "700000"), "US": ("Los Angeles", "CA", "90012")}[market]
    phone = {"VN": "+84901234567", "US": "+12135550100"}[market]
    return Sender(
        name="Fahuo Test Co., Ltd.", lines=("8 Example Road",), city=place[0], region=place[1], postal_code=place[2],
        country=market, phone=phone,
    )  # fmt: skip


def _catalogue(folder: Path, orders: int) -> list[Path]:
    made = {path.stem: path for path in write_catalogue(folder / "catalogue", orders, MARKETS)}
    return [made[kind] for kind in ("warehouses", "skus", "stock", "cartons", "carriers", "rates", "numbers")]


@pytest.fixture(scope="session")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A furnished SQLite file, made once."""
    folder = tmp_path_factory.mktemp("furnished")
    path = folder / "fahuo.db"
    shutil.copyfile(sqlite_template, path)
    store = open_store(f"sqlite:///{path}", master=MASTER)
    furnish(store, folder)
    with store.engine.connect() as conn:
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        conn.exec_driver_sql("BEGIN")
    store.close()
    return path


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[House]:
    """A copy of the furnished house, this test's own."""
    path = tmp_path / "house.db"
    shutil.copyfile(furnished, path)
    store = open_store(f"sqlite:///{path}", master=MASTER)
    yield House(store, FixedClock(NOW))
    store.close()
