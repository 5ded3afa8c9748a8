"""What buyers write, in the language of their market. `{order}` is the order's number where a phrase names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KINDS: Final = ("urge", "ask", "address", "thank", "angry", "answer", "refund")
"""urge: where is my parcel · ask: about the goods · address: wants it changed · thank · angry: late · answer: to a
message of the shop · refund: asks for the money back."""

Phrases = Mapping[str, tuple[str, ...]]

PHRASES: Final[Mapping[str, Phrases]] = {
    "en": {
        "urge": ("Hi, when will my order ship?", "Order {order} still says to ship. Any update please?"),
        "ask": ("Is this the right size for someone 1.70 m tall?", "Does it come with a charger?"),
        "address": ("I typed the wrong house number, can you change it before shipping?",),
        "thank": ("Got it, thank you! 😊", "Great quality, thanks & see you again"),
        "angry": ("This is the third time I ask. It's late & nobody answers!",),
        "answer": ("OK, thanks for letting me know.", "Alright, I will wait until then."),
        "refund": ("I don't want to wait any more, please refund me.",),
    },
    "vi": {
        "urge": ("Shop ơi, khi nào giao hàng vậy ạ?", "Đơn {order} của mình sao chưa gửi vậy shop?"),
        "ask": ("Mình cao 1m60 nặng 50kg thì mặc size nào ạ?", "Hàng này còn màu khác không shop?"),
        "address": ("Mình ghi nhầm số nhà, shop đổi địa chỉ giúp mình trước khi gửi nhé.",),
        "thank": ("Mình nhận được rồi, cảm ơn shop nhiều ❤️", "Hàng đẹp lắm, cảm ơn shop & sẽ ủng hộ tiếp"),
        "angry": ("Hỏi mấy lần rồi không ai trả lời, quá hạn rồi đó!",),
        "answer": ("Dạ vâng, cảm ơn shop.", "Ok shop, mình đợi nhé."),
        "refund": ("Mình không đợi nữa, hoàn tiền giúp mình với.",),
    },
    "th": {
        "urge": ("ส่งของวันไหนคะ", "ออเดอร์ {order} ยังไม่ส่งเลย รบกวนเช็กให้หน่อยครับ"),
        "ask": ("สูง 160 ใส่ไซซ์ไหนดีคะ", "สินค้ามีประกันไหมครับ"),
        "address": ("กรอกบ้านเลขที่ผิด รบกวนแก้ที่อยู่ก่อนส่งได้ไหมคะ",),
        "thank": ("ได้รับของแล้ว ขอบคุณค่ะ 🙏", "ของดีมาก ขอบคุณครับ"),
        "angry": ("ถามหลายรอบแล้วไม่มีใครตอบ เลยกำหนดแล้วนะคะ",),
        "answer": ("โอเคค่ะ ขอบคุณค่ะ", "ได้ครับ จะรอครับ"),
        "refund": ("ไม่รอแล้วค่ะ ขอเงินคืนด้วย",),
    },
    "id": {
        "urge": ("Kak, kapan pesanan saya dikirim?", "Pesanan {order} kok belum dikirim ya kak?"),
        "ask": ("Tinggi 160 cm cocok ukuran apa kak?", "Ini ready stock kak?"),
        "address": ("Nomor rumah saya salah, bisa diganti sebelum dikirim kak?",),
        "thank": ("Sudah sampai, terima kasih kak 🙏",),
        "angry": ("Sudah tanya berkali-kali tidak dijawab, sudah lewat waktunya!",),
        "answer": ("Baik kak, terima kasih.", "Oke kak, saya tunggu."),
        "refund": ("Saya tidak mau menunggu lagi, tolong kembalikan uangnya.",),
    },
    "ms": {
        "urge": ("Hi, bila pesanan saya akan dihantar?", "Pesanan {order} belum dihantar lagi, boleh semak?"),
        "ask": ("Saiz apa sesuai untuk tinggi 165 cm?",),
        "address": ("Saya tersilap nombor rumah, boleh tukar sebelum hantar?",),
        "thank": ("Sudah terima, terima kasih!",),
        "angry": ("Sudah banyak kali tanya, tiada jawapan. Sudah lewat!",),
        "answer": ("Baik, terima kasih.",),
        "refund": ("Saya tidak mahu tunggu lagi, sila pulangkan wang saya.",),
    },
    "ja": {
        "urge": ("いつ発送されますか?", "注文番号{order}がまだ発送されていません。状況を教えてください。"),
        "ask": ("身長160cmですが、サイズはどれが合いますか?",),
        "address": ("番地を間違えました。発送前に変更できますか?",),
        "thank": ("届きました。ありがとうございます。",),
        "angry": ("何度も問い合わせていますが返事がありません。期限を過ぎています。",),
        "answer": ("承知しました。ありがとうございます。",),
        "refund": ("もう待てないので返金をお願いします。",),
    },
    "de": {
        "urge": ("Hallo, wann wird meine Bestellung verschickt?", "Bestellung {order} ist noch nicht unterwegs?"),
        "ask": ("Welche Größe passt bei 1,75 m?",),
        "address": ("Ich habe die falsche Hausnummer angegeben, können Sie das noch ändern?",),
        "thank": ("Ist angekommen, vielen Dank! Schöne Grüße",),
        "angry": ("Ich frage jetzt zum dritten Mal, die Frist ist vorbei!",),
        "answer": ("Alles klar, danke.",),
        "refund": ("Ich möchte nicht länger warten, bitte erstatten Sie mir das Geld.",),
    },
    "fr": {
        "urge": ("Bonjour, quand ma commande sera-t-elle expédiée ?",),
        "ask": ("Quelle taille pour 1,70 m ?",),
        "address": ("Je me suis trompé de numéro, pouvez-vous le changer avant l'envoi ?",),
        "thank": ("Bien reçu, merci beaucoup !",),
        "angry": ("Je demande pour la troisième fois, le délai est dépassé !",),
        "answer": ("D'accord, merci.",),
        "refund": ("Je ne veux plus attendre, remboursez-moi s'il vous plaît.",),
    },
    "it": {
        "urge": ("Buongiorno, quando parte il mio ordine?",),
        "ask": ("Che taglia per 1,70 m?",),
        "address": ("Ho sbagliato il numero civico, si può cambiare prima della spedizione?",),
        "thank": ("Arrivato, grazie mille!",),
        "angry": ("È la terza volta che chiedo, il termine è passato!",),
        "answer": ("Va bene, grazie.",),
        "refund": ("Non voglio più aspettare, vorrei il rimborso.",),
    },
    "es": {
        "urge": ("Hola, ¿cuándo envían mi pedido?", "El pedido {order} sigue sin salir, ¿me pueden decir algo?"),
        "ask": ("¿Qué talla me va si mido 1,70?",),
        "address": ("Puse mal el número de la casa, ¿lo pueden cambiar antes de enviar?",),
        "thank": ("Ya llegó, ¡muchas gracias!",),
        "angry": ("Es la tercera vez que pregunto y ya pasó el plazo.",),
        "answer": ("De acuerdo, gracias.",),
        "refund": ("No quiero esperar más, devuélvanme el dinero por favor.",),
    },
    "pt": {
        "urge": ("Oi, quando vocês vão enviar meu pedido?", "O pedido {order} ainda não saiu?"),
        "ask": ("Qual tamanho para 1,70 m?",),
        "address": ("Coloquei o número errado, dá para mudar antes de enviar?",),
        "thank": ("Chegou, muito obrigado!",),
        "angry": ("Já perguntei três vezes e o prazo passou!",),
        "answer": ("Tudo bem, obrigada.",),
        "refund": ("Não quero mais esperar, por favor devolvam o dinheiro.",),
    },
}  # fmt: skip

ODD: Final = (
    "<b>{text}</b>",
    "{text} <script>alert('x')</script>",
    "{text}\n\n--\n\"sent\" from my 'phone' & more \\ {{0}} %s",
    "\u202e{text}\u202c\u200b \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    "{text} http://example.com/?a=1&b=<2>",
    '=HYPERLINK("http://example.com") {text}',
)
"""Wrappings of a phrase that a careless reader shows, runs or breaks on."""


def phrase(language: str, kind: str, pick: int, odd: int | None = None, order: str = "") -> str:
    """A phrase of that kind; languages without own phrases write English. `odd` picks a wrapping of ODD."""
    phrases = PHRASES.get(language.split("-", maxsplit=1)[0], PHRASES["en"])[kind]
    text = phrases[pick % len(phrases)].format(order=order)
    return text if odd is None else ODD[odd % len(ODD)].format(text=text)
