"""Files of claims: strict, with file, line and the nearest name in every refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import ClaimError
from benchmark.evidence.claims.model import EXPLORATORY, load_claims

GOOD = """\
claims:
  - id: one
    statement: A is above B.
    source: somebody
    family: mine
    cells:
      a: {method: yadim}
      b: {method: amdim}
    predicate: mean(a) > mean(b)
"""
PREDICATE = "mean(a) > mean(b)"
SPREAD = "spread(a, over=encoder) < spread(b, over=encoder)"
ODD_AXIS = SPREAD.replace("encoder", "encodr")


def loaded(tmp_path: Path, text: str) -> str:
    """Return what a file that is refused says."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ClaimError) as caught:
        load_claims(path)
    return str(caught.value)


def test_the_shipped_claims_are_the_papers_and_the_textbooks() -> None:
    """C1 to C8, each with a source; the textbook ones by name."""
    claims = {claim.id: claim for claim in load_claims()}
    assert {name.partition("-")[0] for name in claims} >= {f"C{k}" for k in range(1, 9)}
    assert {"views-matter-more", "byol-batch", "moco-queue"} <= set(claims)
    assert all(claim.source for claim in claims.values())
    assert claims["C6"].family == EXPLORATORY
    assert claims["C3-amdim"].over == "encoder"


def test_a_good_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    """Alpha 5 %, looks at 3, 5 and 10 replicates, paired."""
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    (claim,) = load_claims(path)
    assert (claim.alpha, claim.looks, claim.paired) == (0.05, [3, 5, 10], True)
    assert claim.selection("a").method == "yadim"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("family", "familly", "unknown key; did you mean 'family'?"),
        ("method: yadim", "metod: yadim", ":7: cells.a.metod: unknown key; did you mean 'method'?"),
        ("method: yadim", "method: yadin", ":7: cells.a: unknown method 'yadin'; did you mean"),
        ("{method: yadim}", "{method: yadim, encoder: resnet19}", "did you mean 'resnet18'?"),
        ("{method: yadim}", "{method: yadim, dataset: cifar11}", "did you mean 'cifar10'?"),
        ("{method: yadim}", "{method: yadim, protocol: lineal}", "did you mean 'linear'?"),
        ("{method: yadim}", "{method: yadim, budget: {bananas: 3}}", "cells.a.budget"),
        ("{method: yadim}", "{dataset: cifar10}", "names no method"),
        (PREDICATE, "mean(a) > mean(c)", "unknown cell in the predicate 'c'"),
        (PREDICATE, "mean(a) > 3", "the cell 'b' is not in the predicate"),
        (PREDICATE, "mean(a) > mean(b) - margin", "needs a margin"),
        (PREDICATE, "mean(a) > > mean(b)", "mine.yaml:2: cannot read the predicate at character"),
        (PREDICATE, SPREAD, "needs a margin"),
        (PREDICATE, ODD_AXIS + "\\n    margin: 1.0", "did you mean 'encoder'?"),
        ("family: mine", "family: mine\\n    looks: [5, 3]", "one count, and rise (got [5, 3])"),
        ("family: mine", "family: mine\\n    alpha: 0.7", "be less than 0.5 (got 0.7)"),
        ("family: mine", "family: mine\\n    alpha: low", "a valid number (got 'low')"),
        ("family: mine", "family: mine\\n    looks: []", "one count, and rise (got [])"),
        ("    predicate: mean(a) > mean(b)\\n", "", "needs either a predicate"),
        ("claims:", "claim:", "must hold one key, 'claims'"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """One thing is changed in a good file at a time."""
    old, new = old.replace("\\n", "\n"), new.replace("\\n", "\n")
    assert old in GOOD
    said = loaded(tmp_path, GOOD.replace(old, new))
    assert sentence in said
    assert said.startswith("mine.yaml")
    assert "\n" not in said


def test_an_id_stands_once_and_a_family_has_one_alpha(tmp_path: Path) -> None:
    """Otherwise the correction would mean nothing."""
    second = GOOD.removeprefix("claims:\n")
    assert "the id 'one' twice" in loaded(tmp_path, GOOD + second)
    other = second.replace("id: one", "id: two\n    alpha: 0.1")
    assert "must have one alpha" in loaded(tmp_path, GOOD + other)
