"""Names of other people's checkpoints, and features that are theirs to the last digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet18, resnet34

from benchmark.errors import WeightsError
from benchmark.evaluation.checkpoints import Checkpoint
from benchmark.evaluation.layouts import fit
from methods import encoders

State = Mapping[str, Tensor]
NAME = "resnet18 at 32 px"


@pytest.fixture(scope="module")
def small() -> nn.Module:
    """Torchvision's ResNet-18 with the stem of the CIFAR ports, statistics of some data."""
    return _warmed(_small(resnet18()), 32)


def _small(model: Any) -> Any:
    model.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    model.maxpool = nn.Identity()
    return model


def _warmed(model: nn.Module, size: int) -> nn.Module:
    """Give batch norm statistics that are not 0 and 1."""
    torch.manual_seed(1)
    model.train()
    with torch.no_grad():
        for _ in range(2):
            model(torch.randn(4, 3, size, size))
    return model.eval()


def held(state: State) -> Checkpoint:
    """Return a checkpoint that holds tensors."""
    return Checkpoint(Path("a.pt"), "ab" * 32, dict(state))


def prefixed(prefix: str, state: State) -> dict[str, Tensor]:
    """Put a prefix before every name."""
    return {prefix + name: value for name, value in state.items()}


def features(model: Any, images: Tensor) -> Tensor:
    """Return torchvision's pooled features: what its last layer sees."""
    head, model.fc = model.fc, nn.Identity()
    with torch.no_grad():
        found: Tensor = model(images)
    model.fc = head
    return found


@pytest.mark.parametrize("size", [32, 224])
def test_features_are_torchvisions(size: int) -> None:
    """With the 7x7 stem of ImageNet and the 3x3 one of CIFAR ports: equal to 1e-5."""
    theirs = _warmed(_small(resnet18()) if size == 32 else resnet18(), size)
    ours = encoders.build("resnet18", size)
    ours.load_state_dict(fit(held(theirs.state_dict()), ours, NAME).state)
    images = torch.randn(2, 3, size, size)
    with torch.no_grad():
        found = ours.eval()(images)["1"]
    torch.testing.assert_close(found, features(theirs, images), rtol=0, atol=1e-5)


def test_features_are_lightlys() -> None:
    """Its own ResNet, as its examples cut it up: `shortcut`, and places in an `nn.Sequential`."""
    models = pytest.importorskip("lightly.models")  # compared with, never a dependency
    whole = models.ResNetGenerator("resnet-18", num_classes=10)
    backbone = nn.Sequential(*[*whole.children()][:-1], nn.AdaptiveAvgPool2d(1))
    _warmed(backbone, 32)
    ours = encoders.build("resnet18", 32)
    fitted = fit(held(prefixed("state_dict.backbone.", backbone.state_dict())), ours, NAME)
    ours.load_state_dict(fitted.state)
    images = torch.randn(2, 3, 32, 32)
    # lightly's forward puts a ReLU after its bn1; a Sequential of children has none, as saved
    with torch.no_grad():
        theirs = torch.relu(backbone[1](backbone[0](images)))
        for stage in [*backbone.children()][2:]:
            theirs = stage(theirs)
        found = ours.eval()(images)["1"]
    torch.testing.assert_close(found, theirs.flatten(1), rtol=0, atol=1e-5)


def _children(state: State, places: str) -> dict[str, Tensor]:
    parts = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")
    table = dict(zip(parts, places, strict=True))
    named = (name.partition(".") for name in state if not name.startswith("fc"))
    return {f"{table[first]}.{rest}": state[f"{first}.{rest}"] for first, _, rest in named}


