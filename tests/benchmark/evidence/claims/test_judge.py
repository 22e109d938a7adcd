"""Verdicts on stores whose effects are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from benchmark.evidence.claims import words
from benchmark.evidence.claims.judge import Judged, judge
from benchmark.evidence.claims.model import Claim, load_claims
from benchmark.evidence.claims.more import More
from benchmark.evidence.statistics.multiple import holm
from benchmark.matrix.budget import NAMED, NOTHING
from benchmark.store.result import Result
from tests.benchmark.factories import make_cell, make_result

NOISE = (0.3, -0.2, 0.1, -0.4, 0.2, 0.25, -0.15, -0.3, 0.1, 0.05)
OWN = (0.1, 0.05, -0.1, 0.02, -0.07, 0.08, -0.03, 0.06, -0.05, 0.04)
"""What a method's replicates have for themselves, beside what the block has."""
SPREAD = "spread(a, over=encoder) < spread(b, over=encoder)"


def claim(predicate: str = "mean(a) > mean(b)", **fields: Any) -> Claim:
    """Make an exploratory claim about YADIM (a) and AMDIM (b), and more cells if given."""
    own = {"a": {"method": "yadim"}, "b": {"method": "amdim"}}
    return Claim.model_validate(
        {
            "id": "it",
            "statement": "So it is.",
            "source": "somebody",
            "family": "exploratory",
            "cells": own,
            "predicate": predicate,
            **fields,
        }
    )


def line(method: str, mean: float, n: int = 10, sign: float = 1.0, **fields: Any) -> list[Result]:
    """Make replicates of one row; with a `sign` below 0 the replicates' own part is another."""
    return [
        make_result(
            method,
            mean + NOISE[k] + sign * OWN[k if sign > 0 else 3 * k % 10],
            replicate=k,
            **fields,
        )
        for k in range(n)
    ]


def pair(difference: float, n: int = 10, **fields: Any) -> list[Result]:
    """Make YADIM so many points above AMDIM."""
    return [
        *line("yadim", 70 + difference, n, **fields),
        *line("amdim", 70, n, sign=-1.0, **fields),
    ]


def only(claims: Claim, results: Iterable[Result]) -> Judged:
    """Judge one claim that has one setting."""
    (found,) = judge([claims], results)
    return found


@pytest.mark.parametrize(
    ("predicate", "difference", "kind"),
    [
        ("mean(a) > mean(b)", 2.0, "supported"),
        ("mean(a) > mean(b)", -2.0, "contradicted"),
        ("mean(a) > mean(b)", 0.0, "inconclusive"),
        ("a >= b - margin", -0.5, "supported"),
        ("a >= b - margin", -1.5, "contradicted"),
        ("abs(mean(a) - mean(b)) <= margin", 0.2, "supported"),
        ("abs(mean(a) - mean(b)) <= margin", 3.0, "contradicted"),
        ("abs(mean(a) - mean(b)) <= margin", -3.0, "contradicted"),
        ("abs(mean(a) - mean(b)) <= margin", 1.0, "inconclusive"),
    ],
)
def test_a_known_effect_gets_its_verdict(predicate: str, difference: float, kind: str) -> None:
    """Ten paired replicates whose differences have an sd of 0.1 points."""
    assert only(claim(predicate, margin=1.0), pair(difference)).kind == kind


def test_an_ordering_needs_every_step() -> None:
    """Floor below one below the other; turned round, it is contradicted."""
    cells = {"a": {"method": "yadim"}, "b": {"method": "amdim"}, "c": {"method": "simclr"}}
    store = [*pair(2.0), *line("simclr", 60)]
    assert only(claim("a > b > c", cells=cells), store).kind == "supported"
    assert only(claim("a > c > b", cells=cells), store).kind == "contradicted"


def test_a_method_is_compared_with_the_floor_whatever_that_spent() -> None:
    """An untrained encoder has no budget, training or precision to agree in."""
    floor = [
        make_result(
            value=50 + NOISE[k],
            cell=make_cell("random_init", replicate=k, budget=NOTHING),
        )
        for k in range(5)
    ]
    cells = {"a": {"method": "yadim"}, "floor": {"method": "random_init"}}
    assert (
        only(claim("a > floor", cells=cells), [*line("yadim", 70, 5), *floor]).kind == "supported"
    )


def encoders(values: dict[str, Sequence[float]], n: int = 10) -> list[Result]:
    """Make methods over three encoders."""
    names = ("compact", "resnet18[width=16]", "amdim[ndf=16,rkhs=128,depth=1]")
    return [
        result
        for sign, (method, means) in zip((1.0, -1.0), values.items(), strict=True)
        for encoder, mean in zip(names, means, strict=True)
        for result in line(method, mean, n, sign * (1 + 0.1 * len(encoder)), encoder=encoder)
    ]


