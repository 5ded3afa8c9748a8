"""Puts a world together with everybody who acts in it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from fahuo.sandbox.model import Behaviour
from fahuo.sandbox.shops import Branch
from fahuo.sandbox.world import World

_PARTS: Final = ("settling", "carriers", "invoices", "stock", "talks", "aftersale_buyers", "settlement")
"""Modules that take events and hooks in `install(world)`, besides those the world cannot be without."""


def build(
    seed: int, shops: Sequence[str | Branch], start: int, behaviour: Behaviour | None = None, *, speed: float = 0.0
) -> World:
    """A world whose buyers, carriers, stock, talks and returns all live."""
    world = World(seed, shops, start, behaviour, speed=speed)
    for name in _PARTS:
        if find_spec(f"fahuo.sandbox.{name}"):
            install = getattr(import_module(f"fahuo.sandbox.{name}"), "install", None)
            if install is not None:
                install(world)
    return world
