"""What a bundle for review holds beside its results: how to verify it, versions, citation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmark.report import words
from benchmark.report.cite import cite
from benchmark.report.markdown import escape
from benchmark.store.result import Result

_README = """\
# Results of cslbench

{count} results of {methods} method(s), {datasets} dataset(s) and {encoders} encoder(s): one JSON
file a cell and replicate in `results/`, with the predicted class of every test image beside it
(`.npz`){kept}.

| file | holds |
|---|---|
| `manifest.json` | SHA-256 and size of every other file |
| `results/` | the results; every field is described in `results/README.md` of cslbench |
| `environment.txt` | every package where this bundle was made, for `pip install -r` |
| `versions.json` | the packages, processors and commits that the results themselves name |
| `citation.bib` | methods, datasets and encoders, and cslbench |

## Verify

```
cslbench validate BUNDLE
```

holds every file to the manifest, and every result to its schema, to its predictions and to the
others. `BUNDLE` is this folder, or the `.zip` that it came in. Without cslbench the hashes alone:

```
python -c "import hashlib, json, pathlib as p
for name, file in json.loads(p.Path('manifest.json').read_text())['files'].items():
    assert hashlib.sha256(p.Path(name).read_bytes()).hexdigest() == file['sha256'], name"
```

To look, and to run a cell again and compare it bit for bit:

```
cslbench leaderboard --results results
cslbench reproduce results
```

The results were made by: {programs}.
"""


def beside(results: Sequence[Result], environment: Mapping[str, str]) -> dict[str, bytes]:
    """Return the further files of a bundle, by path.

    Args:
        results: What the bundle holds.
        environment: Versions by package, where it is made.
    """
    cells = [result.cell for result in results]
    kept = any(result.provenance.encoder_file_sha256 for result in results)
    readme = _README.format(
        count=len(results),
        methods=len({cell.method for cell in cells}),
        datasets=len({cell.dataset for cell in cells}),
        encoders=len({cell.encoder for cell in cells}),
        kept=", and the trained encoder where it was kept (`.safetensors`)" if kept else "",
        programs=escape("; ".join(sorted({_program(result) for result in results}))),
    )
    pinned = sorted(f"{name}=={version}" for name, version in environment.items())
    return {
        "README.md": readme.encode(),
        "citation.bib": cite(results).bibtex.encode(),
        "environment.txt": "".join(f"{line}\n" for line in pinned).encode(),
        "versions.json": (json.dumps(_versions(results), indent=1) + "\n").encode(),
    }


def _program(result: Result) -> str:
    origin = result.provenance
    changed = " with uncommitted changes" if origin.dirty else ""
    return f"cslbench {_version(result)}, commit {origin.commit or 'unknown'}{changed}"


def _version(result: Result) -> str:
    return result.execution.versions.get("cslbench", "unknown")


def _versions(results: Iterable[Result]) -> dict[str, object]:
    """Return each execution once, with how many results are of it."""
    found: Counter[str] = Counter()
    for result in results:
        execution = result.execution.model_dump(mode="json", exclude={"determinism"})
        execution["commit"] = result.provenance.commit
        execution["words"] = words.execution(result.execution)
        found[json.dumps(execution, sort_keys=True)] += 1
    return {
        "executions": [
            {"results": count, **json.loads(text)} for text, count in sorted(found.items())
        ]
    }
