"""python -m train.jobs submit|status|logs|cancel|hardware: training runs as Hugging Face Jobs or as local processes."""

import argparse
import os
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from huggingface_hub import get_token

from inpaint.program import program_name
from train.config_file import parse_config
from train.run.events import RunStatus, read_events

from .account import account_name
from .cancel import cancel_hub_job, cancel_local_job
from .cost import Estimate, Hardware, estimate
from .hub import HubJob, get_job, list_hardware, list_jobs, read_job_log, submit
from .local import LocalJob, follow_local_log, list_local_jobs, read_local_job, read_local_log, start_local_job
from .prepare import prepare_request
from .source import IMAGE
from .spec import ALL_PRESETS, JobError, RunSpec
from .watch import LOG_LINES

PROG = program_name("train.jobs")
SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 1 a reported problem, 130 interrupted."""
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
    description = (__doc__ or "").replace("python -m train.jobs", PROG)
    parser = argparse.ArgumentParser(prog=PROG, description=description, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_submit(commands)
    for name, action, description in (
        ("status", _status, "show the progress of runs"),
        ("logs", _logs, "print the log of a run"),
        ("cancel", _cancel, "cancel a run, which saves its state first"),
    ):
        part = commands.add_parser(name, help=description, description=f"{PROG} {name}: {description}.")
        part.set_defaults(action=action)
        part.add_argument("job", nargs="?" if name == "status" else None, help="id of a job, or folder of a local run")
        part.add_argument("--namespace", help="organisation of the job")
        if name == "logs":
            part.add_argument("--follow", action="store_true", help="print new lines until the run ends")
    commands.add_parser("hardware", help="list hardware and prices").set_defaults(action=_hardware)
    return parser


def _add_submit(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    part = commands.add_parser(
        "submit",
        help="start a run",
        usage=f"{PROG} submit [options] PRESET --data.dataset OWNER/NAME --push-to-hub ME/WEIGHTS [--flags]",
        description="Start a run. All flags of `python -m train PRESET` are accepted, and `--config FILE` in place of"
        " PRESET. The state of the run is stored on the Hub; the same command resumes it.",
        allow_abbrev=False,
    )
    part.set_defaults(action=_submit)
    part.add_argument("--here", action="store_true", help="run as a local process, not as a Hugging Face Job")
    part.add_argument("--flavor", default="t4-small", help="hardware of the job (default: %(default)s)")
    part.add_argument(
        "--timeout", type=_duration, help="stop the job after this time, such as 90m or 5h (default: estimated)"
    )
    part.add_argument("--space", default=os.getenv("SPACE_ID"), help="OWNER/NAME of a Space that holds this code")
    part.add_argument("--image", default=IMAGE, help="Docker image if there is no Space (default: %(default)s)")
    part.add_argument(
        "--bucket", help="OWNER/NAME of a private bucket for the state of the run, instead of a repository"
    )
    part.add_argument("--namespace", help="organisation that pays (default: the token's account)")
    part.add_argument("--dry-run", action="store_true", help="print the request, and do nothing")


def _duration(text: str) -> int:
    """Return the seconds of "90m", "5h" or a plain number of seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    seconds = int(float(match[1]) * SECONDS_PER_UNIT[match[2] or "s"]) if match else 0
    if seconds < 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time of at least a minute: use one such as 90m or 5h")
    return seconds


def _token() -> str:
    token = get_token()
    if not token:
        raise JobError("You are not signed in: use `hf auth login`, or set HF_TOKEN to a token that may start jobs.")
    return token


