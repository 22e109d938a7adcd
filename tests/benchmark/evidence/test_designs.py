"""Which results make a full table, and what is said of those that make none."""

from __future__ import annotations

import dataclasses

import pytest

from benchmark.errors import UsageError
from benchmark.evidence.designs import Design, Refused, designs
from benchmark.matrix.budget import NAMED
from benchmark.store.result import Result
from tests.benchmark.evidence.spreading import ENCODERS, made
from tests.benchmark.factories import make_cell, make_result


def _other_batch(result: Result) -> Result:
    return make_result(cell=_batch(result, 256).cell, value=10.0)


def _strategy(result: Result, strategy: str) -> Result:
    values = {**result.cell.values, "extraction": strategy}
    cell = result.cell.model_copy(update={"values": values})
    return result.model_copy(update={"cell": cell, "id": cell.pretrain_id})


def _batch(result: Result, batch: int) -> Result:
    recipe = dataclasses.replace(result.cell.recipe, batch=batch)
    cell = result.cell.model_copy(update={"recipe": recipe})
    return result.model_copy(update={"cell": cell, "id": cell.pretrain_id})


def test_a_table_holds_every_cell_in_one_order_and_no_control() -> None:
    """Methods and encoders by name, replicates by number; `random_init` has its own budget."""
    results = [*made(), make_result("random_init", 30.0), make_result("supervised", 80.0)]
    (design,) = designs(reversed(results), "encoder", protocol="linear")

    assert isinstance(design, Design)
    assert design.methods == ("byol", "moco_v2", "simclr")
    assert design.levels == ENCODERS
    assert design.replicates == (0, 1, 2)
    by_name = {(r.cell.method, r.cell.encoder, r.cell.replicate): r for r in results}
    assert design.scores[2][1][0] == by_name["simclr", "resnet18", 0].metrics["linear"].top1.value


def test_encoders_that_some_method_lacks_are_named() -> None:
    """The set of encoders is fixed: no table is made of what happens to be there."""
    (refused,) = designs(
        made(lambda m, e, _: (m, e) != ("byol", "resnet50")), "encoder", protocol="linear"
    )

    assert isinstance(refused, Refused)
    assert refused.reason == (
        "encoders are not the same for all methods; missing: byol on resnet50"
    )


def test_methods_that_are_complete_alike_are_named() -> None:
    """Those judge together; one with a single encoder, or with others, is not among them."""
    (refused,) = designs(
        made(lambda m, e, _: m != "byol" or e == "compact"), "encoder", protocol="linear"
    )
    assert isinstance(refused, Refused)
    assert refused.complete == ("moco_v2", "simclr")
    (again,) = designs(made(), "encoder", methods=refused.complete, protocol="linear")
    assert isinstance(again, Design)

    apart = made(lambda m, e, _: ENCODERS.index(e) == ("simclr", "byol", "moco_v2").index(m))
    (refused,) = designs(apart, "encoder", protocol="linear")
    assert isinstance(refused, Refused)
    assert refused.complete == ()


def test_a_variant_that_lacks_a_level_is_left_out_unless_it_is_named() -> None:
    """`-m simclr` asks for what there is of SimCLR; `-m simclr[temperature=1.0]` for that."""
    hot = "simclr[temperature=1.0]"
    results = [*made(), *(make_result(hot, 60.0, replicate=k, encoder="compact") for k in (0, 1))]
    (design,) = designs(results, "encoder", methods=("simclr", "byol"), protocol="linear")
    assert isinstance(design, Design)
    assert (design.methods, design.left_out) == (("byol", "simclr"), (hot,))
    (refused,) = designs(results, "encoder", methods=("simclr", hot), protocol="linear")
    assert isinstance(refused, Refused)
    assert hot in refused.reason


@pytest.mark.parametrize("replicate", [0, 7])
def test_two_settings_of_one_method_and_encoder_are_refused_in_words(replicate: int) -> None:
    """Whether or not they are of the same replicate: neither wins silently, nor are they mixed."""
    mixed = _other_batch(make_result("simclr", replicate=replicate))
    for results in ([*made(), mixed], [mixed, *made()]):
        (refused,) = designs(results, "encoder", protocol="linear")
        assert isinstance(refused, Refused)
        assert "simclr on compact has results of several settings (batch 128 and 256)" in (
            refused.reason
        )


def test_a_rate_may_differ_between_encoders_and_not_within_one() -> None:
    """It is tuned for each of them."""
    rates = dict(zip(ENCODERS, (1e-3, 2e-3, 3e-3, 4e-3), strict=True))
    results = []
    for result in made():
        cell = result.cell
        tuned = make_cell(cell.method, encoder=cell.encoder, replicate=cell.replicate,
                          learning_rate=rates[cell.encoder])  # fmt: skip
        results.append(make_result(cell=tuned, value=result.metrics["linear"].top1.value))
    (design,) = designs(results, "encoder", protocol="linear")
    assert isinstance(design, Design)

    other = make_result(cell=make_cell("byol", replicate=9, learning_rate=5e-3))
    (refused,) = designs([*results, other], "encoder", protocol="linear")
    assert isinstance(refused, Refused)
    assert "byol on compact" in refused.reason
    assert "base learning rate 0.001 and 0.005" in refused.reason


def test_the_same_cell_twice_is_refused() -> None:
    """Two files of it tell two numbers."""
    (refused,) = designs([*made(), make_result("simclr", 10.0)], "encoder", protocol="linear")
    assert isinstance(refused, Refused)
    assert refused.reason == "simclr on compact has two results of replicate 0"


