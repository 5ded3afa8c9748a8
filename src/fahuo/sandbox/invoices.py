"""Fiscal invoices of Brazil: without one that the tax office has accepted nothing is shipped (webhook 36)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fahuo.sandbox.model import Package

if TYPE_CHECKING:
    from fahuo.sandbox.world import World

INVOICE_STATUS_CHANGE: Final = 36
_TAKES: Final = 120
"""Seconds until the tax office has answered; invented."""


def install(world: World) -> None:
    """Take the events of this module."""
    world.on("invoice", _checked)


def take(world: World, package: Package, content: bytes, at: int) -> None:
    """The seller sends the invoice of a package."""
    package.flags["invoice_ok"] = content.lstrip().startswith(b"<")
    for one in package.order_ids:
        world.touch(world.orders[one], at, need_upload_invoice="INVOICE_PROCESSING")
    _tell(world, package, "PROCESSING", at)
    world.later(at + _TAKES, "invoice", package.id)


def _checked(world: World, id_: str, at: int) -> None:
    """The tax office has looked: anything that is no XML is invalid."""
    package = world.packages[id_]
    good = package.flags["invoice_ok"]
    for order in (world.orders[one] for one in package.order_ids):
        if order.body.get("need_upload_invoice") == "INVOICE_PROCESSING":
            world.touch(order, at, need_upload_invoice="INVOICE_UPLOADED" if good else "NEED_INVOICE")
    _tell(world, package, "SUCCESS" if good else "INVALID", at, "" if good else "the file is no XML")


def _tell(world: World, package: Package, status: str, at: int, reason: str = "") -> None:
    told = {"package_id": package.id, "order_ids": list(package.order_ids), "invoice_status": status}
    world.tell(package.shop_id, INVOICE_STATUS_CHANGE, told | ({"invalid_reason": reason} if reason else {}), at)
