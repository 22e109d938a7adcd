"""The language of a claim's predicate: read, never evaluated as a program.

    predicate := side (("<" | "<=") side)+ | side ((">" | ">=") side)+
    side      := "spread" "(" name "," "over" "=" name ")" | "abs" "(" sum ")" | sum
    sum       := ["-"] term (("+" | "-") term)*
    term      := number ["*" term] | "mean" "(" name ")" | name | "margin" | "(" sum ")"

A name alone is its mean. What is read is a statement about contrasts, sums of means with weights:
that one is above 0, that all of several are, or that any is. `<` and `<=` are the same to a test.
"""

from __future__ import annotations

import re
from itertools import pairwise

from benchmark.evidence.claims.statement import (
    ZERO,
    Absolute,
    All,
    Contrast,
    Side,
    Spread,
    Statement,
    above,
)

LONGEST = 400
"""Characters of a predicate."""
DEEPEST = 20
"""Parentheses within one another."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d{1,9}(?:\.\d{1,9})?)|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|[<>()+\-*,=]))",
    re.ASCII,
)
_WORDS = frozenset({"mean", "spread", "abs", "over", "margin"})
_COMPARISONS = ("<", "<=", ">", ">=")


def parse(text: str) -> Statement:
    """Read a predicate.

    Raises:
        ValueError: in one sentence, with the character at which it could not be read.
    """
    if len(text) > LONGEST:
        raise ValueError(f"a predicate has at most {LONGEST} characters (got {len(text)})")
    return _Parser(text).predicate()


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.tokens = [*_tokens(text)]
        self.at = 0
        self.depth = 0

    def predicate(self) -> Statement:
        sides, signs = [self.side()], []
        while self.token in _COMPARISONS:
            signs.append(self.take())
            sides.append(self.side())
        if not signs or self.token:
            raise self.wrong("one of < <= > >=" if not signs else "the end")
        if len({sign[0] for sign in signs}) > 1:
            raise ValueError("all comparisons of a predicate must point the same way")
        if signs[0][0] == "<":
            sides.reverse()
        pairs = pairwise(sides)
        parts = tuple(above(larger, smaller) for larger, smaller in pairs)
        return parts[0] if len(parts) == 1 else All(parts)

    def side(self) -> Side:
        if self.token == "spread":
            self.take("spread", "(")
            name = self.name("a cell")
            self.take(",", "over", "=")
            spread = Spread(name, self.name("an axis"))
            self.take(")")
            return spread
        if self.token == "abs":
            self.take("abs", "(")
            absolute = Absolute(self.sum())
            self.take(")")
            return absolute
        return self.sum()

    def sum(self) -> Contrast:
        total, sign = ZERO, 1.0
        if self.token == "-":
            self.take()
            sign = -1.0
        total = total.plus(self.term(), sign)
        while self.token in ("+", "-"):
            sign = 1.0 if self.take() == "+" else -1.0
            total = total.plus(self.term(), sign)
        return total

    def term(self) -> Contrast:
        if self.token[:1].isdigit():
            number = float(self.take())
            if self.token != "*":
                return Contrast((), number)
            self.take()
            return ZERO.plus(self.term(), number)
        if self.token == "(":
            return self.inside()
        if self.token == "margin":
            self.take()
            return Contrast((), 0.0, 1.0)
        if self.token == "mean":
            self.take("mean", "(")
            name = self.name("a cell")
            self.take(")")
            return Contrast(((name, 1.0),))
        return Contrast(((self.name("a number, a cell, mean(...) or margin"), 1.0),))

    def inside(self) -> Contrast:
        self.take()
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(f"a predicate has at most {DEEPEST} parentheses within one another")
        total = self.sum()
        self.take(")")
        self.depth -= 1
        return total

    @property
    def token(self) -> str:
        return self.tokens[self.at][0]

    def take(self, *wanted: str) -> str:
        """Go on over the tokens that must stand here, or over any one; return the last."""
        for want in wanted or (self.token,):
            if self.token != want:
                raise self.wrong(repr(want))
            self.at += 1
        return self.tokens[self.at - 1][0]

    def name(self, what: str) -> str:
        if not self.token.isidentifier() or self.token in _WORDS:
            raise self.wrong(what)
        return self.take()

    def wrong(self, wanted: str) -> ValueError:
        found, place = self.tokens[self.at]
        return ValueError(
            f"cannot read the predicate at character {place + 1}: "
            f"expected {wanted} (got {repr(found) if found else 'the end'})"
        )


def _tokens(text: str) -> list[tuple[str, int]]:
    """Return tokens with the place where each begins; the last is empty."""
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise ValueError(
                f"cannot read the predicate at character {place + 1}: "
                f"no such sign ({text[place]!r})"
            )
        assert match.lastgroup is not None
        found.append((match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, ("", len(text))]
