"""Which tensors of a checkpoint are an encoder's: its names, whoever wrote them, mapped to ours.

Everybody puts a prefix before an encoder's names (`backbone.` lightly and solo-learn,
`module.encoder_q.` MoCo, `convnet.` and `module.` SimCLR's ports, `online_encoder.` BYOL's) and
many rename a ResNet's parts. So no prefix is listed here: the one is taken under which every name
that the encoder needs is found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmark.errors import WeightsError
from benchmark.evaluation.checkpoints import Checkpoint

_SLOW = {"k", "key", "momentum", "target", "teacher", "ema", "slow"}
"""What the copies are called that only follow the encoder: MoCo's key encoder, BYOL's target."""
_COUNTER = "num_batches_tracked"
"""Old checkpoints lack it, and no number depends on it."""
_CHILDREN = (("0", "1", "4", "5", "6", "7"), ("0", "1", "3", "4", "5", "6"), tuple("012345"))
"""The places of a ResNet's parts in an `nn.Sequential` of its children: torchvision's; without the
max-pool, as CIFAR-10 ports have it; and without the ReLU too, as lightly's own ResNets."""
_PARTS = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")
_NAMED = 3
"""Names that a sentence gives before it counts."""


@dataclass(frozen=True)
class Fitted:
    """A checkpoint as the encoder's state dict."""

    state: dict[str, Tensor]
    left_out: dict[str, int]
    """Tensors that are none of the encoder's, counted by the part of the model they are of."""


@dataclass(frozen=True)
class _Place:
    """A prefix, and how the encoder's names are spelled behind it."""

    prefix: str
    spelling: Mapping[str, str]

    @property
    def slow(self) -> bool:
        return not _SLOW.isdisjoint(re.split(r"[._]", self.prefix.lower()))

    def names(self) -> dict[str, str]:
        """Return the name in the file of every name of the encoder."""
        return {own: self.prefix + spelled for own, spelled in self.spelling.items()}


def fit(checkpoint: Checkpoint, encoder: nn.Module, name: str) -> Fitted:
    """Return the encoder's state dict out of a checkpoint.

    Args:
        checkpoint: Of any layout.
        encoder: Built as the weights are to be used; it is left as it is.
        name: What the encoder is called, for the error.

    Raises:
        WeightsError: If a tensor is missing, has another shape or is not finite, or the file holds
            a larger encoder, or two of them.
    """
    expected = encoder.state_dict()
    place = _place(checkpoint, expected, name)
    names = place.names()
    _refuse_missing(checkpoint, expected, names, name)
    _refuse_larger(checkpoint, place, names, name)
    state = {}
    for own, value in expected.items():
        found = checkpoint.tensors.get(names[own])
        state[own] = value.clone() if found is None else found.to(value.dtype)
    _refuse_numbers(checkpoint, state)
    used = set(names.values())
    return Fitted(state, _left_out(place.prefix, [n for n in checkpoint.tensors if n not in used]))


def _place(checkpoint: Checkpoint, expected: Mapping[str, Tensor], name: str) -> _Place:
    """Return where most of the encoder's names are; never a copy where there is the original."""
    needed = [own for own in expected if not own.endswith(_COUNTER)]
    counted = [
        (_count(checkpoint, place, needed), place) for place in _places(checkpoint, expected)
    ]
    most = max((count for count, _ in counted), default=0)
    if not most:
        known, own = _listed([*checkpoint.tensors]), needed[0]
        raise WeightsError(
            f"{checkpoint.path}: holds no {own!r} or other name of {name}, whatever stands before "
            f"it (it holds {known})"
        )
    originals = [(count, place) for count, place in counted if not place.slow and 2 * count > most]
    counted = originals or counted
    most = max(count for count, _ in counted)
    best = [place for count, place in counted if count == most]
    best = sorted(best, key=lambda place: (len(place.prefix), place.prefix))
    others = [p.prefix for p in best[1:] if not _same(checkpoint, best[0], p, expected)]
    if others:
        prefixes = _listed([best[0].prefix, *others])
        raise WeightsError(
            f"{checkpoint.path}: holds {len(others) + 1} encoders that fit {name} ({prefixes}); "
            "save the one that is meant"
        )
    return best[0]


def _places(checkpoint: Checkpoint, expected: Mapping[str, Tensor]) -> Iterator[_Place]:
    """Yield every prefix under which the first or the last name stands, by every spelling."""
    for spelling in _spellings([*expected]):
        needed = [own for own in spelling if not own.endswith(_COUNTER)]
        prefixes = {
            name[: -len(spelled)]
            for spelled in (spelling[needed[0]], spelling[needed[-1]])
            for name in checkpoint.tensors
            if name == spelled or name.endswith(f".{spelled}")
        }
        yield from (_Place(prefix, spelling) for prefix in sorted(prefixes))


