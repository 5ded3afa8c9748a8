"""Use case: everything that is due. One pass through the stations in the order of the journey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from fahuo.channels.ports import Outbound
from fahuo.flow import access, alerts, follow, fulfil, notices, requests
from fahuo.flow.arrive import Arrivals, Arrived, arrive
from fahuo.flow.dispatch import work
from fahuo.flow.house import House, open_desk
from fahuo.flow.numbering import give_numbers
from fahuo.flow.plan import plan_all
from fahuo.flow.recompute import if_changed
from fahuo.flow.restock import recheck
from fahuo.kernel.batches import calm_collector
from fahuo.kernel.clock import technical_ms
from fahuo.orders.tables import orders
from fahuo.store import checkpoint
from fahuo.store.engine import Tx
from fahuo.store.settings import job_due

CHECKPOINT_S: Final = 3_600
DAY_S: Final = 86_400


class Pass(msgspec.Struct):
    """What one pass did. Counts are orders, effects by the state of their answer."""

    arrived: Arrived = msgspec.field(default_factory=Arrived)
    rechecked: int = 0
    planned: int = 0
    unplanned: int = 0
    numbered: int = 0
    reclocked: int = 0
    effects: dict[str, int] = {}
    alerts: int = 0
    checkpoint: bool = False
    seconds: float = 0.0


def run_once(
    house: House,
    outbound: Mapping[str, Outbound],
    *,
    actor: str = "run",
    seller_id: int = 1,
    arrivals: Arrivals | None = None,
) -> Pass:
    """Let orders arrive, recheck what waits, plan what has its units, carry out what is due, sign the journal hourly.

    `arrivals`: orders arrive beside this pass; without it every connected shop is pulled first.
    """
    began = technical_ms()
    now = house.clock.now()
    done = Pass()
    with calm_collector():
        done.arrived = arrivals.step() if arrivals else arrive(house, actor=actor, seller_id=seller_id, at_once=True)
    changed = if_changed(house, actor, seller_id=seller_id)
    done.reclocked = changed.changed if changed else 0
    with house.store.read(seller_id) as tx:
        desk = open_desk(tx, actor)
    with calm_collector():
        done.rechecked = recheck(house.store, desk, now, seller_id=seller_id)
        done.numbered = give_numbers(house.store, desk, now, seller_id=seller_id)
        planned = plan_all(house.store, desk, now, seller_id=seller_id)
    done.planned, done.unplanned = planned["planned"], planned["unplanned"]
    with house.store.write(seller_id) as tx:
        fulfil.resume(tx, now)
        follow.ask(tx, now, actor)
    done.effects = dict(work(house.store, outbound, now, worker=actor, seller_id=seller_id))
    alerts.notice(house, seller_id)
    done.alerts = alerts.send(house, worker=actor, seller_id=seller_id)
    _tidy(house, now, actor, seller_id)
    with house.store.write(seller_id) as tx:
        done.checkpoint = _checkpoint(tx, now, actor)
    done.seconds = (technical_ms() - began) / 1000
    return done


def _tidy(house: House, now: int, worker: str, seller_id: int) -> None:
    """Forget ended sessions, log-in attempts and answers kept for repeated requests, once a day."""
    with house.store.write(seller_id) as tx:
        due = job_due(tx, "tidy", DAY_S, now, worker)
    if due:
        access.tidy(house)
        requests.tidy(house)
        notices.tidy(house.store, seller_id=seller_id)


def _checkpoint(tx: Tx, now: int, worker: str) -> bool:
    return job_due(tx, "journal checkpoint", CHECKPOINT_S, now, worker) and checkpoint.make(tx, orders, now) is not None
