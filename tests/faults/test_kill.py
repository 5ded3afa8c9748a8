"""Killed again and again while everything goes wrong: in the end both sides agree. The long run is `make faults`."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fahuo.demo.faults import Wanted, prepared

pytestmark = pytest.mark.fault
SMALL = Wanted(
    days=1, kills=3, per_day=24, step=3 * 3_600, kills_until=0.3, markets=("VN", "US", "MY:cross_border"), seed=7
)


def test_a_day_of_faults_and_kills_ends_clean(tmp_path: Path) -> None:
    with prepared(SMALL, tmp_path / "run") as run:
        found = run.play()
    assert found["wrong"] == {}
    assert found["kills"] == SMALL.kills
    assert found["orders"] == found["agree"] > 10
    assert sum(found["struck"].values()) > 20
    assert found["carried_out"]["parcel shipped"] > 0


@pytest.mark.postgres
def test_half_a_day_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    wanted = msgspec.structs.replace(
        SMALL, kills=2, kills_until=0.2, per_day=10, step=4 * 3_600, markets=("VN", "US"), seed=8
    )
    with prepared(wanted, tmp_path / "run", postgres_url) as run:
        found = run.play()
    assert found["wrong"] == {}
    assert found["database"] == "postgresql"
    assert found["kills"] == wanted.kills
    assert found["orders"] == found["agree"] > 0
