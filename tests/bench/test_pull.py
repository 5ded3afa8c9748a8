"""The bench of a pull reads and takes every order, with and without a budget, whatever the machine's speed."""

from fahuo.bench import pull


def test_all_orders_are_pulled_and_the_figures_are_those_of_the_run() -> None:
    found = pull.run(300, None, 50.0)
    assert (found["stored"], found["refused"], found["paced_stored"], found["problem"]) == (300, 0, 300, None)
    assert found["sandbox_pages_per_second"] > 0
    assert found["pull_orders_per_second"] > 0
    assert 0 <= found["pull_idle"] <= 1
    assert 0 <= found["paced_idle"] <= 1
    assert found["paced_pages_per_second"] * found["paced_seconds"] > 8  # five sweeps, four pages, and rounding