@pytest.mark.parametrize(
    ("yadim", "amdim", "kind"),
    [
        ((70, 70.5, 69.5), (60, 70, 80), "supported"),
        ((60, 70, 80), (70, 70.5, 69.5), "contradicted"),
        ((30, 30.5, 29.5), (60, 70, 80), "contradicted"),
        ((60, 70, 80), (80, 70, 60), "inconclusive"),
    ],
)
def test_robustness_is_a_smaller_spread_and_no_worse_a_mean(
    yadim: Sequence[float], amdim: Sequence[float], kind: str
) -> None:
    """The third has a small spread at the floor."""
    found = only(claim(SPREAD, margin=2.0), encoders({"yadim": yadim, "amdim": amdim}))
    assert found.kind == kind
    assert len(found.levels) == 3


def test_a_spread_of_one_replicate_or_one_encoder_is_refused() -> None:
    """With what is lacking."""
    one = only(claim(SPREAD, margin=2.0), encoders({"yadim": (1, 2, 3), "amdim": (3, 2, 1)}, n=1))
    assert one.verdict == "inconclusive (2 to 9 more replicates)"
    few = only(claim(SPREAD, margin=2.0), pair(1.0))
    assert few.verdict == "not run (too few values of encoder at which all cells have results)"


def test_encoders_that_a_claim_names_must_all_be_there() -> None:
    """Two of three are another claim."""
    store = encoders({"yadim": (70, 70.5, 69.5), "amdim": (60, 70, 80)})
    names = ["compact", "resnet18[width=16]"]
    both = claim(SPREAD, margin=2.0, where={"encoder": names})
    assert only(both, store).levels == ("compact", "resnet18[width=16]")
    more = claim(SPREAD, margin=2.0, where={"encoder": [*names, "resnet50"]})
    assert only(more, store).kind == "not run"


@pytest.mark.parametrize(
    ("theirs", "fields"),
    [
        ({"budget": NAMED["small"]}, "budget"),
        ({"training": "authors"}, "training"),
        ({"encoder": "resnet18"}, "encoder"),
        ({"dataset": "digits"}, "dataset"),
        ({"values": {"resolution": 96}}, "resolution"),
    ],
)
def test_what_does_not_agree_is_not_compared(theirs: dict[str, Any], fields: str) -> None:
    """And the field is named."""
    other = [
        make_result(value=60 + NOISE[k], cell=make_cell("amdim", replicate=k, **theirs))
        for k in range(5)
    ]
    found = only(claim(), [*line("yadim", 70, 5), *other])
    assert found.verdict == f"not comparable ({fields})"


def test_protocols_are_never_mixed() -> None:
    """Even where a claim asks for it."""
    cells = {"a": {"method": "yadim", "protocol": "knn"}, "b": {"method": "amdim"}}
    store = [*line("yadim", 70, 5, scores={"knn": 60.0}), *line("amdim", 70, 5)]
    assert only(claim(cells=cells), store).verdict == "not comparable (k, probe)"


def test_an_encoder_that_cells_state_may_differ() -> None:
    """The claim's author chose it."""
    cells = {"a": {"method": "yadim", "encoder": "resnet18"}, "b": {"method": "yadim"}}
    store = [*line("yadim", 70, 5, encoder="resnet18"), *line("yadim", 60, 5, sign=-1)]
    stated = changed_cells(cells, "b", encoder="compact")
    assert only(claim(cells=stated), store).kind == "supported"


def changed_cells(cells: dict[str, dict[str, str]], name: str, **fields: Any) -> dict[str, Any]:
    """Return cells of which one says more."""
    return {**cells, name: {**cells[name], **fields}}


def test_every_setting_is_a_verdict_of_its_own() -> None:
    """Budgets are never pooled."""
    small = [
        make_result(value=mean + NOISE[k], cell=make_cell(m, replicate=k, budget=NAMED["small"]))
        for m, mean in (("yadim", 60.0), ("amdim", 70.1))
        for k in range(10)
    ]
    found = judge([claim()], [*pair(2.0), *small])
    assert [one.setting.split(", ")[2] for one in found] == ["50000 images", "640000 images"]


