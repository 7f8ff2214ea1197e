"""Simulated recordings with truth: one sensor on a hip or a thigh, made from joint angles outwards.

Nothing here validates anything about people; it says whether a detector finds what was put in. The rest of
`sciatrack_signal` never imports this package and never reads its parameters.
"""

from sciatrack_signal.simulate.adversarial import AdversarialCase, adversarial, case_ids
from sciatrack_signal.simulate.link import LinkOptions
from sciatrack_signal.simulate.nobody import KINDS, simulate_nobody
from sciatrack_signal.simulate.parameters import SimulationError
from sciatrack_signal.simulate.sets import Options, clean_options, simulate_set
from sciatrack_signal.simulate.truth import Simulated, TrueBlock, TrueRep
from sciatrack_signal.simulate.visits import simulate_visit

__all__ = [
    "KINDS",
    "AdversarialCase",
    "LinkOptions",
    "Options",
    "Simulated",
    "SimulationError",
    "TrueBlock",
    "TrueRep",
    "adversarial",
    "case_ids",
    "clean_options",
    "simulate_nobody",
    "simulate_set",
    "simulate_visit",
]
