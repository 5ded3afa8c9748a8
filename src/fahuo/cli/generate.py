"""`fahuo generate`: made-up orders, and the catalogue that goes with them."""

import gzip
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import msgspec
import typer
from rich.console import Console
from rich.progress import track

from fahuo.generate.catalogue import write_catalogue
from fahuo.generate.orders import generate
from fahuo.generate.press import Options
from fahuo.kernel.clock import RealClock
from fahuo.kernel.config import load_settings
from fahuo.kernel.instant import iso, parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_, t

app = typer.Typer(help="Made-up data for trying things out.")

_DAY = 86_400
_MARKET = "{market}"


@app.callback()
def main() -> None:
    """Made-up data for trying things out."""


@app.command()
def orders(  # noqa: PLR0913 - one parameter an option
    *,
    count: Annotated[int, typer.Option("--orders", min=1, help="How many.")],
    output: Annotated[
        str, typer.Option("-o", "--output", help="File (.gz is packed; {market} makes one each), - is standard output.")
    ],
    markets: Annotated[str, typer.Option(help="Market codes joined by commas.")] = "VN,TH,US,GB",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same orders.")] = 1,
    now: Annotated[
        str | None, typer.Option("--now", help="When the orders were seen; otherwise today 00:00 UTC.")
    ] = None,
    days: Annotated[float, typer.Option(min=0.0, help="Open orders were placed in this many days before.")] = 1.5,
    finished: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share already shipped or closed.")] = 0.1,
    seller_shipping: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Share shipped by the seller; otherwise the market's own.")
    ] = None,
    lines: Annotated[
        int | None, typer.Option(min=1, max=40, help="Different articles an order; otherwise mixed.")
    ] = None,
    cross_border: Annotated[bool, typer.Option("--cross-border", help="The seller sends from China.")] = False,
    no_platform_clocks: Annotated[
        bool, typer.Option("--no-platform-clocks", help="Leave the platform's deadlines out.")
    ] = False,
    with_catalogue: Annotated[
        Path | None, typer.Option(help="Folder for SKUs, stock, warehouses, carriers, rates, …")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="en or zh.")] = None,
) -> None:
    """Write plausible orders as the platform's JSON, one a line. Without --now they are of today."""
    settings = load_settings(lang=lang)
    names = list(dict.fromkeys(m.strip().upper() for m in markets.split(",") if m.strip()))
    if not names:
        raise _wrong("--markets", markets, N_("Name at least one market."))
    options = Options(
        now=_instant(now, settings.now),
        days=days,
        cross_border=cross_border,
        seller_shipping=seller_shipping,
        lines=lines,
        platform_clocks=not no_platform_clocks,
    )
    stream = generate(count, names, seed, options, finished=finished)
    files = _write(
        track(stream, "…", total=count, console=Console(stderr=True), disable=not sys.stderr.isatty()), output
    )
    tables = write_catalogue(with_catalogue, count, names, cross_border=cross_border) if with_catalogue else []
    if as_json and output != "-":
        found = {
            "schema": "fahuo.generated/1",
            "orders": count,
            "now": iso(options.now),
            "files": files,
            "catalogue": [str(p) for p in tables],
        }
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    elif output != "-":
        said = t(N_("{count} orders written to {files}."), settings.lang, count=count, files=", ".join(files))
        sys.stdout.write(said + "\n")
        if tables:
            sys.stdout.write(t(N_("Catalogue written to {folder}."), settings.lang, folder=with_catalogue) + "\n")


def _write(stream: Iterable[tuple[str, bytes]], output: str) -> list[str]:
    """Write the orders, to one file or to one for each market; answers the names."""
    if output == "-":
        out = sys.stdout.buffer
        out.writelines(order + b"\n" for _, order in stream)
        out.flush()
        return []
    files: dict[str, BinaryIO] = {}
    with ExitStack() as stack:
        for market, order in stream:
            name = output.replace(_MARKET, market)
            if name not in files:
                files[name] = stack.enter_context(_open(Path(name)))
            files[name].write(order + b"\n")
    return list(files)


def _open(path: Path) -> BinaryIO:
    try:
        if path.suffix == ".gz":
            # mtime 0: the same orders give the same file.
            return cast(BinaryIO, gzip.GzipFile(path, "wb", compresslevel=5, mtime=0))
        return path.open("wb")
    except OSError as error:
        raise _wrong("-o", str(path), N_("The file cannot be written: {why}."), why=error.strerror) from None


def _instant(given: str | None, fixed: int | None) -> int:
    if given is None:
        return fixed if fixed is not None else RealClock().now() // _DAY * _DAY
    try:
        return parse_instant(given)
    except ValueError:
        raise _wrong("--now", given, N_("{value} is no instant.")) from None


def _wrong(option: str, value: str, message: str, **params: str | None) -> Failure:
    shown = {"value": value, **params}
    return Failure(Problem("option_invalid", option, value, message, N_("See: fahuo generate orders --help"), shown))
