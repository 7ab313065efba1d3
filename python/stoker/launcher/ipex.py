"""Options of Intel's ipexrun, old and new: an old command line works with the program name changed.

Spellings with underscores are the same options (the command normalises them). Those that mean
something here have their own names beside ours in command.py.
"""

from __future__ import annotations

import click

# Nothing here corresponds: what they asked for is always so, or is the script's own business.
FLAGS = (
    "--auto-ipex", "--disable-ipex-graph-mode", "--disable-numactl", "--disable-taskset",
    "--disable-iomp", "--use-logical-core", "--use-logical-cores", "--skip-cross-node-cores",
    "--use-e-cores", "--benchmark",
)  # fmt: skip
VALUES = (
    "--omp-runtime", "--strategy", "--multi-task-manager", "--nodes-list",
    "--log-dir", "--log-path", "--log-file-prefix",
)  # fmt: skip
ALLOCATORS = {
    "--use-default-allocator": "default",
    "--enable-tcmalloc": "tcmalloc",
    "--enable-jemalloc": "jemalloc",
}
DISTRIBUTED = (
    "--distributed", "--nnodes", "--nprocs-per-node", "--nproc-per-node", "--ccl-worker-count",
    "--logical-cores-for-ccl", "--master-addr", "--master-port", "--hostfile", "--extra-mpi-params",
)  # fmt: skip
SILENT = ("--auto-ipex",)  # it is what `stoker run` does


def _without_effect(context: click.Context, parameter: click.Parameter, value) -> None:
    name = parameter.opts[0]
    if value and name not in SILENT:
        click.echo(f"stoker run: {name} has no effect here", err=True)


def _allocator(context: click.Context, parameter: click.Parameter, value) -> None:
    if value:
        context.meta["stoker.allocator"] = ALLOCATORS[parameter.opts[0]]


def _distributed(context: click.Context, parameter: click.Parameter, value) -> None:
    if value is not None:
        raise click.UsageError(
            f"{parameter.opts[0]}: use torchrun for several machines or ranks; Stoker is active in"
            " each of its workers by itself"
        )


def accept_ipexrun(command):
    """Adds the options to a click command; none of them reaches its function."""
    for name in FLAGS:
        command = _option(name, _without_effect, is_flag=True)(command)
    for name in VALUES:
        command = _option(name, _without_effect)(command)
    for name in ALLOCATORS:
        command = _option(name, _allocator, is_flag=True)(command)
    for name in DISTRIBUTED:
        command = _option(name, _distributed)(command)
    return command


def _option(name: str, callback, **settings):
    return click.option(name, callback=callback, expose_value=False, hidden=True, **settings)
