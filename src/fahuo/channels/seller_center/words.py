"""The words of the Seller Center for states and kinds, per language, and what the API calls them.

English: reference 9.4 (B). Thai, Indonesian, Vietnamese: words in exports and file names seen in public code (C).
Chinese: the words of the interface (C). Compared trimmed and without regard to case; accents count.
An unknown word is never dropped: it becomes the state as it is, with a note.
"""

from __future__ import annotations

from typing import Final

from fahuo.channels.seller_center.headers import key
from fahuo.orders import model as m

_WORDS: Final = {
    m.UNPAID: (
        "Unpaid", "未付款", "待付款", "未支付", "待支付", "Chưa thanh toán", "Chờ thanh toán", "ค้างชำระ",
        "ยังไม่ได้ชำระเงิน", "Belum dibayar", "Belum bayar",
    ),
    m.ON_HOLD: ("On hold", "暂缓", "暂停", "已暂停", "保留中", "Tạm giữ", "Đang tạm giữ", "ระงับไว้", "Ditahan"),
    m.AWAITING_SHIPMENT: (
        "To ship", "Awaiting shipment", "待发货", "等待发货", "Cần gửi", "Cần gửi hàng", "Chờ gửi hàng",
        "Chờ vận chuyển", "Đang chờ vận chuyển", "Chờ giao hàng cho đơn vị vận chuyển", "ที่จะจัดส่ง", "รอจัดส่ง",
        "รอการจัดส่ง", "Perlu dikirim", "Menunggu pengiriman",
    ),
    m.PARTIALLY_SHIPPING: ("Partially shipping", "Partially shipped", "部分发货", "Vận chuyển một phần"),
    m.AWAITING_COLLECTION: (
        "Awaiting collection", "待揽收", "等待揽收", "待揽件", "Chờ lấy hàng", "Đang chờ lấy hàng", "รอเข้ารับ",
        "รอการเข้ารับ", "รอการรับสินค้า", "Menunggu pengambilan", "Menunggu penjemputan",
    ),
    m.IN_TRANSIT: (
        "Shipped", "In transit", "已发货", "运输中", "Đã gửi", "Đã vận chuyển", "Đã gửi hàng", "Đang vận chuyển",
        "Đang trung chuyển", "จัดส่งแล้ว", "อยู่ระหว่างการขนส่ง", "อยู่ระหว่างขนส่ง", "กำลังขนส่ง", "Dikirim", "Telah dikirim",
        "Sedang dikirim", "Dalam perjalanan", "Sedang transit",
    ),
    m.DELIVERED: (
        "Delivered", "已送达", "已妥投", "已签收", "Đã giao", "Đã giao hàng", "จัดส่งสำเร็จ", "จัดส่งสำเร็จแล้ว", "ส่งมอบแล้ว",
        "Terkirim", "Telah sampai",
    ),
    m.COMPLETED: (
        "Completed", "已完成", "Hoàn tất", "Đã hoàn tất", "Hoàn thành", "Đã hoàn thành", "เสร็จสมบูรณ์", "เสร็จสิ้น",
        "Selesai",
    ),
    m.CANCELLED: (
        "Canceled", "Cancelled", "已取消", "Đã hủy", "Đã huỷ", "ยกเลิกแล้ว", "Dibatalkan", "Batal",
    ),
}  # fmt: skip

_STATES: Final = {key(word): state for state, words in _WORDS.items() for word in words}

_CANCEL: Final = frozenset(key(w) for w in ("Cancel", "取消", "Hủy", "Huỷ", "ยกเลิก", "Batal", "Pembatalan"))
_PRE_ORDER: Final = frozenset(
    key(w) for w in ("Pre-order", "Preorder", "预售", "预售订单", "Đặt trước", "พรีออเดอร์", "Pra-pesan")
)
_NORMAL: Final = frozenset(
    key(w) for w in ("", "Normal", "普通", "普通订单", "正常", "Thường", "Thông thường", "Bình thường", "ปกติ", "Biasa")
)
_COD: Final = (
    "cash on delivery", "货到付款", "thanh toán khi nhận hàng", "เก็บเงินปลายทาง", "ชำระเงินปลายทาง", "bayar di tempat",
)  # fmt: skip
_BY_SELLER: Final = ("seller", "卖家", "商家", "người bán", "ผู้ขาย", "penjual")
_BY_PLATFORM: Final = ("tiktok", "platform", "平台", "nền tảng", "แพลตฟอร์ม")


def state(word: str) -> str | None:
    """The API's state for a status or substatus word; None for a word nobody told us."""
    spelled = word.strip().upper().replace(" ", "_")
    if spelled in m.ORDER.states:
        return spelled
    return _STATES.get(key(word)) or m.STATE_ALIASES.get(spelled)


def is_cancel(word: str) -> bool:
    """Whether `Cancelation/Return Type` says cancel (and not return or refund)."""
    return key(word) in _CANCEL


def order_type(word: str) -> str:
    """NORMAL, PRE_ORDER, or the word itself when unknown."""
    if key(word) in _NORMAL:
        return "NORMAL"
    return "PRE_ORDER" if key(word) in _PRE_ORDER else word


def is_cod(word: str) -> bool:
    """Whether the payment method is cash on delivery."""
    known = key(word)
    return known == "cod" or any(phrase in known for phrase in _COD)


def fulfillment_type(word: str) -> str:
    """FULFILLMENT_BY_…, or the word itself when unknown. Brand names stay Latin in every language."""
    known = key(word)
    if "tokopedia" in known or "dilayani" in known:
        return "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"
    if "tiktok" in known or known == "fbt":
        return m.BY_TIKTOK
    if not known or any(part in known for part in _BY_SELLER):
        return m.BY_SELLER
    return word


def shipping_type(word: str) -> str | None:
    """TIKTOK or SELLER by `Delivery Option Type`; None when the cell does not say."""
    known = key(word)
    if any(part in known for part in _BY_SELLER):
        return m.SHIPPING_SELLER
    return m.SHIPPING_TIKTOK if any(part in known for part in _BY_PLATFORM) else None


_BY: Final = {
    "user": "BUYER", "buyer": "BUYER", "买家": "BUYER", "người mua": "BUYER", "ผู้ซื้อ": "BUYER", "pembeli": "BUYER",
    "seller": "SELLER", "卖家": "SELLER", "người bán": "SELLER", "ผู้ขาย": "SELLER", "penjual": "SELLER",
    "system": "SYSTEM", "系统": "SYSTEM", "hệ thống": "SYSTEM", "ระบบ": "SYSTEM", "sistem": "SYSTEM",
    "operator": "OPERATOR", "平台": "OPERATOR",
}  # fmt: skip


def cancel_by(word: str) -> str:
    """BUYER, SELLER, SYSTEM, OPERATOR, or the word itself when unknown."""
    return _BY.get(key(word), word.strip())
