"""`simulate_nobody`: recordings in which nobody exercises, and every rep found is a false one."""

from __future__ import annotations

from collections.abc import Callable

from sciatrack_signal.simulate import poses
from sciatrack_signal.simulate.distractors import (
    adjust_belt,
    fidget,
    loiter,
    pick_up_phone,
    reach,
    scatter,
    shift,
    shuffle,
)
from sciatrack_signal.simulate.draws import draw_between, draw_word, stream
from sciatrack_signal.simulate.finish import finish
from sciatrack_signal.simulate.parameters import SimulationError
from sciatrack_signal.simulate.render import fine_rate_hz
from sciatrack_signal.simulate.script import Script
from sciatrack_signal.simulate.sets import Options, new_script, worn_by
from sciatrack_signal.simulate.truth import Simulated

# Long recordings are rendered at four times their rate and no finer, to spare memory.
FINE_HZ = 200.0
LYING = ("supine", "hook_lying", "side_lying", "side_lying_on_working", "prone")
# How a day is spent: in which pose, for how long at a time (s), how often one stirs there (a minute).
DAY = {
    "sitting": (0.45, (60.0, 900.0), 1.5),
    "standing": (0.20, (10.0, 180.0), 4.0),
    "walking": (0.15, (4.0, 120.0), 0.0),
    "supine": (0.08, (60.0, 600.0), 0.8),
    "side_lying": (0.05, (60.0, 600.0), 0.8),
    "hook_lying": (0.04, (30.0, 300.0), 1.5),
    "hands_and_knees": (0.03, (3.0, 20.0), 6.0),
}

Activity = Callable[[Script], None]


def simulate_nobody(
    kind: str,
    *,
    seed: int,
    duration_s: float = 600.0,
    placement: str = "hip",
    side: str = "right",
    severity: str | None = None,
    mount: str = "drawn",
    rate_hz: float | None = 50.0,
    gyroscope: bool = True,
    options: Options | None = None,
) -> Simulated:
    """A recording of about `duration_s` without any exercise; its truth has no block.

    kind : one of KINDS. lying: still, breathing, coughing. fidgets: lying or sitting restlessly. shifts: changes of
    pose that stay. turning: rolling over. phone: reaching for a phone and holding it. walking, sit_stand: as they
    say. daily: all of it in the shares of a day at home. An hour at 50 Hz takes 2 s of CPU time and 0.6 GB.
    """
    if kind not in KINDS:
        raise SimulationError(f"kind '{kind}' is not known; it is one of {', '.join(KINDS)}")
    chosen = options or Options()
    worn = worn_by(placement, side, seed, mount, rate_hz, gyroscope, chosen)
    script = new_script(placement, side, seed, severity, worn.rate_hz)
    script.rate_hz = fine_rate_hz(worn.rate_hz, FINE_HZ)
    script.rng = stream(seed, f"nobody {kind}")
    begin, go_on = KINDS[kind]
    if begin is not None:
        _begin_in(script, str(script.rng.choice(begin)))
    while script.now_s < duration_s:
        go_on(script)
    scatter(script, 0.0, script.now_s, chosen.others)
    return finish(
        script,
        worn,
        seed,
        placement=placement,
        labels={"name": f"{kind}-{placement}-{seed}"},
        description=f"nobody exercises: {kind} at the {worn.site.id}, seed {seed}",
    )


def _begin_in(script: Script, pose: str) -> None:
    """Puts the body into a pose before the recording begins."""
    poses.go(script, pose, script.pose_side)
    script.turns.clear()
    script.moves.clear()
    script.travels.clear()
    script.start_quat = script.quat
    script.now_s = 0.0
    script.ambients.clear()
    poses.idle(script)


def _lie(script: Script) -> None:
    script.wait(30.0)


def _fidget(script: Script) -> None:
    loiter(script, 30.0, per_min=10.0, shifts=0.15, reaches=0.1)


def _shift(script: Script) -> None:
    script.wait(draw_between(script.rng, (8.0, 40.0)))
    shift(script)


def _turn(script: Script) -> None:
    script.wait(draw_between(script.rng, (5.0, 60.0)))
    there = [pose for pose in LYING if pose != script.pose]
    poses.go(script, str(script.rng.choice(there)), script.pose_side)


def _phone(script: Script) -> None:
    script.wait(draw_between(script.rng, (5.0, 40.0)))
    reach(script)
    if script.rng.uniform() < 0.15:
        pick_up_phone(script)


def _walk(script: Script) -> None:
    if script.pose != "standing":
        poses.go(script, "standing", script.pose_side)
    script.wait(draw_between(script.rng, (0.5, 15.0)))
    poses.walk(script, draw_between(script.rng, (4.0, 90.0)))


def _sit_stand(script: Script) -> None:
    there = "standing" if script.pose == "sitting" else "sitting"
    poses.go(script, there, script.pose_side)
    loiter(script, draw_between(script.rng, (6.0, 60.0)), per_min=4.0)
    if there == "standing" and script.rng.uniform() < 0.5:
        poses.walk(script, draw_between(script.rng, (4.0, 20.0)))


def _live(script: Script) -> None:
    """One stretch of a day: a pose, the way there, and what one does in it."""
    kind = draw_word(script.rng, {name: share for name, (share, _, _) in DAY.items()})
    _, stays_s, stirs = DAY[kind]
    if kind == "walking":
        _walk(script)
        return
    if kind != script.pose:
        poses.go(script, kind, script.pose_side)
    loiter(script, draw_between(script.rng, stays_s), per_min=stirs, shifts=0.35, reaches=0.1)
    extra = script.rng.uniform()
    for share, event in ((0.05, adjust_belt), (0.10, shuffle), (0.20, fidget)):
        if extra < share:
            event(script)
            break


KINDS: dict[str, tuple[tuple[str, ...] | None, Activity]] = {
    "lying": (LYING, _lie),
    "fidgets": ((*LYING, "sitting"), _fidget),
    "shifts": ((*LYING, "sitting"), _shift),
    "turning": (LYING, _turn),
    "phone": (("supine", "hook_lying", "sitting", "side_lying"), _phone),
    "walking": (None, _walk),
    "sit_stand": (("sitting", "standing"), _sit_stand),
    "daily": (("sitting", "standing", "supine"), _live),
}
