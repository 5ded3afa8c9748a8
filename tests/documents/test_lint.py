"""The lint finds each thing that must not be on a label, by whose label it is."""

import json

import pytest
import typst
import zxingcpp

from fahuo.documents import barcode, fonts
from fahuo.documents.lint import Origin, PageReport, lint_pdf
from fahuo.documents.render import render_labels
from fahuo.kernel.problems import Failure
from tests.documents.samples import RECIPIENTS, label

GOOD = "TO Anna Smith, 1 High St, Tel. +44 20 7946 0958 FROM Fahuo Order 576460752303423488 JT1234567890VN"


def page(text: str = GOOD, bars: str = "JT1234567890VN", square: str = "", extra: str = "") -> bytes:
    """A label of somebody else's making."""
    source = """
    #set page(width: 100mm, height: 150mm, margin: 5mm)
    #set text(font: ("Noto Sans", "Noto Sans CJK SC", "Noto Sans Thai"), size: 9pt)
    #let d = json(bytes(sys.inputs.d))
    #if d.bars != "" { image(bytes(d.bars), format: "svg", width: 70mm, height: 15mm, fit: "stretch") }
    #if d.square != "" { image(bytes(d.square), format: "svg", width: 25mm) }
    #d.text
    """
    made = zxingcpp.create_barcode(square, zxingcpp.BarcodeFormat.QRCode).to_svg() if square else ""
    data = {"text": text, "square": made, "bars": barcode.svg(barcode.widths(bars)) if bars else ""}
    library, _ = fonts.library(text)
    done = typst.compile(
        (source + extra).encode(),
        font_paths=library.fonts,
        ignore_system_fonts=True,
        sys_inputs={"d": json.dumps(data)},
    )
    assert isinstance(done, bytes)
    return done


def lint(document: bytes, origin: Origin = "own") -> PageReport:
    (report,) = lint_pdf(document, origin)
    return report


def found(document: bytes, origin: Origin = "own") -> set[tuple[str, str | None]]:
    return {(p.code, p.value) for p in lint(document, origin).problems}


@pytest.mark.parametrize("script", RECIPIENTS)
def test_our_own_labels_are_clean(script: str) -> None:
    report = lint(render_labels([label(script)]))
    assert report.problems == []
    assert report.barcodes == [("Code128", "JT1234567890VN")]


def test_a_plain_label_is_clean_for_everybody() -> None:
    for origin in ("own", "carrier", "platform"):
        assert found(page(), origin) == set()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("WhatsApp +84 901 234 567", "WhatsApp"),
        ("wa.me/84901234567", "WhatsApp"),
        ("LINE ID: anna88", "LINE"),
        ("แอดไลน์ anna", "LINE"),
        ("Zalo 0901234567", "Zalo"),
        ("加微信 anna88", "WeChat"),
        ("WeChat: anna", "WeChat"),
        ("VX：anna", "WeChat"),
        ("Visit us on Shopee", "Shopee"),
        ("LAZADA store", "Lazada"),
        ("rated on Amazon", "Amazon"),
        ("facebook page", "Facebook"),
        ("t.me/anna", "Telegram"),
        ("淘宝店", "Taobao"),
    ],
)
def test_other_platforms_are_refused_on_every_label(words: str, name: str) -> None:
    for origin in ("own", "carrier", "platform"):
        assert ("lint.other_platform", name) in found(page(f"{GOOD} {words}"), origin)


@pytest.mark.parametrize(
    "words",
    [
        "12 Pipeline Road",
        "Address line: 2",
        "Rua Amazonas 5",
        "Line Street",
        "Baseline Co., Ltd.",
        "No.12 Bldg.3",
        "St.Mary",
    ],
)
def test_ordinary_addresses_pass(words: str) -> None:
    assert found(page(f"{GOOD} {words}")) == set()


@pytest.mark.parametrize(
    "words", ["https://shop.example/x", "http : // a.b", "www.example.org", "example.com", "my-shop.co.uk/sale"]
)
def test_links_are_refused_on_ours(words: str) -> None:
    assert "lint.link" in {code for code, _ in found(page(f"{GOOD} {words}"))}


def test_a_carrier_may_print_its_address_but_no_full_link() -> None:
    assert found(page(f"{GOOD} www.royalmail.com"), "carrier") == set()
    assert "lint.link" in {code for code, _ in found(page(f"{GOOD} https://buy.example/now"), "carrier")}


def test_an_annotated_link_is_found_though_no_text_shows_it() -> None:
    document = page(extra='#link("https://shop.example")[here]')
    assert "lint.link" in {code for code, _ in found(document)}


def test_email() -> None:
    assert ("lint.email", "anna@shop.example") in found(page(f"{GOOD} anna@shop.example"))
    assert not {code for code, _ in found(page(f"{GOOD} anna@shop.example"), "platform")} & {"lint.email"}


def test_square_codes() -> None:
    document = page(square="SORT-7")
    assert found(document) == {("lint.square_code", "QRCode")}
    assert found(document, "carrier") == found(document, "platform") == set()
    assert ("QRCode", "SORT-7") in lint(document).barcodes
    assert ("lint.other_platform", "WhatsApp") in found(page(square="https://wa.me/84901234567"), "platform")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Anna, Tel. +44 20 7946 0958 FROM Fahuo Order 1 JT1234567890VN", "recipient"),
        ("TO Anna, Tel. +44 20 7946 0958 Order 1 JT1234567890VN", "seller"),
        ("TO Anna FROM Fahuo Order 576460752303423488 JT1234567890VN", "phone"),
        ("TO Anna, Tel. +44 20 7946 0958 FROM Fahuo JT1234567890VN", "order_number"),
    ],
)
def test_a_missing_field_is_named(text: str, missing: str) -> None:
    assert found(page(text)) == {("lint.field_missing", missing)}
    assert found(page(text), "platform") == set(), "what a platform prints is its own affair"


def test_a_number_that_is_not_printed() -> None:
    assert found(page(GOOD.replace("JT1234567890VN", ""))) == {("lint.number_not_printed", "JT1234567890VN")}


def test_a_page_without_a_readable_barcode() -> None:
    for origin in ("own", "carrier", "platform"):
        assert "lint.barcode_unreadable" in {code for code, _ in found(page(bars=""), origin)}
    struck = page(extra="#place(top, rect(width: 70mm, height: 15mm, fill: black))")
    assert "lint.barcode_unreadable" in {code for code, _ in found(struck)}


@pytest.mark.parametrize("junk", [b"", b"hello", b"%PDF-1.7\n", b"\x89PNG"])
def test_what_is_no_pdf_is_told(junk: bytes) -> None:
    with pytest.raises(Failure) as caught:
        list(lint_pdf(junk))
    assert caught.value.problem.code == "lint.not_pdf"
    assert caught.value.exit_code == 2


def test_the_stable_form() -> None:
    shown = lint(page(square="X")).as_dict()
    assert shown["page"] == 1
    assert shown["ok"] is False
    assert shown["problems"] == [
        {"code": "lint.square_code", "message": "A QRCode code is not allowed on our own label."}
    ]
    assert {"format": "Code128", "text": "JT1234567890VN"} in shown["barcodes"]
    assert "自有面单" in lint(page(square="X")).as_dict("zh")["problems"][0]["message"]
