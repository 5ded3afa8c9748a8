"""Problems as values: what was wrong, where, and what to do about it."""

from typing import Any

import msgspec
from msgspec import Struct, structs

from fahuo.kernel.text import DEFAULT, t


class Problem(Struct, frozen=True):
    """One thing that is wrong.

    `code` is stable and for programs; `field` and `value` say where; `message` and `next` (what to do) are English
    texts with `{name}` places, filled from `params` when rendered. Values of personal data do not belong in here.
    """

    code: str
    field: str | None = None
    value: str | None = None
    message: str = ""
    next: str = ""
    params: dict[str, Any] = msgspec.field(default_factory=dict)

    def render(self, lang: str = DEFAULT) -> "Problem":
        """The same problem with its texts in that language and their places filled."""
        return structs.replace(
            self,
            message=t(self.message, lang, **self.params) if self.message else "",
            next=t(self.next, lang, **self.params) if self.next else "",
            params={},
        )

    def as_dict(self, lang: str = DEFAULT) -> dict[str, str | None]:
        """code, field, value, message, next: rendered, ready for JSON."""
        shown = self.render(lang)
        return {
            "code": shown.code,
            "field": shown.field,
            "value": shown.value,
            "message": shown.message,
            "next": shown.next,
        }


class Failure(Exception):
    """A problem that ends the command or request. Exit codes: 1 refused, 2 wrong input, 3 the system could not."""

    def __init__(self, problem: Problem, exit_code: int = 2) -> None:
        super().__init__(problem, exit_code)
        self.problem = problem
        self.exit_code = exit_code

    def __str__(self) -> str:
        shown = self.problem.render()
        return f"{shown.message} {shown.next}".strip() or shown.code
