"""Trains small models and saves every loss: `python -m tests.support.training OUT.json`.

TRAIN=muon trains with Muon instead of the other optimisers.
"""

from __future__ import annotations

import json
import os
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

STEPS = 50
MUON_STEPS = 15  # stock multiplies 1 GFLOP a second in bf16, Muon's type


class Transformer(nn.Module):
    def __init__(self, reentrant: bool | None):
        super().__init__()
        self.reentrant = reentrant
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True) for _ in range(2)
        )
        self.head = nn.Linear(32, 8)

    def forward(self, x):
        for layer in self.layers:
            if self.reentrant is None:
                x = layer(x)
            else:
                x = checkpoint(layer, x, use_reentrant=self.reentrant)
        return self.head(x)


def conv_net(_):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(512, 8)
    )


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=1e-3),
    "adamw_fused": lambda p: torch.optim.AdamW(p, lr=1e-3, fused=True),
}


class Wide(nn.Module):
    """Weights just large enough for the rows of every calibration: without bf16 instructions stock
    multiplies 1 GFLOP a second in bf16, Muon's type."""

    def __init__(self, checkpointed: bool):
        super().__init__()
        self.checkpointed = checkpointed
        self.up, self.down = nn.Linear(256, 320, bias=False), nn.Linear(320, 256, bias=False)

    def forward(self, x):
        if self.checkpointed:
            return self.down(checkpoint(self._hidden, x, use_reentrant=False))
        return self.down(self._hidden(x))

    def _hidden(self, x):
        return torch.relu(self.up(x))


def muon(parameters):
    return torch.optim.Muon(parameters, lr=1e-2)


def losses(model: nn.Module, x: torch.Tensor, optimizer, steps: int) -> list[float]:
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def cases():
    if os.environ.get("TRAIN") == "muon":
        for checkpointed in (False, True):
            yield f"wide/muon/{checkpointed}", Wide, checkpointed, torch.randn(32, 256), muon
        return
    tokens, images = torch.randn(4, 12, 32), torch.randn(4, 1, 8, 8)
    for name, make in OPTIMIZERS.items():
        yield f"conv/{name}", conv_net, None, images, make
        for reentrant in (None, True, False):
            x = tokens.clone().requires_grad_(reentrant is True)
            yield f"transformer/{name}/{reentrant}", Transformer, reentrant, x, make


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(5)
    results = {}
    for name, build, argument, x, make in cases():
        torch.manual_seed(6)
        model = build(argument).train()
        steps = MUON_STEPS if make is muon else STEPS
        results[name] = losses(model, x, make(model.parameters()), steps)
    import stoker

    results["status"] = stoker.status()
    with open(sys.argv[1], "w") as file:
        json.dump(results, file)


if __name__ == "__main__":
    main()
