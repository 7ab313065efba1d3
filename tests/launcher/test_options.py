"""Options of `stoker run`, ours and ipexrun's old and new ones."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest
from stoker.launcher import cores

from tests.support.environment import without_stoker

SHOW = """
import json, os, sys
keys = ("STOKER_RUN", "STOKER_DTYPE", "STOKER_FORCE", "STOKER_INFERENCE", "STOKER_VERBOSE",
        "STOKER_REPORT", "STOKER_GRAPH", "STOKER_GRAPH_AFTER",
        "THP_MEM_ALLOC_ENABLE", "OMP_NUM_THREADS", "LD_PRELOAD")
shown = {key: os.environ[key] for key in keys if key in os.environ}
line = json.dumps([shown, sorted(os.sched_getaffinity(0)), sys.argv[1:]]) + "\\n"
os.write(1, line.encode())
"""
RUN_QA = """
import argparse, sys
import torch
from transformers import BertConfig, BertForQuestionAnswering
parser = argparse.ArgumentParser()
parser.add_argument("--model_name_or_path"); parser.add_argument("--do_eval", action="store_true")
given = parser.parse_args()
torch.manual_seed(0)
config = BertConfig(vocab_size=64, hidden_size=128, intermediate_size=256, num_hidden_layers=2,
                    num_attention_heads=2)
model = BertForQuestionAnswering(config).eval()
with torch.no_grad():
    for _ in range(6):
        out = model(torch.arange(32).view(2, 16))
import stoker
status = stoker.status()
rows = sorted(row for op in status["operators"].values() for row in op["rows"])
import os
line = " ".join([given.model_name_or_path, str(given.do_eval), status["dtype"], *rows])
os.write(1, f"{line}\\n".encode())
"""


CAPTURE = """
import torch, stoker
model, x = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU()).eval(), torch.randn(2, 8)
with torch.no_grad():
    for _ in range(4):
        model(x)
