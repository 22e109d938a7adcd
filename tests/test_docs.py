"""Every command of the README and of docs/ runs, or is read where it needs what is not here."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.pages import BLOCKS, PATHS, ROOT, Block, Place, inline_commands

pytestmark = pytest.mark.docs

WAYS = ("", "runs", "demo", "tests")
RUN = [b for b in BLOCKS if b.kind == "bash" and (not b.mark or b.mark.startswith("exit "))]
READ = [b for b in BLOCKS if b.mark.startswith(("needs ", "file: ")) and b.commands]
SNIPPETS = [b for b in BLOCKS if b.kind == "python" and b.mark == "runs"]
QUOTED = [b for b in BLOCKS if b.mark.startswith("in: ")]
INLINE = sorted({(path.name, line) for path in PATHS for line in inline_commands(path)})
_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")


def test_every_block_has_a_mark_that_some_test_knows() -> None:
    """Nothing stands on a page that no test looks at."""
    for block in BLOCKS:
        known = block.mark in WAYS or block.mark.startswith(("exit ", "needs ", "file: ", "in: "))
        assert known, block
        assert block.mark or block.kind in ("bash", "text", "toml", "bibtex"), block


@pytest.mark.parametrize("block", RUN, ids=str)
def test_a_block_of_commands_runs(block: Block, place: Place) -> None:
    """Something is printed, and each line exits 0; the last by the code of the mark."""
    place.run(block)


@pytest.mark.parametrize("block", READ, ids=str)
def test_a_command_that_needs_what_is_not_here_can_be_read(block: Block, place: Place) -> None:
    """Its verb is there, and takes these arguments."""
    for line in block.commands:
        place.read(line)


def test_the_commands_within_sentences_can_be_read(place: Place) -> None:
    """Likewise; of a verb that is named alone, that it is there."""
    for page, line in INLINE:
        verb, _, rest = line.removeprefix("cslbench ").partition(" ")
        assert verb == "--help" or place.has(verb), f"{page}: {line}"
        if rest:
            place.read(line)


@pytest.mark.parametrize("block", SNIPPETS, ids=str)
def test_a_snippet_runs(block: Block, place: Place) -> None:
    """It prints something."""
    assert place.ask("script", [block.text])


@pytest.mark.parametrize("block", QUOTED, ids=str)
def test_what_is_quoted_of_a_file_stands_in_it(block: Block, place: Place) -> None:
    """Word for word."""
    assert block.text in (place.folder / block.mark.removeprefix("in: ")).read_text()


def test_the_verdict_that_is_shown_has_the_alphas_of_the_code(place: Place) -> None:
    """Of the claim that the page runs: what no machine changes, line by line."""
    (shown,) = (b.text for b in BLOCKS if b.page == "check-a-claim.md" and b.kind == "text")
    printed = place.command("cslbench claims --claims claims.yaml --results looks")

    fixed = [line for line in shown.splitlines() if "notebook]" in line or "family mine" in line]
    (look,) = (line for line in shown.splitlines() if line.startswith("  look at"))
    fixed += [look[: look.index(":")], look[look.index("; alpha") :]]
    assert len(fixed) == 4
    assert [each for each in fixed if each not in printed] == []


def test_each_claim_of_the_page_is_judged_in_one_setting(place: Place) -> None:
    """No cell beside itself, and no variant that the claim does not mean."""
    printed = place.command("cslbench claims --claims claims.yaml --results looks --json")
    found = [(each["id"], each["setting"]) for each in json.loads(printed)["claims"]]

    where = "digits, compact[width=8], 3 steps, common, simclr"
    assert found == [("sharper", f"{where}[temperature=1.0]"), ("learns", where)]


def test_an_entry_point_names_a_card_that_is_there(place: Place) -> None:
    """Of the package that a page sketches, the module and the name."""
    for block in BLOCKS:
        if block.kind == "toml" and not block.mark:
            (offered,) = tomllib.loads(block.text)["project"]["entry-points"].values()
            for value in offered.values():
                module, _, name = value.partition(":")
                assert f"\n{name} = " in (place.folder / f"{module}.py").read_text()


def test_a_package_that_a_page_shows_can_be_built(tmp_path: Path) -> None:
    """As pip would, of the files beside it; its modules and entry points are in it."""
    pytest.importorskip("setuptools")
    shown = {b.mark.removeprefix("file: "): b.text for b in BLOCKS if b.page == "add-an-encoder.md"}
    offered = tomllib.loads(shown["pyproject.toml"])["project"]["entry-points"].values()
    modules = {value.partition(":")[0] for each in offered for value in each.values()}
    for name in ("pyproject.toml", *(f"{module}.py" for module in modules)):
        (tmp_path / name).write_text(shown[name])
    build = "import setuptools.build_meta as made; print(made.build_wheel('out'))"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-1000:]
    with zipfile.ZipFile(tmp_path / "out" / done.stdout.split()[-1]) as wheel:
        assert {f"{name}.py" for name in modules} <= {*wheel.namelist()}


def test_the_workflow_runs_steps() -> None:
    """It is YAML, and every step either uses or runs something."""
    (text,) = (block.text for block in BLOCKS if block.mark == "file: nightly-workflow.yml")
    steps = yaml.safe_load(text)["jobs"]["nightly"]["steps"]

    assert all(("uses" in step) != ("run" in step) for step in steps)


Ran = Callable[[int], tuple[int, str]]


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """Give what runs the Slurm script: from the code of `cslbench` to its own and the queue."""
    script = tmp_path / "cells.sbatch"
    (text,) = (block.text for block in BLOCKS if block.mark == "file: cells.sbatch")
    script.write_text(text)
    stands = {"srun": 'exec "$@"', "scontrol": f'echo "$@" >> {tmp_path}/queued'}

    def run(code: int) -> tuple[int, str]:
        for name, body in (stands | {"cslbench": f"exit {code}"}).items():
            path = tmp_path / name
            path.write_text(f"#!/bin/bash\n{body}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        environment |= {"SLURM_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": "1"}
        done = subprocess.run(["bash", str(script)], env=environment, check=False)
        queued = tmp_path / "queued"
        return done.returncode, queued.read_text().strip() if queued.exists() else ""

    return run


@pytest.mark.parametrize(
    ("code", "queued"), [(0, ""), (1, ""), (2, ""), (143, "requeue 77")], ids=str
)
def test_the_slurm_script_queues_again_what_was_stopped(code: int, queued: str, ran: Ran) -> None:
    """And nothing else; its own exit code is that of the run."""
    assert ran(code) == (code, queued)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_link_leads_somewhere(path: Path) -> None:
    """To a file of the checkout, and in a page to one of its headings."""
    for target, anchor in _LINK.findall(
        re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    ):
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, (target, anchor)


def test_the_map_names_every_page() -> None:
    """Each page of docs/ is linked from the index."""
    index = (ROOT / "docs" / "index.md").read_text()

    for path in PATHS[1:]:
        assert path.name == "index.md" or f"]({path.name})" in index


def _anchor(heading: str) -> str:
    """Return what GitHub calls a heading in a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
