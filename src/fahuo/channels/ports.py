"""What flow asks of the outbound channels by which results go back: found by the entry point group `fahuo.channels`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from fahuo.store.effects import Answer, Claimed


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shop's results go: address and signing key. The key is a secret: it is not shown and not logged."""

    shop: str
    url: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Endpoint({self.shop!r})"


class Outbound(Protocol):
    """Carries effects of one lane to the outside and brings the answers back. Called outside any transaction."""

    lane: str

    def send(self, batch: Sequence[Claimed], endpoints: Mapping[int, Endpoint]) -> list[Answer]:
        """One answer an effect, none for those it had no time for: they are handed out again.

        An error of one effect never loses the answers of the others.
        """
        ...
