"""Whether a label may be stuck on a parcel: what must be readable on it, and what must not be on it.

What is allowed depends on whose label it is. On our own, links, e-mail addresses and square codes are out of place.
Carriers and the platform print square codes and web addresses of their own; from them only what leads to another
platform, a messenger, or a full link in plain sight is refused (platform rules on packages and inserts,
reference "dispatch rules, labels").
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import pypdfium2  # type: ignore[import-untyped]  # it has no types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it has no types
from msgspec import Struct

from fahuo.documents import barcode
from fahuo.documents.pdf import LOCK
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

Origin = Literal["own", "carrier", "platform"]

READ_DPI = (203.2, 406.4)
"""First what a thermal printer makes of it, then finer before a barcode counts as unreadable."""

MAX_PIXELS = 6000
"""Longest side of a page picture: a poster is no reason to run out of memory."""

LINK = re.compile(r"https?\s*:\s*/\s*/\s*\S+", re.I)
WEB = re.compile(
    r"\bwww\.\S+|\b[a-z0-9][a-z0-9-]+\.(?:com|net|org|shop|store|io|app|link|xyz|info|biz|site|online|top|me|ly|cc|vn|cn"
    r"|co\.[a-z]{2})(?![\w.-]*\w)(?:/\S*)?",
    re.I,
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")

OTHERS = {
    "WhatsApp": r"whats\s?app|\bwa\.me\b",
    "LINE": r"(?<!address )\bline\s*(?:id|oa|official)\b|(?<!address )\bline\s*[:@]|@line\b|\bline\.me\b|\badd\s+line\b"
    r"|加\s*line|ไลน์",
    "Zalo": r"\bzalo",
    "WeChat": r"we\s?chat|weixin|微信|薇信|\b[vw]x\s*[:号]|加\s*v\b",
    "Telegram": r"\btelegram\b|\bt\.me/",
    "Viber": r"\bviber\b",
    "KakaoTalk": r"kakao|카카오|카톡",
    "QQ": r"\bqq\s*(?:群|号|:)",
    "Facebook": r"facebook|\bfb\s*[.:]|\bmessenger\b",
    "Instagram": r"instagram|\big\s*:",
    "Shopee": r"shopee|虾皮|蝦皮",
    "Lazada": r"lazada|来赞达",
    "Amazon": r"\bamazon\b|亚马逊|アマゾン",
    "Tokopedia": r"tokopedia|bukalapak|blibli",
    "Tiki": r"\btiki\.vn\b",
    "eBay": r"\bebay\b",
    "AliExpress": r"aliexpress|速卖通|alibaba|\b1688\b\.?com",
    "Taobao": r"taobao|淘宝|tmall|天猫|拼多多|pinduoduo",
    "Temu": r"\btemu\b",
    "SHEIN": r"\bshein\b|\bsheglam\b",
    "Rakuten": r"rakuten|楽天市場",
    "Mercado Libre": r"mercado\s?li[bv]re",
    "Etsy": r"\betsy\b",
    "Walmart": r"\bwalmart\b",
}
"""Platforms and messengers by name, with the spellings in which sellers print them."""

OTHER = re.compile("|".join(f"(?P<p{n}>{pattern})" for n, pattern in enumerate(OTHERS.values())), re.I)
NAMES = tuple(OTHERS)

PHONE = re.compile(r"(?:\+|\b)\d(?:[ ().-]?\d){6,14}\b")
NEEDED = {
    "recipient": re.compile(r"\b(?:ship\s+)?to\b|recipient|consignee|收件|收货|お届け|ผู้รับ|người nhận|penerima", re.I),
    "seller": re.compile(r"\bfrom\b|sender|shipper|寄件|发件|ご依頼主|ผู้ส่ง|người gửi|pengirim", re.I),
    "order_number": re.compile(r"\border\b|订单|注文|คำสั่งซื้อ|đơn hàng|pesanan", re.I),
}


class Code(NamedTuple):
    """A barcode that was read: its kind ("Code128", "QRCode", …) and its text."""

    format: str
    text: str


class PageReport(Struct):
    """What was found on one page (numbered from 1)."""

    page: int
    problems: list[Problem]
    barcodes: list[Code]

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """The page as the stable JSON has it."""
        shown = [problem.render(lang) for problem in self.problems]
        return {
            "page": self.page,
            "ok": not shown,
            "problems": [{"code": p.code, "message": p.message} for p in shown],
            "barcodes": [{"format": code.format, "text": code.text} for code in self.barcodes],
        }


class Facts(NamedTuple):
    """What can be seen on a page."""

    text: str
    links: list[str]
    codes: list[Any]


def lint_pdf(document: bytes, origin: Origin = "own") -> Iterator[PageReport]:
    """A report per page. Raises Failure when the bytes are no PDF that can be opened."""
    with LOCK:
        try:
            opened = pypdfium2.PdfDocument(document)
        except pypdfium2.PdfiumError as error:
            raise Failure(
                Problem(
                    "lint.not_pdf",
                    message=N_("This is no PDF that can be opened: {reason}"),
                    next=N_("Give the label as a PDF without a password."),
                    params={"reason": str(error)},
                )
            ) from error
        try:
            for number in range(len(opened)):
                facts = _facts(opened[number])
                codes = list(dict.fromkeys(Code(c.format.name, c.text) for c in facts.codes if c.valid))
                yield PageReport(number + 1, list(_problems(facts, origin)), codes)
        finally:
            opened.close()


def _facts(page: pypdfium2.PdfPage) -> Facts:
    text = page.get_textpage().get_text_bounded()
    codes: list[Any] = []
    for dpi in READ_DPI:
        scale = min(dpi / 72, MAX_PIXELS / max(page.get_size()))
        codes = barcode.read(page.render(scale=scale, grayscale=True).to_numpy())
        if any(code.valid and barcode.is_linear(code) for code in codes):
            break
    return Facts(unicodedata.normalize("NFKC", text), _annotated_links(page), codes)


def _annotated_links(page: pypdfium2.PdfPage) -> list[str]:
    count = pdfium.FPDFPage_GetAnnotCount(page)
    kinds = []
    for n in range(count):
        annotation = pdfium.FPDFPage_GetAnnot(page, n)
        kinds.append(pdfium.FPDFAnnot_GetSubtype(annotation))
        pdfium.FPDFPage_CloseAnnot(annotation)
    return ["link"] * kinds.count(pdfium.FPDF_ANNOT_LINK)


def _problems(facts: Facts, origin: Origin) -> Iterator[Problem]:
    square = [code for code in facts.codes if code.valid and not barcode.is_linear(code)]
    hidden = "\n".join(unicodedata.normalize("NFKC", code.text) for code in square)
    yield from _foreign(f"{facts.text}\n{hidden}")
    yield from _links(facts, hidden, origin)
    if origin == "own":
        for code in square:
            yield _found("lint.square_code", N_("A {what} code is not allowed on our own label."), code.format.name)
        yield from _missing(facts)
    yield from _bars(facts)


def _foreign(text: str) -> Iterator[Problem]:
    for name in dict.fromkeys(NAMES[int((hit.lastgroup or "p0")[1:])] for hit in OTHER.finditer(text)):
        yield _found("lint.other_platform", N_("The label names another platform or messenger: {what}."), name)


def _links(facts: Facts, hidden: str, origin: Origin) -> Iterator[Problem]:
    hits = LINK.findall(facts.text)
    rest = LINK.sub(" ", facts.text)
    if origin == "own":
        hits += LINK.findall(hidden)
        mails = EMAIL.findall(rest) + EMAIL.findall(hidden)
        hits += WEB.findall(EMAIL.sub(" ", rest))
        for mail in dict.fromkeys(mails):
            yield _found("lint.email", N_("The label carries an e-mail address: {what}."), mail)
    if facts.links and not hits:
        hits = ["…"]
    for hit in dict.fromkeys(hits):
        yield _found("lint.link", N_("The label carries a link: {what}."), hit[:80])


def _missing(facts: Facts) -> Iterator[Problem]:
    linear = [code.text for code in facts.codes if code.valid and barcode.is_linear(code)]
    text = facts.text
    for number in linear:
        text = text.replace(number, " ")
    for field, pattern in NEEDED.items():
        if not pattern.search(text):
            yield _found("lint.field_missing", N_("{what} is missing on the label."), field)
    if not PHONE.search(re.sub(r"(?i)\border\b\W*\S+", " ", text)):
        yield _found("lint.field_missing", N_("{what} is missing on the label."), "phone")
    squeezed = "".join(facts.text.split())
    for number in linear:
        if "".join(number.split()) not in squeezed:
            yield _found("lint.number_not_printed", N_("The number of the barcode is not printed: {what}."), number)


def _bars(facts: Facts) -> Iterator[Problem]:
    linear = [code for code in facts.codes if barcode.is_linear(code)]
    if not any(code.valid for code in (linear or facts.codes)):
        yield Problem(
            "lint.barcode_unreadable",
            message=N_("No barcode on this page can be read."),
            next=N_("Print the label again, larger or from the original file."),
        )


def _found(code: str, message: str, what: str) -> Problem:
    return Problem(code, value=what, message=message, params={"what": what})
