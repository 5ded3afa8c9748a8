"""What goes wrong on demand: the faults somebody switched on, and what they do to a call, an answer, a webhook.

A fault strikes by probability (`rate`), a number of times (`count`), or both, per path pattern and shop. Each has its
own random numbers from its seed, so the same calls in the same order are struck again.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Final, Literal, NamedTuple

from msgspec import UNSET, Struct, UnsetType, ValidationError, convert
from msgspec import field as made

Side = Literal["call", "answer", "webhook", "always"]


class Kind(NamedTuple):
    """A sort of fault: where it bites, what it does, the default of `seconds`.

    With `needs` it meets only calls whose query has one of these names: others would count as struck and be unharmed.
    """

    side: Side
    text: str
    seconds: float = 0.0
    needs: tuple[str, ...] = ()


PAGED: Final = ("page_size", "page_token")
"""What a search by pages has in its query."""
KINDS: Final[dict[str, Kind]] = {
    "too_many": Kind("call", "HTTP 429, 36009002, for `burst` calls in a row; Retry-After is `seconds`", 1),
    "internal": Kind("call", "36009003, HTTP 500; the work was done or not, by chance"),
    "bad_gateway": Kind("call", "HTTP 502 with a page instead of JSON; the call never reached the platform"),
    "timeout": Kind("call", "36009007, HTTP 408, after `seconds`; the work was done or not, by chance", 0.5),
    "slow": Kind("answer", "the right answer, `seconds` late", 1),
    "truncated": Kind("answer", "the answer's JSON is cut; the work was done"),
    "dropped": Kind("answer", "the connection drops after the work was done, without an answer"),
    "missing_field": Kind("answer", "a field of an object is left out (`field` names it: status, update_time)"),
    "unknown_enum": Kind("answer", "a word nobody knows in place of an enum value (`field` names it)"),
    "extra_field": Kind("answer", "fields nobody knows, at several depths"),
    "repeat_page": Kind("answer", "next_page_token leads to the same page again", needs=PAGED),
    "foreign": Kind("answer", "an object of another shop among the found ones", needs=PAGED),
    "expire_token": Kind("call", "the access token expires with this call: 105002"),
    "clock_skew": Kind("always", "the server's clock, its Date header too, is off by `seconds`", 330),
    "hook_late": Kind("webhook", "the webhook comes `seconds` of sandbox time late", 600),
    "hook_twice": Kind("webhook", "the webhook comes twice"),
    "hook_disorder": Kind("webhook", "the webhook comes after later ones of its shop"),
    "hook_lost": Kind("webhook", "the webhook never comes"),
    "hook_wrong_sign": Kind("webhook", "the first attempt bears a wrong signature; a retry is right"),
    "hook_malformed": Kind("webhook", "the first attempt is cut JSON, rightly signed; a retry is right"),
    "hook_oversized": Kind("webhook", "the first attempt is padded to 5 MB; a retry is right"),
    "hook_replayed": Kind("webhook", "an old webhook comes again, byte for byte, after this one"),
}

BURST: Final = 5
STEADY: Final = frozenset({"id", "status", "create_time", "update_time", "next_page_token", "total_count", "code"})
"""What random faults leave alone, with other ids, states and lists: the platform never loses these.

A fault that names its `field` does not ask."""
LETTERS: Final = 3
"""Up to so many capitals are a region or a currency, not a word of an enum."""
INVENTED: Final = "SANDBOX_UNKNOWN_VALUE"


class BadFault(Exception):
    """A wish for a fault that cannot be: which field, what is wrong, what to do."""

    def __init__(self, field_: str, message: str, next_: str) -> None:
        super().__init__(message)
        self.field, self.message, self.next = field_, message, next_


class Wish(Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault as somebody asks for it."""

    kind: str
    rate: float | UnsetType = UNSET
    count: int | UnsetType = UNSET
    path: str = "*"
    method: str = ""
    shop: str = ""
    seed: int = 1
    seconds: float | UnsetType = UNSET
    burst: int = BURST
    field: str = ""
    done: bool | None = None


