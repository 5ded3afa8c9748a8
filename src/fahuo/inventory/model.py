"""What the inventory station reserves and moves."""

from __future__ import annotations

from typing import Final, NamedTuple

from fahuo.kernel.states import Machine

RESERVATION: Final = Machine(
    "reservation",
    frozenset({"reserved"}),
    {
        "reserved": frozenset({"placed", "released"}),
        "placed": frozenset({"reserved", "packed", "released"}),
        "packed": frozenset({"released"}),
        "released": frozenset({"reserved"}),
    },
)
"""`packed` is the goods issue: the units have left the shelf. Released after that means put back on it."""


class Want(NamedTuple):
    """Units one order needs: all of an order's wants are reserved, or none."""

    order_id: int
    line_no: int
    sku_id: int
    quantity: int
