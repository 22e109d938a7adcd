"""Whatever is wrong with a matrix file is said in one sentence with its line."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.errors import MatrixError
from tests.benchmark.matrix.texts import BASE, matrix, text


def sentence(written: str) -> str:
    """Return what is said of a faulty text."""
    with pytest.raises(MatrixError) as caught:
        matrix(written)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metods": "[a]"}, "mine.yaml:10: unknown key 'metods'; did you mean 'methods'?"),
        ({"description": ""}, "mine.yaml:1: the key 'description' is missing"),
        ({"methods": ""}, "mine.yaml:1: the key 'methods' is missing"),
        ({"methods": "simclr"}, "mine.yaml:3: methods must be a list (got 'simclr')"),
        ({"methods": "[1]"}, "mine.yaml:3: methods.0 must be text (got 1)"),
        ({"methods": "[]"}, "mine.yaml:3: methods must hold at least one entry"),
        ({"methods": "[simclear]"}, "mine.yaml:3: unknown method 'simclear'; did you mean"),
        ({"methods": '["byol[taw=0.9]"]'},
         "mine.yaml:3: unknown option of byol 'taw'; did you mean 'tau'? (known: hidden, tau)"),
        ({"methods": '["simclr[temperature=-1]"]'},
         "mine.yaml:3: simclr[temperature=...] must be above 0 (got -1)"),
        ({"methods": '["simclr[temperature=warm]"]'},
         "mine.yaml:3: simclr[temperature=...] must be a number (got 'warm')"),
        ({"methods": '["simclr["]'}, "mine.yaml:3: cannot read 'simclr['"),
        ({"methods": "[simclr, byol, simclr]"},
         "mine.yaml:3: the cell 'simclr photos compact 40000-images r0' stands twice "
         "(first at mine.yaml:3)"),
        ({"methods": '[yadim, "yadim[views=whole]"]'}, "mine.yaml:3: the cell 'yadim photos"),
        ({"datasets": "[cifar11]"}, "mine.yaml:4: unknown dataset 'cifar11'; did you mean"),
        ({"datasets": "[photos, photos]"}, "mine.yaml:4: photos stands twice in datasets"),
        ({"datasets": '["stl10[pretrain=all]"]'}, "mine.yaml:4: stl10[pretrain=all]: pretrain"),
        ({"encoders": "[resnet19]"}, "mine.yaml:5: unknown encoder 'resnet19'; did you mean"),
        ({"encoders": '["resnet18[depth=3]"]'}, "mine.yaml:5: unknown option of resnet18 'depth'"),
        ({"replicates": "0"}, "mine.yaml:6: a count of replicates is 1 to 1000 (got 0)"),
        ({"replicates": "[1000]"}, "mine.yaml:6: replicates.0: must be less than 1000 (got 1000)"),
        ({"replicates": "[0, 0]"}, "mine.yaml:6: 0 stands twice in replicates"),
        ({"replicates": "three"}, "mine.yaml:6: replicates must be a list (got 'three')"),
        ({"budget": "poket"}, "mine.yaml:7: unknown budget 'poket'; did you mean 'pocket'?"),
        ({"budget": "{image: 1}"}, "mine.yaml:7: unknown currency 'image'; did you mean 'images'?"),
        ({"budget": "{images: 1e5}"}, "mine.yaml:7: budget.images: got the text '1e5'; YAML needs"),
        ({"budget": '{images: "1e5"}'}, "mine.yaml:7: images must be a number (got the text '1e5'"),
        ({"budget": "{images: 0}"}, "mine.yaml:7: images must be a whole number above 0 (got 0)"),
        ({"budget": "{steps: 1.5}"}, "mine.yaml:7: steps must be a whole number above 0 (got 1"),
        ({"budget": "{images: 1, steps: 1}"}, "mine.yaml:7: a budget is one of smoke, pocket"),
        ({"budget": "{images: 100}"}, "mine.yaml:7: budget '100-images' buys no step of 128"),
        ({"training": "author"}, "mine.yaml:8: training: must be 'authors' or 'common'"),
        ({"protocols": "[lineer]"}, "mine.yaml:9: unknown protocol 'lineer'; did you mean"),
        ({"batch": "1"}, "mine.yaml:10: batch must be at least 2: a contrastive method compares"),
        ({"batch": '"64"'}, "mine.yaml:10: batch must be a whole number (got '64')"),
        ({"batch": "64", "training": "authors"}, "mine.yaml:10: batch belongs to the common"),
        ({"precision": "half"}, "mine.yaml:10: precision: must be 'float32' or 'bfloat16'"),
        ({"exclude": "[{method: byol, reason: slow}]"},
         "mine.yaml:10: this exclusion fits no cell of the matrix"),
        ({"exclude": "[{method: byul, reason: slow}]"}, "mine.yaml:10: unknown method 'byul'"),
        ({"exclude": "[{method: simclr}]"}, "mine.yaml:10: the key 'reason' is missing"),
        ({"exclude": "[{reason: slow}]"}, "mine.yaml:10: an exclusion names a method, a dataset"),
        ({"exclude": "[{method: simclr, reason: slow}]"},
         "mine.yaml:3: no cell is left to run: slow"),
        ({"exclude": "[{methods: simclr, reason: slow}]"},
         "mine.yaml:10: unknown key 'methods'; did you mean 'method'?"),
        ({"blocks": "[]"}, "mine.yaml:10: blocks must be a list of mappings"),
        ({"blocks": "[{methodes: [byol]}]"}, "mine.yaml:10: unknown key 'methodes'"),
        ({"blocks": "[3]"}, "mine.yaml:10: a block must be a mapping (got 3)"),
        ({"methods": "[cpc_v2]", "encoders": '["amdim[ndf=16,rkhs=128,depth=1]"]'},
         "mine.yaml:3: no cell is left to run: cpc_v2 shows amdim"),
        ({"methods": "[amdim]", "encoders": "[cpc_resnet101]", "budget": "[1]"},
         "mine.yaml:7: a budget is one of"),
    ],
)  # fmt: skip
def test_a_fault_is_one_sentence_with_its_line(changes: dict[str, str], said: str) -> None:
    """File and line come first, then what was wrong, what was given and what is allowed."""
    assert sentence(text(**changes)).startswith(said)


def test_a_fault_in_a_block_has_the_line_of_the_block() -> None:
    """What a block says itself is found there; what it takes from the top, at the top."""
    written = text(methods="") + "blocks:\n  - methods: [simclr]\n  - methods:\n      - bayol\n"
    assert sentence(written).startswith("mine.yaml:12: unknown method 'bayol'")
    assert sentence(
        text(encoders="[a]", methods="") + "blocks:\n  - methods: [simclr]\n"
    ).startswith("mine.yaml:4: unknown encoder 'a'")


def test_the_same_cell_in_two_blocks_is_refused() -> None:
    """The second block's line comes first, then that of the first."""
    written = text(methods="") + "blocks:\n  - methods: [simclr]\n  - methods: [simclr]\n"
    assert "mine.yaml:11: the cell" in sentence(written)
    assert sentence(written).endswith("stands twice (first at mine.yaml:10)")


