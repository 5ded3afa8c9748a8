"""The planning bench measures what it says: every order planned, within the bound, dearer when greedy."""

import pytest

from fahuo.bench import plan


def test_the_bench_reports_a_proven_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "REPEATS", 1)
    found = plan.run(400, 6)
    assert found["schema"] == "fahuo.bench_plan/1"
    assert found["planned"] == found["orders"] == 400
    assert 0 < found["lower_bound"] <= found["cost"] + 1
    assert found["gap"] < 0.001
    assert found["greedy_cost"] >= found["lower_bound"]
    assert found["greedy_over_bound"] > found["gap"]
    assert found["seconds"] > 0
