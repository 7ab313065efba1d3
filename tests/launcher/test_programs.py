"""`stoker run --no-python`: C++ programs on libtorch; and NUMA nodes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from stoker.launcher import cores

from tests.support.environment import without_stoker

RUN = [sys.executable, "-m", "stoker", "run"]
SOURCE = r"""
#include <ATen/ATen.h>
#include <cstdio>
#include <cstdlib>
int main(int argc, char** argv) {
  const at::Tensor x = at::ones({8, 256}), w = at::ones({64, 256});
  double sum = 0;
  for (int i = 0; i < 5; ++i) sum += at::linear(x, w).sum().item<double>();
  std::printf("%s %.0f\n", argc > 1 ? argv[1] : "", sum);
  return argc > 2 ? std::atoi(argv[2]) : 0;
}
"""
EXPECTED = 5 * 8 * 64 * 256


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("program")
    (folder / "program.cpp").write_text(SOURCE)
    home = Path(torch.__file__).parent
    command = ["g++", "-std=c++20", "-O0", folder / "program.cpp", "-o", folder / "program"]
    command += [f"-I{home}/include", f"-L{home}/lib", f"-Wl,-rpath,{home}/lib"]
    command += ["-Wl,--no-as-needed", "-ltorch_cpu", "-lc10"]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder / "program"


def run(*command, **env: str) -> subprocess.CompletedProcess:
    settings = without_stoker(STOKER_SELECT="always", STOKER_VERBOSE="1", **env)
    return subprocess.run(command, env=settings, capture_output=True, text=True)


def test_a_program_of_libtorch_is_faster_by_itself(program):
    plain = run(program, "an argument", "3")
    ours = run(*RUN, "--no-python", program, "an argument", "3")
    assert (plain.returncode, plain.stdout, plain.stderr) == (3, f"an argument {EXPECTED}\n", "")
    assert (ours.returncode, ours.stdout) == (plain.returncode, plain.stdout)
    assert "linear" in ours.stderr and "jit_f32" in ours.stderr, ours.stderr


def test_it_can_be_switched_off(program):
    result = run(*RUN, "--no-python", program, STOKER="0")
    assert (result.returncode, result.stdout, result.stderr) == (0, f" {EXPECTED}\n", "")


def test_other_programs_notice_nothing():
    script = "printf '%s ' \"$1\"; cat; exit 4"
    command = [*RUN, "--no-python", "sh", "-c", script, "sh", "an argument"]
    result = subprocess.run(
        command, env=without_stoker(), input="from stdin", capture_output=True, text=True
    )
    assert (result.returncode, result.stdout, result.stderr) == (4, "an argument from stdin", "")


def test_python_below_a_shell_is_active():
    code = "import torch, stoker; print(stoker.status()['active'])"
    result = run(*RUN, "--no-python", "sh", "-c", f'"{sys.executable}" -c "{code}"')
    assert result.stdout == "True\n", result.stderr


def test_an_unknown_program_is_said():
    result = run(*RUN, "--no-python", "no-such-program")
    assert result.returncode == 2 and "no-such-program: not found" in result.stderr
    result = run(*RUN, "--no-python", "-m", "module")
    assert result.returncode == 2 and "--no-python" in result.stderr


def test_a_numa_node_binds_cores_and_memory():
    node, cpus = next(iter(cores.numa_nodes().items()))
    code = (
        "import os, re; print(sorted(os.sched_getaffinity(0)));"
        "print({line.split()[1] for line in open('/proc/self/numa_maps')})"
    )
    result = run(*RUN, "--bind-numa-node", str(node), "-m", "timeit", "-n1", "-r1", code)
    affinity, policies = result.stdout.splitlines()[:2]
    allowed = os.sched_getaffinity(0)
    assert affinity == str([cpu for cpu in cpus if cpu in allowed]), result.stderr
    assert policies == str({f"bind:{node}"})


def test_an_unknown_node_is_said():
    result = run(*RUN, "--bind-numa-node", "77", "script.py")
    assert result.returncode == 2 and "--bind-numa-node 77: this machine has " in result.stderr


def test_nodes_are_read_from_sysfs(tmp_path):
    for node, text in {0: "0-1,8\n", 1: "2-3\n", 2: "\n"}.items():
        (tmp_path / f"node{node}").mkdir()
        (tmp_path / f"node{node}" / "cpulist").write_text(text)
    # A node without CPUs (memory only) is none to run on.
    assert cores.numa_nodes(str(tmp_path)) == {0: [0, 1, 8], 1: [2, 3]}
    assert cores.numa_nodes(str(tmp_path / "nowhere")) == {0: sorted(os.sched_getaffinity(0))}
