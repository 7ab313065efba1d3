"""What autograd records or runs is stock, bit for bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def train(out: Path, **setting: str) -> dict:
    command = [sys.executable, "-m", "tests.support.training", out]
    subprocess.run(command, cwd=ROOT, env=os.environ | setting, check=True)
    return json.loads(out.read_text())


BF16 = {"STOKER_RUN": "1", "STOKER_DTYPE": "bfloat16", "STOKER_FORCE": "1"}


@pytest.mark.parametrize("setting", [{}, BF16], ids=["float32", "bfloat16"])
def test_losses_are_bit_identical(tmp_path, setting):
    stock = train(tmp_path / "stock.json", STOKER="0")
    ours = train(tmp_path / "ours.json", STOKER_SELECT="always", **setting)
    status = ours.pop("status")
    stock.pop("status")
    steps = len(next(iter(stock.values())))
    print(f"{len(stock) * steps} losses compared bit for bit, of {len(stock)} trainings")
    assert len(stock) == 12
    assert stock == ours
    assert {name: op["taken"] for name, op in status["operators"].items() if op["taken"]} == {}
    declined = status["operators"]["linear"]["declined"]
    assert declined["autograd is recording"] > 1000
    assert declined["inside the forward of an autograd.Function"] > 500
    assert status["operators"]["mm"]["declined"]["autograd's engine is running"] > 1000


def test_muon_is_bit_identical_as_installed(tmp_path):
    """Its products run under no_grad outside backward, on tensors that never come back.

    No row takes what must be packed first (STOKER_SELECT=always would pack at first sight).
    """
    stock = train(tmp_path / "stock.json", STOKER="0", TRAIN="muon")
    ours = train(tmp_path / "ours.json", TRAIN="muon", STOKER_SELECT="calibrated")
    status = ours.pop("status")
    stock.pop("status")
    assert len(stock) == 2
    assert stock == ours
    declined = status["operators"]["mm"]["declined"]
    print(declined)
    # By which of the two depends on what was measured on this CPU family.
    not_taken = ("weight not seen often enough to be worth packing", "unprofitable")
    assert sum(count for why, count in declined.items() if why.startswith(not_taken)) > 100
