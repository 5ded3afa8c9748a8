"""Addresses in the order of their country."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fahuo.documents.address import layout, style

CN = {"N": ("王小明",), "A": ("天河路208号",), "D": ("天河区",), "C": ("广州市",), "S": ("广东省",), "Z": ("510620",)}


def lines(country: str, **parts: str | tuple[str, ...]) -> list[str]:
    return [t for t, _ in layout(country, {k: v if isinstance(v, tuple) else (v,) for k, v in parts.items() if v})]


def test_china_from_the_large_to_the_small() -> None:
    assert layout("CN", CN) == [
        ("510620", False),
        ("广东省广州市天河区", False),
        ("天河路208号", False),
        ("王小明", True),
    ]


def test_china_in_latin_letters_from_the_small_to_the_large() -> None:
    got = lines("CN", N="Wang", A="88 Keji Rd", D="Nanshan", C="Shenzhen", S="Guangdong", Z="518057")
    assert got == ["Wang", "88 Keji Rd", "Nanshan", "Shenzhen", "Guangdong, 518057"]


def test_japan() -> None:
    got = lines("JP", N="髙橋", A=("千代田1-1", "ビル 3F"), C="千代田区", S="東京都", Z="100-0001")
    assert got == ["〒100-0001", "東京都千代田区", "千代田1-1", "ビル 3F", "髙橋"]
    assert lines("JP", N="髙橋", A="千代田1-1") == ["千代田1-1", "髙橋"], "no sign without a code"


@pytest.mark.parametrize(
    ("country", "last"),
    [("US", "New York, NY 10001"), ("TH", "NY 10001"), ("VN", "NY 10001"), ("GB", "10001"), ("DE", "10001 New York")],
)
def test_last_line_of_latin_countries(country: str, last: str) -> None:
    assert lines(country, N="A B", A="1 High St", C="New York", S="NY", Z="10001")[-1] == last


def test_a_separator_stands_only_between_two_parts() -> None:
    assert lines("US", N="A", A="1 High St", S="NY", Z="10001")[-1] == "NY 10001"
    assert lines("US", N="A", A="1 High St", C="New York")[-1] == "New York"
    assert lines("BR", N="A", A="Rua 1", S="SP")[-1] == "SP"


def test_an_unknown_country_is_written_plainly() -> None:
    assert lines("ZZ", N="A", A="1 High St", C="X", Z="9") == ["A", "1 High St", "X", "9"]
    assert style("ZZ").name == "ZZ"


@given(
    st.sampled_from(
        ["CN", "JP", "KR", "TW", "HK", "SG", "TH", "VN", "ID", "MY", "PH", "US", "GB", "AE", "BR", "MX", "PR"]
    ),
    st.sets(st.sampled_from("NADCSZ"), min_size=1),
    st.booleans(),
)
def test_nothing_that_is_given_is_dropped(country: str, keys: set[str], native: bool) -> None:
    parts = {key: (f"{'甲' if native else 'part'}{key}",) for key in keys}
    text = "\n".join(line for line, _ in layout(country, parts))
    assert all(value[0] in text for value in parts.values())
    assert not any(line.strip() != line or line in {",", "〒", "-"} for line in text.split("\n"))
