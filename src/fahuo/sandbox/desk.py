"""Where requests to control are handed to whoever answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

from fahuo.sandbox.wrong import Wrong

if TYPE_CHECKING:
    from fahuo.sandbox.serve import Sandbox

PREFIX: Final = "/_sandbox/"

Data = dict[str, Any]


class Ask(NamedTuple):
    """A request to control: parts of the path, query, JSON body."""

    sandbox: Sandbox
    params: dict[str, str]
    query: dict[str, str]
    body: Data


Handler = Callable[[Ask], Data | Awaitable[Data]]
routes: list[tuple[str, list[str], Handler]] = []


def on(method: str, path: str) -> Callable[[Handler], Handler]:
    """The function below answers this."""

    def keep(handler: Handler) -> Handler:
        routes.append((method, path.split("/"), handler))
        return handler

    return keep


def find(method: str, path: str) -> tuple[Handler, dict[str, str]]:
    """Who answers, and the values of the path's parts. Raises Wrong."""
    parts = path.removeprefix(PREFIX.rstrip("/")).strip("/").split("/")
    methods = set()
    for offered, shape, handler in routes:
        if len(shape) != len(parts):
            continue
        if all(s == p or (s.startswith("{") and p) for s, p in zip(shape, parts, strict=True)):
            methods.add(offered)
            if offered == method:
                pairs = zip(shape, parts, strict=True)
                return handler, {s[1:-1]: unquote(p) for s, p in pairs if s.startswith("{")}
    if methods:
        raise Wrong("method", f"{method} is not allowed here.", f"Use {' or '.join(sorted(methods))}.", 405, "method")
    raise Wrong("path", f"There is no {path}.", f"GET {PREFIX} lists what there is.", 404, "not_found")
