"""Dynamo's backend: from a captured graph to a function over fused operators."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch

from stoker import _C
from stoker.graph import passes


@dataclasses.dataclass
class Graph:
    """A captured graph, ready to run."""

    run: Callable
    rewrites: dict[str, int]  # by pass
    kept: str | None = None  # why it was not rewritten
    narrow: Callable | None = None  # what runs in bf16 mode, once it was needed

    def __call__(self, *values):
        """Mode and graph are apart: a program may switch at any call, and nothing is captured
        anew."""
        if not _C.bf16_regions():
            return self.run(*values)
        if self.narrow is None:
            self.narrow = self._narrowed()
        return self.narrow(*values)

    def _narrowed(self) -> Callable:
        if self.kept is not None:
            return self.run
        try:
            narrow, count = _rewrite(self.run.__self__, passes.bf16_regions)
        except Exception as error:
            self.kept = _text(error)
            return self.run
        if count:
            self.rewrites[passes.bf16_regions.__name__] = count
        return narrow if count else self.run


def build(captured: torch.fx.GraphModule, inputs) -> Graph:
    """The graph rewritten where that is known to be right, else as Dynamo made it. Never raises:
    a pass that fails costs the gain, not the program."""
    kept = _unsupported(inputs)
    if kept is None:
        try:
            graph = Graph(*_rewrite(captured, passes.run))
            if _C.bf16_regions():
                graph.narrow = graph._narrowed()
            return graph
        except passes.KeepError as why:
            kept = str(why)
        except Exception as error:
            kept = _text(error)
    return Graph(captured.forward, {}, kept)


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def _rewrite(module: torch.fx.GraphModule, rewrite: Callable) -> tuple[Callable, Any]:
    """A copy of the graph after `rewrite`, as a function, and what `rewrite` returned."""
    made = torch.fx.GraphModule(module, _copy(module.graph), "StokerGraph")
    with torch.no_grad(), torch.inference_mode(False):
        result = rewrite(made.graph)
    made.graph.lint()
    made.recompile()
    return made.forward, result


def _copy(graph: torch.fx.Graph) -> torch.fx.Graph:
    new = torch.fx.Graph()
    new.output(new.graph_copy(graph, {}))
    return new


def _unsupported(inputs) -> str | None:
    if torch.is_grad_enabled():
        return "gradients are recorded in it"
    for value in inputs:
        if isinstance(value, torch.Tensor) and not _plain(value):
            return "an input is not a plain dense CPU tensor"
    return None


def _plain(tensor: torch.Tensor) -> bool:
    kind = type(tensor)
    ours = kind in (torch.Tensor, torch.nn.Parameter) or kind.__name__ == "FakeTensor"
    return ours and tensor.device.type == "cpu" and tensor.layout == torch.strided
