"""The report at exit: what each operator did and why not more (STOKER_REPORT=1 or a file's name).

Printed by an atexit hook, so a process that ends by os._exit (multiprocessing's children) prints
none. A process that ran no operator of ours prints none either.
"""

from __future__ import annotations

import atexit
import json
import os
import sys

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


def install(target: str) -> None:
    """Report at exit on stderr (`target` "1") or into a JSON file, one line a process."""
    atexit.register(_at_exit, target, os.getpid())


def _at_exit(target: str, pid: int) -> None:
    try:
        if os.getpid() != pid:  # a forked child must not print its parent's numbers
            return
        found = collect()
        if not found["operators"]:
            return
        if target == "1":
            sys.stderr.write(as_text(found))
            sys.stderr.flush()
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
    }  # fmt: skip


def as_text(found: dict) -> str:
    """`collect()` as a table for people."""
    rank = f", rank {found['rank']}" if "rank" in found else ""
    lines = [
        f"stoker: process {found['pid']}{rank}: {found['cpu']}, {found['isa']}, {found['dtype']},"
        f" calibration: {found['calibration']}",
        f"{'operator':18}{'calls':>9}{'taken':>9}{'taken s':>10}{'stock s':>10}",
    ]
    for name, op in sorted(found["operators"].items(), key=lambda item: -_seconds(item[1])):
        lines.append(
            f"{name:18}{op['calls']:>9}{op['taken']:>9}"
            f"{op['seconds_taken']:>10.3f}{op['seconds_declined']:>10.3f}"
        )
        lines += [f"    {count:>9} by {row}" for row, count in op["rows"].items()]
        commonest = sorted(op["declined"].items(), key=lambda item: -item[1])[:3]
        for reason, count in commonest:
            hint = f" -> {HINTS[reason]}" if reason in HINTS else ""
            lines.append(f"    {count:>9} stock: {reason}{hint}")
    packed = found["packed"]
    lines.append(
        f"packed weights: {packed['entries']}, {packed['bytes'] / 2**20:.1f} MiB"
        f" of at most {packed['budget'] / 2**20:.1f}"
    )
    return "\n".join(lines) + "\n"


def _seconds(op: dict) -> float:
    return op["seconds_taken"] + op["seconds_declined"]
