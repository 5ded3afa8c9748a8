"""Turn the public Olist tables into the tables of `fahuo import-data`: python scripts/olist_catalogue.py FOLDER OUT

Olist's sellers become warehouses, its products SKUs. The data set holds no stock, so every warehouse gets what its
seller sells in the whole data set: enough for each order, and no proof of anything. See docs/guides/olist.md.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

Row = Mapping[str, str]
UNKNOWN = "unknown"


def main() -> int:
    """Read the folder named first, write into the one named second."""
    if len(sys.argv) != 3:  # noqa: PLR2004 - two folders and our own name
        sys.stderr.write("usage: python scripts/olist_catalogue.py FOLDER OUT\n")
        return 2
    counts = convert(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write("".join(f"{name}: {count} rows\n" for name, count in counts.items()))
    return 0


def convert(source: Path, target: Path) -> dict[str, int]:
    """Write warehouses.csv, skus.csv and stock.csv; rows of each."""
    target.mkdir(parents=True, exist_ok=True)
    units = Counter((row["product_id"], row["seller_id"]) for row in _table(source, "order_items"))
    words = {
        row["product_category_name"]: row["product_category_name_english"]
        for row in _table(source, "product_category_name_translation")
    }
    products = {row["product_id"]: row for row in _table(source, "products")}
    sellers = {row["seller_id"]: row for row in _table(source, "sellers")}
    return {
        "warehouses": _write(target, "warehouses", (_place(s, sellers.get(s, {})) for s in _second(units))),
        "skus": _write(target, "skus", (_article(p, products.get(p, {}), words) for p in _first(units))),
        "stock": _write(target, "stock", (_shelf(p, s, count) for (p, s), count in sorted(units.items()))),
    }


def _place(seller: str, row: Row) -> Row:
    return {
        "code": seller,
        "name": f"Seller {seller[:8]}",
        "country": "BR",
        "region": row.get("seller_state", ""),
        "city": row.get("seller_city", ""),
        "postal_code": row.get("seller_zip_code_prefix", ""),
        "zone": "America/Sao_Paulo",
        "kind": "own",
        "cutoff": "18:00",
        "work_days": "12345",
        "platform_ref": seller,
    }


def _article(product: str, row: Row, words: Mapping[str, str]) -> Row:
    category = row.get("product_category_name", "")
    return {
        "sku": product,
        "name": words.get(category, category) or UNKNOWN,
        "weight_g": _whole(row.get("product_weight_g", "")),
        "length_mm": _whole(row.get("product_length_cm", ""), 10),
        "width_mm": _whole(row.get("product_width_cm", ""), 10),
        "height_mm": _whole(row.get("product_height_cm", ""), 10),
        "platform_sku_id": product,
    }


def _shelf(product: str, seller: str, units: int) -> Row:
    return {"sku": product, "warehouse": seller, "on_hand": str(units)}


def _whole(text: str, factor: int = 1) -> str:
    """Extracts write `300` and `300.0` for the same thing."""
    return str(round(float(text) * factor)) if text else "0"


def _first(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({pair[0] for pair in pairs})


def _second(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({pair[1] for pair in pairs})


def _table(folder: Path, name: str) -> Iterator[Row]:
    """Rows of a table, packed or not; none when it is not there."""
    found = sorted(folder.glob(f"*{name}*.csv")) + sorted(folder.glob(f"*{name}*.csv.gz"))
    if not found:
        return
    packed = found[0].suffix == ".gz"
    with gzip.open(found[0], "rb") if packed else found[0].open("rb") as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        yield from csv.DictReader(file)


def _write(folder: Path, name: str, rows: Iterable[Row]) -> int:
    made = list(rows)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, made[0].keys() if made else ("empty",))
        writer.writeheader()
        writer.writerows(made)
    return len(made)


if __name__ == "__main__":
    sys.exit(main())
