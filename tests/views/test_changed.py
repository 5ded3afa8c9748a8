"""The word by which pages know that something changed."""

from fahuo.store import settings
from fahuo.store.engine import Store
from fahuo.views.changed import Watch


def test_it_differs_after_a_commit_and_only_then(store: Store) -> None:
    watch = Watch(store)
    first = watch.token()
    assert watch.token() == first
    with store.read() as tx:
        settings.get(tx, "x")
    assert watch.token() == first
    with store.write() as tx:
        settings.put(tx, "x", 1)
    second = watch.token()
    assert second != first
    assert watch.token() == second
    watch.close()
