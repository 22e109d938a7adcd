"""The README and the pages of docs/: their blocks, what each is marked as, and their commands.

A mark is an HTML comment in the line before a block. Of a block of shell:

    (none)          every line runs as it stands and exits 0; something is printed
    runs            likewise, beforehand: it makes what the other blocks look at
    exit N          likewise, but the last line exits N
    needs X         needs data, a GPU or a cluster: its commands are read, not run
    demo, tests     make an environment: looked at by test_readme alone

Of any other: `file: NAME` is laid into the folder, and its commands are read; `in: NAME` stands
word for word in that file; `runs` is a snippet of Python. `text` shows what a command prints.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATHS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
_INLINE = re.compile(r"`(cslbench\s[^`]+)`")
_COMMAND = re.compile(r"^[\s#]*(?:- )?(?:run: )?(?:srun )?(?:\S*/)?(cslbench .+)$", re.MULTILINE)
_SHELL = re.compile(r"\s(?:\|\||&&|[|&;>]|2>).*$")


@dataclass(frozen=True)
class Block:
    """A block of a page."""

    page: str
    mark: str
    kind: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Return the lines of a block of shell, continued ones as one, without comments."""
        joined = self.text.replace("\\\n", " ").strip().splitlines()
        return [line for line in joined if line and not line.startswith("#")]

    @property
    def commands(self) -> list[str]:
        """Return the commands of cslbench that stand anywhere in it."""
        return [_SHELL.sub("", m[1]) for m in _COMMAND.finditer(self.text.replace("\\\n", " "))]

    def __str__(self) -> str:
        """Name it in a test's report."""
        return f"{self.page}: {self.text.strip().splitlines()[0][:60]}"


def blocks_of(path: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    found = _BLOCK.finditer(path.read_text())
    return [Block(path.name, m["mark"] or "", m["kind"], m["text"]) for m in found]


BLOCKS = [block for path in PATHS for block in blocks_of(path)]


def inline_commands(path: Path) -> list[str]:
    """Return the commands within a page's sentences."""
    prose = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    return [" ".join(m[1].split()) for m in _INLINE.finditer(prose)]


class Place:
    """A folder with the files that the pages show, and a process that runs commands in it."""

    def __init__(self, folder: Path) -> None:
        """Lay the files, offer what they offer, and run what the pages run beforehand."""
        self.folder = folder
        self._help = ""
        for block in BLOCKS:
            if block.mark.startswith("file: "):
                (folder / block.mark.removeprefix("file: ")).write_text(block.text)
        self._offer()
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        environment.pop("CSLBENCH_DATA", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked"],
            cwd=folder, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        for block in BLOCKS:
            if block.mark == "runs" and block.kind == "bash":
                self.run(block)

    def close(self) -> None:
        """End the process."""
        self.process.communicate()

    def ask(self, way: str, words: list[str], code: int = 0) -> str:
        """Do one thing and return what it printed; fail where it exits with another code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([way, words]), file=self.process.stdin, flush=True)
        found = json.loads(self.process.stdout.readline())
        assert found["code"] == code, f"{shlex.join(words)}\n{found['printed']}"
        return str(found["printed"])

    def command(self, line: str, code: int = 0) -> str:
        """Run a line of a page with the code of this checkout."""
        name, *words = shlex.split(line)
        assert name == "cslbench"
        return self.ask("run", words, code)

    def read(self, line: str) -> None:
        """Read a command without running it; whatever a shell would fill in is a number."""
        filled = re.sub(r"\$\{\{[^}]*\}\}|\$\{?\w+\}?", "0", line)
        self.ask("read", shlex.split(filled)[1:])

    def run(self, block: Block) -> None:
        """Run a block of shell line by line; it must print something."""
        last = int(block.mark.removeprefix("exit ")) if block.mark.startswith("exit ") else 0
        codes = [0] * (len(block.lines) - 1) + [last]
        printed = [self.command(*each) for each in zip(block.lines, codes, strict=True)]
        assert any(printed), block

    def has(self, verb: str) -> bool:
        """Say whether the program names a verb in its help, asked once."""
        if not self._help:
            self._help = self.command("cslbench --help")
        return f"  {verb} " in self._help

    def _offer(self) -> None:
        """Write the metadata of the package that a page shows, as pip writes it."""
        project = tomllib.loads((self.folder / "pyproject.toml").read_text())["project"]
        information = self.folder / f"{project['name']}-{project['version']}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        lines = []
        for group, offered in project["entry-points"].items():
            lines += [f"[{group}]", *(f"{name} = {value}" for name, value in offered.items())]
        (information / "entry_points.txt").write_text("\n".join(lines) + "\n")
