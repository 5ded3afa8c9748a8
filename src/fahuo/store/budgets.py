"""How fast effects may leave: a token bucket per lane and scope (a shop, a carrier account); "" is the whole lane.

Buckets fill by technical time. A scope without a bucket has no limit.
"""

from collections.abc import Sequence

from sqlalchemy import select

from fahuo.kernel.clock import technical_ms
from fahuo.store import bulk
from fahuo.store.engine import Tx
from fahuo.store.tables import effect_budgets

_KEY = ("seller_id", "lane", "scope")
_COLUMNS = (*_KEY, "per_second", "burst", "tokens", "filled_ms", "paused")


def budget(tx: Tx, lane: str, scope: str, per_second: float, burst: int) -> None:
    """Limit a scope of a lane (scope "": the whole lane) to `per_second` with bursts; 0 lifts the limit."""
    row = (tx.seller_id, lane, scope, per_second, burst, float(burst), technical_ms(), False)
    bulk.upsert(tx, effect_budgets, _COLUMNS, [row], _KEY, ("per_second", "burst", "tokens", "filled_ms"))


def pause(tx: Tx, lane: str, scope: str = "", *, paused: bool = True) -> None:
    """Stop handing out effects of a lane or of one scope in it, or (paused=False) go on."""
    row = (tx.seller_id, lane, scope, 0.0, 1, 1.0, technical_ms(), paused)
    bulk.upsert(tx, effect_budgets, _COLUMNS, [row], _KEY, ("paused",))


class Buckets:
    """Token buckets of these lanes, locked in the database until the transaction ends; scope "" is the whole lane."""

    def __init__(self, tx: Tx, lanes: Sequence[str], now_ms: int) -> None:
        b = effect_budgets.c
        mine = select(b.lane, b.scope, b.per_second, b.burst, b.tokens, b.filled_ms, b.paused)
        mine = mine.where(b.seller_id == tx.seller_id, bulk.any_of(b.lane, "lanes"))
        self._now_ms = now_ms
        self._tokens: dict[tuple[str, str], float] = {}
        found = tx.rows(mine.order_by(b.lane, b.scope).with_for_update(), lanes=bulk.array(tx, lanes))
        for lane, scope, per_second, burst, tokens, filled_ms, paused in found:
            filled = min(float(burst), tokens + max(0, now_ms - filled_ms) / 1000 * per_second)
            self._tokens[lane, scope] = 0.0 if paused else filled if per_second > 0 else float("inf")
        self._before = dict(self._tokens)

    def closed(self, lane: str) -> bool:
        """Whether the lane as a whole is paused or has no token left."""
        return self._tokens.get((lane, ""), 1.0) < 1

    def free(self, lane: str) -> bool:
        """Whether nothing bounds the lane."""
        return not any(of == lane for of, _ in self._tokens)

    def dry(self, lane: str) -> list[str]:
        """Scopes of the lane that are paused or have no token left."""
        return [scope for (of, scope), tokens in self._tokens.items() if of == lane and scope and tokens < 1]

    def take(self, lane: str, scope: str) -> bool:
        """One token of the scope and one of the lane, if both have one; a scope without a bucket has no limit."""
        names = {(lane, ""), (lane, scope)} & self._tokens.keys()
        if any(self._tokens[name] < 1 for name in names):
            return False
        for name in names:
            self._tokens[name] -= 1
        return True

    def save(self, tx: Tx) -> None:
        """Write back the buckets that were used."""
        used = [name for name, tokens in self._tokens.items() if tokens != self._before[name]]
        rows = [(tx.seller_id, *name, self._tokens[name], self._now_ms) for name in used]
        bulk.update(tx, effect_budgets, _KEY, ("tokens", "filled_ms"), rows)
