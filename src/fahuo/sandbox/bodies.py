"""What a call carries: read within bounds, then JSON or the parts of an upload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import msgspec
from python_multipart import parse_form
from python_multipart.exceptions import FormParserError

from fahuo.sandbox.gateway_model import (
    BAD_CONTENT_TYPE,
    BAD_PARAMETER,
    NO_CONTENT_TYPE,
    TOO_LARGE,
    Barred,
    Data,
    Route,
    Upload,
)

if TYPE_CHECKING:
    from fahuo.sandbox.gateway import Request

EMPTY_BODIES: Final = (b"{}", b"[]", b"null")
"""What clients send for "nothing"; several of them sign nothing then (the official Node client among them)."""

_decode: Final = msgspec.json.Decoder().decode


def body_of(request: Request, route: Route) -> tuple[Data, Mapping[str, Any]]:
    """The JSON object or the parts of an upload. Raises Barred."""
    kind = request.headers.get(b"content-type", b"").decode("latin-1").lower()
    if request.method == "GET":
        return {}, {}
    if not kind:
        if not request.body and not route.upload:
            return {}, {}
        raise Barred(NO_CONTENT_TYPE, "Content-Type is missing")
    if route.upload:
        if not kind.startswith("multipart/form-data"):
            raise Barred(BAD_CONTENT_TYPE, "Content-Type must be multipart/form-data")
        return {}, parts_of(request.headers[b"content-type"], request.body)
    if kind.partition(";")[0].strip() != "application/json":
        raise Barred(BAD_CONTENT_TYPE, "Content-Type must be application/json")
    if not request.body.strip() or request.body.strip() in EMPTY_BODIES:
        return {}, {}
    try:
        body = _decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Barred(BAD_PARAMETER, f"Invalid parameter: the body is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise Barred(BAD_PARAMETER, "Invalid parameter: the body must be a JSON object")
    return body, {}


async def read_body(receive: Callable[[], Awaitable[MutableMapping[str, Any]]], most: int) -> bytes:
    """The whole body. Raises Barred when it is longer than allowed."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > most:
            raise Barred(TOO_LARGE, f"The body is larger than {most >> 20} MB")
        if not message.get("more_body", False):
            return bytes(body)


def parts_of(content_type: bytes, body: bytes) -> dict[str, Upload]:
    """Fields and files by name. Raises Barred."""
    parts: dict[str, Upload] = {}

    def on_field(field: Any) -> None:
        parts[(field.field_name or b"").decode("utf-8", "replace")] = Upload("", field.value or b"")

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        name = (file.file_name or b"").decode("utf-8", "replace")
        parts[(file.field_name or b"").decode("utf-8", "replace")] = Upload(name, file.file_object.read())

    headers = {"Content-Type": content_type, "Content-Length": str(len(body)).encode()}
    try:
        parse_form(headers, BytesIO(body), on_field, on_file)
    except (FormParserError, ValueError) as error:
        raise Barred(BAD_PARAMETER, f"Invalid parameter: the multipart body cannot be read: {error}") from error
    return parts
