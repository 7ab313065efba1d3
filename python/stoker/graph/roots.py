"""One root for each module that a program calls outermost: timed, captured, then run captured.

A module runs as plain Python until it has spent `after` seconds in calls: a program that calls it
once or twice pays nothing. Then it is captured. A call that fits no captured graph (another shape,
another branch) runs as plain Python again, and only when such calls have spent as long again, and
as long as the last capture took, is one of them captured: no sequence of shapes makes a program
slower than twice its eager time, and the number of captures is bounded.

What was captured is kept only if it proves faster than plain Python (trial.py).

A captured graph holds no parameter: Dynamo hands the present ones in at every call, so a replaced
or rewritten weight is simply used. What is packed of them proves itself in the library's cache.
"""

from __future__ import annotations

import builtins
import collections
import functools
import itertools
import sys
import threading
import time
import types
import weakref

import torch

from stoker import stderr
from stoker.graph import settings, torch_private
from stoker.graph.trial import Trial, key

MOST_CAPTURES = 8  # of a root; each costs seconds and a few MB
MOST_GRAPHS = 64  # of a capture: a module that breaks into more runs better as it is

_roots: dict[int, Root] = {}  # by id of the module, which is alive as long as its entry
_past: collections.deque[dict] = collections.deque(maxlen=64)  # summaries of dead modules
_numbers = itertools.count()
_capturing: dict[str, object] = {}  # at most one entry: what stands for the capture under way


class _Ran(threading.local):
    graphs = 0  # that a thread ran, of all captures of a root


class Root:
    """What is known of one module. Called by the hook for outermost calls in eval mode."""

    def __init__(self, module, after: float):
        key = id(module)
        self.name = type(module).__name__
        self.after = after
        self.wanted = False  # by stoker.optimize()
        self.spent = 0.0  # seconds in calls that no graph served since the last capture
        self.captures = []  # Capture, see capture.py
        self.graph_calls = 0
        self.ran = _Ran()  # tells whether a call found a graph
        self.trial = None  # of the last capture, until it is over
        self.refused = None  # why it is never captured (again)
        self._function = None  # what Dynamo captures; then run from its cache, or captured anew
        self._cached = None
        self._captured = None
        self._alive = weakref.ref(module, functools.partial(_forget, key))

    def call(self, original, module, args, kwargs):
        """The module's call, by a graph where there is one for it."""
        cached, trial = self._cached, self.trial  # another thread may end either
        if cached is None:
            if self.refused is None and self.spent >= self.after:
                return self._capture(original, module, args, kwargs)
            return self._timed(original, module, args, kwargs)
        if self._due():
            return self._capture(original, module, args, kwargs)
        sizes = None if trial is None else key((args, kwargs))
        plain = trial is not None and trial.plain_next(sizes)
        before, start = self.ran.graphs, time.perf_counter()
        if plain:
            result = original(module, *args, **kwargs)
        else:
            result = cached(original, module, args, kwargs)
        seconds = time.perf_counter() - start
        served = self.ran.graphs > before
        if served:
            self.graph_calls += 1
        elif not plain:
            self.spent += seconds
        if trial is not None and (served or plain):
            self._try(trial, sizes, plain, seconds)
        return result

    def _try(self, trial, sizes, plain, seconds) -> None:
        """Counts a call; the last one decides what becomes of the graphs."""
        trial.add(sizes, plain, seconds)
        if trial.over() and self.trial is trial:
            self.trial = None
            if (why := trial.slower()) is not None:
                self._give_up(why)

    def _timed(self, original, module, args, kwargs):
        if self.refused is not None:
            return original(module, *args, **kwargs)
        start = time.perf_counter()
        try:
            return original(module, *args, **kwargs)
        finally:
            self.spent += time.perf_counter() - start

    def _due(self) -> bool:
        if self.refused is not None or self.spent < self.after:
            return False
        # There is none yet while another thread makes the first.
        return bool(self.captures) and self.spent >= self.captures[-1].seconds

    def _capture(self, original, module, args, kwargs):
        # While one thread captures, the others go on as before. No lock: Ctrl-C may come between
        # the end of its acquire() and whatever would release it.
        mine = object()
        try:
            if _capturing.setdefault("now", mine) is not mine:
                return self._uncaptured(original, module, args, kwargs)
            from stoker.graph import capture

            if any(map(torch_private.is_compiled, module.modules())):
                self.refused = "the program compiles a part of it"
            if self.refused is not None or not torch_private.may_capture():
                return self._uncaptured(original, module, args, kwargs)
            if self._function is None:
                self._function = _private_function(next(_numbers), self.name)
                self._captured = capture.captured(self, self._function)
                self._cached = torch_private.cached_only(self._function)
            before, returned = self.ran.graphs, False
            try:
                result = capture.run(self, self._captured, original, module, args, kwargs)
                returned = True
                return result
            finally:
                self._conclude(self.ran.graphs > before, returned)
        finally:
            if _capturing == {"now": mine}:  # a call would let Ctrl-C in before the del
                del _capturing["now"]

    def summary(self) -> dict:
        """What became of it, as plain values."""
        return {
            "module": self.name,
            "captures": len(self.captures),
            "seconds": sum(capture.seconds for capture in self.captures),
            "graphs": sum(len(capture.graphs) for capture in self.captures),
            "calls": self.graph_calls,
            "fused": _sum(capture.fused() for capture in self.captures),
            "kept": sorted({why for capture in self.captures for why in capture.kept()}),
            "breaks": sorted({why for capture in self.captures for why in capture.breaks}),
            "refused": self.refused,
        }

    def _uncaptured(self, original, module, args, kwargs):
        if self._cached is not None:
            return self._cached(original, module, args, kwargs)
        return original(module, *args, **kwargs)

    def _conclude(self, ran: bool, returned: bool) -> None:
        """After a call that captured what no graph fitted, if it ran graphs, if it returned."""
        last = self.captures[-1]
        if ran and not last.graphs:
            self.captures.pop()  # one fitted: the call to capture is still to come
            self.graph_calls += 1
            return
        self.spent = 0.0
        torch_private.show(self._function)
        self.trial = Trial() if last.graphs else None
        if returned and not last.graphs:
            why = "nothing of it could be captured"
            if len(self.captures) == 1:
                self._give_up(why)
            else:
                self.refused = why  # what was captured before still serves
        elif len(last.graphs) > MOST_GRAPHS:
            self._give_up(f"it broke into {len(last.graphs)} graphs")
        elif len(self.captures) >= MOST_CAPTURES:
            self.refused = f"captured {MOST_CAPTURES} times already"
        if settings.current.verbose:
            stderr.write(f"stoker: graph: {self.name}: {last.text()}\n")

    def _give_up(self, why: str) -> None:
        """Plain Python from here on, without a detour through Dynamo. The graphs live as long as
        the module: Dynamo would free guards that another thread evaluates."""
        self.refused, self.trial, self._cached = why, None, None
        if settings.current.verbose:
            stderr.write(f"stoker: graph: {self.name}: given up: {why}\n")


