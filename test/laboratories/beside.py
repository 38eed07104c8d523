#!/usr/bin/env python3
"""Puts laboratories that were made beside each other into one folder, as they lie on a drive.

    beside.py OUT NAME NAME…

Of OUT/NAME and OUT/NAME.truth.json it makes OUT/NAME+NAME and its truth: nothing that is known of one of them may be taken for another.
"""
import json
import shutil
import sys
from pathlib import Path


def within(folder, value, key=""):
    """The same truth with its files in a folder."""
    if isinstance(value, dict):
        return {k: within(folder, v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [within(folder, v, key) for v in value]
    return f"{folder}/{value}" if key in ("file", "copy_of", "also") and isinstance(value, str) else value


def main():
    out, names = Path(sys.argv[1]), sys.argv[2:]
    all_ = "+".join(names)
    truth = {"lab": all_, "runs": {}, "never": [], "said_by": [], "pages": []}
    for name in names:
        shutil.copytree(out / name, out / all_ / name, symlinks=True)
        own = within(name, json.loads((out / f"{name}.truth.json").read_text()))
        truth["runs"].update({f"{name} {run}": said for run, said in own["runs"].items()})
        for k in ("never", "said_by", "pages"):
            truth[k] += own[k]
    (out / f"{all_}.truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
