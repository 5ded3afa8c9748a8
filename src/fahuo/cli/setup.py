"""`fahuo init`."""

from __future__ import annotations

from fahuo.cli import say
from fahuo.cli.options import AsJson
from fahuo.flow.setup import initialise
from fahuo.kernel.text import N_


def init(as_json: AsJson = False) -> None:
    """Make master key and database in FAHUO_HOME. May be repeated."""
    settings, made = initialise(say.settings())
    say.forget()
    if as_json:
        say.document(
            {
                "schema": "fahuo.init/1",
                "home": str(settings.home),
                "key_file": str(settings.master_key_file),
                "key_made": made,
            }
        )
        return
    say.say(N_("Ready in {home}."), home=settings.home)
    if made:
        say.say(
            N_("Master key made: {file}. Keep a copy elsewhere: without it no personal data can be read."),
            file=settings.master_key_file,
        )
