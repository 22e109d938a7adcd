"""The closure of a cell's sources: what could change its number, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path, PurePosixPath

import methods
from benchmark.data import catalogue as datasets
from benchmark.errors import UsageError, unknown
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import PROTOCOLS, Protocol
from benchmark.store import graph, meaning
from benchmark.store.graph import PROBES, Graph
from benchmark.store.result import Result
from methods import catalogue as encoders
from methods.cards import CHECKPOINT
from methods.settings import Card

HARNESS = "benchmark.run"
"""The work of one cell, whatever the cell: training, features, scores."""
UNRECORDED = "made before sources were recorded"
_CONTENT = "content of "


class Sources:
    """A program's source as it stands: each file is read once, when it is first asked for.

    Held by a process that trains, it goes on telling what that process has imported, whatever is
    edited meanwhile.
    """

    def __init__(self, root: Path | None = None) -> None:
        """Look under a folder that holds `methods` and `benchmark`; by default this program's."""
        self._graph = Graph(root or graph.ROOT)
        self._methods: Mapping[str, Card] = {}
        self._named: dict[tuple[str, str, str], tuple[tuple[str, ...], dict[str, str]]] = {}
        self._reached: dict[tuple[str, ...], dict[str, str]] = {}

    def files(self, cell: Cell, protocols: Iterable[Protocol]) -> dict[str, str]:
        """Return what could change a cell's number.

        Args:
            cell: Whose method, encoder and dataset are known here.
            protocols: Under which it is scored.

        Returns:
            16 hex digits of a hash by the path of a file relative to the root, or `plugin:MODULE`
            for a file of another package; and by `card of ...`, `content of ...` and
            `protocol ...` for what the names in the cell stand for.

        Raises:
            UsageError: If nobody here has the method, the encoder or the dataset.
        """
        wanted = sorted(protocols, key=lambda protocol: protocol.name)
        names = (cell.base_method, cell.encoder.partition("[")[0], cell.dataset.partition("[")[0])
        if names not in self._named:
            self._named[names] = self._resolved(*names)
        modules, cards = self._named[names]
        roots = (*modules, HARNESS, *sorted({probe(protocol) for protocol in wanted}))
        if roots not in self._reached:
            self._reached[roots] = self._graph.reached(roots)
        of_protocols = {f"protocol {protocol.name}": _of_protocol(protocol) for protocol in wanted}
        return {**self._reached[roots], **cards, **of_protocols}

    def stale(self, result: Result) -> tuple[str, ...]:
        """Return what has changed since a result was made, as the function `stale` does.

        Raises:
            UsageError: As `files`.
        """
        used = [PROTOCOLS.get(name, score.protocol) for name, score in result.metrics.items()]
        return stale(result, self.files(result.cell, used))

    def _resolved(
        self, method: str, encoder: str, dataset: str
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the modules that three names stand for, and what else the names stand for.

        A cell leaves out what is at its default, so a changed default changes its number.
        """
        if method not in self._methods:
            # asks every installed package, so seldom
            self._methods = {CHECKPOINT.name: CHECKPOINT, **methods.cards()}
        if method not in self._methods:
            raise UsageError(unknown("method", method, self._methods))
        its, data = self._methods[method], datasets.card(dataset)
        built, options = _encoder(encoder)
        cards = {
            f"card of method {method}": [its.patches, its.needs_labels, its.trains],
            f"card of encoder {encoder}": options,
            f"card of dataset {dataset}": {k: each.default for k, each in data.options.items()},
        }
        found = {name: _of_json(value) for name, value in cards.items()}
        source = self._graph.source(data.module)
        if source is not None and source.pinned is not None:
            found[f"{_CONTENT}{dataset}"] = source.pinned[: meaning.DIGITS]
        return (its.module, built, data.module), found


def probe(protocol: Protocol) -> str:
    """Return the module that fits a protocol's probe."""
    return PROBES["sgd" if protocol.name.startswith("linear_sgd_") else protocol.probe]


def stale(result: Result, current: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of what has changed, gone or come since a result was made, sorted.

    Args:
        result: With a number.
        current: What `Sources.files` returns now for its cell and protocols.
    """
    origin = result.provenance
    if not origin.closure:
        return (UNRECORDED,)
    loaded = origin.dataset_sha256[: meaning.DIGITS]
    then = {**origin.closure, **{name: loaded for name in current if name.startswith(_CONTENT)}}
    if then == current:
        return ()
    names = then.keys() | current.keys()
    return tuple(sorted(name for name in names if then.get(name) != current.get(name)))


def words(changed: Sequence[str]) -> str:
    """Say what has changed, as a mark: `stale (nce.py changed)`; nothing if nothing has."""
    if not changed:
        return ""
    if UNRECORDED in changed:
        return f"stale ({UNRECORDED})"
    names = [_shown(PurePosixPath(name).name) for name in changed]
    if len(names) > 2:
        return f"stale ({names[0]}, {names[1]} and {len(names) - 2} more changed)"
    return f"stale ({' and '.join(names)} changed)"


def _shown(name: str) -> str:
    """Return a name as it may be printed: a stranger's result may hold any."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _encoder(name: str) -> tuple[str, object]:
    """Return an encoder's module, and its defaults at any size."""
    if encoders.is_timm(name):
        return "methods.encoders.timm", None
    try:
        card = encoders.card(name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    by_size = {str(size): dict(options) for size, options in card.by_size.items()}
    return card.build.partition(":")[0], [card.build, dict(card.options), by_size]


@lru_cache(maxsize=256)
def _of_protocol(protocol: Protocol) -> str:
    """Hash a protocol, but for what it tells a reader of itself."""
    return _of_json({**asdict(protocol), "solver": "", "augmentation": ""})


def _of_json(value: object) -> str:
    return meaning.shortened(json.dumps(value, sort_keys=True).encode())
