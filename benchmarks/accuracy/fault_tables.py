"""The table of flags: how often a fault that is there is flagged, and how often one that is not."""

from __future__ import annotations

import pandas as pd

from accuracy.tables import Table, k_of_n, share


def fault_tables(rows: pd.DataFrame) -> list[Table]:
    """One row for each fault put in, then all flags of how it was done in the sets without any."""
    out = []
    for (flag, what), part in rows.groupby(["flag", "what"], sort=False):
        has = part.has.astype(bool)
        hit, false = int(part[has].flagged.sum()), int(part[~has].flagged.sum())
        n, none = int(has.sum()), int((~has).sum())
        out.append((str(flag), str(what), k_of_n(hit, n), share(hit, n), k_of_n(false, none), share(false, none)))
    return [Table(
        "Simulated sets, flags of how a rep was done",
        ("flag", "put in", "flagged where it is", "95 %", "flagged where it is not", "95 %"), out, "simulated",
        "Reps, not persons: those of one set are alike. People of all severities; the same sets "
        "with and without the fault. The belt steps about a level axis: about the vertical it shows nothing.",
    )]  # fmt: skip
