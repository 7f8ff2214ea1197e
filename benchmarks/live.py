"""The live page, watched by a browser: what it counts, how late, what it holds, and who else is asked anything.

    python benchmarks/live.py [--quick] [--pictures DIR]

A simulated visit of all nine exercises (hip and right thigh, three reps each) is played into `replay --live` at the
pace at which it happened; headless Chromium reads the page and is reloaded or closed ten times meanwhile. `--quick`
plays two exercises. Needs Chromium, and playwright and axe-playwright-python of the extra `dev`; without them it
says so and ends well.

Delays run from the true end of a rep, or from the true arrival at a hold, to the frame in which the page showed it.
The radio is not in them, nor is a busy computer; nothing here is validation: the people are simulated.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live_visit import Visit, write_visit
from sciatrack.live.feed import LiveFeed
from sciatrack.live.playing import play_live
from sciatrack.live.recording import LiveOptions
from sciatrack_ingest.playback import raw_logs
from sciatrack_signal.exercises import catalogue

HERE = Path(__file__).parent
QUICK = ("glute_bridge", "knee_to_chest")
REPS, HOLD_S, SEED = 3, 5.0, 11
RELOADS = 10
SETTLED_S = 0.3  # a hold timer is compared once the page has it, and before the true end
GOALS = "asked: delay median 0.5 s, 95th percentile 1.2 s; hold timer within 0.3 s; 0 violations; no other host"
VIEWS = [
    {"name": "laptop-light", "viewport": {"width": 1366, "height": 768}, "theme": "light"},
    {"name": "laptop-dark", "viewport": {"width": 1366, "height": 768}, "theme": "dark"},
    {"name": "phone-light", "viewport": {"width": 390, "height": 844}, "theme": "light", "locale": "de-DE"},
    {"name": "phone-dark", "viewport": {"width": 390, "height": 844}, "theme": "dark", "motion": "reduce"},
]


@dataclass
class Watched:
    """What the browser told, line by line; `zero_s` is the wall clock at the session's zero."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    zero_s: float = float("inf")

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["kind"] == kind]


def browser_job(**more: Any) -> dict[str, Any] | str:
    """What live_watch.mjs needs to run, or one sentence that says what is missing."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next((path for name in names if (path := shutil.which(name))), "")
    driver, axe = _inside("playwright", "driver"), _inside("axe_playwright_python", "axe.min.js")
    if not browser or driver is None or axe is None:
        return (
            "it needs chromium (apt-get install chromium), and playwright and axe-playwright-python (extra `dev`)"
        )
    return {"core": str(driver / "package"), "axe": str(axe), "browser": browser, "views": VIEWS, **more}


def _inside(package: str, name: str) -> Path | None:
    """A file of an installed package, which is not imported; None where it is not there."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / name
    return path if path.exists() else None


async def watch(visit: Visit, speed: float, **more: Any) -> Watched:
    """Play a visit while a browser looks at it."""
    watched = Watched()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def say(line: str) -> None:
        print(f"  {line}", file=sys.stderr)
        if "live page: " in line:
            loop.call_soon_threadsafe(address.set_result, line.removeprefix("live page: "))

    status = LiveFeed.status

    def told(feed: LiveFeed, body: Any) -> None:
        watched.zero_s = min(watched.zero_s, time.time() - body["now_s"] / speed)
        status(feed, body)

    LiveFeed.status = told  # type: ignore[method-assign]
    try:
        stop = asyncio.Event()
        playing = asyncio.create_task(
            play_live(visit.folder, raw_logs(visit.folder), speed, LiveOptions(say=say), stop)
        )
        job = browser_job(url=await address, at_most_s=visit.duration_s / speed + 60, until=["check_out"], **more)
        assert isinstance(job, dict), job
        node = str(Path(job["core"]).parent / "node")
        command = (node, str(HERE / "live_watch.mjs"), json.dumps(job))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, limit=1 << 22)
        assert process.stdout is not None
        async for line in process.stdout:
            watched.lines.append(json.loads(line))
        assert await process.wait() == 0, "the browser failed"
        stop.set()
        await playing
    finally:
        LiveFeed.status = status  # type: ignore[method-assign]
    return watched


