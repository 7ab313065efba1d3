"""`stoker calibrate`: where do our rows beat stock on this very machine?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from stoker.calibrate import measure
from stoker.calibrate.operators import OPERATORS

MEASURE = ("-m", measure.__name__)

# A region that no problem is in: what was measured and never won is not the shipped file's to say.
NOWHERE = {
    "linear": "rule none m 0 0 weight 0 0 macs 0 pack 0",
    "batched": "batched none b along_n m 0 0 n 0 0 k 0 0 macs 0",
    "bags": "bags none sum bags 0 0 length 0 0",
    "conv": "conv none point last images 0 0 pixels 0 0 outputs 0 0 macs 0 pack 0",
    "rnn": "rnn none h 0 0 b 0 0 t 0 0 pack 0",
}


def operators_of(_context, _option, text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in OPERATORS:
            raise click.BadParameter(f"'{name}' is none of {', '.join(OPERATORS)}")
    return list(dict.fromkeys(names))


@click.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Write here instead of the cache directory, where Stoker looks by itself.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(1), default=60.0, show_default=True,
    help="Time to measure for, without starting processes and packing.",
)  # fmt: skip
@click.option(
    "--operators", callback=operators_of, default=",".join(OPERATORS), show_default=True,
    help="What to measure; of other operators the shipped rules stay.",
)  # fmt: skip
@click.option("--core", type=int, help="Measure on this CPU; default: the last one allowed.")
def calibrate(output: Path | None, seconds: float, operators: list[str], core: int | None) -> None:
    """Time every row against stock on this machine and keep where each one won.

    The file takes effect in programs started afterwards; deleting it brings the shipped one back.
    """
    import torch

    import stoker

    status = stoker.status()
    if not status["active"]:
        raise click.ClickException(f"Stoker is off: {status['why']}")
    allowed = sorted(os.sched_getaffinity(0))
    core = allowed[-1] if core is None else core
    if core not in allowed:
        raise click.UsageError(f"--core {core}: this process may run on {allowed} only")
    target = output or Path(status["calibration_file"])
    if str(target) in ("", ".", "shipped"):
        raise click.UsageError("there is no cache directory here; say --output FILE")
    target.parent.mkdir(parents=True, exist_ok=True)
    found = measure_all(measurable(status, operators), seconds, core)
    lines = lines_of(found)
    header = [
        "# Written by `stoker calibrate`: one thread, cold weights, stock and the row in turns.",
        f"# torch {torch.__version__}, {status['cpu']}, {status['isa']}.",
        f"family this machine ({status['cpu']})",
    ]
    # Programs that start meanwhile read the old file or the new one, never half of one.
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    partial.write_text("\n".join([*header, *lines]) + "\n")
    partial.replace(target)
    click.echo(summary(found) + f"{len(lines)} rules in {target}")


def measurable(status: dict, operators: list[str]) -> dict[tuple[str, str], list[str]]:
    """Rows by operator and kind of product. bf16 for fp32 tensors needs bf16 instructions."""
    has_bf16 = status["isa"] in ("avx512_bf16", "amx")
    return {
        (operator, kind): OPERATORS[operator].rows(linear, kind)
        for operator in operators
        for kind, linear in status["rows"].items()
        if linear and (has_bf16 or kind != "bfloat16 mode")
    }


def measure_all(kinds: dict[tuple[str, str], list[str]], seconds: float, core: int) -> dict:
    """Every row of `kinds`; each point of a grid is given as much time as any other."""
    from rich.console import Console
    from rich.progress import Progress

    sizes = {
        (operator, kind, row): len(OPERATORS[operator]().grid(row))
        for (operator, kind), rows in kinds.items()
        for row in rows
    }
    total = sum(sizes.values())
    found: dict[tuple[str, str], dict[str, list[dict]]] = {key: {} for key in kinds}
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("calibrating", total=total)
        for (operator, kind, row), size in sizes.items():
            progress.update(task, description=row)
            points = found[operator, kind][row] = []
            for point in measure_row(operator, kind, row, seconds * size / total, core):
                points.append(point)
                progress.advance(task)
    return found


def lines_of(found: dict[tuple[str, str], dict[str, list[dict]]]) -> list[str]:
    lines: list[str] = []
    for operator in dict.fromkeys(operator for operator, _ in found):
        won = [
            line
            for (of, _), points in found.items()
            if of == operator
            for line in OPERATORS[operator].lines(points)
        ]
        lines += won or [NOWHERE[operator]]
    return lines


def only(operator: str, row: str) -> str:
    """A calibration by which a process takes this row alone, everywhere."""
    return "\n".join(["family one row", *OPERATORS[operator].everywhere(row), ""])


def measure_row(operator: str, kind: str, row: str, seconds: float, core: int):
    """The points of one row, as a process of its own measures them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "only.txt"
        # The others' shipped rules do not complete it.
        rest = [line for name, line in NOWHERE.items() if name != operator]
        file.write_text(only(operator, row) + "\n".join(rest) + "\n")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("STOKER")}
        environment |= {"STOKER_CALIBRATION": str(file), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *MEASURE, operator, kind, row, str(seconds), str(core)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            yield from map(json.loads, child.stdout)
        if child.returncode:
            raise click.ClickException(f"measuring {row} failed: see above; nothing was written")


def summary(found: dict) -> str:
    """A line a row: at how many points it ran, and how it fared against stock."""
    lines = []
    for (_, kind), rows in found.items():
        for row, points in rows.items():
            ratios = sorted(p["ratio"] for p in points if p["ratio"])
            fared = (
                f"{ratios[0]:.2f} to {ratios[-1]:.2f} times stock's speed, median"
                f" {ratios[len(ratios) // 2]:.2f}"
                if ratios
                else "never ran"
            )
            lines.append(f"{kind:14} {row:22} {len(ratios):3} points: {fared}\n")
    return "".join(lines)
