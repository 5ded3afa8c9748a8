"""Password hashes that cost next to nothing: these tests make hundreds."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from fahuo.access import secrets


@pytest.fixture(autouse=True)
def cheap_hashes() -> Iterator[None]:
    """The same algorithm with the least work."""
    usual = secrets._hasher
    secrets._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    secrets._nobody.cache_clear()
    yield
    secrets._hasher = usual
    secrets._nobody.cache_clear()
