"""The named numbers of the detector: which there are, their reason, and an import with one of them changed.

A threshold is a number, or a tuple of numbers, with a name in capitals at the top of a module that
`sciatrack_signal.pipeline` reaches. They are found by reading the source, so none can be forgotten; those that are
no choice (a definition of the contract, a fact, a size of a buffer) are exempt here with the reason.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

PACKAGE = "sciatrack_signal"
ROOT = Path(__file__).resolve().parents[1] / "signal" / PACKAGE
ENTRY = "pipeline"

CONTRACT = "a definition of the contract, no choice"
SPEED = "changes what is computed at once, not what comes of it"
EXEMPT = {
    "assemble.COMPLETE_SHARE": CONTRACT,
    "moves.EDGE_SPEED_SHARE": CONTRACT,
    "moves.MINIMUM_JERK_T90": "a fact of the minimum-jerk curve",
    "moves.UPPER_CROSSING": "belongs to the fact below it: the moment at which that curve is so far",
    "pipeline.SET_PAUSE_S": CONTRACT,
    "moves.GRAVITY": "a fact",
    "blocks.NO_LEVER_M": "nothing: no share of it is anything else",
    "exercise_file.LONGEST_M": "checks a file that a person wrote; no recording is read with it",
    "dwells.TOGETHER": SPEED,
    "dwells.ROWS_TOGETHER": SPEED,
    "edges.NO_ROW": "a mark, no number",
    "grid.CHUNK_SAMPLES": SPEED,
    "orientation.RADIX": SPEED,
    "orientation.SERIES_MAX": "up to there a series is exact",
    "excursion.NEARLY_EQUAL": SPEED,
    "excursion.LEAST_SPREAD": "what a double can hold",
    "ragged.SORTED_AT_A_TIME": SPEED,
    "smoothing.MANY_ROWS": SPEED,
    "smoothing.TILE": SPEED,
    "smoothing.TILES": SPEED,
    "walking.TRANSFORM_ROWS": SPEED,
    "quality.STANDING": "a direction: up along the body part's long axis",
    "exercise_file.UNIT_LENGTH_TOLERANCE": "checks a file that a person wrote; no recording is read with it",
    "fading.TREND_REPS": "decides whether a block's trend is told; no repetition depends on it",
}


@dataclass(frozen=True)
class Threshold:
    """One named number: `name` is module.NAME, `source` its value as written, `reason` its comment."""

    name: str
    source: str
    reason: str

    @property
    def exempt(self) -> str:
        """Why it is not varied; empty for one that is."""
        return EXEMPT.get(self.name, "")


def reached(entry: str = ENTRY, root: Path = ROOT) -> list[str]:
    """Modules of the package that `entry` imports, itself and theirs included, sorted."""
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        tree = ast.parse((root / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{PACKAGE}."):
                waiting.append(node.module.removeprefix(f"{PACKAGE}."))
    return sorted(found)


def thresholds(root: Path = ROOT) -> list[Threshold]:
    """All of the detector, by module and then in the order of the source."""
    return [found for name in reached(root=root) for found in in_source(name, (root / f"{name}.py").read_text())]


def in_source(module: str, text: str) -> Iterator[Threshold]:
    """The thresholds of one module's source."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        for name, value in _named(node):
            source = ast.get_source_segment(text, value) or ""
            yield Threshold(f"{module}.{name}", " ".join(source.split()), _reason(lines, node))


