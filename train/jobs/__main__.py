"""python -m train.jobs submit|status|logs|cancel|hardware: training runs as Hugging Face Jobs, or as processes here."""

import argparse
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import tyro
from huggingface_hub import get_token

from train.presets import PRESETS, current_flags
from train.run.events import RunStatus, read_events

from .cost import Estimate, Hardware, estimate
from .hub import (
    JobRequest,
    JobState,
    account,
    cancel_job,
    image_request,
    job_log,
    job_state,
    list_hardware,
    our_jobs,
    space_request,
    submit,
)
from .local import cancel_here, follow_here, job_here, jobs_here, log_here, start_here
from .source import IMAGE, pack, upload
from .spec import JobError, Run, run_of

PROG = "python -m train.jobs"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
TAIL = 400


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 a problem that was explained, 130 interrupted."""
    options, flags = _parser().parse_known_args(argv)
    if flags and options.action is not _submit:
        _parser().error(f"unknown: {' '.join(flags)}")
    options.flags = flags
    try:
        options.action(options)
        return 0
    except JobError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    new = commands.add_parser(
        "submit",
        help="start a run",
        usage=f"{PROG} submit [options] PRESET --data.dataset OWNER/NAME --push-to-hub ME/WEIGHTS [--flags]",
        description="Starts a run. All flags of `python -m train PRESET` are understood; the state is kept on the Hub,"
        " and the same command goes on from it.",
        allow_abbrev=False,
    )
    new.set_defaults(action=_submit)
    new.add_argument("--here", action="store_true", help="as a process on this machine, not as a Hugging Face Job")
    new.add_argument("--flavor", default="t4-small", help="hardware of the job (default: %(default)s)")
    new.add_argument(
        "--timeout", type=_duration, help="cut it off after so long, such as 90m or 5h (default: estimated)"
    )
    new.add_argument("--space", default=os.getenv("SPACE_ID"), help="OWNER/NAME of a Space that holds this code")
    new.add_argument("--image", default=IMAGE, help="Docker image if there is no Space (default: %(default)s)")
    new.add_argument("--namespace", help="organisation that pays (default: the token's account)")
    new.add_argument("--dry-run", action="store_true", help="print what would be asked for, and do nothing")
    for name, action, what in (
        ("status", _status, "how runs are"),
        ("logs", _logs, "what a run says"),
        ("cancel", _cancel, "stop a run; its last state is kept"),
    ):
        part = commands.add_parser(name, help=what, description=f"{PROG} {name}: {what}.")
        part.set_defaults(action=action)
        part.add_argument(
            "job", nargs="?" if name == "status" else None, help="a job's id, or a folder of this machine"
        )
        part.add_argument("--namespace", help="organisation that the job belongs to")
        if name == "logs":
            part.add_argument("--follow", action="store_true", help="until the run ends")
    commands.add_parser("hardware", help="what can be rented").set_defaults(action=_hardware)
    return parser


def _duration(text: str) -> int:
    """Seconds of "90m", "5h" or a plain number of seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    seconds = int(float(match[1]) * UNITS[match[2] or "s"]) if match else 0
    if seconds < 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of a minute or more: give one such as 90m or 5h")
    return seconds


def _token() -> str:
    token = get_token()
    if not token:
        raise JobError("Nobody is signed in: use `hf auth login`, or set HF_TOKEN to a token that may start jobs.")
    return token


def _submit(options: argparse.Namespace) -> None:
    run = run_of(tyro.extras.overridable_config_cli(PRESETS, args=current_flags(options.flags), prog=f"{PROG} submit"))
    if options.here:
        if options.dry_run:
            print("python -m train", *run.arguments_here(Path(run.run_dir)))
            return
        job = start_here(run)
        print(f"Started in {job.folder}. How it goes: {PROG} logs --follow {job.folder}")
        return
    hardware = next((machine for machine in list_hardware(get_token()) if machine.flavor == options.flavor), None)
    if hardware is None:
        raise JobError(f"There is no hardware {options.flavor!r}: `{PROG} hardware` lists what there is.")
    guess = estimate(run, hardware)
    print(_guessed(guess, hardware))
    request = _request(run, options, options.timeout or guess.timeout_s)
    if options.dry_run:
        print(request)
        return
    state = submit(request, _token(), options.namespace)
    print(f"Started: {state.url}\nHow it goes: {PROG} status {state.id}")


