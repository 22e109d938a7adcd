"""What a file means does not hang on how it is written, nor on who parses it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.store import meaning
from benchmark.store.meaning import Import
from tests.benchmark.sources import ROOT

SAMPLE = '''\
"""A docstring."""

from __future__ import annotations

import math


class Thing(Base, key=1):
    """Another."""

    size: int = 3
    """Pixels."""

    def f(self, x, *args, y=None, **rest):  # a comment
        """One more."""
        text = f"{x!r:>{y}} and {x:.2f}{{}}" "tail" f"{y=}" f""
        with open(x) as file, file:
            return {**rest, "a": -1.5e-3, "b": (None, True, ..., b"\\x00", "\\u1234\\U0001fae8")}

    def g(self):
        pass


match point:
    case [Thing(size=0), *_] | {"k": None, **others} if others:
        lambda: (yield)
try:
    async def h(): return [i async for i in j if i]
except* ValueError as error:
    raise error from None
'''
REWRITTEN = """\
from __future__ import annotations
import math
class Thing( Base,key = 1 ):
    size : int=3
    def f(self,x,*args,y=None,**rest):
        text=f'{x!r:>{y}} and {x:.2f}{{}}tail{y=}'
        with (open(x) as file,
              file):
            return {**rest, 'a':-0.0015,
                    "b": (None, True, ..., b'\\0', '\u1234\U0001fae8')}
    def g(self):
        'Nothing yet.'
match point:
    case ([Thing(size=0),*_] | {'k':None,**others}) if others:
        (lambda: (yield))
try:
    async def h():
        return [
            i async for i in j if i
        ]
except* ValueError as error:
    raise error from None
"""
DIGEST = "c4c156e2199b5b45"
"""Of the sample, by every version of Python: this test runs in each that is supported."""
SCRIPT = """
import json, sys
from pathlib import Path
from benchmark.store import meaning
print(json.dumps({name: meaning.read(Path(name)).digest for name in json.load(sys.stdin)}))
"""


def digest(folder: Path, text: str) -> str:
    """Return the hash of a file with this text."""
    path = folder / f"{len(list(folder.iterdir()))}.py"
    path.write_text(text)
    return meaning.read(path).digest


def test_comments_docstrings_and_formatting_do_not_count(tmp_path: Path) -> None:
    """Quotes, line breaks, escapes, spaces; the strings under fields are docstrings too."""
    assert digest(tmp_path, SAMPLE) == digest(tmp_path, REWRITTEN) == DIGEST


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("key=1", "key=2"), ("size: int = 3", "size: int = 4"), ("y=None, **rest", "y=0, **rest"),
        ("{x:.2f}", "{x:.3f}"), ("{x!r:", "{x!s:"), ('"tail"', '"tale"'), ("-1.5e-3", "1.5e-3"),
        ("(None, True", "(True, None"), ("import math", "import cmath"), ("raise error ", "raise "),
        ("def g(self)", "def g(self, x)"), ("from None", "from error"), ("[i async", "[1 async"),
        ("(Base, key", "(key"), ("**others} if others", "**others}"), ("...", '"..."'),
    ],
)  # fmt: skip
def test_everything_else_counts(tmp_path: Path, before: str, after: str) -> None:
    """Values, names, order, defaults, what is there and what is not."""
    assert before in SAMPLE
    assert digest(tmp_path, SAMPLE.replace(before, after, 1)) != DIGEST


def others() -> list[str]:
    """Return the other Pythons of this machine that run this program."""
    found = [shutil.which(f"python3.{minor}") for minor in range(11, 16)]
    here = f"python3.{sys.version_info.minor}"
    return [name for name in found if name and Path(name).name != here and runs(name)]


def runs(python: str) -> bool:
    """Say whether a command is a Python, and no stand-in for one that is not installed."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def test_every_python_finds_the_same_hashes() -> None:
    """Of every file of this program; where only one Python is had, the sample must do."""
    folders = (ROOT / "methods", ROOT / "benchmark")
    names = [str(path) for folder in folders for path in folder.rglob("*.py")]
    own = {name: meaning.read(Path(name)).digest for name in names}
    assert len(own) > 80
    for python in others():
        done = subprocess.run(
            [python, "-c", SCRIPT], cwd=ROOT, input=json.dumps(names), capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout) == own, python


def test_imports_are_found_wherever_they_are_but_not_those_of_a_type_checker(
    tmp_path: Path,
) -> None:
    """In functions, under conditions, relative ones; `else` of a type checker's `if` is real."""
    path = tmp_path / "some.py"
    path.write_text(
        "import a.b as c, d\n"
        "from e import f, g as h\n"
        "if TYPE_CHECKING:\n    import no\nelse:\n    import yes\n"
        "if typing.TYPE_CHECKING:\n    from no import no\n"
        "def i():\n    from ..j import k\n    from . import l\n"
    )
    assert meaning.read(path).imports == (
        Import("a.b"), Import("d"), Import("e", ("f", "g")), Import("yes"),
        Import("j", ("k",), 2), Import("", ("l",), 1),
    )  # fmt: skip


def test_a_file_that_is_no_python_is_known_by_its_bytes(tmp_path: Path) -> None:
    """A plan still says what changed while somebody is half through an edit."""
    assert digest(tmp_path, "def f(:") != digest(tmp_path, "def g(:")
    assert digest(tmp_path, "x = '\0'") == digest(tmp_path, "x = '\0'")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """The memory is by path, size and time."""
    path = tmp_path / "a.py"
    path.write_text("x = 1")
    before = meaning.read(path).digest
    path.write_text("x = 12")
    assert meaning.read(path).digest != before


def test_pinned_content_is_read_from_the_source(tmp_path: Path) -> None:
    """Of a dataset's module, without importing it."""
    assert meaning.read(ROOT / "benchmark/data/photos.py").pinned == (
        "adde7f3eb43e3f9f5367547fac968f14f29cc2c7dbb39aee83e52499f2dad66d"
    )
    path = tmp_path / "a.py"
    path.write_text("CONTENT_SHA256 = f()\nOTHER = 'x'\n")
    assert meaning.read(path).pinned is None
