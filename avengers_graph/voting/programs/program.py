"""A Python program in a form that two spellings of it share.

Without comments, docstrings, annotations, tests, examples and ``__main__`` blocks, and with the
names that the program binds numbered in the order they appear: functions, parameters, variables,
``global`` names, import aliases. A keyword argument is renamed only in a call of a function,
class or method that the program defines and that has a parameter of that name; any other belongs
to somebody else's function. Names in a class body are reached as attributes and keep theirs, as
do imports without ``as``. A name is the same name all over the program: scopes are not told apart.
"""

import ast
from collections.abc import Iterator

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def program_form(tree: ast.Module) -> str:
    """The normalised program. Changes the tree.

    Raises:
        RecursionError: the tree is too deep to be written out.
    """
    _strip(tree)
    _rename(tree)
    return ast.dump(tree)


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node, depth first in source order: ``ast.walk`` goes by level, which layout changes."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _strip(tree: ast.Module) -> None:
    """Remove what does not change what the program computes.

    What stands beside the definitions of a program that reads its input is the program; in any
    other it shows how to use them.
    """
    if _reads_input(tree):
        tree.body = [inner for item in tree.body for inner in _unguarded(item)]
    elif any(_defines(item) for item in tree.body):
        tree.body = [item for item in tree.body if not _is_example(item)]
    for node in _in_order(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, _Function):
            node.returns = None
        for block in ("body", "orelse", "finalbody"):
            items = getattr(node, block, None)
            if isinstance(items, list):
                setattr(node, block, list(_statements(node, items)))
        if isinstance(node, _Function | ast.ClassDef):
            node.body = [item for item in node.body if not _is_text(item)] or [ast.Pass()]


def _statements(parent: ast.AST, items: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block without annotations; a class keeps what makes it have fields."""
    for item in items:
        if not isinstance(item, ast.AnnAssign):
            yield item
        elif isinstance(parent, ast.ClassDef):
            item.annotation = ast.Constant(None)
            yield item
        elif item.value is not None:
            yield ast.Assign(targets=[item.target], value=item.value)


def _is_text(item: ast.stmt) -> bool:
    """A docstring, or a string standing alone."""
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)


def _reads_input(tree: ast.Module) -> bool:
    """Whether the program reads standard input."""
    return any(
        (isinstance(node, ast.Name) and node.id == "input")
        or (isinstance(node, ast.Attribute) and node.attr == "stdin")
        or (isinstance(node, ast.alias) and node.name == "stdin")
        for node in _in_order(tree)
    )


def _unguarded(item: ast.stmt) -> list[ast.stmt]:
    """What a statement does when the program is run: the body of a ``__main__`` block."""
    return item.body if isinstance(item, ast.If) and _is_guard(item) else [item]


def _defines(item: ast.stmt) -> bool:
    """Whether a statement defines something, and no test."""
    return isinstance(item, _Function | ast.ClassDef) and not _is_test(item)


def _is_test(item: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return item.name.startswith("test_") or item.name.startswith("Test")


def _is_example(item: ast.stmt) -> bool:
    """A call, an assertion, a test or a ``__main__`` block beside the definitions."""
    if isinstance(item, ast.Expr | ast.Assert):
        return True
    if isinstance(item, _Function | ast.ClassDef):
        return _is_test(item)
    return isinstance(item, ast.If) and _is_guard(item)


def _is_guard(item: ast.If) -> bool:
    """Whether a block runs only where its module is the program: ``__name__ == "__main__"``."""
    return any(
        isinstance(node, ast.Name) and node.id == "__name__" for node in _in_order(item.test)
    )


def _rename(tree: ast.Module) -> None:
    nodes = list(_in_order(tree))
    kept = _class_names(nodes)
    names: dict[str, str] = {}
    for node in nodes:
        bound = _bound(node)
        if bound and id(node) not in kept:
            names.setdefault(bound, f"n{len(names)}")
    parameters = _parameters(nodes)
    for node in nodes:
        if isinstance(node, ast.Call):
            own = parameters.get(_callee(node.func), frozenset())
            for keyword in node.keywords:
                if keyword.arg in own:
                    keyword.arg = names[keyword.arg]
    for node in nodes:
        if id(node) not in kept:
            _rename_in(node, names)


def _class_names(nodes: list[ast.AST]) -> set[int]:
    """The nodes that bind a name in a class body."""
    kept: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            kept.update(map(id, node.body))
            for item in node.body:
                targets = item.targets if isinstance(item, ast.Assign) else ()
                field = (item.target,) if isinstance(item, ast.AnnAssign) else ()
                kept.update(map(id, (*targets, *field)))
    return kept


def _bound(node: ast.AST) -> str | None:
    """The name that a node binds."""
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Store) else None
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.alias):
        return node.asname
    if isinstance(node, _Function | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return node.name
    return node.rest if isinstance(node, ast.MatchMapping) else None


def _callee(function: ast.expr) -> tuple[str, str]:
    """What a call names: a name of its own, or an attribute."""
    if isinstance(function, ast.Attribute):
        return "attribute", function.attr
    return "name", function.id if isinstance(function, ast.Name) else ""


def _parameters(nodes: list[ast.AST]) -> dict[tuple[str, str], frozenset[str]]:
    """The parameters of what the program defines, by how it is called; ``__init__`` by its class.

    Functions of one name share them.
    """
    found: dict[tuple[str, str], frozenset[str]] = {}

    def add(callee: tuple[str, str], arguments: ast.arguments) -> None:
        own = frozenset(arg.arg for arg in (*arguments.args, *arguments.kwonlyargs))
        found[callee] = found.get(callee, frozenset()) | own

    for node in nodes:
        if isinstance(node, _Function):
            add(("name", node.name), node.args)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            for target in node.targets:
                add(_callee(target), node.value.args)
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, _Function):
                    constructs = item.name == "__init__"
                    add(("name", node.name) if constructs else ("attribute", item.name), item.args)
    return found


def _rename_in(node: ast.AST, names: dict[str, str]) -> None:
    if isinstance(node, ast.Name):
        node.id = names.get(node.id, node.id)
    elif isinstance(node, ast.arg):
        node.arg = names.get(node.arg, node.arg)
    elif isinstance(node, ast.Global | ast.Nonlocal):
        node.names = [names.get(name, name) for name in node.names]
    elif isinstance(node, ast.alias) and node.asname:
        node.asname = names[node.asname]
    elif isinstance(node, ast.MatchMapping) and node.rest:
        node.rest = names[node.rest]
    elif (
        isinstance(node, _Function | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar)
        and node.name
    ):
        node.name = names[node.name]
