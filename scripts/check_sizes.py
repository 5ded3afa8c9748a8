"""Files and functions stay small: a file over 600 lines or a function over 80 fails, over 400 and 40 it is named.

A file that grows past about 400 lines is two ideas; find the second one's name. Test functions count as well.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests", "scripts")
FILE_LIMIT, FILE_AIM = 600, 400
FUNCTION_LIMIT, FUNCTION_AIM = 80, 40


def sizes(path: Path) -> Iterator[tuple[str, int, int, int]]:
    """(what, lines, aim, limit) for the file and each of its functions."""
    text = path.read_text(encoding="utf-8")
    yield str(path), text.count("\n"), FILE_AIM, FILE_LIMIT
    for node in ast.walk(ast.parse(text, str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{path}:{node.lineno} {node.name}", lines, FUNCTION_AIM, FUNCTION_LIMIT


def main(folders: list[str]) -> int:
    """1 when something is over its limit."""
    found = [
        size
        for folder in folders or [str(ROOT / name) for name in FOLDERS]
        for path in sorted(Path(folder).rglob("*.py"))
        for size in sizes(path)
    ]
    for what, lines, aim, limit in sorted(found, key=lambda size: -size[1]):
        if lines > aim:
            verdict = f"too long, at most {limit}" if lines > limit else f"aim below {aim}"
            sys.stderr.write(f"{what}: {lines} lines ({verdict})\n")
    return int(any(lines > limit for _, lines, _, limit in found))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
