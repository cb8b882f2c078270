#!/usr/bin/env bash
# openvino 2026.4.1 with openvino-telemetry 2025.2.0 on Linux, Python 3.11: `import openvino` reports itself to a web service.
#
# Expected: importing a library for inference opens no connection, writes nothing and starts no process.
# Seen: the import loads the model converter, whose own import sends an event ("ov", "import"): a thread forks a process that
# looks up a host of Google Analytics, and a number for this user is left in ~/intel. No question is asked; variables of CI
# systems switch it off, and so does `opt_in_out --opt_out` afterwards. A program in which openvino.tools.ovc cannot be
# imported works, as the import of the converter is optional, sends nothing, and takes a third of the time.
# The script sends nothing: an audit hook writes down what is asked for, and refuses each look-up.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openvino==2026.4.1 openvino-telemetry==2025.2.0 numpy==2.4.6
cd "$folder"
cat >observe.py <<'PYTHON'
import os
import sys
import time

start = os.getpid()


def observe(event, arguments):
    if event == "socket.getaddrinfo":
        with open("seen.txt", "a") as seen:
            seen.write(f"{arguments[0]} is looked up by {'a child' if os.getpid() != start else 'the'} process\n")
        raise OSError("refused by the script")


sys.addaudithook(observe)
if "without" in sys.argv:
    sys.modules["openvino.tools.ovc"] = None
import openvino

openvino.Core()
time.sleep(3)
PYTHON
for how in with without; do
  mkdir "$how-home"
  rm -f seen.txt
  env -i PATH="$PATH" HOME="$folder/$how-home" venv/bin/python observe.py "$how" 2>/dev/null
  echo "$how the converter: $(cat seen.txt 2>/dev/null || echo nothing is looked up); in the home: $(cd "$how-home" && find . -type f | tr '\n' ' ')"
  if [ "$how" = with ]; then
    grep -q "analytics.*child" seen.txt
    [ -n "$(find with-home -type f)" ]
  else
    [ ! -e seen.txt ]
    [ -z "$(find without-home -type f)" ]
  fi
done
echo "as stated"
