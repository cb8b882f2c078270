"""`inpaint-photos COMMAND`: the console command, which runs the modules that `python -m` runs in a clone.

An installed distribution has one top-level package, `inpaint`. `app.py`, `page` and `train` lie inside it, in
`inpaint/programs`, so that they do not clash with other people's modules of these names; this command puts that folder
on the path. In a clone it is the clone's own folder.
"""

import runpy
import sys
from pathlib import Path
from typing import NamedTuple

from .program import COMMAND, start_as


class Command(NamedTuple):
    """A subcommand.

    Attributes:
        module: what it runs as `__main__`.
        summary: for the help text.
        extra: of the distribution, which has what the module needs beyond the core; "" if that is enough.
        alone: the help text of a module that takes no arguments; "" for one that reads its own.
    """

    module: str
    summary: str
    extra: str = ""
    alone: str = ""


APP_HELP = """\
Start the page on http://localhost:7860, or the next port that is free. It takes no arguments.

environment variables:
  GRADIO_SERVER_PORT         the port
  GRADIO_SERVER_NAME         0.0.0.0 lets other machines open the page (default: 127.0.0.1)
  GRADIO_TEMP_DIR            folder of uploads and results while the page runs
  MODEL_ID, MODEL_REVISION   weights on the Hugging Face Hub (default: the bundled weights)"""
WARM_UP_HELP = """\
Compile all kernels and keep them on disk, so that no other command has to compile what it needs first. It takes no
arguments."""
COMMANDS = {
    "fill": Command("inpaint", "fill what masks mark, in one photo or many"),
    "restore": Command("inpaint.restore", "find scratches, tears and dust, and fill them"),
    "app": Command("app", "start the page", "page", alone=APP_HELP),
    "train": Command("train", "train weights on your own pictures", "train"),
    "evaluate": Command("train.evaluate", "compare weights with classical methods", "train"),
    "publish": Command("train.publish", "put the weights of a run on the Hugging Face Hub", "train"),
    "jobs": Command("train.jobs", "train on rented hardware", "jobs"),
    "export": Command("inpaint.export", "write the generator to an ONNX file", "export"),
    "warm-up": Command("inpaint.warm_up", "compile all kernels before they are first needed", alone=WARM_UP_HELP),
    "benchmark": Command("inpaint.benchmark", "time fills on this machine"),
}
OWN_PACKAGES = ("inpaint", "page", "train", "app")


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand and return the exit code.

    Args:
        arguments: without the program's name; None: those of the process.

    Raises:
        SystemExit: with the exit code of the module that was run.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return 0 if words else 2
    if words[0] in ("-V", "--version"):
        from inpaint import __version__

        print(f"{COMMAND} {__version__}")
        return 0
    command = COMMANDS.get(words[0])
    if command is None:
        print(f"{COMMAND}: there is no command {words[0]!r}: use one of {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    if command.alone and words[1:]:
        return _answer(words[0], command, words[1])
    return _run(words[0], command, words[1:])


def _answer(name: str, command: Command, word: str) -> int:
    """Print the help text of a command that takes no arguments, or that it takes none; return the exit code."""
    if word in ("-h", "--help"):
        print(f"usage: {COMMAND} {name}\n\n{command.alone}")
        return 0
    print(f"{COMMAND} {name} takes no arguments, and got {word!r}: see {COMMAND} {name} --help", file=sys.stderr)
    return 2


def programs_folder() -> Path:
    """Return the folder that holds `app.py`, `page` and `train`: of the distribution, or of the clone."""
    here = Path(__file__).parent
    installed = here / "programs"
    return installed if installed.is_dir() else here.parent


def _run(name: str, command: Command, words: list[str]) -> int:
    start_as(name)
    sys.path.insert(0, str(programs_folder()))
    sys.argv = [f"{COMMAND} {name}", *words]
    try:
        runpy.run_module(command.module, run_name="__main__", alter_sys=True)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if not command.extra or not missing or missing in OWN_PACKAGES:
            raise
        print(
            f"{COMMAND} {name}: the package {missing} is not installed: pip install '{COMMAND}[{command.extra}]'",
            file=sys.stderr,
        )
        return 1
    return 0


def _help() -> str:
    lines = [f"  {name:10} {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            f"usage: {COMMAND} COMMAND [arguments]",
            "",
            "Fill damaged or unwanted parts of photos.",
            "",
            "commands:",
            *lines,
            "",
            f"{COMMAND} COMMAND --help lists the arguments of a command; {COMMAND} --version prints the version.",
        ]
    )
