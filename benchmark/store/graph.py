"""The import graph of a program, read from its source: nothing in it is imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmark.plugins import PREFIX
from benchmark.store import meaning
from benchmark.store.meaning import Import, Source

ROOT = Path(__file__).resolve().parents[2]
SCORE = "benchmark.evaluation.score"
PROBES = {name: f"benchmark.evaluation.{name}" for name in ("linear", "mlp", "knn", "sgd")}
"""Where each probe is fitted. SCORE imports all of them, a protocol uses one."""

_OWN = ("benchmark", "methods")
# Tables of names and plumbing. What they decide is in the cell, whose hash is its id, or is taken
# into the closure for the names that the cell has (`Sources.files`): if the tables themselves
# counted, a new method or a new matrix would make every result stale.
_LEFT_OUT = frozenset({
    "methods", "methods.cards", "methods.catalogue", "methods.encoders", "methods.encoders.cards",
    "benchmark.data", "benchmark.data.catalogue", "benchmark.errors", "benchmark.plugins",
    "benchmark.progress", "benchmark.reading", "benchmark.yaml",
})  # fmt: skip
_LEFT_OUT_PACKAGES = ("benchmark.engines.", "benchmark.matrix.", "benchmark.store.")


class Graph:
    """The modules under a root and those of plugins: each file is read once, when first needed."""

    def __init__(self, root: Path) -> None:
        """Look under a folder that holds `methods` and `benchmark`."""
        self._root = root
        self._places: dict[str, Path | None] = {}
        self._sources: dict[str, Source] = {}

    def reached(self, roots: Sequence[str]) -> dict[str, str]:
        """Return the hash of every file that modules import, by its name; their own too.

        Followed within `methods`, `benchmark` and the packages of the roots.
        """
        tops = {*_OWN, *(root.partition(".")[0] for root in roots)}
        found: dict[str, str] = {}
        waiting, seen = list(roots), set(roots)
        while waiting:
            module = waiting.pop()
            source = self.source(module)
            if source is not None:
                found[self._name(module)] = source.digest
                new = set(self._targets(module, source, tops)) - seen
                seen |= new
                waiting += new
        return dict(sorted(found.items()))

    def source(self, module: str) -> Source | None:
        """Return what there is to know of a module; None if it has no file."""
        place = self._place(module)
        if place is None:
            return None
        if module not in self._sources:
            self._sources[module] = meaning.read(place)
        return self._sources[module]

    def _targets(self, module: str, source: Source, tops: set[str]) -> Iterator[str]:
        """Yield the modules that one imports and that are followed."""
        for statement in source.imports:
            origin = self._absolute(module, statement)
            if origin.partition(".")[0] not in tops:
                continue
            for target in self._imported(origin, statement.names):
                by_protocol = module == SCORE and target in PROBES.values()
                if not by_protocol and not _left_out(target):
                    yield target

    def _imported(self, origin: str, names: Sequence[str]) -> Iterator[str]:
        """Yield the modules that one statement imports: a name may be a module, or be in one."""
        inner = [f"{origin}.{name}" for name in names]
        within = [name for name in inner if self._place(name) is not None]
        yield from within
        if len(within) < len(inner) or not inner:
            yield origin

    def _absolute(self, module: str, statement: Import) -> str:
        if not statement.level:
            return statement.module
        place = self._place(module)
        up = statement.level - (place is not None and place.name == "__init__.py")
        parts = module.split(".")
        return ".".join(filter(None, (*parts[: len(parts) - up], statement.module)))

    def _place(self, module: str) -> Path | None:
        """Return the file of a module, None where there is none."""
        if module not in self._places:
            self._places[module] = next(filter(Path.is_file, self._candidates(module)), None)
        return self._places[module]

    def _candidates(self, module: str) -> Iterator[Path]:
        top, *rest = module.split(".")
        if top in _OWN:
            homes = [self._root / top]
        else:
            spec = find_spec(top)  # a name without dots: nothing is imported to find it
            homes = [Path(home) for home in (spec and spec.submodule_search_locations) or ()]
            if spec is not None and spec.origin is not None and not rest:
                yield Path(spec.origin)
        for home in homes:
            stem = home.joinpath(*rest)
            yield from (stem / "__init__.py", stem.with_name(f"{stem.name}.py"))

    def _name(self, module: str) -> str:
        place = self._place(module)
        if module.partition(".")[0] not in _OWN or place is None:
            return f"plugin:{module.removeprefix(PREFIX)}"
        return place.relative_to(self._root).as_posix()


def _left_out(module: str) -> bool:
    return module in _LEFT_OUT or f"{module}.".startswith(_LEFT_OUT_PACKAGES)
