"""The report at exit: what each operator did and why not more (STOKER_REPORT=1 or a file's name).

Printed by an atexit hook, so a process that ends by os._exit (multiprocessing's children) prints
none. A process that ran no operator of ours prints none either.
"""

from __future__ import annotations

import atexit
import json
import os
import sys

from stoker import stderr

# What to do about a reason; the other reasons ask for nothing (docs/fallbacks.md has them all).
HINTS = {
    "autograd is recording": "use torch.no_grad(), torch.inference_mode() or --inference",
    "input is not contiguous": "call .contiguous() on the input where that is cheap",
    "weight is not one dense matrix": "call .contiguous() on the weight",
    "weight memory has other holders (kept state_dict, view or array)": "drop the kept state_dict",
    "weight memory is not torch's own (numpy, DLPack, shared or foreign)": "clone the weight",
    "weight was written lately: waiting before packing again": "write weights less often",
    "weight is mapped from a file and STOKER_PACK_MAPPED=0": "unset STOKER_PACK_MAPPED",
    "the budget of packed bytes is used up": "raise STOKER_PACK_BUDGET",
    "a pack would take more than a quarter of the free memory": "free some memory",
    "torch.backends.mkldnn is disabled": "leave torch.backends.mkldnn enabled",
}

WIDTH = 120  # columns, of a terminal or not: a report often ends in a log file
LEAST_SHARE = 5  # per cent of an operator's time that is worth a line


def install(target: str) -> None:
    """Report at exit on stderr (`target` "1") or into a JSON file, one line a process."""
    if target == "1":
        # Now, not at exit: CPython forgets that a KeyboardInterrupt ended the program, and with it
        # the exit status, when anything calls exec() afterwards (dataclasses do).
        from rich import console, table  # noqa: F401
    atexit.register(_at_exit, target, os.getpid())


def _at_exit(target: str, pid: int) -> None:
    try:
        if os.getpid() != pid:  # a forked child must not print its parent's numbers
            return
        found = collect()
        if not found["operators"]:
            return
        if target == "1":
            stderr.write(as_text(found))
        else:
            # One write of one line: processes that append at once do not mix.
            with open(target, "a") as file:
                file.write(json.dumps(found) + "\n")
    except Exception:  # a report must not change how a program ends
        return


def collect() -> dict:
    """What the report says, as plain values: process, operators that were called, packed bytes."""
    import stoker

    status = stoker.status()
    process = {"pid": os.getpid(), "argv": list(getattr(sys, "argv", []))}
    for name in ("RANK", "LOCAL_RANK"):
        if name in os.environ:
            process[name.lower()] = int(os.environ[name])
    called = {name: counts for name, counts in status["operators"].items() if counts["calls"]}
    keys = ("active", "why", "cpu", "isa", "dtype", "calibration")
    return process | {key: status.get(key) for key in keys} | {
        "operators": called,
        "packed": status["packed"],
        "graphs": status["graphs"],
    }  # fmt: skip


def as_text(found: dict) -> str:
    """`collect()` for people: a table of operators, then what to do about the commonest reasons."""
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table

    rank = f", rank {found['rank']}" if "rank" in found else ""
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column("operator", no_wrap=True)
    for title in ("calls", "taken", "taken s", "stock s"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("by", no_wrap=True)
    table.add_column("stock because")
    operators = sorted(found["operators"].items(), key=lambda item: -_seconds(item[1]))
    for name, op in operators:
        table.add_row(
            name, str(op["calls"]), str(op["taken"]),
            f"{op['seconds_taken']:.3f}", f"{op['seconds_declined']:.3f}",
            "\n".join(f"{count} {row}" for row, count in op["rows"].items()),
            "\n".join(f"{count} {reason}" for reason, count in _commonest(op)),
        )  # fmt: skip
    text = StringIO()
    Console(file=text, width=WIDTH, highlight=False, markup=False).print(table)
    packed = found["packed"]
    return "\n".join(
        [
            f"stoker: process {found['pid']}{rank}: {found['cpu']}, {found['isa']},"
            f" {found['dtype']}, calibration: {found['calibration']}",
            text.getvalue().rstrip(),
            f"packed weights: {packed['entries']}, {packed['bytes'] / 2**20:.1f} MiB"
            f" of at most {packed['budget'] / 2**20:.1f}",
            *(_graph(root) for root in found.get("graphs", ())),
            *(line for name, op in operators for line in _what_to_do(name, op)),
            "",
        ]
    )


def _graph(root: dict) -> str:
    """One line on a captured module."""
    fused = ", ".join(f"{count} {name}" for name, count in root["fused"].items()) or "nothing fused"
    parts = [
        f"{root['graphs']} graphs of {root['module']} in {root['captures']} captures"
        f" ({root['seconds']:.1f} s) ran {root['calls']} calls: {fused}",
        *(f"kept as captured: {why}" for why in root["kept"]),
        *(f"broke: {why}" for why in root["breaks"]),
        *([f"no more captures: {root['refused']}"] if root["refused"] else []),
    ]
    return "; ".join(parts)


def _commonest(op: dict) -> list[tuple[str, int]]:
    return sorted(op["declined"].items(), key=lambda item: -item[1])[:3]


def _what_to_do(name: str, op: dict) -> list[str]:
    """Where there is a remedy: "97 % of linear time was stock: autograd is recording; use ..." """
    seconds, stock = _seconds(op), sum(op["declined"].values())
    if not seconds or not stock:
        return []
    lines = []
    for reason, count in _commonest(op):
        # Reasons are counted, not timed: a reason's share of the stock calls stands for its time.
        share = 100 * op["seconds_declined"] / seconds * count / stock
        if reason in HINTS and share >= LEAST_SHARE:
            lines.append(f"{share:.0f} % of {name} time was stock: {reason}; {HINTS[reason]}")
    return lines


def _seconds(op: dict) -> float:
    return op["seconds_taken"] + op["seconds_declined"]