LAYOUTS: dict[str, Callable[[State], dict[str, Tensor]]] = {
    "torchvision": dict,
    "lightly": lambda s: {
        **prefixed("backbone.", _children(s, "014567")),
        **prefixed("backbone_momentum.", _children(s, "014567")),
        "projection_head.layers.0.weight": torch.ones(3),
    },
    "solo-learn": lambda s: {
        **prefixed("state_dict.backbone.", s),
        **prefixed("state_dict.momentum_backbone.", s),
        "state_dict.projector.0.weight": torch.ones(3),
        "state_dict.classifier.weight": torch.ones(3),
    },
    "moco v2": lambda s: {
        **prefixed("state_dict.module.encoder_q.", s),
        **prefixed("state_dict.module.encoder_k.", s),
        "state_dict.module.queue": torch.ones(3),
    },
    "simclr, convnet": lambda s: prefixed("convnet.", s) | {"projection.0.weight": torch.ones(3)},
    "simclr, encoder": lambda s: prefixed("module.encoder.", s),
    "simclr, f": lambda s: prefixed("f.", _children(s, "013456")) | {"g.0.weight": torch.ones(3)},
    "byol": lambda s: {
        **prefixed("online_encoder.net.", s),
        **prefixed("net.", s),  # the same module again, as byol-pytorch saves it
        **prefixed("target_encoder.net.", {name: value + 1 for name, value in s.items()}),
        "online_predictor.0.weight": torch.ones(3),
    },
    "without counters": lambda s: {n: v for n, v in s.items() if "num_batches" not in n},
    "half precision": lambda s: {n: v.half() if v.is_floating_point() else v for n, v in s.items()},
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_known_layout_is_mapped(layout: str, small: nn.Module) -> None:
    """To the encoder's own weights: never the momentum copy's, never a head's."""
    own = encoders.build("resnet18", 32)
    fitted = fit(held(LAYOUTS[layout](small.state_dict())), own, NAME)
    assert fitted.state.keys() == own.state_dict().keys()
    for name, value in small.state_dict().items():
        if not name.startswith("fc") and "num_batches" not in name:
            near = value.half().float() if layout == "half precision" else value
            assert torch.equal(fitted.state[name], near), name


def test_what_is_left_out_is_counted_by_part(small: nn.Module) -> None:
    """Heads, queue and copies, each by what the file calls it."""
    left = fit(held(LAYOUTS["moco v2"](small.state_dict())), encoders.build("resnet18", 32), NAME)
    assert left.left_out == {"fc": 2, "encoder_k": 122, "queue": 1}


@pytest.mark.parametrize("name", ["compact", "timm:resnet10t", "cpc_resnet101[stacks=1,1,1,1]"])
def test_our_own_names_fit_every_encoder(name: str) -> None:
    """What this program writes it reads back."""
    first, second = encoders.build(name, 32), encoders.build(name, 32)
    fitted = fit(held(first.state_dict()), second, name)
    assert fitted.left_out == {}
    second.load_state_dict(fitted.state)


def test_timms_own_names_fit_timms_encoder() -> None:
    """Its classifier is left out."""
    import timm

    theirs = timm.create_model("resnet10t", num_classes=7)
    ours = encoders.build("timm:resnet10t", 32)
    fitted = fit(held(theirs.state_dict()), ours, "timm:resnet10t")
    ours.load_state_dict(fitted.state)
    assert fitted.left_out == {"fc": 2}
    assert torch.equal(ours.state_dict()["body.layer1.0.conv1.weight"],
                       theirs.state_dict()["layer1.0.conv1.weight"])  # fmt: skip


def refusal(state: State) -> str:
    """Return the sentence that a checkpoint is refused with."""
    with pytest.raises(WeightsError) as caught:
        fit(held(state), encoders.build("resnet18", 32), NAME)
    return str(caught.value)


def test_missing_tensors_are_named(small: nn.Module) -> None:
    """The first three, and how many."""
    state = {n: v for n, v in small.state_dict().items() if not n.startswith("layer4.1.")}
    said = refusal(state)
    assert "a.pt: does not fit resnet18 at 32 px: 10 tensors are missing (layer4.1.conv1" in said
    assert "and 7 more)" in said


def test_another_stem_is_named_with_what_to_do() -> None:
    """Given, expected, and the option that chooses the stem."""
    said = refusal(resnet18().state_dict())
    assert "conv1.weight is 64x3x7x7, resnet18 at 32 px has 64x3x3x3" in said
    assert "--image-size" in said


def test_a_deeper_encoder_is_refused(small: nn.Module) -> None:
    """A ResNet-34 holds every name of a ResNet-18, in the same shapes: its features would not."""
    said = refusal(_small(resnet34()).state_dict())
    assert "is of another encoder: 80 tensors have no place in resnet18 at 32 px" in said
    assert "layer1.2.conv1.weight" in said
    biased = {**small.state_dict(), "layer1.0.conv1.bias": torch.zeros(64)}
    assert "layer1.0.conv1.bias" in refusal(biased)


def test_two_encoders_are_refused(small: nn.Module) -> None:
    """Which one is meant cannot be known."""
    state = small.state_dict()
    other = {name: value + 1 for name, value in state.items()}
    assert "holds 2 encoders that fit" in refusal(prefixed("a.", state) | prefixed("b.", other))


def test_an_incomplete_encoder_is_not_replaced_by_its_copy(small: nn.Module) -> None:
    """A whole momentum copy beside it does not stand in."""
    state = small.state_dict()
    online = {n: v for n, v in state.items() if n != "bn1.bias"}
    said = refusal(prefixed("backbone.", online) | prefixed("backbone_momentum.", state))
    assert "1 tensors are missing (backbone.bn1.bias)" in said


def test_a_checkpoint_of_something_else_is_refused() -> None:
    """With some of what it holds; what does not print is quoted."""
    said = refusal({"fc.weight": torch.ones(3), "odd\nname": torch.ones(1)})
    assert "holds no 'conv1.weight' or other name of resnet18 at 32 px" in said
    assert "fc.weight, 'odd\\nname'" in said


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(small: nn.Module, number: float) -> None:
    """By name."""
    state = dict(small.state_dict())
    state["layer3.0.conv1.weight"] = torch.full_like(state["layer3.0.conv1.weight"], number)
    assert "1 tensors hold NaN or infinity (layer3.0.conv1.weight)" in refusal(state)


def test_variances_below_0_are_refused(small: nn.Module) -> None:
    """Their square root would be NaN."""
    state = small.state_dict() | {"bn1.running_var": torch.full((64,), -1.0)}
    assert "1 variances are below 0 (bn1.running_var)" in refusal(state)


def test_a_tensor_that_claims_to_be_huge_is_refused_unlooked_at(small: nn.Module) -> None:
    """One number, expanded to a million million: its shape is refused, its values not visited."""
    state = small.state_dict() | {"bn1.bias": torch.ones(1).expand(10**12)}
    assert "bn1.bias is 1000000000000, resnet18 at 32 px has 64" in refusal(state)


def test_a_border_of_1_is_a_stem_that_pads_by_2(small: nn.Module) -> None:
    """solo-learn's CIFAR stem, seen through the evaluation view: equal to 1e-5."""
    from methods import checkpoint
    from methods.aspects.encoder import represent
    from methods.cards import CHECKPOINT
    from methods.settings import resolve

    theirs = _small(resnet18())
    theirs.conv1 = nn.Conv2d(3, 64, 3, 1, 2, bias=False)
    theirs.load_state_dict(small.state_dict())
    ours = encoders.build("resnet18", 32)
    ours.load_state_dict(fit(held(small.state_dict()), ours, NAME).state)
    setting = resolve(CHECKPOINT, {"border": "1", "normalise": "imagenet"}, "cifar10", 32)
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    mean, std = (
        torch.tensor(v).view(3, 1, 1) for v in (checkpoint.IMAGENET_MEAN, checkpoint.IMAGENET_STD)
    )
    expected = features(theirs.eval(), (images / 255 - mean) / std)
    with torch.no_grad():
        found = represent(checkpoint.recipe(setting), ours.eval(), images)["pooled"]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
