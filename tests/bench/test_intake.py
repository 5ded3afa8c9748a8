"""The bench of the notices measures the real server; what it says of loss must hold whatever the machine's speed."""

from fahuo.bench import intake


def test_no_acknowledged_notice_is_lost_when_the_server_is_killed() -> None:
    found = intake.run(0, 0.5, None, repeats=1)
    assert found["acked_before_kill"] > 0
    assert found["lost"] == 0
    assert found["per_second"] > 0
    assert found["raw_commits_per_second"] > 0
    assert found["raw_web_per_second"] > 0
