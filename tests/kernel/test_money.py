"""Exact amounts: reading what sources write, adding, sharing out."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fahuo.kernel.money import Money, amount_text, exponent_of, parse_display, parse_minor

MINOR = st.integers(-(10**15), 10**15)
EXPONENTS = st.sampled_from([0, 2, 3])


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [
        ("USD", 2), ("GBP", 2), ("EUR", 2), ("BRL", 2), ("MXN", 2), ("MYR", 2), ("THB", 2), ("PHP", 2), ("SGD", 2),
        ("JPY", 0), ("VND", 0), ("IDR", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4), ("LAK", 2), ("RSD", 2), ("IQD", 3),
    ],
)  # fmt: skip
def test_exponents(currency: str, exponent: int) -> None:
    assert exponent_of(currency) == exponent


@pytest.mark.parametrize("currency", ["ZZZ", "usd", "US", "", "USDT", "$", "DEFAULT"])
def test_unknown_currencies(currency: str) -> None:
    with pytest.raises(ValueError, match="unknown currency"):
        exponent_of(currency)


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [
        ("12.30", 2, 1230), ("12.3", 2, 1230), ("12", 2, 1200), ("-0.01", 2, -1), ("+1", 2, 100), (" 7.5 ", 2, 750),
        ("12.300", 2, 1230), ("120000", 0, 120000), ("120000.00", 0, 120000), ("1.234", 3, 1234), (12, 2, 1200),
        ("0", 2, 0), ("-0", 2, 0), ("0012", 0, 12),
    ],
)  # fmt: skip
def test_plain_amounts(text: str | int, exponent: int, minor: int) -> None:
    assert parse_minor(text, exponent) == minor


@pytest.mark.parametrize(
    ("text", "exponent"),
    [
        ("12.345", 2), ("0.5", 0), ("1,234.50", 2), ("1.2.3", 2), ("", 2), (".", 2), (".5", 2), ("5.", 2), ("1e3", 2),
        ("NaN", 2), ("١٢", 2), ("0x1F", 2), ("--1", 2), ("1 000", 2), (True, 2), (1.5, 2), (None, 2),
        ("9" * 5000, 2), ("92233720368547758.08", 2), (10**19, 0),
    ],
)  # fmt: skip
def test_refused_amounts(text: str | int, exponent: int) -> None:
    with pytest.raises(ValueError, match=r"decimal|out of range"):
        parse_minor(text, exponent)


@given(MINOR, EXPONENTS)
def test_amounts_read_back(minor: int, exponent: int) -> None:
    text = amount_text(minor, exponent)
    assert parse_minor(text, exponent) == minor
    assert Decimal(text) == Decimal(minor).scaleb(-exponent)


@pytest.mark.parametrize(
    ("text", "hint", "minor", "currency"),
    [
        ("$1,234.50", None, 123450, "USD"),
        ("$12", "SGD", 1200, "SGD"),
        ("US$0.99", "SGD", 99, "USD"),
        ("BRL 35,91", None, 3591, "BRL"),
        ("R$ 1.234,50", "BRL", 123450, "BRL"),
        ("1.234 BRL", None, 123400, "BRL"),
        ("JPY 1,234", None, 1234, "JPY"),
        ("¥1,234", "JPY", 1234, "JPY"),
        ("¥12.34", "CNY", 1234, "CNY"),
        ("₫120.000", None, 120000, "VND"),
        ("120.000₫", "VND", 120000, "VND"),
        ("120,000 đ", "VND", 120000, "VND"),
        ("1.234.567 VND", None, 1234567, "VND"),
        ("Rp12.000", None, 12000, "IDR"),
        ("Rp. 12.000,00", "IDR", 12000, "IDR"),
        ("IDR 12000", None, 12000, "IDR"),
        ("฿1,234.50", None, 123450, "THB"),
        ("£7.5", None, 750, "GBP"),
        ("35,91 €", None, 3591, "EUR"),
        ("€1.234,50", None, 123450, "EUR"),
        ("€1,234.50", None, 123450, "EUR"),
        ("1 234,50 €", None, 123450, "EUR"),
        ("1\u202f234,50\u00a0€", None, 123450, "EUR"),
        ("₱1,234", None, 123400, "PHP"),
        ("RM12.00", None, 1200, "MYR"),
        ("S$ 3.5", None, 350, "SGD"),
        ("-£3.00", None, -300, "GBP"),
        ("£-3.00", None, -300, "GBP"),
        ("\u2212$3", "USD", -300, "USD"),
        ("1,234", "USD", 123400, "USD"),
        ("1234.500", "USD", 123450, "USD"),
        ("0.500", "USD", 50, "USD"),
        ("12.50 usd", None, 1250, "USD"),
        ("$1,234.50 USD", "USD", 123450, "USD"),
        ("\uff04\uff11,\uff12\uff13\uff14\uff0e\uff15\uff10", None, 123450, "USD"),
        ("1.234", "KWD", None, None),
        ("KWD 1.2345", None, None, None),
        ("1.234", "EUR", None, None),
        ("1,234", "EUR", None, None),
        ("$1.234", None, None, None),
        ("1,234", "BRL", None, None),
        ("¥100", None, None, None),
        ("¥100", "USD", None, None),
        ("$100", "VND", None, None),
        ("100", None, None, None),
        ("USD 5 EUR", None, None, None),
        ("XQZ 5", None, None, None),
        ("100", "XQZ", None, None),
        ("VND 1.5", None, None, None),
        ("$1,23.50", None, None, None),
        ("$1,2345,678", None, None, None),
        ("$1,234.5.6", None, None, None),
        ("$", None, None, None),
        ("$.", None, None, None),
        ("$5.", None, None, None),
        ("", "USD", None, None),
        ("=1+1", "USD", None, None),
        ("1-2", "USD", None, None),
        ("5²", "USD", None, None),
        ("$" * 100_000, "USD", None, None),
    ],
)
def test_amounts_as_people_see_them(text: str, hint: str | None, minor: int | None, currency: str | None) -> None:
    if minor is None or currency is None:
        with pytest.raises(ValueError, match=r"\w"):
            parse_display(text, hint)
    else:
        assert parse_display(text, hint) == (minor, currency, exponent_of(currency))


@given(MINOR, st.sampled_from(["USD", "GBP", "THB", "BRL", "VND", "IDR", "JPY"]))
def test_a_market_s_own_spelling_is_read_back(minor: int, currency: str) -> None:
    exponent = exponent_of(currency)
    english = f"{Decimal(minor).scaleb(-exponent):,.{exponent}f}"
    swapped = english.translate(str.maketrans(",.", ".,"))
    text = swapped if currency in ("BRL", "VND", "IDR") else english
    assert parse_display(text, currency) == (minor, currency, exponent)
    assert parse_display(f"{currency} {text}", None) == (minor, currency, exponent)


@given(st.text(max_size=12), st.sampled_from([None, "USD", "VND", "EUR"]))
def test_any_text_is_an_amount_or_a_value_error(text: str, hint: str | None) -> None:
    try:
        minor, currency, exponent = parse_display(text, hint)
    except ValueError:
        return
    assert isinstance(minor, int)
    assert exponent == exponent_of(currency)


@given(MINOR, st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_shares_add_up_and_are_fair(minor: int, weights: list[int]) -> None:
    assume(sum(weights) > 0)
    shares = Money(minor, "USD", 2).allocate(weights)
    assert sum(s.minor for s in shares) == minor
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.minor * sum(weights) - minor * weight) < sum(weights)
        assert weight or share.minor == 0


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 5]])
def test_weights_that_share_nothing(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100, "USD", 2).allocate(weights)


def test_sums_stay_within_one_currency() -> None:
    ten, dong = Money.of("10.05", "USD"), Money.of("10", "VND")
    assert (ten + ten - -ten).amount() == "30.15"
    assert ten.to_json() == {"amount": "10.05", "currency": "USD"}
    assert str(dong) == "10 VND"
    assert Money.of("-0.05", "USD").amount() == "-0.05"
    assert dong < Money.of(11, "VND")
    for mix in (lambda: ten + dong, lambda: ten - dong, lambda: ten < dong):
        with pytest.raises(ValueError, match="cannot mix USD and VND"):
            mix()
