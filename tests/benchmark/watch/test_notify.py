"""Notices: which come, what is in them, and what a bad hook can do: nothing."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.engines.engine import Advanced, Event, Finished, Started
from benchmark.errors import UsageError
from benchmark.progress import Progress
from benchmark.report.live import View
from benchmark.watch import notify
from benchmark.watch.interface import Background, Instant, Together, Watched
from benchmark.watch.targets import watchers
from tests.benchmark.factories import make_cell, make_result

CELL = make_cell()
RUN = Watched("tiny", Path("mine"), [(CELL, 30.0), (make_cell(replicate=1), None)], 1)


def fail_on(warning: str) -> None:
    """Let nothing be warned of."""
    raise AssertionError(warning)


def told(watcher: notify.Notifier, *events: Event) -> None:
    """Tell a whole run."""
    watcher.begin(Instant())
    for event in events:
        watcher.show(event, Instant())
    watcher.end(None, Instant())


def test_each_event_is_a_line_of_json_with_its_fields(tmp_path: Path) -> None:
    """Started, finished, failed and the run's own; a failure says why."""
    path = tmp_path / "new" / "notices.jsonl"
    other = make_cell(replicate=1)
    told(
        notify.Notifier(RUN, notify.jsonl(str(path))),
        Started(CELL),
        Finished(CELL, make_result(value=71.5)),
        Started(other),
        Finished(other, make_result(replicate=1, status="failed", error="loss is nan")),
    )
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event"] for line in lines] == [
        "run started", "started", "finished", "started", "failed", "run finished",
    ]  # fmt: skip
    assert lines[0] | {"time": ""} == {
        "event": "run started", "time": "", "matrix": "tiny", "results": "mine", "total": 2,
        "done": 0, "failed": 0, "running": 0,
    }  # fmt: skip
    assert lines[1]["cell"] == {
        "id": CELL.pretrain_id, "label": CELL.label, "method": "simclr", "dataset": "photos",
        "encoder": "compact", "budget": "pocket", "replicate": 0,
    }  # fmt: skip
    assert lines[2]["result"]["top1"] == {"linear": 71.5}
    assert lines[2]["done"] == 1
    assert lines[4]["result"]["error"] == "loss is nan"
    assert (lines[5]["done"], lines[5]["failed"], lines[5]["running"]) == (1, 1, 0)


def test_progress_comes_every_thirty_seconds() -> None:
    """A training of 100 s in steps of a second is three notices, with pace and time left."""
    lines: list[str] = []
    watcher = notify.Notifier(RUN, lines.append)
    watcher.show(Started(CELL), Instant(1000.0))
    for second in range(1, 101):
        moment = Progress(CELL.pretrain_id, "train", second, 100, 2.5, 800.0, 41.0)
        watcher.show(Advanced(CELL, moment), Instant(1000.0 + second))
    found = [json.loads(line) for line in lines[1:]]
    assert [each["progress"]["done"] for each in found] == [30, 60, 90]
    assert found[0]["progress"] | {"seconds_left": None} == {
        "phase": "train", "done": 30, "total": 100, "loss": 2.5, "images_per_second": 800.0,
        "knn": 41.0, "seconds_left": None,
    }  # fmt: skip
    assert found[0]["progress"]["seconds_left"] == pytest.approx(70.0)