def test_other_choices_of_a_method_are_other_methods_and_sizes_are_not() -> None:
    """`yadim` is not `yadim[views=patches]`, which a claim may ask for; widths are open."""
    store = [
        *line("yadim[width=64]", 72, 5),
        *line("yadim[views=patches,width=64]", 60, 5),
        *line("amdim[width=64]", 70, 5, sign=-1),
    ]
    assert only(claim(), store).kind == "supported"
    patches = claim(cells={"a": {"method": "yadim[views=patches]"}, "b": {"method": "amdim"}})
    assert only(patches, store).kind == "contradicted"


def test_a_plain_name_beside_a_variant_means_the_default() -> None:
    """And only of what the variant names: other sizes stay open, and so does a plain name alone."""
    store = [
        *line("simclr[hidden=64]", 70, 5),
        *line("simclr[hidden=64,temperature=1.0]", 60, 5, sign=-1),
        *line("random_init", 50, 5, sign=-1),
    ]
    cells = {"hot": {"method": "simclr[temperature=1]"}, "usual": {"method": "simclr"}}
    found = only(claim("hot < usual", cells=cells), store)
    assert found.kind == "supported"
    assert found.setting.endswith("simclr[hidden=64,temperature=1.0], simclr[hidden=64]")
    alone = {"a": {"method": "simclr"}, "b": {"method": "random_init"}}
    assert len(judge([claim(cells=alone)], store)) == 2


def test_a_cell_is_not_compared_with_itself() -> None:
    """Nor does such a setting count in its family: the p of the other one is not doubled."""
    cells = {"a": {"method": "yadim", "encoder": "resnet18"}, "b": {"method": "yadim"}}
    stated = changed_cells(cells, "b", encoder=["compact", "resnet18"])
    own = line("yadim", 70, 5, encoder="resnet18")
    found = only(claim(cells=stated, family="f"), [*own, *line("yadim", 60, 5, sign=-1)])
    assert found.kind == "supported"
    assert found.p_holm == found.p
    alone = only(claim(cells=stated), own)
    assert alone.verdict == "not run (a and b have the same results)"


def test_a_spread_over_strategies_knows_the_default_by_its_value() -> None:
    """What a canonical name leaves out is in the cell's values."""
    cells = {"a": {"method": "amdim"}, "b": {"method": "yadim"}}
    strategies = ("1:1", "last:last")
    store = [
        make_result(
            value=70 + step * place + NOISE[k] + place * OWN[k] * step,
            cell=make_cell(name(method, strategy), replicate=k, values={"extraction": strategy}),
        )
        for method, step in (("amdim", 0.5), ("yadim", 9.0))
        for place, strategy in enumerate(strategies)
        for k in range(5)
    ]
    over = "spread(a, over=extraction) < spread(b, over=extraction)"
    assert only(claim(over, cells=cells, margin=20.0), store).levels == strategies


def name(method: str, strategy: str) -> str:
    """Write a selector that leaves YADIM's default out."""
    return (
        method
        if (method, strategy) == ("yadim", "last:last")
        else f"{method}[extraction={strategy}]"
    )


def test_an_empty_store_has_every_claim_as_not_run() -> None:
    """The shipped ones; of those that no result could tell, that and why."""
    found = judge(load_claims(), [])
    assert len(found) == len(load_claims())
    assert {one.kind for one in found if one.claim.untested is None} == {"not run"}
    told = {one.claim.id: one for one in found if one.claim.untested is not None}
    assert set(told) == {"C1", "C6", "C8", "views-matter-more"}
    assert {one.kind for one in told.values()} == {"untested"}
    assert told["C1"].verdict.startswith("untested (a matter of code")


def test_failed_results_are_no_replicates() -> None:
    """They have no number."""
    failed = [make_result("amdim", replicate=k, status="failed", error="oh") for k in range(3)]
    assert only(claim(), [*line("yadim", 70), *failed]).verdict == "not run (no result of b)"


def test_before_the_first_look_nothing_is_tested_but_the_need_is_told() -> None:
    """Two replicates, however far apart."""
    found = only(claim(), pair(9.0, n=2))
    assert (found.kind, found.looks, found.p) == ("inconclusive", (), None)
    assert found.more is not None
    assert found.more.low == 1
    assert found.shown is not None


def test_what_would_settle_it_is_a_range_with_its_time() -> None:
    """A replicate of each of the two cells takes twelve seconds in the factory."""
    found = only(claim(), pair(0.05, n=5))
    assert found.kind == "inconclusive"
    assert found.more is not None
    assert found.more.high is None or found.more.low < found.more.likely < found.more.high
    assert found.more.seconds == pytest.approx(found.more.likely * 2 * 12.0)


