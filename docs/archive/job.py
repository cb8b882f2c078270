# /// script
# requires-python = ">=3.11"
# dependencies = ["inpaint-photos[archive,heic,formats]"]
# ///
"""Restore an archive in a Hugging Face Job, or anywhere where uv is: the arguments are those of `restore`.

    hf jobs uv run --flavor cpu-upgrade --timeout 12h --secrets HF_TOKEN \
        docs/archive/job.py hf://datasets/ME/SCANS -o hf://datasets/ME/RESTORED

The same line continues a job that reached its timeout. Several jobs share the work: --shard 1/4 to --shard 4/4.
"""

import sys

from inpaint.console import main

if __name__ == "__main__":
    sys.exit(main(["restore", *sys.argv[1:]]))
