"""Every statement names the seller: no query may see another seller's rows.

Read from the syntax tree of every module:
- `select`, `update`, `delete` of SQLAlchemy carry a `.where(… seller_id …)` in their own chain (or in a later line of
  the same function that goes on with the variable), every `.join(…)` names seller_id in its condition;
- SQL written as text holds the word seller_id;
- `bulk.update`, `update_each` and `upsert` name a key that begins with "seller_id".

What is rightly without a seller (global tables, the server itself) says so beside the statement:
`# scope: ok -- users belong to the installation, not to a seller`; a module whose every statement goes to a database
of its own says it once, on a line of its own: `# scope: ok in this module -- a private temporary database`.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src" / "fahuo"
# These two compose statements for others and never name a table of their own; migrations change tables as a whole.
NOT_READ = ("store/bulk.py", "store/engine.py", "store/migrations/")
STATEMENTS = {"select", "update", "delete"}
# Where the key stands among the arguments, and its name.
KEYED = {"update": (2, "key"), "update_each": (2, "key"), "upsert": (4, "conflict")}
JOINS = {"join", "outerjoin"}
SQL = re.compile(r"\s*(?:SELECT|UPDATE|DELETE FROM|WITH)\s+\S[\s\S]*\b(?:FROM|SET)\b|\s*DELETE FROM\b")
ESCAPE = re.compile(r"#\s*scope:\s*ok\b")
MODULE_ESCAPE = re.compile(r"^# scope: ok in this module\b", re.MULTILINE)


def _is_statement(node: ast.AST) -> bool:
    """Whether this is `select(…)` or a chain that begins with it."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id in STATEMENTS


def _names_seller(nodes: Iterable[ast.AST], conditions: frozenset[str] = frozenset()) -> bool:
    """Whether one of the expressions mentions seller_id, not counting what stands inside an inner select.

    `conditions` are names that stand for such a mention.
    """
    for node in nodes:
        if _is_statement(node):
            continue
        match node:
            case ast.Attribute(attr=word) | ast.keyword(arg=word) | ast.Name(id=word) | ast.Constant(value=word):
                if "seller_id" in str(word) or (isinstance(node, ast.Name) and word in conditions):
                    return True
        if _names_seller(ast.iter_child_nodes(node), conditions):
            return True
    return False


