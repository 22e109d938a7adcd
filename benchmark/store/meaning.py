"""What a Python file means: a hash that comments, docstrings and formatting leave alone."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DIGITS = 16
"""Hex digits of a hash that is kept."""
PINNED = "CONTENT_SHA256"
"""The name under which a dataset's module keeps the hash of what it must load."""

# `ctx` follows from the place, `kind` is the u of u"...", and the type comments are comments
_SKIPPED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


@dataclass(frozen=True)
class Import:
    """An import statement: `import module`, or names from a module."""

    module: str
    """Dotted; relative to `level` packages up where that is not 0."""
    names: tuple[str, ...] = ()
    level: int = 0


@dataclass(frozen=True)
class Source:
    """What there is to know of a file."""

    digest: str
    """Of its meaning, 16 hex digits."""
    imports: tuple[Import, ...] = ()
    """Of the whole file, functions included, but for those that only a type checker sees."""
    pinned: str | None = None
    """The content that a dataset's module is pinned to, SHA-256."""


def shortened(content: bytes) -> str:
    """Return the first digits of the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def read(path: Path) -> Source:
    """Read a file; one of the same path, size and time of change is not parsed again.

    A file that is no Python of this version is known by its bytes.
    """
    status = path.stat()
    return _read(path, status.st_mtime_ns, status.st_size)


@functools.cache
def _read(path: Path, _changed: int, _size: int) -> Source:
    content = path.read_bytes()
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return Source(shortened(content))
    digest = shortened(canonical(tree).encode())
    return Source(digest, tuple(_imports(tree)), _pinned(tree))


def canonical(node: object) -> str:
    """Write a syntax tree as text, equal in every Python that can parse it.

    `ast.dump` will not do: versions differ in which empty fields there are, and in how the fixed
    parts of an f-string are cut; and it keeps docstrings.
    """
    if isinstance(node, ast.Constant):
        return ascii(node.value)  # what repr escapes depends on the version's Unicode tables
    if isinstance(node, list):
        return f"[{','.join(map(canonical, node))}]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    fields = [
        f"{name}={canonical(value)}"
        for name, value in ((name, _kept(node, name)) for name in node._fields)
        if value is not None and value != []
    ]
    return f"{type(node).__name__}({','.join(fields)})"


def _kept(node: ast.AST, name: str) -> object:
    """Return a field without what means nothing; None where the whole of it means nothing."""
    value = None if name in _SKIPPED else getattr(node, name, None)
    if not isinstance(value, list):
        return value
    if isinstance(node, ast.JoinedStr):
        return list(_merged(value))
    return [each for each in value if not _says_nothing(each)]


def _says_nothing(statement: object) -> bool:
    """Say whether this is `pass`, a docstring, or a bare string such as stands under a field."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _merged(parts: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """Join the fixed parts of an f-string that stand side by side."""
    text = ""
    for part in parts:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        if text:
            yield ast.Constant(text)
        text = ""
        yield part
    if text:
        yield ast.Constant(text)


def _imports(node: ast.AST) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import():
                yield from (Import(alias.name) for alias in child.names)
            case ast.ImportFrom():
                names = tuple(alias.name for alias in child.names)
                yield Import(child.module or "", names, child.level)
            case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                yield from _imports(ast.Module(child.orelse, []))
            case _:
                yield from _imports(child)


def _pinned(tree: ast.Module) -> str | None:
    for statement in tree.body:
        match statement:
            case ast.Assign([ast.Name(name)], ast.Constant(str(value))) if name == PINNED:
                return value
    return None
