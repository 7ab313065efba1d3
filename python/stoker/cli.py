"""The `stoker` command. Each subcommand is imported when it is asked for."""

from __future__ import annotations

import importlib

import click

from stoker import autoload

COMMANDS = {
    "calibrate": "stoker.calibrate.command:calibrate",
    "compare": "stoker.compare.command:compare",
    "doctor": "stoker.doctor:doctor",
    "run": "stoker.launcher.command:run",
}


class LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        return getattr(importlib.import_module(module), attribute)


@click.command(cls=LazyGroup)
@click.version_option(autoload.VERSION, prog_name="stoker")
def main() -> None:
    """Faster PyTorch inference on CPUs, with nothing to change in the program."""