def _named(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    """Names in capitals that a statement gives a number or a tuple of numbers; `A, B = 1, 2` gives two."""
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        pairs: list[tuple[ast.expr, ast.expr]] = [(node.target, node.value)]
    elif isinstance(node, ast.Assign):
        pairs = [(target, node.value) for target in node.targets]
    else:
        return []
    flat = []
    for target, value in pairs:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            flat += list(zip(target.elts, value.elts, strict=True))
        else:
            flat.append((target, value))
    return [(t.id, v) for t, v in flat if isinstance(t, ast.Name) and t.id.isupper() and _numeric(v)]


def _numeric(value: ast.expr) -> bool:
    """Whether an expression is made of numbers, names in capitals, and tuples and loops of them."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int | float) and not isinstance(value.value, bool)
    if isinstance(value, ast.UnaryOp):
        return _numeric(value.operand)
    if isinstance(value, ast.BinOp):
        return _numeric(value.left) and _numeric(value.right)
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(map(_numeric, value.elts))
    if isinstance(value, ast.Call):  # tuple(... for k in range(n))
        return isinstance(value.func, ast.Name) and value.func.id == "tuple" and all(map(_numeric, value.args))
    if isinstance(value, ast.GeneratorExp):
        return _numeric(value.elt)
    return isinstance(value, ast.Name) and (value.id.isupper() or len(value.id) == 1)


def _reason(lines: Sequence[str], node: ast.stmt) -> str:
    """The comment beside a statement, and the one above it or above the unbroken lines that it stands in."""
    beside = " ".join(line.partition("  # ")[2] for line in lines[node.lineno - 1 : node.end_lineno])
    above: list[str] = []
    at = node.lineno - 2
    while at >= 0 and lines[at].strip() and not lines[at].startswith("#"):
        at -= 1
    while at >= 0 and lines[at].startswith("#"):
        above.insert(0, lines[at].lstrip("# "))
        at -= 1
    return " ".join((*above, beside)).strip()


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the package with one threshold times `factor`; everything derived from it follows."""

    def __init__(self, name: str, factor: float) -> None:
        self.module, _, self.constant = name.partition(".")
        self.factor = factor

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != f"{PACKAGE}.{self.module}":
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    @cached_property
    def path(self) -> Path:
        return ROOT / f"{self.module}.py"

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        tree = changed(self.path.read_text(encoding="utf-8"), self.constant, self.factor)
        module.__dict__["_times"] = _times
        exec(compile(tree, str(self.path), "exec"), module.__dict__)


def changed(text: str, constant: str, factor: float) -> ast.Module:
    """The source in which what `constant` is given is multiplied. Raises KeyError for a name it does not give."""
    tree = ast.parse(text)
    done = False
    for node in tree.body:
        for name, value in _named(node):
            if name == constant:
                _replace(node, value, factor)
                done = True
    if not done:
        raise KeyError(constant)
    return ast.fix_missing_locations(tree)


def _replace(node: ast.stmt, value: ast.expr, factor: float) -> None:
    class Swap(ast.NodeTransformer):
        def visit(self, part: ast.AST) -> ast.AST:
            if part is value:
                call = ast.Call(ast.Name("_times", ast.Load()), [value, ast.Constant(factor)], [])
                return ast.copy_location(call, value)
            return self.generic_visit(part)

    Swap().visit(node)


def _times(value: float | tuple[float, ...], factor: float) -> float | tuple[float, ...]:
    """A number or each of a tuple times `factor`; a whole number stays one and moves by one at least."""
    if isinstance(value, tuple):
        return tuple(_times(v, factor) for v in value)  # type: ignore[misc]
    if isinstance(value, int):
        step = max(1, round(abs(value * (factor - 1.0))))
        return value + step if factor > 1 else value - step
    return value * factor


def change(name: str, factor: float) -> None:
    """From now on the package is imported with one threshold changed; nothing of it may be imported yet."""
    early = [module for module in sys.modules if module == PACKAGE or module.startswith(f"{PACKAGE}.")]
    if early:
        raise RuntimeError(f"{early[0]} is imported already: it would keep the value it has")
    sys.meta_path.insert(0, Changed(name, factor))


def fingerprint(root: Path = ROOT) -> str:
    """Changes when any module or catalogue of the detector does."""
    files = [root / f"{name}.py" for name in reached(root=root)] + sorted(root.glob("*.toml"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
