"""The fonts that come with the project suffice for the markets; what they cannot print is named."""

from pathlib import Path

import pytest

from fahuo.documents import fonts
from fahuo.kernel.problems import Failure
from tests.documents.samples import RECIPIENTS

EVERY = "".join("".join((who.name, *who.lines, who.city, who.region)) for who in RECIPIENTS.values())


def test_no_installed_font_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAHUO_FONTS", raising=False)
    monkeypatch.setattr(fonts, "SYSTEM", ())
    library, missing = fonts.library(EVERY + "ỆỡẫŨ ăâđêôơư ﾊﾝｶｸ ①㈱〒 ฯๆ ₫฿₱ Żółć Ümläut Ельцин")
    assert missing == set()
    assert all("site-packages" in face.path for face in library.faces.values())


def test_packages_are_found_without_importing_them() -> None:
    assert len([p for p in fonts.folders(system=False) if "site-packages" in str(p)]) == len(fonts.PACKAGES)


def test_named_folders_replace_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAHUO_FONTS", str(tmp_path))
    assert fonts.folders() == fonts.folders(system=False) == (tmp_path,)


def test_the_scripts_are_named_as_people_call_them() -> None:
    assert fonts.scripts("深ひカ안ไລខမ\u0628אहA1\U0001f600") == [
        "Arabic", "Burmese", "Chinese characters (Han)", "Devanagari", "Hebrew", "Japanese kana", "Khmer", "Korean",
        "Lao", "Latin", "Thai", "symbols",
    ]  # fmt: skip


def test_joiners_and_variation_selectors_need_no_glyph() -> None:
    assert fonts.library("\u0645\u06cc\u200c\u062e 葛\U000e0100 क\u200dष")[1] == set()


def test_require_names_what_is_missing() -> None:
    fonts.require("深圳 ไทย")
    with pytest.raises(Failure) as caught:
        fonts.require("A\U00016800")
    assert caught.value.exit_code == 3
    assert "Bamum" in str(caught.value)
