"""`stoker compare`: one script with stock torch and with Stoker: faster or not, equal or not."""

from __future__ import annotations

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import click

from stoker.compare import outputs, recorder
from stoker.launcher import command as launcher

# The lowest cosine similarity of an output that passes. fp32 differs from stock by the order of
# summation only; bf16 keeps 8 bits of each operand.
LEAST_COSINE = {"float32": 0.99999, "bfloat16": 0.99}


@click.command(context_settings=launcher.SETTINGS)
@click.option("-m", "--module", is_flag=True, help="PROGRAM is a module, as in python -m.")
@click.option("--dtype", type=launcher.DTYPES, default="float32", show_default=True)
@click.option("--force", is_flag=True, help="bfloat16 also on a CPU without bf16 instructions.")
@launcher.graph_options
@click.option("--inference", is_flag=True, help="Module calls never record gradients.")
@click.option("--repeat", type=click.IntRange(1), default=3, show_default=True, help="Rounds.")
@click.option(
    "--min-cosine", type=click.FloatRange(-1, 1),
    help="An output below it fails; default 0.99999, with bfloat16 0.99.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def compare(
    program: str, arguments: tuple[str, ...], repeat: int, as_json: bool, **options
) -> None:
    """Run a script with stock torch and with Stoker, in turns, and compare time and results.

    Exit code 1 when an output differs by more than the type explains, or the script fails.
    """
    command = [sys.executable, *(["-m"] if options["module"] else []), program, *arguments]
    asked = options | {"report": None, "verbose": False}
    environments = [{"STOKER": "0"}, launcher.settings(asked)]
    pairs = []
    for turn in range(repeat):
        order = (0, 1) if turn % 2 == 0 else (1, 0)
        pair = {side: record(command, environments[side]) for side in order}
        pairs.append((pair[0], pair[1]))
    least = options["min_cosine"]
    if least is None:
        least = LEAST_COSINE[options["dtype"]]
    found = conclude(pairs, least)
    click.echo(json.dumps(found, indent=1) if as_json else as_text(found))
    sys.exit(0 if found["passed"] else 1)


def record(command: list[str], settings: dict[str, str]) -> dict:
    """Runs the script once; what its process recorded. Its own output is shown when it fails."""
    import torch

    kept = {k: v for k, v in os.environ.items() if not k.startswith("STOKER_")}
    with tempfile.TemporaryDirectory() as folder:
        environment = kept | settings | {"STOKER_RECORD": folder, "PYTHONHASHSEED": "0"}
        child = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        text, _ = child.communicate()
        side = "stock torch" if settings.get("STOKER") == "0" else "Stoker"
        if child.returncode:
            sys.stderr.buffer.write(text)
            raise click.ClickException(f"with {side} the script ended with {child.returncode}")
        path = Path(folder) / f"{child.pid}.pt"
        if not path.exists():
            raise click.ClickException(
                f"with {side} the script left no record: it never imported torch, or ended by"
                " os._exit"
            )
        return torch.load(path)


def conclude(pairs: list[tuple[dict, dict]], least_cosine: float) -> dict:
    """Everything that is printed, as plain values."""
    modules = outputs.compare_rounds(pairs)
    # A script that differs from itself cannot be judged.
    itself = [
        difference
        for first, second in pairwise(pairs)
        for difference in outputs.differences(first[0], second[0]).values()
    ]
    repeatable = all(passes(difference, least_cosine) for difference in itself)
    ratios = [outputs.total_ratio(pair) for pair in pairs]
    peaks = [statistics.median(pair[side]["peak"] for pair in pairs) for side in (0, 1)]
    return {
        "passed": bool(modules)
        and all(passes(m.difference, least_cosine) for m in modules.values()),
        "repeatable": repeatable,
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "least_cosine": least_cosine,
        "peak_bytes": {"stock": peaks[0], "stoker": peaks[1]},
        "modules": {name: dataclasses.asdict(module) for name, module in modules.items()},
    }


def passes(difference: outputs.Difference, least_cosine: float) -> bool:
    return difference.cosine >= least_cosine and not difference.mismatches


def as_text(found: dict) -> str:
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column("module")
    for title in ("calls", "stock / Stoker", "abs error", "rel error", "cosine"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, module in found["modules"].items():
        difference, ratios = module["difference"], module["ratios"]
        table.add_row(
            name, str(module["calls"]), _spread(ratios),
            f"{difference['absolute']:.2e}", f"{difference['relative']:.2e}",
            f"{difference['cosine']:.7f}",
        )  # fmt: skip
    text = StringIO()
    Console(file=text, width=110, highlight=False).print(table)
    peaks = {side: f"{peak / 2**20:.0f} MiB" for side, peak in found["peak_bytes"].items()}
    lines = [text.getvalue().rstrip("\n")]
    lines.append(f"peak memory: stock {peaks['stock']}, Stoker {peaks['stoker']}")
    lines.append(
        f"outputs recorded: at most {recorder.MOST_BYTES >> 20} MiB a process, included above"
    )
    for name, module in found["modules"].items():
        lines += [f"DIFFERS  {name}: {text}" for text in module["difference"]["mismatches"][:5]]
    return "\n".join([*lines, verdict(found)])


def _spread(ratios: list[float]) -> str:
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def verdict(found: dict) -> str:
    if not found["modules"]:
        return "FAILED: the script called no module, so there is nothing to compare"
    speed = f"stock time / Stoker time = {_spread(found['ratios'])}"
    if found["passed"]:
        return f"PASSED: {speed}; every output is the same within {found['least_cosine']} of cosine"
    why = "" if found["repeatable"] else "; but stock differs from itself too: seed the script"
    return f"FAILED: outputs differ; {speed}{why}"
