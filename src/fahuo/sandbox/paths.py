"""Which route a path belongs to."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from fahuo.sandbox.gateway_model import BAD_METHOD, BAD_VERSION, NO_PATH, Barred, OpenRoute, Route

VERSION_DIGITS: Final = 6


class Paths:
    """Routes by path, parts in braces matching one segment each."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, route: Route | OpenRoute) -> None:
        """Raises ValueError when the path and method are taken."""
        node, names = self._root, []
        parts = route.path.strip("/").split("/")
        for part in parts:
            if part.startswith("{"):
                names.append(part[1:-1])
            node = node.setdefault("{}" if part.startswith("{") else part, {})
        methods = node.setdefault("", {})
        if route.method in methods and methods[route.method][0] != route:
            raise ValueError(f"two routes for {route.method} {route.path}")
        methods[route.method] = (route, names)

    def find(self, method: str, path: str) -> tuple[Route | OpenRoute, dict[str, str]]:
        """The route and the values of its parts. Raises Barred."""
        parts = path.removeprefix("/").split("/")
        found = _walk(self._root, parts, 0, [])
        if found is None:
            if self._other_version(parts):
                raise Barred(BAD_VERSION, "Invalid API version")
            raise Barred(NO_PATH, "Invalid path", 404)
        methods, values = found
        if method not in methods:
            raise Barred(BAD_METHOD, f"Method {method} is not allowed for this path")
        route, names = methods[method]
        return route, dict(zip(names, map(unquote, values), strict=True))

    def _other_version(self, parts: list[str]) -> bool:
        if len(parts) < 2 or not is_version(parts[1]):  # noqa: PLR2004 -- /module/version/…
            return False
        versions = self._root.get(parts[0], {})
        return any(_walk(versions[v], parts, 2, []) is not None for v in versions if is_version(v))


def is_version(part: str) -> bool:
    """Whether it looks like 202309."""
    return len(part) == VERSION_DIGITS and part.isdigit()


def _walk(
    node: dict[str, Any], parts: list[str], at: int, values: list[str]
) -> tuple[dict[str, Any], list[str]] | None:
    if at == len(parts):
        return (node[""], values) if "" in node else None
    part = parts[at]
    if part not in ("", "{}") and part in node and (found := _walk(node[part], parts, at + 1, values)):
        return found
    if part and "{}" in node:
        return _walk(node["{}"], parts, at + 1, [*values, part])
    return None
