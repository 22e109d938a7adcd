"""An assumption fills what a source leaves open, and nothing that it states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import UsageError
from benchmark.evidence.assume import FIELDS, Filled, fill, parse
from benchmark.evidence.reported import Reported, Scoring, load_reported
from benchmark.evidence.verdict import Measured, verdict

SHIPPED = {entry.id: entry for entry in load_reported()}
YADIM = SHIPPED["paper-yadim-stl10"]
WHOLE = (
    "protocol=linear", "encoder=resnet34", "variant=default", "epochs=200",
    "pretrain_split=unlabeled", "resolution=64",
)  # fmt: skip


def filled(entry: Reported, *texts: str) -> Filled:
    """Fill one number."""
    (found,) = fill([entry], parse(texts))
    return found


def ours(*values: float) -> Measured:
    """Make replicates that agree with YADIM's number under all assumptions."""
    return Measured(
        method="yadim",
        variant="",
        dataset="stl10",
        encoder="resnet34",
        protocol=Scoring(
            probe="linear", feature="pooled", pretrain_split="unlabeled", probe_split="train",
            resolution=64, online=False, selection="last",
        ),
        epochs=200.0,
        values=values,
    )  # fmt: skip


def test_a_protocol_stands_for_its_fields() -> None:
    """What is still unknown is still named, and the assumption stands beside it."""
    found = filled(YADIM, "protocol=linear")

    assert found.entry.protocol == Scoring(
        probe="linear", feature="pooled", probe_split="train", online=False, selection="last"
    )
    assert verdict(ours(92.0, 92.1), found.entry).text == (
        "not comparable: encoder, variant, epochs, pretraining split, resolution unknown "
        "(assuming protocol=linear)"
    )
    assert filled(YADIM, "protocol=knn").entry.protocol.probe_class == "kNN-200"


def test_a_whole_set_of_assumptions_leads_to_a_verdict_that_names_them() -> None:
    """YADIM's 92.15 can be judged by who says what he takes for granted."""
    found = verdict(ours(92.0, 92.1, 92.2), filled(YADIM, *WHOLE).entry)

    assert found.kind == "reproduced"
    assert found.text.endswith(f"(assuming {', '.join(WHOLE)})")
    assert verdict(ours(92.0, 92.1, 92.2), YADIM).kind == "not comparable"


def test_the_published_number_itself_is_left_as_it_is() -> None:
    """Filling makes another; the shipped ones stay, with nothing assumed."""
    before = YADIM.model_dump()
    filled(YADIM, *WHOLE)

    assert YADIM.model_dump() == before
    assert YADIM.assumed == ()


def test_what_a_source_states_is_never_overridden() -> None:
    """Refused in words for that number; where it is refused for all, that is an error."""
    stated = SHIPPED["simclr-cifar10"]
    found, other = fill([stated, YADIM], parse(["encoder=resnet18"]))

    assert found.entry == stated
    assert found.refused == (("encoder=resnet18", "encoder is stated as 'resnet50'"),)
    assert other.entry.encoder == "resnet18"
    with pytest.raises(UsageError) as caught:
        fill([stated], parse(["encoder=resnet18"]))
    assert str(caught.value) == (
        "--assume fills only what is unknown; of simclr-cifar10 encoder=resnet18 is refused: "
        "encoder is stated as 'resnet50'"
    )


def test_a_protocol_is_refused_whole_where_one_of_its_fields_is_stated_otherwise() -> None:
    """Half a named protocol would be another protocol under its name."""
    online = SHIPPED["solo-moco_v2-imagenet-online"]
    (found, _) = fill([online, YADIM], parse(["protocol=linear"]))

    assert found.entry.protocol == online.protocol
    assert found.refused == (("protocol=linear", "online is stated as True"),)


def test_what_agrees_already_is_no_assumption() -> None:
    """Nothing is filled, and nothing is said to be assumed."""
    found = filled(SHIPPED["simclr-cifar10"], "encoder=resnet50")
    assert (found.entry.assumed, found.fields, found.refused) == ((), (), ())


def test_parts_of_an_epoch_can_be_assumed() -> None:
    """What a small budget makes of a large dataset is less than one pass."""
    assert filled(YADIM, "epochs=0.16").entry.budget.epochs == 0.16


def test_the_size_of_a_probe_needs_its_class() -> None:
    """k=200 says nothing of a probe that is unknown or linear; with the class it does."""
    with pytest.raises(UsageError, match="k belongs to the probe 'knn'"):
        filled(YADIM, "k=200")
    assert filled(YADIM, "k=20", "probe=knn").entry.protocol.probe_class == "kNN-20"


def test_a_number_from_memory_is_not_judged_under_any_assumption() -> None:
    """Certainty is no field that could be assumed."""
    memory = SHIPPED["paper-yadim-cifar10"]
    found = verdict(ours(91.0, 91.0), filled(memory, *WHOLE).entry)
    assert found.text == "from memory: no verdict"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["encoder"], "--assume: must be FIELD=VALUE (got 'encoder')"),
        (["certainty=seen"], "--assume: unknown field 'certainty'"),
        (["encodr=a"], "did you mean 'encoder'?"),
        (["protocol=lin"], "--assume: unknown protocol 'lin'"),
        (["selection=best"], "--assume: unknown selection 'best'"),
        (["online=yes"], "--assume: unknown online 'yes'"),
        (["epochs=0"], "--assume: epochs must be a number above 0, such as 1000 or 0.6 (got '0')"),
        (["epochs=1e3"], "epochs must be a number above 0, such as 1000 or 0.6 (got '1e3')"),
        (["encoder= "], "--assume: encoder must be 1 to 200 characters that print (got ' ')"),
        (["encoder=a\u202eb"], "characters that print"),
        (["encoder=a", "encoder=b"], "encoder=a and encoder=b give encoder two values"),
        (["protocol=linear", "online=true"], "give online two values (False and True)"),
    ],
)
def test_what_cannot_be_assumed_is_refused_in_words(texts: list[str], message: str) -> None:
    """One sentence."""
    with pytest.raises(UsageError) as caught:
        parse(texts)
    assert message in str(caught.value)


@given(
    st.lists(st.builds("{}={}".format, st.sampled_from(FIELDS), st.text(max_size=8)), max_size=4)
)
def test_any_assumption_is_filled_or_refused(texts: list[str]) -> None:
    """Whatever is typed; and no field that a source states ever changes."""
    try:
        found = fill(SHIPPED.values(), parse(texts))
    except UsageError as error:
        refusal = str(error)
    else:
        _check_kept(found)
        return
    assert "\n" not in refusal


def _check_kept(found: tuple[Filled, ...]) -> None:
    for before, after in zip(SHIPPED.values(), (each.entry for each in found), strict=True):
        kept = after.model_dump(exclude_none=True)
        stated = before.model_dump(exclude_none=True)
        for key in stated.keys() - {"protocol", "budget"}:
            assert kept[key] == stated[key]
        for part in ("protocol", "budget"):
            assert stated[part].items() <= kept[part].items()
