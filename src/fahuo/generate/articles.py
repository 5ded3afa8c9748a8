"""The invented assortment: articles with size, weight, goods class, price, and two bundles of them."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple


class Article(NamedTuple):
    """One SKU. Sizes in millimetres, weight in grams, price in hundredths of a yuan."""

    sku: str
    name: str
    variation: str
    weight_g: int
    size: tuple[int, int, int]
    goods: str
    packing: str
    price: int
    platform_sku_id: str
    product_id: str
    popularity: float
    bundle_of: str = ""


# code, name, grams, size, goods, packing, price in hundredths of a yuan, variations
_PRODUCTS: Final = (
    ("TEE", "Cotton T-shirt", 180, (280, 220, 20), "general", "bag", 3900, ("Black M", "Black L", "White M", "Blue M")),
    ("HOOD", "Zip hoodie", 620, (360, 300, 60), "general", "bag", 9900, ("Grey M", "Grey L", "Navy L")),
    ("CASE", "Phone case", 45, (170, 90, 15), "general", "bubble", 1900, ("Clear", "Black", "Pink", "Mint")),
    ("BANK", "Power bank 10000 mAh", 220, (145, 70, 16), "battery", "box", 8900, ("White", "Black")),
    ("BUDS", "Wireless earbuds", 60, (90, 65, 30), "battery", "box", 12900, ("White", "Black")),
    ("LAMP", "LED desk lamp", 480, (380, 120, 60), "battery+fragile", "box", 7900, ("Warm", "Cold")),
    ("SERUM", "Vitamin C serum 30 ml", 95, (110, 40, 40), "liquid", "bubble", 5900, ("30 ml", "50 ml")),
    ("LIP", "Lip tint", 25, (80, 25, 25), "liquid", "bubble", 2900, ("01 Rose", "02 Coral", "03 Plum")),
    ("PERF", "Eau de parfum 50 ml", 240, (130, 60, 45), "dangerous+fragile", "bubble", 15900, ("Citrus", "Wood")),
    ("MUG", "Ceramic mug", 340, (120, 100, 95), "fragile", "box", 3500, ("Blue", "White", "Speckled")),
    ("TEA", "Jasmine tea 100 g", 130, (140, 90, 60), "food", "bag", 2600, ("Tin", "Refill")),
    ("SNACK", "Chili crisp 210 g", 380, (110, 75, 75), "food+fragile", "box", 1990, ("Hot", "Mild")),
    ("YOGA", "Yoga mat 6 mm", 900, (620, 120, 120), "general", "bag", 6900, ("Purple", "Green")),
    ("BOTT", "Steel water bottle", 310, (260, 75, 75), "general", "box", 4900, ("500 ml", "750 ml")),
    ("TOY", "Plush rabbit", 150, (250, 150, 120), "general", "bag", 3300, ("Small", "Large")),
    ("CABLE", "USB-C cable 1 m", 40, (120, 60, 20), "general", "bag", 1500, ("1 m", "2 m")),
)  # fmt: skip


@cache
def articles() -> tuple[Article, ...]:
    """All articles, the same on every call; popularity falls like a long tail and sums to about one."""
    made: list[Article] = []
    for number, (code, name, grams, size, goods, packing, price, variations) in enumerate(_PRODUCTS):
        for at, variation in enumerate(variations):
            sku = f"{code}-{variation.upper().replace(' ', '')}"
            product = f"17293{number:05d}000000000"
            made.append(
                Article(sku, name, variation, grams, size, goods, packing, price + 200 * at,
                        f"17293{number:05d}00000{at + 1:04d}", product, 0.0)
            )  # fmt: skip
    parts = {a.sku: a for a in made}
    for sku, name, of in (
        ("SET-CASE-CABLE", "Case and cable set", (("CASE-CLEAR", 1), ("CABLE-1M", 1))),
        ("SET-TEA-MUG", "Tea for two", (("TEA-TIN", 1), ("MUG-WHITE", 2))),
    ):
        whole = [parts[s] for s, n in of for _ in range(n)]
        goods = "+".join(sorted({g for a in whole for g in a.goods.split("+")} - {"general"})) or "general"
        made.append(
            Article(sku, name, "Set", sum(a.weight_g for a in whole),
                    (max(a.size[0] for a in whole), max(a.size[1] for a in whole), sum(a.size[2] for a in whole)),
                    goods, "box", round(sum(a.price for a in whole) * 0.9),
                    f"17293990000000{len(made):05d}", "1729399000000000000", 0.0,
                    "+".join(f"{s}*{n}" for s, n in of))
        )  # fmt: skip
    weights = [1 / (7 * i % len(made) + 3) for i in range(len(made))]
    return tuple(a._replace(popularity=w / sum(weights)) for a, w in zip(made, weights, strict=True))
