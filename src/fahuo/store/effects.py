"""Effects: calls to the outside as rows, written with the business change and carried out by workers afterwards.

put (in the transaction of the change) → claim (a batch, leased) → finish (fenced by the attempt number).

    due → claimed → done | declined | waiting (for proof from outside) | retry → … → given_up
                  → unknown (the answer was lost and repeating is not safe: a person decides)
        → dropped (the facts have overtaken it: nobody is to do it any more, a person can send it no more either)

Each effect says how repeating is safe: `idempotent` (the receiver ignores a key it knows), `readable` (hand it out
again flagged `read_first`: ask the other side before repeating), `ask`. `due_at` is business time; leases, back-off and
budgets run on technical milliseconds. Lanes share a claim evenly; within a lane each scope (a shop, a carrier account)
has its token bucket, and a dry one does not hold up the others.
"""

import random
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field, json
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    union_all,
    update,
)

from fahuo.kernel.clock import technical_ms
from fahuo.kernel.ids import new_ids
from fahuo.store import bulk
from fahuo.store.budgets import Buckets
from fahuo.store.engine import MAIN_SELLER, Store, Tx
from fahuo.store.tables import effects

LEASE_MS = 60_000
ATTEMPTS = 13
"""With the back-off below about an hour and a half: who is down that long is a person's matter."""
FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS = 2_000, 3_600_000
SAFETY = ("idempotent", "readable", "ask")
ANSWERS = ("done", "declined", "waiting", "retry", "unknown")


class Effect(Struct, frozen=True):
    """Something to be done outside. `key` comes from the fact, so the same fact never makes two.

    `body` holds references only, no personal data.
    """

    key: str
    kind: str
    lane: str
    shop_id: int | None
    order_id: int | None
    package_id: int | None
    due_at: int
    body: dict[str, Any]
    safety: str = "ask"
    scope: str = ""
    attempts_max: int = ATTEMPTS
    waits: bool = False
    """Not for a worker: a person does it, or a later import proves it."""


class Claimed(Struct, frozen=True):
    """An effect handed to one worker until the lease ends. `attempt` is the fence its answer must carry."""

    id: int
    key: str
    kind: str
    lane: str
    scope: str
    shop_id: int | None
    order_id: int | None
    package_id: int | None
    due_at: int
    safety: str
    attempt: int
    read_first: bool
    body: dict[str, Any]

    def answer(self, state: str, outcome: dict[str, Any] | None = None, due_at: int | None = None) -> "Answer":
        """The answer to this claim."""
        return Answer(self.id, self.attempt, state, outcome or {}, due_at, self.safety)


class Answer(Struct, frozen=True):
    """What became of a claim: done, declined, waiting, retry (it surely did not happen) or unknown (answer lost).

    `due_at` with retry: not before that business time; without it, back-off. Unknown means retry for an idempotent
    effect, ask-first for a readable one, and a person's decision otherwise.
    """

    id: int
    attempt: int
    state: str
    outcome: dict[str, Any] = field(default_factory=dict)
    due_at: int | None = None
    safety: str = "ask"


_PUT = (
    *("seller_id", "id", "key", "kind", "lane", "scope", "shop_id", "order_id", "package_id", "safety", "state"),
    *("due_at", "attempts", "attempts_max", "read_first", "lease_until_ms", "worker", "body", "outcome"),
)
_FENCE = ("seller_id", "id", "attempts")
_CLAIMED = (
    *("id", "key", "kind", "lane", "scope", "shop_id", "order_id", "package_id", "due_at", "safety", "attempts"),
    *("read_first", "body"),
)
_encode, _decode = json.Encoder().encode, json.Decoder(dict[str, Any]).decode
_e = effects.c
_OWN = _e.seller_id == bindparam("seller")
_IDS = bulk.any_of(_e.id, "ids")


def _in(*states: str) -> ColumnElement[bool]:
    # Written out, not as parameters: only then do both databases see that a partial index applies.
    words: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    return _e.state == words[0] if len(words) == 1 else _e.state.in_(words)