def _spellings(names: Sequence[str]) -> list[dict[str, str]]:
    """Return what others may call the encoder's names: each way once, ours first."""
    plain = {name: name for name in names}
    found = [plain]
    if any(name.startswith("layer1.") for name in names):
        tables = [dict(zip(_PARTS, places, strict=True)) for places in ((_PARTS), *_CHILDREN)]
        for table in tables:
            children = {name: _renamed(name, table) for name in names}
            shortcut = {own: n.replace(".downsample.", ".shortcut.") for own, n in children.items()}
            found += [children, shortcut]
    if all(name.startswith("body.") for name in names):  # timm's, whose stages may be flattened
        bare = {name: re.sub(r"^body\.(model\.)?", "", name) for name in names}
        nested = {own: re.sub(r"^([a-z]+)_(\d+)\.", r"\1.\2.", n) for own, n in bare.items()}
        found += [bare, nested]
    return [each for index, each in enumerate(found) if each not in found[:index]]


def _renamed(name: str, table: Mapping[str, str]) -> str:
    first, dot, rest = name.partition(".")
    return table.get(first, first) + dot + rest


def _count(checkpoint: Checkpoint, place: _Place, needed: Sequence[str]) -> int:
    return sum(place.prefix + place.spelling[own] in checkpoint.tensors for own in needed)


def _same(
    checkpoint: Checkpoint, one: _Place, other: _Place, expected: Mapping[str, Tensor]
) -> bool:
    """Say whether two places hold one encoder: a module may be saved under two names."""
    tensors = checkpoint.tensors
    for own, value in expected.items():
        a = tensors.get(one.prefix + one.spelling[own])
        b = tensors.get(other.prefix + other.spelling[own])
        if a is None or b is None:
            if own.endswith(_COUNTER):
                continue
            return False
        # the encoder's shape first: a stranger's may be too large to be looked at
        if not value.shape == a.shape == b.shape or a.dtype != b.dtype or not torch.equal(a, b):
            return False
    return True


def _refuse_missing(
    checkpoint: Checkpoint, expected: Mapping[str, Tensor], names: Mapping[str, str], name: str
) -> None:
    """Refuse a checkpoint that lacks a tensor or has one of another shape or kind."""
    tensors, missing, other = checkpoint.tensors, [], []
    for own, value in expected.items():
        found = tensors.get(names[own])
        if found is None:
            missing += [] if own.endswith(_COUNTER) else [names[own]]
        elif found.shape != value.shape:
            other.append(f"{names[own]} is {_shape(found)}, {name} has {_shape(value)}")
        elif found.is_floating_point() != value.is_floating_point():
            other.append(f"{names[own]} is {found.dtype}, {name} has {value.dtype}")
    faults = []
    if missing:
        faults.append(f"{len(missing)} tensors are missing ({_listed(missing)})")
    if other:
        faults.append(f"{len(other)} tensors are others ({_listed(other, '; ')})")
    if faults:
        stem = "" if missing or "layer1." not in "".join(expected) else _STEM
        raise WeightsError(f"{checkpoint.path}: does not fit {name}: {', '.join(faults)}{stem}")


_STEM = "; the image size chooses a ResNet's stem: 3x3 up to 64 px, 7x7 above (--image-size)"


def _refuse_larger(
    checkpoint: Checkpoint, place: _Place, names: Mapping[str, str], name: str
) -> None:
    """Refuse weights that belong inside the encoder and have no place: it was a larger one."""
    parts = {spelled.partition(".")[0] for spelled in place.spelling.values()}
    used, start = set(names.values()), len(place.prefix)
    extra = [
        found
        for found in checkpoint.tensors
        if found.startswith(place.prefix) and found not in used and not found.endswith(_COUNTER)
        and found[start:].partition(".")[0] in parts
    ]  # fmt: skip
    if extra:
        raise WeightsError(
            f"{checkpoint.path}: is of another encoder: {len(extra)} tensors have no place in "
            f"{name} ({_listed(extra)})"
        )


def _refuse_numbers(checkpoint: Checkpoint, state: Mapping[str, Tensor]) -> None:
    """Refuse weights that are not finite, and variances below 0."""
    wrong = [own for own, value in state.items() if not bool(torch.isfinite(value).all())]
    if wrong:
        raise WeightsError(
            f"{checkpoint.path}: {len(wrong)} tensors hold NaN or infinity ({_listed(wrong)})"
        )
    below = [
        n for n, value in state.items() if n.endswith("running_var") and bool((value < 0).any())
    ]
    if below:
        raise WeightsError(
            f"{checkpoint.path}: {len(below)} variances are below 0 ({_listed(below)})"
        )


def _left_out(prefix: str, names: Sequence[str]) -> dict[str, int]:
    """Count tensors by the first part of their names that is not the encoder's own prefix."""
    own = prefix.split(".")
    pairs = (zip(own, name.split("."), strict=False) for name in names)
    return Counter(next((b for a, b in pair if a != b), "") for pair in pairs)


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _listed(names: Sequence[str], between: str = ", ") -> str:
    """Give the first names; a stranger's are quoted where they hold what does not print."""
    shown = [name if name.isprintable() else repr(name) for name in names[:_NAMED]]
    more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return between.join([*(each[:160] for each in shown), *more])
