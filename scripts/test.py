"""`make test`: every check there is, and at the end a line per part: ran, or why not.

`test.py` runs all parts, `test.py lint types …` only those named. Anything after `--` goes to pytest.
Under `.ci/run` (FAHUO_CI=1) a part that cannot be had is a failure; elsewhere its tests are skipped and say why.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import chromium, postgres  # noqa: E402 -- the line above makes the folder importable
from tests.parts import PARTS, REST, shared_folder, strict  # noqa: E402 -- likewise

BIN = Path(sys.executable).parent


@dataclass(slots=True)
class Outcome:
    """What became of one part: its name, `ran` / `failed` / `not run`, and figures or the reason."""

    part: str
    state: str
    text: str


def _commands(part: str) -> list[list[str]]:
    python = sys.executable
    return {
        "lint": [
            [str(BIN / "ruff"), "check", "--quiet", "."],
            [str(BIN / "ruff"), "format", "--quiet", "--check", "."],
            [python, "scripts/check_sizes.py"],
            [python, "scripts/check_suppressions.py"],
            [python, "scripts/check_sql_scope.py"],
        ],
        "types": [[str(BIN / "mypy"), "--no-error-summary"]],
        "imports": [[str(BIN / "lint-imports"), "--no-cache"]],
        "licences": [[python, "scripts/check_licences.py"]],
    }[part]


def static(part: str) -> list[Outcome]:
    """A part that reads the code without running it."""
    began = time.monotonic()
    failed = []
    for command in _commands(part):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
        if done.returncode:
            failed.append(Path(command[-1] if command[0] == sys.executable else command[0]).stem)
            sys.stderr.write(f"{done.stdout}{done.stderr}")
        elif done.stderr:
            sys.stderr.write(done.stderr)
    if failed:
        return [Outcome(part, "failed", ", ".join(failed))]
    return [Outcome(part, "ran", f"clean in {time.monotonic() - began:.0f} s")]


def _postgres(stack: ExitStack) -> str:
    if os.environ.get("FAHUO_TEST_POSTGRES_URL"):
        return ""
    try:
        os.environ["FAHUO_TEST_POSTGRES_URL"] = stack.enter_context(postgres.throwaway())
    except postgres.UnavailableError as problem:
        return f"no PostgreSQL: {problem}"
    return ""


def _chromium() -> str:
    try:
        os.environ["FAHUO_CHROMIUM"] = str(chromium.get())
    except chromium.UnavailableError as problem:
        return f"no Chromium: {problem}"
    return ""


def _data() -> str:
    folder = shared_folder()
    if folder is None:
        return "no shared data: FAHUO_DATA names no folder that holds data/, and there is no ../shared"
    os.environ["FAHUO_DATA"] = str(folder)
    return ""


def _outcome(part: str, count: dict[str, int | str], missing: str) -> Outcome:
    passed, failed, skipped = (int(count.get(word, 0)) for word in ("passed", "failed", "skipped"))
    figures = f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")
    reason = missing or str(count.get("reason", ""))
    if failed or (missing and strict()):
        return Outcome(part, "failed", f"{figures}{'; ' + reason if reason else ''}")
    if passed:
        return Outcome(part, "ran", f"{figures}{' (' + reason + ')' if skipped and reason else ''}")
    return Outcome(part, "not run", reason or "there are no such tests")


def tests(extra: list[str]) -> list[Outcome]:
    """All tests in one pytest run, whose own closing line counts them; told apart by part afterwards."""
    with ExitStack() as stack:
        missing = {"PostgreSQL": _postgres(stack), "browser": _chromium(), "data": _data()}
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fahuo-tests-"))
        tally = Path(folder) / "tally.json"
        environment = os.environ | {"FAHUO_TEST_TALLY": str(tally)}
        # Each worker process has databases of its own; a file's tests stay together.
        workers = min(4, os.cpu_count() or 1)
        spread = ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []
        command = [sys.executable, "-m", "pytest", *spread, *extra]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 -- ours
        counts = json.loads(tally.read_text(encoding="utf-8")) if tally.exists() else {}
    names = [REST, *dict.fromkeys(["PostgreSQL", *PARTS.values()])]
    outcomes = [_outcome(name, counts.get(name, {}), missing.get(name, "")) for name in names]
    if code and not any(outcome.state == "failed" for outcome in outcomes):
        outcomes.append(Outcome("pytest", "failed", f"ended with code {code}"))
    return outcomes


STATIC = ("lint", "types", "imports", "licences")
ALL = (*STATIC, "tests")


def main(arguments: list[str]) -> int:
    """Run the parts named (all when none is), print the summary, 1 when anything failed."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parts, extra = arguments[:cut] or ALL, arguments[cut + 1 :]
    if unknown := [part for part in parts if part not in ALL]:
        sys.stderr.write(f"no such part: {', '.join(unknown)}; there are {', '.join(ALL)}\n")
        return 2
    # A stopped run takes its PostgreSQL with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    outcomes = [outcome for part in parts for outcome in (tests(extra) if part == "tests" else static(part))]
    sys.stdout.flush()
    sys.stdout.write("\n")
    for outcome in outcomes:
        sys.stdout.write(f"{outcome.part:<17} {outcome.state:<8} {outcome.text}\n")
    return int(any(outcome.state == "failed" for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