class Fault(Struct, kw_only=True):
    """A fault that is switched on. `left`: strikes to come, None without end."""

    id: str
    kind: str
    rate: float
    left: int | None
    path: str
    method: str
    shop: str
    seed: int
    seconds: float
    burst: int
    field: str
    done: bool | None
    random: Random
    struck: int = 0
    last_at: int | None = None
    running: dict[str, int] = made(default_factory=dict)
    """Calls still to be struck of a burst, by shop."""

    def shown(self) -> dict[str, Any]:
        """For the list of faults."""
        told: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "does": KINDS[self.kind].text,
            "rate": self.rate,
            "path": self.path,
            "seed": self.seed,
            "struck": self.struck,
        }
        more = {"left": self.left, "method": self.method, "shop": self.shop, "field": self.field, "done": self.done}
        told.update({name: value for name, value in more.items() if value not in (None, "")})
        if self.seconds:
            told["seconds"] = self.seconds
        return told

    def strikes(self, shop: str, now: int) -> bool:
        """Whether this call is hit; counts it."""
        if self.running.get(shop, 0) > 0:
            self.running[shop] -= 1
        elif self.left == 0 or self.random.random() >= self.rate:
            return False
        else:
            self.left = None if self.left is None else self.left - 1
            if self.kind == "too_many":
                self.running[shop] = self.burst - 1
        self.struck += 1
        self.last_at = now
        return True

    def work_done(self) -> bool:
        """For answers that leave open whether the work was done."""
        return bool(self.random.getrandbits(1)) if self.done is None else self.done


class Faults:
    """The faults that are on."""

    def __init__(self) -> None:
        self.on: dict[str, Fault] = {}
        self._made = 0

    def add(self, wish: Mapping[str, Any]) -> Fault:
        """Switch one on. Raises BadFault."""
        try:
            asked = convert(wish, Wish)
        except ValidationError as error:
            name = str(error).rpartition("`$.")[2].rstrip("`") if "`$." in str(error) else ""
            raise BadFault(name, str(error), f"Fields: {', '.join(Wish.__struct_fields__)}.") from error
        kind = KINDS.get(asked.kind)
        if kind is None:
            raise BadFault("kind", f"No fault is called {asked.kind!r}", f"One of: {', '.join(KINDS)}.")
        count = None if asked.count is UNSET else asked.count
        rate = asked.rate if asked.rate is not UNSET else 1.0
        _within("rate", rate, 0, 1)
        _within("count", 1 if count is None else count, 1, 10**9)
        _within("burst", asked.burst, 1, 10**6)
        seconds = kind.seconds if asked.seconds is UNSET else asked.seconds
        _within("seconds", seconds, -(10**9) if asked.kind == "clock_skew" else 0, 10**9)
        self._made += 1
        fault = Fault(
            id=str(self._made),
            kind=asked.kind,
            rate=float(rate),
            left=count,
            path=asked.path,
            method=asked.method.upper(),
            shop=asked.shop,
            seed=asked.seed,
            seconds=float(seconds),
            burst=asked.burst,
            field=asked.field,
            done=asked.done,
            random=Random(f"{asked.seed} {asked.kind} {asked.path} {asked.shop}"),  # noqa: S311 -- repeatable
        )
        self.on[fault.id] = fault
        return fault

    def add_every(self, rate: float, seed: int, without: Iterable[str] = ()) -> list[Fault]:
        """Switch all kinds on. Tokens expire ten times rarer than the rest, or little else would happen."""
        left_out = set(without)
        if unknown := left_out - set(KINDS):
            raise BadFault("except", f"No fault is called {min(unknown)!r}", f"Some of: {', '.join(KINDS)}.")
        _within("rate", rate, 0, 1)
        return [
            self.add(
                {
                    "kind": kind,
                    "rate": rate / 10 if kind == "expire_token" else rate,
                    "seed": seed,
                    **_MILD.get(kind, {}),
                }
            )
            for kind in KINDS
            if kind not in left_out
        ]

    def remove(self, fault_id: str | None = None) -> bool:
        """Switch one off, or all. False when there is none of that id."""
        if fault_id is None:
            self.on.clear()
            return True
        return self.on.pop(fault_id, None) is not None

    @property
    def skew(self) -> float:
        """Seconds by which the server's clock is ahead."""
        return sum(fault.seconds for fault in self.on.values() if fault.kind == "clock_skew")

    def blame_skew(self, now: int) -> None:
        """A call's timestamp was refused: count it to the clocks that are off."""
        for fault in self.on.values():
            if fault.kind == "clock_skew":
                fault.struck, fault.last_at = fault.struck + 1, now

    def for_call(self, method: str, path: str, shop: str, now: int, query: Container[str] = ()) -> dict[str, Fault]:
        """The faults that hit this call, by kind. `query`: the names in it."""
        return self._struck(("call", "answer"), method, path, shop, now, query) if self.on else {}

    def for_webhook(self, event: str, shop: str, now: int) -> dict[str, Fault]:
        """The faults that hit this webhook, by kind. The path pattern is compared with the event's name."""
        return self._struck(("webhook",), "", event, shop, now) if self.on else {}

    def _struck(
        self, sides: tuple[Side, ...], method: str, path: str, shop: str, now: int, query: Container[str] = ()
    ) -> dict[str, Fault]:
        return {
            fault.kind: fault
            for fault in list(self.on.values())
            if (kind := KINDS[fault.kind]).side in sides
            and (not kind.needs or any(name in query for name in kind.needs))
            and (fault.shop in ("", shop))
            and (fault.method in ("", method))
            and fnmatchcase(path, fault.path)
            and fault.strikes(shop, now)
        }


