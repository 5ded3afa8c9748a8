"""A seller's house on each of the two databases."""

from pathlib import Path

import pytest

from fahuo.store.engine import Store
from tests.support.shopfloor import Floor


@pytest.fixture
def floor(store: Store, tmp_path: Path) -> Floor:
    """A house with articles, shelves, a carrier and its numbers; no shop, no orders yet."""
    return Floor(store, tmp_path).stocked()
