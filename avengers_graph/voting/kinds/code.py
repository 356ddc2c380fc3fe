"""Code: the same program, whatever its names, comments and layout.

Python compares by its syntax tree without comments, docstrings, annotations, examples and
``__main__`` blocks, with names numbered in the order they appear. Other languages compare
by their text without comments and spaces.
"""

import ast
import re
import threading
import warnings
from collections.abc import Hashable, Iterator

from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.question import Question

MAX_LENGTH = 20_000
"""Longer programs compare by their text."""

_QUIET = threading.Lock()
"""Held while warnings about a program's spelling are silenced: the filter is process-wide."""
_FENCED = re.compile(r"```[ \t]*+[\w+#-]*+[^\n]{0,80}+\n(.*?)```", re.DOTALL)
_CODE_LINE = re.compile(
    r"\s*+(?:def |class |import |from \w++ import|return\b|for .*:|while .*:|if .*:|@|#|print\()"
)
_DEFINITION = re.compile(r"^[^\S\n]*+(?:def|class)\s", re.MULTILINE)
_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|--[^\n]*|/\*")
_LINE_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|--[^\n]*")


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The longest fenced block that defines something, else the code that the text is."""
    blocks = [match[1].rstrip() for match in _FENCED.finditer(text)]
    blocks += [part.split("[/PYTHON]", 1)[0].rstrip() for part in text.split("[PYTHON]")[1:]]
    blocks = [block for block in blocks if block.strip()]
    defining = [block for block in blocks if _DEFINITION.search(block)]
    if blocks:
        return _answer(max(defining or blocks, key=len))
    if truncated:
        return None
    bare = text.strip("\n")
    tree = parsed(bare)
    if tree is not None and any(map(_is_program, tree.body)):
        return _answer(bare)
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if _CODE_LINE.match(line)), None)
    if start is None:
        boxed = next(spans.boxed(text), None)
        return _answer(boxed) if boxed else None
    for end in range(len(lines), max(start, len(lines) - 40), -1):
        candidate = "\n".join(lines[start:end])
        if parsed(candidate) is not None:
            return _answer(candidate)
    return None


def _answer(source: str) -> Answer | None:
    return Answer(source.strip("\n"), "code", _form(source)) if source.strip() else None


def _is_program(item: ast.stmt) -> bool:
    """Any statement but a bare word or value: those are prose that happens to parse."""
    return not isinstance(item, ast.Expr) or isinstance(item.value, (ast.Call, ast.Lambda))


def parsed(source: str) -> ast.Module | None:
    """The syntax tree; None when it is no Python, or too long to look."""
    if len(source) > MAX_LENGTH:
        return None
    try:
        with _QUIET, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _form(source: str) -> Hashable:
    tree = parsed(source)
    if tree is None:
        return ("text", re.sub(r"\s+", "", _without_comments(source[: 2 * MAX_LENGTH])))
    try:
        stripped = _Stripper().visit(tree)
        return ("python", ast.dump(_Renamer(_bound_names(stripped)).visit(stripped)))
    except RecursionError:
        return ("text", re.sub(r"\s+", "", source))


def _without_comments(source: str) -> str:
    """The source without ``//``, ``#``, ``--`` and ``/* */`` comments; one pass."""
    kept: list[str] = []
    position, opening = 0, _COMMENT
    while comment := opening.search(source, position):
        end = comment.end()
        if comment.group() == "/*":
            end = source.find("*/", end) + 2
            if end < 2:
                # Never closed, so no later one is: not to be looked for again and again.
                opening = _LINE_COMMENT
                continue
        kept.append(source[position : comment.start()])
        position = end
    return "".join(kept) + source[position:]


def _bound_names(tree: ast.AST) -> dict[str, str]:
    """Names the program itself binds, numbered in order of first appearance."""
    names: dict[str, str] = {}
    for name in _binding_order(tree):
        names.setdefault(name, f"n{len(names)}")
    return names


def _binding_order(node: ast.AST) -> Iterator[str]:
    """Depth first, in source order: ``ast.walk`` goes by level, which layout can change."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    for child in ast.iter_child_nodes(node):
        yield from _binding_order(child)


class _Stripper(ast.NodeTransformer):
    """Removes what does not change what the program computes."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.generic_visit(node)
        defines = any(isinstance(item, (ast.FunctionDef, ast.ClassDef)) for item in node.body)
        node.body = [item for item in node.body if not (defines and _is_example(item))]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        node.body = [item for item in node.body if not _is_text(item)] or [ast.Pass()]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.body = [item for item in node.body if not _is_text(item)] or [ast.Pass()]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if node.value is None:
            return None
        return ast.Assign(targets=[node.target], value=node.value)


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        if node.arg is not None:
            node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        self.generic_visit(node)
        if node.name is not None:
            node.name = self.names.get(node.name, node.name)
        return node


def _is_text(item: ast.stmt) -> bool:
    """A docstring, or a string standing alone."""
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)


def _is_example(item: ast.stmt) -> bool:
    """A call, an assertion or a ``__main__`` block beside the definitions."""
    if isinstance(item, (ast.Expr, ast.Assert)):
        return True
    return isinstance(item, ast.If) and "__name__" in ast.dump(item.test)


def key(answer: Answer) -> Hashable:
    """The normalised program."""
    return answer.value if answer.value is not None else _form(answer.text)


CODE = Kind(extract=extract, key=key)
