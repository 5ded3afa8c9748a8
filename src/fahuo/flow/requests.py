"""Use cases of repeated requests: once carried out, a request with the same key gets the same answer for seven days."""

from __future__ import annotations

from fahuo.access import requests
from fahuo.access.model import Principal
from fahuo.access.requests import Remembered
from fahuo.flow.house import House
from fahuo.kernel.clock import technical_ms

__all__ = ["Remembered", "begin", "finish", "forget", "tidy"]


def begin(house: House, principal: Principal, key: str, digest: bytes) -> Remembered | None:
    """None: carry it out. Else what became of the earlier request of that key."""
    with house.store.write(principal.seller_id) as tx:
        return requests.begin(tx, _owner(principal), key, digest, technical_ms())


def finish(house: House, principal: Principal, key: str, status: int, answer: bytes, media: str) -> None:
    """Keep the answer."""
    with house.store.write(principal.seller_id) as tx:
        requests.finish(tx, _owner(principal), key, status, answer, media)


def forget(house: House, principal: Principal, key: str) -> None:
    """Nothing was done under that key."""
    with house.store.write(principal.seller_id) as tx:
        requests.forget(tx, _owner(principal), key)


def tidy(house: House) -> None:
    """Forget what is older than seven days. For the worker, now and then."""
    with house.store.write() as tx:
        requests.purge(tx, technical_ms())


def _owner(principal: Principal) -> str:
    """Whose key it is. By id: two tokens may have one name, and one of them may see less than the other."""
    return f"{principal.kind}:{principal.id}"