def test_the_need_is_told_in_looks() -> None:
    """Where nothing is tested, nothing is settled; beyond the last look it says so."""
    absent = {"a": {"method": "byol"}, "b": {"method": "simclr"}}
    family = [claim(id=f"x{k}", family="f", cells=absent) for k in range(9)]
    found = judge([claim(family="f"), *family], pair(0.8, n=3))[0]
    assert found.reason == "2 to 7 more replicates"
    near = only(claim(looks=[3, 5]), pair(0.2, n=4))
    assert near.reason.startswith("1 to ")
    assert near.reason.endswith(" more replicates, perhaps beyond the last planned look at 5")
    far = only(claim(looks=[3]), pair(0.05, n=3))
    assert far.reason.endswith(" more replicates, beyond the last planned look at 3")


def test_a_need_that_no_spread_tells_says_so() -> None:
    """At one replicate there are only the looks; of one replicate more the noun is single."""
    found = only(claim(), pair(1.0, n=1))
    assert "by its looks alone: how many it needs is not known" in "".join(words.evidence(found))
    assert More(1, 1, 1, None).text == "1 more replicate"
    assert More(9996, 9996, None, None).text == "at least 9996 more replicates"


def test_blocks_are_used_only_where_a_claim_is_paired() -> None:
    """Without them the replicates' common part is noise."""
    paired = only(claim(), pair(0.25))
    apart = only(claim(paired=False), pair(0.25))
    assert paired.p is not None
    assert apart.p is not None
    assert paired.p < 0.01 < apart.p


def test_p_is_corrected_within_the_family_and_not_among_exploratory_claims() -> None:
    """A claim that was not run counts; one that no result can test does not."""
    first = claim(id="x", family="f")
    second = claim("a > b - margin", id="y", family="f", margin=0.1)
    absent = claim(id="z", family="f", cells={"a": {"method": "byol"}, "b": {"method": "simclr"}})
    told = Claim(id="w", statement="s", source="s", family="f", untested="code")
    free = claim(id="v")
    found = {one.claim.id: one for one in judge([first, second, absent, told, free], pair(0.2))}
    raw = [found["x"].p, found["y"].p, 1.0]
    assert [found["x"].p_holm, found["y"].p_holm] == holm([p or 0.0 for p in raw])[:2]
    assert found["v"].p_holm == found["v"].p


def test_a_look_that_decided_stays_decided() -> None:
    """Replicates after it change nothing of it but its place among the looks."""
    early = only(claim(), pair(9.0, n=3))
    late = only(claim(), pair(9.0, n=10))
    assert early.kind == late.kind == "supported"
    assert len(late.looks) == 3
    assert late.looks[0] == early.looks[0]


def test_a_row_shows_the_effect_that_its_p_is_of() -> None:
    """Of `b < a < 100` the weakest part decides for it, the strongest against; each is named."""
    store = pair(0.02, n=5)
    open_ = only(claim("mean(b) < mean(a) < 100"), store)
    assert open_.kind == "inconclusive"
    assert words.row(open_)[3].startswith("a - b: +0.0")
    against = only(claim("mean(b) < mean(a) < 60"), store)
    assert against.kind == "contradicted"
    assert words.row(against)[3].startswith("a: +70.0")
    either = only(claim("abs(mean(a) - mean(b)) > 1"), pair(-9.0, n=5))
    assert either.kind == "supported"
    assert either.shown is not None
    assert either.shown.deciding.p == min(leaf.p for leaf in either.shown.leaves)


def test_a_row_counts_the_replicates_behind_its_effect() -> None:
    """The fourth is not looked at before the fifth; a look that decided is named with its own."""
    assert words.row(only(claim(looks=[3, 5]), pair(0.05, n=4)))[2] == "3 of 4"
    assert words.row(only(claim(looks=[3, 5]), pair(0.05, n=5)))[2] == "5"
    assert words.facts(only(claim(looks=[3, 5]), pair(0.05, n=4)), {})["effects_replicates"] == 3


def test_verdicts_name_the_results_they_rest_on() -> None:
    """Those that a look sees: ten of twelve replicates."""
    store = pair(2.0, n=5)
    assert set(only(claim(looks=[3]), store).results) == {
        result.id for result in store if result.cell.replicate < 3
    }


def test_the_order_of_results_does_not_matter() -> None:
    """The same verdicts, word for word."""
    store = encoders({"yadim": (70, 70.5, 69.5), "amdim": (60, 70, 80)}, n=5)
    claims = [claim(SPREAD, margin=2.0), changed_id(claim(), "other")]
    assert judge(claims, store) == judge(claims, store[::-1])


def changed_id(one: Claim, name: str) -> Claim:
    """Return a claim under another id."""
    return one.model_copy(update={"id": name})
