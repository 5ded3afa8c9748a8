"""Reasons for cancellations: their names by market and status (section 6.6), and the words a shop reads.

The names are the platform's; the words are our own translations, the platform's exact texts are not known.
"""

from __future__ import annotations

from typing import Final

from fahuo.orders.model import AWAITING_COLLECTION, AWAITING_SHIPMENT, ON_HOLD, PARTIALLY_SHIPPING, UNPAID
from fahuo.sandbox.markets import SEA

TIMEOUT: Final = "system_cancel_order_reason_shipping_timeout"
UNPAID_TIMEOUT: Final = "system_cancel_unpaid_time_out"
_PAID: Final = (
    "seller_cancel_reason_out_of_stock",
    "seller_cancel_reason_wrong_price",
    "seller_cancel_paid_reason_address_not_deliver",
)
_UNPAID: Final = (
    "seller_cancel_unpaid_reason_out_of_stock",
    "seller_cancel_unpaid_reason_wrong_price",
    "seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed",
)
_BUYER_ASKED: Final = {
    True: "seller_cancel_paid_reason_buyer_requested_cancellation",
    False: "seller_cancel_unpaid_reason_buyer_requested_cancellation",
}
_SEA_ALSO: Final = ("seller_cancel_unable_to_deliver_to_buyer_address", "seller_cancel_reason_logistics_issue")
_BUYER_UNPAID: Final = tuple(
    f"ecom_order_unpaid_canceled_reason_{why}"
    for why in (
        "better_price",
        "no_longer_needed",
        "wrong_delivery_info",
        "other",
        "payment_method_not_available",
        "created_by_mistakes",
        "not_want_pay",
    )
)
_BUYER_PAID: Final = tuple(
    f"ecom_order_to_ship_canceled_reason_{why}"
    for why in (
        "no_longer_needed",
        "better_price",
        "wrong_delivery_info",
        "created_by_mistakes",
        "change_payment_method",
        "forgot_to_apply_coupons",
        "discount_not_expected",
        "high_delivery_costs",
        "not_shipped_on_time",
    )
)
_REJECT_US: Final = (
    "ecom_reverse_reject_refund_request_package_delivery_multiple_boxes",
    "seller_reject_apply_unable_to_change_address",
    "ecom_reverse_reject_cancel_reason_product_packed",
)
_POPUP: Final = "order_manage_list_action_respond_popup_reject_reason_"
_REJECT_ELSEWHERE: Final = ("invalid_cancellation_reason", "delivered", "buyer_agree")
_PACKED: Final = "seller_reject_apply_product_has_been_packed"


def seller_reasons(market: str, status: str) -> tuple[str, ...]:
    """What a seller may cancel for; empty where it may not cancel at all (6.3). Unlisted markets: as ID and MY."""
    if status == AWAITING_COLLECTION and market != "US":
        return ()
    if status == UNPAID:
        names = _UNPAID
    elif status in (ON_HOLD, AWAITING_SHIPMENT, PARTIALLY_SHIPPING, AWAITING_COLLECTION):
        names = _PAID
    else:
        return ()
    if market == "US":
        return (*names, _BUYER_ASKED[status != UNPAID])
    if market == "GB":
        return tuple(f"{name}_uk" for name in names)
    return (*names, *_SEA_ALSO) if market in SEA and status in (AWAITING_SHIPMENT, PARTIALLY_SHIPPING) else names


def buyer_reasons(status: str) -> tuple[str, ...]:
    """What a buyer may cancel for, the most usual first."""
    return _BUYER_UNPAID if status == UNPAID else _BUYER_PAID


def reject_reasons(market: str) -> tuple[str, ...]:
    """What a seller may reject a cancel request for. Unlisted markets: as ID."""
    if market == "US":
        return _REJECT_US
    suffix = "_uk" if market == "GB" else ""
    return (*(f"{_POPUP}{name}{suffix}" for name in _REJECT_ELSEWHERE), _PACKED)


def text(reason: str, language: str) -> str:
    """The reason in words of the language (`vi-VN`); English where it has none."""
    tongue = language.partition("-")[0]
    for part, words in _TEXTS.items():
        if part in reason:
            return words.get(tongue, words["en"])
    return reason.removeprefix("seller_cancel_").removeprefix("system_cancel_").replace("_", " ").capitalize()