_DUE = and_(_in("due"), _e.due_at <= bindparam("now"))
_HELD = and_(_in("claimed", "retry"), _e.lease_until_ms <= bindparam("now_ms"))
_FOR_PEOPLE = _in("unknown", "declined", "given_up", "waiting")
# scope: ok -- both parts name the seller (_OWN)
_READY = select(or_(*[exists().where(_OWN, bulk.any_of(_e.lane, "lanes"), part) for part in (_DUE, _HELD)]))
_PICK = [
    select(_e.id, _e.scope)
    .where(_OWN, _e.lane == bindparam("lane"), ready)
    .where(not_(bulk.any_of(_e.scope, "dry")), not_(bulk.any_of(_e.id, "picked")))
    .order_by(order)
    .limit(bindparam("share"))
    .with_for_update(skip_locked=True)
    for ready, order in ((_HELD, _e.lease_until_ms), (_DUE, _e.due_at))
]
NO_ANSWER = json.encode({"code": "no_answer", "message": "the worker ended without an answer"}).decode()
# A claim that ended without an answer too often is given up too: it may be what kills its workers.
_LOSE = (
    update(effects)
    .where(_OWN, bulk.any_of(_e.lane, "lanes"), _HELD, _e.state == "claimed")
    .where(or_(_e.safety == "ask", _e.attempts >= _e.attempts_max))
    .values(state=case((_e.safety == "ask", "unknown"), else_="given_up"), outcome=NO_ANSWER)
)
_TAKE = (
    update(effects)
    .where(_OWN, _IDS)
    .values(
        state="claimed",
        attempts=_e.attempts + 1,
        worker=bindparam("by"),
        lease_until_ms=bindparam("until"),
        read_first=or_(_e.read_first, and_(_e.state == "claimed", _e.safety == "readable")),
    )
    .returning(*[_e[name] for name in _CLAIMED])
)


def put(tx: Tx, wanted: Sequence[Effect]) -> int:
    """Write effects with the business change; one whose key is there already is left alone. How many were new."""
    seller = tx.seller_id
    rows = []
    for id_, one in zip(new_ids(len(wanted)), wanted, strict=True):
        rows.append((
            seller, id_, one.key, one.kind, one.lane, one.scope, one.shop_id, one.order_id, one.package_id,
            one.safety, "waiting" if one.waits else "due", one.due_at, 0, one.attempts_max, False, 0, "",
            _encode(one.body).decode(), "{}",
        ))  # fmt: skip
    if any(one.safety not in SAFETY for one in wanted):
        raise ValueError(f"safety is one of {', '.join(SAFETY)}")
    return bulk.insert_new(tx, effects, _PUT, rows, ("seller_id", "key"))


