"""The proof at the end of a run full of faults: both sides agree, nothing is lost, nothing was done twice.

What the platform really did stands in the sandbox's log: a call counts when it was carried out, whatever became of its
answer. What Fahuo believes stands in its database.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any, Final, NamedTuple

import msgspec

from fahuo.demo.errands import MARK
from fahuo.demo.platform import Platform
from fahuo.flow.house import House
from fahuo.flow.verify import verify_all
from fahuo.store.engine import Tx
from fahuo.talks import queries as talks

INTERNAL: Final = 36009003
_LOGGED: Final = 2_000
_BATCH: Final = ("/packages/ship",)
_ONCE: Final = tuple(
    (name, re.compile(shape))
    for name, shape in (
        ("parcel created", r"/fulfillment/\d+/packages$"),
        ("parcel shipped", r"/fulfillment/\d+/packages/(?P<id>\d+)/ship$"),
        ("parcels shipped", r"/fulfillment/\d+/packages/ship$"),
        ("reported", r"/fulfillment/\d+/orders/(?P<id>\d+)/packages$"),
        ("bundled", r"/fulfillment/\d+/bundles$"),
        ("message", r"/customer_service/\d+/conversations/(?P<id>\d+)/messages$"),
        ("cancelled", r"/return_refund/\d+/cancellations$"),
        ("cancel answer", r"/return_refund/\d+/cancellations/(?P<id>\d+)/(approve|reject)$"),
        ("return answer", r"/return_refund/\d+/returns/(?P<id>\d+)/(approve|reject)$"),
    )
)


class Log:
    """Every call the sandbox received, read often enough that none is missed."""

    def __init__(self) -> None:
        self.calls: dict[str, dict[str, Any]] = {}
        self.missed = False

    def read(self, outside: Platform) -> None:
        """Take what is new."""
        found = outside.listed("requests", limit=_LOGGED)
        fresh = [one for one in found if one["request_id"] not in self.calls]
        self.missed |= bool(self.calls) and len(fresh) == _LOGGED
        self.calls.update((one["request_id"], one) for one in fresh)

    def doubles(self) -> list[str]:
        """What was carried out more than once though once was meant."""
        times: Counter[tuple[str, ...]] = Counter()
        keys: set[str] = set()
        for call in self.calls.values():
            key = call["query"].get("idempotency_key")
            if call["method"] == "POST" and call["done"] and key not in keys:
                times.update(_acts(call))
            if call["done"] and key:
                keys.add(key)  # the platform takes a key once; what bears it again does nothing
        return [f"{' '.join(act)}: {number} times" for act, number in sorted(times.items()) if number > 1]

    def figures(self) -> dict[str, int]:
        """Acts carried out, by kind."""
        counted: Counter[str] = Counter()
        for call in self.calls.values():
            if call["method"] == "POST" and call["done"]:
                counted.update(act[0] for act in _acts(call))
        return dict(sorted(counted.items()))

    def bugs(self) -> list[str]:
        """Answers by which the sandbox itself failed: nobody asked it to."""
        asked = {"internal", "bad_gateway", "timeout"}
        return [
            f"{one['method']} {one['path']}: {one['message']}"
            for one in self.calls.values()
            if one["code"] == INTERNAL and not asked & set(one["faults"])
        ]


def _acts(call: dict[str, Any]) -> list[tuple[str, ...]]:
    """What a call that was carried out has done, each thing by kind and what it was done to."""
    for name, shape in _ONCE:
        found = shape.search(call["path"])
        if found is None:
            continue
        if name == "parcels shipped":
            out = {str(error.get("detail", {}).get("package_id")) for error in call["errors"]}
            return [("parcel shipped", ref) for ref in re.findall(r'"id":"(\d+)"', call["body"]) if ref not in out]
        body = msgspec.json.decode(call["body"]) if call["body"] else {}
        if name == "parcel created":
            return [(name, str(body.get("order_id")), str(sorted(body.get("order_line_item_ids", ()))))]
        if name in ("reported", "message", "cancelled", "bundled"):
            return [(name, call["path"], str(sorted(body.items())))]
        if name == "return answer":  # a return is agreed to, and later its parcel accepted: two questions
            return [(name, found["id"], str(body.get("decision")))]
        return [(name, found["id"])]
    return []


class Proof(NamedTuple):
    """`wrong`: what must not be, by kind, with the first cases; empty when all is well."""

    figures: dict[str, Any]
    wrong: dict[str, list[str]]


def prove(house: House, outside: Platform, log: Log) -> Proof:
    """Compare both sides and look for everything that must not be."""
    theirs = {(str(one["shop_id"]), str(one["id"])): str(one["status"]) for one in outside.listed("orders")}
    with house.store.read() as tx:
        ours, twice = _ours(tx)
        effects = _effects(tx)
        said, journal, notices = _messages(tx), _journal_twice(tx), _notices(tx)
    apart = [
        f"{shop}/{ref}: platform {theirs.get((shop, ref), '-')}, Fahuo {ours.get((shop, ref), '-')}"
        for shop, ref in sorted(theirs.keys() | ours.keys())
        if theirs.get((shop, ref)) != ours.get((shop, ref))
    ]
    sent, there = effects["send_message", "done", ""], log.figures().get("message", 0)
    wrong = {
        "apart": apart,
        "one_order_twice": twice,
        "done_twice": log.doubles(),
        "in_two_parcels": _in_two_parcels(outside),
        "message_twice": [f"{words!r} {number} times" for words, number in said.items() if number > 1],
        "message_lost": [f"{sent} sent, {there} arrived"] if there < sent else [],
        "journal_twice": journal,
        "given_up": [f"{kind} {why}: {n}" for (kind, state, why), n in effects.items() if state == "given_up"],
        "no_reason": [f"{kind} {told}: {n}" for (kind, told, why), n in effects.items() if told in _TOLD and not why],
        "database": [f"{check}: {problem.render(house.lang).message}" for check, problem in verify_all(house)],
        "sandbox_bugs": log.bugs(),
        "log_incomplete": ["calls were missed"] if log.missed else [],
    }
    figures = {
        "orders": len(theirs),
        "states": dict(sorted(Counter(ours.values()).items())),
        "agree": len(theirs) - len(apart),
        "apart": len(apart),
        "calls": len(log.calls),
        "carried_out": log.figures(),
        "effects": _by_state(effects),
        "declined": {f"{k} {s}: {w}": n for (k, s, w), n in sorted(effects.items()) if s in _TOLD},
        **notices,
    }
    return Proof(figures, {name: texts[:20] for name, texts in wrong.items() if texts})


def _notices(tx: Tx) -> dict[str, dict[str, int]]:
    """What became of the platform's notices, why some wait for a person, what was counted at the door."""
    asked = {
        "notices": "SELECT state, COUNT(*) FROM notices WHERE seller_id = :s GROUP BY state",
        "parked": "SELECT kind || ': ' || why, COUNT(*) FROM notices WHERE seller_id = :s AND state = 'parked'"
        " GROUP BY kind, why",
        "door": "SELECT what, SUM(count) FROM notice_counts WHERE seller_id = :s GROUP BY what",
    }
    return {
        name: {str(what): int(number) for what, number in sorted(tx.rows(query, s=tx.seller_id))}
        for name, query in asked.items()
    }


