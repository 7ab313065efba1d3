"""What autograd records or runs is stock, bit for bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import stoker
import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[2]


def train(out: Path, **setting: str) -> dict:
    command = [sys.executable, "-m", "tests.support.training", out]
    subprocess.run(command, cwd=ROOT, env=os.environ | setting, check=True)
    return json.loads(out.read_text())


def test_losses_are_bit_identical(tmp_path):
    stock = train(tmp_path / "stock.json", STOKER="0")
    ours = train(tmp_path / "ours.json", STOKER_SELECT="always")
    status = ours.pop("status")
    stock.pop("status")
    steps = len(next(iter(stock.values())))
    print(f"{len(stock)} trainings of {steps} steps, losses compared bit for bit")
    assert len(stock) == 12
    assert stock == ours
    assert {name: op["taken"] for name, op in status["operators"].items() if op["taken"]} == {}
    declined = status["operators"]["linear"]["declined"]
    assert declined["autograd is recording"] > 1000
    assert declined["inside the forward of an autograd.Function"] > 500
    assert status["operators"]["mm"]["declined"]["autograd's engine is running"] > 1000


def test_muon_computes_its_update_on_the_same_weights():
    """Its products run under no_grad outside backward: inference to us, equal but for rounding."""
    results = []
    for switch in (stoker.disable, stoker.enable):
        switch()
        torch.manual_seed(3)
        model = nn.Sequential(
            nn.Linear(64, 48, bias=False), nn.ReLU(), nn.Linear(48, 8, bias=False)
        )
        optimizer = torch.optim.Muon(model.parameters(), lr=1e-2)
        x = torch.randn(16, 64)
        for _ in range(10):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
        results.append(model(x).detach())
    torch.testing.assert_close(*results, rtol=1e-2, atol=1e-3)
