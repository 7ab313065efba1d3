"""`stoker compare`: equal results pass, a perturbed model fails visibly."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from stoker.compare import outputs
from stoker.compare.outputs import Difference

from tests.support.environment import without_stoker

SCRIPT = """
import os, sys, random, torch, stoker
from torch import nn
model = nn.Sequential(nn.Linear(256, 512), nn.GELU(), nn.Linear(512, 64)).eval()
head = nn.Linear(64, 4).eval()
active = stoker.status()["active"]
if "perturb" in sys.argv and active:
    model[0].weight.data[3] += 1
if "dtype" in sys.argv and active:
    head.bfloat16()
if "extra" in sys.argv and active:
    head(torch.ones(1, 64))
if "crash" in sys.argv:
    sys.exit(int(active) * 3)
if "unseeded" in sys.argv:
    torch.manual_seed(int.from_bytes(os.urandom(4), "big"))
with torch.no_grad():
    for _ in range(6):
        hidden = model(torch.randn(8, 256))
        head(hidden.to(head.weight.dtype)).argmax(1)
print("the script's own words", random.random())
"""


@pytest.fixture
def compare(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)

    def run(*options: str, script: tuple[str, ...] = (), **env: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "stoker", "compare", *options, tmp_path / "script.py", *script],
            env=without_stoker(STOKER_SELECT="always", **env),
            capture_output=True,
            text=True,
        )

    return run


def test_equal_results_pass_with_a_line_a_module(compare):
    result = compare("--repeat", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Sequential 1" in result.stdout and "Linear 1" in result.stdout
    assert "PASSED: stock time / Stoker time = " in result.stdout
    assert "the script's own words" not in result.stdout


def test_json_has_every_number(compare):
    found = json.loads(compare("--repeat", "2", "--json").stdout)
    sequential = found["modules"]["Sequential 1"]
    assert found["passed"] and found["repeatable"] and len(found["ratios"]) == 2
    assert sequential["calls"] == 6 and len(sequential["ratios"]) == 2
    assert sequential["difference"]["tensors"] == 12  # seeded alike: the inputs were the same
    assert 0 <= sequential["difference"]["relative"] < 1e-5
    assert found["peak_bytes"]["stock"] > 50 << 20


def test_bf16_differs_and_passes(compare):
    result = compare("--dtype", "bfloat16", "--force", "--repeat", "1", "--json")
    difference = json.loads(result.stdout)["modules"]["Sequential 1"]["difference"]
    assert result.returncode == 0
    assert 0.99 < difference["cosine"] < 1 and difference["relative"] > 1e-5


@pytest.mark.parametrize("what", ["perturb", "dtype", "extra"])
def test_a_changed_model_fails_visibly(compare, what):
    result = compare("--repeat", "1", script=(what,))
    assert result.returncode == 1, result.stdout
    assert "FAILED: outputs differ" in result.stdout
    assert "differs from itself" not in result.stdout
    if what == "dtype":
        assert "torch.float32 [8, 4] became torch.bfloat16 [8, 4]" in result.stdout
    if what == "extra":
        assert "6 calls became 7" in result.stdout


def test_a_script_that_differs_from_itself_is_told_apart(compare):
    result = compare("--repeat", "2", script=("unseeded",))
    assert result.returncode == 1
    assert "stock differs from itself too: seed the script" in result.stdout


def test_a_failing_script_is_shown(compare):
    result = compare("--repeat", "1", script=("crash",))
    assert result.returncode == 1
    assert "with Stoker the script ended with 3" in result.stderr


def test_a_script_without_modules_cannot_pass(tmp_path):
    (tmp_path / "none.py").write_text("import torch")
    command = [sys.executable, "-m", "stoker", "compare", "--repeat", "1", tmp_path / "none.py"]
    result = subprocess.run(command, env=without_stoker(), capture_output=True, text=True)
    assert result.returncode == 1 and "called no module" in result.stdout


@pytest.mark.parametrize(
    ("stock", "ours", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.5], {"absolute": 0.5, "relative": 0.25}),
        ([0.0, 0.0], [0.0, 0.0], {"cosine": 1.0, "absolute": 0.0}),
        ([0.0, 0.0], [0.0, 1.0], {"cosine": 0.0, "absolute": 1.0}),
        ([1.0, float("nan")], [1.0, float("nan")], {"cosine": 1.0, "absolute": 0.0}),
        ([3.0, float("inf")], [3.0, float("inf")], {"cosine": 1.0, "absolute": 0.0}),
    ],
)
def test_errors_are_these(stock, ours, expected):
    difference = Difference()
    difference.take(torch.tensor(stock), torch.tensor(ours), "x")
    assert difference.mismatches == []
    assert {name: getattr(difference, name) for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("stock", "ours"),
    [
        (torch.tensor([1, 2]), torch.tensor([1, 3])),
        (torch.ones(2, 3), torch.ones(3, 2).t()),
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, 2.0])),
        (torch.tensor([1.0, float("inf")]), torch.tensor([1.0, -float("inf")])),
        (torch.ones(2), torch.ones(2, dtype=torch.float64)),
    ],
)
def test_what_must_be_the_same(stock, ours):
    difference = Difference()
    difference.take(stock, ours, "x")
    assert len(difference.mismatches) == 1


def test_calls_without_outputs_are_timed_only():
    call = {"module": "A 1", "seconds": 2.0, "outputs": None}
    stock = {"calls": [call], "peak": 0}
    ours = {"calls": [call | {"seconds": 1.0}], "peak": 0}
    result = outputs.compare_rounds([(stock, ours)])["A 1"]
    assert result.ratios == [2.0] and result.difference.mismatches == []
