"""Dynamo's backend: from a captured graph to a function over fused operators."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch

from stoker.graph import passes


@dataclasses.dataclass
class Graph:
    """A captured graph, ready to run."""

    run: Callable
    rewrites: dict[str, int]  # by pass
    kept: str | None = None  # why it was not rewritten


def build(captured: torch.fx.GraphModule, inputs) -> Graph:
    """The graph rewritten where that is known to be right, else as Dynamo made it. Never raises:
    a pass that fails costs the gain, not the program."""
    kept = _unsupported(inputs)
    if kept is None:
        try:
            rewritten = torch.fx.GraphModule(captured, _copy(captured.graph), "StokerGraph")
            with torch.no_grad(), torch.inference_mode(False):
                rewrites = passes.run(rewritten.graph)
            rewritten.graph.lint()
            rewritten.recompile()
            return Graph(rewritten.forward, rewrites)
        except passes.KeepError as why:
            kept = str(why)
        except Exception as error:
            kept = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return Graph(captured.forward, {}, kept)


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
