"""What passes between the gateway and an endpoint: the route, the call, the refusals, the envelope around every answer.

A module of `endpoints/` has a table `ROUTES: list[Route]` (behind signature and token) and, where it serves files such
as labels, `OPEN: list[OpenRoute]`. A handler returns the `data` of the envelope, or raises `Refuse` (a business "no"
with the platform's code, HTTP 200) or `Missing` (36009004). It must not await and must not wait: it owns the world
while it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from fahuo.sandbox.auth import App
    from fahuo.sandbox.model import Grant, Shop
    from fahuo.sandbox.world import World

OK: Final = 0
TOO_MANY: Final = 36009002
INTERNAL: Final = 36009003
BAD_PARAMETER: Final = 36009004
TIMEOUT: Final = 36009007
NO_PATH: Final = 36009009
BAD_METHOD: Final = 36009010
BAD_VERSION: Final = 36009014
TOO_LARGE: Final = 36009021
NO_CONTENT_TYPE: Final = 36009022
BAD_CONTENT_TYPE: Final = 36009023
BAD_CODE: Final = 36004004
WRONG_SHOP: Final = 101000
TOKEN_EXPIRED: Final = 105002
NO_SCOPE: Final = 105005
BAD_SIGN: Final = 106001
NO_CIPHER: Final = 106013
WRONG_FLOW: Final = 21008106
"""Gateway codes of the platform (reference 3.2), named once."""

# Scope names are of the platform's form, but no copy of its list could be read: they are ours to a degree [D].
AUTHORISATION: Final = "seller.authorization.info"
SHOP: Final = "seller.shop.info"
ORDER: Final = "seller.order.info"
FULFILMENT: Final = "seller.fulfillment.basic"
FULFILMENT_WRITE: Final = "seller.fulfillment.package.write"
LOGISTICS: Final = "seller.logistics"
RETURN: Final = "seller.return_refund.basic"
RETURN_WRITE: Final = "seller.return_refund.write"
PRODUCT: Final = "seller.product.basic"
PRODUCT_WRITE: Final = "seller.product.write"
SERVICE: Final = "seller.customer_service"
FINANCE: Final = "seller.finance.info"
EVENT: Final = AUTHORISATION
SCOPES: Final = (
    AUTHORISATION,
    SHOP,
    ORDER,
    FULFILMENT,
    FULFILMENT_WRITE,
    LOGISTICS,
    RETURN,
    RETURN_WRITE,
    PRODUCT,
    PRODUCT_WRITE,
    SERVICE,
    FINANCE,
)
"""All scopes: what a grant gets unless control asks for fewer."""

Cipher = Literal["required", "forbidden", "optional"]
"""`optional` is for one endpoint: some clients send the cipher when they deauthorise, others may not."""
Data = dict[str, Any]


class Upload(NamedTuple):
    """A part of a multipart body: `name` of the file ('' for a plain field), its bytes."""

    name: str
    content: bytes
    content_type: str = ""


class Call(NamedTuple):
    """A request that passed every check of the gateway."""

    world: World
    shop: Shop | None
    """None only where the route does not require the cipher."""
    params: dict[str, str]
    """Parts of the path: {'order_id': '576…'}."""
    query: dict[str, str]
    """Decoded; the last of several values of one name."""
    body: Data
    """The JSON object, {} when there was none."""
    now: int
    """Business time: the sandbox's clock, epoch seconds."""
    app: App
    grant: Grant
    raw: bytes
    files: Mapping[str, Upload] = {}
    """Parts of a multipart body by field name, on `upload` routes."""
    base_url: str = ""
    """Address the client called, such as http://127.0.0.1:8900, for URLs of labels."""


Handler = Callable[[Call], Data | None]


class Route(NamedTuple):
    """An endpoint of the platform; `path` has its parts in braces: /order/202309/orders/{order_id}/split."""

    method: str
    path: str
    scope: str
    cipher: Cipher
    handler: Handler
    upload: bool = False
    """True: takes multipart/form-data."""


class Served(NamedTuple):
    """A file instead of an envelope."""

    content: bytes
    content_type: str = "application/pdf"
    status: int = 200


class OpenRoute(NamedTuple):
    """A path without signature and token, such as a label's URL: handler(world, params, query, now)."""

    method: str
    path: str
    handler: Callable[[World, dict[str, str], dict[str, str], int], Served]


class Missing(Exception):
    """Invalid or missing parameter → 36009004, HTTP 400; its text is the message: 'body.weight.value is missing'."""


class Barred(Exception):
    """The gateway's own "no", before any handler."""

    def __init__(self, code: int, message: str, http: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http = http
        self.headers = headers or {}


def need(body: Mapping[str, Any], path: str, kind: type | tuple[type, ...] = str, *, where: str = "body") -> Any:
    """The value at 'weight.value'. Raises Missing, in the platform's words, when absent, empty or of a wrong type."""
    at: Any = body
    for name in path.split("."):
        at = at.get(name) if isinstance(at, Mapping) else None
    if at is None or at in ("", []):
        raise Missing(f"{where}.{path} is missing")
    return _typed(at, kind, f"{where}.{path}")


def may(
    body: Mapping[str, Any], path: str, kind: type | tuple[type, ...] = str, default: Any = None, *, where: str = "body"
) -> Any:
    """The value at that path or the default when absent. Raises Missing when it is there with a wrong type."""
    at: Any = body
    for name in path.split("."):
        at = at.get(name) if isinstance(at, Mapping) else None
    if at == [] and kind is dict:  # PHP's way of writing an empty object
        return default
    return default if at is None else _typed(at, kind, f"{where}.{path}")


def objects(body: Mapping[str, Any], name: str) -> list[Data]:
    """A list of objects, at least one. Raises Missing."""
    found = need(body, name, list)
    if not all(isinstance(one, dict) for one in found):
        raise Missing(f"body.{name} is invalid: wrong type, expected array of objects")
    return list(found)


def _typed(value: Any, kind: type | tuple[type, ...], where: str) -> Any:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise Missing(
            f"{where} is invalid: wrong type, expected {' or '.join(_SAID.get(k, k.__name__) for k in kinds)}"
        )
    return value


_SAID: Final[dict[type, str]] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    list: "array",
    dict: "object",
    float: "number",
}


def number(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number of the query between two bounds. Raises Missing otherwise."""
    text = query.get(name, "")
    if text == "":
        return default
    if not (text.isascii() and text.isdigit()) or not low <= int(text[:19]) <= high:
        raise Missing(f"query.{name} is invalid: expected an integer from {low} to {high}")
    return int(text)


_json: Final = msgspec.json.Encoder()


def success(data: Data | None, request_id: str, message: str = "Success") -> bytes:
    """The envelope of a call that worked."""
    return _json.encode(
        {"code": OK, "message": message, "request_id": request_id, "data": {} if data is None else data}
    )


def failure(code: int, message: str, request_id: str, data: Data | None = None) -> bytes:
    """The envelope of a call that did not; `data` is null as on the platform unless the code says more there."""
    return _json.encode({"code": code, "message": message, "request_id": request_id, "data": data})