def _submit(options: argparse.Namespace) -> None:
    name = options.flags[0] if options.flags else ""
    if name and not name.startswith("-") and name not in ALL_PRESETS:
        raise JobError(f"{name!r} cannot run as a job; the preset must be one of {', '.join(ALL_PRESETS)}.")
    try:
        config = parse_config(options.flags, ALL_PRESETS, f"{PROG} submit")
    except ValueError as error:
        raise JobError(str(error)) from error
    spec = RunSpec.from_config(config)
    if options.here:
        if options.dry_run:
            print(shlex.join(["python", "-m", "train", "--config", spec.local_config(Path(spec.run_dir))]))
            return
        folder = start_local_job(spec).folder
        print(f"Started in {folder}. To follow it: {PROG} logs --follow {folder}")
        return
    token = None if options.dry_run else _token()
    hardware = next((machine for machine in list_hardware(get_token()) if machine.flavor == options.flavor), None)
    if hardware is None:
        raise JobError(f"There is no hardware {options.flavor!r}: `{PROG} hardware` lists the flavors.")
    expected = estimate(spec, hardware)
    timeout_s = options.timeout or expected.timeout_s
    print(_describe_estimate(expected, hardware, timeout_s))
    places = {"space": options.space, "image": options.image, "bucket": options.bucket}
    request = prepare_request(spec, options.flavor, timeout_s, token, **places)
    if token is None:
        print(request)
        return
    job = submit(request, token, options.namespace)
    print(f"Started: {job.url}\nTo see its progress: {PROG} status {job.id}")


def _describe_estimate(expected: Estimate, hardware: Hardware, timeout_s: int) -> str:
    most_usd = timeout_s / 3600 * hardware.usd_per_hour
    return (
        f"{hardware.title} at ${hardware.usd_per_hour:.2f} an hour: about {_format_time(expected.seconds)} and"
        f" ${expected.usd:.2f}, a rough estimate. The job is stopped after {_format_time(timeout_s)}, at"
        f" ${most_usd:.2f}; the same command then resumes it."
    )


def _format_time(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _is_folder(job: str) -> bool:
    return os.sep in job or Path(job).is_dir()


def _status(options: argparse.Namespace) -> None:
    if options.job and _is_folder(options.job):
        print(_local_line(read_local_job(Path(options.job))))
        return
    if options.job:
        token = _token()
        namespace = options.namespace or account_name(token)
        print(_hub_line(get_job(options.job, token, namespace), token, namespace))
        return
    lines = [_local_line(job) for job in list_local_jobs()]
    if token := get_token() or "":
        namespace = options.namespace or account_name(token)
        lines += [_hub_line(job, token, namespace) for job in list_jobs(token, namespace)]
    print("\n".join(lines) or "There are no runs.")


def _local_line(job: LocalJob) -> str:
    return _status_line(str(job.folder), job.stage, read_events(read_local_log(job.folder)), "")


def _hub_line(job: HubJob, token: str, namespace: str) -> str:
    status = read_events(read_job_log(job.id, token, namespace, tail=LOG_LINES))
    return _status_line(job.id, job.stage, status, " ".join([job.message, job.url]).strip())


def _status_line(name: str, stage: str, status: RunStatus, more: str) -> str:
    """Return one line about a run: stage, images, speed, remaining time."""
    parts = [f"{name}: {stage.lower()}"]
    if status.images_seen:
        total = f" of {status.total:,}" if status.total else ""
        parts.append(f"{status.images_seen:,}{total} images")
    speed = status.images_per_s
    if stage == "RUNNING" and speed:
        parts.append(f"{speed:.1f} images/s")
        if status.total:
            parts.append(f"{_format_time((status.total - status.images_seen) / speed)} to go")
    if status.published:
        parts.append(f"published at {status.published['url']}")
    if status.withheld:
        parts.append("not published, as the weights are not better than those at the start")
    if stage == "ERROR" and status.last_log_line:
        parts.append(status.last_log_line)
    return ", ".join([*parts, *([more] if more else [])])


def _logs(options: argparse.Namespace) -> None:
    if _is_folder(options.job):
        folder = read_local_job(Path(options.job)).folder
        lines: Iterable[str] = follow_local_log(folder) if options.follow else read_local_log(folder)
    else:
        lines = read_job_log(options.job, _token(), options.namespace, follow=options.follow)
    for line in lines:
        print(line, flush=True)


def _cancel(options: argparse.Namespace) -> None:
    if _is_folder(options.job):
        cancel_local_job(Path(options.job))
    else:
        cancel_hub_job(options.job, _token(), options.namespace)
    print(f"{options.job} is being cancelled; its state is kept, and the same submit command resumes it.")


def _hardware(options: argparse.Namespace) -> None:
    for machine in list_hardware(get_token()):
        print(f"{machine.flavor:16} ${machine.usd_per_hour:6.2f} an hour  {machine.details}")


if __name__ == "__main__":
    sys.exit(main())
