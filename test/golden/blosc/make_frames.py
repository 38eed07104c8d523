"""Writes the golden Blosc-1 frames of this folder with the C library, see README.md. Run: python make_frames.py"""

import gzip
import pathlib
import struct

import numpy as np
from numcodecs import blosc

FOLDER = pathlib.Path(__file__).parent
rng = np.random.default_rng(20240611)
blocks_seen = {"split": 0, "unsplit": 0}


def frame(raw, item, cname, level, shuffle, block, threads=1):
    blosc.set_nthreads(threads)
    view = np.frombuffer(raw, dtype=f"V{item}") if len(raw) % item == 0 and raw else np.frombuffer(raw, "u1")
    return blosc.compress(view, cname.encode(), level, shuffle, block)


def write_raw(name, raw):
    (FOLDER / f"{name}.raw.gz").write_bytes(gzip.compress(raw, 9, mtime=0))


def write(name, raw, variants):
    write_raw(name, raw)
    for item, cname, level, shuffle, block in variants:
        kind = ["plain", "shuffle", "bitshuffle"][shuffle]
        data = frame(raw, item, cname, level, shuffle, block)
        (FOLDER / f"{name}.{item}-{cname}-{level}-{kind}-{block}.blosc").write_bytes(data)
        flags, plain, size = data[2], *struct.unpack_from("<II", data, 4)
        if not flags & 2 and plain > size:  # more than one block
            blocks_seen["unsplit" if flags & 16 else "split"] += 1


def offsets(data):
    plain, size = struct.unpack_from("<II", data, 4)
    return list(struct.unpack_from(f"<{-(-plain // size)}I", data, 16))


i = np.arange(4000)
wave = np.sin(i / 17) * 20
noisy = wave + rng.standard_normal(i.size) * 8
labels = ((np.arange(9001) // 37 % 5) * (np.arange(9001) // 4096 % 3)).astype("u1").tobytes()

write("floats", noisy[:2500].astype("<f4").tobytes(), [(4, "lz4", 5, 1, 0), (4, "lz4", 5, 0, 0)])
write("counts", np.round(noisy + 100).astype("<f4").tobytes(), [(4, "lz4", 5, 1, 0), (4, "lz4hc", 9, 1, 4096), (4, "lz4", 1, 0, 0), (4, "zstd", 1, 1, 0)])
write("labels", labels, [(1, "lz4", 5, 1, 0), (1, "lz4hc", 5, 0, 2048), (1, "lz4", 5, 2, 0), (1, "blosclz", 5, 1, 0), (1, "zlib", 5, 1, 0)])
write("shorts", np.round(noisy * 10).astype("<i2").tobytes(), [(2, "lz4", 5, 1, 0), (2, "lz4hc", 5, 1, 1024), (2, "lz4hc", 5, 0, 0), (2, "lz4", 0, 1, 0)])
write("doubles", np.round(wave[:1500], 1).astype("<f8").tobytes(), [(8, "lz4", 5, 1, 0), (8, "lz4hc", 5, 1, 2048)])
write("complexes", np.round(wave[:600]).astype("<c16").tobytes(), [(16, "lz4", 5, 1, 0), (16, "lz4hc", 5, 1, 2048), (16, "lz4", 5, 0, 0)])
# 3, 5, 12: no type of our own, but legal; 17: too long to be split; 48 and 255: far too long
for item in (3, 5, 12, 16, 17, 48, 255):
    raw = np.tile((np.arange(item * 25) * 7 % 31).astype("u1"), 3)[: item * 71]
    raw[:: item * 3] += 1
    write(f"items{item}", raw.tobytes(), [(item, "lz4", 5, 1, 0), (item, "lz4hc", 5, 1, item * 20)])
# around the shortest stream that is split (128 bytes), and shorter than an item
for n in (0, 1, 5, 31, 127, 128, 129, 511, 512, 513):
    write(f"short{n}", bytes((k // 5) % 7 for k in range(n)), [(1, "lz4", 5, 1, 0)] + ([(4, "lz4", 5, 1, 0)] if n % 4 == 0 and n else []))
write("noise", rng.integers(0, 256, 2000, "u1").tobytes(), [(1, "lz4", 5, 1, 0), (4, "lz4", 9, 1, 0), (4, "lz4", 0, 0, 1024)])
# The library makes blocks that it splits 64 KiB or larger, whatever is asked for: several need more data, some of it noise.
steps = np.arange(80_000) // 50 % 300
steps[3000:5000] = rng.integers(0, 300, 2000)
write("steps1", steps.astype("u1").tobytes() * 2, [(1, "lz4", 1, 1, 0)])
write("steps2", steps.astype("<u2").tobytes(), [(2, "lz4", 1, 1, 0), (2, "lz4", 1, 0, 0)])
write("steps4", steps.astype("<f4").tobytes(), [(4, "lz4", 1, 1, 0)])
write("steps8", steps.astype("<f8").tobytes(), [(8, "lz4", 1, 1, 0)])
write("steps16", (steps[:40_000] * (1 + 2j)).astype("<c16").tobytes(), [(16, "lz4", 1, 1, 0)])

# Threads finish in any order, and blocks are stored as they finish: try until one frame shows it.
ramp = (np.arange(200_000) // 40 % 256).astype("<u2").tobytes()
write_raw("ramp", ramp)
for attempt in range(100_000):
    data = frame(ramp, 2, "lz4", 1, 1, 0, threads=8)
    if offsets(data) != sorted(offsets(data)):
        (FOLDER / "ramp.2-lz4-1-shuffle-0-unordered.blosc").write_bytes(data)
        break
else:
    raise SystemExit("the blocks came in order every time")
print("frames of several blocks:", blocks_seen, "- out of order after", attempt + 1, "attempts")
