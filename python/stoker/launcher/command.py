"""`stoker run`: computes an environment and becomes Python running the script.

One instance is an execve: argv, stdin, signals and exit code are Python's own. Several instances
are children of this process, which hands signals on and ends with the first failure's exit code.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import signal
import subprocess
import sys

import click

from stoker import autoload
from stoker.launcher import cores
from stoker.launcher.ipex import accept_ipexrun

SHIM = "libstoker_preload.so"
DTYPES = click.Choice(["float32", "bfloat16"])
ALLOCATORS = click.Choice(["auto", "default", "tcmalloc", "jemalloc"])
SETTINGS = {
    "allow_interspersed_args": False,  # what follows the script is the script's
    "token_normalize_func": lambda name: name.replace("_", "-"),
    "help_option_names": ["-h", "--help"],
}


def say(line: str) -> None:
    click.echo(f"stoker run: {line}", err=True)


class RunCommand(click.Command):
    """Knows that --report takes a value only behind an equals sign."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        takes_value = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        i = 0
        while i < len(args) and args[i].startswith("-") and args[i] != "--":
            if args[i] == "--report":
                args[i] = "--report=1"
            i += 2 if args[i].replace("_", "-") in takes_value else 1
        return super().parse_args(context, args)


def graph_options(command):
    """--no-graph and --graph-after, of every command that runs a script."""
    after = click.option(
        "--graph-after", metavar="SECONDS", type=click.FloatRange(0),
        help="Seconds a module runs before it is captured (10).",
    )  # fmt: skip
    never = click.option("--no-graph", is_flag=True, help="Capture no modules into graphs.")
    return never(after(command))


@click.command(cls=RunCommand, context_settings=SETTINGS)
@click.option("-m", "--module", is_flag=True, help="PROGRAM is a module, as in python -m.")
@click.option(
    "--no-python", is_flag=True, help="PROGRAM is a program of its own: C++ on libtorch, a shell..."
)
@click.option("--dtype", type=DTYPES, help="Multiply in this type below modules in eval mode.")
@click.option("--force", is_flag=True, help="bfloat16 also on a CPU without bf16 instructions.")
@click.option(
    "--report", metavar="[=FILE]",
    help="At exit, a table of what was done; =FILE: a line of JSON a process.",
)  # fmt: skip
@graph_options
@click.option("--inference", is_flag=True, help="Module calls never record gradients.")
@click.option("--verbose", "--auto-ipex-verbose", is_flag=True, help="Say each new decision.")
@click.option(
    "--ninstances", "--instances", "--ninstance", type=click.IntRange(1), default=1,
    help="Processes to start, each on cores of its own.",
)  # fmt: skip
@click.option(
    "--ncores-per-instance", "--ncore-per-instance", type=click.IntRange(0), default=0,
    help="Cores and threads of each; 0: all there are.",
)  # fmt: skip
@click.option(
    "--instance-idx", type=click.IntRange(0), help="Start this one of the instances only."
)
@click.option("--cores-list", "--core-list", help="Cores to use, such as 0-3,8.")
@click.option(
    "--bind-numa-node", "--node-id", type=click.IntRange(0),
    help="Use the cores and the memory of this NUMA node only.",
)  # fmt: skip
@click.option("--latency-mode", is_flag=True, help="Instances of four cores.")
@click.option("--throughput-mode", is_flag=True, help="One instance on all cores.")
@click.option(
    "--memory-allocator", type=ALLOCATORS, default="auto", help="auto and default: the system's."
)
@accept_ipexrun
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(program: str, arguments: tuple[str, ...], module: bool, **options) -> None:
    """Run a script (or, with -m, a module) with Stoker: stoker run [OPTIONS] script.py args..."""
    environment = os.environ | settings(options)
    ipexrun = click.get_current_context().meta.get("stoker.allocator")
    preload_allocator(environment, ipexrun or options["memory_allocator"])
    if options["no_python"]:
        command = [found(program, module), *arguments]
        preload(environment, os.path.join(os.path.dirname(autoload.__file__), SHIM))
    else:
        command = [sys.executable, *(["-m"] if module else []), program, *arguments]
    bind_node(options)
    shares = instances(options)
    if options["instance_idx"] is not None:
        if options["instance_idx"] >= len(shares):
            raise click.UsageError(f"--instance-idx: there are {len(shares)} instances, from 0 on")
        shares = [shares[options["instance_idx"]]]
    if len(shares) == 1:
        become(command, environment, shares[0])
    sys.exit(run_all(command, environment, shares))


