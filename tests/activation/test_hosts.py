"""Programs that start Python in their own way: torchrun and notebooks."""

from __future__ import annotations

import json
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.environment import without_stoker

RANKS = """
import json, os, sys, torch, stoker
import torch.distributed as dist
dist.init_process_group("gloo")
model = torch.nn.Linear(512, 512).eval()
with torch.no_grad():
    summed = model(torch.ones(8, 512)).detach().clone()
    dist.all_reduce(summed)
status = stoker.status()
found = [status["active"], status["dtype"], status["operators"]["linear"]["calls"]]
with open(f"{sys.argv[1]}.{os.environ['RANK']}", "w") as file:
    json.dump(found, file)
dist.destroy_process_group()
"""
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
STOKER_RUN = ["-m", "stoker", "run", "--dtype", "bfloat16", "--force"]


@pytest.mark.parametrize(
    ("launcher", "dtype"), [([], "float32"), (STOKER_RUN, "bfloat16")], ids=["plain", "stoker_run"]
)
def test_every_rank_of_torchrun(launcher, dtype, tmp_path):
    (tmp_path / "ranks.py").write_text(RANKS)
    command = [sys.executable, *launcher, *TORCHRUN, str(tmp_path / "ranks.py"), tmp_path / "out"]
    environment = without_stoker(OMP_NUM_THREADS="1")
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    found = [json.loads((tmp_path / f"out.{rank}").read_text()) for rank in (0, 1)]
    assert found == [[True, dtype, 1]] * 2, found


CELLS = [
    "import torch, stoker\nmodel = torch.nn.Sequential(torch.nn.Linear(64, 64)).eval()",
    "with torch.no_grad():\n    before = model(torch.ones(8, 64))",
    # A notebook defines a class again and again, and writes to the weights between cells.
    "model[0].weight.data.mul_(0)\nwith torch.no_grad():\n    after = model(torch.ones(8, 64))",
    "status = stoker.status()\n"
    "print(status['active'], status['dtype'], after.equal(model[0].bias.expand(8, 64)))",
]


@pytest.mark.parametrize(
    ("launcher", "dtype"), [([], "float32"), (STOKER_RUN, "bfloat16")], ids=["plain", "stoker_run"]
)
def test_cells_of_a_notebook(launcher, dtype, tmp_path, monkeypatch):
    kernel = tmp_path / "kernels" / "tested"
    kernel.mkdir(parents=True)
    argv = [sys.executable, *launcher, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "tested", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    client = NotebookClient(notebook, kernel_name="tested", timeout=120)
    client.execute(env=without_stoker())
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output["text"] for output in outputs] == [f"True {dtype} True\n"], outputs
