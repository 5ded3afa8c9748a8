"""Columns of the tables a seller keeps: SKUs, stock, warehouses, carriers, rates, cartons, numbers, exchange rates."""

from __future__ import annotations

from typing import Final

from fahuo.carriers.numbers import CHECKS
from fahuo.catalogue.model import GOODS, WAREHOUSE_KINDS
from fahuo.kernel.columns import (
    Column,
    amount,
    clock_time,
    country,
    currency,
    link,
    one_of,
    rate,
    several_of,
    text,
    weekdays,
    whole,
    words_of,
    zone_name,
)
from fahuo.kernel.text import N_

_MM: Final = whole(0, 100_000)
_G: Final = whole(0, 10_000_000)

TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "skus": (
        Column("sku", text(100), N_("the seller's own code of the article"), required=True, example="TEE-BLUE-M"),
        Column("name", text(300), N_("name on pick lists"), example="T-shirt, blue, M"),
        Column("weight_g", _G, N_("weight of one unit in grams"), default=0, example="180"),
        Column("length_mm", _MM, N_("longest side in millimetres"), default=0, example="250"),
        Column("width_mm", _MM, N_("middle side in millimetres"), default=0, example="200"),
        Column("height_mm", _MM, N_("shortest side in millimetres"), default=0, example="20"),
        Column(
            "goods",
            several_of(GOODS),
            N_("goods classes joined by +: general, battery, liquid, dangerous, food, fragile"),
            default=0,
            example="general",
        ),
        Column("packing", text(40), N_("packing material the article needs"), default="none", example="bag"),
        Column("barcode", text(100), N_("barcode on the article, if not the SKU"), example="6901234567892"),
        Column("shop", text(100), N_("shop the platform SKU id belongs to; empty: every shop"), example="my-shop"),
        Column("platform_sku_id", text(64), N_("the platform's id of the article"), example="1729382256910270733"),
        Column("bundle_of", text(1000), N_("parts of a bundle, SKU*units joined by +"), example=""),
        Column("cost", amount, N_("what one unit costs the seller"), default=None, example="3.20"),
        Column("currency", currency, N_("currency of the cost"), default=None, example="USD"),
        Column("safety_buffer", whole(0, 1_000_000), N_("units never shown to the platform"), default=0, example="2"),
    ),
    "warehouses": (
        Column("code", text(40), N_("short name"), required=True, example="SZ1"),
        Column("name", text(200), N_("name"), example="Shenzhen floor"),
        Column("country", country, N_("two-letter country code"), required=True, example="CN"),
        Column("region", text(100), N_("state or province"), example="Guangdong"),
        Column("city", text(100), N_("city"), example="Shenzhen"),
        Column("postal_code", text(20), N_("postal code"), example="518000"),
        Column("address", text(300), N_("street and number"), example="1 Example Road"),
        Column("zone", zone_name, N_("IANA time zone"), required=True, example="Asia/Shanghai"),
        Column("kind", one_of(*WAREHOUSE_KINDS), N_("own, overseas or third_party"), default="own", example="own"),
        Column(
            "cutoff", clock_time, N_("last minute a parcel joins the day's hand-over"), default="23:59", example="17:00"
        ),
        Column("work_days", weekdays, N_("working weekdays, Monday = 1"), default="123456", example="123456"),
        Column("platform_ref", text(100), N_("the platform's warehouse id or name"), example="7100000000000000001"),
        Column("contact_name", text(100), N_("person in charge"), example=""),
        Column("phone", text(40), N_("phone"), example=""),
        Column(
            "capacity_per_day", whole(1, 10_000_000), N_("parcels the floor packs a day"), default=None, example="2000"
        ),
    ),
    "stock": (
        Column("sku", text(100), N_("the seller's own code of the article"), required=True, example="TEE-BLUE-M"),
        Column("warehouse", text(40), N_("warehouse code"), required=True, example="SZ1"),
        Column("on_hand", whole(0, 1_000_000_000), N_("units counted"), required=True, example="120"),
        Column("bin", text(40), N_("place on the shelf"), example="A-03-2"),
    ),
    "cartons": (
        Column("code", text(40), N_("short name"), required=True, example="B3"),
        Column("name", text(200), N_("name"), example="Box 3"),
        Column("length_mm", whole(1, 10_000), N_("inner length in millimetres"), required=True, example="300"),
        Column("width_mm", whole(1, 10_000), N_("inner width in millimetres"), required=True, example="200"),
        Column("height_mm", whole(1, 10_000), N_("inner height in millimetres"), required=True, example="150"),
        Column("max_weight_g", whole(1, 1_000_000), N_("what it carries, in grams"), required=True, example="10000"),
        Column("tare_g", _G, N_("its own weight in grams"), default=0, example="120"),
        Column("cost", amount, N_("what it costs"), default="0", example="0.35"),
        Column("currency", currency, N_("currency of the cost"), required=True, example="USD"),
        Column("packing", text(40), N_("packing material it replaces"), example="box"),
    ),
    "carriers": (
        Column("carrier", text(40), N_("short name of the carrier"), required=True, example="JT"),
        Column("carrier_name", text(200), N_("name as the platform spells it"), example="J&T Express"),
        Column("service", text(40), N_("short name of the service"), required=True, example="STD"),
        Column("service_name", text(200), N_("name"), example="Standard"),
        Column(
            "shipping_type",
            one_of("TIKTOK", "SELLER", "BOTH"),
            N_("whose label it takes"),
            default="SELLER",
            example="SELLER",
        ),
        Column(
            "origin",
            words_of(text(40)),
            N_("countries or warehouse codes it collects in, * for any"),
            default=("*",),
            example="VN",
        ),
        Column(
            "destinations", words_of(country), N_("countries it delivers to, * for any"), required=True, example="VN"
        ),
        Column(
            "goods_allowed",
            several_of(GOODS),
            N_("goods classes it takes, joined by +"),
            default=0,
            example="battery+liquid",
        ),
        Column("max_weight_g", whole(1, 10_000_000), N_("heaviest parcel in grams"), default=None, example="30000"),
        Column("max_length_mm", whole(1, 100_000), N_("longest side in millimetres"), default=None, example="1000"),
        Column(
            "max_girth_mm",
            whole(1, 1_000_000),
            N_("length + 2 x (width + height) in millimetres"),
            default=None,
            example="3000",
        ),
        Column(
            "volumetric_divisor",
            whole(1, 100_000),
            N_("cubic centimetres that count as a kilogram"),
            default=None,
            example="6000",
        ),
        Column("capacity_per_day", whole(1, 10_000_000), N_("parcels it takes a day"), default=None, example="500"),
        Column("cutoff", clock_time, N_("last minute of hand-over at the warehouse"), default="18:00", example="18:00"),
        Column("collect_days", weekdays, N_("weekdays it collects, Monday = 1"), default="123456", example="123456"),
        Column("transit_days_min", whole(0, 365), N_("fastest delivery in days"), default=1, example="2"),
        Column("transit_days_max", whole(0, 365), N_("slowest usual delivery in days"), default=7, example="4"),
        Column("scan_hours", whole(0, 240), N_("hours from hand-over to the first scan"), default=6, example="4"),
        Column(
            "approved_markets",
            words_of(country),
            N_("markets whose platform approves it, * for any"),
            default=(),
            example="VN",
        ),
        Column("tracking_url", link(), N_("page that shows a number, with {number}"), example=""),
    ),
    "rates": (
        Column("carrier", text(40), N_("short name of the carrier"), required=True, example="JT"),
        Column("service", text(40), N_("short name of the service"), required=True, example="STD"),
        Column("warehouse", text(40), N_("warehouse code, * for any"), default="*", example="*"),
        Column("zone_country", country, N_("country delivered to"), required=True, example="VN"),
        Column("zone_region", text(100), N_("state or province; empty: any"), example=""),
        Column("zone_postal_prefix", text(10), N_("first characters of the postal code; empty: any"), example=""),
        Column("weight_from_g", _G, N_("heavier than this, in grams"), default=0, example="0"),
        Column("weight_to_g", _G, N_("up to this, in grams"), required=True, example="1000"),
        Column("base", amount, N_("price of the parcel"), required=True, example="1.20"),
        Column("per_kg", amount, N_("for each started kilogram above weight_from_g"), default="0", example="0.40"),
        Column("surcharge_name", text(100), N_("name of the surcharge"), example="fuel"),
        Column("surcharge", amount, N_("surcharge a parcel"), default="0", example="0.05"),
        Column("currency", currency, N_("currency of this row"), required=True, example="USD"),
    ),
    "numbers": (
        Column("carrier", text(40), N_("short name of the carrier"), required=True, example="JT"),
        Column("service", text(40), N_("short name of the service"), required=True, example="STD"),
        Column("prefix", text(20), N_("before the digits"), example="FH"),
        Column("first", whole(0, 10**17), N_("first number of the range"), required=True, example="100000"),
        Column("last", whole(0, 10**17), N_("last number of the range"), required=True, example="199999"),
        Column("width", whole(1, 17), N_("digits, filled up with zeros"), default=9, example="9"),
        Column("suffix", text(20), N_("after the digits"), example="VN"),
        Column("check", one_of(*CHECKS), N_("check digit"), default="none", example="none"),
    ),
    "exchange": (
        Column("currency", currency, N_("currency to be converted"), required=True, example="CNY"),
        Column("base", currency, N_("currency it is converted to"), required=True, example="VND"),
        Column("rate", rate, N_("units of the base for one unit of the currency"), required=True, example="3550.25"),
    ),
}
"""kind → columns. The same description reads files, prints `--template` and stands in docs/import-data.md."""
