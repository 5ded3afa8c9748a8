"""Seller Center exports as each market's interface writes them, made from the column lists of the platform reference.

`sample("VN", "vi")` gives header, description row and rows; `as_csv` and `as_xlsx` write them with all the traps of the
real files: BOM, CRLF, TABs behind ids and times, a header that begins with a blank, a description in row 2.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]  # ships no types

HEAD = [
    "Order ID",
    "Order Status",
    "Order Substatus",
    "Cancelation/Return Type",
    "Normal or Pre-order",
    "SKU ID",
    "Seller SKU",
    "Product ID",
    "Product Name",
    "Variation",
    " Virtual Bundle Seller SKU",
    "Quantity",
    "Sku Quantity of return",
    "SKU Unit Original Price",
    "SKU Subtotal Before Discount",
    "SKU Platform Discount",
    "SKU Seller Discount",
    "SKU Subtotal After Discount",
    "Shipping Fee After Discount",
    "Original Shipping Fee",
    "Shipping Fee Seller Discount",
    "Co-Funded Shipping Fee Discount",
    "Shipping Fee Platform Discount",
    "Payment platform discount",
]
FEES = {
    "US": ["Retail Delivery Fee", "Taxes"],
    "TH": ["Taxes", "Small Order Fee"],
    "ID": [
        "Taxes",
        "Distance Shipping Fee",
        "Distance Fee",
        "Buyer Service Fee",
        "Handling Fee",
        "Shipping Insurance",
        "Item Insurance",
    ],
}
MIDDLE = [
    "Order Amount",
    "Order Refund Amount",
    "Created Time",
    "Paid Time",
    "RTS Time",
    "Shipped Time",
    "Delivered Time",
    "Cancelled Time",
    "Cancel By",
    "Cancel Reason",
    "Fulfillment Type",
    "Warehouse Name",
    "Tracking ID",
    "Delivery Option Type",
    "Delivery Option",
    "Shipping Provider Name",
    "Buyer Message",
    "Buyer Nickname",
    "Buyer Username",
    "Recipient",
    "Phone #",
]
ADDRESS = {
    "US": ["Country", "State", "City", "Zipcode", "Address Line 1", "Address Line 2", "Delivery Instruction"],
    "GB": ["Country", "County", "City", "Post Code", "Address Line 1", "Address Line 2"],
    "PH": ["Country", "Region", "Province", "Municipality", "Barangay", "Zipcode", "Detail Address"],
    "VN": ["Country", "Province", "District", "Commune", "Detail Address", "Additional address information"],
    "ID": ["Country", "Province", "Regency and City", "Districts", "Villages", "Detail Address", "Zipcode"],
    "TH": ["Country", "Province", "District", "Detail Address", "Zipcode"],
}
TAIL = [
    "Payment Method",
    "Weight(kg)",
    "Product Category",
    "Package ID",
    "Seller Note",
    "Shipping Information",
]

CHINESE = {
    "Order ID": "订单号",
    "Order Status": "订单状态",
    "Order Substatus": "订单子状态",
    "SKU ID": "SKU ID",
    "Seller SKU": "卖家 SKU",
    "Product Name": "商品名称",
    "Quantity": "数量",
    "SKU Unit Original Price": "SKU 单位原价",
    "SKU Subtotal After Discount": "SKU 折后小计",
    "Shipping Fee After Discount": "折后运费",
    "Order Amount": "订单金额",
    "Created Time": "创建时间",
    "Paid Time": "支付时间",
    "Recipient": "收件人",
    "Phone #": "电话",
    "Country": "国家/地区",
    "Zipcode": "邮政编码",
    "Detail Address": "详细地址",
    "Payment Method": "支付方式",
}
VIETNAMESE = {
    "Order ID": "Mã đơn hàng",
    "Order Status": "Trạng thái đơn hàng",
    "Order Substatus": "Trạng thái phụ của đơn hàng",
    "Seller SKU": "SKU người bán",
    "Product Name": "Tên sản phẩm",
    "Quantity": "Số lượng",
    "Order Amount": "Tổng giá trị đơn hàng",
    "Created Time": "Thời gian tạo",
    "Paid Time": "Thời gian thanh toán",
    "Recipient": "Người nhận",
    "Phone #": "Số điện thoại",
    "Country": "Quốc gia",
    "Province": "Tỉnh/Thành phố",
    "District": "Quận/Huyện",
    "Commune": "Phường/Xã",
    "Detail Address": "Địa chỉ chi tiết",
    "Payment Method": "Phương thức thanh toán",
}
NAMES = {"en": {}, "zh": CHINESE, "vi": VIETNAMESE}
TO_SHIP = {
    "en": ("To ship", "Awaiting shipment"),
    "zh": ("待发货", "待发货"),
    "vi": ("Chờ gửi hàng", "Chờ vận chuyển"),
    "th": ("ที่จะจัดส่ง", "รอจัดส่ง"),
    "id": ("Perlu dikirim", "Menunggu pengiriman"),
}
DESCRIBED = {
    "en": "Platform unique order ID.",
    "zh": "平台唯一订单编号。",
    "vi": "Mã đơn hàng duy nhất trên nền tảng.",
    "th": "หมายเลขคำสั่งซื้อ",
    "id": "Nomor pesanan unik platform.",
}
MONEY = {
    "US": ("$10.00", "$15.50", "$4.99", "$2.01", "$42.50"),
    "GB": ("£10.00", "£15.50", "£4.99", "£2.01", "£42.50"),
    "PH": ("1,000.00", "15.50", "4.99", "2.01", "2,022.50"),
    "VN": ("120.000", "₫15.000", "12000", "0", "₫267.000"),
    "ID": ("Rp12.000", "15000", "Rp4.000", "Rp1.000", "Rp44.000"),
    "TH": ("฿100.00", "15.50", "THB 4.99", "2.01", "฿222.50"),
}
TIMES = {
    "US": ("01/12/2026 3:04:05 PM", "01/12/2026 3:05:05 PM"),
    **dict.fromkeys(("GB", "PH", "VN", "ID", "TH"), ("12/01/2026 15:04:05", "12/01/2026 15:05:05")),
}
PLACE = {
    "US": ("United States", "Texas", "Austin", "78701", "1 Example Street", "Apt 2", "Leave at door"),
    "GB": ("United Kingdom", "Greater London", "London", "E1 6AN", "1 Example Street", ""),
    "PH": ("Philippines", "Metro Manila", "Metro Manila", "Quezon City", "Bagong Pag-asa", "1105", "1 Example"),
    "VN": ("Vietnam", "Hà Nội", "Cầu Giấy", "Dịch Vọng", "1 Đường Mẫu", ""),
    "ID": ("Indonesia", "Jawa Barat", "Kota Bandung", "Coblong", "Dago", "Jl. Contoh 1", "40135"),
    "TH": ("Thailand", "กรุงเทพมหานคร", "ปทุมวัน", "1 ถนนตัวอย่าง", "10330"),
}
LATE = frozenset({"Order ID", "SKU ID", "Product ID", "Package ID", "Zipcode"})


@dataclass
class Sample:
    """A table with its description row; `rows` are lists as long as the header."""

    header: list[str]
    description: list[str]
    rows: list[list[str]]

    def put(self, row: int, column: str, value: str) -> Sample:
        """Change one cell, by the name in the header."""
        self.rows[row][self.header.index(column)] = value
        return self

    def keep(self, columns: Sequence[str]) -> Sample:
        """Only these columns, in this order."""
        at = [self.header.index(column) for column in columns]
        return Sample(
            [self.header[i] for i in at], [self.description[i] for i in at], [[row[i] for i in at] for row in self.rows]
        )


def columns(market: str) -> list[str]:
    """The English header of a market, as the reference lists it."""
    return [*HEAD, *FEES.get(market, ["Taxes"]), *MIDDLE, *ADDRESS[market], *TAIL]


def sample(market: str, language: str = "en", words: str | None = None) -> Sample:
    """Two orders: one of two rows (2 of A-1, 1 of B-1), one of one row; both to ship. `words`: of the states."""
    english = columns(market)
    names: dict[str, str] = dict(NAMES[language]) if language in NAMES else {}
    status, substatus = TO_SHIP[words or language]
    first, second, shipping, tax, total = MONEY[market]
    created, paid = TIMES[market]
    common = {
        "Order Status": status,
        "Order Substatus": substatus,
        "Normal or Pre-order": "Normal",
        "Sku Quantity of return": "0",
        "Shipping Fee After Discount": shipping,
        "Taxes": tax,
        "Order Amount": total,
        "Created Time": created + "\t",
        "Paid Time": paid + "\t",
        "Fulfillment Type": "Fulfillment by seller",
        "Warehouse Name": "Main",
        "Recipient": "Test Buyer",
        "Phone #": "(+1)5550100",
        "Payment Method": "Card",
        **{
            name: place + ("\t" if name in LATE else "")
            for name, place in zip(ADDRESS[market], PLACE[market], strict=False)
        },
    }
    lines = [
        ("576461413038785752", "1729000000000000001", "A-1", "2", first, {"US": "$20.00"}.get(market, "")),
        ("576461413038785752", "1729000000000000002", "B-1", "1", second, ""),
        ("576461413038785753", "1729000000000000002", "B-1", "1", second, ""),
    ]
    rows = []
    for order, sku, code, quantity, price, subtotal in lines:
        own = {
            "Order ID": order + "\t",
            "SKU ID": sku + "\t",
            "Product ID": "1729\t",
            "Seller SKU": code,
            "Product Name": "Sample, with a comma",
            "Quantity": quantity,
            "SKU Unit Original Price": price,
            "SKU Subtotal After Discount": subtotal or ("" if market != "US" else price),
        }
        rows.append([(common | own).get(name, "") for name in english])
    described = [DESCRIBED[words or language], *("x" for _ in english[1:])]
    return Sample([names.get(name, name) for name in english], described, rows)


def as_csv(path: Path, table: Sample, encoding: str = "utf-8-sig", described: bool = True) -> Path:
    """Write it as the Seller Center does."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([table.header, *([table.description] if described else []), *table.rows])
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def as_xlsx(path: Path, table: Sample) -> Path:
    """The same as a workbook with the Seller Center's sheet name."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "OrderSKUList"
    for row in (table.header, table.description, *table.rows):
        sheet.append(row)
    book.save(path)
    return path