def settings(options: dict) -> dict[str, str]:
    """Environment variables by which the library in the child learns what was asked."""
    found = {"STOKER_RUN": "1"}
    if options["dtype"]:
        found["STOKER_DTYPE"] = options["dtype"]
    if options["report"]:
        target = options["report"]
        found["STOKER_REPORT"] = target if target == "1" else os.path.abspath(target)
    if options["no_graph"]:
        found["STOKER_GRAPH"] = "0"
    if options["graph_after"] is not None:
        found["STOKER_GRAPH_AFTER"] = str(options["graph_after"])
    for name in ("force", "inference", "verbose"):
        if options[name]:
            found[f"STOKER_{name.upper()}"] = "1"
    # torch then asks for huge pages for large blocks: fewer page faults, cheaper address look-ups.
    found["THP_MEM_ALLOC_ENABLE"] = os.environ.get("THP_MEM_ALLOC_ENABLE", "1")
    if os.environ.get("TORCH_DEVICE_BACKEND_AUTOLOAD", "1") != "1":
        say("TORCH_DEVICE_BACKEND_AUTOLOAD is set, so torch will not load Stoker; unset it")
    return found


def found(program: str, module: bool) -> str:
    """The path of a program that is not Python's."""
    if module:
        raise click.UsageError("--no-python and --module exclude each other")
    path = shutil.which(program)
    if path is None:
        raise click.UsageError(f"{program}: not found, or not executable")
    return path


def bind_node(options: dict) -> None:
    """Narrows the cores to those of the node asked for, and binds the memory to it."""
    node = options["bind_numa_node"]
    if node is None:
        return
    nodes = cores.numa_nodes()
    usable = os.sched_getaffinity(0) & set(nodes.get(node, ()))
    if not usable:
        raise click.UsageError(
            f"--bind-numa-node {node}: this machine has {sorted(nodes)}, and this process may run"
            f" on the cores {sorted(os.sched_getaffinity(0))}"
        )
    os.sched_setaffinity(0, usable)
    try:
        cores.bind_memory(node)
    except OSError as error:
        say(f"cores of NUMA node {node}, but memory from anywhere: {error}")


def preload(environment: dict[str, str], library: str) -> None:
    before = environment.get("LD_PRELOAD")
    environment["LD_PRELOAD"] = f"{library}:{before}" if before else library


def preload_allocator(environment: dict[str, str], allocator: str) -> None:
    if allocator in ("auto", "default"):
        return
    library = ctypes.util.find_library(allocator)
    if library is None:
        say(f"{allocator} is not installed; the system's allocator is used")
        return
    preload(environment, library)


def instances(options: dict) -> list[list[int] | None]:
    """The cores of each instance; None: leave the affinity and the threads alone."""
    cpus = chosen_cores(options["cores_list"])
    count, each = options["ninstances"], options["ncores_per_instance"]
    if options["latency_mode"]:
        each = 4
        count = max(1, len(cpus) // each)
    if options["throughput_mode"]:
        count, each = 1, len(cpus)
    if count == 1 and not each and not options["cores_list"]:
        return [None]
    shares = cores.share(cpus, count, each)
    if each > len(shares[0]) or count > len(cpus):
        say(
            f"{count} x {each or 1} cores asked for, {len(cpus)} available:"
            f" {count} instances of {len(shares[0])}"
        )
    return shares


def chosen_cores(text: str | None) -> list[int]:
    allowed = cores.available()
    if not text:
        return allowed
    try:
        wanted = cores.parse_list(text)
    except ValueError:
        raise click.UsageError(f"--cores-list {text}: expected such as 0-3,8") from None
    usable = [cpu for cpu in wanted if cpu in os.sched_getaffinity(0)]
    if not usable:
        raise click.UsageError(f"--cores-list {text}: this process may run on {allowed} only")
    if usable != wanted:
        say(f"of cores {text} only {','.join(map(str, usable))} are available: using those")
    return usable


def bound(environment: dict[str, str], cpus: list[int] | None) -> dict[str, str]:
    return environment if cpus is None else environment | {"OMP_NUM_THREADS": str(len(cpus))}


def become(command: list[str], environment: dict[str, str], cpus: list[int] | None) -> None:
    if cpus is not None:
        os.sched_setaffinity(0, cpus)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, bound(environment, cpus))


def run_all(command: list[str], environment: dict[str, str], shares: list) -> int:
    children = [
        subprocess.Popen(
            command,
            env=bound(environment, cpus),
            preexec_fn=lambda cpus=cpus: os.sched_setaffinity(0, cpus),
        )
        for cpus in shares
    ]

    def hand_on(number, frame):
        for child in children:
            child.send_signal(number)

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the children as well
    codes = [child.wait() for child in children]
    failed = next((code for code in codes if code), 0)
    return 128 - failed if failed < 0 else failed
