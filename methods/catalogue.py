"""The encoders' names, options, norms, stems and maps. No torch here.

`timm:<name>` stands for any encoder of timm; another package adds its own by an entry point of
the group `cslbench.encoders` that gives an `EncoderCard`.
"""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import entry_points

from methods import selector
from methods.encoders.cards import BUILT_IN, EncoderCard
from methods.encoders.geometry import Slots
from methods.selector import Value

TIMM = "timm:"
ENTRY_POINTS = "cslbench.encoders"

_UNSAFE = re.compile(r"[^a-z0-9._]+")
_LONGEST_SLUG = 60


def names() -> tuple[str, ...]:
    """Return the built-in encoders and those of other packages; `timm:` is not among them."""
    return (*BUILT_IN, *(point.name for point in entry_points(group=ENTRY_POINTS)))


def is_timm(name: str) -> bool:
    """Say whether the encoder is one of timm's."""
    return name.startswith(TIMM)


def card(name: str) -> EncoderCard:
    """Return the card of an encoder, given its name without options.

    Raises:
        ValueError: If nobody has it; the sentence names the nearest and lists all.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    found = [point for point in entry_points(group=ENTRY_POINTS) if point.name == name]
    if not found:
        raise selector.unknown("encoder", name, (*names(), f"{TIMM}<name>"))
    try:
        loaded = found[0].load()
    except Exception as error:  # whatever a package raises is that package's fault
        said = f"cannot be loaded ({type(error).__name__}: {error})"
        raise ValueError(f"encoder {name!r}: {found[0].value} {said}") from error
    if not isinstance(loaded, EncoderCard):
        raise ValueError(f"encoder {name!r}: {found[0].value} is no EncoderCard")
    return loaded


def parse_name(name: str) -> tuple[str, dict[str, Value]]:
    """Split an encoder's name into its base and the options given, typed as their defaults.

    Raises:
        ValueError: If the encoder, an option or a value is not allowed.
    """
    base, given = selector.split(name)
    if is_timm(base):
        if given or base == TIMM:
            raise ValueError(f"write `timm:<name>` with a name and no options (got {name!r})")
        return base, {}
    its = card(base)
    return base, {option: _checked(its, option, text) for option, text in given.items()}


def _checked(its: EncoderCard, option: str, text: str) -> Value:
    if option not in its.options:
        raise selector.unknown(f"option of {its.name}", option, its.options)
    where = f"{its.name}[{option}=...]"
    value = selector.read(where, text, its.options[option])
    allowed = its.choices.get(option)
    if allowed is not None and value not in allowed:
        raise selector.unknown(f"{option} of {its.name}", text, allowed)
    numbers = value if isinstance(value, tuple) else (value,)
    if any(type(number) is int and number < 1 for number in numbers):  # a bool is an int too
        raise ValueError(f"{where} must be at least 1 (got {text!r})")
    return value


def canonical(name: str) -> str:
    """Write a name in its one form: options sorted, those at their defaults dropped."""
    base, given = parse_name(name)
    if is_timm(base):
        return base
    defaults = card(base).options
    return selector.join(base, {key: given[key] for key in given if given[key] != defaults[key]})


def slug(name: str) -> str:
    """Write a name for a path: letters, digits, `.`, `_` and `-`, another for each encoder."""
    whole = canonical(name)
    safe = _UNSAFE.sub("-", whole.lower()).strip(".-")[:_LONGEST_SLUG]
    if safe == whole:
        return safe
    return f"{safe}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def resolve(name: str, image_size: int) -> tuple[EncoderCard, dict[str, Value]]:
    """Return an encoder's card and all its options, those by image size included."""
    base, given = parse_name(name)
    its = card(base)
    its.slots(image_size, its.options)  # a size that it cannot serve has no defaults either
    return its, {**its.options, **its.by_size.get(image_size, {}), **given}


def slots(name: str, image_size: int) -> Slots | None:
    """Return the (channels, height, width) of each slot; None where only building tells (timm)."""
    base, _ = parse_name(name)
    if is_timm(base):
        return None
    its, options = resolve(name, image_size)
    return its.slots(image_size, options)


def stem(name: str, image_size: int) -> str | None:
    """Say what the image meets first; None where only building tells (timm)."""
    base, _ = parse_name(name)
    return None if is_timm(base) else card(base).stem(image_size)


def norm(name: str) -> str | None:
    """Name the encoder's norm; None where only building tells (timm)."""
    base, given = parse_name(name)
    if is_timm(base):
        return None
    its = card(base)
    return str(given.get("norm", its.options.get("norm", its.norm)))
