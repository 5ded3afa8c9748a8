"""No check is silenced without a reason beside it.

`# noqa` names its rule and says why (`# noqa: S608 -- the table's name is ours`); `# type: ignore[code]  # why` and
`# pragma: no cover -- why` likewise. Ruff (RUF100) and mypy (strict) already refuse suppressions nobody needs.
"""

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests", "scripts")
CODES = r"[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*"
# What stands after the suppression must hold a word or two.
WHY = r"\W*\w+\W+\w+"
RULES = {
    "noqa": (re.compile(r"#\s*(?:ruff:\s*)?noqa"), re.compile(rf"#\s*(?:ruff:\s*)?noqa:\s*{CODES}{WHY}")),
    "type: ignore": (re.compile(r"#\s*type:\s*ignore"), re.compile(rf"#\s*type:\s*ignore\[[\w, -]+\]{WHY}")),
    "pragma: no cover": (re.compile(r"#\s*pragma:\s*no cover"), re.compile(rf"#\s*pragma:\s*no cover{WHY}")),
    "scope: ok": (re.compile(r"#\s*scope:"), re.compile(rf"#\s*scope:\s*ok{WHY}")),
}


def unexplained(text: str) -> Iterator[tuple[int, str]]:
    """(line, name of the suppression) for each one that gives no code or no reason."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for name, (used, explained) in RULES.items():
            if used.search(token.string) and not explained.search(token.string):
                yield token.start[0], name


def main(folders: list[str]) -> int:
    """1 when a suppression stands without its reason."""
    found = False
    for folder in folders or [str(ROOT / name) for name in FOLDERS]:
        for path in sorted(Path(folder).rglob("*.py")):
            for line, name in unexplained(path.read_text(encoding="utf-8")):
                found = True
                sys.stderr.write(f"{path}:{line}: `{name}` without its code and a reason beside it\n")
    return int(found)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