def _by_state(effects: Counter[tuple[str, str, str]]) -> dict[str, dict[str, int]]:
    """Kind → state → how many."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (kind, state, _), number in sorted(effects.items()):
        found[kind][state] = found[kind].get(state, 0) + number
    return dict(found)


_TOLD: Final = ("declined", "given_up", "unknown")


def _ours(tx: Tx) -> tuple[dict[tuple[str, str], str], list[str]]:
    """(platform's shop, platform's order) → state, and orders that stand in two places."""
    rows = tx.rows(
        "SELECT l.platform_shop_id, o.platform_order_id, o.state FROM orders o JOIN links l"
        " ON l.seller_id = o.seller_id AND l.shop_id = o.shop_id WHERE o.seller_id = :s",
        s=tx.seller_id,
    )
    often = Counter(str(ref) for _, ref, _ in rows)
    return {(str(shop), str(ref)): str(state) for shop, ref, state in rows}, [r for r, n in often.items() if n > 1]


def _effects(tx: Tx) -> Counter[tuple[str, str, str]]:
    """(kind, state, the outcome's code and words) of everything that was to be done outside."""
    found: Counter[tuple[str, str, str]] = Counter()
    for kind, state, outcome in tx.rows(
        "SELECT kind, state, outcome FROM effects WHERE seller_id = :s AND lane <> 'person'", s=tx.seller_id
    ):
        told = msgspec.json.decode(outcome or "{}")
        found[kind, state, _why(told) if state in _TOLD else ""] += 1
    return found


def _why(told: dict[str, Any]) -> str:
    """Why something was not done, the same for all that it befell: numbers in the platform's words are left out."""
    code, words = str(told.get("code") or told.get("why") or ""), str(told.get("message") or "")
    return f"{code} {re.sub('[0-9]{5,}', '…', words)[:100]}".strip()


def _messages(tx: Tx) -> Counter[str]:
    """Our words in all conversations, as the platform shows them now."""
    words: Counter[str] = Counter()
    for (id_,) in tx.rows("SELECT id FROM conversations WHERE seller_id = :s", s=tx.seller_id):
        words.update(one.words for one in talks.messages_of(tx, id_) if MARK in one.words)
    return words


def _journal_twice(tx: Tx) -> list[str]:
    """Parcels that were packed or handed over twice by their journal: more entries than parcels there ever were."""
    rows = tx.rows(
        "SELECT j.order_id, j.kind, COUNT(*), (SELECT COUNT(*) FROM packages p WHERE p.seller_id = j.seller_id AND"
        " p.order_id = j.order_id) FROM journal j WHERE j.seller_id = :s AND j.kind IN ('packed', 'handed_over')"
        " GROUP BY j.seller_id, j.order_id, j.kind",
        s=tx.seller_id,
    )
    return [f"order {order}: {kind} {n} times, {parcels} parcels" for order, kind, n, parcels in rows if n > parcels]


def _in_two_parcels(outside: Platform) -> list[str]:
    """Units that lie in two living packages of the platform."""
    often = Counter(
        line for one in outside.listed("packages") if one["status"] != "CANCELLED" for line in one["line_ids"]
    )
    return [line for line, number in often.items() if number > 1]