def delays_s(visit: Visit, watched: Watched) -> list[float | None]:
    """For each true rep, how long after its end the page showed so many; None where it never did."""
    seen = [
        (line["at_ms"] * 1e-3 - watched.zero_s, line) for line in watched.of("seen") if line["count"] is not None
    ]
    found: list[float | None] = []
    for number in range(len(visit.steps)):
        moves = [move for move in visit.moves if move.set == number]
        # the set's last count may be shown only by the phase that follows
        for nth, move in enumerate(moves, start=1):
            later = [
                at_s - move.end_s for at_s, line in seen if at_s > move.hold_end_s and int(line["count"]) >= nth
            ]
            ended = [
                line["at_ms"] * 1e-3 - watched.zero_s - move.end_s
                for line in watched.of("seen")
                if line["phase"] in ("instruct", "check_out")
                and line["at_ms"] * 1e-3 - watched.zero_s > move.hold_end_s
            ]
            first = min([*later[:1], *(ended[:1] if nth == len(moves) else [])], default=None)
            found.append(first if first is not None and first < 4.0 else None)
    return found


def timer_errors_s(visit: Visit, watched: Watched) -> list[float]:
    """Seconds on the page minus seconds really held, at every look at the page while something is held."""
    errors = []
    for line in watched.of("held"):
        at_s = line["at_ms"] * 1e-3 - watched.zero_s
        for move in visit.moves:
            if move.hold_start_s + SETTLED_S < at_s < move.hold_end_s:
                errors.append(line["held_s"] - (at_s - move.hold_start_s))
    return errors


def report(visit: Visit, watched: Watched, walk: dict[str, Any] | None = None) -> bool:
    """Print the figures; False if a goal that does not hang on the machine is missed."""
    rows = next(iter(watched.of("rows")), {"rows": []})["rows"]
    print(f"\n{len(visit.steps)} sets, {len(visit.moves)} true reps, {visit.duration_s:.0f} s; {GOALS}")
    wrong = 0
    for number, step in enumerate(visit.steps):
        shown = rows[number] if number < len(rows) else ["", "", ""]
        true_s = [move.hold_end_s - move.hold_start_s for move in visit.moves if move.set == number]
        said = [float(one) for one in shown[2].removesuffix(" s").split(" · ") if one]
        errors = [abs(a - b) for a, b in zip(said, true_s, strict=False)]
        wrong += shown[1] != f"{len(true_s)}"
        held = (
            f"holds off by {statistics.mean(errors):.2f} s"
            if errors and len(said) == len(true_s)
            else "holds: other number"
        )
        what = f"{step.exercise:28s} {step.placement:12s} {step.sees:7s}"
        print(f"  {what} true {len(true_s)}  page {shown[1] or '-':3s} {held}")
    late = delays_s(visit, watched)
    known = sorted(one for one in late if one is not None)
    errors = sorted(abs(one) for one in timer_errors_s(visit, watched))
    print(f"wrong counts: {wrong} of {len(visit.steps)} sets")
    if known:
        print(
            f"end of rep to page: median {statistics.median(known):.2f} s, 95th percentile "
            f"{known[int(0.95 * (len(known) - 1))]:.2f} s, {len(late) - len(known)} of {len(late)} not within 4 s"
        )
    if errors:
        print(
            f"hold timer off by: median {statistics.median(errors):.2f} s, 95th percentile "
            f"{errors[int(0.95 * (len(errors) - 1))]:.2f} s, within 0.3 s in "
            f"{100 * sum(one <= 0.3 for one in errors) / len(errors):.0f} % of {len(errors)} looks"
        )
    end = watched.of("end")[-1]
    violations = watched.of("violation")
    for one in violations:
        print(f"  axe: {one['view']} {one['name']} {one['rule']} {one['nodes'][:1]}")
    share = watched.of("digits")[-1]["share"] if watched.of("digits") else float("nan")
    looks, restarts = len(watched.of("checked")), len(watched.of("reload"))
    print(f"axe-core: {len(violations)} violations in {looks} looks; digits {100 * share:.0f} vmin")
    print(f"reloaded or closed {restarts} times; hosts asked: {end['hosts']}; errors: {end['problems']}")
    return not violations and len(end["hosts"]) == 1 and not end["problems"] and end["over"]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two exercises, three reloads")
    parser.add_argument("--pictures", help="a folder for screenshots")
    options = parser.parse_args()
    if isinstance(missing := browser_job(), str):
        print(f"not run: {missing}")
        return 0
    exercises = QUICK if options.quick else tuple(one for one in catalogue() if catalogue()[one].sides != "any")
    with tempfile.TemporaryDirectory() as folder:
        visit = write_visit(Path(folder), exercises, reps=REPS, hold_s=HOLD_S, seed=SEED)
        rng = random.Random(SEED)
        reloads = sorted(rng.uniform(20.0, visit.duration_s) for _ in range(3 if options.quick else RELOADS))
        watched = asyncio.run(
            watch(visit, 1.0, look=True, pictures=options.pictures, reloads=[round(one, 1) for one in reloads])
        )
        return 0 if report(visit, watched) else 1


if __name__ == "__main__":
    sys.exit(main())
