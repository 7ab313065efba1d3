"""Are a module's graphs worth it? Measured on the program's own calls, after each capture.

The guards and the call of a graph cost 20 to 300 us more than torch's own dispatch: where a whole
call takes as little, plain Python may be faster (Zen 3: three linear layers and batch norms, 64
rows of 60: 0.29 ms, by a graph 0.36). So calls with inputs of the same sizes go by the graph and by
plain Python in turns, and the fastest of each are compared: the fastest, for what disturbs a call
only ever adds to it.
"""

from __future__ import annotations

import torch

WARM = 2  # calls of a graph that are not counted: it packs weights
TURNS = 5  # of each, of one key
MARGIN = 1.03  # a graph that takes so many times as long is slower, not noise
MOST_CALLS = 100  # of whatever keys: a program whose calls are never alike keeps its graphs


def key(given):
    """What calls must have in common to be compared: sizes of tensors and plain values, within
    lists, tuples and dictionaries too."""
    if isinstance(given, torch.Tensor):
        return tuple(given.shape)
    if isinstance(given, dict):
        return tuple((name, key(each)) for name, each in given.items())
    if isinstance(given, (list, tuple)):
        return tuple(map(key, given))
    return given if isinstance(given, (int, float, str)) else type(given)


class Trial:
    """Of one capture. Threads may take part together: their calls are disturbed alike."""

    def __init__(self):
        self._seconds = {}  # of a key: (by graph, as plain Python)
        self._calls = 0

    def plain_next(self, of) -> bool:
        """Is it the turn of plain Python?"""
        graph, plain = self._seconds.get(of, ((), ()))
        return len(graph) - WARM > len(plain)

    def add(self, of, plain: bool, seconds: float) -> None:
        self._calls += 1
        self._seconds.setdefault(of, ([], []))[plain].append(seconds)

    def over(self) -> bool:
        return self._calls >= MOST_CALLS or any(map(_complete, self._seconds.values()))

    def slower(self) -> str | None:
        """Why the graphs are not worth it, or None."""
        for graph, plain in filter(_complete, self._seconds.values()):
            ours, theirs = min(graph[WARM:]), min(plain)
            if ours > MARGIN * theirs:
                return f"slower than plain Python: {ours * 1e3:.3g} ms, not {theirs * 1e3:.3g}"
        return None


def _complete(seconds) -> bool:
    return len(seconds[True]) >= TURNS
