"""bf16 mode: what it touches, what it does not, and how it is switched."""

from __future__ import annotations

import subprocess
import sys

from tests.support.environment import ends_silently, without_stoker

MODEL = """
import torch, stoker
from torch import nn
torch.manual_seed(1)
model = nn.Sequential(nn.Linear(256, 256), nn.GELU(), nn.Linear(256, 256)).eval()
x, bare = torch.randn(4, 256), nn.Linear(256, 256).weight.detach()
call = nn.Module.__call__
def rows():
    found = stoker.status()["operators"]["linear"]["rows"]
    stoker.reset_counters()
    return sorted(row for row in found if "bf16" in row)
"""


def passes(code: str, **env: str) -> None:
    ends_silently("-c", MODEL + code, STOKER_SELECT="always", STOKER_FORCE="1", **env)


def test_from_the_first_call_on_and_close_to_float32():
    passes(
        """
with torch.no_grad():
    stoker.disable(); exact = model(x); stoker.enable()
    results = [model(x) for _ in range(3)]
assert rows(), stoker.explain()
assert all(r.equal(results[0]) and r.dtype == torch.float32 for r in results)
error = (results[0] - exact).abs().max() / exact.abs().max()
assert 1e-6 < error < 2e-2, error
""",
        STOKER_RUN="1",
        STOKER_DTYPE="bfloat16",
    )


def test_frozen_script_modules_run_and_count_as_eval():
    passes(
        """
import warnings
warnings.simplefilter("ignore")
with torch.no_grad():
    frozen = torch.jit.freeze(torch.jit.trace(model, x))
    stoker.reset_counters()
    for _ in range(5):
        y = frozen(x)
assert y.shape == x.shape
found = stoker.status()["operators"]
assert any("bf16" in row for op in found.values() for row in op["rows"]), stoker.explain()
""",
        STOKER_RUN="1",
        STOKER_DTYPE="bfloat16",
    )


def test_not_outside_modules_nor_in_training_nor_where_autograd_records():
    passes(
        """
with torch.no_grad():
    for _ in range(3):
        torch.nn.functional.linear(x, bare)
    assert rows() == []
    model.train()(x)
    assert rows() == []
model.eval()(x).sum().backward()
assert rows() == []
""",
        STOKER_RUN="1",
        STOKER_DTYPE="bfloat16",
    )


def test_set_dtype_and_disable_wrap_and_unwrap_the_module_call():
    passes(
        """
stoker.set_dtype(torch.bfloat16, force=True)
assert nn.Module.__call__ is not call and stoker.status()["dtype"] == "bfloat16"
with torch.no_grad():
    model(x)
assert rows()
stoker.disable()
assert nn.Module.__call__ is call
stoker.enable()
stoker.set_dtype(torch.float32)
with torch.no_grad():
    model(x)
assert rows() == []
try:
    stoker.set_dtype(torch.float16)
except ValueError as error:
    assert "torch.float16" in str(error)
else:
    raise AssertionError("float16 was accepted")
"""
    )


def test_an_exception_inside_a_module_leaves_no_depth_behind():
    passes(
        """
class Fails(nn.Module):
    def forward(self, x):
        raise KeyError("inside")
with torch.no_grad():
    for _ in range(3):
        try:
            Fails().eval()(x)
        except KeyError:
            pass
    torch.nn.functional.linear(x, bare)
assert rows() == []
""",
        STOKER_RUN="1",
        STOKER_DTYPE="bfloat16",
    )


def test_inference_switches_grad_recording_off_in_every_thread():
    passes(
        """
import threading
assert not model(x).requires_grad
found = []
thread = threading.Thread(target=lambda: found.append(model(x).requires_grad))
thread.start(); thread.join()
assert found == [False]
""",
        STOKER_RUN="1",
        STOKER_INFERENCE="1",
    )


def test_a_wrong_dtype_is_one_line_and_off():
    command = [sys.executable, "-c", "import torch, stoker; print(stoker.status()['why'])"]
    env = without_stoker(STOKER_DTYPE="float16")
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.returncode == 0
    assert "expected 'float32' or 'bfloat16'" in result.stdout
    assert result.stderr.count("\n") == 1


def test_enable_before_torch_says_what_to_do():
    code = """
import stoker
try:
    stoker.enable()
except RuntimeError as error:
    print(error)
import torch
print(stoker.status()["active"])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "Stoker cannot be enabled yet: import torch first\nTrue\n"
    assert result.stderr == ""