KEYS = st.sampled_from([*BASE, "batch", "precision", "exclude", "blocks", "reason", "x"])
SCALARS = st.sampled_from(
    ["simclr", "yadim[views=patches]", "photos", "cifar10", "compact", "amdim", "linear", "knn",
     "pocket", "paper", "common", "authors", "images", "imagenet", "float32", "byol[tau=2]", "",
     "~", "1e5", "-1", "0.5", "3", "1.0e+300", "true", "timm:resnet18", "stl10[root=a]",
     "imagefolder"]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS.map(lambda word: f'"{word}"') | SCALARS.filter(lambda word: "[" not in word),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(KEYS | st.sampled_from(["images", "method"]), inner, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{k}: {v}" for k, v in pairs.items()) + "}"
        )
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, VALUES, max_size=3), st.lists(SCALARS, min_size=1, max_size=3))
def test_any_text_is_a_matrix_or_one_sentence(changes: dict[str, str], methods: list[str]) -> None:
    """Nothing else is raised, whatever the keys hold."""
    written = text(**{"methods": "[" + ", ".join(f'"{m}"' for m in methods) + "]"} | changes)
    try:
        loaded = matrix(written)
    except MatrixError as error:
        said = str(error)
    else:
        said = f"mine.yaml: {len(loaded.cells)} cells"
    assert said.startswith("mine.yaml")
    assert "\n" not in said
    assert not said.endswith(" 0 cells")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_bytes_are_a_matrix_or_one_sentence(noise: str) -> None:
    """Neither does text that is no YAML at all escape."""
    with pytest.raises(MatrixError):
        matrix(noise)
