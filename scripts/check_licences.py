"""The licence of every package of the default install; GPL and AGPL are refused, LGPL is allowed as a dependency.

Read from the installed metadata of what `uv.lock` names for the product itself (development tools are not shipped).
`--list` prints them all.
"""

import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NAMED = re.compile(r"(?<!L)(?<!lesser )\b(?:A?GPL|GNU (?:Affero )?General Public License)", re.IGNORECASE)
LESSER = re.compile(r"LGPL|lesser general public", re.IGNORECASE)
# Packages whose metadata name several licences, or none, read by a person.
KNOWN: dict[str, str] = {}


def default_set(lock: dict[str, Any], root: str = "fahuo") -> list[str]:
    """The names of all packages the product needs, directly or not, with the extras it asks for."""
    packages = {package["name"]: package for package in lock["package"]}
    waiting: list[tuple[str, str]] = [(root, "")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extra = key = waiting.pop()
        if key in seen or name not in packages:
            continue
        seen.add(key)
        package = packages[name]
        needs = package.get("optional-dependencies", {}).get(extra, []) if extra else package.get("dependencies", [])
        for need in needs:
            waiting.append((need["name"], ""))
            waiting.extend((need["name"], wanted) for wanted in need.get("extra", []))
    return sorted({name for name, _ in seen} - {root})


def licence_of(package: Distribution) -> str:
    """Expression, else classifiers, else the licence field's first line."""
    meta = package.metadata
    if "License-Expression" in meta:
        return meta["License-Expression"]
    classifiers = [
        line.rsplit(" :: ", 1)[-1] for line in meta.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    if named := [line for line in classifiers if line not in {"OSI Approved", "License"}]:
        return " / ".join(named)
    return meta["License"].strip().splitlines()[0][:80] if meta["License"] else "unknown"


def refused(licence: str) -> bool:
    """Whether one may not ship it: GPL or AGPL with no other choice. `A OR B` leaves the choice to us."""
    choices = re.split(r"\s+OR\s+", licence)
    return all(bool(NAMED.search(choice)) and not LESSER.search(choice) for choice in choices)


def main(arguments: list[str]) -> int:
    """1 when a package of the default install is under GPL or AGPL, or names no licence at all."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    bad = 0
    for name in default_set(lock):
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform or Python
        licence = KNOWN.get(name) or licence_of(package)
        if "--list" in arguments:
            sys.stdout.write(f"{name:<28} {package.version:<14} {licence}\n")
        if refused(licence) or licence == "unknown":
            bad += 1
            sys.stderr.write(f"{name} {package.version}: licence {licence} does not go into the default install\n")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
