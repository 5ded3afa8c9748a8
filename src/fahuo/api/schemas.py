"""What goes over the wire, as OpenAPI shows it. Answers may grow fields; enums are open; absent means unknown."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Open(BaseModel):
    """May carry more than is written here."""

    model_config = ConfigDict(extra="allow")


class ProblemOut(Open):
    """RFC 9457. `code` is stable and for programs; `next` says what to do."""

    type: str = Field(examples=["urn:fahuo:problem:not_found"])
    title: str
    status: int
    code: str
    field: str | None = None
    value: str | None = None
    next: str | None = None


class MoneyOut(Open):
    """An amount in major units as text, and its currency."""

    amount: str = Field(examples=["12.30"])
    currency: str = Field(examples=["USD"])


class HoldOut(Open):
    """Why an order is held (`blocks`) or noted."""

    code: str
    owner: str
    blocks: bool
    since_at: str


class OrderRow(Open):
    """An order in a list."""

    id: str
    platform_order_id: str
    shop: str | None = None
    market: str
    state: str
    station: str
    held: list[HoldOut]
    due_at: str | None = None
    clock: str | None = None
    total: MoneyOut | None = None
    version: int


class OrdersOut(Open):
    """A page of orders; `next` is the cursor of the page after, absent at the end."""

    schema_: str = Field("fahuo.orders/1", alias="schema")
    orders: list[OrderRow]
    next: str | None = None


class OrderOut(Open):
    """One order with lines, clocks, holds, parcels, plan, messages and journal. No personal data."""

    schema_: str = Field("fahuo.order/1", alias="schema")
    id: str
    platform_order_id: str
    state: str
    station: str
    version: int
    lines: list[dict[str, Any]]
    clocks: list[dict[str, Any]]
    holds: list[HoldOut]
    parcels: list[dict[str, Any]]
    journal: list[dict[str, Any]]


class RefusedOut(Open):
    """One order that was not taken, and why."""

    file: str
    row: int | None = None
    order: str
    code: str
    field: str | None = None
    value: str | None = None
    message: str


class ImportOut(Open):
    """What came of orders sent; counts are orders."""

    schema_: str = Field("fahuo.import/1", alias="schema")
    read: int
    created: int
    updated: int
    unchanged: int
    refused: list[RefusedOut]


class ReleaseIn(BaseModel):
    """Which holds to release (all open ones when left out), with a note for the record."""

    model_config = ConfigDict(extra="forbid")
    codes: list[str] | None = Field(None, max_length=50)
    note: str = Field("", max_length=500)


class HoldIn(BaseModel):
    """Why the order is to wait for a person."""

    model_config = ConfigDict(extra="forbid")
    note: str = Field("", max_length=500)


class ScanIn(BaseModel):
    """A scanned barcode."""

    model_config = ConfigDict(extra="forbid")
    code: str = Field(min_length=1, max_length=200)


class ChangedOut(Open):
    """The order after the change; `changed` is false when it was so already."""

    schema_: str = Field("fahuo.changed/1", alias="schema")
    id: str
    changed: bool
    version: int | None = None


class BenchItemOut(Open):
    """An article of the parcel on the bench."""

    sku: str
    name: str
    barcode: str
    quantity: int
    scanned: int


class ParcelOut(Open):
    """The parcel on the bench; `complete`: every article was scanned."""

    schema_: str = Field("fahuo.parcel/1", alias="schema")
    id: str
    order: str
    shop: str
    carrier: str
    tracking_number: str
    state: str
    items: list[BenchItemOut]
    complete: bool


class PageOut(Open):
    """A page of a list; `next` is the cursor of the page after, absent at the end."""

    schema_: str = Field("", alias="schema")
    next: str | None = None


class ConnectionOut(Open):
    """A shop's connection: none, active, expiring, limited, expired, withdrawn or refused, and all known of it."""

    schema_: str = Field("fahuo.connection/1", alias="schema")
    shop_id: str
    shop: str
    state: str
    way_out: dict[str, str] | None = None
    lacking: dict[str, str] | None = None
    effects: dict[str, int] = {}
    effects_stalled: int = 0


class MetricsOut(Open):
    """Figures of the control tower."""

    schema_: str = Field("fahuo.metrics/1", alias="schema")
    at: str
    stations: dict[str, int]
    no_rule_found: int
    at_stake: list[dict[str, Any]]
    late_rate: list[dict[str, Any]]
    due: list[dict[str, Any]]


class AnswerIn(BaseModel):
    """An answer to a request: approve, or reject with one of the platform's reasons."""

    decision: str = Field(examples=["approve", "reject"])
    reason: str = ""
    comment: str = Field(default="", max_length=200)


class SayIn(BaseModel):
    """A message to a buyer; plain text."""

    words: str = Field(min_length=1, max_length=2000)
    order_id: int | None = None


class AskedOut(Open):
    """The platform is asked; the order tells what it says."""


class SplitIn(BaseModel):
    """For each parcel to be: SKU to units. Units that no parcel names go into one of their own."""

    groups: list[dict[str, int]] = Field(min_length=1, max_length=50)


class CombineIn(BaseModel):
    """Orders, by our ids."""

    orders: list[str] = Field(min_length=2, max_length=20)


class ScheduleIn(BaseModel):
    """A slot as the list of slots shows it; without one the parcel is dropped off."""

    start: str | None = None
    end: str | None = None


class CorrectIn(BaseModel):
    """The right number, and the carrier when that was wrong too."""

    number: str = Field(max_length=60)
    carrier: str = Field(default="", max_length=80)


class DecideIn(BaseModel):
    """What a person found out about a bundle whose answer was lost."""

    made: bool
    platform_ref: str = Field(default="", max_length=60)


class HandoverIn(BaseModel):
    """Which parcels go: a whole wave, or waybill numbers. `count`: how many the carrier counted."""

    wave: int | None = None
    numbers: list[str] = Field(default_factory=list, max_length=1000)
    count: int | None = Field(default=None, ge=0)


class BundleIn(BaseModel):
    """A first-mile bundle of all that waits in a warehouse: by a domestic courier, or picked up by the platform."""

    shop: str
    warehouse: str
    courier: str = Field(default="", max_length=80)
    number: str = Field(default="", max_length=60)
    phone_tail: str = Field(default="", max_length=4)
    pickup: bool = False
