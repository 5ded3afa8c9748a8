"""Cancellations: asked for by buyers, made by sellers, done by the platform when a limit has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fahuo.orders.model import CANCELLED
from fahuo.sandbox.model import Order

if TYPE_CHECKING:
    from fahuo.sandbox.world import World


def install(world: World) -> None:
    """Take the events of this module."""


def cancel_by_system(world: World, order: Order, reason: str, at: int) -> None:
    """The platform cancels the whole order."""
    world.touch(order, at, status=CANCELLED, cancel_time=at, cancellation_initiator="SYSTEM", cancel_reason=reason)
