"""Which cores a process may use, and how instances share them."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path


def available() -> list[int]:
    """The CPUs of the affinity mask, no more of them than the cgroup's quota pays for."""
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[: max(1, min(len(cpus), quota(len(cpus))))]


def quota(most: int, root: str = "/sys/fs/cgroup") -> int:
    """CPUs that the cgroup (v2, then v1) allows, rounded down; `most` when it sets no limit."""
    try:
        limit, period = (Path(root) / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            limit = (Path(root) / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (Path(root) / "cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return most
    if limit in ("max", "-1"):
        return most
    return max(1, int(limit) // int(period))


def numa_nodes(root: str = "/sys/devices/system/node") -> dict[int, list[int]]:
    """The CPUs of each NUMA node that has any; one node where the kernel does not tell."""
    nodes = {}
    for folder in sorted(Path(root).glob("node[0-9]*")):
        text = (folder / "cpulist").read_text().strip()
        if text:
            nodes[int(folder.name.removeprefix("node"))] = parse_list(text)
    return nodes or {0: sorted(os.sched_getaffinity(0))}


def bind_memory(node: int) -> None:
    """Pages of this thread, and after an execve of the program, come from `node` only.

    set_mempolicy(2) with MPOL_BIND; Python has no wrapper. Raises OSError where the kernel refuses.
    """
    set_mempolicy, mpol_bind, words = 238, 2, node // 64 + 1  # the number is x86-64's
    mask = (ctypes.c_ulong * words)()
    mask[node // 64] = 1 << node % 64
    # The kernel reads one bit less than it is told.
    if ctypes.CDLL(None, use_errno=True).syscall(set_mempolicy, mpol_bind, mask, 64 * words + 1):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def parse_list(text: str) -> list[int]:
    """ "0,2-4" -> [0, 2, 3, 4]. Raises ValueError on anything else."""
    cpus = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def share(cpus: list[int], instances: int, each: int) -> list[list[int]]:
    """Cores of each instance: `each` of them, or as many as there are for every one (at least one).

    More instances than cores take turns on them.
    """
    each = max(1, min(each or len(cpus) // instances, len(cpus) // instances or 1))
    return [[cpus[(i * each + j) % len(cpus)] for j in range(each)] for i in range(instances)]
