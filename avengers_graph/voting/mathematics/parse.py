"""Recursive descent over the tokens: a tree of bounded depth, of the nodes of ``nodes``."""

from fractions import Fraction
from typing import Any

from avengers_graph.voting.mathematics.nodes import (
    CLOSERS,
    FIGURES,
    FUNCTIONS,
    IGNORED,
    INVERSES,
    RELATIONS,
    SYMBOLS,
    TIMES,
    Node,
    is_inequality,
    mixed_number,
    number_node,
    percent_of,
    product_of,
    quotient_of,
)
from avengers_graph.voting.mathematics.tokens import MathSyntaxError, Token, tokenize
from avengers_graph.voting.numbers.numerals import Numeral

MAX_DEPTH = 40
"""Brackets, arguments and scripts inside each other."""
MAX_LEVELS = 100
"""Levels of the tree: ``x!!!!`` and ``1/2/3/4`` grow deep without a bracket."""


def parse_math(source: str) -> Node:
    """Read one expression, list, set, interval, matrix, equation or inequality.

    Raises:
        MathSyntaxError: it is none of these, or too large.
    """
    tokens = tokenize(source)
    if not tokens:
        raise MathSyntaxError("an empty expression")
    parser = _Parser(tokens)
    node = parser.items(end=None)
    if parser.position < len(tokens):
        raise MathSyntaxError(f"unexpected {parser.peek().text!r} in {source[:60]!r}")
    if _levels(node) > MAX_LEVELS:
        raise MathSyntaxError(f"a tree of more than {MAX_LEVELS} levels")
    return node


def _levels(node: Node) -> int:
    """How many tuples stand inside each other."""
    levels, row = 0, [node]
    while row:
        levels += 1
        row = [part for item in row for part in item if isinstance(part, tuple)]
    return levels


_SEPARATORS = (",", ";", "\\or")
_INFIX = frozenset({"pm", "mp", "cup", "setminus", "div", "mid", "rfloor", "rceil"})
"""Commands between or behind factors."""
_BARE = frozenset(
    {Token("command", name) for name in ("pi", "theta", "alpha", "beta", "phi", "frac")}
    | {Token("text", "°")}
)
"""What belongs to the argument of a function without brackets, beside numbers and symbols."""


