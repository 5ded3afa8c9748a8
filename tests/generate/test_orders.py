"""Generated orders: same seed same bytes, true to the platform's shape, with sums, people and places that hold."""

import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from fahuo.generate.articles import articles
from fahuo.generate.markets import MARKETS, clocks
from fahuo.generate.orders import generate
from fahuo.generate.people import PEOPLE
from fahuo.generate.places import PLACES
from fahuo.generate.press import Options, cpf
from fahuo.kernel.problems import Failure
from fahuo.orders.addresses import check_addresses
from fahuo.orders.model import ORDER, RecipientIn
from fahuo.orders.phones import parse_phone

NOW = 1_768_000_000
ALL = tuple(MARKETS)


@cache
def orders() -> list[dict[str, Any]]:
    return [json.loads(raw) for _, raw in generate(4_000, ALL, 11, Options(now=NOW))]


def minor(text: str) -> int:
    return int(text.replace(".", ""))


def test_same_seed_same_bytes_and_a_longer_run_begins_the_same() -> None:
    short = list(generate(3_000, ("VN", "US"), 5, Options(now=NOW)))
    assert list(generate(3_000, ("VN", "US"), 5, Options(now=NOW))) == short
    assert list(generate(5_000, ("VN", "US"), 5, Options(now=NOW)))[:3_000] == short
    assert list(generate(3_000, ("VN", "US"), 6, Options(now=NOW))) != short


def test_ids_are_unique_also_between_seeds() -> None:
    found = [json.loads(raw) for seed in (1, 2) for _, raw in generate(1_500, ("TH",), seed, Options(now=NOW))]
    assert len({o["id"] for o in found}) == len(found)
    units = [line["id"] for o in found for line in o["line_items"]]
    assert len(set(units)) == len(units)
    assert all(re.fullmatch(r"\d{17,19}", i) for i in units)


def test_every_market_is_there_and_every_state() -> None:
    assert {o["payment"]["currency"] for o in orders()} == {m.currency for m in MARKETS.values()}
    states = Counter(o["status"] for o in orders())
    assert set(states) == set(ORDER.states) - {"PARTIALLY_SHIPPING"}
    assert states["AWAITING_SHIPMENT"] > 0.75 * len(orders())


def test_size_is_that_of_a_real_order() -> None:
    sizes = [len(raw) for _, raw in generate(2_000, ALL, 1, Options(now=NOW))]
    assert 2_500 < sum(sizes) / len(sizes) < 4_500


def test_amounts_add_up() -> None:
    for o in orders():
        p = {k: minor(v) for k, v in o["payment"].items() if k != "currency"}
        assert p["sub_total"] == p["original_total_product_price"] - p["seller_discount"] - p["platform_discount"]
        off = p["shipping_fee_seller_discount"] + p["shipping_fee_platform_discount"]
        assert p["shipping_fee"] == p["original_shipping_fee"] - off
        assert p["total_amount"] == p["sub_total"] + p["shipping_fee"] + p["tax"]
        items = o["line_items"]
        assert sum(minor(i["sale_price"]) for i in items) == p["sub_total"]
        assert sum(minor(i["original_price"]) for i in items) == p["original_total_product_price"]
        assert sum(minor(t["tax_amount"]) for i in items for t in i.get("item_tax", [])) == p["tax"]
        assert all(minor(i["sale_price"]) > 0 or o["is_sample_order"] for i in items)


def test_decimals_are_those_of_the_market() -> None:
    for o in orders():
        whole = o["payment"]["currency"] in {"VND", "IDR", "JPY"}
        assert ("." in o["payment"]["total_amount"]) is not whole


def test_times_follow_each_other_and_none_is_in_the_future() -> None:
    chain = ("create_time", "rts_time", "collection_time", "delivery_time", "update_time")
    for o in orders():
        times = [o[name] for name in chain if name in o]
        assert times == sorted(times), o["id"]
        assert o["update_time"] <= NOW
        assert ("paid_time" in o) or o["is_cod"] or o["status"] == "UNPAID"
        assert ("cancel_time" in o) == (o["status"] == "CANCELLED")


