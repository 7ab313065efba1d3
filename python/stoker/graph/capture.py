"""One capture: Dynamo traces a module's call, our backend rewrites each graph it finds."""

from __future__ import annotations

import dataclasses
import time
import weakref

from stoker.graph import backend, torch_private


@dataclasses.dataclass
class Capture:
    """What one capture took and gave."""

    seconds: float = 0.0  # including the call itself
    graphs: list[backend.Graph] = dataclasses.field(default_factory=list)
    breaks: list[str] = dataclasses.field(default_factory=list)  # why it is more than one graph

    def fused(self) -> dict[str, int]:
        """How often each rewrite was made, over all graphs."""
        total: dict[str, int] = {}
        for graph in self.graphs:
            for name, count in graph.rewrites.items():
                total[name] = total.get(name, 0) + count
        return total

    def kept(self) -> list[str]:
        """Why graphs run as they were captured."""
        return [graph.kept for graph in self.graphs if graph.kept]

    def text(self) -> str:
        fused = ", ".join(f"{count} {name}" for name, count in self.fused().items())
        parts = [f"{len(self.graphs)} graphs in {self.seconds:.1f} s", fused or "nothing fused"]
        parts += [f"kept as captured: {why}" for why in self.kept()]
        return "; ".join(parts + [f"broke: {why}" for why in self.breaks])


def captured(root, function):
    """`function` as Dynamo captures it for `root`. What Dynamo keeps with the code of `function`
    must not lead back to it: no garbage collection sees that way round."""
    ran, weak = root.ran, weakref.ref(root)

    def build(graph_module, inputs):
        graph = backend.build(graph_module, inputs)
        weak().captures[-1].graphs.append(graph)

        def counted(*values):
            ran.graphs += 1
            return graph(*values)

        return counted

    return torch_private.compiled(function, build)


def run(root, function, original, module, args, kwargs):
    """Call `module` by `original` through `function`, capturing what no graph fits. Raises what the
    call raises."""
    record = Capture()
    root.captures.append(record)
    before, start = torch_private.graph_breaks(), time.perf_counter()
    try:
        return function(original, module, args, kwargs)
    finally:
        record.seconds = time.perf_counter() - start
        after = torch_private.graph_breaks()
        record.breaks = [_first_line(why) for why in after if after[why] > before.get(why, 0)]


def _first_line(reason: str) -> str:
    return reason.strip().splitlines()[0] if reason.strip() else "unknown"
