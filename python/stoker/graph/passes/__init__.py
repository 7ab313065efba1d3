"""The rewrites of a captured graph, in the order in which they run; one file each.

A pass is a function of a torch.fx.Graph as Dynamo captures it (torch functions and methods, every
tensor node with its fake value in meta["example_value"]) that returns how often it rewrote
something. After canonicalise() an operation has one form, so later passes know only that one.
bf16_regions() is no part of run(): its graph stands beside the other one, for bf16 mode.
"""

from __future__ import annotations

import torch

from stoker.graph.nodes import KeepError
from stoker.graph.passes.batch_norm import batch_norms
from stoker.graph.passes.bf16_regions import bf16_regions
from stoker.graph.passes.canonicalise import canonicalise
from stoker.graph.passes.channels_last import channels_last
from stoker.graph.passes.convolution import convolutions
from stoker.graph.passes.dead_code import dead_code
from stoker.graph.passes.dropout import dropout
from stoker.graph.passes.embedding_bags import embedding_bags
from stoker.graph.passes.epilogue import epilogues
from stoker.graph.passes.gelu import gelu
from stoker.graph.passes.in_place import in_place
from stoker.graph.passes.input_norm import input_norms
from stoker.graph.passes.linear import linears
from stoker.graph.passes.padding import padding
from stoker.graph.passes.rms_norm import rms_norm

__all__ = ["PASSES", "KeepError", "bf16_regions", "run"]

PASSES = (
    canonicalise,
    dropout,
    gelu,
    rms_norm,
    dead_code,
    convolutions,
    padding,
    linears,
    batch_norms,
    input_norms,
    embedding_bags,
    epilogues,
    channels_last,
    in_place,
)


def run(graph: torch.fx.Graph) -> dict[str, int]:
    """Runs every pass; the counts of those that did something."""
    counts = {rewrite.__name__: rewrite(graph) for rewrite in PASSES}
    return {name: count for name, count in counts.items() if count}
