"""The platform's packages become ours: parcels are cut as the units of an order stand in the platform's packages.

Whoever split or combined them - we, the platform, another app - it is seen in the order's own lines, and carried out
here alone. A parcel of one package is kept with its label; one whose package is new is arranged anew; what was packed
already is not touched but held, because its label is void.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from fahuo.flow import parcels as parcels_flow
from fahuo.flow import wanted
from fahuo.flow.fulfil import Change, release, write
from fahuo.flow.parcels import GONE, OF_PARCEL
from fahuo.flow.wanted import Way
from fahuo.inventory import queries as inventory
from fahuo.kernel.ids import new_id
from fahuo.orders import queries as orders_queries
from fahuo.orders import service as orders
from fahuo.orders.model import CANCELLED, FINISHED
from fahuo.orders.queries import Line
from fahuo.orders.rules import Hold, hold
from fahuo.store import effects, journal
from fahuo.store.engine import Tx
from fahuo.warehouse import model, queries
from fahuo.warehouse import service as warehouse
from fahuo.warehouse.model import COMBINE, PLATFORM, SPLIT, Item, Parcel

Units = dict[tuple[int, int], int]
"""(line, SKU) → units of a parcel."""
_MOVED: Final = ("platform_ref", "state", "label_id", "tracking_number", "arranged_at", "tag", "wave_id", "weight_g")
_SHOP, _ORDER, _ORIGIN = 1, 2, 12
"""Where these stand in a row of `warehouse.PACKAGE_COLUMNS`."""


class Cut(NamedTuple):
    """How one order's parcels are to be: kept ones as they become, new ones, those that go, whether it is stuck."""

    order_id: int
    kept: list[Parcel]
    fresh: list[Parcel]
    gone: list[Parcel]
    items: dict[int, Units]
    """Parcel → its units, of those whose units are others now."""
    anew: frozenset[int]
    """Parcels whose label is void: they are arranged again."""
    stuck: bool = False
    """A packed parcel would have to be cut: a person has to open it."""
    before: frozenset[str] = frozenset()
    """The platform's packages that the order lay in: others may lie there still."""


def opened(tx: Tx, rows: Sequence[tuple[Any, ...]], now: int) -> set[int]:
    """Parcels just planned (PACKAGE_COLUMNS): cut as the platform has cut them, asked for where a shop is connected.

    Returns the packages that the platform, not a person, is asked about. Writes nothing of the orders themselves.
    """
    known = wanted.ways(tx) if rows else {}
    mine = [row for row in rows if row[_SHOP] in known]
    if not mine:
        return set()
    order_ids = sorted({row[_ORDER] for row in mine})
    cuts = _decide(tx, order_ids)
    _carry_out(tx, cuts)
    found = [p for list_ in parcels_flow.alive(tx, order_ids).values() for p in list_]
    _ask(tx, found, known, now, look=False)
    return {p.id for p in found if p.label_origin == PLATFORM and not known[p.shop_id].invoice}


def follow(tx: Tx, shop_id: int, order_ids: Collection[int], now: int, actor: str) -> None:
    """Orders of a shop were told anew: cut their parcels so, ask for what is missing, tell it in the journal."""
    known = wanted.ways(tx)
    if shop_id not in known or not order_ids:
        return
    cuts = _decide(tx, sorted(order_ids))
    tagged = _carry_out(tx, cuts)
    touched = {cut.order_id for cut in cuts} | {parcel.order_id for parcel in tagged}
    alive = parcels_flow.alive(tx, sorted({*order_ids, *touched}))
    if cuts:
        changed = [p for id_ in touched for p in alive.get(id_, ())]
        _ask(tx, changed, known, now, look=True)
        _tell(tx, cuts, tagged, now, actor)
    rows = [p for id_ in order_ids for p in alive.get(id_, ())]
    missing = wanted.labelled_there(rows, known)
    if missing:
        refs = {row.id: row.platform_order_id for row in orders_queries.heads_of(tx, {p.order_id for p in missing})}
        effects.put(tx, [wanted.label(p, refs[p.order_id], now) for p in missing])


def _decide(tx: Tx, order_ids: Sequence[int]) -> list[Cut]:
    """How the parcels of these orders must change; orders that stay as they are are left out."""
    lines = orders_queries.lines(tx, order_ids)
    alive = parcels_flow.alive(tx, order_ids)
    items = queries.items(tx, [parcel.id for list_ in alive.values() for parcel in list_])
    held: dict[int, Units] = {}
    for row in inventory.reserved(tx, list(alive)):
        if row.state != "released":
            held.setdefault(row.order_id, {})[row.line_no, row.sku_id] = row.quantity
    cuts = []
    for id_ in order_ids:
        have = {parcel.id: _units(items.get(parcel.id, ())) for parcel in alive.get(id_, ())}
        want = _wanted(lines.get(id_, ()), held.get(id_, {}))
        if have and want and (cut := decide(id_, alive[id_], have, want)):
            cuts.append(cut)
    return cuts


