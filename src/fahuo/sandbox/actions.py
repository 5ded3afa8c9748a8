"""What control and the pages let buyers and carriers do, in words of their own: `{"amount": "3.00"}`, not records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fahuo.kernel.instant import iso
from fahuo.kernel.money import parse_minor
from fahuo.sandbox import aftersale_buyers, aftersale_rules, aftersales, buyers, cancels, carriers, phrases, talks
from fahuo.sandbox.faults import KINDS
from fahuo.sandbox.journeys import Step
from fahuo.sandbox.maker import SoldOut, Wishes
from fahuo.sandbox.model import CANCEL_PENDING, FULFILLING, PROCESSING, Order, Package, Return, Shop
from fahuo.sandbox.wrong import Wrong, asked, flag, text, whole

if TYPE_CHECKING:
    from fahuo.sandbox.serve import Sandbox
    from fahuo.sandbox.world import World

Data = dict[str, Any]
AT_A_STRETCH: Final = 500
WISHES: Final = Wishes.__struct_fields__
DAY: Final = 86400


def fault_kinds() -> dict[str, str]:
    """The faults there are."""
    return {name: kind.text for name, kind in KINDS.items()}


# --- orders -------------------------------------------------------------------------------------------------------


async def place(sandbox: Sandbox, shop: Shop, count: int, wishes: Data) -> list[str]:
    """Buyers place that many orders, all wished for alike. Answers their ids; raises Wrong."""
    wishes = _consistent(wishes)
    try:
        msgspec.convert(wishes, Wishes)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at ")
        raise Wrong(where.strip("`").removeprefix("$."), said, f"Wishes: {', '.join(WISHES)}.") from error
    made: list[str] = []
    for number in range(count):
        try:
            order = sandbox.world.place(shop.id, sandbox.world.now(), **wishes)
        except SoldOut as none:
            raise Wrong("skus", f"Nothing wished for is on sale. Placed so far: {made}.", "Raise the stock.") from none
        except ValueError as error:
            raise Wrong("skus", str(error), "Name SKUs of this shop by seller SKU or id.") from error
        made.append(order.id)
        if number % AT_A_STRETCH == AT_A_STRETCH - 1:
            sandbox.send_notices()
            await asyncio.sleep(0)
    return made


def _consistent(wishes: Data) -> Data:
    """The wishes with what follows from them. Raises Wrong for unknown ones and for those that exclude each other."""
    asked(wishes, *WISHES)
    status = wishes.get("status")
    if status not in (None, "UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"):
        said = f"An order cannot begin as {status!r}."
        raise Wrong("status", said, "One of: UNPAID, ON_HOLD, AWAITING_SHIPMENT.")
    kinds = [name for name in ("sample", "pre_order", "made_to_order") if wishes.get(name) is True]
    if len(kinds) > 1:
        raise Wrong(kinds[1], f"{' and '.join(kinds)} exclude each other.", "Send one of them.")
    if status == "ON_HOLD" and wishes.get("cod"):
        raise Wrong(
            "cod", "Cash on delivery is never on hold.", 'Leave out cod, or send "status": "AWAITING_SHIPMENT".'
        )
    if status in ("UNPAID", "ON_HOLD"):
        wishes = {"cod": False, **wishes}
    return {**wishes, "status": None, "paid": False} if status == "UNPAID" else wishes


# --- buyers -------------------------------------------------------------------------------------------------------


def buyer(world: World, order: Order, action: str, body: Data) -> Data:
    """Let the buyer of an order act. Raises Refuse where the platform says no, Wrong for bad input."""
    act = _BUYERS.get(action)
    if act is None:
        raise Wrong("action", f"Buyers do not know {action!r}.", f"One of: {', '.join(_BUYERS)}.", 404)
    return act(world, order, body)


def _cancel(world: World, order: Order, body: Data) -> Data:
    asked(body, "reason", "line_items", "withdraw")
    if flag(body, "withdraw"):
        for id_ in order.cancellations:
            if world.cancellations[id_].status == CANCEL_PENDING:
                cancels.withdraw(world, world.cancellations[id_], world.now())
                return {"cancellation": id_, "cancel_status": world.cancellations[id_].status}
        raise Wrong("withdraw", "No cancellation is pending.", "Ask for one first.", 409)
    made = cancels.request(
        world, order, world.now(), reason=text(body, "reason", ""), line_ids=_texts(body, "line_items")
    )
    return {"cancellation": made.id, "cancel_status": made.status}


def _one_of(body: Data, name: str, words: Iterable[str], default: str) -> str:
    word = text(body, name, default)
    if word not in (known := tuple(words)):
        raise Wrong(name, f"{word!r} is not known here.", f"One of: {', '.join(known)}.")
    return word


def _change_address(world: World, order: Order, body: Data) -> Data:
    asked(body)
    buyers.change_address(world, order, world.now())
    return {"recipient_address": order.body.get("recipient_address")}


def _urge(world: World, order: Order, body: Data) -> Data:
    asked(body)
    return {"message": talks.buyer_writes(world, order, "urge", world.now()).id}


def _message(world: World, order: Order, body: Data) -> Data:
    asked(body, "text", "kind")
    kind = _one_of(body, "kind", phrases.KINDS, "ask")
    said = talks.buyer_writes(world, order, kind, world.now(), text(body, "text", ""))
    return {"message": said.id}


def _confirm(world: World, order: Order, body: Data) -> Data:
    asked(body)
    buyers.confirm(world, order, world.now())
    return {}


def _return(world: World, order: Order, body: Data) -> Data:
    asked(body, "type", "reason", "line_items", "amount", "note", "ship_back", "withdraw")
    if flag(body, "ship_back") or flag(body, "withdraw"):
        request = _latest(world, order)
        act = aftersale_buyers.ship_back if flag(body, "ship_back") else aftersale_buyers.withdraw
        act(world, request, world.now())
        return _shown(request)
    kind = _one_of(body, "type", aftersale_rules.TYPES, aftersale_rules.RETURN_AND_REFUND)
    amount = body.get("amount")
    if amount is not None:
        try:
            amount = parse_minor(str(amount), _exponent(world, order))
        except ValueError as error:
            raise Wrong(
                "amount", str(error), 'Send a decimal text in the order\'s currency, such as "3.50".'
            ) from error
    wish = aftersales.Asked(
        kind, text(body, "reason", ""), _texts(body, "line_items"), amount=amount, note=text(body, "note", "")
    )
    return _shown(aftersales.ask(world, order, wish, world.now()))


def _dispute(world: World, order: Order, body: Data) -> Data:
    asked(body, "rule")
    request = _latest(world, order)
    if "rule" in body:
        if body["rule"] not in ("buyer", "seller"):
            raise Wrong("rule", f"{body['rule']!r} is neither buyer nor seller.", "Say for whom the platform decides.")
        aftersale_buyers.rule(world, request, body["rule"] == "buyer", world.now())
    else:
        aftersale_buyers.dispute(world, request, world.now())
    return _shown(request)


def _review(world: World, order: Order, body: Data) -> Data:
    """The API shows no reviews: it is kept with the order, for the pages and for checks of the sandbox itself."""
    asked(body, "stars", "text")
    if order.status not in ("DELIVERED", "COMPLETED"):
        raise Wrong("order", f"An order in {order.status} cannot be reviewed.", "Deliver it first.", 409)
    order.flags["review"] = {"stars": whole(body, "stars", 5, 1, 5), "text": text(body, "text", ""), "at": world.now()}
    return {"review": order.flags["review"]}


_BUYERS: Final[dict[str, Callable[[World, Order, Data], Data]]] = {
    "cancel": _cancel,
    "change-address": _change_address,
    "urge": _urge,
    "confirm": _confirm,
    "return": _return,
    "dispute": _dispute,
    "review": _review,
    "message": _message,
}
BUYERS: Final = tuple(_BUYERS)


def _latest(world: World, order: Order) -> Return:
    if not order.returns:
        raise Wrong("order", "There is no return for this order.", "Ask for one first: buyer/{order}/return.", 409)
    return world.returns[order.returns[-1]]


def _shown(request: Return) -> Data:
    return {
        "return": request.id,
        "return_status": request.status,
        "arbitration": request.arbitration,
        "answer_by": iso(request.answer_by) if request.answer_by else None,
    }


def _exponent(world: World, order: Order) -> int:
    items = order.body["line_items"]
    sku = world.sku(order.shop_id, items[0]["sku_id"])
    return sku.exponent if sku else 2


# --- carriers -----------------------------------------------------------------------------------------------------


def package_of(world: World, name: str) -> Package:
    """A parcel by its id or tracking number. Raises Wrong."""
    found = world.packages.get(name)
    if found is None:
        found = next((p for p in world.packages.values() if name in (p.tracking_number, p.last_mile_number)), None)
    if found is None or not name:
        raise Wrong("package", f"There is no package {name!r}.", "Name it by id or tracking number.", 404, "not_found")
    return found


def collect(world: World, body: Data) -> Data:
    """The carrier fetches parcels; one that cannot be fetched is told, the rest goes on."""
    asked(body, "packages")
    names = _texts(body, "packages")
    if not names:
        raise Wrong("packages", "packages is missing.", "Send a list of package ids or tracking numbers.")
    by_number = {p.tracking_number: p for p in world.packages.values() if p.tracking_number}
    done, refused = [], []
    for name in names:
        package = world.packages.get(name) or by_number.get(name)
        why = "not known" if package is None else _not_collectable(package)
        if package is None or why:
            refused.append({"package": name, "message": why})
            continue
        carriers.collected(world, package, world.now())
        done.append(package.id)
    return {"collected": done, "refused": refused}


def _not_collectable(package: Package) -> str:
    if package.scans:
        return "was collected before"
    return "" if package.status == PROCESSING else f"is {package.status}, not {PROCESSING}"


def carrier(world: World, package: Package, action: str, body: Data) -> Data:
    """Let a carrier act on a parcel. Raises Wrong."""
    act = _CARRIERS.get(action)
    if act is None:
        raise Wrong("action", f"Carriers do not know {action!r}.", f"One of: {', '.join(_CARRIERS)}.", 404)
    if package.status not in (PROCESSING, FULFILLING):
        raise Wrong("package", f"The package is {package.status}: no carrier has it.", "Arrange it first.", 409)
    act(world, package, body)
    last = package.scans[-1] if package.scans else None
    return {"scan": {"at": iso(last.at), "kind": last.kind, "text": last.text, "place": last.place} if last else None}


def _scan(world: World, package: Package, body: Data) -> None:
    """The next scan of its way, or the named one."""
    asked(body, "kind", "text", "place")
    kind, now = text(body, "kind", ""), world.now()
    if kind and kind not in (*carriers.TEXTS, "sorting_accepted"):
        raise Wrong("kind", f"No scan is called {kind!r}.", f"One of: {', '.join(carriers.TEXTS)}.")
    if not package.scans and kind in ("", "collected"):
        carriers.collected(world, package, now)
    elif kind in ("sorting_accepted", "sorting_refused", "relabelled") and carriers.by_sorting_warehouse(
        world, package
    ):
        carriers.sort(world, package, now, kind)
    elif kind:
        _named(world, package, kind, body)
    else:
        carriers.step(world, package, now)


def _named(world: World, package: Package, kind: str, body: Mapping[str, Any] = {}) -> None:
    now = world.now()
    if not package.scans and kind != "collected":
        carriers.collected(world, package, now)
    # Steps of the way up to this one are skipped; the rest stays planned.
    way = carriers.way_of(package)
    kinds = [one.kind for one in way]
    if kind in kinds:
        carriers.set_way(world, package, way[kinds.index(kind) + 1 :])
    carriers.scanned(world, package, kind, now, text(body, "text", ""), text(body, "place", ""))


def _delay(world: World, package: Package, body: Data) -> None:
    """All that is planned happens so many days later."""
    asked(body, "days")
    wait = whole(body, "days", 2, 1, 60) * DAY
    carriers.set_way(world, package, [one._replace(at=one.at + wait) for one in carriers.way_of(package)])


def _customs(world: World, package: Package, body: Data) -> None:
    """Held by customs for so many days."""
    asked(body, "days")
    wait = whole(body, "days", 3, 1, 60) * DAY
    _named(world, package, "customs")
    carriers.set_way(world, package, [one._replace(at=one.at + wait) for one in carriers.way_of(package)])


def _refuse(world: World, package: Package, body: Data) -> None:
    """Refused at the door; the parcel comes back after some days."""
    asked(body, "days")
    _named(world, package, "refused")
    back = world.now() + whole(body, "days", 4, 1, 6) * DAY
    carriers.set_way(world, package, [Step(back, "returned", carriers.TEXTS["returned"], "")])


def _plain(kind: str) -> Callable[[World, Package, Data], None]:
    def act(world: World, package: Package, body: Data) -> None:
        asked(body, "text", "place")
        _named(world, package, kind, body)

    return act


_CARRIERS: Final[dict[str, Callable[[World, Package, Data], None]]] = {
    "scan": _scan,
    "deliver": _plain("delivered"),
    "refuse": _refuse,
    "return": _plain("returned"),
    "lose": _plain("lost"),
    "delay": _delay,
    "damage": _plain("damaged"),
    "customs": _customs,
}
CARRIERS: Final = tuple(_CARRIERS)


def _texts(body: Mapping[str, Any], name: str) -> list[str]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Wrong(name, "This is not a list of texts.", f'Send {name} as ["…", "…"].')
    return value