def claim(
    store: Store,
    worker: str,
    lanes: Sequence[str],
    limit: int,
    now: int,
    *,
    now_ms: int | None = None,
    lease_ms: int = LEASE_MS,
    seller_id: int = MAIN_SELLER,
) -> list[Claimed]:
    """Up to `limit` effects of these lanes, due at `now` (business) or whose lease or back-off ended at `now_ms`.

    A claim whose lease ended is handed out again, except `ask` ones: those become unknown, for a person.
    """
    at_ms = technical_ms() if now_ms is None else now_ms
    times = {"seller": seller_id, "now": now, "now_ms": at_ms}
    with store.read(seller_id) as tx:
        if not tx.rows(_READY, lanes=bulk.array(tx, lanes), **times)[0][0]:
            return []
    with store.write(seller_id) as tx:
        tx.execute(_LOSE, times | {"lanes": bulk.array(tx, lanes)})
        buckets = Buckets(tx, lanes, at_ms)
        picked: list[int] = []
        for place, lane in enumerate(lanes):
            share = -(-(limit - len(picked)) // (len(lanes) - place))
            picked += _pick(tx, lane, share, buckets, times)
        buckets.save(tx)
        if not picked:
            return []
        mine = {"seller": seller_id, "ids": bulk.array(tx, picked), "by": worker, "until": at_ms + lease_ms}
        taken = {row[0]: row for row in bulk.fetch(tx, _TAKE, **mine)}
    return [_claimed(*taken[id_]) for id_ in picked]


def _claimed(*row: Any) -> Claimed:
    *plain, read_first, body = row
    return Claimed(*(*plain, bool(read_first), _decode(body)))


def _pick(tx: Tx, lane: str, share: int, buckets: Buckets, times: dict[str, int]) -> list[int]:
    """Ids of one lane within its budgets. A scope that runs dry is left out and the search repeated."""
    picked: list[int] = []
    free = buckets.free(lane)
    for statement in _PICK:
        short = True
        while short and len(picked) < share and not buckets.closed(lane):
            found = tx.rows(
                statement,
                lane=lane,
                dry=bulk.array(tx, buckets.dry(lane)),
                picked=bulk.array(tx, picked),
                share=share - len(picked),
                **times,
            )
            fit = [id_ for id_, scope in found if free or buckets.take(lane, scope)]
            picked += fit
            short = len(fit) < len(found)
    return picked


def finish(tx: Tx, answers: Sequence[Answer], *, now_ms: int | None = None) -> list[bool]:
    """Book the answers, each taken once: False where another attempt has begun or the answer is there already.

    Apply what follows from an answer, in the same transaction, only where this says True.
    """
    at_ms = technical_ms() if now_ms is None else now_ms
    first = {(answer.id, answer.attempt): answer for answer in reversed(answers)}
    rows = []
    for answer in first.values():
        if answer.state not in ANSWERS:
            raise ValueError(f"an answer is one of {', '.join(ANSWERS)}, not {answer.state}")
        again = answer.state == "retry" or (answer.state == "unknown" and answer.safety != "ask")
        state = "retry" if again else answer.state
        read_first = answer.state == "unknown" and answer.safety == "readable"
        held = at_ms + _backoff_ms(answer.attempt) if again and answer.due_at is None else 0
        ended = at_ms if state in ("done", "declined") else None
        outcome = _encode(answer.outcome).decode()
        rows.append((tx.seller_id, answer.id, answer.attempt, state, held, read_first, outcome, ended))
    set_ = ("state", "lease_until_ms", "read_first", "outcome", "finished_ms")
    took = bulk.update_each(tx, effects, _FENCE, (), rows, where="t.state IN ('claimed', 'unknown')", set_=set_)
    accepted = {name for name, ok in zip(first, took, strict=True) if ok}
    again_ids = {row[1] for row in rows if row[1:3] in accepted and row[3] == "retry"}
    if again_ids:
        _try_again(tx, [first[name] for name in accepted], again_ids, at_ms)
    return [
        (answer.id, answer.attempt) in accepted and answer is first[answer.id, answer.attempt] for answer in answers
    ]


def _try_again(tx: Tx, answers: Sequence[Answer], ids: set[int], at_ms: int) -> None:
    """Due times that an answer named, and the end of what was tried often enough."""
    later = [
        (tx.seller_id, answer.id, answer.attempt, "due", answer.due_at)
        for answer in answers
        if answer.state in ("retry", "unknown") and answer.due_at is not None and answer.id in ids
    ]
    bulk.update(tx, effects, _FENCE, ("state", "due_at"), later)
    worn = update(effects).where(_OWN, _IDS, _e.attempts >= _e.attempts_max)
    worn = worn.values(state="given_up", finished_ms=at_ms)
    tx.execute(worn, {"seller": tx.seller_id, "ids": bulk.array(tx, ids)})


def release(tx: Tx, claims: Sequence[Claimed]) -> int:
    """Give back claims that were not begun (the worker stops): due at once, and the attempt does not count."""
    rows = [(tx.seller_id, one.id, one.attempt, 1, "due") for one in claims]
    took = bulk.update_each(tx, effects, _FENCE, ("attempts_max",), rows, where="t.state = 'claimed'", set_=("state",))
    return sum(took)


def postpone(tx: Tx, claims: Sequence[Claimed], due_at: int) -> int:
    """Give back claims that may not be begun yet: due at that business time, and the attempt does not count."""
    rows = [(tx.seller_id, one.id, one.attempt, 1, "due", due_at) for one in claims]
    took = bulk.update_each(
        tx, effects, _FENCE, ("attempts_max",), rows, where="t.state = 'claimed'", set_=("state", "due_at")
    )
    return sum(took)


def put_off(tx: Tx, order_ids: Iterable[int], kinds: Iterable[str], due_at: int) -> None:
    """What is still due of these orders is not due before that business time."""
    later = update(effects).where(_OWN, _in("due"), bulk.any_of(_e.order_id, "orders"), bulk.any_of(_e.kind, "kinds"))
    later = later.where(_e.due_at < bindparam("until")).values(due_at=bindparam("until"))
    params = {"seller": tx.seller_id, "orders": bulk.array(tx, order_ids), "kinds": bulk.array(tx, kinds)}
    tx.execute(later, params | {"until": due_at})


def extend(tx: Tx, claims: Sequence[Claimed], until_ms: int) -> int:
    """Lengthen the lease of claims still being worked on; how many were still ours."""
    rows = [(tx.seller_id, one.id, one.attempt, until_ms) for one in claims]
    return bulk.update(tx, effects, _FENCE, ("lease_until_ms",), rows, guard="t.state = 'claimed'")


def settle(tx: Tx, ids: Iterable[int], state: str, outcome: dict[str, Any], *, now_ms: int | None = None) -> list[int]:
    """End effects that waited for proof or for a person as done or declined; the ids that did wait."""
    if state not in ("done", "declined"):
        raise ValueError(f"an effect is settled as done or declined, not {state}")
    ended = update(effects).where(_OWN, _IDS, _FOR_PEOPLE).returning(_e.id)
    ended = ended.values(state=state, outcome=json.encode(outcome).decode(), finished_ms=now_ms or technical_ms())
    return sorted(id_ for (id_,) in tx.execute(ended, {"seller": tx.seller_id, "ids": bulk.array(tx, ids)}))


def close(
    tx: Tx,
    order_ids: Iterable[int],
    kinds: Iterable[str],
    state: str,
    outcome: dict[str, Any],
    *,
    lanes: Iterable[str] | None = None,
    now_ms: int | None = None,
) -> list[tuple[int, str, int | None]]:
    """End effects of these orders as done or dropped: the facts have overtaken them. (id, kind, package) of each.

    What waits for proof or a person ends, and what is still due (of `lanes` only, when given). One that a worker has
    in hand is left to it: its own answer is on the way.
    """
    if state not in ("done", "dropped"):
        raise ValueError(f"an effect is closed as done or dropped, not {state}")
    due = _in("due", "retry")
    open_ = or_(_FOR_PEOPLE, due if lanes is None else and_(due, bulk.any_of(_e.lane, "lanes")))
    ended = update(effects).where(_OWN, bulk.any_of(_e.order_id, "orders"), bulk.any_of(_e.kind, "kinds"), open_)
    ended = ended.values(state=state, outcome=json.encode(outcome).decode(), finished_ms=now_ms or technical_ms())
    params = {"seller": tx.seller_id, "orders": bulk.array(tx, order_ids), "kinds": bulk.array(tx, kinds)}
    if lanes is not None:
        params["lanes"] = bulk.array(tx, lanes)
    found: list[Any] = list(tx.execute(ended.returning(_e.id, _e.kind, _e.package_id), params))
    return sorted((row[0], row[1], row[2]) for row in found)


def drop(tx: Tx, ids: Iterable[int], outcome: dict[str, Any], *, now_ms: int | None = None) -> None:
    """Nobody is to do these any more; what is done, or in a worker's hands, stays."""
    ended = update(effects).where(_OWN, _IDS, or_(_FOR_PEOPLE, _in("due", "retry")))
    ended = ended.values(state="dropped", outcome=json.encode(outcome).decode(), finished_ms=now_ms or technical_ms())
    tx.execute(ended, {"seller": tx.seller_id, "ids": bulk.array(tx, ids)})


def requeue(tx: Tx, ids: Iterable[int], now: int) -> list[int]:
    """A person wants it tried again: due at `now` with fresh attempts; the ids that could be."""
    again = update(effects).where(_OWN, _IDS, _FOR_PEOPLE).returning(_e.id)
    again = again.values(
        state="due",
        due_at=now,
        attempts_max=_e.attempts + ATTEMPTS,
        finished_ms=None,
        # Whoever decides to repeat a readable one after a lost answer still gets it asked first.
        read_first=case((_e.safety == "readable", _e.attempts > 0), else_=_e.read_first),
    )
    return sorted(id_ for (id_,) in tx.execute(again, {"seller": tx.seller_id, "ids": bulk.array(tx, ids)}))


def waiting_for(tx: Tx, lane: str, code: str) -> list[tuple[int, int | None]]:
    """(id, shop) of effects of a lane that wait because of what their outcome's `code` names."""
    mine = select(_e.id, _e.shop_id, _e.outcome).where(_OWN, _in("waiting"), _e.lane == bindparam("lane"))
    found = tx.rows(mine.order_by(_e.id), seller=tx.seller_id, lane=lane)
    return [(row[0], row[1]) for row in found if json.decode(row[2]).get("code") == code]


def keyed(tx: Tx, keys: Iterable[str]) -> list[int]:
    """Effects with these keys."""
    mine = select(_e.id).where(_OWN, bulk.any_of(_e.key, "keys")).order_by(_e.id)
    return [row[0] for row in tx.rows(mine, seller=tx.seller_id, keys=bulk.array(tx, list(keys)))]


class Known(Struct, frozen=True):
    """What has become of an effect so far."""

    id: int
    kind: str
    order_id: int | None
    package_id: int | None
    state: str
    body: dict[str, Any]


def of_orders(tx: Tx, order_ids: Iterable[int], kinds: Iterable[str]) -> list[Known]:
    """These orders' effects of these kinds in every state, the oldest first."""
    mine = select(_e.id, _e.kind, _e.order_id, _e.package_id, _e.state, _e.body)
    mine = mine.where(_OWN, bulk.any_of(_e.order_id, "orders"), bulk.any_of(_e.kind, "kinds")).order_by(_e.id)
    found = tx.rows(mine, seller=tx.seller_id, orders=bulk.array(tx, order_ids), kinds=bulk.array(tx, kinds))
    return [Known(row[0], row[1], row[2], row[3], row[4], json.decode(row[5])) for row in found]


def waiting(tx: Tx, order_ids: Iterable[int], kinds: Iterable[str]) -> list[tuple[int, str, int]]:
    """(id, kind, order) of these orders' effects of these kinds that a person or a proof is to end."""
    mine = select(_e.id, _e.kind, _e.order_id).where(_OWN, _FOR_PEOPLE, bulk.any_of(_e.order_id, "orders"))
    mine = mine.where(bulk.any_of(_e.kind, "kinds")).order_by(_e.id)
    found = tx.rows(mine, seller=tx.seller_id, orders=bulk.array(tx, order_ids), kinds=bulk.array(tx, kinds))
    return [(row[0], row[1], row[2]) for row in found]


def open_counts(tx: Tx) -> dict[tuple[str, str], int]:
    """(lane, state) → how many effects are not done."""
    parts = [
        select(_e.lane, _e.state, func.count().label("n")).where(_OWN, part).group_by(_e.lane, _e.state)
        for part in (_in("due"), _in("claimed", "retry"), _FOR_PEOPLE)
    ]
    return {(lane, state): n for lane, state, n in tx.rows(union_all(*parts), seller=tx.seller_id)}


def purge(tx: Tx, *, finished_before_ms: int | None = None, order_ids: Iterable[int] | None = None) -> int:
    """Delete what is done: of whole archived orders, and of no order at all when it ended before that time.

    Their keys go too, so never purge by time what belongs to an order that can still change.
    """
    gone = 0
    if finished_before_ms is not None:
        old = and_(_e.order_id.is_(None), _e.finished_ms < finished_before_ms)
        gone += tx.execute(delete(effects).where(_OWN, _e.state == "done", old), {"seller": tx.seller_id}).rowcount
    if order_ids is not None:
        whole = delete(effects).where(_OWN, bulk.any_of(_e.order_id, "orders"))
        whole = whole.where(_e.state.in_(("done", "declined", "dropped")))
        gone += tx.execute(whole, {"seller": tx.seller_id, "orders": bulk.array(tx, order_ids)}).rowcount
    return gone


def _backoff_ms(attempt: int) -> int:
    """Doubles with each attempt up to an hour; between half and all of it, so that failures do not come in step."""
    longest = min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** min(attempt - 1, 20))
    return random.randint(longest // 2, longest)  # noqa: S311 - spreads load, hides nothing
