"""Settings, and regular jobs that only one worker starts."""

from fahuo.store import settings
from fahuo.store.engine import Store


def test_settings_are_kept_per_seller_and_for_all(store: Store) -> None:
    with store.write() as tx:
        settings.put(tx, "alerts", {"urls": ["x"], "at": 16})
        settings.put(tx, "alerts", {"urls": ["y"], "at": 17})
        settings.put(tx, "alerts", "all", shared=True)
    with store.write(seller_id=2) as tx:
        assert settings.get(tx, "alerts", "none") == "none"
        assert settings.get(tx, "alerts", shared=True) == "all"
    with store.write() as tx:
        assert settings.get(tx, "alerts") == {"urls": ["y"], "at": 17}
        settings.remove(tx, "alerts")
        settings.remove(tx, "alerts")
        assert settings.get(tx, "alerts") is None


def test_settings_are_listed_by_prefix(store: Store) -> None:
    with store.write() as tx:
        for key in ("shop.2", "shop.1", "shopping", "shop%"):
            settings.put(tx, key, key)
        assert settings.starting(tx, "shop.") == {"shop.1": "shop.1", "shop.2": "shop.2"}


def test_a_regular_job_is_due_once_per_turn(store: Store) -> None:
    with store.write() as tx:
        assert settings.job_due(tx, "checkpoint", 3600, 1000, "w1")
        assert not settings.job_due(tx, "checkpoint", 3600, 1000, "w2")
        assert not settings.job_due(tx, "checkpoint", 3600, 4599)
        assert settings.job_due(tx, "checkpoint", 3600, 4600)
        assert settings.job_due(tx, "other", 60, 4600)
    with store.write(seller_id=2) as tx:
        assert settings.job_due(tx, "checkpoint", 3600, 1000)
