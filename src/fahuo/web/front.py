"""The server's first ear: a notice that comes whole and is in order is taken here, past the general web server.

There a request costs a task, a scope, events and a timer: more than everything we do with a notice. Whatever is not
plain (any other address, a request in pieces, two at once, an unknown app or shop, a wrong signature, a body nobody can
read) goes there with every byte that came, and so does the rest of that connection; `web.hooks` answers there too.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from fahuo.channels.tiktok_shop.webhooks import MAX_BODY
from fahuo.connections.notices import Notice
from fahuo.web.hooks import PREFIX, Hooks

_START: Final = b"POST " + PREFIX.encode()
_REST: Final = b"\r\ncontent-length: 0\r\ncache-control: no-store\r\n\r\n"
_STORED: Final = b"HTTP/1.1 200 OK" + _REST
_LATER: Final = b"HTTP/1.1 503 Service Unavailable" + _REST


class Front(asyncio.Protocol):
    """One connection, until it is handed over to uvicorn's own protocol. Made by uvicorn, but for `hooks`."""

    def __init__(
        self,
        hooks: Hooks,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._hooks = hooks
        self._loop = _loop or asyncio.get_running_loop()
        self._general = (config, server_state, app_state, self._loop)
        self._open = cast("set[asyncio.Protocol]", server_state.connections)
        self._patience = config.timeout_keep_alive
        self._reader = _Reader()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answered = 0.0
        self._taking = self._last = False
        self._ahead = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Known to the server, so that it can ask us to end."""
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """What is being stored is stored all the same; the platform sends it again and it is known then."""
        self._leave()
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """A request, as a rule whole."""
        if self._transport is None:
            return
        if self._taking:  # the next before the answer: it waits its turn
            self._ahead += data
            self._transport.pause_reading()
            return
        notice = self._read(data)
        if notice is None:
            self._hand_over(self._transport, data)
            return
        self._taking = True
        self._hooks.inbox.put(notice, self._answer)

    def pause_writing(self) -> None:
        """Nothing more is taken from somebody who does not read our answers."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """He reads again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def shutdown(self) -> None:
        """The server stops: close once the notice at hand is answered."""
        self._last = True
        if not self._taking and self._transport is not None:
            self._transport.close()

    def _read(self, data: bytes) -> Notice | None:
        if not data.startswith(_START) or len(data) > MAX_BODY:
            return None
        plain = self._reader.read(data)
        return None if plain is None else self._hooks.in_order(*plain)

    def _answer(self, stored: bool) -> None:
        self._taking = False
        if self._transport is None:
            return
        self._transport.write(_STORED if stored else _LATER)
        if self._last:
            self._transport.close()
            return
        self._answered = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._patience, self._tire)
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            self._transport.resume_reading()
            self.data_received(ahead)

    def _tire(self) -> None:
        """Close when nothing has come for as long as the server keeps idle connections; one timer for many requests."""
        left = self._patience if self._taking else self._answered + self._patience - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._tire)
        elif self._transport is not None:
            self._transport.close()

    def _hand_over(self, transport: asyncio.Transport, data: bytes) -> None:
        self._leave()
        heir = HttpToolsProtocol(*self._general)
        heir.connection_made(transport)
        transport.set_protocol(heir)
        heir.data_received(data)

    def _leave(self) -> None:
        self._open.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Reader:
    """Takes one whole request apart. httptools calls the methods `on_…`."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)

    def read(self, data: bytes) -> tuple[str, str, bytes] | None:
        """(app key, signature, body); None unless it is exactly one request, after which the connection stays open."""
        self._path = self._given = self._body = b""
        self._begun = self._ended = 0
        self._stays = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return None
        if not self._begun == self._ended == 1 or not self._stays:
            return None
        return self._path[len(PREFIX) :].decode("latin-1"), self._given.decode("latin-1"), self._body

    def on_message_begin(self) -> None:
        self._begun += 1

    def on_url(self, part: bytes) -> None:
        self._path += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._given and name.lower() == b"authorization":
            self._given = value

    def on_body(self, part: bytes) -> None:
        self._body += part

    def on_message_complete(self) -> None:
        self._ended += 1
        self._stays = self._parser.should_keep_alive()
