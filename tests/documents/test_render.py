"""Rendered labels: the text is there, the barcode reads, a page a label, nothing is cut."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from fahuo.documents import fonts, pdf, render
from fahuo.documents.label import Label
from fahuo.documents.render import breakable, render_batches, render_labels
from fahuo.kernel.problems import Failure
from tests.documents.samples import RECIPIENTS, SELLER, codes, label, pages, texts

LATIN = RECIPIENTS["latin"]


@pytest.fixture(scope="module")
def every_script() -> bytes:
    return render_labels([label(script, waybill=f"JT{n:010d}VN") for n, script in enumerate(RECIPIENTS)])


def test_every_text_of_every_script_can_be_found(every_script: bytes) -> None:
    found = texts(every_script)
    assert len(found) == len(RECIPIENTS)
    for page, who in zip(found, RECIPIENTS.values(), strict=True):
        for wanted in (who.name, *who.lines, who.city, who.region, who.postal_code, who.phone, SELLER.name):
            assert wanted in page, wanted
        assert "576460752303423488" in page


def test_every_barcode_reads_back_exactly(every_script: bytes) -> None:
    for dpi in (203.2, 304.8):
        found = [codes(page) for page in pages(every_script, dpi)]
        assert found == [[("Code128", f"JT{n:010d}VN")] for n in range(len(RECIPIENTS))]


@pytest.mark.parametrize(
    "waybill", ["A", "A^B~C>1_2", "a b/c", "12345678901234567890", "00", "%%%", "()[]{}", "A" * 28, "9" * 50]
)
def test_odd_waybills_read_back_exactly(waybill: str) -> None:
    document = render_labels([label(waybill=waybill)])
    assert codes(pages(document)[0]) == [("Code128", waybill)]
    assert waybill in texts(document)[0]


def test_nothing_is_printed_as_a_box(every_script: bytes) -> None:
    library, missing = fonts.library("".join("".join(who.name) for who in RECIPIENTS.values()))
    assert missing == set()
    assert b"Noto" in every_script
    assert library.families("JP").index("Noto Sans CJK JP") < library.families("JP").index("Noto Sans CJK SC")


def test_the_national_form_of_a_han_character() -> None:
    """骨 is drawn differently in China and Japan; an address gets the form of its country."""
    made = [
        render_labels(
            [label(recipient=msgspec.structs.replace(RECIPIENTS["chinese"], name="骨骨骨骨", country=country))]
        )
        for country in ("CN", "JP", "TW")
    ]
    assert [
        name for name, one in zip(["SC", "JP", "TC"], made, strict=True) if f"NotoSansCJK{name.lower()}".encode() in one
    ] == ["SC", "JP", "TC"]


def test_a_long_address_shrinks_but_is_whole() -> None:
    words = [f"word{n:03d}" for n in range(80)]
    who = msgspec.structs.replace(LATIN, lines=(" ".join(words),))
    document = render_labels([label(recipient=who)])
    (page,) = texts(document)
    assert all(word in page for word in words)
    (pixels,) = pages(document)
    assert not (pixels[430:830, -24:] < 128).any(), "nothing runs over the edge"


def test_what_cannot_fit_is_refused_by_name_and_the_rest_goes_on() -> None:
    bad = msgspec.structs.replace(LATIN, lines=tuple("x" for _ in range(70)))
    (part,) = render_batches([label(waybill="A1"), label(waybill="A2", recipient=bad), label(waybill="A3")])
    assert part.pages == 2
    assert [(p.code, p.field) for p in part.refused[1]] == [("label.text_does_not_fit", "recipient")]
    assert [codes(page)[0][1] for page in pages(part.document)] == ["A1", "A3"]
    with pytest.raises(Failure) as caught:
        render_labels([label(recipient=bad)])
    assert caught.value.problem.field == "recipient"


@pytest.mark.parametrize("word", ["W" * 60, "Donaudampfschifffahrtsgesellschaftskapitän" * 3, "x" * 500])
def test_a_word_wider_than_the_label_is_broken_not_cut(word: str) -> None:
    document = render_labels([label(recipient=msgspec.structs.replace(LATIN, name="A", lines=(word,)))])
    (pixels,) = pages(document)
    assert not (pixels[430:830, -16:] < 128).any()
    assert word in "".join(texts(document)[0].replace("\u200b", "").split())


def test_breakable_keeps_ordinary_words() -> None:
    assert breakable("Wolverhampton Road 12", 12) == "Wolverhampton Road 12"
    assert breakable("W" * 30, 12).replace("\u200b", "") == "W" * 30


def test_a_batch_is_bounded_and_all_pages_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "BATCH", 4)
    taken = []

    def feed() -> Iterator[Label]:
        for n in range(10):
            taken.append(n)
            yield label(waybill=f"N{n}")

    parts = render_batches(feed())
    assert next(parts).pages == 4
    assert taken == [0, 1, 2, 3]
    whole = render_labels([label(waybill=f"N{n}") for n in range(10)])
    assert [codes(page)[0][1] for page in pages(whole)] == [f"N{n}" for n in range(10)]


def test_markup_in_data_is_text() -> None:
    who = msgspec.structs.replace(
        LATIN, name='#panic("x") $1$ *b* \\ "', lines=("#read(`label.typ`) <a> @b", "{} [] // c")
    )
    page = texts(render_labels([label(recipient=who)]))[0]
    assert '#panic("x") $1$ *b* \\ "' in page
    assert "#read(`label.typ`) <a> @b" in page


def test_an_empty_list_is_an_empty_document() -> None:
    assert render_labels([]) == b""
    assert render_labels([], "zpl") == b""


def test_another_size() -> None:
    opened = pages(render_labels([label()], size="100x180"))
    assert opened[0].shape == (1440, 801)
    with pytest.raises(Failure) as caught:
        render_labels([label()], size="1x1")
    assert caught.value.problem.code == "label.size"


def test_goods_marks_weight_and_note_are_there() -> None:
    one = label(
        marks=("UN3481", "BATTERY"),
        weight_g=520,
        pieces="1/2",
        sort_code="HCM-07",
        service="Express",
        note="Ring twice",
    )
    page = texts(render_labels([one]))[0]
    assert all(word in page for word in ("UN3481", "BATTERY", "0.52 kg", "1/2 pcs", "HCM-07", "Express", "Ring twice"))


def test_a_parcel_that_leaves_the_country_names_it() -> None:
    assert "UNITED KINGDOM" in texts(render_labels([label()]))[0]
    assert "CHINA" not in texts(render_labels([label("chinese")]))[0]


def test_the_same_label_gives_the_same_bytes() -> None:
    assert render_labels([label("thai")]) == render_labels([label("thai")])


def test_no_font_at_all_names_the_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHUO_FONTS", str(tmp_path))
    with pytest.raises(Failure) as caught:
        render_labels([label("thai")])
    assert caught.value.exit_code == 3
    message = str(caught.value)
    assert all(script in message for script in ("Thai", "Latin", "Chinese", "FAHUO_FONTS"))


def test_one_missing_script_refuses_only_its_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for family in ("Noto Sans", "Noto Sans CJK SC"):
        source = Path(fonts.library()[0].faces[family].path)
        (tmp_path / source.name).symlink_to(source)
    monkeypatch.setenv("FAHUO_FONTS", str(tmp_path))
    (part,) = render_batches([label("thai"), label("chinese"), label("vietnamese")])
    assert part.pages == 2
    (problem,) = part.refused[0]
    assert problem.code == "fonts.script_missing"
    assert "Thai" in problem.render().message
    assert "Thai" not in problem.next


def test_a_character_no_font_has_is_named_not_boxed() -> None:
    who = msgspec.structs.replace(LATIN, name="Anna \U00016800")
    (part,) = render_batches([label(recipient=who)])
    assert [p.code for p in part.refused[0]] == ["fonts.script_missing"]
    assert "Bamum" in part.refused[0][0].render().message


def test_merging_keeps_pages_and_order() -> None:
    parts = [render_labels([label(waybill=f"M{n}")]) for n in range(3)]
    assert [codes(page)[0][1] for page in pages(pdf.merge(parts))] == ["M0", "M1", "M2"]
    assert np.array_equal(pages(pdf.collect([(pdf.merge(parts), 2)]))[0], pages(parts[1])[0])
