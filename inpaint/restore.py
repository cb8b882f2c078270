"""`python -m inpaint.restore PHOTO -o OUT`: find the damage of photos and fill it; `inpaint-photos restore` runs it."""

from .__main__ import run_process
from .command_line import build_restore_parser

if __name__ == "__main__":
    run_process(build_restore_parser())
