"""`fahuo sandbox`: a TikTok Shop of one's own. It needs no installation, no database and no network."""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn

from fahuo.cli import say
from fahuo.cli.listening import listen, shown
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, language, t
from fahuo.sandbox.auth import is_redirect
from fahuo.sandbox.clock import EARLIEST, LATEST
from fahuo.sandbox.serve import MARKETS, Options, Sandbox
from fahuo.sandbox.shops import branch_of

LANGUAGES = ("FAHUO_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Read here and not from the settings: those are an installation's, and there need be none."""

app = typer.Typer(help="TikTok Shop on this machine: the platform's API, with buyers, carriers and faults.")


@app.callback()
def group() -> None:
    """TikTok Shop on this machine: the platform's API, with buyers, carriers and faults."""


@app.command()
def serve(  # noqa: PLR0913, PLR0917 -- a parameter an option
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 8900,
    market: Annotated[str, typer.Option(help="VN,TH,US,GB,…; cross-border shops as MY:cross_border.")] = ",".join(
        MARKETS
    ),
    seed: Annotated[int, typer.Option(min=0, help="The same seed and the same calls give the same run.")] = 1,
    orders_per_day: Annotated[float, typer.Option(min=0, max=1_000_000, help="Over all shops.")] = 100.0,
    speed: Annotated[float, typer.Option(min=0, max=1_000_000, help="Sandbox seconds per second; 0 stands.")] = 1.0,
    scenario: Annotated[str, typer.Option(help="A scenario's name or TOML file.")] = "",
    start: Annotated[str, typer.Option(help="The sandbox's time at the start, ISO 8601; now if left out.")] = "",
    carriers: Annotated[str, typer.Option(help="auto, or manual: they collect when control says so.")] = "auto",
    redirect_url: Annotated[str, typer.Option(help="Where the consent page sends the code.")] = "",
    rate: Annotated[float, typer.Option(min=0, help="Calls a second per app and shop; 0 without limit.")] = 1000.0,
    strict_webhooks: Annotated[bool, typer.Option(help="Webhooks go to https and domain names only.")] = False,
    control_token: Annotated[str, typer.Option(help="Opens control and pages to other machines.")] = "",
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    as_json: Annotated[bool, typer.Option("--json", help="The start line as JSON, and nothing else there.")] = False,
) -> None:
    """Answer as the platform does until SIGTERM or Ctrl-C."""
    options = Options(
        markets=_markets(market),
        seed=seed,
        orders_per_day=orders_per_day,
        speed=speed,
        scenario=scenario,
        start=_instant(start),
        carriers=_carriers(carriers),
        redirect_url=_redirect(redirect_url),
        rate=rate,
        strict_webhooks=strict_webhooks,
        control_token=control_token,
    )
    sandbox = Sandbox(options)
    listening = listen(host, port, tries=1)
    address = f"http://{shown(host)}:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        sandbox, log_level="warning", access_log=False, server_header=False, date_header=False, proxy_headers=False
    )
    _Server(config, lambda: _started(sandbox.start_line(address), as_json)).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says when it listens, and ends at once: there is nothing to be kept."""

    def __init__(self, config: uvicorn.Config, ready: Any) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Without waiting for connections, and without a signal passed on: this is how it is meant to end."""
        del sig, frame
        self.should_exit = self.force_exit = True


def _started(line: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say.document(line)
        return
    shops = ", ".join(f"{shop['name']} ({shop['market']})" for shop in line["shops"])
    lang = language(next((os.environ[name] for name in LANGUAGES if os.environ.get(name)), None))
    lines = [
        t(N_("The sandbox listens on {address}"), lang, address=line["base_url"]),
        *(f"  {name:<12}{line[name]}" for name in ("app_key", "app_secret", "auth_code", "service_id")),
        t(N_("Shops: {shops}"), lang, shops=shops),
        t(N_("Pages and control: {address}/_sandbox/ui"), lang, address=line["base_url"]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _markets(text: str) -> list[str]:
    wanted = [one.strip() for one in text.split(",") if one.strip()]
    try:
        for one in wanted:
            branch_of(one)
    except ValueError as error:
        raise _wrong(
            "market", text, N_("--market: {why}"), N_("Name markets such as VN,TH,US,MY:cross_border."), error
        ) from error
    if not wanted:
        raise _wrong("market", text, N_("--market: {why}"), N_("Name markets such as VN,TH,US,MY:cross_border."), "-")
    return wanted


def _instant(text: str) -> int | None:
    if not text:
        return None
    try:
        start = parse_instant(text)
    except ValueError as error:
        raise _wrong_start(text, error) from error
    if not EARLIEST <= start <= LATEST:
        raise _wrong_start(text, f"{text} is not between {iso(EARLIEST)} and {iso(LATEST)}")
    return start


def _wrong_start(text: str, why: object) -> Failure:
    return _wrong("start", text, N_("--start: {why}"), N_("Write 2026-11-10T08:00:00Z, or with an offset."), why)


def _carriers(text: str) -> str:
    if text not in ("auto", "manual"):
        raise _wrong("carriers", text, N_("--carriers: {why}"), N_("Write auto or manual."), text)
    return text


def _redirect(text: str) -> str:
    if text and not is_redirect(text):
        then = N_("Write an address that begins with http:// or https://.")
        raise _wrong("redirect_url", text, N_("--redirect-url: {why}"), then, text)
    return text


def _wrong(field: str, value: str, message: str, then: str, why: object) -> Failure:
    return Failure(Problem("usage", field, value, message, then, {"why": str(why)}))