class Module:
    """One module's tree with the way upwards, its escapes and its constants."""

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.above = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.escapes = {number for number, line in enumerate(text.splitlines(), 1) if ESCAPE.search(line)}
        self.imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

        # Names for a comparison with seller_id: `_OWN = effects.c.seller_id == bindparam("seller")`.
        self.conditions = frozenset(
            target.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign)
            and any(isinstance(part, ast.Compare) and _names_seller([part]) for part in ast.walk(node.value))
            and not _is_statement(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        )

    def escaped(self, node: ast.expr) -> bool:
        """Whether the escape stands on a line of the whole Python statement, or on the line above it."""
        whole: ast.AST = node
        while not isinstance(whole, ast.stmt):
            whole = self.above[whole]
        last = node.end_lineno or node.lineno
        lines = {*range(whole.lineno - 1, max(last, whole.lineno) + 1)}
        return bool(lines & self.escapes)

    def chain(self, call: ast.Call) -> tuple[ast.expr, list[ast.Call]]:
        """The whole of `select(…).where(…).order_by(…)` and the calls made on it."""
        top: ast.expr = call
        calls: list[ast.Call] = []
        while True:
            step = self.above.get(top)
            after = self.above.get(step) if isinstance(step, ast.Attribute) else None
            if not (isinstance(after, ast.Call) and after.func is step):
                return top, calls
            calls.append(after)
            top = after

    def function(self, node: ast.AST) -> ast.AST:
        """The function around the node, or the module."""
        while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            node = self.above[node]
        return node

    @staticmethod
    def values(name: str, nodes: Iterable[ast.AST]) -> list[ast.expr]:
        """What is assigned to the name among these nodes."""
        return [
            node.value
            for node in nodes
            if isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        ]

    def begins_with_seller(self, value: ast.expr) -> bool:
        """Whether a tuple or list, given as it is, by a name, as a slice from 0 or as a sum, has "seller_id" first."""
        match value:
            case ast.Tuple(elts=[first, *_]) | ast.List(elts=[first, *_]):
                return self.begins_with_seller(first)
            case ast.Constant(value=word):
                return bool(word == "seller_id")
            case (
                ast.Starred(value=inner)
                | ast.BinOp(left=inner)
                | ast.Subscript(value=inner, slice=ast.Slice(lower=None))
            ):
                return self.begins_with_seller(inner)
            case ast.Call(
                func=ast.Name(id="tuple"), args=[ast.GeneratorExp(generators=[ast.comprehension(ifs=[]) as each])]
            ):
                # Every column of a table, and seller_id is the first of each (a test proves it).
                return isinstance(each.iter, ast.Attribute) and each.iter.attr in {"columns", "c"}
            case ast.Name(id=name):
                values = self.values(name, ast.walk(self.function(value))) or self.values(name, self.tree.body)
                return bool(values) and all(self.begins_with_seller(given) for given in values)
        return False

    def continued(self, top: ast.expr) -> Iterator[ast.Call]:
        """Calls made later in the same function on the variable that the statement was put into."""
        parent = self.above[top]
        targets = parent.targets if isinstance(parent, ast.Assign) else []
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        for node in ast.walk(self.function(parent)) if names else ():
            if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
                yield from self.chain_of_name(node)

    def chain_of_name(self, name: ast.Name) -> list[ast.Call]:
        """The calls of `stmt.where(…).limit(…)`."""
        attribute = self.above[name]
        call = self.above.get(attribute)
        if isinstance(attribute, ast.Attribute) and isinstance(call, ast.Call) and call.func is attribute:
            return [call, *self.chain(call)[1]]
        return []


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _statement_problem(module: Module, call: ast.Call) -> str | None:
    top, calls = module.chain(call)
    calls = [*calls, *module.continued(top)]
    if not any(_method(step) in {"where", "filter"} and _names_seller(step.args, module.conditions) for step in calls):
        return "no .where(… seller_id …)"
    for step in calls:
        if _method(step) in JOINS and not _names_seller([*step.args[1:], *step.keywords], module.conditions):
            return f".{_method(step)}(…) without seller_id in its condition"
    return None


def _keyed_problem(module: Module, call: ast.Call, function: str) -> str | None:
    place, name = KEYED[function]
    keys = [keyword.value for keyword in call.keywords if keyword.arg == name] or call.args[place : place + 1]
    return None if keys and module.begins_with_seller(keys[0]) else "no key that begins with seller_id"


def _text_problem(node: ast.Constant | ast.JoinedStr) -> str | None:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
    return "SQL without seller_id" if SQL.match(text) and "seller_id" not in ast.unparse(node) else None


def _call_problem(module: Module, call: ast.Call) -> str | None:
    source = module.imported.get(call.func.id, "") if isinstance(call.func, ast.Name) else ast.unparse(call.func)
    owner, _, function = source.rpartition(".")
    if owner in {"sqlalchemy", "sa"} and function in STATEMENTS:
        return _statement_problem(module, call)
    if owner in {"bulk", "fahuo.store.bulk"} and function in KEYED:
        return _keyed_problem(module, call, function)
    return None


def problems(text: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for every statement that does not name the seller."""
    if MODULE_ESCAPE.search(text):
        return
    module = Module(text)
    inner = {part for node in ast.walk(module.tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(module.tree):
        problem = None
        if isinstance(node, ast.Call):
            problem = _call_problem(module, node)
        elif isinstance(node, ast.Constant | ast.JoinedStr) and node not in inner:
            problem = _text_problem(node)
        if problem and isinstance(node, ast.expr) and not module.escaped(node):
            yield node.lineno, problem


def main(folders: list[str]) -> int:
    """1 when a statement names no seller."""
    found = False
    for folder in [Path(name) for name in folders] or [FOLDER]:
        for path in sorted(folder.rglob("*.py")):
            if path.relative_to(folder).as_posix().startswith(NOT_READ):
                continue
            for line, problem in problems(path.read_text(encoding="utf-8")):
                found = True
                sys.stderr.write(f"{path}:{line}: {problem}; scope it, or say why not: # scope: ok -- reason\n")
    return int(found)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
