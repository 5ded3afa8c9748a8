"""A house, a platform and a client between them: what tests of connecting begin with."""

from collections.abc import Iterator

import httpx
import pytest

from fahuo.channels.tiktok_shop.client import Client
from fahuo.connections import queries
from fahuo.connections.model import App, Link, Standing
from fahuo.flow import connect, grants
from fahuo.flow.apps import add_app
from fahuo.flow.house import House
from fahuo.flow.setup import add_main
from fahuo.kernel.clock import FixedClock, technical_ms
from fahuo.store.engine import Store
from tests.support.tiktok import KEY, SECRET, Platform

HOOKS = f"https://fahuo.example/hooks/tiktok/{KEY}"
ACTOR = "user:mei"


def machine_now() -> float:
    return technical_ms() / 1000


@pytest.fixture
def house(store: Store) -> House:
    add_main(store, 1_770_000_000)
    return House(store, FixedClock(1_770_000_000))


@pytest.fixture
def platform() -> Platform:
    return Platform(now=machine_now)


@pytest.fixture
def client(house: House, platform: Platform) -> Iterator[Client]:
    made = grants.make_client(
        house.store, transport=httpx.MockTransport(platform), sleep=lambda _seconds: None, waits=(0.0, 0.0)
    )
    yield made
    made.close()


@pytest.fixture
def app(house: House) -> App:
    return add_app(
        house, KEY, SECRET.decode(), service_id="7001", api_url="https://api.test", auth_url="https://auth.test",
        consent_url="https://consent.test/open/authorize", public_url="https://fahuo.example", rates=(900.0, 900.0),
    )  # fmt: skip


def standing(house: House) -> Standing:
    (found,) = connect.standings(house)
    return found


def one_link(house: House) -> Link:
    with house.store.read() as tx:
        (found,) = queries.links(tx)
    return found


def let_expire(house: House, seconds: int = 60) -> None:
    """The access token is about to end: it is to be renewed."""
    with house.store.write() as tx:
        tx.execute(
            "UPDATE grants SET access_since_ms = 0, access_until_ms = :until WHERE seller_id = 1",
            {"until": technical_ms() + seconds * 1000},
        )


def forget_back_off(house: House) -> None:
    with house.store.write() as tx:
        tx.execute("UPDATE grants SET retry_ms = 0 WHERE seller_id = 1")


def a_day_later(house: House) -> None:
    with house.store.write() as tx:
        tx.execute("UPDATE links SET hooks_ms = hooks_ms - 86400001 WHERE seller_id = 1")