def _request(run: Run, options: argparse.Namespace, timeout_s: int) -> JobRequest:
    if options.space:
        return space_request(run, options.space, options.flavor, timeout_s)
    code = pack()
    start = ["python", "-c", "..."] if options.dry_run else upload(code, run, _token())
    return image_request(run, options.image, start, options.flavor, timeout_s)


def _guessed(guess: Estimate, hardware: Hardware) -> str:
    return (
        f"{hardware.title} at ${hardware.usd_per_hour:.2f} an hour: about {_time(guess.seconds)} and ${guess.usd:.2f},"
        f" a rough guess. It is cut off after {_time(guess.timeout_s)}, and the same command then goes on."
    )


def _time(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _is_folder(job: str) -> bool:
    return os.sep in job or Path(job).is_dir()


def _status(options: argparse.Namespace) -> None:
    if options.job and _is_folder(options.job):
        local = job_here(Path(options.job))
        print(_line(str(local.folder), local.stage, read_events(log_here(local.folder)), ""))
        return
    if options.job:
        token = _token()
        namespace = options.namespace or account(token)
        state = job_state(options.job, token, namespace)
        print(_hub_line(state, job_log(state.id, token, namespace, tail=TAIL)))
        return
    for local in jobs_here():
        print(_line(str(local.folder), local.stage, read_events(log_here(local.folder)), ""))
    if signed_in := get_token():
        token, namespace = signed_in, options.namespace or account(signed_in)
        for state in our_jobs(token, namespace):
            print(_hub_line(state, job_log(state.id, token, namespace, tail=TAIL)))


def _hub_line(state: JobState, log: Iterable[str]) -> str:
    return _line(state.id, state.stage, read_events(log), " ".join([state.message, state.url]).strip())


def _line(name: str, stage: str, happened: RunStatus, more: str) -> str:
    """One run in one line: where it stands, in images, and when it may be done."""
    words = [f"{name}: {stage.lower()}"]
    if happened.images_seen:
        total = f" of {happened.total:,}" if happened.total else ""
        words.append(f"{happened.images_seen:,}{total} images")
    speed = happened.images_per_s
    if stage == "RUNNING" and speed:
        words.append(f"{speed:.1f} images/s")
        if happened.total:
            words.append(f"{_time((happened.total - happened.images_seen) / speed)} to go")
    if happened.published:
        words.append(f"published at {happened.published['url']}")
    if stage == "ERROR" and happened.last_log_line:
        words.append(happened.last_log_line)
    return ", ".join([*words, *([more] if more else [])])


def _logs(options: argparse.Namespace) -> None:
    if _is_folder(options.job):
        folder = job_here(Path(options.job)).folder
        lines: Iterable[str] = follow_here(folder) if options.follow else log_here(folder)
    else:
        lines = job_log(options.job, _token(), options.namespace, follow=options.follow)
    for line in lines:
        print(line, flush=True)


def _cancel(options: argparse.Namespace) -> None:
    if _is_folder(options.job):
        cancel_here(Path(options.job))
    else:
        cancel_job(options.job, _token(), options.namespace)
    print(f"{options.job} is being cancelled; what it had reached is kept, and the same submit goes on from there.")


def _hardware(options: argparse.Namespace) -> None:
    for machine in list_hardware(get_token()):
        print(f"{machine.flavor:16} ${machine.usd_per_hour:6.2f} an hour  {machine.details}")


if __name__ == "__main__":
    sys.exit(main())
