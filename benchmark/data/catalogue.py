"""Which datasets there are, with their options and counts, known without torch or any file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points

from benchmark.errors import UsageError, unknown
from methods.selector import join, split

ENTRY_POINTS = "cslbench.datasets"
"""Group of entry points: the name is the dataset's, the object its `DatasetCard`."""


@dataclass(frozen=True)
class Option:
    """What may stand in a dataset's brackets."""

    default: str | None
    """None: it must be given."""
    allowed: tuple[str, ...] | None = None
    """None: any text, or any whole number where `whole`."""
    whole: tuple[int, int] | None = None
    """Smallest and largest whole number, where the value is one."""


@dataclass(frozen=True)
class DatasetCard:
    """What is known of a dataset before it is loaded."""

    name: str
    module: str
    """Has `load(options, root, *, download) -> Dataset`."""
    image_size: int | None
    """Pixels; None where the option `size` says it."""
    classes: int | None
    """None where the files say it; so below."""
    train: int | None
    pretrain: int | None
    test: int | None
    folder: str | None = None
    """Where it lies under the data root; None where the option `root` says it."""
    needs_files: bool = True
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True)
class Selection:
    """A dataset with its options resolved."""

    card: DatasetCard
    options: Mapping[str, str]
    """Every option, defaults filled in."""

    @property
    def name(self) -> str:
        """The canonical name: options sorted, defaults left out, so that aliases are one."""
        return join(
            self.card.name,
            {k: v for k, v in self.options.items() if v != self.card.options[k].default},
        )

    @property
    def image_size(self) -> int:
        """Height and width of the stored images, in pixels."""
        return self.card.image_size or int(self.options["size"])

    @property
    def pretrain(self) -> int | None:
        """How many images a method may learn from; None where the files say it."""
        if self.options.get("pretrain") == "train+unlabeled" and self.card.pretrain:
            return self.card.pretrain + (self.card.train or 0)
        return self.card.pretrain


# The largest size keeps a packed ImageNet below a terabyte.
_SIZE = (8, 512)
_CARDS = (
    DatasetCard("photos", "benchmark.data.photos", 32, 16, 8000, 8000, 2048, needs_files=False),
    DatasetCard("digits", "benchmark.data.digits", 32, 10, 1197, 1197, 600, needs_files=False),
    DatasetCard(
        "cifar10", "benchmark.data.cifar10", 32, 10, 50_000, 50_000, 10_000, "cifar-10-batches-py"
    ),
    DatasetCard(
        "stl10",
        "benchmark.data.stl10",
        96,
        10,
        5_000,
        100_000,
        8_000,
        "stl10_binary",
        options={
            "pretrain": Option("unlabeled", ("unlabeled", "train+unlabeled")),
            "root": Option(""),
        },
    ),
    DatasetCard(
        "imagenet",
        "benchmark.data.imagenet",
        None,
        None,
        None,
        None,
        None,
        "imagenet",
        options={
            "classes": Option(""),
            "root": Option("imagenet"),
            "size": Option("256", whole=_SIZE),
        },
    ),
    DatasetCard(
        "imagefolder",
        "benchmark.data.imagenet",
        None,
        None,
        None,
        None,
        None,
        options={
            "classes": Option(""),
            "root": Option(None),
            "size": Option("64", whole=_SIZE),
        },
    ),
)
CARDS: dict[str, DatasetCard] = {card.name: card for card in _CARDS}


def names() -> list[str]:
    """Return the names of all datasets, installed plugins' too."""
    return sorted({*CARDS, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def card(name: str) -> DatasetCard:
    """Return the card of a dataset; a plugin is imported only where its name is asked for.

    Raises:
        UsageError: No dataset has that name.
    """
    if name in CARDS:
        return CARDS[name]
    for point in entry_points(group=ENTRY_POINTS, name=name):
        try:
            loaded = point.load()
        except Exception as error:  # whatever a package raises is that package's fault
            said = f"cannot be loaded ({type(error).__name__}: {error})"
            raise UsageError(f"dataset {name!r}: {point.value} {said}") from error
        if not isinstance(loaded, DatasetCard):
            raise UsageError(
                f"the entry point {name!r} of {ENTRY_POINTS} must be a DatasetCard "
                f"(got {type(loaded).__name__} from {point.value})"
            )
        return loaded
    raise UsageError(unknown("dataset", name, names()))


def resolve(name: str) -> Selection:
    """Read `base[key=value,...]`.

    Raises:
        UsageError: The text, the dataset, an option or its value is not allowed.
    """
    try:
        base, given = split(name)
    except ValueError as error:
        raise UsageError(f"dataset: {error}") from None
    chosen = card(base)
    for key in given:
        if key not in chosen.options:
            raise UsageError(f"{name}: {_no_option(chosen, key)}")
    return Selection(
        chosen,
        {
            key: _value(name, key, given.get(key, option.default), option)
            for key, option in chosen.options.items()
        },
    )


def _no_option(chosen: DatasetCard, key: str) -> str:
    if not chosen.options:
        return f"{chosen.name} has no options (got {key!r})"
    return unknown(f"option of {chosen.name}", key, chosen.options)


def _value(name: str, key: str, value: str | None, option: Option) -> str:
    if value is None:
        raise UsageError(f"{name}: the option {key!r} must be given, as {name}[{key}=...]")
    if option.allowed is not None and value not in option.allowed:
        allowed = ", ".join(option.allowed)
        raise UsageError(f"{name}: {key} must be one of {allowed} (got {value!r})")
    if option.whole is not None:
        low, high = option.whole
        plain = value.isascii() and value.isdigit() and len(value) < 10
        if not (plain and low <= int(value) <= high):
            raise UsageError(
                f"{name}: {key} must be a whole number of pixels, {low} to {high} (got {value!r})"
            )
        return str(int(value))
    return value
