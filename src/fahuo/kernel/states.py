"""Tables of allowed moves between states. A word the table does not know is kept, never refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Machine:
    """A named table of moves: `moves[a]` are the states that may directly follow `a`.

    Raises ValueError when an initial state is not in the table.
    """

    name: str
    initial: frozenset[str]
    moves: Mapping[str, frozenset[str]]

    def __post_init__(self) -> None:
        if not self.initial:
            raise ValueError(f"{self.name}: no initial state")
        if unknown := self.initial - self.states:
            raise ValueError(f"{self.name}: initial states not in the table: {sorted(unknown)}")

    @cached_property
    def states(self) -> frozenset[str]:
        """Every state the table names, also those that nothing follows."""
        return frozenset(self.moves).union(*self.moves.values())

    @cached_property
    def final(self) -> frozenset[str]:
        """The states that no other state follows."""
        return frozenset(s for s in self.states if not self.moves.get(s, frozenset()) - {s})

    def may(self, a: str, b: str) -> bool:
        """Whether `b` may directly follow `a`. Staying is always allowed; so is any move from or to an unknown word."""
        return a == b or a not in self.states or b not in self.states or b in self.moves.get(a, frozenset())

    def reachable(self, a: str, b: str) -> bool:
        """Whether moves lead from `a` to `b` (in none or more steps). Unknown words reach only themselves."""
        return a == b or b in self._reach.get(a, frozenset())

    @cached_property
    def _reach(self) -> dict[str, frozenset[str]]:
        found = {}
        for start in self.states:
            seen: set[str] = set()
            todo = [start]
            while todo:
                fresh = self.moves.get(todo.pop(), frozenset()) - seen
                seen |= fresh
                todo += fresh
            found[start] = frozenset(seen)
        return found

    def rank(self, a: str) -> int | None:
        """How far along the table a state is; states that lead to each other share a rank. None for unknown words.

        When `b` is reachable from `a` and not the other way round, rank(a) < rank(b).
        """
        return self._ranks.get(a)

    @cached_property
    def _ranks(self) -> dict[str, int]:
        ranks: dict[str, int] = {}
        # A state that strictly precedes another has fewer states before it, so this order is topological.
        before = {s: {p for p in self.states if s in self._reach[p] and p not in self._reach[s]} for s in self.states}
        for state in sorted(self.states, key=lambda s: (len(before[s]), s)):
            ranks[state] = max((ranks[p] + 1 for p in before[state]), default=0)
        return ranks

    def markdown(self) -> str:
        """The table for the documentation: a row per state, in order of rank."""
        rows = [f"| {self.name}: from | to |", "|---|---|"]
        for state in sorted(self.states, key=lambda s: (self._ranks[s], s)):
            followers = self.moves.get(state, frozenset()) - {state}
            targets = ", ".join(sorted(followers, key=lambda s: (self._ranks[s], s))) or "–"
            rows.append(f"| {state}{' (first)' if state in self.initial else ''} | {targets} |")
        return "\n".join(rows) + "\n"
