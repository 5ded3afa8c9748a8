"""The same orders through Tryton and through Fahuo in one run: beside_tryton.py TRYTON_PYTHON [ORDERS [FEWER]].

TRYTON_PYTHON is the interpreter of an environment with trytond, made by the peers' `mkvenvs.sh` (see the data folder's
`bench`); its job script is taken from there (FAHUO_DATA, else ../shared). SQLite on both sides. Tryton's stages: parse,
sale, shipment, assign, pick, package with number, ship. Fahuo's: those of `fahuo bench pipeline`. What each does that
the other does not stands in docs/benchmarks.md. Tryton takes the first FEWER of the orders (all when not given): it
works in chunks of 50, so its rate does not depend on how many there are. Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from fahuo.bench import pipeline

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 50
RUNS = 3
ARTICLES = 200


def main() -> int:
    """Run both, interleaved, and print the ratio."""
    python, *numbers = sys.argv[1:]
    count = int(numbers[0]) if numbers else 2_000
    fewer = int(numbers[-1]) if numbers else count
    job = Path(os.environ.get("FAHUO_DATA") or ROOT.parent / "shared") / "bench" / "peers" / "tryton_job.py"
    with tempfile.TemporaryDirectory(prefix="fahuo-peer-") as folder:
        work = Path(folder)
        ours = pipeline.generated(work / "ours.jsonl", count)
        theirs = work / "theirs.jsonl"
        theirs.write_text("".join(json.dumps(_for_tryton(line)) + "\n" for line in islice(ours.open(), fewer)))
        (work / "base.sqlite").touch()
        _tryton(python, job, "setup", work, "base")
        found = []
        for run in range(RUNS):
            shutil.copy(work / "base.sqlite", work / f"run{run}.sqlite")
            os.sync()  # neither pays for what the other has left to be written
            peer = _tryton(python, job, "run", work, f"run{run}", str(theirs), str(CHUNK))
            os.sync()
            own = pipeline.run(count, ours, None, 1)
            found.append((float(own["orders_per_second"]), float(peer["orders_per_s"])))
    ratios = sorted(a / b for a, b in found)
    document = {
        "orders": count,
        "tryton_orders": fewer,
        "fahuo_orders_per_second": sorted(a for a, _ in found)[len(found) // 2],
        "tryton_orders_per_second": sorted(b for _, b in found)[len(found) // 2],
        "ratio": round(ratios[len(ratios) // 2], 1),
        "ratio_spread": [round(ratios[0], 1), round(ratios[-1], 1)],
    }
    sys.stdout.write(json.dumps(document) + "\n")
    return 0


def _tryton(python: str, job: Path, *words: object) -> dict[str, Any]:
    what, work, *rest = words
    command = [python, str(job), str(what), str(work), "sqlite://", *(str(word) for word in rest)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=str(work))  # noqa: S603 - named by the caller
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return dict(json.loads(lines[-1])) if lines else {}


def _for_tryton(line: str) -> dict[str, Any]:
    """The order with the peer's own two hundred articles and countries; names and addresses stay."""
    order = json.loads(line)
    to = order["recipient_address"]
    levels = to["district_info"]
    items: dict[str, dict[str, Any]] = {}
    for unit in order["line_items"]:
        known = items.setdefault(unit["sku_id"], {**unit, "quantity": 0})
        known["quantity"] += 1
    return {
        "id": order["id"],
        "recipient_address": {
            "name": to["name"],
            "address_line1": to.get("address_line1") or to["full_address"],
            "postal_code": to.get("postal_code", ""),
            "region_code": to["region_code"],
            "district_info": levels if len(levels) > 1 else [*levels, *levels],
        },
        "line_items": [
            {
                "seller_sku": f"SKU-{int(sku[-4:]) % ARTICLES:04d}",
                "quantity": item["quantity"],
                "sale_price": item["sale_price"],
            }
            for sku, item in items.items()
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
