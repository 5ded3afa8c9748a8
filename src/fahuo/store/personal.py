"""Personal data in one place: recipients, messages and raw payloads, encrypted under the seller's key, erasable.

Search by buyer is exact: keyed hashes of the normalised full name and of the E.164 phone. Masked values are kept
sealed but not indexed. The journal holds only `fingerprint`, so erasing here leaves it as it is.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from msgspec import Struct, json
from sqlalchemy import ColumnElement, bindparam, delete, select, update

from fahuo.kernel import crypto
from fahuo.kernel.compact import packer, unpack
from fahuo.store import bulk
from fahuo.store.engine import Tx
from fahuo.store.keys import SellerKeys
from fahuo.store.tables import payloads, people

_PEOPLE = ("seller_id", "order_id", "sealed", "name_hash", "phone_hash")
ANSWER = "answer "
"""Source of a payload that is an answer from outside: followed by the effect's id."""
_PAYLOADS = ("seller_id", "order_id", "source", "at", "sealed")


class Person(Struct, kw_only=True, omit_defaults=True):
    """Who gets the parcel and what they wrote. `phone_e164` only when the phone is complete and valid."""

    name: str = ""
    phone: str = ""
    phone_e164: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    district: str = ""
    postal_code: str = ""
    lines: tuple[str, ...] = ()
    masked: bool = False
    message: str = ""


_decode = json.Decoder(Person).decode
_encode = json.Encoder().encode


def normal_name(name: str) -> str:
    """The form by which full names are found: NFKC, case folded, white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def seal_people(tx: Tx, rows: Sequence[tuple[int, Person]], *, replace: bool = False) -> None:
    """Keep the person of each (order id, person). `replace`: the order may have one already (address changed)."""
    if not rows:
        return
    seller, blind = tx.seller_id, crypto.blinder(tx.keys.index)
    texts, found_by = [], []
    for order_id, person in rows:
        texts.append((_encode(person), _owner(seller, "person", order_id)))
        name = "" if person.masked else normal_name(person.name)
        phone = "" if person.masked else person.phone_e164
        found_by.append((blind(f"name|{name}") if name else None, blind(f"phone|{phone}") if phone else None))
    sealed = [
        (seller, order_id, text, *hashes)
        for (order_id, _), text, hashes in zip(rows, crypto.seal_all(tx.keys.data, texts), found_by, strict=True)
    ]
    if replace:
        bulk.upsert(tx, people, _PEOPLE, sealed, _PEOPLE[:2], _PEOPLE[2:])
    else:
        bulk.insert(tx, people, _PEOPLE, sealed)


def open_people(tx: Tx, order_ids: Iterable[int]) -> dict[int, Person | None]:
    """The person of each of these orders; None where it was erased. Orders without one are left out."""
    mine = select(people.c.order_id, people.c.sealed).where(
        people.c.seller_id == tx.seller_id, bulk.any_of(people.c.order_id, "ids")
    )
    found: dict[int, Person | None] = {}
    for order_id, sealed in tx.rows(mine, ids=bulk.array(tx, order_ids)):
        found[order_id] = (
            None
            if sealed is None
            else _decode(crypto.open_sealed(tx.keys.data, bytes(sealed), _owner(tx.seller_id, "person", order_id)))
        )
    return found


def erased(tx: Tx, order_ids: Iterable[int]) -> set[int]:
    """Those of the orders whose personal data have been erased."""
    mine = select(people.c.order_id).where(
        people.c.seller_id == tx.seller_id, people.c.erased_at.is_not(None), bulk.any_of(people.c.order_id, "ids")
    )
    return {order_id for (order_id,) in tx.rows(mine, ids=bulk.array(tx, order_ids))}


def find_by_name(tx: Tx, name: str) -> list[int]:
    """Orders of the person with exactly that full name (case and spacing do not matter), by id."""
    normal = normal_name(name)
    return _find(tx, people.c.name_hash, f"name|{normal}") if normal else []


def find_by_phone(tx: Tx, e164: str) -> list[int]:
    """Orders with that phone, in E.164 (`+66812345678`), by id."""
    return _find(tx, people.c.phone_hash, f"phone|{e164}") if e164 else []


def fingerprint(keys: SellerKeys, person: Person) -> str:
    """A keyed hash of everything about the person, for the journal: tells changes apart and gives nothing away."""
    return crypto.blind(keys.fingerprints, _encode(person).decode()).hex()


def seal_payloads(tx: Tx, rows: Sequence[tuple[int, str, int, bytes]], *, replace: bool = False) -> None:
    """Keep what the source sent: (order id, source, at, raw bytes). `replace`: the newest of a source stays."""
    if not rows:
        return
    seller, pack = tx.seller_id, packer()
    texts = [(pack(raw), _owner(seller, f"payload|{source}", order_id)) for order_id, source, _, raw in rows]
    sealed = [
        (seller, order_id, source, at, text)
        for (order_id, source, at, _), text in zip(rows, crypto.seal_all(tx.keys.data, texts), strict=True)
    ]
    if replace:
        bulk.upsert(tx, payloads, _PAYLOADS, sealed, _PAYLOADS[:3], _PAYLOADS[3:])
    else:
        bulk.insert(tx, payloads, _PAYLOADS, sealed)


def open_payloads(tx: Tx, order_id: int) -> list[tuple[str, int, bytes]]:
    """(source, at, raw bytes) of everything the sources sent about the order, oldest first."""
    mine = (
        select(payloads.c.source, payloads.c.at, payloads.c.sealed)
        .where(payloads.c.seller_id == tx.seller_id, payloads.c.order_id == bindparam("order"))
        .order_by(payloads.c.at, payloads.c.source)
    )
    key, seller = tx.keys.data, tx.seller_id
    return [
        (source, at, unpack(crypto.open_sealed(key, bytes(sealed), _owner(seller, f"payload|{source}", order_id))))
        for source, at, sealed in tx.rows(mine, order=order_id)
    ]


def open_answers(tx: Tx, order_id: int) -> dict[int, str]:
    """Effect → what the other side answered last about this order."""
    found = open_payloads(tx, order_id)
    return {int(source.removeprefix(ANSWER)): raw.decode() for source, _, raw in found if source.startswith(ANSWER)}


def erase(tx: Tx, order_ids: Iterable[int], reason: str, at: int) -> int:
    """Remove every personal datum of these orders for good; how many people that were. The journal stays as it is."""
    ids = bulk.array(tx, order_ids)
    tx.execute(
        delete(payloads).where(payloads.c.seller_id == tx.seller_id, bulk.any_of(payloads.c.order_id, "ids")),
        {"ids": ids},
    )
    gone = tx.execute(
        update(people)
        .where(
            people.c.seller_id == tx.seller_id,
            bulk.any_of(people.c.order_id, "ids"),
            people.c.erased_at.is_(None),
        )
        .values(sealed=None, name_hash=None, phone_hash=None, erased_at=at, erased_why=reason),
        {"ids": ids},
    )
    return int(gone.rowcount)


def _find(tx: Tx, column: ColumnElement[bytes | None], text: str) -> list[int]:
    if not tx.keys.exist():
        return []
    wanted = crypto.blind(tx.keys.index, text)
    mine = select(people.c.order_id).where(people.c.seller_id == tx.seller_id, column == bindparam("wanted"))
    return [order_id for (order_id,) in tx.rows(mine.order_by(people.c.order_id), wanted=wanted)]


def _owner(seller_id: int, what: str, order_id: int) -> bytes:
    return f"{seller_id}|{what}|{order_id}".encode()
