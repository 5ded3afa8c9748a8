"""What came of an intake, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field

from fahuo.orders.model import Refusal


@dataclass
class Report:
    """What came of an intake. Counts are orders; `read` counts refused ones too."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    stopped: bool = False
    """Ended on request before the end of the files; what is counted is taken."""

    def add(self, other: Report) -> None:
        """Count what came of another part."""
        self.read += other.read
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused

    def refuse(self, one: Refusal) -> None:
        """Count a refused order; a whole file that could not be read is reported, but is no order."""
        self.refused.append(one)
        self.read += bool(one.order) or one.row is not None

    def counts(self) -> dict[str, int]:
        """The counts without the refusals' text."""
        return {"read": self.read, "created": self.created, "updated": self.updated, "unchanged": self.unchanged}


@dataclass(frozen=True)
class Source:
    """Where a batch comes from. `kind`: api, webhook or file; `name`: file name or endpoint, without personal data."""

    kind: str
    name: str