_MILD: Final[dict[str, dict[str, Any]]] = {
    "slow": {"seconds": 0.3},
    "timeout": {"seconds": 0.2},
    "too_many": {"burst": 3},
}
"""With everything switched on, the waits are short: the point is how often, not how long."""


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise BadFault(name, f"{name} is {value}", f"Give a number from {low} to {high}.")


# What happens to the `data` of an answer. All change it in place; it was made for this answer alone.


def spoil(data: dict[str, Any], struck: Mapping[str, Fault]) -> None:
    """Leave out a field, invent a word, add fields: as far as those faults struck."""
    if fault := struck.get("missing_field"):
        _one(data, fault, _anything, lambda owner, name: owner.pop(name))
    if fault := struck.get("unknown_enum"):
        _one(data, fault, _is_word, lambda owner, name: owner.__setitem__(name, INVENTED))
    if fault := struck.get("extra_field"):
        for owner, _ in list(_objects(data, 0))[:5]:
            owner["sandbox_extra"] = {"note": "a field no client knows", "numbers": [1, 2.5, None], "flag": True}


def _one(
    data: dict[str, Any],
    fault: Fault,
    fits: Callable[[Any], bool],
    change: Callable[[dict[str, Any], str], Any],
) -> None:
    places = [
        (owner, name)
        for owner, depth in _objects(data, 0)
        for name, value in owner.items()
        if (name == fault.field if fault.field else depth > 0 and not _steady(name, value)) and fits(value)
    ]
    if places:
        change(*places[fault.random.randrange(len(places))])


def _steady(name: str, value: Any) -> bool:
    return name in STEADY or name.endswith(("_id", "_ids", "_status")) or isinstance(value, list)


def _anything(value: Any) -> bool:
    del value
    return True


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and len(value) > LETTERS and value.isascii() and value.replace("_", "").isupper()


def _objects(value: Any, depth: int) -> Iterable[tuple[dict[str, Any], int]]:
    if isinstance(value, dict):
        yield value, depth
        for inner in value.values():
            yield from _objects(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, depth)