def _units(items: Iterable[Item]) -> Units:
    return {(item.line_no, item.sku_id): item.quantity for item in items}


def _wanted(lines: Iterable[Line], held: Units) -> dict[str, Units]:
    """Platform package ('' for none yet) → the units that belong in it."""
    package_of = {line.line_no: line.package_ref for line in lines if line.state != CANCELLED}
    want: dict[str, Units] = {}
    for (line, sku), quantity in held.items():
        if line in package_of:
            want.setdefault(package_of[line], {})[line, sku] = quantity
    return want


def decide(order_id: int, alive: Sequence[Parcel], have: Mapping[int, Units], want: Mapping[str, Units]) -> Cut | None:
    """How an order's parcels become those of `want`; None when they are. Pure."""
    free = list(alive)
    pairs: dict[str, Parcel | None] = {}
    for ref in sorted(want, key=lambda ref: not any(p.platform_ref == ref for p in alive)):
        found = _best(free, have, ref, want[ref])
        pairs[ref] = found
        if found is not None:
            free.remove(found)
    kept, fresh, anew, items = [], [], set(), {}
    first = alive[0]
    whole = sum(sum(units.values()) for units in want.values()) or 1
    for ref, parcel in pairs.items():
        share = sum(want[ref].values())
        if parcel is None:
            fresh.append(_new(first, ref, first.weight_g * share // whole))
            items[fresh[-1].id] = want[ref]
            continue
        other = _others(parcel, have.get(parcel.id, {}), want[ref])
        void = parcel.label_origin == PLATFORM and parcel.platform_ref not in ("", ref)
        if other:
            items[parcel.id] = want[ref]
        if void:
            anew.add(parcel.id)
        if other or parcel.platform_ref != ref:
            kept.append(_kept(parcel, ref, void, first.weight_g * share // whole if other else parcel.weight_g))
    if not (kept or fresh or free):
        return None
    left = {parcel.id: parcel for parcel in alive}
    stuck = any(left[id_].packed_at is not None for id_ in {*items, *anew} if id_ in left)
    stuck = stuck or any(parcel.packed_at is not None for parcel in free)
    before = frozenset(parcel.platform_ref for parcel in alive)
    return Cut(order_id, kept, fresh, free, items, frozenset(anew), stuck, before)


def _others(parcel: Parcel, have: Units, want: Units) -> bool:
    """Whether a parcel is to hold other units; in a packed one only what lies in it counts, not under which line."""
    return have != want if parcel.packed_at is None else _by_sku(have) != _by_sku(want)


def _by_sku(units: Units) -> dict[int, int]:
    found: dict[int, int] = {}
    for (_, sku), quantity in units.items():
        found[sku] = found.get(sku, 0) + quantity
    return found


def _best(free: Sequence[Parcel], have: Mapping[int, Units], ref: str, units: Units) -> Parcel | None:
    """The parcel that is, or becomes, the platform's package: by name, by its units, one without a name, any."""

    def fit(parcel: Parcel) -> tuple[bool, bool, bool, int]:
        same = have.get(parcel.id, {}) == units
        return (parcel.platform_ref != ref, not same, parcel.platform_ref != "", parcel.id)

    return min(free, key=fit, default=None)


def _kept(parcel: Parcel, ref: str, void: bool, weight: int) -> Parcel:
    parcel = parcel._replace(platform_ref=ref, weight_g=weight)
    if not void:
        return parcel
    return parcel._replace(state=model.PLANNED, label_id=None, tracking_number="", arranged_at=None)


def _new(first: Parcel, ref: str, weight: int) -> Parcel:
    origin = PLATFORM if first.label_origin == PLATFORM else model.CARRIER
    return first._replace(
        id=new_id(), platform_ref=ref, state=model.PLANNED, tag=SPLIT, tracking_number="", label_origin=origin,
        label_id=None, weight_g=weight, arranged_at=None, packed_at=None, reported_at=None, handed_over_at=None,
        first_scan_at=None, delivered_at=None,
    )  # fmt: skip


def _carry_out(tx: Tx, cuts: Sequence[Cut]) -> list[Parcel]:
    """Write the cuts that can be made; returns parcels whose tag changed by them (before the change)."""
    made = [cut for cut in cuts if not cut.stuck]
    fresh = [parcel for cut in made for parcel in cut.fresh]
    warehouse.open_packages(tx, [_row(parcel) for parcel in fresh], [])
    warehouse.move(tx, _MOVED, [(p.id, *(getattr(p, n) for n in _MOVED)) for cut in made for p in cut.kept])
    order_of = {p.id: p.order_id for cut in made for p in (*cut.kept, *cut.fresh)}
    units = {id_: content for cut in made for id_, content in cut.items.items()}
    gone = [parcel.id for cut in made for parcel in cut.gone]
    warehouse.refill(tx, [*units, *gone], [
        (id_, order_of[id_], line, sku, quantity, 0)
        for id_, content in units.items()
        for (line, sku), quantity in content.items()
    ])  # fmt: skip
    warehouse.cancel(tx, gone)
    _join(tx, [(parcel.wave_id, 1) for parcel in fresh] + [(p.wave_id, -1) for cut in made for p in cut.gone])
    void = {*gone, *(id_ for cut in made for id_ in cut.anew)}
    if void:
        known = effects.of_orders(tx, {cut.order_id for cut in made}, OF_PARCEL)
        effects.drop(tx, [one.id for one in known if one.package_id in void], GONE)
    return _tag(tx, made)


def _row(parcel: Parcel) -> tuple[object, ...]:
    values = parcel._asdict()
    return tuple(values[name] for name in warehouse.PACKAGE_COLUMNS)


def _join(tx: Tx, moves: Iterable[tuple[int | None, int]]) -> None:
    counts: dict[int, int] = {}
    for wave, n in moves:
        if wave is not None:
            counts[wave] = counts.get(wave, 0) + n
    warehouse.join_waves(tx, [(wave, n) for wave, n in sorted(counts.items()) if n], 1 << 30)


def _tag(tx: Tx, cuts: Sequence[Cut]) -> list[Parcel]:
    """Say of parcels that they are split or combined; combined ones go into one wave. Those that changed, as before."""
    if not cuts:
        return []
    touched = parcels_flow.alive(tx, sorted({cut.order_id for cut in cuts}))
    mine = {p.id: p for list_ in touched.values() for p in list_}
    shared: dict[tuple[int, str], list[Parcel]] = {}
    refs = {p.platform_ref for p in mine.values()} | {ref for cut in cuts for ref in cut.before}
    for parcel in queries.parcels_with_ref(tx, refs):
        if parcel.state != model.CANCELLED:
            shared.setdefault((parcel.shop_id, parcel.platform_ref), []).append(parcel)
            mine.setdefault(parcel.id, parcel)
    rows, changed = [], []
    for parcel in mine.values():
        group = shared.get((parcel.shop_id, parcel.platform_ref), [parcel]) if parcel.platform_ref else [parcel]
        split = SPLIT if len(touched.get(parcel.order_id, ())) > 1 else ""
        tag = COMBINE if len({one.order_id for one in group}) > 1 else split
        wave = group[0].wave_id if tag == COMBINE and parcel.packed_at is None else parcel.wave_id
        if (tag, wave) != (parcel.tag, parcel.wave_id):
            rows.append((parcel.id, tag, wave))
            _join(tx, [(parcel.wave_id, -1), (wave, 1)] if wave != parcel.wave_id else [])
        if tag != parcel.tag:
            changed.append(parcel)
    warehouse.move(tx, ("tag", "wave_id"), rows)
    return changed


def _ask(tx: Tx, found: Sequence[Parcel], known: Mapping[int, Way], now: int, *, look: bool) -> None:
    """Ask for what these parcels still lack: arranging, or the label of what is arranged."""
    mine = [p for p in found if p.label_origin == PLATFORM and p.shop_id in known and not known[p.shop_id].invoice]
    plain = [p for p in mine if p.state == model.PLANNED]
    effects.put(tx, wanted.arrangements(tx, plain, known, now, look=look))
    missing = wanted.labelled_there(mine, known)
    if missing:
        refs = {row.id: row.platform_order_id for row in orders_queries.heads_of(tx, {p.order_id for p in missing})}
        effects.put(tx, [wanted.label(p, refs[p.order_id], now) for p in missing])


def _tell(tx: Tx, cuts: Sequence[Cut], tagged: Sequence[Parcel], now: int, actor: str) -> None:
    """Journal entries and holds of what was cut."""
    was = {parcel.order_id: parcel.tag for parcel in tagged}
    ids = {cut.order_id for cut in cuts} | set(was)
    rows = {row.id: row for row in orders_queries.heads_of(tx, ids)}
    alive = parcels_flow.alive(tx, sorted(ids))
    changes: dict[int, Change] = {}
    held: dict[int, list[Hold]] = {}
    stuck = {cut.order_id for cut in cuts if cut.stuck}
    grown = {cut.order_id for cut in cuts if cut.fresh}
    for id_ in sorted(ids):
        parcels = alive.get(id_, [])
        data: dict[str, Any] = {"parcels": [str(p.id) for p in parcels], "refs": [p.platform_ref for p in parcels]}
        if id_ in stuck:
            if rows[id_].state not in FINISHED:
                held[id_] = [hold("label_void", "package")]
            kind = "label_void"
        elif any(p.tag == COMBINE for p in parcels) and was.get(id_) is not None:
            kind = "combined"
        elif was.get(id_) == COMBINE:
            kind = "uncombined"
        else:
            kind = "split" if id_ in grown else "regrouped"
        changes[id_] = Change([journal.Entry(id_, kind, now, actor, data)])
    orders.hold(tx, held, now)
    release(tx, ids - stuck, ("change_declined",), "the platform has changed it", now)
    write(tx, rows, changes)
