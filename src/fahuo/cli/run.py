"""`fahuo run` and `fahuo work`."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from fahuo.cli import say
from fahuo.cli.options import AsJson, actor, house, stop_on_signal
from fahuo.flow.arrive import Arrivals, Arrived
from fahuo.flow.dispatch import channels
from fahuo.flow.dispatch import work as carry_out
from fahuo.flow.house import House
from fahuo.flow.run import Pass, run_once
from fahuo.kernel.clock import FixedClock
from fahuo.kernel.instant import parse_instant
from fahuo.kernel.problems import Failure, Problem
from fahuo.kernel.text import N_

PAUSE_S = 2.0


def run(
    once: Annotated[bool, typer.Option("--once", help="Do everything that is due, then stop.")] = False,
    now: Annotated[str | None, typer.Option(help="Business instant to run at, ISO 8601.")] = None,
    pause: Annotated[float, typer.Option(min=0.01, max=3_600, help="Seconds between two passes.")] = PAUSE_S,
    as_json: AsJson = False,
) -> None:
    """Everything that is due: recheck, plan, report. Without --once it goes on until SIGTERM."""
    stop = stop_on_signal()
    quiet = not once and not as_json
    with house() as opened:
        at = opened if now is None else House(opened.store, FixedClock(_instant(now)), opened.lang)
        outbound = channels(at)
        if once:
            _tell(run_once(at, outbound, actor=actor()), as_json)
            return
        with Arrivals(at, actor=actor()) as arrivals:
            while True:
                done = run_once(at, outbound, actor=actor(), arrivals=arrivals)
                if not (quiet and _nothing_done(done)):
                    _tell(done, as_json)
                if stop.is_set() or stop.wait(pause):
                    return


def work(
    lane: Annotated[list[str] | None, typer.Option(help="Only these lanes.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing is due.")] = False,
    as_json: AsJson = False,
) -> None:
    """Carry out effects that are due (calls to the outside) until SIGTERM."""
    stop = stop_on_signal()
    with house() as opened:
        outbound = channels(opened)
        if lane:
            if unknown := sorted(set(lane) - set(outbound)):
                raise Failure(
                    Problem(
                        "unknown_lane",
                        "lane",
                        unknown[0],
                        N_("There is no lane {lane}. Lanes: {known}."),
                        params={"lane": unknown[0], "known": ", ".join(outbound)},
                    )
                )
            outbound = {name: outbound[name] for name in lane}
        while True:
            done = carry_out(opened.store, outbound, opened.clock.now(), worker=actor())
            if done or once:
                if as_json:
                    say.document({"schema": "fahuo.work/1", "effects": dict(done)})
                else:
                    say.say(
                        N_("Effects: {counts}"), counts=", ".join(f"{k} {v}" for k, v in sorted(done.items())) or "-"
                    )
            if once or stop.wait(PAUSE_S):
                return


def _nothing_done(done: Pass) -> bool:
    """Whether the pass has nothing to tell a person."""
    did = done.rechecked or done.numbered or done.reclocked or done.planned or done.unplanned or done.effects
    return not did and not done.arrived.anything


def _tell(done: Pass, as_json: bool) -> None:
    if as_json:
        say.document({"schema": "fahuo.run/1", **msgspec.to_builtins(done)})
        return
    if done.arrived.anything:
        _arrived(done.arrived)
    if done.rechecked or done.numbered or done.reclocked or done.planned or done.unplanned or done.effects:
        say.say(
            N_(
                "{planned} that waited are planned, {unplanned} could not be, {rechecked} moved on, {reclocked} have "
                "other deadlines, effects: {effects} ({seconds} s)"
            ),
            planned=done.planned,
            unplanned=done.unplanned,
            rechecked=done.rechecked + done.numbered,
            reclocked=done.reclocked,
            effects=", ".join(f"{k} {v}" for k, v in sorted(done.effects.items())) or "-",
            seconds=f"{done.seconds:.1f}",
        )
    elif not done.arrived.anything:
        say.say(N_("Nothing was due."))


def _arrived(came: Arrived) -> None:
    say.say(
        N_("{created} new orders, {updated} changed, {refused} refused, {parked} notices for a person."),
        created=came.created,
        updated=came.updated,
        refused=came.refused,
        parked=came.parked,
    )
    for shop, code in sorted(came.failed.items()):
        say.warn(N_("{shop}: not everything could be read ({code})."), shop=shop, code=code)


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError:
        raise Failure(
            Problem(
                "bad_instant",
                "now",
                text[:80],
                N_("{value} is no instant."),
                N_("Write 2018-03-01T00:00:00Z, or a date with an offset."),
                {"value": text[:80]},
            )
        ) from None