def _is_zero(node: Node) -> bool:
    return node[0] == "number" and not node[1].value


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0

    def peek(self, ahead: int = 0) -> Token:
        place = self.position + ahead
        return self.tokens[place] if place < len(self.tokens) else Token("end", "")

    def take(self) -> Token:
        token = self.peek()
        self.position += 1
        return token

    def accept(self, *texts: str, kind: str = "operator") -> bool:
        token = self.peek()
        if token.type == kind and token.text in texts:
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise MathSyntaxError(f"expected {text!r}, found {self.peek().text!r}")

    def items(self, *, end: str | None) -> Node:
        """Comma-separated relations; one alone is itself, several are a bare sequence."""
        found, alternatives = [self.relation()], False
        while self.peek().type == "operator" and self.peek().text in _SEPARATORS:
            while self.accept(*_SEPARATORS):
                alternatives = alternatives or self.tokens[self.position - 1].text == "\\or"
            if self.peek().type == "end" or (end and self.peek().text == end):
                break
            found.append(self.relation())
        if len(found) == 1:
            return found[0]
        if alternatives and all(is_inequality(part) for part in found):
            return ("union", tuple(found))
        return ("sequence", "", "", tuple(found))

    def relation(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MathSyntaxError(f"nested deeper than {MAX_DEPTH}")
        sides, signs = [self.union()], []
        while (sign := self._relation_sign()) is not None:
            signs.append(sign)
            sides.append(self.union())
        self.depth -= 1
        return ("relation", tuple(signs), tuple(sides)) if signs else sides[0]

    def _relation_sign(self) -> str | None:
        token = self.peek()
        if token.type in ("operator", "command") and token.text in RELATIONS:
            self.position += 1
            return RELATIONS[token.text]
        return None

    def union(self) -> Node:
        parts = [self.sum()]
        while True:
            if self.accept("cup", kind="command"):
                parts.append(self.sum())
            elif self.accept("setminus", kind="command"):
                parts[-1] = ("difference", parts[-1], self.sum())
            else:
                return ("union", tuple(parts)) if len(parts) > 1 else parts[0]

    def sum(self) -> Node:
        terms: list[Node] = []
        if self.accept("pm", "mp", kind="command"):
            node: Node = ("plus_minus", ("number", Numeral(Fraction(0))), self.product())
        else:
            node = self.product()
        terms.append(node)
        while True:
            if self.accept("+"):
                terms.append(self.product())
            elif self.accept("-"):
                terms.append(("negate", self.product()))
            elif self.accept("pm", "mp", kind="command"):
                left: Node = ("add", tuple(terms)) if len(terms) > 1 else terms[0]
                terms = [("plus_minus", left, self.product())]
            else:
                return ("add", tuple(terms)) if len(terms) > 1 else terms[0]

    def product(self) -> Node:
        """Factors joined by signs or by standing side by side."""
        node = self.signed()
        factors = [node]
        while True:
            token = self.peek()
            if self.accept("*") or (token.type == "command" and token.text in TIMES):
                if token.type == "command":
                    self.position += 1
                    if (
                        token.text == "times"
                        and factors[-1][0] == "symbol"
                        and (factors[-1][1].isupper() and self.peek().text.isupper())
                    ):
                        raise MathSyntaxError("a product of sets or vectors")
                factors.append(self.signed())
            elif self.accept("/", ":") or self.accept("div", kind="command"):
                factors = [quotient_of(product_of(factors), self.signed())]
            elif token.type == "number" and factors[-1][0] != "words":
                raise MathSyntaxError("a number right behind a factor")
            elif self._starts_factor(token):
                if token.type == "symbol" and _is_zero(factors[-1]):
                    raise MathSyntaxError("a code that begins with zero")
                mixed = mixed_number(factors[-1], follower := self.power())
                if mixed is not None and len(factors) == 1:
                    factors = [mixed]
                else:
                    factors.append(follower)
            else:
                return product_of(factors)

    def _starts_factor(self, token: Token) -> bool:
        if token.type in ("number", "symbol", "text"):
            return True
        if token.type == "command":
            return token.text not in RELATIONS and token.text not in _INFIX
        return token.type == "operator" and token.text in ("(", "{", "\\{", "[", "\\begin")

    def signed(self) -> Node:
        if self.accept("-"):
            return ("negate", self._nested(self.signed))
        if self.accept("+"):
            return self._nested(self.signed)
        return self.power()

    def _nested(self, read: Any) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MathSyntaxError(f"nested deeper than {MAX_DEPTH}")
        node: Node = read()
        self.depth -= 1
        return node

    def power(self) -> Node:
        base = self.atom()
        while True:
            if self.accept("!"):
                base = ("factorial", base)
            elif self.accept("%"):
                base = percent_of(base)
            elif self.accept("'"):
                base = ("call", "prime", (base,))
            elif self.peek().text == "^" and self.peek(1) == Token("command", "prime"):
                self.position += 2
                base = ("call", "prime", (base,))
            elif self.accept("^", "**"):
                exponent = self._nested(self._script)
                base = ("power", base, exponent)
            else:
                return base

    def _script(self) -> Node:
        """What follows ``^``: a braced group, or a single signed atom."""
        if self.peek().text == "{" and self.peek().type == "operator":
            return self._group("{")
        if self.accept("-"):
            return ("negate", self.power())
        return self.atom() if self.peek().type != "number" else self._digit_script()

    def _digit_script(self) -> Node:
        return number_node(self.take().text)

    def _group(self, opening: str) -> Node:
        self.expect(opening)
        node = self._nested(lambda: self.items(end=CLOSERS[opening]))
        self.expect(CLOSERS[opening])
        return node

    def atom(self) -> Node:
        token = self.take()
        if token.type == "number":
            return number_node(token.text)
        if token.type == "symbol":
            return self._symbol(token.text)
        if token.type == "command":
            return self._command(token.text)
        if token.type == "text":
            return ("words", token.text)
        if token.type == "operator":
            if token.text == "\\begin":
                return self._matrix()
            if token.text in ("(", "[", "\\{", "{", "|"):
                return self._delimited(token.text)
        raise MathSyntaxError(f"unexpected {token.text!r}")

    def _symbol(self, name: str) -> Node:
        if self.accept("_"):
            return ("symbol", f"{name}_{self._subscript()}")
        return ("symbol", name)

    def _subscript(self) -> str:
        if not self.accept("{"):
            return self.take().text
        parts: list[str] = []
        while not self.accept("}"):
            if self.peek().type == "end" or len(parts) > 20:
                raise MathSyntaxError("an unclosed subscript")
            parts.append(self.take().text)
        return "".join(parts)

    def _command(self, name: str) -> Node:
        if name in ("infty", "infinity"):
            return ("infinity",)
        if name in ("emptyset", "varnothing"):
            return ("empty",)
        if name == "frac":
            return ("divide", self._argument(), self._argument())
        if name in ("binom", "dbinom", "tbinom"):
            return ("call", "binomial", (self._argument(), self._argument()))
        if name == "sqrt":
            degree = self._group("[") if self.peek().text == "[" else None
            inner = self._argument()
            return ("call", "root", (inner, degree)) if degree else ("call", "sqrt", (inner,))
        if name in FUNCTIONS:
            return self._function(name)
        if name in IGNORED:
            return self.atom()
        if name in ("mathbb", "mathcal"):
            return ("symbol", f"{name}{self._subscript()}")
        if name in ("overline", "bar", "vec", "hat", "tilde", "widehat"):
            return ("call", "overline", (self._argument(),))
        if name in ("lfloor", "lceil"):
            inner = self._nested(self.sum)
            if not self.accept(f"r{name[1:]}", kind="command"):
                raise MathSyntaxError(f"an unclosed \\{name}")
            return ("call", name[1:], (inner,))
        if name in FIGURES:
            return self._figure(name)
        if name in SYMBOLS:
            return self._symbol(f"\\{name}")
        raise MathSyntaxError(f"\\{name} is not read")

    def _figure(self, name: str) -> Node:
        """``\\angle ABC`` is one name."""
        letters = ""
        while self.peek().type == "symbol":
            letters += self.take().text
        return ("symbol", f"\\{name} {letters}")

    def _argument(self) -> Node:
        """The argument of a command: a group, or one digit or token (``\\frac12``)."""
        token = self.peek()
        if token.type == "operator" and token.text == "{":
            return self._group("{")
        if token.type == "number" and len(token.text) > 1 and "." not in token.text:
            self.tokens[self.position : self.position + 1] = [
                Token("number", token.text[0]),
                Token("number", token.text[1:]),
            ]
        return self._nested(self.atom)

    def _function(self, name: str) -> Node:
        base = exponent = None
        for _ in range(2):
            if self.accept("_"):
                base = self._nested(self._script)
            elif self.accept("^"):
                exponent = self._nested(self._script)
        if exponent == ("negate", number_node("1")) and name in INVERSES:
            name, exponent = INVERSES[name], None
        if self.peek().text in ("(", "{", "[", "\\begin"):
            inner = self._nested(self.atom)
            several = inner[0] == "sequence" and inner[1] == "("
            arguments = inner[3] if several else (inner,)
        else:
            arguments = (self._nested(self._bare_argument),)
        if base is not None:
            node: Node = ("call", "log_base", (*arguments, base))
        else:
            node = ("call", name, arguments)
        return ("power", node, exponent) if exponent is not None else node

    def _bare_argument(self) -> Node:
        """``\\sin 2x``: factors side by side, up to the next sign or function."""
        factors = [self.signed()]
        while self.peek().type in ("number", "symbol") or self.peek() in _BARE:
            factors.append(self.power())
        return product_of(factors)

    def _delimited(self, opening: str) -> Node:
        if opening in ("\\{", "{") and self.accept(CLOSERS[opening]):
            return ("empty",)
        if opening != "|" and self.peek().text == "\\begin":
            # Brackets around an array belong to it.
            matrix = self._nested(self.atom)
            if self.peek().text == CLOSERS[opening]:
                self.position += 1
                return matrix
            raise MathSyntaxError("a matrix beside other things in brackets")
        inner = self._nested(lambda: self.items(end=None))
        if opening == "\\{" and self.accept("mid", kind="command"):
            return self._builder(inner)
        closing = self.take().text
        expected = CLOSERS[opening]
        if closing != expected and not {opening, closing} <= set("([)]"):
            raise MathSyntaxError(f"{opening!r} is closed by {closing!r}")
        if opening == "|":
            return ("call", "abs", (inner,))
        bare = inner[0] == "sequence" and inner[1] == ""
        parts = inner[3] if bare else (inner,)
        if opening == "\\{" or (opening == "{" and bare):
            return ("sequence", "{", "}", parts)
        if not bare and (opening == "{" or (opening == "(" and closing == ")")):
            return inner
        return ("sequence", opening, closing, parts)

    def _builder(self, variable: Node) -> Node:
        """``\\{x \\mid x > 1\\}``: what its condition says about real numbers."""
        if variable[0] == "relation" and variable[1] == ("in",):
            variable = variable[2][0]
        condition = self._nested(lambda: self.items(end="\\}"))
        self.expect("\\}")
        if variable[0] != "symbol" or condition[0] != "relation":
            raise MathSyntaxError("a set given by a condition that is not read")
        return condition

    def _matrix(self) -> Node:
        rows: list[tuple[Node, ...]] = []
        row: list[Node] = []
        while True:
            row.append(self._nested(self.relation))
            if self.accept("&"):
                continue
            ended = self.accept("\\end")
            if ended or self.accept("\\row"):
                rows.append(tuple(row))
                row = []
                if ended or self.accept("\\end"):
                    break
                continue
            raise MathSyntaxError("an unclosed matrix")
        if all(len(line) == 1 for line in rows):
            return ("sequence", "(", ")", tuple(line[0] for line in rows))
        return ("sequence", "(", ")", tuple(("sequence", "(", ")", line) for line in rows))
