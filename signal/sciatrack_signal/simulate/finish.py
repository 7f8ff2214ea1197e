"""Turns a script into a `Simulated`: renders it and measures its truth on the noiseless angle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.exercises import Exercise, catalogue
from sciatrack_signal.simulate.render import Rendered, Worn, as_recording, render
from sciatrack_signal.simulate.script import Script, ScriptedBlock, ScriptedRep
from sciatrack_signal.simulate.truth import Simulated, TrueBlock, TrueRep, hold_of, time_above

# The contract: a rep below this share of the set's own median range is not complete.
COMPLETE_SHARE = 0.5
# A return that is meant to bring back less than this share of the range is an incomplete one; own rule.
RETURN_SHARE = 0.8
# How much shorter than the least asked a hold is before it is called short: this much or a tenth, the larger.
SHORT_BY_S, SHORT_BY_SHARE = 0.5, 0.1
LONG_FACTOR = 2.0
SET_BREAK_S = 60.0  # contract


def finish(
    script: Script,
    worn: Worn,
    seed: int,
    *,
    placement: str,
    labels: Mapping[str, object] | None = None,
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> Simulated:
    """The recording and the truth of a script; `labels` go to the Recording."""
    rendered = render(script, worn, seed)
    recording = as_recording(rendered, worn, placement=placement, **(labels or {}))
    blocks = tuple(_block(block, rendered, recording.gaps_s) for block in script.blocks)
    return Simulated(
        recording=recording,
        blocks=blocks,
        angle_deg=_angle(script, rendered),
        seed=seed,
        severity=script.subject.severity.id,
        description=description,
        tags=dict(tags or {}),
    )


def short_below_s(exercise: Exercise) -> float:
    """Seconds below which a hold of this exercise is short."""
    least = exercise.hold_s[0]
    return least - max(SHORT_BY_S, SHORT_BY_SHARE * least)


def _block(block: ScriptedBlock, rendered: Rendered, gaps_s: Float) -> TrueBlock:
    exercise = catalogue()[block.exercise]
    view = exercise.view(block.placement, block.side)
    measured = _in_sets([_rep(rep, rendered, gaps_s, exercise) for rep in block.reps])
    return TrueBlock(
        exercise=block.exercise,
        side=block.side,
        start_s=rendered.clock(block.start_s),
        end_s=rendered.clock(block.end_s),
        observability=view.observability,
        reps=tuple(_completed(measured, exercise, block.placement)),
    )


def _rep(rep: ScriptedRep, rendered: Rendered, gaps_s: Float, exercise: Exercise) -> TrueRep:
    """One rep with everything that its own angle says."""
    margin_s = 0.1
    first, last = np.searchsorted(rendered.fine_s, [rep.out[0] - margin_s, rep.back[1] + margin_s])
    inside = slice(max(int(first), 0), int(last) + 1)
    time_s = rendered.fine_s[inside]
    angle_deg = (rendered.fine_deg[inside] - rep.home_deg) @ rep.axis
    hold = hold_of(time_s, angle_deg, rep.out, rep.back, dips=rep.dips, fades=rep.fades)
    held = (time_s >= hold.start_s) & (time_s <= hold.end_s)
    rom_deg = float(np.median(angle_deg[held])) if held.any() else float(angle_deg.max())
    start_s, end_s = rendered.clock(rep.out[0]), rendered.clock(rep.back[1])
    flags = {
        "short_hold": hold.end_s - hold.start_s < short_below_s(exercise),
        "long_hold": hold.end_s - hold.start_s > LONG_FACTOR * exercise.hold_s[1],
        "interrupted_hold": bool(rep.dips),
        "fading_hold": rep.fades,
        "incomplete_return": rep.return_share < RETURN_SHARE,
        "gap": bool(((gaps_s[:, 0] < end_s) & (gaps_s[:, 1] > start_s)).any()),
    }
    return TrueRep(
        set=1,
        start_s=start_s,
        hold_start_s=rendered.clock(hold.start_s),
        hold_end_s=rendered.clock(hold.end_s),
        end_s=end_s,
        hold_s=hold.end_s - hold.start_s,
        hold_longest_s=hold.longest_s,
        side=rep.side,
        rom_deg=rom_deg,
        complete=True,
        flags=(*(name for name, is_so in flags.items() if is_so), *rep.flags),
        above90_s=time_above(time_s, angle_deg, (rep.out[0], rep.back[1]), 0.9 * rom_deg),
        indirect=rep.indirect,
    )


def _in_sets(reps: list[TrueRep]) -> list[TrueRep]:
    """Numbers the sets: a new one after a minute without a rep (contract)."""
    out: list[TrueRep] = []
    for rep in reps:
        number = 1 if not out else out[-1].set + (rep.start_s - out[-1].end_s >= SET_BREAK_S)
        out.append(replace(rep, set=number))
    return out


def _completed(reps: list[TrueRep], exercise: Exercise, placement: str) -> list[TrueRep]:
    """`complete` by the contract: at least half the median range of the set and the exercise's least range."""
    out = []
    for rep in reps:
        peers = [r.rom_deg for r in reps if r.set == rep.set and r.indirect == rep.indirect]
        least = exercise.view(placement, rep.side).min_range_deg
        whole = rep.rom_deg >= max(COMPLETE_SHARE * float(np.median(peers)), least)
        out.append(replace(rep, complete=bool(whole)))
    return out


def _angle(script: Script, rendered: Rendered) -> Float:
    """(n,) degrees at the samples that arrived: along the axis of the rep under way or just over; else NaN."""
    out = np.full(len(rendered.true_s), np.nan)
    fine = np.column_stack([np.interp(rendered.true_s, rendered.fine_s, c) for c in rendered.fine_deg.T])
    for block in script.blocks:
        starts_s = [block.start_s, *(rep.out[0] for rep in block.reps[1:]), block.end_s]
        for rep, start_s, end_s in zip(block.reps, starts_s[:-1], starts_s[1:], strict=True):
            inside = (rendered.true_s >= start_s) & (rendered.true_s < end_s)
            out[inside] = (fine[inside] - rep.home_deg) @ rep.axis
    return out
