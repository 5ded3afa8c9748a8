"""Arrange, label, pack, hand over, against the real sandbox: by the flow of each market, with answers that get lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fahuo.store.engine import Store
from tests.support.sandboxed import Town


@pytest.fixture
def vn(store: Store, tmp_path: Path) -> Iterator[Town]:
    town = Town(store, tmp_path, "VN")
    yield town
    town.close()


def test_a_vietnamese_order_is_arranged_labelled_and_packed(vn: Town) -> None:
    (ref,) = vn.place(shipping_type="TIKTOK")
    vn.work(2)
    view = vn.view(ref)
    (parcel,) = view.parcels
    assert vn.theirs(ref).status == "AWAITING_COLLECTION"
    assert parcel.state == "arranged"
    assert parcel.tracking_number
    assert vn.kinds(ref) == ["taken", "planned", "arranged", "labelled"]
    assert vn.pack() == 1
    assert vn.effects("report_shipped") == []
