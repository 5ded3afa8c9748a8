"""Every text people see exists in Chinese, with the same places; and the checker sees what it should."""

from pathlib import Path

import pytest

from fahuo.kernel import texts_check
from fahuo.kernel.text import DEFAULT, N_, TEXTS, language, languages, read_catalogue, t

OTHERS = [lang for lang in languages() if lang != DEFAULT]


@pytest.mark.parametrize("lang", OTHERS)
def test_every_text_is_translated(lang: str) -> None:
    bad = texts_check.faults(lang)
    if bad:
        pytest.fail("run `python -m fahuo.kernel.texts_check` and fill in:\n" + "\n".join(map(str, bad)), pytrace=False)


@pytest.mark.parametrize("lang", OTHERS)
def test_the_catalogues_agree_with_each_other(lang: str) -> None:
    assert texts_check.conflicts(lang) == []


@pytest.mark.parametrize("path", sorted(TEXTS.rglob("*.po")), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_catalogue_has_no_unfinished_entries(path: Path) -> None:
    written = path.read_text("utf-8").count("\nmsgid ") - 1
    assert len(read_catalogue(path)) == written


def test_texts_of_the_kernel() -> None:
    assert languages()[:2] == ("en", "zh")
    assert t("Run: fahuo init", "zh") == "请运行：fahuo init"
    assert t("Run: fahuo init", "zh-CN") == "请运行：fahuo init"
    assert t("There is no language {value}.", "zh", value="xx") == "没有语言 xx。"
    assert t("There is no language {value}.", "en", value="xx") == "There is no language xx."
    assert t("Nobody translated {this}.", "zh", this="that") == "Nobody translated that."
    assert t("There is no language {value}.", "en", other=1) == "There is no language {value}."
    assert t("{n:,} orders, {share:.1%}", "en", n=1234, share=0.5) == "1,234 orders, 50.0%"
    assert N_("marked") == "marked"


@pytest.mark.parametrize(
    ("tag", "lang"),
    [("zh_CN.UTF-8", "zh"), ("zh-Hans", "zh"), ("ZH", "zh"), ("en_US", "en"), ("C.UTF-8", "en"), ("th", "en"),
     ("", "en"), (None, "en"), ("../zh", "en")],
)  # fmt: skip
def test_tags(tag: str | None, lang: str) -> None:
    assert language(tag) == lang


def test_the_checker_finds_texts_in_code_and_templates(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(
        "t('one', lang)\n"
        "N_('two ' 'parts')\n"
        "Problem('code', 'field', None, 'three', 'four')\n"
        "Problem('code', message='five {x}', next='six' if y else 'seven')\n"
        "refuse(message='eight')\n"
        "text.t(f'nine {x}', lang)\n"
        "log(message='not for people')\n"
        "t(variable, lang)\n"
    )
    (tmp_path / "page.html").write_text("<p>{{ _('ten') }}</p>\n{% if x %}{{ _(\"it's\", n=1) }}{% endif %}\n")
    found = {(f.file.name, f.line, f.msgid) for f in texts_check.found_texts(tmp_path)}
    assert found == {
        ("code.py", 1, "one"), ("code.py", 2, "two parts"), ("code.py", 3, "three"), ("code.py", 3, "four"),
        ("code.py", 4, "five {x}"), ("code.py", 4, "six"), ("code.py", 4, "seven"), ("code.py", 5, "eight"),
        ("code.py", 6, "f'nine {x}'"), ("page.html", 1, "ten"), ("page.html", 2, "it's"),
    }  # fmt: skip
    assert "put values into places" in {f.msgid: f.fault for f in texts_check.faults("zh", tmp_path)}["f'nine {x}'"]


def test_the_checker_compares_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "a.po").write_text('msgid "{a} of {b}"\nmsgstr "{a}"\n\nmsgid "x"\nmsgstr "甲"\n')
    (tmp_path / "zh" / "b.po").write_text('msgid "x"\nmsgstr "乙"\n\n#, fuzzy\nmsgid "{a}!"\nmsgstr "{a}！"\n')
    (tmp_path / "code.py").write_text("t('{a} of {b}')\nt('x')\nt('{a}!')\nt('{')\n")
    monkeypatch.setattr(texts_check, "TEXTS", tmp_path)
    faults = {f.msgid: f.fault for f in texts_check.faults("zh", tmp_path)}
    assert faults == {
        "{a} of {b}": "the zh text has other places: '{a}'",
        "{a}!": "no zh text",
        "{": "no zh text",
    }
    assert texts_check.conflicts("zh") == ["'x': a.po has '甲', b.po has '乙'"]


def test_what_is_missing_is_printed_as_catalogue_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "code.py").write_text("t('say \"{what}\"')\n")
    assert texts_check.main([str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert 'msgid "say \\"{what}\\""\nmsgstr ""' in printed
    assert "code.py:1" in printed
    (tmp_path / "code.py").write_text("t('Run: fahuo init')\n")
    assert texts_check.main([str(tmp_path)]) == 0
