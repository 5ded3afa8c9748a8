"""Visitors of the furnished house: nobody, the owner, the packer."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from fahuo.flow.house import House
from fahuo.web.app import create_app
from tests.support.house import OWNER_PASSWORD, PACKER_PASSWORD, furnished, house
from tests.support.serving import serving

__all__ = ["furnished", "house"]


class Visitor:
    """A browser without scripts: keeps its cookies, and puts the session's token into the forms it sends."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, headers={"accept-language": "en"}, timeout=60)
        self.csrf = ""

    def log_in(self, name: str, password: str) -> "Visitor":
        answer = self.client.post("/login", data={"name": name, "password": password})
        assert answer.status_code == 303, answer.text
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.client.get("/orders").text)
        assert found is not None
        self.csrf = found[1]
        return self

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (answer.status_code, answer.text[:500])
        return answer.text

    def post(self, path: str, status: int = 303, **form: object) -> str:
        answer = self.client.post(path, data={"csrf": self.csrf, **form})
        assert answer.status_code == status, (answer.status_code, answer.text[:500])
        return answer.text


@pytest.fixture
def app(house: House) -> Iterator[FastAPI]:
    """The app of the furnished house."""
    made = create_app(house)
    yield made
    made.state.watch.close()


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """Where it listens."""
    with serving(app) as found:
        yield found


@pytest.fixture
def nobody(address: str) -> Iterator[Visitor]:
    """Somebody who has not logged in."""
    visitor = Visitor(address)
    yield visitor
    visitor.client.close()


@pytest.fixture
def owner(address: str) -> Iterator[Visitor]:
    """The owner."""
    visitor = Visitor(address).log_in("mei", OWNER_PASSWORD)
    yield visitor
    visitor.client.close()


@pytest.fixture
def packer(address: str) -> Iterator[Visitor]:
    """The restricted role."""
    visitor = Visitor(address).log_in("liu", PACKER_PASSWORD)
    yield visitor
    visitor.client.close()