_TEXTS: Final[dict[str, dict[str, str]]] = {
    "shipping_timeout": {
        "en": "Order was not shipped in time", "vi": "Đơn hàng không được gửi đúng hạn",
        "th": "ไม่ได้จัดส่งคำสั่งซื้อภายในเวลาที่กำหนด", "id": "Pesanan tidak dikirim tepat waktu",
        "ms": "Pesanan tidak dihantar tepat pada masa", "ja": "期限内に発送されませんでした",
        "de": "Bestellung wurde nicht rechtzeitig versandt", "fr": "La commande n'a pas été expédiée à temps",
        "it": "L'ordine non è stato spedito in tempo", "es": "El pedido no se envió a tiempo",
        "pt": "O pedido não foi enviado a tempo", "zh": "订单未按时发货",
    },
    "unpaid_time_out": {
        "en": "Payment was not made in time", "vi": "Chưa thanh toán đúng hạn", "th": "ไม่ได้ชำระเงินภายในเวลาที่กำหนด",
        "id": "Tidak dibayar tepat waktu", "ms": "Tidak dibayar tepat pada masa", "ja": "期限内に支払われませんでした",
        "de": "Nicht rechtzeitig bezahlt", "fr": "Paiement non effectué à temps",
        "it": "Pagamento non effettuato in tempo",
        "es": "No se pagó a tiempo", "pt": "Não pago a tempo", "zh": "超时未付款",
    },
    "out_of_stock": {
        "en": "Out of stock", "vi": "Hết hàng", "th": "สินค้าหมด", "id": "Stok habis", "ms": "Kehabisan stok",
        "ja": "在庫切れ", "de": "Nicht vorrätig", "fr": "Rupture de stock", "it": "Esaurito", "es": "Sin existencias",
        "pt": "Sem estoque", "zh": "缺货",
    },
    "wrong_price": {
        "en": "Wrong price", "vi": "Sai giá", "th": "ราคาไม่ถูกต้อง", "id": "Harga salah", "ms": "Harga salah",
        "ja": "価格の誤り", "de": "Falscher Preis", "fr": "Prix erroné", "it": "Prezzo errato",
        "es": "Precio incorrecto", "pt": "Preço errado", "zh": "价格错误",
    },
    "deliver": {
        "en": "Cannot deliver to the buyer's address", "vi": "Không thể giao đến địa chỉ người mua",
        "th": "ไม่สามารถจัดส่งไปยังที่อยู่ผู้ซื้อได้", "id": "Tidak dapat mengirim ke alamat pembeli",
        "ms": "Tidak dapat menghantar ke alamat pembeli", "ja": "お届け先に配達できません",
        "de": "Lieferung an die Adresse nicht möglich", "fr": "Livraison impossible à cette adresse",
        "it": "Impossibile consegnare all'indirizzo", "es": "No se puede entregar en la dirección",
        "pt": "Não é possível entregar no endereço", "zh": "无法配送至买家地址",
    },
    "buyer_requested": {"en": "Buyer requested cancellation", "zh": "买家要求取消"},
    "logistics_issue": {
        "en": "Logistics issue", "vi": "Vấn đề vận chuyển", "th": "ปัญหาการขนส่ง", "id": "Masalah logistik",
        "ms": "Masalah logistik", "zh": "物流问题",
    },
    "no_longer_needed": {
        "en": "No longer needed", "vi": "Không còn nhu cầu", "th": "ไม่ต้องการแล้ว", "id": "Tidak dibutuhkan lagi",
        "ms": "Tidak diperlukan lagi", "ja": "不要になった", "de": "Nicht mehr benötigt", "fr": "Plus besoin",
        "it": "Non più necessario", "es": "Ya no lo necesito", "pt": "Não preciso mais", "zh": "不想要了",
    },
    "better_price": {
        "en": "Better price available", "vi": "Tìm thấy giá tốt hơn", "th": "พบราคาที่ดีกว่า",
        "id": "Menemukan harga lebih baik", "ms": "Jumpa harga lebih baik", "ja": "より安い価格を見つけた",
        "de": "Günstiger gefunden", "fr": "Meilleur prix trouvé", "it": "Trovato un prezzo migliore",
        "es": "Encontré un mejor precio", "pt": "Encontrei um preço melhor", "zh": "有更优惠的价格",
    },
    "wrong_delivery_info": {
        "en": "Wrong delivery information", "vi": "Sai thông tin giao hàng", "th": "ข้อมูลการจัดส่งไม่ถูกต้อง",
        "id": "Info pengiriman salah", "ms": "Maklumat penghantaran salah", "ja": "配送情報の誤り",
        "de": "Falsche Lieferangaben", "fr": "Informations de livraison erronées", "it": "Dati di consegna errati",
        "es": "Datos de entrega incorrectos", "pt": "Dados de entrega errados", "zh": "收货信息填写错误",
    },
    "created_by_mistakes": {
        "en": "Order created by mistake", "vi": "Đặt nhầm đơn", "th": "สั่งซื้อโดยไม่ตั้งใจ",
        "id": "Pesanan dibuat tidak sengaja", "ms": "Pesanan tersilap", "ja": "誤って注文した",
        "de": "Versehentlich bestellt", "fr": "Commande passée par erreur", "it": "Ordine creato per errore",
        "es": "Pedido por error", "pt": "Pedido feito por engano", "zh": "误拍",
    },
    "not_shipped_on_time": {
        "en": "Not shipped on time", "vi": "Không gửi hàng đúng hạn", "th": "ไม่จัดส่งตามเวลา",
        "id": "Tidak dikirim tepat waktu", "ms": "Tidak dihantar tepat masa", "ja": "発送が遅い",
        "de": "Nicht pünktlich versandt", "fr": "Pas expédié à temps", "it": "Non spedito in tempo",
        "es": "No se envió a tiempo", "pt": "Não enviado no prazo", "zh": "未按时发货",
    },
    "change_payment_method": {
        "en": "Change payment method", "vi": "Đổi phương thức thanh toán", "th": "เปลี่ยนวิธีชำระเงิน",
        "id": "Ganti metode pembayaran", "ms": "Tukar kaedah pembayaran", "ja": "支払方法の変更", "zh": "更换支付方式",
    },
    "coupons": {
        "en": "Forgot to apply coupons", "vi": "Quên dùng mã giảm giá", "th": "ลืมใช้คูปอง", "id": "Lupa pakai kupon",
        "ms": "Terlupa guna kupon", "ja": "クーポンの使い忘れ", "zh": "忘记使用优惠券",
    },
    "discount_not_expected": {
        "en": "Discount not as expected", "vi": "Giảm giá không như mong đợi", "zh": "折扣不如预期",
    },
    "high_delivery_costs": {"en": "High delivery costs", "vi": "Phí giao hàng cao", "zh": "运费太高"},
    "package_lost": {
        "en": "Package lost", "vi": "Thất lạc kiện hàng", "th": "พัสดุสูญหาย", "id": "Paket hilang",
        "ms": "Bungkusan hilang", "ja": "荷物の紛失", "zh": "包裹丢失",
    },
    "package_damaged": {
        "en": "Package damaged", "vi": "Kiện hàng hư hỏng", "th": "พัสดุเสียหาย", "id": "Paket rusak",
        "ms": "Bungkusan rosak", "ja": "荷物の破損", "zh": "包裹损坏",
    },
    "returned_to_shipper_refused": {
        "en": "Buyer refused the package", "vi": "Người mua từ chối nhận hàng", "th": "ผู้ซื้อปฏิเสธรับพัสดุ",
        "id": "Pembeli menolak paket", "ms": "Pembeli menolak bungkusan", "ja": "受取拒否", "zh": "买家拒收",
    },
    "returned_to_shipper": {
        "en": "Package returned to the shipper", "vi": "Kiện hàng bị hoàn về người gửi", "th": "พัสดุถูกส่งกลับผู้ส่ง",
        "id": "Paket dikembalikan ke pengirim", "ms": "Bungkusan dipulangkan",
        "ja": "差出人に返送", "zh": "包裹已退回发件人",
    },
    "hasnt_paid": {
        "en": "Buyer has not paid in time", "vi": "Người mua chưa thanh toán đúng hạn", "zh": "买家未按时付款",
    },
    "not_want_pay": {"en": "Does not want to pay", "vi": "Không muốn thanh toán", "zh": "不想付款"},
    "payment_method_not_available": {
        "en": "Payment method not available", "vi": "Không có phương thức thanh toán phù hợp", "zh": "无可用的支付方式",
    },
    "reason_other": {"en": "Other", "vi": "Lý do khác", "zh": "其他"},
    "entry_warehouse_failed": {
        "en": "Refused by the sorting warehouse", "vi": "Kho phân loại từ chối nhận", "zh": "国内集运仓入库失败",
    },
    "out_return": {"en": "Returned by the sorting warehouse", "vi": "Kho phân loại trả lại", "zh": "集运仓退件"},
}  # fmt: skip
"""Part of the reason's name to its words by language; the first part that fits counts."""