def test_addresses_are_hidden_masked_or_good() -> None:
    seen: Counter[str] = Counter()
    for o in orders():
        a = o["recipient_address"]
        if o["status"] in ("UNPAID", "ON_HOLD"):
            assert a == {}
            seen["hidden"] += 1
            continue
        names = {d["address_level"]: d["address_name"] for d in a["district_info"]}
        to = RecipientIn(
            name=a["name"],
            phone=a["phone_number"],
            country=a["region_code"],
            region=names["L1"],
            city=names["L2"],
            district=names.get("L3", ""),
            postal_code=a["postal_code"],
            lines=(a["address_line1"],),
        )
        check = check_addresses([to])[0]
        assert check.ok
        assert check.changes == ()
        assert check.masked == (o["shipping_type"] == "TIKTOK")
        phone = parse_phone(to.phone, to.country)
        assert phone.masked if check.masked else phone.e164
        seen["masked" if check.masked else "clear"] += 1
    assert min(seen.values()) > 100
    assert len(seen) == 3


@pytest.mark.parametrize("market", ALL)
def test_every_place_and_phone_prefix_of_a_market_is_valid(market: str) -> None:
    for region, city, district, postal in PLACES[market]:
        to = RecipientIn(country=market, region=region, city=city, district=district, postal_code=postal, lines=("1",))
        check = check_addresses([to])[0]
        assert check.ok, (region, city, postal)
        assert check.changes == ()
    people = PEOPLE[market]
    for prefix in people.prefixes:
        for rest in ("0" * people.digits, "5" * people.digits, "9" * people.digits, "1234567890"[: people.digits]):
            assert parse_phone(f"(+{people.code}){prefix}{rest}", market).e164, (prefix, rest)


def test_shares_can_be_chosen() -> None:
    def made(n: int = 600, finished: float = 0.1, **more: Any) -> list[dict[str, Any]]:
        stream = generate(n, ("VN", "US"), 3, Options(now=NOW, **more), finished=finished)
        return [json.loads(raw) for _, raw in stream]

    assert {o["shipping_type"] for o in made(seller_shipping=1.0)} == {"SELLER"}
    assert {o["shipping_type"] for o in made(seller_shipping=0.0)} == {"TIKTOK"}
    done = {"IN_TRANSIT", "DELIVERED", "COMPLETED", "CANCELLED"}
    assert {o["status"] for o in made(finished=1.0)} == done
    assert not {o["status"] for o in made(finished=0.0)} & done
    assert {len({i["sku_id"] for i in o["line_items"]}) for o in made(lines=2)} == {2}
    assert {len({i["sku_id"] for i in o["line_items"]}) for o in made(lines=7)} == {7}
    assert not any("rts_sla_time" in o for o in made(platform_clocks=False))


def test_cod_and_shipping_follow_the_market() -> None:
    for o in orders():
        assert not (o["is_cod"] and o["payment"]["currency"] in {"USD", "EUR", "GBP", "JPY", "BRL", "MXN"})
    assert any(o["is_cod"] for o in orders())
    assert any("package_id" in o["line_items"][0] for o in orders() if o["status"] == "AWAITING_SHIPMENT")


def test_viet_nam_clocks_are_those_of_the_live_orders() -> None:
    """Working days Monday to Saturday, cut-off 14:00: the reference's first and fifth order (UTC+7)."""
    sunday = clocks("VN", 739473, False, False, 0)
    assert sunday == {
        "rts_sla_time": 1754902800,
        "tts_sla_time": 1754931599,
        "shipping_due_time": 1755017999,
        "collection_due_time": 1755104399,
        "cancel_order_sla_time": 1755017999,
    }
    tuesday = clocks("VN", 739489, False, False, 0)
    assert (tuesday["tts_sla_time"], tuesday["collection_due_time"]) == (1756227599, 1756486799)


def test_cross_border_sends_from_one_place_with_other_clocks() -> None:
    found = [json.loads(raw) for _, raw in generate(300, ("VN", "TH"), 3, Options(now=NOW, cross_border=True))]
    assert len({o["warehouse_id"] for o in found}) == 1
    normal = [o for o in found if o["order_type"] == "NORMAL" and "rts_sla_time" in o]
    assert {o["rts_sla_time"] - o["create_time"] for o in normal} == {48 * 3600}


def test_tax_id_has_right_check_digits() -> None:
    assert cpf(529982247) == "52998224725"  # the textbook example
    assert cpf(111444777) == "11144477735"


def test_articles_are_distinct_and_bundles_known() -> None:
    made = articles()
    assert len({a.sku for a in made}) == len({a.platform_sku_id for a in made}) == len(made)
    assert abs(sum(a.popularity for a in made) - 1) < 1e-9
    known = {a.sku for a in made if not a.bundle_of}
    for a in made:
        for part in filter(None, a.bundle_of.split("+")):
            assert part.partition("*")[0] in known


def test_unknown_market_is_named() -> None:
    with pytest.raises(Failure, match="XX"):
        list(generate(1, ("XX",), 1, Options(now=NOW)))
