"""Keys: one master key outside the database wraps, inside it, a data key and a signing key per seller."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from fahuo.kernel import crypto
from fahuo.kernel.clock import technical_ms
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_
from fahuo.store.tables import seller_keys

if TYPE_CHECKING:
    from fahuo.store.engine import Tx

_OWN = select(seller_keys.c.wrapped, seller_keys.c.signing).where(seller_keys.c.seller_id == bindparam("seller"))


class KeyRing:
    """The master key, and the unwrapped keys of sellers seen before. Holds secrets: never log or print it."""

    def __init__(self, master: bytes | None) -> None:
        self._master = master
        self.known: dict[int, tuple[bytes, bytes]] = {}

    def __repr__(self) -> str:
        return "KeyRing(…)"

    @property
    def given(self) -> bool:
        """Whether there is a master key."""
        return self._master is not None

    @property
    def master(self) -> bytes:
        """32 bytes. Raises Failure when none was given."""
        if self._master is None:
            raise Failure(
                Problem(
                    "master_key_missing",
                    "FAHUO_MASTER_KEY",
                    message=N_("The master key is missing."),
                    next=N_("Set FAHUO_MASTER_KEY or FAHUO_MASTER_KEY_FILE, or run `fahuo init` to make one."),
                )
            )
        return self._master

    def check(self) -> str:
        """A value that tells master keys apart and gives nothing away about them (hexadecimal)."""
        return crypto.derive(self.master, "check")[:8].hex()

    def wrap(self, seller_id: int, data: bytes, signing: bytes) -> tuple[bytes, bytes]:
        """Both keys of a seller, closed by the master key."""
        return (
            crypto.wrap_key(self.master, data, f"data|{seller_id}"),
            crypto.wrap_key(self.master, signing, f"signing|{seller_id}"),
        )

    def unwrap(self, seller_id: int, wrapped: bytes, signing: bytes) -> tuple[bytes, bytes]:
        """The keys `wrap` closed. Raises Failure when the master key is another one."""
        try:
            return (
                crypto.unwrap_key(self.master, wrapped, f"data|{seller_id}"),
                crypto.unwrap_key(self.master, signing, f"signing|{seller_id}"),
            )
        except crypto.Sealed:
            raise Failure(wrong_master_key()) from None


def wrong_master_key() -> Problem:
    """The problem of data sealed under another master key."""
    return Problem(
        "master_key_wrong",
        "FAHUO_MASTER_KEY",
        message=N_("The master key does not open this database: it was sealed under another one."),
        next=N_("Give the master key this database was made with."),
    )


class SellerKeys:
    """The keys of the transaction's seller, made at the first write that needs them."""

    def __init__(self, ring: KeyRing, tx: "Tx") -> None:
        self._ring = ring
        self._tx = tx
        self._pair = ring.known.get(tx.seller_id)
        self._made = False

    def __repr__(self) -> str:
        return f"SellerKeys({self._tx.seller_id})"

    def exist(self) -> bool:
        """Whether the seller has keys yet; without them nothing of his is sealed."""
        return self._pair is not None or self._load()

    @property
    def data(self) -> bytes:
        """The key personal data is sealed with."""
        return crypto.derive(self._both()[0], "seal")

    @property
    def index(self) -> bytes:
        """The key of the search hashes."""
        return crypto.derive(self._both()[0], "index")

    @property
    def fingerprints(self) -> bytes:
        """The key of the salted hashes that stand in the journal."""
        return crypto.derive(self._both()[0], "fingerprint")

    @property
    def signing(self) -> bytes:
        """The Ed25519 private key that signs checkpoints."""
        return self._both()[1]

    def seal(self, plaintext: bytes, owner: str) -> bytes:
        """Closed for this seller; `owner` names the row it belongs to and is needed to open it."""
        return crypto.seal(self.data, plaintext, f"{self._tx.seller_id}|{owner}".encode())

    def seal_all(self, texts: Iterable[tuple[bytes, str]]) -> list[bytes]:
        """`seal` of many (plaintext, owner): randomness is asked for once, and with it Python's lock given up once."""
        seller = self._tx.seller_id
        return crypto.seal_all(self.data, [(plain, f"{seller}|{owner}".encode()) for plain, owner in texts])

    def open(self, sealed: bytes, owner: str) -> bytes:
        """What `seal` closed. Raises crypto.Sealed."""
        return crypto.open_sealed(self.data, sealed, f"{self._tx.seller_id}|{owner}".encode())

    def _both(self) -> tuple[bytes, bytes]:
        if self._pair is None and not self._load():
            self._make()
        if self._pair is None:
            raise RuntimeError(f"seller {self._tx.seller_id} has no keys, and this transaction only reads")
        return self._pair

    def _load(self) -> bool:
        found = self._tx.rows(_OWN, seller=self._tx.seller_id)
        if not found:
            return False
        self._pair = self._ring.unwrap(self._tx.seller_id, *found[0])
        if not self._made:
            self._ring.known[self._tx.seller_id] = self._pair
        return True

    def _make(self) -> None:
        if self._tx.readonly:
            return
        from fahuo.store import bulk  # noqa: PLC0415 - bulk needs the engine, which needs this module

        private, public = crypto.new_signing_key()
        row = (self._tx.seller_id, *self._ring.wrap(self._tx.seller_id, crypto.new_key(), private), public)
        columns = ("seller_id", "wrapped", "signing", "public_key", "created_ms")
        bulk.insert_new(self._tx, seller_keys, columns, [(*row, technical_ms())], ("seller_id",))
        # Remembered only from a later transaction on: this one may still be rolled back.
        self._made = True
        self._load()
