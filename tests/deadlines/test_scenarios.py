"""The scenarios a seller can read: each order of scenarios/*.toml has exactly the limits written there."""

import io
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fahuo.deadlines import lines
from fahuo.deadlines.packs import load_book
from fahuo.kernel.instant import iso, parse_instant

FOLDER = Path(__file__).parent / "scenarios"
NOW = parse_instant("2026-11-21T00:00:00Z")
SCENARIOS = [
    pytest.param(one, id=f"{path.stem}: {one['say']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for one in tomllib.loads(path.read_text("utf-8"))["scenario"]
]


def answer(order: dict[str, Any], pack: str | None = None) -> dict[str, Any]:
    """What compute writes for one order."""
    full = {"id": "1", "seller_type": "local", "shipping_type": "TIKTOK", "order_type": "NORMAL", **order}
    stream = io.BytesIO(msgspec.json.encode(full))
    ((line, good),) = lines.results(lines.read_lines(stream), load_book(), NOW, pack)
    assert good, line
    found: dict[str, Any] = msgspec.json.decode(line)
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: dict[str, Any]) -> None:
    unknown = set(scenario) - {"say", "order", "pack", "force", "due", "earliest", "party"}
    assert not unknown
    found = answer(scenario["order"], scenario.get("force"))
    clocks = {c["clock"]: c for c in found["clocks"]}
    due = {name: clocks[name]["due_at"] if name in clocks else "none" for name in scenario["due"]}
    assert due == {n: v if v == "none" else iso(parse_instant(v)) for n, v in scenario["due"].items()}
    for name, at in scenario.get("earliest", {}).items():
        assert clocks[name]["earliest_at"] == iso(parse_instant(at))
    for name, party in scenario.get("party", {}).items():
        assert clocks[name]["party"] == party
    if "pack" in scenario:
        assert found["pack"] == (None if scenario["pack"] == "none" else scenario["pack"])
    if not found["clocks"]:
        assert found["why"]
