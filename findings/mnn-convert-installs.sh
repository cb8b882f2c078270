#!/usr/bin/env bash
# MNN 3.6.1, Python 3.11: mnnconvert installs a package into whichever Python the `pip` on the PATH belongs to.
#
# Expected: converting a network's file on one's own machine writes the converted file, and that is all.
# Seen: where the SDK of a log service cannot be imported, mnnconvert calls "pip install -U aliyun-log-python-sdk". The
# pip is the first on the PATH. If the virtual environment is not activated, that is another Python, in which the SDK's
# requirements replace what was there; and as the SDK is still missing in the environment, each conversion does it
# again. Where the SDK can be imported, each conversion requests credentials from the service, to report there (which
# fails without a word, as a file is missing in the wheel). Nothing asks, and no option or variable turns it off.
# `from MNN.tools import mnnconvert` does the same. The converted file does not need any of it: have a `pip` that fails
# come first on the PATH.
# The script installs and sends nothing: pip, the SDK and the request are stand-ins that write down what is asked for.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet MNN==3.6.1 onnx==1.23.2 numpy==2.4.6
cd "$folder"
mkdir -p bin stand-in/aliyun/log
cat >bin/pip <<'SHELL'
#!/bin/sh
echo "pip $*" >>"$SEEN"
exit 1
SHELL
chmod +x bin/pip
cat >stand-in/sitecustomize.py <<'PYTHON'
import io
import json
import os
import urllib.request


def urlopen(request):
    domain = ".".join(request.host.split(".")[-2:])
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(f"credentials are requested from {domain}\n")
    names = "AccessKeyId", "AccessKeySecret", "SecurityToken"
    return io.StringIO(json.dumps({"Credentials": {**dict.fromkeys(names, ""), "Expiration": "2100-01-01T00:00:00Z"}}))


urllib.request.urlopen = urlopen
PYTHON
cat >stand-in/aliyun/log/__init__.py <<'PYTHON'
import os


class LogClient:
    def __init__(self, *_):
        pass

    def put_logs(self, _):
        with open(os.environ["SEEN"], "a") as seen:
            seen.write("reported\n")


def PutLogsRequest(*_):
    pass
PYTHON
cat >stand-in/aliyun/log/logitem.py <<'PYTHON'
class LogItem:
    def set_time(self, _):
        pass

    def set_contents(self, _):
        pass
PYTHON
touch stand-in/aliyun/__init__.py
venv/bin/python - <<'PYTHON'
import onnx
from onnx import TensorProto, helper

values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, 16, 16)) for name in ("photo", "result")]
graph = helper.make_graph([helper.make_node("Relu", ["photo"], ["result"])], "layer", values[:1], values[1:])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "network.onnx")
PYTHON
convert() { # what is asked for goes into the file $1, and the converted network into $2
  SEEN="$folder/$1" PATH="$folder/bin:$PATH" venv/bin/mnnconvert -f ONNX --modelFile network.onnx --MNNModel "$2" \
    --bizCode restoration >/dev/null 2>&1 || echo "mnnconvert ended with status $?"
}
convert without.txt without.mnn
echo "without the SDK: $(sort -u without.txt)"
PYTHONPATH="$folder/stand-in" convert with.txt with.mnn
echo "with it: $(sort -u with.txt)"
SEEN="$folder/import.txt" PATH="$folder/bin:$PATH" venv/bin/python -c "from MNN.tools import mnnconvert" >/dev/null 2>&1
echo "by an import: $(sort -u import.txt)"
if [ "$(sort -u without.txt)" != "pip install -U aliyun-log-python-sdk" ] || ! cmp without.txt import.txt ||
  [ "$(sort -u with.txt)" != "credentials are requested from aliyuncs.com" ] ||
  [ ! -s without.mnn ] || [ ! -s with.mnn ]; then
  echo "the behaviour has changed"
  exit 1
fi
echo "as stated, and both files were converted"
