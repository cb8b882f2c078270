"""The name of the console command, and what a user types to start a module."""

COMMAND = "inpaint-photos"
"""The console command. The distribution has the same name, so that `uvx inpaint-photos` and `pipx run` work."""
_started: list[str] = []


def start_as(subcommand: str) -> None:
    """Let help texts and messages of this process name a subcommand of the console command."""
    _started[:] = [subcommand]


def program_name(module: str, subcommand: str | None = None) -> str:
    """Return what a user types to start a module, for help texts and messages.

    Args:
        module: such as "train.jobs".
        subcommand: of the console command, that runs the module; None: the one that was started.

    Returns:
        "inpaint-photos jobs" where the console command runs this process, otherwise "python -m train.jobs".
    """
    return f"{COMMAND} {subcommand or _started[0]}" if _started else f"python -m {module}"
