"""The project's own checks find what they are for, and leave alone what is right."""

import tomllib
from pathlib import Path

import pytest

from scripts import check_licences, check_sizes, check_sql_scope, check_suppressions

HEAD = "from sqlalchemy import select, update, delete, text\nfrom fahuo.store import bulk\n"


def scope_problems(code: str) -> list[str]:
    return [problem for _line, problem in check_sql_scope.problems(HEAD + code)]


@pytest.mark.parametrize(
    "code",
    [
        "x = select(t.c.id).where(t.c.seller_id == tx.seller_id, t.c.id == 1).order_by(t.c.id)",
        "x = select(t.c.id).join(u, (u.c.seller_id == t.c.seller_id) & (u.c.id == t.c.u)).where(t.c.seller_id == 1)",
        "def f():\n    q = select(t.c.id)\n    q = q.where(t.c.seller_id == 1)\n    return q",
        "x = update(t).where(t.c.seller_id == bindparam('seller_id')).values(a=1)",
        "x = delete(t).where(t.c.seller_id == 1, t.c.id.in_(select(u.c.id).where(u.c.seller_id == 1)))",
        "bulk.update(tx, t, ('seller_id', 'id'), ('a',), rows)",
        "KEY = ('seller_id', 'id')\ndef f():\n    bulk.update_each(tx, t, KEY, ('a',), rows, 'x')",
        "def f():\n    columns = ('seller_id', 'id', 'a')\n    bulk.upsert(tx, t, columns, rows, columns[:2], ('a',))",
        "ALL = tuple(c.name for c in t.columns)\nbulk.upsert(tx, t, ALL, rows, ALL[:2], ALL[2:])",
        "tx.rows('SELECT a FROM t WHERE seller_id = :s')",
        "# scope: ok -- users belong to the installation\nx = select(users.c.id)",
        "# scope: ok in this module -- a private database\nx = 1\ntx.execute('DELETE FROM t')",
        "OWN = t.c.seller_id == bindparam('seller')\nx = update(t).where(OWN, t.c.id == 1).values(a=1)",
        "x = 'SELECT the file FROM the list'.lower() + 'seller_id'  # scope: ok -- a sentence, no statement",
    ],
)
def test_a_scoped_statement_passes(code: str) -> None:
    assert scope_problems(code) == []


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("x = select(t.c.seller_id, t.c.id)", "no .where"),
        ("x = select(t.c.id).where(t.c.id == 1).order_by(t.c.seller_id)", "no .where"),
        ("x = select(t.c.id).where(t.c.id.in_(select(u.c.id).where(u.c.seller_id == 1)))", "no .where"),
        ("x = select(t.c.id).where(t.c.id == select(u.c.id)).where(t.c.seller_id == 1)", "no .where"),
        ("x = update(t).values(a=1)", "no .where"),
        ("own = tx.seller_id\nx = update(t).where(t.c.id == own).values(a=1)", "no .where"),
        ("own = select(u.c.id).where(u.c.seller_id == 1)\nx = delete(t).where(t.c.id.in_(own))", "no .where"),
        ("x = delete(t).where(t.c.id == 1)", "no .where"),
        ("x = select(t.c.id).join(u, u.c.id == t.c.u).where(t.c.seller_id == 1)", ".join"),
        ("bulk.update(tx, t, ('id',), ('a',), rows)", "no key"),
        ("bulk.upsert(tx, t, ('seller_id', 'id'), rows, ('id',), ('a',))", "no key"),
        ("ALL = tuple(c.name for c in t.columns if c)\nbulk.upsert(tx, t, ALL, rows, ALL[:2], ALL[2:])", "no key"),
        ("tx.rows('SELECT a FROM t WHERE id = 1')", "SQL without"),
        ("tx.rows(f'SELECT a FROM {t} WHERE id = 1')", "SQL without"),
        ("tx.execute('DELETE FROM t')", "SQL without"),
    ],
)
def test_an_unscoped_statement_is_found(code: str, problem: str) -> None:
    assert [found for found in scope_problems(code) if found.startswith(problem)]


def test_another_function_of_the_name_update_is_no_statement() -> None:
    assert list(check_sql_scope.problems("from hashlib import update\nupdate(x)\n{}.update(a=1)\n")) == []


def test_a_suppression_needs_its_code_and_a_reason() -> None:
    explained = (
        "x = 1  # noqa: S608 -- the name is ours\n"
        "y = 2  # type: ignore[arg-type]  # the stubs are older\n"
        "z = '# noqa'\n"
        "# scope: ok -- users belong to the installation\n"
    )
    assert list(check_suppressions.unexplained(explained)) == []
    # Put together here, so that the checks reading this file do not stumble over it.
    bare = "".join(f"x = 1  # {word}\n" for word in ("noqa", "noqa: S608", "type: ignore", "type: ignore[misc]"))
    assert [line for line, _ in check_suppressions.unexplained(bare)] == [1, 2, 3, 4]


def test_sizes_fail_above_their_limits_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "long.py"
    path.write_text("def f():\n" + "    a = 1\n" * 60, encoding="utf-8")
    assert check_sizes.main([str(tmp_path)]) == 0
    assert "aim below 40" in capsys.readouterr().err
    path.write_text("def f():\n" + "    a = 1\n" * 80, encoding="utf-8")
    assert check_sizes.main([str(tmp_path)]) == 1
    assert "f: 81 lines (too long, at most 80)" in capsys.readouterr().err
    path.write_text("a = 1\n" * 601, encoding="utf-8")
    assert check_sizes.main([str(tmp_path)]) == 1


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("MIT", False),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("Mozilla Public License 2.0 (MPL 2.0)", False),
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0-only", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GNU Affero General Public License v3", True),
        ("GPLv3", True),
        ("MIT OR GPL-2.0-only", False),
    ],
)
def test_gpl_is_refused_unless_there_is_a_choice(licence: str, refused: bool) -> None:
    assert check_licences.refused(licence) is refused


def test_the_default_set_follows_dependencies_and_extras() -> None:
    lock = tomllib.loads(
        """
        [[package]]
        name = "fahuo"
        dependencies = [{ name = "a", extra = ["fast"] }]
        [[package]]
        name = "a"
        dependencies = [{ name = "b" }]
        [package.optional-dependencies]
        fast = [{ name = "c" }]
        slow = [{ name = "d" }]
        [[package]]
        name = "b"
        [[package]]
        name = "c"
        [[package]]
        name = "d"
        """
    )
    assert check_licences.default_set(lock) == ["a", "b", "c"]


def test_the_lock_file_names_no_index_but_pypi() -> None:
    lock = tomllib.loads((check_licences.ROOT / "uv.lock").read_text(encoding="utf-8"))
    sources = {str(package["source"]) for package in lock["package"]}
    assert sources == {"{'registry': 'https://pypi.org/simple'}", "{'editable': '.'}"}
    files = [f for p in lock["package"] for f in [*p.get("wheels", []), *([p["sdist"]] if "sdist" in p else [])]]
    assert files
    assert all(file["url"].startswith("https://files.pythonhosted.org/") and file["hash"] for file in files)
