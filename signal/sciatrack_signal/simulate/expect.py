"""What an adversarial case expects of an analysis, checked by machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sciatrack_signal.result import Analysis, Rep
from sciatrack_signal.simulate.truth import Simulated, TrueRep

MATCH_IOU = 0.5
# A flag that a case asks for must stand on this share of the reps that the case names.
FLAGGED_SHARE = 0.5


@dataclass(frozen=True)
class Expect:
    """Conditions, all of which must hold; None and () ask nothing.

    count        : least and most reps counted, over all blocks.
    hold_within_s, hold_within_share : every matched complete rep's hold_s is as near to the truth (the larger of
                   the two); longest_too: hold_longest_s as well; reps : only these true reps, by number from 0.
    flags        : at least half of the reps in `reps` (all if empty) carry at least one of these.
    never        : no rep carries any of these.
    note         : some block has a note; note_or_flag : a note, or one of these on some rep.
    silent       : no rep at all.
    range_spans  : count_low <= true count <= count_high, and they differ.
    quiet_s      : intervals in which no rep may lie (by its middle).
    false_most   : most reps that match no true one; inferred_most : most reps flagged `inferred`.
    refused      : reading the file must fail with a message, or the analysis must carry a note.
    """

    words: str
    count: tuple[int, int] | None = None
    hold_within_s: float | None = None
    hold_within_share: float = 0.0
    longest_too: bool = False
    end_within_s: float | None = None
    reps: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    note: bool = False
    note_or_flag: tuple[str, ...] = ()
    silent: bool = False
    range_spans: bool = False
    quiet_s: tuple[tuple[float, float], ...] = ()
    false_most: int | None = None
    inferred_most: int | None = None
    refused: bool = False


def failures(expect: Expect, simulated: Simulated, analysis: Analysis) -> tuple[str, ...]:
    """What an analysis got wrong, one sentence each; empty when the case is met."""
    reps = [rep for block in analysis.blocks for rep in block.reps]
    return (
        *_counts(expect, simulated, analysis, reps),
        *_holds(expect, simulated, reps),
        *_words(expect, simulated, analysis, reps),
    )


def match(truth: Sequence[TrueRep], found: Sequence[Rep]) -> list[tuple[int, int]]:
    """Pairs (true, found) of reps that overlap by half of their union; one to one, so order does not matter."""
    pairs = []
    for i, true in enumerate(truth):
        for j, rep in enumerate(found):
            both = min(true.end_s, rep.end_s) - max(true.start_s, rep.start_s)
            either = max(true.end_s, rep.end_s) - min(true.start_s, rep.start_s)
            if both > MATCH_IOU * either:
                pairs.append((i, j))
    return pairs


def _counts(expect: Expect, simulated: Simulated, analysis: Analysis, reps: list[Rep]) -> list[str]:
    out = []
    count = sum(block.count for block in analysis.blocks)
    if expect.count is not None and not expect.count[0] <= count <= expect.count[1]:
        out.append(f"counted {count}, expected {expect.count[0]} to {expect.count[1]}")
    if expect.silent and reps:
        out.append(f"{len(reps)} reps where none can be seen")
    for start_s, end_s in expect.quiet_s:
        inside = sum(start_s < 0.5 * (rep.start_s + rep.end_s) < end_s for rep in reps)
        if inside:
            out.append(f"{inside} reps between {start_s:.1f} and {end_s:.1f} s, where there is none")
    matched = {j for _, j in match(simulated.reps, reps)}
    if expect.false_most is not None and len(reps) - len(matched) > expect.false_most:
        out.append(f"{len(reps) - len(matched)} false reps, at most {expect.false_most} allowed")
    inferred = sum("inferred" in rep.flags for rep in reps)
    if expect.inferred_most is not None and inferred > expect.inferred_most:
        out.append(f"{inferred} reps inferred, at most {expect.inferred_most} were there")
    if expect.range_spans:
        low, high = (sum(getattr(b, k) for b in analysis.blocks) for k in ("count_low", "count_high"))
        true = sum(block.count for block in simulated.blocks)
        if not (low <= true <= high and low < high):
            out.append(f"count range {low} to {high} does not span the true {true}")
    return out


def _holds(expect: Expect, simulated: Simulated, reps: list[Rep]) -> list[str]:
    out = []
    for i, j in match(simulated.reps, reps):
        true, rep = simulated.reps[i], reps[j]
        if (expect.reps and i not in expect.reps) or not true.complete or true.indirect:
            continue
        if expect.hold_within_s is not None:
            allowed_s = max(expect.hold_within_s, expect.hold_within_share * true.hold_s)
            wanted = [("hold_s", rep.hold_s, true.hold_s)]
            if expect.longest_too:
                wanted.append(("hold_longest_s", rep.hold_longest_s, true.hold_longest_s))
            for name, got, truth in wanted:
                if got is None or abs(got - truth) > allowed_s:
                    out.append(f"rep {i}: {name} {got} against {truth:.2f}, {allowed_s:.2f} s allowed")
        if expect.end_within_s is not None and (
            rep.hold_end_s is None or abs(rep.hold_end_s - true.hold_end_s) > expect.end_within_s
        ):
            out.append(f"rep {i}: hold ends at {rep.hold_end_s}, truly at {true.hold_end_s:.2f} s")
    return out


def _words(expect: Expect, simulated: Simulated, analysis: Analysis, reps: list[Rep]) -> list[str]:
    out = []
    noted = any(block.note for block in analysis.blocks)
    if (expect.note or expect.refused) and not noted:
        out.append("no note says what is wrong")
    if expect.note_or_flag and not noted and not any(set(expect.note_or_flag) & set(r.flags) for r in reps):
        out.append(f"neither a note nor one of the flags {' '.join(expect.note_or_flag)}")
    unwanted = sorted({flag for rep in reps for flag in rep.flags} & set(expect.never))
    if unwanted:
        out.append(f"flags {' '.join(unwanted)} are wrong here")
    if expect.flags:
        named = [(i, j) for i, j in match(simulated.reps, reps) if not expect.reps or i in expect.reps]
        carrying = sum(bool(set(expect.flags) & set(reps[j].flags)) for _, j in named)
        if not named or carrying < FLAGGED_SHARE * len(named):
            out.append(f"{carrying} of {len(named)} reps carry one of the flags {' '.join(expect.flags)}")
    return out
