"""Threads that call models while another one switches Stoker, captures, and lets models die."""

from __future__ import annotations

from tests.support.environment import ends_silently

SEED = 43
PROGRAM = """
import gc, sys, threading, torch, stoker, torch._dynamo
from stoker.graph import roots
from torch import nn
torch.manual_seed(43)
torch.set_grad_enabled(False)
torch.set_num_threads(1)
roots.Root._due = lambda self: bool(self.captures) and self.refused is None
sys.setswitchinterval(1e-4)
CALLERS, DEATHS = 3, 12

def network():
    return nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)).eval()

stoker.disable()
models = [network() for _ in range(4)]
given = torch.randn(4, 16)
expected = [model(given) for model in models]
stoker.enable()
for model in models[:2]:  # the others are captured meanwhile
    stoker.optimize(model)
    model(given)
done, wrong, counts = threading.Event(), [], [0] * CALLERS

def calls(number):
    torch.set_grad_enabled(False)  # a thread's own
    try:
        while not done.is_set():
            for model, right in zip(models, expected):
                if not torch.allclose(model(given), right, atol=1e-5):
                    raise ValueError("another result than stock's")
            counts[number] += 1
    except BaseException as error:
        wrong.append(error)
        raise

threads = [threading.Thread(target=calls, args=(number,)) for number in range(CALLERS)]
for thread in threads:
    thread.start()
for model in models[2:]:
    stoker.optimize(model)
for death in range(DEATHS):
    stoker.disable()
    stoker.enable()
    dying = network()
    stoker.optimize(dying)
    dying(given), dying(given)
    if death % 3 == 0:
        roots.find(models[death % 2], create=False)._give_up("for this test")
    del dying
    gc.collect()
done.set()
for thread in threads:
    thread.join()
assert not wrong and min(counts) >= 1, (wrong, counts)
"""


def test_captures_deaths_and_switches_under_callers():
    ends_silently("-X", "faulthandler", "-c", PROGRAM, STOKER_SELECT="always")
