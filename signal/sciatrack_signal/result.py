"""What `analyze` answers: blocks of reps, in the words and order of the contract."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from sciatrack_signal.fading import change_percent, median

if TYPE_CHECKING:
    import pandas as pd

FLAGS = (
    "short_hold", "long_hold", "interrupted_hold", "fading_hold", "small_range", "large_range",
    "incomplete_return", "fast_entry", "bouncing", "shaky", "gap", "cut", "inferred", "slipped", "clipped",
    "assumed_polarity", "low_certainty", "pelvis_roll", "pelvis_pitch", "uneven", "knee_bend",
)  # fmt: skip


@dataclass(frozen=True, slots=True)  # a day may have thousands
class Rep:
    """One out-move, hold and return. Times are seconds on the recording's own clock; None is unknown.

    out_s, return_s: seconds of the two moves. steadiness_deg: root mean square of the sway in the hold.
    """

    set: int
    start_s: float
    hold_start_s: float | None
    hold_end_s: float | None
    end_s: float
    hold_s: float | None
    hold_longest_s: float | None
    hold_s_low: float | None
    hold_s_high: float | None
    side: str
    rom_deg: float | None
    complete: bool
    confidence: float
    flags: tuple[str, ...] = ()
    out_s: float | None = field(init=False)
    return_s: float | None = field(init=False)
    steadiness_deg: float | None = None

    def __post_init__(self) -> None:
        out_s = None if self.hold_start_s is None else self.hold_start_s - self.start_s
        object.__setattr__(self, "out_s", out_s)
        object.__setattr__(self, "return_s", None if self.hold_end_s is None else self.end_s - self.hold_end_s)


@dataclass(frozen=True)
class Block:
    """The stretch of a recording in which one exercise is done, or one line that says why there is none.

    The five figures before `reps` sum up its complete reps: medians, and by how many percent the range changed from
    the first rep of a set to its last; None where that is unknown.
    """

    recording: str
    block: int
    block_start_s: float
    block_end_s: float
    exercise: str
    placement: str
    side: str
    observability: str
    note: str
    sampling_rate_hz: float
    duration_s: float
    gaps_s: float
    algorithm: str
    count: int
    count_low: int
    count_high: int
    rom_median_deg: float | None = field(init=False)
    rom_change_percent: float | None = field(init=False)
    out_median_s: float | None = field(init=False)
    return_median_s: float | None = field(init=False)
    steadiness_median_deg: float | None = field(init=False)
    reps: tuple[Rep, ...] = ()

    def __post_init__(self) -> None:
        whole = [rep for rep in self.reps if rep.complete]
        for name in ("rom_deg", "out_s", "return_s", "steadiness_deg"):
            what, unit = name.rsplit("_", 1)
            object.__setattr__(self, f"{what}_median_{unit}", median([getattr(rep, name) for rep in whole]))
        ranges = [(rep.set, rep.side, rep.rom_deg) for rep in whole if rep.rom_deg is not None]
        object.__setattr__(self, "rom_change_percent", change_percent(ranges))

    def to_dict(self) -> dict[str, Any]:
        """The object that `--format jsonl` prints: the contract's keys in the contract's order."""
        return asdict(self)


BLOCK_COLUMNS = tuple(field.name for field in fields(Block) if field.name != "reps")
REP_COLUMNS = tuple(field.name for field in fields(Rep))
# One row a rep; the block's `side` is kept under the name block_side, since the rep's own side has the name.
TABLE_COLUMNS = tuple("block_side" if name == "side" else name for name in BLOCK_COLUMNS) + REP_COLUMNS


@dataclass(frozen=True)
class Analysis:
    """All blocks of one recording; at least one, which may be empty and then says why in its note."""

    blocks: tuple[Block, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary a rep: the block's columns first, then the rep's; flags joined by spaces."""
        rows = []
        for block in self.blocks:
            head = {"block_side" if k == "side" else k: getattr(block, k) for k in BLOCK_COLUMNS}
            for rep in block.reps:
                row = head | {name: getattr(rep, name) for name in REP_COLUMNS}
                rows.append(row | {"flags": " ".join(rep.flags)})
        return rows

    @property
    def reps(self) -> pd.DataFrame:
        """One row a rep with the columns of TABLE_COLUMNS; empty, with the same columns, if there is none."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=list(TABLE_COLUMNS))
