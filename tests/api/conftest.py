"""Programs that call the furnished house."""

from collections.abc import Iterator

import httpx
import pytest

from fahuo.access.rules import TOKEN_ACTIONS
from fahuo.flow import access
from fahuo.flow.house import House
from fahuo.web.app import create_app
from tests.support.house import furnished, house
from tests.support.serving import serving

__all__ = ["furnished", "house"]


@pytest.fixture
def address(house: House) -> Iterator[str]:
    """Where the house listens."""
    app = create_app(house)
    with serving(app) as found:
        yield found
    app.state.watch.close()


def client(house: House, address: str, *shops: str, actions: frozenset[str] = TOKEN_ACTIONS) -> httpx.Client:
    """A program with a token of its own."""
    _, text = access.add_token(house, f"program-{len(access.tokens(house))}", actions, shops, None, "test")
    return httpx.Client(base_url=f"{address}/api/v1", headers={"authorization": f"Bearer {text}"}, timeout=60)


@pytest.fixture
def program(house: House, address: str) -> Iterator[httpx.Client]:
    """May do everything that programs may, in every shop."""
    with client(house, address) as found:
        yield found


@pytest.fixture
def limited(house: House, address: str) -> Iterator[httpx.Client]:
    """The same, in shop-VN only."""
    with client(house, address, "shop-VN") as found:
        yield found