def test_a_notice_carries_the_time_of_its_event_and_not_of_its_telling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cell took 5 s; the watcher, which hangs from the start, is told 60 s later."""
    lines: list[str] = []
    clock, gate = [100.0], threading.Event()
    monkeypatch.setattr(
        "benchmark.watch.interface.Instant", lambda: Instant(clock[0], f"at {clock[0]:g}")
    )

    def send(line: str) -> None:
        assert gate.wait(30)
        lines.append(line)

    with Background("--notify x", notify.Notifier(RUN, send), fail_on) as seen:
        seen.show(Started(CELL))
        clock[0] = 105.0
        seen.show(Finished(CELL, make_result(value=71.5)))
        clock[0] = 165.0
        gate.set()
    found = [json.loads(line) for line in lines]
    assert [each["time"] for each in found] == ["at 100", "at 100", "at 105", "at 165"]
    assert found[2]["result"]["seconds"] == 5.0


def test_a_command_is_run_without_a_shell_with_the_notice_on_its_input(tmp_path: Path) -> None:
    """A dollar sign or a semicolon is an argument like any other."""
    path = tmp_path / "got"
    code = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + sys.stdin.read())"
    send = notify.command(f"{sys.executable} -c \"{code}\" {path} '$HOME;'")
    send('{"event": "started"}')
    assert path.read_text() == '$HOME;{"event": "started"}\n'


def test_a_slow_command_is_ended_and_a_failing_one_is_said() -> None:
    """Both raise, for the background to say once."""
    started = time.monotonic()
    with pytest.raises(TimeoutError, match=r"took longer than 0\.5 s"):
        notify.command(f"{sys.executable} -c 'import time; time.sleep(60)'", 0.5)("{}")
    assert time.monotonic() - started < 30
    with pytest.raises(ChildProcessError, match="exit code 3"):
        notify.command(f"{sys.executable} -c 'import sys; sys.stdin.read(); sys.exit(3)'")("{}")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("slack", "unknown kind 'slack' (known: command, jsonl)"),
        ("jsonl:", "nothing after the colon; write jsonl:WHERE"),
        ("command:no-such-program-here x", "no such command"),
        ("command:'open", "no closing quotation"),
        ("jsonl:/dev/null/x", "cannot be written"),
    ],
)
def test_what_cannot_be_told_is_refused_before_anything_runs(given: str, words: str) -> None:
    """In one sentence."""
    with pytest.raises(UsageError) as refused:
        watchers([given], [], RUN, lambda _: None)
    assert words in str(refused.value)


class Broken:
    """A watcher that raises at every event, or sleeps."""

    def __init__(self, act: Callable[[], None]) -> None:
        """Do this."""
        self.act, self.seen = act, 0

    def begin(self, at: Instant) -> None:
        """Nothing."""

    def show(self, event: Event, at: Instant) -> None:
        """Count, and do it."""
        assert at.utc
        assert isinstance(event, Started)
        self.seen += 1
        self.act()

    def end(self, stopped: str | None, at: Instant) -> None:
        """Nothing."""
        assert (stopped, at.utc != "") == ("SIGINT", True)


def five(seen: View) -> None:
    """Show five events, then stop as Ctrl-C does."""
    for _ in range(5):
        seen.show(Started(CELL))
    raise KeyboardInterrupt("SIGINT")


def fail() -> None:
    """Fail as a full disk does."""
    raise OSError(28, "No space left on device")


def test_a_watcher_that_fails_is_one_warning_and_is_still_told() -> None:
    """Every event reaches it, the run goes on, and what ended the run is told as it was."""
    warnings: list[str] = []
    broken = Broken(fail)
    seen = Together([Background("--track x", broken, warnings.append)])
    with pytest.raises(KeyboardInterrupt, match="SIGINT"), seen:
        five(seen)
    assert broken.seen == 5
    assert warnings == [
        "--track x: [Errno 28] No space left on device (the run and its results are not affected)"
    ]


def test_a_watcher_that_hangs_keeps_nobody_waiting() -> None:
    """The run ends after the patience, and says what is lost."""
    warnings: list[str] = []
    hung = Broken(lambda: time.sleep(20))
    started = time.monotonic()
    seen = Background("--notify x", hung, warnings.append, patience=0.2)
    with pytest.raises(KeyboardInterrupt), seen:
        five(seen)
    assert time.monotonic() - started < 15
    assert warnings == [
        "--notify x: still busy 0.2 s after the run; the rest is lost "
        "(the run and its results are not affected)"
    ]
