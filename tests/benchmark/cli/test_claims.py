"""`cslbench claims`: what it prints, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.cli import application
from benchmark.evidence.claims import words
from benchmark.evidence.claims.judge import judge
from benchmark.evidence.claims.model import load_claims
from benchmark.store import files
from tests.benchmark.factories import make_result

MINE = """\
claims:
  - id: above
    statement: YADIM is above AMDIM.
    source: somebody
    family: mine
    looks: [3]
    cells:
      yadim: {method: yadim}
      amdim: {method: amdim}
    predicate: mean(yadim) > mean(amdim)
  - id: below
    statement: YADIM is below AMDIM.
    source: somebody
    family: mine
    looks: [3]
    cells:
      yadim: {method: yadim}
      amdim: {method: amdim}
    predicate: mean(yadim) < mean(amdim)
"""


def claims(*arguments: str | Path) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(application(), ["claims", *map(str, arguments)])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Make three replicates of two methods, ten points apart."""
    for replicate, noise in enumerate((0.1, -0.2, 0.3)):
        for method, value in (("yadim", 80.0), ("amdim", 70.0 + noise)):
            result = make_result(method, value, replicate=replicate)
            files.write(tmp_path / "store", result, {})
    (tmp_path / "mine.yaml").write_text(MINE)
    return tmp_path / "store"


def test_an_empty_store_shows_every_shipped_claim_as_not_run(tmp_path: Path) -> None:
    """Or as untested; and that is no failure, even where it is strict."""
    (tmp_path / "none").mkdir()
    done = claims("--results", tmp_path / "none", "--strict", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["claims"]
    assert {one["verdict"] for one in found} == {"not run", "untested"}
    assert {"C1", "C3-amdim", "moco-queue"} <= {one["id"] for one in found}


def test_verdicts_come_with_their_evidence(store: Path) -> None:
    """The effect, the looks, the correction, and every result."""
    done = claims("--claims", store.parent / "mine.yaml", "--results", store)
    assert done.exit_code == 0, done.output
    assert "yadim - amdim: +9.93 [90 %: +9.51, +10.36], claimed > 0" in done.stdout
    assert "look at 3 of 3 replicates" in done.stdout
    for result in files.read_all(store).results:
        assert result.id in done.stdout
    assert done.stdout.endswith("1 supported, 1 contradicted\n")


def test_stale_results_are_named_in_what_is_printed(store: Path) -> None:
    """One of six was made by other sources; the verdict is the same, and so is a site's text."""
    mine = ("above", "--claims", store.parent / "mine.yaml", "--results", store)
    before = claims(*mine)
    assert "stale" not in before.stdout
    assert json.loads(claims(*mine, "--json").stdout)["claims"][0]["stale"] == {}
    result = make_result("yadim", 80.0, replicate=1)
    closure = {**result.provenance.closure, "methods/yadim.py": "0" * 16}
    files.write(store, make_result("yadim", 80.0, replicate=1, closure=closure), {})

    done = claims(*mine)
    (found,) = json.loads(claims(*mine, "--json").stdout)["claims"]
    (line,) = [line for line in done.stdout.splitlines() if "stale" in line]
    assert line == f"  stale (yadim.py changed): 1 of 6 results: {result.id}"
    assert found["stale"] == {result.id: "stale (yadim.py changed)"}
    assert done.stdout.replace(f"{line}\n", "") == before.stdout
    (judged,) = judge(load_claims(store.parent / "mine.yaml")[:1], files.read_all(store).results)
    assert not any("stale" in line for line in words.evidence(judged))


def test_only_strict_fails_on_a_contradicted_claim(store: Path) -> None:
    """Of those that are shown; the correction is still for all of them."""
    mine = ("--claims", store.parent / "mine.yaml", "--results", store)
    assert claims(*mine, "--strict").exit_code == 1
    assert claims("above", *mine, "--strict").exit_code == 0
    both, one = (
        json.loads(claims(*names, *mine, "--json").stdout)["claims"] for names in ((), ("above",))
    )
    assert [both[0]] == one
    assert one[0]["p_holm"] == pytest.approx(2 * one[0]["p"])


def test_an_interval_is_printed_with_its_level(store: Path) -> None:
    """Of 1 - 2 alpha, as text and as JSON; an alpha that leaves no end is refused."""
    strict = store.parent / "strict.yaml"
    strict.write_text(MINE.replace("family: mine", "family: mine\n    alpha: 0.005"))
    done = claims("above", "--claims", strict, "--results", store)
    assert done.stdout.count("+9.93 [99 %: +8.49, +11.38]") == 2
    found = json.loads(claims("above", "--claims", strict, "--results", store, "--json").stdout)
    assert found["claims"][0]["effects"][0]["level"] == pytest.approx(0.99)

    strict.write_text(MINE.replace("family: mine", "family: mine\n    alpha: 1.0e-300"))
    refused = claims("--claims", strict, "--results", store)
    assert refused.exit_code == 2
    assert (
        "strict.yaml:6: alpha: input should be greater than or equal to 0.000001" in refused.output
    )


def test_the_same_store_gives_the_same_words_twice(store: Path) -> None:
    """Byte for byte, as text and as JSON."""
    mine = ("--claims", store.parent / "mine.yaml", "--results", store)
    for arguments in (mine, (*mine, "--json")):
        assert claims(*arguments).stdout == claims(*arguments).stdout


def test_an_unknown_claim_or_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    """With the nearest name."""
    wrong = claims("C3-amdin", "--results", tmp_path)
    assert wrong.exit_code == 2
    assert "did you mean 'C3-amdim'?" in wrong.output
    absent = claims("--claims", tmp_path / "none.yaml")
    assert absent.exit_code == 2
    assert "none.yaml" in absent.output
