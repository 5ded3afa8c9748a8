"""Who orders when, and what buyers do about their orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fahuo.sandbox.world import World


def install(world: World) -> None:
    """Take the events of this module."""