print([(root["module"], root["calls"]) for root in stoker.status()["graphs"]])
"""


def stoker_run(options: str, tmp_path, source: str = SHOW, **env: str):
    (tmp_path / "run_qa.py").write_text(source)
    command = [sys.executable, "-m", "stoker", "run", *shlex.split(options)]
    return subprocess.run(
        command,
        cwd=tmp_path,
        env=without_stoker(**env),
        capture_output=True,
        text=True,
        timeout=120,
    )


def shown(options: str, tmp_path, **env: str):
    result = stoker_run(options, tmp_path, **env)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_options_become_environment(tmp_path):
    options = "--dtype bfloat16 --force --inference --verbose run_qa.py --dtype x"
    (((env, _, argv),), stderr) = shown(options, tmp_path)
    assert stderr == "" and argv == ["--dtype", "x"]
    untouched = {
        key: os.environ[key] for key in ("LD_PRELOAD", "OMP_NUM_THREADS") if key in os.environ
    }
    assert env == untouched | {
        "STOKER_RUN": "1",
        "STOKER_DTYPE": "bfloat16",
        "STOKER_FORCE": "1",
        "STOKER_INFERENCE": "1",
        "STOKER_VERBOSE": "1",
        "THP_MEM_ALLOC_ENABLE": "1",
    }


@pytest.mark.parametrize(
    ("options", "report", "argv"),
    [
        ("--report run_qa.py --report x", "1", ["--report", "x"]),
        ("--dtype float32 --report run_qa.py", "1", []),
        ("--report=out.json run_qa.py --report=y", "out.json", ["--report=y"]),
        ("run_qa.py --report", None, ["--report"]),
    ],
)
def test_report_takes_a_value_behind_an_equals_sign_only(options, report, argv, tmp_path):
    (((env, _, found),), _) = shown(options, tmp_path)
    expected = str(tmp_path / report) if report and report != "1" else report
    assert (env.get("STOKER_REPORT"), found) == (expected, argv)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--no-graph", {"STOKER_GRAPH": "0"}),
        ("--graph-after 0.5", {"STOKER_GRAPH_AFTER": "0.5"}),
        ("--graph_after=3 --no_graph", {"STOKER_GRAPH": "0", "STOKER_GRAPH_AFTER": "3.0"}),
        ("", {}),
    ],
)
def test_graphs(options, expected, tmp_path):
    (((env, _, argv),), stderr) = shown(f"{options} run_qa.py --no-graph", tmp_path)
    assert {key: value for key, value in env.items() if "GRAPH" in key} == expected
    assert argv == ["--no-graph"] and stderr == ""


@pytest.mark.parametrize(
    ("options", "env", "graphs", "stderr"),
    [
        ("--graph-after 0", {}, "[('Sequential', 3)]", ""),
        ("--graph-after 0 --verbose", {}, "[('Sequential', 3)]", "stoker: graph: Sequential: 1 gr"),
        ("", {"STOKER_GRAPH_AFTER": "0"}, "[('Sequential', 3)]", ""),
        ("", {}, "[]", ""),
        ("--graph-after 0 --no-graph", {}, "[]", ""),
        ("--graph-after 0", {"STOKER_GRAPH": "0"}, "[]", ""),
        (
            "", {"STOKER_GRAPH_AFTER": "soon"}, "[]",
            "stoker: no graphs: STOKER_GRAPH_AFTER is 'soon', expected seconds such as 10\n",
        ),
    ],
)  # fmt: skip
def test_what_is_captured_under_run(options, env, graphs, stderr, tmp_path):
    result = stoker_run(f"{options} run_qa.py", tmp_path, CAPTURE, **env)
    assert (result.returncode, result.stdout.strip()) == (0, graphs), result.stderr
    assert stderr in result.stderr if stderr else result.stderr == ""


def test_a_user_setting_of_huge_pages_stays(tmp_path):
    (((env, *_),), _) = shown("run_qa.py", tmp_path, THP_MEM_ALLOC_ENABLE="0")
    assert env["THP_MEM_ALLOC_ENABLE"] == "0"


OLD = "--ninstance 2 --ncore_per_instance 28 run_qa.py --model_name_or_path some/model --do_eval"


@pytest.mark.parametrize(
    ("options", "dtype"),
    [
        ("--use_default_allocator " + OLD, "float32"),
        ("--auto_ipex --use_default_allocator " + OLD, "float32"),
        ("--auto_ipex --dtype bfloat16 --use_default_allocator " + OLD, "bfloat16"),
    ],
)
def test_old_command_lines_word_for_word(options, dtype, tmp_path):
    env = {"STOKER_SELECT": "always", "STOKER_FORCE": "1"}
    result = stoker_run(options, tmp_path, RUN_QA, **env)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith(f"some/model True {dtype} ")
        assert "jit_" in line and ("_f32" in line and "bf16" in line) == (dtype == "bfloat16")
    asked = [line for line in result.stderr.splitlines() if line.startswith("stoker run:")]
    if len(os.sched_getaffinity(0)) < 56:
        assert len(asked) == 1 and "2 x 28 cores asked for" in asked[0]


def test_instances_have_cores_of_their_own(tmp_path):
    (found, _) = shown("--ninstances 2 --ncores-per-instance 1 run_qa.py a", tmp_path)
    assert len(found) == 2 and all(argv == ["a"] for *_, argv in found)
    assert all(env["OMP_NUM_THREADS"] == "1" and len(cpus) == 1 for env, cpus, _ in found)
    if len(cores.available()) > 1:
        assert found[0][1] != found[1][1]
    ((one,), _) = shown(
        "--ninstances 2 --ncores-per-instance 1 --instance-idx 1 run_qa.py", tmp_path
    )
    assert one[1] == [cores.available()[1 % len(cores.available())]]


def test_the_first_failing_instance_gives_the_exit_code(tmp_path):
    source = "import sys; sys.exit(5)"
    assert stoker_run("--ninstances 2 run_qa.py", tmp_path, source).returncode == 5


def test_options_without_effect_say_so(tmp_path):
    (_, stderr) = shown("--disable_ipex_graph_mode --omp-runtime intel run_qa.py", tmp_path)
    assert stderr.splitlines() == [
        "stoker run: --omp-runtime has no effect here"
        if "omp-runtime" in line
        else "stoker run: --disable-ipex-graph-mode has no effect here"
        for line in stderr.splitlines()
    ]
    assert stderr.count("\n") == 2


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("--dtype int8 run_qa.py", "'int8' is not one of 'float32', 'bfloat16'"),
        ("--no-such-option run_qa.py", "No such option"),
        ("", "Missing argument 'PROGRAM'"),
        ("--nnodes 2 run_qa.py", "use torchrun"),
        ("--graph-after soon run_qa.py", "'soon' is not a valid float"),
        ("--graph-after -1 run_qa.py", "-1.0 is not in the range x>=0"),
        ("--cores-list x run_qa.py", "expected such as 0-3,8"),
        ("--ninstances 2 --instance-idx 2 run_qa.py", "there are 2 instances"),
    ],
)
def test_wrong_options_are_usage_errors(options, text, tmp_path):
    result = stoker_run(options, tmp_path)
    assert result.returncode == 2
    assert text in result.stderr and result.stdout == ""


def test_a_missing_allocator_is_one_line(tmp_path, monkeypatch):
    (((env, *_),), stderr) = shown("--memory-allocator jemalloc run_qa.py", tmp_path)
    assert "jemalloc" in env.get("LD_PRELOAD", "") or "jemalloc is not installed" in stderr


def test_shares_of_cores():
    assert cores.share([0, 1, 2, 3], 2, 0) == [[0, 1], [2, 3]]
    assert cores.share([0, 1, 2, 3], 2, 1) == [[0], [1]]
    assert cores.share([4, 5], 2, 28) == [[4], [5]]
    assert cores.share([4], 3, 0) == [[4], [4], [4]]
    assert cores.parse_list("0,2-4") == [0, 2, 3, 4]


def test_the_quota_of_a_cgroup(tmp_path):
    assert cores.quota(8, str(tmp_path)) == 8
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    assert cores.quota(8, str(tmp_path)) == 2
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cores.quota(8, str(tmp_path)) == 8
