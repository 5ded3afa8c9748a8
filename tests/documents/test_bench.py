"""The bench measures the same work on both sides."""

from fahuo.bench.labels import labels_of, run
from fahuo.documents.label import check, cleaned


def test_its_labels_are_good_and_all_different() -> None:
    labels = labels_of(20, 5)
    assert all(check(cleaned(one)[0]) == [] for one in labels)
    assert len({one.waybill for one in labels}) == 20


def test_it_reports_both_speeds() -> None:
    found = run(5)
    assert found["labels"] == 5
    assert found["labels_per_second"] > 0
    assert found["raw_labels_per_second"] > 0
    assert found["ratio_to_raw"] > 0