def test_over_datasets_each_has_one_content() -> None:
    """Datasets differ in it; two contents of one name are refused."""
    cells = [
        make_result("simclr", 70.0 + k, dataset=dataset, replicate=k, dataset_sha256=content * 32)
        for k in range(3)
        for dataset, content in (("photos", "ab"), ("digits", "cd"))
    ]
    (design,) = designs(cells, "dataset", protocol="linear")
    assert isinstance(design, Design)

    other = make_result("simclr", replicate=3, dataset_sha256="ef" * 32)
    (refused,) = designs([*cells, other], "dataset", protocol="linear")
    assert isinstance(refused, Refused)
    assert "simclr on photos" in refused.reason
    assert "content of the dataset abababab and efefefef" in refused.reason

    (refused,) = designs(
        [*cells, make_result("byol", dataset_sha256="ef" * 32)], "dataset", protocol="linear"
    )
    assert isinstance(refused, Refused)
    assert refused.reason == "photos is not the same data for all methods (abababab and efefefef)"


def test_one_replicate_is_refused_and_a_further_one_left_aside() -> None:
    """Two that all cells have are the least; which others there are is said."""
    (refused,) = designs(made(lambda _m, _e, r: r == 0), "encoder", protocol="linear")
    assert isinstance(refused, Refused)
    assert "needs 2 replicates that all cells have (got 1; byol on compact has 0)" in refused.reason

    (design,) = designs(made(lambda m, _, r: m != "byol" or r != 1), "encoder", protocol="linear")
    assert isinstance(design, Design)
    assert (design.replicates, design.left_aside) == ((0, 2), (1,))


def test_a_single_encoder_and_an_unknown_method_are_refused_in_words() -> None:
    """What is there is said."""
    with pytest.raises(UsageError, match=r"two encoders or more \(got compact\)"):
        designs(made(lambda _m, e, _r: e == "compact"), "encoder", protocol="linear")
    with pytest.raises(UsageError, match=r"did you mean 'simclr'"):
        designs(made(), "encoder", methods=["simcrl"], protocol="linear")
    with pytest.raises(UsageError, match="no results"):
        designs([], "encoder", protocol="linear")


def test_levels_that_are_not_alike_in_the_rest_are_told_so() -> None:
    """Two datasets of one budget each; and which setting stands between them."""
    found = [
        make_result(cell=make_cell("simclr", dataset=dataset, budget=NAMED[budget]))
        for dataset, budget in (("photos", "pocket"), ("digits", "small"))
    ]
    with pytest.raises(UsageError, match="got digits, photos, which differ in budget too"):
        designs(found, "dataset", protocol="linear")


def test_a_control_is_refused_as_a_control() -> None:
    """It is known, and left out."""
    results = [*made(), make_result("random_init", 30.0)]
    with pytest.raises(UsageError, match="random_init is a control"):
        designs(results, "encoder", methods=["random_init"], protocol="linear")


def test_a_set_is_named_by_its_data_only_where_that_tells() -> None:
    """Two contents of one name."""
    other = [
        make_result("simclr", encoder=encoder, replicate=k, dataset_sha256="ef" * 32)
        for encoder in ENCODERS
        for k in range(2)
    ]
    (one,) = designs(made(), "encoder", protocol="linear")
    assert one.label == "photos, 50000 images, common, float32"
    two = designs([*made(), *other], "encoder", protocol="linear")
    assert {each.label.partition(", data ")[0] for each in two} == {one.label}
    assert f"{one.label}, data efefefef" in {each.label for each in two}


def test_methods_that_are_not_everywhere_can_be_left_out() -> None:
    """Never encoders; the rest is as if they had not been run; two methods are the least."""
    kept = made(lambda m, e, _: (m, e) != ("byol", "resnet50"))
    (found,) = designs(kept, "encoder", protocol="linear", partial=True)
    (alone,) = designs(kept, "encoder", protocol="linear", methods=["simclr", "moco_v2"])

    assert isinstance(found, Design)
    assert found.left_out == ("byol",)
    assert dataclasses.replace(found, left_out=()) == alone
    few = made(lambda m, e, _: m == "simclr" or e != "resnet50")
    (refused,) = designs(few, "encoder", protocol="linear", partial=True)
    assert isinstance(refused, Refused)


def test_a_factor_may_be_an_option_of_methods() -> None:
    """Its variants are the levels of one method; who has no such option is left out by name."""
    results = [
        _strategy(
            make_result(f"{method}[extraction={strategy}]", 60.0 + k + r, replicate=r), strategy
        )
        for method in ("amdim", "yadim")
        for k, strategy in enumerate(("1:1", "1:random"))
        for r in range(2)
    ]
    others = [make_result("simclr", 60.0 + r, replicate=r) for r in range(2)]
    (found,) = designs([*results, *others], "extraction", protocol="linear")

    assert isinstance(found, Design)
    assert found.methods == ("amdim", "yadim")
    assert found.levels == ("1:1", "1:random")
    assert found.scores == (((60.0, 61.0), (61.0, 62.0)),) * 2
    assert found.left_out == ("simclr",)


def test_a_factor_may_be_the_batch() -> None:
    """The question of whether BYOL needs large batches less than SimCLR."""
    results = [
        _batch(make_result(method, 60.0 + r, replicate=r), batch)
        for batch in (64, 256)
        for method in ("byol", "simclr")
        for r in range(2)
    ]
    (found,) = designs(results, "batch", protocol="linear")

    assert isinstance(found, Design)
    assert found.levels == ("64", "256")


def test_an_unknown_factor_is_refused_with_the_nearest_name() -> None:
    """Axes, and whatever the recipes at hand resolve."""
    results = [_strategy(make_result("amdim", 60.0 + r, replicate=r), "1:1") for r in range(2)]
    with pytest.raises(UsageError, match=r"'extractoin'.*'extraction'"):
        designs(results, "extractoin", protocol="linear")
