"""Whole models: stock, torch.compile and Stoker, each in a process of its own, in turns.

usage: python -m bench.models [--models resnet50,bert-128] [--backends stock,library]
           [--dtype float32,bfloat16] [--threads N] [--json FILE]

Every result is compared with stock fp32's before anything is timed. A backend that fails on a
model, or computes something else, is a row that says why; the exit status is then 1.
docs/benchmarks.md says how to read the table.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.models import run, table, zoo  # noqa: F401  (fills WORKLOADS)
from bench.models.backends import BACKENDS, STOCK
from bench.models.contestant import Settings
from bench.models.workload import WORKLOADS

DTYPES = ("float32", "bfloat16")
CPU_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def positive(kind: Callable) -> Callable:
    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not value > 0:
            raise argparse.ArgumentTypeError(f"'{text}' is not a positive number")
        return value

    return number


def names_among(wanted: str, what: str, choices: Iterable[str]) -> list[str]:
    """Raises ValueError that names the choices."""
    names = list(dict.fromkeys(wanted.split(",")))
    for name in names:
        if name not in choices:
            raise ValueError(f"no {what} named '{name}'; there are {', '.join(choices)}")
    return names


def choices() -> str:
    models = [f"  {name:16} {workload.about}" for name, workload in WORKLOADS.items()]
    backends = [
        f"  {name:16} {backend.about} ({', '.join(backend.dtypes)})"
        for name, backend in BACKENDS.items()
    ]
    return "\n".join(["models:", *models, "backends:", *backends])


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.models",
        description=__doc__.split("\n")[0],
        epilog=choices(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", metavar="NAMES", help="default: all")
    parser.add_argument("--backends", metavar="NAMES", help="default: all")
    parser.add_argument("--dtype", metavar="NAMES", default=",".join(DTYPES), help="default: both")
    parser.add_argument("--threads", type=positive(int), default=1, help="and as many CPUs")
    parser.add_argument("--core", type=int, help="the first CPU; default: the first allowed")
    parser.add_argument("--turns", type=positive(int), default=9)
    parser.add_argument("--batch", type=positive(float), default=0.3, help="seconds of a turn")
    parser.add_argument("--limit", type=positive(float), default=900, help="seconds of a request")
    parser.add_argument("--also", action="append", default=[], metavar="MODULE",
        help="a module that registers more models or backends")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything measured")
    given = parser.parse_args(arguments)
    try:
        for module in given.also:
            importlib.import_module(module)
        given.models = names_among(given.models or ",".join(WORKLOADS), "model", WORKLOADS)
        asked = given.backends or ",".join(BACKENDS)
        asked = names_among(asked, "backend", BACKENDS)
        given.dtype = names_among(given.dtype, "dtype", DTYPES)
        for name in asked if given.backends else ():
            has = BACKENDS[name].dtypes
            if name != STOCK and not set(given.dtype) & set(has):
                wanted = " or ".join(given.dtype)
                raise ValueError(f"{name} has no {wanted}; it has {', '.join(has)}")
        given.backends = asked
        given.cpus = cpus_from(given.core, given.threads)
    except (ValueError, ImportError) as error:
        parser.error(str(error))
    if given.turns < 2:
        parser.error("quartiles need --turns 2 or more")
    return given


def cpus_from(core: int | None, threads: int) -> tuple[int, ...]:
    allowed = sorted(os.sched_getaffinity(0))
    found = [cpu for cpu in allowed if core is None or cpu >= core][:threads]
    if len(found) < threads or core not in (None, found[0]):
        begin = "" if core is None else f" from {core} on"
        raise ValueError(f"{threads} CPUs{begin} are not among the allowed ones, {allowed}")
    return tuple(found)


def machine(given: argparse.Namespace) -> dict[str, object]:
    cpu: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        cpu.setdefault(key.strip(), value.strip())
    flags = cpu.get("flags", "").split()
    return {
        "machine": {
            "cpu": cpu.get("model name", "unknown"),
            "flags": [flag for flag in CPU_FLAGS if flag in flags],
            "cpus": given.cpus,
            "system": platform.platform(),
        },
        "options": {
            key: getattr(given, key)
            for key in ("models", "backends", "dtype", "threads", "turns", "batch", "also")
        },
    }


def main(arguments: list[str] | None = None) -> None:
    given = options(arguments)
    about = machine(given)
    print(json.dumps(about))
    keys = run.keys_of(given.backends, given.dtype)
    rows: list[run.Row] = []
    with tempfile.TemporaryDirectory(prefix="stoker-bench-") as folder:
        settings = Settings(given.cpus, given.threads, given.limit, Path(folder), tuple(given.also))
        for name in given.models:
            rows += run.measure(WORKLOADS[name], keys, settings, given.turns, given.batch)
    table.show(rows)
    if given.json:
        results = about | table.as_json(rows)
        given.json.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n")
    sys.exit(1 if any(row.failed for row in rows) else 0)


if __name__ == "__main__":
    main()
