"""Reasons for refunds, returns and their rejection in words, and what the history of a request says.

The names are the platform's (section 6.6); the words are our own, the platform's exact texts are not known.
"""

from __future__ import annotations

from typing import Final

from fahuo.sandbox import reasons


def reason_text(name: str, locale: str) -> str:
    """A reason in words of the locale ('vi-VN', 'zh-CN', 'en'); English where there are none."""
    tongue = locale.replace("_", "-").partition("-")[0].lower() or "en"
    for part, words in _TEXTS.items():
        if part in name:
            return words.get(tongue, words["en"])
    return reasons.text(name, locale or "en")


def event_text(event: str) -> str:
    """What happened, for the `description` of a record."""
    return _EVENTS.get(event, event.replace("_", " ").capitalize())


_EVENTS: Final = {
    "REQUESTED": "The request was submitted",
    "APPROVE_REFUND": "The refund was approved",
    "APPROVE_RETURN": "The return was approved; the buyer has to send the goods",
    "APPROVE_RECEIVED_PACKAGE": "The returned parcel was accepted",
    "APPROVE_REPLACEMENT": "A replacement order was made",
    "ISSUE_REPLACEMENT_REFUND": "The money is refunded instead of a replacement",
    "OFFER_PARTIAL_REFUND": "A partial refund was offered",
    "REJECT_REFUND": "The refund was rejected",
    "REJECT_RETURN": "The return was rejected",
    "REJECT_RECEIVED_PACKAGE": "The returned parcel was not accepted",
    "REJECT_REPLACEMENT": "The replacement was rejected",
    "OFFER_TAKEN": "The buyer has accepted the partial refund",
    "OFFER_REFUSED": "The buyer has rejected the partial refund",
    "WITHDRAWN": "The buyer has withdrawn the request",
    "SHIPPED": "The buyer has sent the goods",
    "PARCEL_ARRIVED": "The returned parcel has arrived",
    "NOT_SHIPPED_IN_TIME": "The goods were not sent in time; the request is closed",
    "APPEALED": "The buyer has asked the platform to decide",
    "SUPPORT_BUYER": "The platform has decided for the buyer",
    "SUPPORT_SELLER": "The platform has decided for the seller",
    "CASE_CLOSED": "The case is closed",
    "REFUNDED": "The money has been refunded",
    "ORDER_CANCELLED": "The order was cancelled; the request is closed",
}
_TEXTS: Final[dict[str, dict[str, str]]] = {
    "not_arrive_on_time": {
        "en": "Package did not arrive on time", "zh": "包裹未按时送达", "vi": "Kiện hàng không đến đúng hạn",
        "th": "พัสดุไม่ถึงตามเวลา", "id": "Paket tidak tiba tepat waktu", "ms": "Bungkusan tidak tiba tepat masa",
    },
    "not_received": {
        "en": "Package not received", "zh": "未收到包裹", "vi": "Chưa nhận được hàng", "th": "ไม่ได้รับพัสดุ",
        "id": "Paket tidak diterima", "ms": "Bungkusan tidak diterima",
    },
    "missing_broken_parts": {
        "en": "Missing or broken parts", "zh": "缺少配件或配件损坏", "vi": "Thiếu hoặc hỏng phụ kiện",
        "th": "ชิ้นส่วนขาดหรือชำรุด", "id": "Bagian hilang atau rusak", "ms": "Bahagian hilang atau rosak",
    },
    "missing_product": {
        "en": "Missing product", "zh": "少件", "vi": "Thiếu sản phẩm", "th": "สินค้าไม่ครบ", "id": "Produk kurang",
        "ms": "Produk tidak lengkap",
    },
    "damaged": {
        "en": "Product is damaged", "zh": "商品破损", "vi": "Sản phẩm bị hư hỏng", "th": "สินค้าเสียหาย",
        "id": "Produk rusak", "ms": "Produk rosak",
    },
    "defective": {
        "en": "Product is defective", "zh": "商品有质量问题", "vi": "Sản phẩm bị lỗi", "th": "สินค้าใช้งานไม่ได้",
        "id": "Produk cacat", "ms": "Produk cacat",
    },
    "not_match_description": {
        "en": "Product does not match the description", "zh": "商品与描述不符", "vi": "Sản phẩm không đúng mô tả",
        "th": "สินค้าไม่ตรงตามคำอธิบาย", "id": "Produk tidak sesuai deskripsi", "ms": "Produk tidak seperti diterangkan",
    },
    "wrong_product": {
        "en": "Wrong product received", "zh": "收到错误商品", "vi": "Nhận sai sản phẩm", "th": "ได้รับสินค้าผิด",
        "id": "Produk salah", "ms": "Produk salah",
    },
    "reject_request_reason_3": {
        "en": "The buyer and I have agreed otherwise", "zh": "已与买家协商一致", "vi": "Đã thỏa thuận với người mua",
        "th": "ตกลงกับผู้ซื้อแล้ว", "id": "Sudah sepakat dengan pembeli", "ms": "Telah bersetuju dengan pembeli",
    },
    "reject_request_reason_4": {
        "en": "The product was sent in good order", "zh": "商品发货时完好", "vi": "Hàng gửi đi nguyên vẹn",
        "th": "สินค้าส่งในสภาพดี", "id": "Produk dikirim dalam kondisi baik", "ms": "Produk dihantar dalam keadaan baik",
    },
    "correct_item": {
        "en": "The correct item was sent", "zh": "发货商品正确", "vi": "Đã gửi đúng sản phẩm", "th": "ส่งสินค้าถูกต้อง",
        "id": "Produk yang dikirim benar", "ms": "Produk yang dihantar betul",
    },
    "unclear_evidence": {
        "en": "The evidence is unclear", "zh": "举证不清晰", "vi": "Bằng chứng không rõ ràng", "th": "หลักฐานไม่ชัดเจน",
        "id": "Bukti tidak jelas", "ms": "Bukti tidak jelas",
    },
    "multiple_boxes": {"en": "The order is delivered in several boxes", "zh": "订单分多个包裹配送"},
    "unable_to_change_address": {"en": "The address cannot be changed", "zh": "无法修改地址"},
    "packed": {
        "en": "The product has been packed", "zh": "商品已打包", "vi": "Sản phẩm đã được đóng gói",
        "th": "แพ็กสินค้าแล้ว", "id": "Produk sudah dikemas", "ms": "Produk telah dibungkus",
    },
    "invalid_cancellation_reason": {
        "en": "The reason for the cancellation is not valid", "zh": "取消原因不成立", "vi": "Lý do hủy không hợp lệ",
        "th": "เหตุผลการยกเลิกไม่ถูกต้อง", "id": "Alasan pembatalan tidak valid", "ms": "Sebab pembatalan tidak sah",
    },
    "reject_reason_delivered": {
        "en": "The product is on its way", "zh": "商品已发出", "vi": "Hàng đã được gửi", "th": "จัดส่งสินค้าแล้ว",
        "id": "Produk sudah dikirim", "ms": "Produk telah dihantar",
    },
    "buyer_agree": {
        "en": "The buyer has agreed to keep the order", "zh": "买家同意保留订单", "vi": "Người mua đồng ý giữ đơn",
        "th": "ผู้ซื้อตกลงไม่ยกเลิก", "id": "Pembeli setuju melanjutkan", "ms": "Pembeli bersetuju meneruskan",
    },
}  # fmt: skip
"""Part of the reason's name to its words by language; the first part that fits counts."""
