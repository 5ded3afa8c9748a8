"""What the planner reads and what it decides: columns of orders, a network of warehouses and services, a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from fahuo.carriers.model import REFUSALS, Rate, Service
from fahuo.catalogue.model import Warehouse

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

PLATFORM: Final = "platform_decides"
SELLER: Final = "seller_decides"
ARRANGING: Final = "chosen_when_arranging"
"""The seller may choose, but only the platform knows among what: in Seller Center, when shipment is arranged."""
NOBODY: Final = "nothing_to_ship"
UNKNOWN: Final = "unknown_shipping_type"

NO_SERVICE: Final = "no_service"
NO_WAREHOUSE: Final = "no_warehouse"
UNKNOWN_WAREHOUSE: Final = "unknown_warehouse"

CARTON_OK: Final = ""
CARTON_UNKNOWN_SIZE: Final = "size_unknown"
CARTON_OWN: Final = "own_packaging"
CARTON_NONE: Final = "no_carton_fits"


class Carton(msgspec.Struct, frozen=True, kw_only=True):
    """A carton: inner size in mm (walls are neglected), what it may hold, what it weighs and costs."""

    id: int
    code: str
    length_mm: int
    width_mm: int
    height_mm: int
    max_weight_g: int
    tare_g: int
    cost: int
    currency: str
    packing: str = ""
    """Packing material the carton needs (tape, void fill), as the seller words it."""


@dataclass(slots=True)
class Items:
    """The units of all orders, one row an order and SKU. `sku` is an index into `size_mm` and the columns of `stock`.

    `size_mm` is (SKUs, 3), zeros where not known. `stock` is (warehouses, SKUs) units that may still be placed there,
    None when every warehouse may serve every order.
    """

    order: Ints
    sku: Ints
    quantity: Ints
    size_mm: Ints
    stock: Ints | None = None


@dataclass(slots=True)
class PlanOrders:
    """A batch of orders as columns of equal length.

    `weight_g`: items without carton. `goods`: bit mask. `due_at`: the seller's binding clock (NONE: no clock runs);
    `scan_clock`: it stops at the carrier's first scan (else at the hand-over). `penalty`: what missing it costs, in
    minor units of the plan's currency (NONE: not known, then lateness is avoided before cost is looked at).
    `pinned`: id of the warehouse the platform fixed, 0 when none.
    """

    ids: Ints
    market: Sequence[str]
    shipping_type: Sequence[str]
    country: Sequence[str]
    region: Sequence[str]
    postal: Sequence[str]
    weight_g: Ints
    goods: Ints
    due_at: Ints
    scan_clock: Bools
    penalty: Ints
    pinned: Ints
    items: Items

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True, kw_only=True)
class Network:
    """Where parcels can leave from and with whom. Money of the plan is minor units of `currency`.

    `exchange`: minor units of `currency` per million minor units of another currency; a currency without a rate is
    never added, its services are refused. `capacity_left`: parcels left by (service id, warehouse id, ISO day);
    absent: the service's own capacity, None there: no limit. `pack_seconds`: an order cannot leave sooner than that
    after `now`. `departures`: how many coming hand-overs of each service are considered.
    """

    warehouses: Sequence[Warehouse]
    services: Sequence[Service]
    rates: Sequence[Rate]
    cartons: Sequence[Carton] = ()
    currency: str = "USD"
    exponent: int = 2
    exchange: Mapping[str, int] = field(default_factory=dict)
    capacity_left: Mapping[tuple[int, int, str], int] = field(default_factory=dict)
    pack_seconds: int = 1800
    departures: int = 5
    fixed_currency: bool = False
    """The seller has chosen `currency` for all plans; else orders are planned in their own."""
    closed_days: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """ISO days a warehouse is closed although its weekday is a working one, by warehouse id."""


class Departure(NamedTuple):
    """One hand-over: option (warehouse × service) `pair`, instant of the cut-off, local ISO day, parcels left."""

    pair: int
    leave_at: int
    day: str
    capacity: int | None


@dataclass(slots=True)
class Choices:
    """How a class of alike orders was judged: refusal code by class and pair, price by class and pair (plan money)."""

    pairs: list[tuple[int, int]]
    """(index of the warehouse, index of the service) in the network."""
    departures: list[Departure]
    refused: NDArray[np.int8]
    price: Ints
    risk: Floats
    """Probability of missing the clock, by due cell and departure."""
    cell: Ints
    """Due cell of each class."""
    pair_of: Ints = field(init=False)
    leave: Ints = field(init=False)
    capacity: Ints = field(init=False)
    """Pair, instant and parcels left (-1: no limit) of each departure."""

    def __post_init__(self) -> None:
        leaving = self.departures
        self.pair_of = np.array([d.pair for d in leaving], dtype=np.int64)
        self.leave = np.array([d.leave_at for d in leaving], dtype=np.int64)
        self.capacity = np.array([-1 if d.capacity is None else d.capacity for d in leaving], dtype=np.int64)


@dataclass(slots=True)
class Plan:
    """One decision an order, in the order of the batch. Ids are 0 and instants NONE where there is none.

    `cost`: price of the service in minor units of the network's currency; `lateness`: expected penalty in the same.
    `reason`: '' when planned, else why not (a refusal code, or one of this module's). `carton_note`: '' or why there
    is no carton. `wave`: index into `waves`, -1 when not planned. `objective`, `bound`: cost of the plan (with
    lateness) and the proven lower bound of any plan under the same capacity; None when nothing was ours to choose.
    """

    ids: Ints
    warehouse: Ints
    service: Ints
    carton: Ints
    leave_at: Ints
    day: list[str]
    cost: Ints
    lateness: Ints
    chosen_by: list[str]
    reason: list[str]
    carton_note: list[str]
    wave: Ints
    waves: list[Wave]
    group: Ints
    """Index into `choices` of the group an order was planned with, -1: the choice was not ours."""
    class_of: Ints
    """Class of alike orders within the group."""
    choices: list[Choices]
    network: Network
    now: int
    due_at: Ints
    weight_g: Ints
    """With carton."""
    risk: Floats
    """Probability of missing the clock with what was chosen."""
    objective: float | None = None
    bound: float | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def gap(self) -> float:
        """Share by which the plan may be dearer than the best possible one."""
        if self.objective is None or self.bound is None or self.objective <= self.bound:
            return 0.0
        return (self.objective - self.bound) / max(self.bound, 1.0)

    def refusals(self, index: int) -> list[tuple[int, int, str]]:
        """(warehouse id, service id, reason code) of every option refused to that order's class."""
        group = int(self.group[index])
        return [] if group < 0 else self.refused(group, int(self.class_of[index]))

    def refused(self, group: int, class_: int) -> list[tuple[int, int, str]]:
        """(warehouse id, service id, reason code) of every option refused to a class of a group."""
        choices, network = self.choices[group], self.network
        row = choices.refused[class_].tolist()
        return [
            (network.warehouses[w].id, network.services[s].id, REFUSALS[code])
            for (w, s), code in zip(choices.pairs, row, strict=True)
            if code
        ]

    def fail(self, part: Ints, reason: str) -> None:
        """Note why the orders `part` (indices) cannot be planned."""
        for index in part.tolist():
            self.reason[index] = reason


@dataclass(slots=True, frozen=True)
class Wave:
    """Parcels that are picked together: one warehouse, one hand-over, ordered by the earliest clock in it."""

    warehouse_id: int
    service_id: int
    leave_at: int
    first_due_at: int
    parcels: int
