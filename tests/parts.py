"""What a test run needs from outside, and what became of each part of it.

A test that needs PostgreSQL, a browser or the shared data says so by its marker and takes the fixture of that name
(`postgres_url`, `chromium`, `shared_data`). Where the need cannot be met it is skipped with the reason; in the mood of
`.ci/run` (FAHUO_CI=1) every skipped test is a failed one.
"""

import json
import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import chromium as browser
from scripts import postgres

ROOT = Path(__file__).resolve().parent.parent
# A test counts under the first of these that marks it.
PARTS = {"browser": "browser", "fault": "faults", "postgres": "PostgreSQL", "data": "data"}
REST = "units and SQLite"


def strict() -> bool:
    """Whether what cannot be had is a failure: so under `.ci/run`."""
    return os.environ.get("FAHUO_CI") == "1"


def shared_folder() -> Path | None:
    """The folder of the shared data sets: FAHUO_DATA, else `../shared` beside the checkout."""
    named = os.environ.get("FAHUO_DATA")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder.resolve() if (folder / "data").is_dir() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared folder (`data/olist`, `data/addresses`, …)."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("no shared data: set FAHUO_DATA to the folder that holds data/")
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of the tests' own; its database `fahuo` may be used and new ones created."""
    if given := os.environ.get("FAHUO_TEST_POSTGRES_URL"):
        yield given
        return
    try:
        with postgres.throwaway() as url:
            yield url
    except postgres.UnavailableError as problem:
        pytest.skip(f"no PostgreSQL: {problem}")


@pytest.fixture(scope="session")
def chromium() -> dict[str, Any]:
    """What `playwright.chromium.launch(**chromium)` needs to start the browser found here."""
    found = browser.find()
    if found is None:
        pytest.skip("no Chromium: `python scripts/chromium.py` fetches one")
    return browser.launch_options(found)


def part_of(keywords: Any) -> str:
    """The part under which a test with these markers is counted."""
    return next((part for marker, part in PARTS.items() if marker in keywords), REST)


def _fail_instead_of_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if strict() and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: {reason}; under CI nothing may be skipped"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure under CI; leave the test's markers on its report."""
    report = yield
    _fail_instead_of_skip(report)
    report.user_properties.append(("part", part_of({mark.name for mark in item.iter_markers()})))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module skipped as a whole counts as a failure under CI too."""
    report = yield
    _fail_instead_of_skip(report)
    return report


class Tally:
    """Counts outcomes by part and leaves them, as JSON, in the file named by FAHUO_TEST_TALLY."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.counts: dict[str, Counter[str]] = {}
        self.reasons: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One call per phase: the call itself counts, set-up and tear-down only when they went wrong or skipped."""
        if report.when != "call" and report.passed:
            return
        part = str(dict(report.user_properties).get("part", REST))
        self.counts.setdefault(part, Counter())[report.outcome] += 1
        if report.skipped and isinstance(report.longrepr, tuple):
            self.reasons.setdefault(part, report.longrepr[2].removeprefix("Skipped: "))

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        parts = {part: {**count, "reason": self.reasons.get(part, "")} for part, count in self.counts.items()}
        self.target.write_text(json.dumps(parts), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Count for `scripts/test.py`, in the process that hears of all tests."""
    target = os.environ.get("FAHUO_TEST_TALLY")
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Tally(Path(target)), "fahuo-tally")
