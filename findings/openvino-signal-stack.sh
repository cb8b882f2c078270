#!/usr/bin/env bash
# openvino 2026.4.1 on Linux, Python 3.11: after two Cores, the thread's signal stack is one that is unmapped.
#
# Expected: a library for inference leaves the handling of signals alone, or as it was before.
# Seen: the CPU plugin of a Core sets the alternate signal stack of the thread that loads it (sigaltstack), and restores the
# one before when it is released. If two Cores are released in the order in which they were made, the second restores the
# stack of the first, which has been unmapped. Python's signal handlers run on that stack: the next signal of any kind,
# such as Ctrl+C, ends the process with a segmentation fault, also with faulthandler, whose own stack is replaced. Not shown
# here: the script only compares addresses. One Core that is kept as long as the process avoids it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openvino==2026.4.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import ctypes
import gc

import openvino


class Stack(ctypes.Structure):
    _fields_ = [("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


def signal_stack():
    """Return the address of the thread's alternate signal stack, 0 if it has none, and whether that is mapped."""
    stack = Stack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack))
    address = stack.address or 0
    with open("/proc/self/maps") as maps:
        ranges = [[int(end, 16) for end in line.split()[0].split("-")] for line in maps]
    return address, any(start <= address < end for start, end in ranges)


def core():
    made = openvino.Core()
    made.get_property("CPU", "FULL_DEVICE_NAME")  # loads the plugin
    return made


print("at the start:", signal_stack())
first = core()
of_first, _ = signal_stack()
second = core()
of_second, _ = signal_stack()
print(f"first Core: {of_first:#x}, second Core: {of_second:#x}")
del first
gc.collect()
del second
gc.collect()
left, is_mapped = signal_stack()
print(f"both released: {left:#x}, mapped: {is_mapped}")
assert of_first and of_second != of_first, "a Core no longer sets the signal stack"
assert left == of_first and not is_mapped, "the behaviour has changed"
PYTHON
