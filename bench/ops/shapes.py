"""The named shapes of bench/shapes/*.txt; the format is described in docs/benchmarks.md.

bench/micro/shapes.cpp reads the same files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "shapes"


class ShapeError(ValueError):
    """What is wrong with a file of shapes or a selection; says where."""


@dataclass(frozen=True)
class Shape:
    name: str
    n: int
    k: int
    rows: tuple[int, ...]  # values of M worth measuring

    @property
    def model(self) -> str:
        return self.name.partition(".")[0]


def positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"'{text}' is not a positive number")
    return int(text)


def parse_rows(text: str) -> tuple[int, ...]:
    """'1,8,64'. Raises ValueError."""
    return tuple(positive(word) for word in text.split(","))


def read_shapes(path: Path) -> list[Shape]:
    """Raises ShapeError with file and line."""
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise ShapeError(f"{path}: cannot be read: {error.strerror}") from error
    shapes: list[Shape] = []
    rows: tuple[int, ...] = ()
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        try:
            if not words:
                continue
            if words[0] == "rows":
                rows = tuple(map(positive, words[1:]))
                if not rows:
                    raise ValueError("expected 'rows M...'")
                continue
            if len(words) != 3:
                raise ValueError("expected 'NAME N K' or 'rows M...'")
            if not rows:
                raise ValueError("expected a 'rows M...' line before the first shape")
            if any(shape.name == words[0] for shape in shapes):
                raise ValueError(f"'{words[0]}' is there already")
            shapes.append(Shape(words[0], positive(words[1]), positive(words[2]), rows))
        except ValueError as error:
            raise ShapeError(f"{path}:{number}: {error}") from error
    return shapes


def select_shapes(wanted: str, folder: Path = FOLDER) -> list[Shape]:
    """Those that `wanted` names: shapes, models or files (by their stem), separated by commas.

    Raises ShapeError for a name that is none of them.
    """
    known = [
        (path.stem, shape) for path in sorted(folder.glob("*.txt")) for shape in read_shapes(path)
    ]
    selected: list[Shape] = []
    for name in wanted.split(","):
        found = [shape for stem, shape in known if name in (stem, shape.model, shape.name)]
        if not found:
            raise ShapeError(f"{folder}: no shape, model or file named '{name}'")
        selected += [shape for shape in found if shape not in selected]
    return selected
