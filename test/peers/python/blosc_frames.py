"""Judges Blosc frames with the C library: blosc_frames.py FOLDER

FOLDER holds pairs: NAME.blosc, a frame, and NAME.raw, the bytes that it must decode to. Prints a line for each frame that does not, and one
with the counts; exits 1 if a frame is bad or there is none. Empty frames are passed over: numcodecs takes a result of 0 bytes for an error,
its own empty frames included.
"""

import pathlib
import sys

import numcodecs
from numcodecs import blosc


def trouble(frame, raw):
    try:
        plain = blosc.decompress(frame)
    except Exception as error:  # whatever the library says is its verdict
        return f"{type(error).__name__}: {error}"
    if len(plain) != len(raw):
        return f"{len(plain)} bytes decoded, {len(raw)} expected"
    if plain != raw:
        at = next(i for i, (a, b) in enumerate(zip(plain, raw)) if a != b)
        return f"byte {at} is {plain[at]}, expected {raw[at]}"
    return None


def main(folder):
    judged, bad = 0, 0
    for path in sorted(folder.glob("*.blosc")):
        raw = path.with_suffix(".raw").read_bytes()
        if not raw:
            continue
        judged += 1
        found = trouble(path.read_bytes(), raw)
        if found:
            bad += 1
            print(f"{path.name}: {found}")
    print(f"{judged - bad} of {judged} frames good (numcodecs {numcodecs.__version__})")
    return 1 if bad or not judged else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
