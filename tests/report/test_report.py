"""The report at exit: what it says, and that it never changes how a program ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from stoker import report

from tests.support.environment import without_stoker

ROOT = Path(__file__).resolve().parents[2]
WORK = """
import torch, os, sys
layer, x = torch.nn.Linear(512, 512), torch.randn(8, 512)
for _ in range(5):
    layer(x)
with torch.no_grad():
    for _ in range(7):
        layer(x)
"""


def run(code: str, target: str = "1", **env: str) -> subprocess.CompletedProcess:
    settings = without_stoker(STOKER_REPORT=target, STOKER_SELECT="always")
    return subprocess.run(
        [sys.executable, "-c", code], env=settings | env, capture_output=True, text=True
    )


def test_says_what_was_taken_declined_and_what_to_do():
    result = run(WORK, RANK="3")
    assert result.returncode == 0
    text = result.stderr
    assert re.search(r"process \d+, rank 3: ", text)
    calls = re.search(r"^ +linear +(\d+) +(\d+) +(\S+) +(\S+) +7 jit_f32 +5 autograd", text, re.M)
    assert calls and calls.group(1, 2) == ("12", "7"), text
    assert sum(map(float, calls.group(3, 4))) > 0
    advice = re.search(
        r"^(\d+) % of linear time was stock: autograd is recording; use torch", text, re.M
    )
    assert 0 < int(advice.group(1)) < 100
    assert re.search(r"^packed weights: 1, 1.0 MiB", text, re.M)


GRAPHS = """
class Breaks(torch.nn.Sequential):
    def forward(self, x):
        return super().forward(x) if x.sum().item() > 1e9 else -super().forward(x)
import stoker
model = Breaks(torch.nn.Linear(512, 512), torch.nn.ReLU()).eval()
never = torch.nn.Identity().eval()
with torch.no_grad(), stoker.graphs():
    for _ in range(4):
        model(x), never(5)
"""


def test_graphs_have_a_line_each(tmp_path):
    text = run(WORK + GRAPHS).stderr
    line = (
        r"^(\d) graphs of Breaks in 1 captures \((\d+\.\d) s\) ran 3 calls: 1 linears, 1 epilogues"
    )
    found = re.search(line + r"; broke: Unsupported Tensor.item\(\) call", text, re.M)
    assert found and int(found.group(1)) >= 1 and float(found.group(2)) > 0, text
    assert re.search(r"^0 graphs of Identity .*; no more captures: nothing of it", text, re.M), text
    assert "graphs of" not in run(WORK).stderr
    path = tmp_path / "report.json"
    run(WORK + GRAPHS, str(path))
    graphs = {root["module"]: root for root in json.loads(path.read_text())["graphs"]}
    assert graphs["Breaks"]["calls"] == 3 and graphs["Breaks"]["fused"]["epilogues"] == 1
    assert graphs["Identity"]["refused"] == "nothing of it could be captured"


def test_every_hint_is_printed_where_it_matters():
    for reason, hint in report.HINTS.items():
        op = {"calls": 3, "taken": 0, "rows": {}, "declined": {reason: 2, "unprofitable": 1}}
        op |= {"seconds_taken": 0.0, "seconds_declined": 1.0}
        process = {"pid": 1, "cpu": "c", "isa": "i", "dtype": "float32", "calibration": "f"}
        packed = {"entries": 0, "bytes": 0, "budget": 0}
        text = report.as_text(process | {"operators": {"mm": op}, "packed": packed})
        assert f"67 % of mm time was stock: {reason}; {hint}\n" in text
        rare = op | {"declined": {reason: 1, "unprofitable": 99}}
        assert hint not in report.as_text(process | {"operators": {"mm": rare}, "packed": packed})


def test_one_line_of_json_a_process(tmp_path):
    path = tmp_path / "report.json"
    for _ in range(2):
        assert run(WORK, str(path)).stderr == ""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 2 and lines[0]["pid"] != lines[1]["pid"]
    assert lines[0]["operators"]["linear"]["taken"] == 7
    assert lines[0]["operators"]["linear"]["seconds_taken"] > 0


def test_silent_when_off_or_without_work():
    assert run(WORK, "0").stderr == ""
    assert run("import torch").stderr == ""


@pytest.mark.parametrize(
    ("ending", "code", "text"),
    [
        ("sys.exit(3)", 3, ""),
        ("raise ValueError('mine')", 1, "ValueError: mine"),
        ("raise KeyboardInterrupt", -2, "KeyboardInterrupt"),
        ("sys.stderr.close()", 0, None),
        ("sys.stderr = None", 0, None),
        ("os.close(2)", 0, None),
        ("os.dup2(os.open('/dev/full', os.O_WRONLY), 2)", 0, None),
        ("os._exit(4)", 4, None),
        ("sys.stdout.close()", 0, ""),
    ],
)
def test_the_program_ends_as_it_would(ending, code, text):
    result = run(WORK + ending)
    assert result.returncode == code, result.stderr
    if text is not None:
        assert text in result.stderr and "linear" in result.stderr
    else:
        assert "Traceback" not in result.stderr


def test_a_forked_child_does_not_print_its_parents_numbers():
    code = WORK + "if os.fork() == 0:\n    sys.exit(0)\nos.wait()\n"
    assert run(code, OMP_NUM_THREADS="1").stderr.count("packed weights:") == 1


def test_an_unwritable_file_changes_nothing(tmp_path):
    result = run(WORK, str(tmp_path / "no" / "such" / "folder.json"))
    assert result.returncode == 0 and result.stderr == ""


def test_every_hint_is_for_a_reason_that_exists():
    text = "".join(
        path.read_text()
        for folder in ("aten", "kernels")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".cpp", ".h")
    )
    literals = set(re.findall(r'"([^"\n]+)"', re.sub(r'"\s*\n\s*"', "", text)))
    assert set(report.HINTS) - literals == set()
