"""Whether a trained encoder beats the untrained one: paired tests on the same test images.

A random encoder has no one score: it depends on encoder, norm, feature and resolution. So each cell
meets the floor of its own replicate, which has the same weights at the start and sees the same kind
of view at the same size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import methods
from methods import contract
from methods.cards import CARDS
from methods.settings import Card, Setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.matrix.cell import Cell
    from benchmark.store.result import Result

Kind = Literal["above floor", "below floor", "not separable"]
Predictions: TypeAlias = "Mapping[str, NDArray[Any]]"

ALPHA = 0.01
"""Family-wise error of the checks of one family, after Holm."""
PROTOCOL = "linear"


@dataclass(frozen=True)
class FloorCheck:
    """One replicate of a method against the floor of the same replicate."""

    id: str
    """Of the method's cell."""
    floor_id: str
    method: str
    replicate: int
    dataset: str
    encoder: str
    gain_points: float
    """Accuracy above the floor's, percentage points; negative below."""
    n: int
    """Test images."""
    p: float
    """Exact McNemar, two-sided: takes test images as independent."""
    p_holm: float
    """`p` after Holm over the methods and replicates of the family."""
    p_clustered: float | None
    """Sign-flip test over the groups of dependent images; None where there are no groups."""
    p_clustered_holm: float | None

    @property
    def decisive(self) -> float:
        """The corrected p that the verdict goes by: the clustered one where there are groups."""
        return self.p_holm if self.p_clustered_holm is None else self.p_clustered_holm

    @property
    def verdict(self) -> Kind:
        """What may be said, dependence between images taken into account."""
        return self._kind(self.decisive)

    @property
    def mcnemar_verdict(self) -> Kind:
        """What McNemar's test alone says."""
        return self._kind(self.p_holm)

    def _kind(self, p: float) -> Kind:
        if p >= ALPHA:
            return "not separable"
        return "above floor" if self.gain_points > 0 else "below floor"


def against_floor(
    results: Iterable[Result], predictions_of: Callable[[Result], Predictions]
) -> list[FloorCheck]:
    """Test every trained method against the floor of its replicate.

    A family, over which Holm corrects, is what one table of the board shows: one dataset, encoder,
    training, precision and budget. A cell without a floor or without predictions is left out;
    the board shows it without a check.

    Args:
        results: Of any cells.
        predictions_of: Gives the predicted class of every test image by protocol, with the true
            `labels` and, where images depend on each other, their `groups`; empty if not kept.

    Raises:
        ValueError: If two cells of one dataset were not tested on the same images.
    """
    final = sorted((r for r in results if r.final), key=lambda r: (r.cell.label, r.id))
    floors = {_pairing(r): r for r in final if is_floor(r.cell)}
    families: dict[tuple[object, ...], list[FloorCheck | None]] = {}
    met: dict[tuple[object, ...], list[tuple[Result, int]]] = {}
    for result in final:
        pairing = _pairing(result)
        if pairing in floors and not is_control(result.cell):
            family = families.setdefault(_family(result), [])
            met.setdefault(pairing, []).append((result, len(family)))
            family.append(None)
    for pairing, opponents in met.items():
        floor, theirs = floors[pairing], predictions_of(floors[pairing])  # read once
        for result, place in opponents:
            check = _check(result, floor, predictions_of(result), theirs)
            families[_family(result)][place] = check
    known = ([check for check in family if check] for family in families.values())
    return [check for family in known for check in _corrected(family)]


def is_floor(cell: Cell) -> bool:
    """Say whether a cell is of the untrained control."""
    card = _card(cell)
    return card is not None and not card.trains


def is_control(cell: Cell) -> bool:
    """Say whether a cell is of a control: untrained, or taught with labels."""
    card = _card(cell)
    return card is not None and (not card.trains or card.needs_labels)


def sees_patches(cell: Cell) -> bool:
    """Say whether the encoder sees patches, so that its floor must see them too."""
    card = _card(cell)
    if card is None:
        return cell.values.get("views") == "patches"
    return contract.sees_patches(Setting(card, cell.method, cell.dataset, cell.values, row=""))


def _card(cell: Cell) -> Card | None:
    # a store may hold results of a package that is not installed here; looking for it is slow
    name = cell.base_method
    return CARDS.get(name) or methods.cards().get(name)


def _pairing(result: Result) -> tuple[object, ...]:
    cell = result.cell
    return (
        cell.dataset, cell.encoder, cell.precision, cell.replicate, sees_patches(cell),
        cell.values.get("resolution"), result.provenance.dataset_sha256,
    )  # fmt: skip


def _family(result: Result) -> tuple[object, ...]:
    cell = result.cell
    length = cell.budget.name if cell.budget.name == "paper" else cell.budget
    return cell.dataset, cell.encoder, cell.training, cell.precision, length


def _check(
    result: Result, floor: Result, ours: Predictions, theirs: Predictions
) -> FloorCheck | None:
    from benchmark.evidence.statistics.paired import mcnemar, sign_flip  # here: they need numpy

    if any(PROTOCOL not in found or "labels" not in found for found in (ours, theirs)):
        return None
    labels = ours["labels"]
    if labels.shape != theirs["labels"].shape or (labels != theirs["labels"]).any():
        raise ValueError(
            f"{result.cell.label} and its floor were tested on other images "
            f"({len(labels)} and {len(theirs['labels'])} labels, of one dataset)"
        )
    right, floor_right = ours[PROTOCOL] == labels, theirs[PROTOCOL] == labels
    groups = ours.get("groups")
    p = mcnemar(right, floor_right)
    clustered = None if groups is None else sign_flip(right, floor_right, groups)
    return FloorCheck(
        id=result.id,
        floor_id=floor.id,
        method=result.cell.method,
        replicate=result.cell.replicate,
        dataset=result.cell.dataset,
        encoder=result.cell.encoder,
        gain_points=100 * float(right.mean() - floor_right.mean()),
        n=len(labels),
        p=p,
        p_holm=p,
        p_clustered=clustered,
        p_clustered_holm=clustered,
    )


def _corrected(family: Sequence[FloorCheck]) -> list[FloorCheck]:
    from benchmark.evidence.statistics.multiple import holm  # here: it needs numpy

    plain = holm([check.p for check in family])
    grouped = [check.p_clustered for check in family if check.p_clustered is not None]
    clustered = iter(holm(grouped))
    return [
        replace(
            check,
            p_holm=p,
            p_clustered_holm=None if check.p_clustered is None else next(clustered),
        )
        for check, p in zip(family, plain, strict=True)
    ]
