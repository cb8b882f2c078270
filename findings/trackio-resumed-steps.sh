#!/usr/bin/env bash
# trackio 0.43.0: a resumed run has the steps after its checkpoint twice, and a second run of the same name hides the first.
#
# Expected: a run that goes on from a checkpoint with resume="allow" replaces what it had logged after that step, as
# training does with its weights, or refuses a step that is already there. And a name that is in use is refused, or
# made unique, with resume="never", which is the default.
# Seen: both rows of the repeated step stay, so that a curve has two values there. With resume="never" there are two
# runs of one name; the logs of that name are those of the second run alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trackio==0.43.0
TRACKIO_DIR="$folder/logs" "$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import os

import trackio
from trackio.sqlite_storage import SQLiteStorage


def train(resume, losses):
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        trackio.init(project="curves", name="run", resume=resume, embed=False, auto_log_gpu=False)
        for step, loss in losses:
            trackio.log({"loss": loss}, step=step)
        trackio.finish()


def logged():
    return [(line["step"], line["loss"]) for line in SQLiteStorage.get_logs("curves", "run") if "loss" in line]


train("never", [(0, 1.0), (20, 0.8), (40, 0.5)])
train("allow", [(40, 0.6), (60, 0.4)])
resumed = logged()
print("after a resume from step 20:", resumed)
train("never", [(0, 9.0)])
names, hidden = list(SQLiteStorage.get_runs("curves")), logged()
print("after another run of the same name:", names, hidden)
expected = [(0, 1.0), (20, 0.8), (40, 0.5), (40, 0.6), (60, 0.4)], ["run", "run"], [(0, 9.0)]
assert (resumed, names, hidden) == expected, "the behaviour has changed"
PYTHON
