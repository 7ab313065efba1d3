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
from stoker.calibrate.rules import rules

# The only row that a process may take, everywhere and from the first sight on.
ONLY = "family one row\nrule {} m 1 * weight 0 * macs 0 pack 0\n"


@click.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Write here instead of the cache directory, where Stoker looks by itself.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(1), default=60.0, show_default=True,
    help="Time to measure for, without starting processes and packing.",
)  # fmt: skip
@click.option("--core", type=int, help="Measure on this CPU; default: the last one allowed.")
def calibrate(output: Path | None, seconds: float, core: int | None) -> None:
    """Time every row of linear against stock on this machine and keep where each one won.

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
    kinds = measurable(status)
    found = measure_all(kinds, seconds, core)
    lines = [str(rule) for kind in kinds for rule in rules(found[kind])]
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


def measurable(status: dict) -> dict[str, list[str]]:
    """Rows by kind of product. bf16 for fp32 tensors needs a CPU with bf16 instructions."""
    has_bf16 = status["isa"] in ("avx512_bf16", "amx")
    return {
        kind: rows
        for kind, rows in status["rows"].items()
        if rows and (has_bf16 or kind != "bfloat16 mode")
    }


def measure_all(kinds: dict[str, list[str]], seconds: float, core: int) -> dict:
    from rich.console import Console
    from rich.progress import Progress

    count = sum(map(len, kinds.values()))
    found: dict[str, dict[str, list[dict]]] = {kind: {} for kind in kinds}
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("calibrating", total=count * len(measure.grid()))
        for kind, rows in kinds.items():
            for row in rows:
                progress.update(task, description=row)
                points = found[kind][row] = []
                for point in measure_row(kind, row, seconds / count, core):
                    points.append(point)
                    progress.advance(task)
    return found


def measure_row(kind: str, row: str, seconds: float, core: int):
    """The points of one row, as a process of its own measures them."""
    with tempfile.TemporaryDirectory() as folder:
        only = Path(folder) / "only.txt"
        only.write_text(ONLY.format(row))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("STOKER")}
        environment |= {"STOKER_CALIBRATION": str(only), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", measure.__name__, kind, row, str(seconds), str(core)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            yield from map(json.loads, child.stdout)
        if child.returncode:
            raise click.ClickException(f"measuring {row} failed: see above; nothing was written")


def summary(found: dict) -> str:
    """A line a row: at how many points it ran, and how it fared against stock."""
    lines = []
    for kind, rows in found.items():
        for row, points in rows.items():
            ratios = sorted(p["ratio"] for p in points if p["ratio"])
            fared = (
                f"{ratios[0]:.2f} to {ratios[-1]:.2f} times stock's speed, median"
                f" {ratios[len(ratios) // 2]:.2f}"
                if ratios
                else "never ran"
            )
            lines.append(f"{kind:14} {row:20} {len(ratios):3} points: {fared}\n")
    return "".join(lines)
