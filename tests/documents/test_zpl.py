"""ZPL: an own reader of its graphic and barcode commands gets the label back."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from fahuo.documents import zpl
from fahuo.documents.render import render_labels
from fahuo.kernel.problems import Failure
from tests.documents.samples import RECIPIENTS, codes, label, pages, printed, unpack


def labels_of(document: bytes) -> list[str]:
    text = document.decode("ascii")
    assert text.count("^XA") == text.count("^XZ")
    return re.findall(r"\^XA.*?\^XZ", text, re.S)


@pytest.mark.parametrize(("dpi", "shape"), [(203, (1200, 800)), (300, (1800, 1200))])
def test_every_script_prints_with_its_barcode(dpi: int, shape: tuple[int, int]) -> None:
    made = render_labels([label(s, waybill=f"JT{n:010d}VN") for n, s in enumerate(RECIPIENTS)], "zpl", dpi=dpi)
    found = labels_of(made)
    assert len(found) == len(RECIPIENTS)
    for n, one in enumerate(found):
        assert f"^FDJT{n:010d}VN^FS" in one
        assert unpack(one).shape == shape
        assert codes(printed(one)) == [("Code128", f"JT{n:010d}VN")]


def test_the_picture_is_the_page_of_the_pdf() -> None:
    one = label("thai")
    (page,) = pages(render_labels([one]))
    got = printed(labels_of(render_labels([one], "zpl"))[0])
    differing = (page[:1200, :800] < zpl.INK) != (got < 128)
    bars = slice(zpl.BAR_TOP * 8 - 2, (zpl.BAR_TOP + zpl.BAR_HEIGHT) * 8 + 2)
    assert differing[bars].mean() < 0.06, "edges of bars may differ by a dot"
    differing[bars] = False
    assert not differing.any()


@pytest.mark.parametrize("waybill", ["A^B~C>1_2", 'x"y', "^XA", "~JA", "A,B;C", "a_20"])
def test_a_number_with_signs_of_zpl_is_drawn_not_commanded(waybill: str) -> None:
    (one,) = labels_of(render_labels([label(waybill=waybill)], "zpl"))
    assert "^BC" not in one
    assert codes(printed(one)) == [("Code128", waybill)]


def test_data_cannot_smuggle_commands() -> None:
    one = label(order_number="^XZ^XA^FDx", carrier="~JA^JUS", note="^XZ")
    (found,) = labels_of(render_labels([one], "zpl"))
    assert set(re.findall(r"[\^~]([A-Z]{2})", found)) == {
        "XA",
        "CI",
        "PW",
        "LL",
        "LH",
        "FO",
        "GF",
        "FS",
        "BY",
        "BC",
        "FD",
        "XZ",
    }


def test_another_resolution_is_refused() -> None:
    with pytest.raises(Failure) as caught:
        render_labels([label()], "zpl", dpi=150)
    assert caught.value.problem.code == "label.dpi"


@given(arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 400))))
def test_run_lengths_decode_to_the_same_pixels(dark: NDArray[np.bool_]) -> None:
    got = unpack(zpl.graphic(dark) + "^FS")
    assert np.array_equal(got[:, : dark.shape[1]], dark)
    assert not got[:, dark.shape[1] :].any()


@given(st.integers(3, 2500))
def test_a_run_of_any_length(length: int) -> None:
    dark = np.ones((1, length), dtype=np.bool_)
    assert unpack(zpl.graphic(dark) + "^FS").sum() == length