def _private_function(number: int, name: str):
    """The function that Dynamo captures. Its code object is this root's own: Dynamo keeps graphs,
    and counts them, by code object. Its globals are its own, too: Dynamo puts graphs there."""

    def root(original, module, args, kwargs):
        return original(module, *args, **kwargs)

    code = root.__code__.replace(co_name=f"stoker_{name}_{number}")
    own = {"__name__": __name__, "__builtins__": builtins}
    return types.FunctionType(code, own, code.co_name)


def _forget(key: int, _, roots=_roots, drop=torch_private.drop, ending=sys.is_finalizing) -> None:
    """The module is dead. What is needed is bound here: names go before the interpreter does."""
    root = roots.pop(key, None)
    if root is not None and root._function is not None and not ending():
        drop(root._function)
        _past.append(root.summary())


def find(module, create: bool) -> Root | None:
    root = _roots.get(id(module))
    if root is None and create:
        root = _roots.setdefault(id(module), Root(module, settings.current.after))
    return root


def want(module, after: float) -> None:
    """Capture this module whatever the settings are, once it has spent `after` seconds."""
    root = find(module, create=True)
    root.wanted, root.after = True, after


def call(original, module, args, kwargs):
    """An outermost call of a module in eval mode, from the hook."""
    everything = settings.current.everything
    root = find(module, create=everything)
    if (
        root is None
        or not (root.wanted or everything)
        or torch.is_grad_enabled()
        or isinstance(module, (torch.jit.ScriptModule, torch.fx.GraphModule))
        or torch_private.busy(module) is not None
    ):
        return original(module, *args, **kwargs)
    return root.call(original, module, args, kwargs)


def report() -> list[dict]:
    """One plain dict a root that was captured or refused, of dead modules too: for status() and the
    exit report."""
    living = [root for root in list(_roots.values()) if root.captures or root.refused]
    return [*_past, *(root.summary() for root in living)]


def _sum(counts) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return total
