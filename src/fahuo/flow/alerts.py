"""Use cases of staff alerts: notice what somebody must know now, once for each fact, and send it by Apprise.

A fact is what happens by when. The number only counts by its size: the same fact is told again when it has doubled.
Where to send is the setting `alerts.urls` (a list of Apprise URLs, sealed, for they carry tokens).
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import apprise
import msgspec

from fahuo.catalogue import queries as catalogue
from fahuo.flow.house import House
from fahuo.kernel import crypto
from fahuo.kernel.instant import local, zone
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, t
from fahuo.orders import due
from fahuo.store import effects, settings
from fahuo.store.effects import Answer, Claimed, Effect
from fahuo.store.engine import Tx
from fahuo.warehouse import floor

LANE: Final = "alert"
KIND: Final = "staff_alert"
URLS: Final = "alerts.urls"
AHEAD_H: Final = 12
SOON_H: Final = 2
TEXTS: Final = {
    "breach": N_("{count} orders breach by {when}: the floor cannot pack them in time."),
    "due_soon": N_("{count} orders are due by {when} and not packed yet."),
    "overdue": N_("{count} orders are overdue and still here."),
    "messages": N_("{count} messages to platforms or carriers wait for a decision."),
}


class Fact(NamedTuple):
    """Something staff must know: how many, by when (0: now)."""

    name: str
    number: int
    at: int

    def key(self, day: str) -> str:
        """Equal for the same fact: its hour or day, and the order of magnitude of its number."""
        return f"{KIND}:{self.name}:{self.at or day}:{self.number.bit_length()}"


def notice(house: House, seller_id: int = 1) -> int:
    """Look at the figures and write an alert for each fact nobody has been told; how many were new."""
    now = house.clock.now()
    with house.store.write(seller_id) as tx:
        if not settings.get(tx, URLS):
            return 0
        day = local(now, zone(_zone(tx))).date().isoformat()
        return effects.put(tx, [_effect(fact, fact.key(day), now) for fact in facts(tx, now)])


def facts(tx: Tx, now: int) -> list[Fact]:
    """What staff should know at `now`."""
    at = floor.marks(now, AHEAD_H)
    overdue, hours = due.by_hour(tx, now, AHEAD_H)
    total = floor.cumulated(overdue, hours)
    packed = floor.packable(
        catalogue.warehouse_list(tx),
        at,
        settings.get(tx, "floor.opens", floor.OPENS),
        settings.get(tx, "floor.closes", floor.CLOSES),
    )
    found = []
    if packed is None:
        found.append(Fact("due_soon", total[SOON_H] - overdue, at[SOON_H]))
    elif short := floor.worst(at, total, packed):
        found.append(Fact("breach", short.orders, short.at))
    found.append(Fact("overdue", overdue, 0))
    open_ = effects.open_counts(tx)
    stuck = sum(
        n for (lane, state), n in open_.items() if lane != LANE and state in ("unknown", "declined", "given_up")
    )
    found.append(Fact("messages", stuck, 0))
    return [fact for fact in found if fact.number > 0]


def _effect(fact: Fact, key: str, now: int) -> Effect:
    body = {"fact": fact.name, "count": fact.number, "at": fact.at}
    # Apprise cannot say whether an answer was lost: telling twice is better than not telling.
    return Effect(key, KIND, LANE, None, None, None, now, body, safety="idempotent")


def _zone(tx: Tx) -> str:
    places = catalogue.warehouse_list(tx)
    return places[0].zone if places else "UTC"


def words(body: dict[str, Any], lang: str, zone_name: str) -> str:
    """The alert in a language, times in the first warehouse's zone."""
    when = local(body["at"], zone(zone_name)).strftime("%H:%M") if body["at"] else ""
    return t(TEXTS[body["fact"]], lang, count=body["count"], when=when)


def in_words(tx: Tx, found: Sequence[Fact], lang: str) -> list[str]:
    """The facts as staff would read them."""
    return [words(_effect(fact, "", 0).body, lang, _zone(tx)) for fact in found]


def set_urls(house: House, urls: Sequence[str], seller_id: int = 1) -> None:
    """Where alerts go. Raises Failure naming the first URL that Apprise does not understand, by its place."""
    for number, url in enumerate(urls, 1):
        if apprise.Apprise.instantiate(url) is None:
            raise Failure(
                Problem(
                    "alert_url",
                    "urls",
                    str(number),
                    N_("Address {number} is none that alerts can be sent to."),
                    N_("See the list of services of Apprise, and write the URL as shown there."),
                    {"number": number},
                )
            )
    with house.store.write(seller_id) as tx:
        sealed = crypto.seal(tx.keys.data, msgspec.json.encode(list(urls)), _place(tx))
        settings.put(tx, URLS, base64.b64encode(sealed).decode() if urls else "")


def urls(tx: Tx) -> list[str]:
    """Where alerts go; empty when nowhere."""
    sealed = settings.get(tx, URLS, "")
    if not sealed:
        return []
    return msgspec.json.decode(crypto.open_sealed(tx.keys.data, base64.b64decode(sealed), _place(tx)), type=list[str])


def _place(tx: Tx) -> bytes:
    return f"{tx.seller_id}|{URLS}".encode()


def send(house: House, limit: int = 20, worker: str = "worker", seller_id: int = 1) -> int:
    """Send the alerts that are due; how many went out."""
    claimed = effects.claim(house.store, worker, [LANE], limit, house.clock.now(), seller_id=seller_id)
    if not claimed:
        return 0
    with house.store.read(seller_id) as tx:
        targets, zone_name = urls(tx), _zone(tx)
    answers = [_tell(one, targets, house.lang, zone_name) for one in claimed]
    with house.store.write(seller_id) as tx:
        effects.finish(tx, answers)
    return sum(answer.state == "done" for answer in answers)


def _tell(one: Claimed, targets: Sequence[str], lang: str, zone_name: str) -> Answer:
    if not targets:
        return one.answer("declined", {"why": "no address"})
    post = apprise.Apprise()
    for url in targets:
        post.add(url)
    text = words(one.body, lang, zone_name)
    logging.getLogger("apprise").setLevel(logging.ERROR)  # its lower levels would write addresses with their tokens
    try:
        sent = post.notify(body=text, title="Fahuo", notify_type=apprise.NotifyType.WARNING)
    except (TypeError, ValueError) as error:
        return one.answer("retry", {"why": type(error).__name__})
    return one.answer("done", {"text": text}) if sent else one.answer("retry", {"why": "not delivered"})
