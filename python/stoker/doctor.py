"""`stoker doctor`: what this machine and this installation offer, and what would help."""

from __future__ import annotations

import json
import os
import platform
import re
from pathlib import Path

import click

from stoker.launcher import cores

FLAGS = (
    "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16",
    "amx_tile", "amx_bf16", "amx_int8",
)  # fmt: skip
CPU0 = Path("/sys/devices/system/cpu/cpu0/cache")
HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
ALLOCATORS = ("tcmalloc", "jemalloc", "mimalloc")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON document.")
def doctor(as_json: bool) -> None:
    """Say what is active on this machine, with which settings, and what would make it faster."""
    found = collect()
    found["advice"] = advice(found)
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    for section in ("stoker", "cpu", "cores", "memory", "settings"):
        for name, value in found[section].items():
            table.add_row(f"{section}: {name}", _as_text(value))
    console = Console(highlight=False, markup=False, width=200)
    console.print(table)
    console.print("\n".join(f"- {line}" for line in found["advice"]) or "nothing to improve")


def _as_text(value) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else str(value) or "none"


def collect() -> dict:
    """Plain values by section: stoker, cpu, cores, memory, settings."""
    import torch

    import stoker

    status = stoker.status()
    allowed = sorted(os.sched_getaffinity(0))
    own = status.get("calibration_file") or ""
    return {
        "stoker": {
            "version": stoker.__version__,
            "active": status["active"],
            "why not": status["why"],
            "torch": torch.__version__,
            "python": platform.python_version(),
            "dtype": status.get("dtype"),
            "calibration": status.get("calibration"),
            "own calibration file": own if os.path.exists(own) else "",
        },
        "cpu": {
            "name": _proc_value("/proc/cpuinfo", "model name"),
            "family/model": status.get("cpu"),
            "features": [flag for flag in FLAGS if flag in _flags()],
            "rows use": status.get("isa"),
            "caches": caches(),
        },
        "cores": {
            "affinity": allowed,
            "cgroup quota": cores.quota(len(allowed)),
            "torch threads": torch.get_num_threads(),
            "NUMA nodes": len(list(Path("/sys/devices/system/node").glob("node[0-9]*"))) or 1,
        },
        "memory": {
            "available GiB": round(_kilobytes("MemAvailable") / 2**20, 1),
            "transparent huge pages": huge_pages(),
            "allocator": next((name for name in ALLOCATORS if name in _mapped()), "the system's"),
            "OpenMP runtimes": sorted(set(re.findall(r"/(lib[gi]omp[^/\s]*?)\.so", _mapped()))),
        },
        "settings": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(("STOKER", "OMP_", "KMP_", "MKL_", "TORCH_DEVICE_BACKEND"))
            or name in ("LD_PRELOAD", "THP_MEM_ALLOC_ENABLE")
        },
    }


def advice(found: dict) -> list[str]:
    """What would help, most important first; `found` is what collect() gives."""
    stoker, cpu, settings = found["stoker"], found["cpu"], found["settings"]
    lines = []
    if not stoker["active"]:
        lines.append(f"Stoker is off: {stoker['why not']}")
    if settings.get("TORCH_DEVICE_BACKEND_AUTOLOAD", "1") != "1":
        lines.append("unset TORCH_DEVICE_BACKEND_AUTOLOAD: torch does not load Stoker by itself")
    if not {"avx2", "fma", "f16c"} <= set(cpu["features"]):
        lines.append("this CPU has no AVX2, FMA and F16C: nothing can be made faster here")
    if stoker["calibration"] == "conservative prior":
        lines.append(
            "this CPU family was never measured, so few products are taken: run `stoker calibrate`"
            " (3 minutes)"
        )
    if settings.get("STOKER_DISABLE"):
        lines.append(f"STOKER_DISABLE leaves these to stock: {settings['STOKER_DISABLE']}")
    if "avx512_bf16" not in cpu["features"] and "amx_bf16" not in cpu["features"]:
        lines.append("no bf16 instructions: `stoker run --dtype bfloat16` needs --force here")
    quota, threads = found["cores"]["cgroup quota"], found["cores"]["torch threads"]
    if threads > quota:
        lines.append(
            f"torch uses {threads} threads, the cgroup pays for {quota}:"
            f" set OMP_NUM_THREADS={quota}"
        )
    if found["memory"]["transparent huge pages"] == "never":
        lines.append(
            "transparent huge pages are off: as root, echo madvise >"
            " /sys/kernel/mm/transparent_hugepage/enabled"
        )
    if len(found["memory"]["OpenMP runtimes"]) > 1:
        lines.append("two OpenMP runtimes are loaded: unset the LD_PRELOAD that brings the second")
    return lines


def _proc_value(path: str, name: str) -> str | None:
    try:
        match = re.search(rf"^{name}\s*:\s*(.*)$", Path(path).read_text(), re.M)
    except OSError:
        return None
    return match and match.group(1)


def _flags() -> set[str]:
    return set((_proc_value("/proc/cpuinfo", "flags") or "").split())


def _kilobytes(name: str) -> int:
    return int((_proc_value("/proc/meminfo", name) or "0").split()[0])


def _mapped() -> str:
    try:
        return Path("/proc/self/maps").read_text()
    except OSError:
        return ""


def caches() -> list[str]:
    """Of one core: "L1 Data 48K", ... Empty where sysfs does not tell."""
    try:
        return [
            "L{} {} {}".format(
                *((i / name).read_text().strip() for name in ("level", "type", "size"))
            )
            for i in sorted(CPU0.glob("index*"))
        ]
    except OSError:
        return []


def huge_pages() -> str | None:
    """always, madvise or never."""
    try:
        match = re.search(r"\[(\w+)\]", HUGE_PAGES.read_text())
    except OSError:
        return None
    return match and match.group(1)
