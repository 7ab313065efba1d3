"""Records what every outermost module call took and gave, in a process `stoker compare` started.

It wraps ``nn.Module.__call__`` around whatever is there. The file STOKER_RECORD/<pid>.pt, written
at exit, is what `stoker compare` reads.
"""

from __future__ import annotations

import atexit
import functools
import os
import random
import resource
import threading
import time
import weakref
from collections import Counter

MOST_BYTES = 256 << 20  # of outputs kept; later calls are timed only
SEED = 1234


class Recorder:
    def __init__(self, torch, folder: str):
        self._torch, self._path = torch, os.path.join(folder, f"{os.getpid()}.pt")
        self._depth = threading.local()
        self._names, self._classes = weakref.WeakKeyDictionary(), Counter()
        self._bytes, self._pid = 0, os.getpid()
        self.calls: list[dict] = []

    def install(self) -> None:
        random.seed(SEED)
        self._torch.manual_seed(SEED)
        try:
            import numpy

            numpy.random.seed(SEED)
        except ImportError:  # then the script has none to draw from either
            pass
        module = self._torch.nn.Module
        module.__call__ = self._wrapper(module.__call__)
        atexit.register(self.write)

    def _wrapper(self, original):
        compiler, tracing = self._torch.compiler, self._torch._C._get_tracing_state

        @functools.wraps(original)
        def __call__(module, *args, **kwargs):
            if compiler.is_compiling() or getattr(self._depth, "inside", False) or tracing():
                return original(module, *args, **kwargs)
            self._depth.inside = True
            try:
                start = time.perf_counter()
                result = original(module, *args, **kwargs)
                seconds = time.perf_counter() - start
            finally:
                self._depth.inside = False
            self._record(module, seconds, result)
            return result

        # Stoker's own wrapper is not on top any more: it must not take ours off with its own.
        __call__._stoker_hook = False
        return __call__

    def _record(self, module, seconds: float, result) -> None:
        if module not in self._names:
            kind = type(module).__name__
            self._names[module] = f"{kind} {self._classes[kind] + 1}"
            self._classes[kind] += 1
        kept = None
        if self._bytes < MOST_BYTES:
            leaves = self._torch.utils._pytree.tree_leaves(result)
            kept = [leaf.detach().clone() for leaf in leaves if self._is_plain(leaf)]
            self._bytes += sum(leaf.nbytes for leaf in kept)
        self.calls.append({"module": self._names[module], "seconds": seconds, "outputs": kept})

    def _is_plain(self, leaf) -> bool:
        torch = self._torch
        plain = type(leaf) in (torch.Tensor, torch.nn.Parameter)
        return plain and leaf.layout == torch.strided and leaf.device.type == "cpu"

    def write(self) -> None:
        if os.getpid() != self._pid:  # a forked child has not made these calls
            return
        # Kilobytes on Linux: getrusage(2).
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self._torch.save({"calls": self.calls, "peak": peak}, self._path)


def install(torch, folder: str) -> None:
    Recorder(torch, folder).install()
