"""Which column of a Seller Center export means what, in the languages of its interface.

The English names are those of the US, PH, VN, ID and TH exports of 2025 and 2026 (confidence B). Exports of local
interfaces seen in public keep the English header and translate only the status words; the Chinese and Vietnamese names
are the interface's own words for the same columns (C). What is missing here is added by a mapping file:
`[headers] "…" = "Order ID"`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

ORDER_ID: Final = "Order ID"
STATUS: Final = "Order Status"
SUBSTATUS: Final = "Order Substatus"
SKU_ID: Final = "SKU ID"
SELLER_SKU: Final = "Seller SKU"
QUANTITY: Final = "Quantity"
CREATED: Final = "Created Time"
PAID: Final = "Paid Time"
ARRANGED: Final = "RTS Time"
SHIPPED: Final = "Shipped Time"
DELIVERED: Final = "Delivered Time"
CANCELLED: Final = "Cancelled Time"
AMOUNT: Final = "Order Amount"

TIMES: Final = (CREATED, PAID, ARRANGED, SHIPPED, DELIVERED, CANCELLED)
FEES: Final = (
    "Taxes",
    "Retail Delivery Fee",
    "Small Order Fee",
    "Buyer Service Fee",
    "Handling Fee",
    "Shipping Insurance",
    "Item Insurance",
    "Distance Shipping Fee",
    "Distance Fee",
)
"""What the buyer pays beside goods and shipping."""

RECIPIENT: Final = (
    "Recipient",
    "Phone #",
    "Country",
    "State",
    "Region",
    "Province",
    "City",
    "Municipality",
    "Regency and City",
    "District",
    "Districts",
    "Barangay",
    "Commune",
    "Villages",
    "Zipcode",
    "Address Line 1",
    "Address Line 2",
    "Detail Address",
    "Additional address information",
)

ORDER_AMOUNTS: Final = (AMOUNT, "Shipping Fee After Discount", *FEES)

ORDER_LEVEL: Final = (
    CREATED,
    PAID,
    *ORDER_AMOUNTS,
    "Payment platform discount",
    "Normal or Pre-order",
    "Fulfillment Type",
    "Payment Method",
    *RECIPIENT,
)
"""Repeated on every row of an order; when two rows disagree, the order is refused."""

_OTHERS: Final = (
    "Cancelation/Return Type",
    "Product Name",
    "Variation",
    "Virtual Bundle Seller SKU",
    "SKU Unit Original Price",
    "SKU Subtotal After Discount",
    "Cancel By",
    "Cancel Reason",
    "Warehouse Name",
    "Tracking ID",
    "Delivery Option Type",
    "Shipping Provider Name",
    "Buyer Message",
    "Package ID",
)

COLUMNS: Final = (ORDER_ID, STATUS, SUBSTATUS, SKU_ID, SELLER_SKU, QUANTITY, *TIMES[2:], *ORDER_LEVEL, *_OTHERS)
"""Every column that is read. All others are kept in the sealed payload only."""

_ALIASES: Final[Mapping[str, Sequence[str]]] = {
    ORDER_ID: ("Order No.", "Order number", "订单号", "订单编号", "订单 ID", "订单ID", "Mã đơn hàng", "ID đơn hàng"),
    STATUS: ("订单状态", "Trạng thái đơn hàng"),
    SUBSTATUS: ("订单子状态", "订单二级状态", "Trạng thái phụ của đơn hàng", "Trạng thái phụ đơn hàng"),
    "Cancelation/Return Type": (
        "Cancellation/Return Type",
        "Cancel/Return Type",
        "取消/退货类型",
        "取消/退款类型",
        "Loại hủy/trả hàng",
    ),
    "Normal or Pre-order": ("普通或预售", "普通订单或预售订单", "Đơn thường hoặc đặt trước"),
    SKU_ID: ("ID SKU", "Mã SKU", "SKU编号", "SKU 编号"),
    SELLER_SKU: (
        "卖家SKU",
        "卖家 SKU",
        "商家SKU",
        "商家 SKU",
        "Mã SKU người bán",
        "SKU người bán",
        "SKU của người bán",
    ),
    "Product Name": ("商品名称", "产品名称", "Tên sản phẩm"),
    "Variation": ("规格", "商品规格", "变体", "Phân loại hàng", "Tên phân loại", "Biến thể"),
    "Virtual Bundle Seller SKU": ("虚拟套装卖家 SKU",),
    QUANTITY: ("数量", "商品数量", "Số lượng"),
    "SKU Unit Original Price": ("SKU单价", "SKU 原价", "SKU 单位原价", "Giá gốc của SKU", "Đơn giá gốc SKU"),
    "SKU Subtotal After Discount": (
        "SKU 折后小计",
        "SKU折后小计",
        "Tổng phụ SKU sau giảm giá",
        "Tổng tiền SKU sau giảm giá",
    ),
    "Shipping Fee After Discount": ("折后运费", "优惠后运费", "Phí vận chuyển sau giảm giá"),
    "Payment platform discount": ("支付平台折扣", "支付平台优惠", "Giảm giá từ nền tảng thanh toán"),
    "Taxes": ("税费", "税", "Thuế"),
    AMOUNT: ("订单金额", "订单总额", "Tổng giá trị đơn hàng", "Số tiền đơn hàng", "Tổng tiền đơn hàng"),
    CREATED: (
        "Create Time",
        "创建时间",
        "下单时间",
        "订单创建时间",
        "Thời gian tạo",
        "Thời gian tạo đơn",
        "Thời gian đặt hàng",
    ),
    PAID: ("支付时间", "付款时间", "Thời gian thanh toán"),
    ARRANGED: ("备货完成时间", "待揽收时间", "Thời gian sẵn sàng vận chuyển", "Thời gian sẵn sàng gửi hàng"),
    SHIPPED: ("发货时间", "Thời gian gửi hàng", "Thời gian vận chuyển"),
    DELIVERED: ("送达时间", "妥投时间", "签收时间", "Thời gian giao hàng"),
    CANCELLED: ("Canceled Time", "取消时间", "Thời gian hủy", "Thời gian huỷ"),
    "Cancel By": ("Canceled By", "取消方", "取消人", "Người hủy", "Hủy bởi"),
    "Cancel Reason": ("取消原因", "Lý do hủy", "Lý do huỷ"),
    "Fulfillment Type": (
        "Fulfilment Type",
        "履约类型",
        "履约方式",
        "发货方式",
        "Loại hình thực hiện đơn",
        "Hình thức thực hiện",
    ),
    "Warehouse Name": ("仓库名称", "仓库", "Tên kho hàng", "Kho hàng"),
    "Tracking ID": ("Tracking Number", "物流单号", "运单号", "追踪号", "Mã vận đơn", "Mã theo dõi"),
    "Delivery Option Type": ("配送方式类型", "Loại tùy chọn giao hàng"),
    "Shipping Provider Name": ("物流商名称", "物流服务商名称", "物流商", "Tên đơn vị vận chuyển", "Đơn vị vận chuyển"),
    "Buyer Message": ("买家留言", "Lời nhắn của người mua", "Tin nhắn của người mua", "Ghi chú của người mua"),
    "Recipient": ("Recipient Name", "收件人", "收货人", "收件人姓名", "Người nhận", "Tên người nhận"),
    "Phone #": ("Phone", "Phone Number", "电话", "手机号", "收件人电话", "联系电话", "Số điện thoại", "Điện thoại"),
    "Country": ("国家", "国家/地区", "Quốc gia"),
    "State": ("County", "州", "州/省"),
    "Region": ("地区", "大区", "Vùng"),
    "Province": ("省", "省份", "Tỉnh", "Tỉnh/Thành phố"),
    "City": ("Post Town", "Town", "Town/City", "城市", "市", "Thành phố"),
    "Municipality": ("市镇",),
    "District": ("区", "区/县", "区县", "Quận/Huyện", "Quận", "Huyện"),
    "Commune": ("街道", "乡镇", "Phường/Xã", "Xã", "Phường"),
    "Zipcode": ("Zip code", "Postcode", "Post Code", "Postal Code", "邮编", "邮政编码", "Mã bưu chính", "Mã bưu điện"),
    "Address Line 1": ("Address Line", "地址1", "地址行 1", "地址 1"),
    "Address Line 2": ("地址2", "地址行 2", "地址 2"),
    "Detail Address": ("Detailed Address", "详细地址", "Địa chỉ chi tiết"),
    "Additional address information": ("附加地址信息", "地址补充信息", "Thông tin địa chỉ bổ sung"),
    "Payment Method": ("支付方式", "付款方式", "Phương thức thanh toán"),
    "Package ID": ("包裹ID", "包裹 ID", "包裹号", "Mã kiện hàng", "ID kiện hàng"),
}


def key(name: str) -> str:
    """How header names are compared: without blanks around, inner blanks as one, in lower case; accents count."""
    return " ".join(name.strip("\ufeff\u200b").split()).casefold()


_KNOWN: Final = {key(name): name for name in COLUMNS} | {
    key(alias): name for name, aliases in _ALIASES.items() for alias in aliases
}


def match(header: Sequence[str], extra: Mapping[str, str] | None = None) -> list[str | None]:
    """For each column of the file the name of `COLUMNS` it stands for, or None. `extra` comes first."""
    own = {key(name): _KNOWN.get(key(target), target) for name, target in (extra or {}).items()}
    return [own.get(key(name)) or _KNOWN.get(key(name)) for name in header]


_TYPICAL: Final = frozenset((STATUS, SKU_ID, SELLER_SKU, QUANTITY, CREATED, SUBSTATUS))


def is_export(header: Sequence[str], extra: Mapping[str, str] | None = None) -> bool:
    """Whether this header row is an order export: the order id and at least two more columns it should have."""
    found = set(match(header, extra))
    return ORDER_ID in found and len(found & _TYPICAL) > 1
