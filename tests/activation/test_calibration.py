"""The user's own calibration file is used, and a broken one costs a line, not the speed-up."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.environment import without_stoker

LINEAR = """
import torch, stoker
weight, x = torch.randn(512, 512), torch.randn(2, 512)
with torch.no_grad():
    for _ in range(4):
        torch.nn.functional.linear(x, weight)
status = stoker.status()
print(status["active"], status["calibration"], status["operators"]["linear"]["taken"], sep="|")
"""
MINE = "family this desk\nrule onednn_packed_f32 m 2 2 weight 0 * macs 0 pack 0\n"


def run(**env: str) -> tuple[str, str]:
    command, settings = [sys.executable, "-c", LINEAR], without_stoker(**env)
    result = subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
    return result.stdout.strip(), result.stderr


def cache_file(tmp_path) -> str:
    code = "import torch, stoker; print(stoker.status()['calibration_file'])"
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "STOKER_CALIBRATION": ""}
    return subprocess.check_output([sys.executable, "-c", code], env=env, text=True).strip()


def test_a_named_file_decides(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(MINE)
    stdout, stderr = run(STOKER_CALIBRATION=str(path))
    active, family, taken = stdout.split("|")
    assert (active, family, stderr) == ("True", "this desk", "")
    assert int(taken) >= 2


def test_the_cache_directory_is_looked_at_and_can_be_ignored(tmp_path):
    path = cache_file(tmp_path)
    assert path.startswith(str(tmp_path / "stoker" / "calibration-"))
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as file:
        file.write(MINE)
    assert run(XDG_CACHE_HOME=str(tmp_path), STOKER_CALIBRATION="")[0].split("|")[1] == "this desk"
    shipped = run(XDG_CACHE_HOME=str(tmp_path), STOKER_CALIBRATION="shipped")[0].split("|")
    assert shipped[0] == "True" and shipped[1] != "this desk"


def test_a_broken_file_is_one_line_and_the_shipped_one_is_used(tmp_path):
    path = tmp_path / "broken.txt"
    path.write_text("family x\nrule onednn_packed_f32 m 2 2\n")
    stdout, stderr = run(STOKER_CALIBRATION=str(path))
    assert stdout.startswith("True|") and "|x|" not in stdout
    assert stderr.count("\n") == 1
    assert "line 2: expected weight" in stderr and "stoker calibrate" in stderr


RECURRENT = """
import torch, stoker
module, x = torch.nn.GRU(64, 64), torch.randn(50, 8, 64)[:, :2]
with torch.no_grad():
    for _ in range(6):
        module(x)
status = stoker.status()
print(status["calibration"], status["operators"]["gru.input"]["taken"], sep="|")
"""


def test_a_file_without_rules_for_recurrent_layers_leaves_the_shipped_ones(tmp_path):
    path = tmp_path / "mine.txt"
    for rules, taken in (("", True), ("rnn jit_rnn_f32 h 1 2 b 1 1 t 1 1 pack 0\n", False)):
        path.write_text(MINE + rules)
        command, env = (
            [sys.executable, "-c", RECURRENT],
            without_stoker(STOKER_CALIBRATION=str(path)),
        )
        family, count = subprocess.check_output(command, env=env, text=True).strip().split("|")
        assert family == "this desk" and (int(count) > 0) == taken


BAGS = """
import torch, stoker
module, indices = torch.nn.EmbeddingBag(50, 8, mode="sum"), torch.arange(12).view(4, 3)
with torch.no_grad():
    module(indices)
    torch.nn.functional.embedding_bag(indices, module.weight.detach(), mode="sum")
operators = stoker.status()["operators"]
print(*(operators[name]["taken"] for name in ("_embedding_bag", "_embedding_bag_forward_only")))
"""


def test_sums_of_a_modules_table_have_rules_of_their_own(tmp_path):
    path = tmp_path / "mine.txt"
    for kind, taken in (("tracked", "1 0"), ("sum", "0 1")):
        path.write_text(MINE + f"bags jit_bag_f32 {kind} bags 1 * length 0 *\n")
        command, env = [sys.executable, "-c", BAGS], without_stoker(STOKER_CALIBRATION=str(path))
        assert subprocess.check_output(command, env=env, text=True).strip() == taken
