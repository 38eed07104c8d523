"""Volumes that keep the integers of their source: `make FOLDER` writes sources, `check FOLDER JOBS` reads what came of them.

Sources are written by mrcfile, zarr-python and NumPy; `expected/NAME.npy` has the voxels as the portal's rules read them. Trees are read by
zarr-python alone (2 in one environment, 3 in the other), and each level is compared with `numpy.rint` of the mean of the one above.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import zarr

SHAPES = {"odd": (19, 37, 323), "thin": (5, 70, 33), "even": (16, 300, 64), "one": (1, 1, 1)}
MRC_MODES = {"int8": 0, "int16": 1, "uint16": 6}


def values(rng, shape, dtype):
    """The whole range, and a part near zero where rounded means of means differ from means rounded once."""
    info = np.iinfo(dtype)
    all_ = rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    small = rng.integers(-3 if info.min < 0 else 0, 4, shape).astype(dtype)
    return np.where(np.arange(shape[1])[None, :, None] % 3 == 0, small, all_)


def write_mrc(path, stored, mode, *, order="<", dmin=0.0, dmax=-1.0, imod=None):
    """A header of its own where mrcfile would not write one like it: byte order, 4 bits, a wrong sign."""
    nz, ny, nx = stored.shape
    head = bytearray(1024)
    struct.pack_into(order + "4i", head, 0, nx, ny, nz, mode)
    struct.pack_into(order + "3i3f3f3i3f", head, 28, nx, ny, nz, nx * 10.0, ny * 10.0, nz * 10.0, 90, 90, 90, 1, 2, 3, dmin, dmax, 0.0)
    struct.pack_into(order + "i", head, 88, 1)
    if imod is not None:
        struct.pack_into(order + "ii", head, 152, 1146047817, imod)
    head[208:216] = b"MAP " + (b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0")
    if mode == 101:
        rows = np.pad(stored, ((0, 0), (0, 0), (0, nx % 2)))
        data = (rows[..., 0::2] | (rows[..., 1::2] << 4)).tobytes()
    else:
        data = stored.astype(stored.dtype.newbyteorder(order)).tobytes()
    path.write_bytes(bytes(head) + data)


def make(folder):
    import mrcfile

    (folder / "expected").mkdir(parents=True)
    rng = np.random.default_rng(2026)
    sources = []

    def add(name, file, expected):
        np.save(folder / "expected" / f"{name}.npy", expected)
        sources.append({"name": name, "file": file, "dtype": expected.dtype.name})

    for dtype in MRC_MODES:
        for shape_name, shape in SHAPES.items():
            name = f"{dtype}-{shape_name}"
            voxels = values(rng, shape, np.dtype(dtype))
            with mrcfile.new(folder / f"{name}.mrc") as mrc:
                mrc.set_data(voxels)
                mrc.set_volume()
                mrc.voxel_size = 10
            add(name, f"{name}.mrc", voxels)
    shape = SHAPES["odd"]
    big = values(rng, shape, np.dtype("int16"))
    write_mrc(folder / "big-endian.mrc", big, 1, order=">")
    add("big-endian", "big-endian.mrc", big)
    # unsigned bytes: under a maximum above 127 they are u - 128, by the portal's rule; where IMOD says so, they are what they are
    unsigned = values(rng, shape, np.dtype("uint8"))
    write_mrc(folder / "flipped.mrc", unsigned, 0, dmin=0, dmax=255)
    add("flipped", "flipped.mrc", (unsigned.astype(np.int16) - 128).astype(np.int8))
    write_mrc(folder / "imod.mrc", unsigned, 0, imod=0)
    add("imod", "imod.mrc", unsigned)
    nibbles = rng.integers(0, 16, shape).astype(np.uint8)
    write_mrc(folder / "uint4.mrc", nibbles, 101)
    add("uint4", "uint4.mrc", nibbles)
    for dtype in ("uint8", "int32", "uint32"):
        voxels = values(rng, shape, np.dtype(dtype))
        zarr.save_array(str(folder / f"{dtype}.zarr"), voxels, chunks=(20, 64, 100))
        add(dtype, f"{dtype}.zarr", voxels)
    return sources


def reduced(level, block, zeros):
    """Exact: the sums of 8 integers of 32 bits have 35."""
    gaps = [(0, -length % size) for length, size in zip(level.shape, block)]
    pairs = [n for length, gap, size in zip(level.shape, gaps, block) for n in ((length + gap[1]) // size, size)]
    sums = np.pad(level.astype(np.float64), gaps).reshape(pairs).sum(axis=(1, 3, 5))
    counts = np.pad(np.ones(level.shape), gaps).reshape(pairs).sum(axis=(1, 3, 5))
    return np.rint(sums / (np.prod(block) if zeros else counts)).astype(level.dtype)


def check(folder, jobs):
    for job in jobs:
        expected = np.load(folder / "expected" / f"{job['name']}.npy")
        group = zarr.open_group(str(folder / f"{job['out']}.zarr"), mode="r")
        block = (1, 2, 2) if job["series"] else (2, 2, 2)
        wanted = expected
        for level in range(3):
            array = group[str(level)]
            found = array[:]
            same = found.dtype == expected.dtype and found.shape == wanted.shape and np.array_equal(found, wanted)
            first = "" if same else f"{found.dtype} {found.shape}, {wanted.dtype} {wanted.shape} wanted: {np.argwhere(found != wanted)[:1] if found.shape == wanted.shape else ''}"
            yield {"case": job["out"], "check": f"level {level}", "passed": bool(same), "detail": first}
            wanted = reduced(found, block, job["zeros"])
        if not job["mrc"]:
            continue
        import mrcfile

        with mrcfile.open(folder / f"{job['out']}.mrc") as mrc:
            same = mrc.data.dtype == np.float32 and np.array_equal(mrc.data.reshape(expected.shape), expected.astype(np.float32))
            yield {"case": job["out"], "check": "the MRC is float32", "passed": bool(same), "detail": str(mrc.data.dtype)}
            head = mrc.header
            exact = expected.astype(np.float64)
            means = np.allclose([head.dmean, head.rms], [exact.mean(), exact.std()], rtol=1e-5, atol=1e-6)
            ends = head.dmin == np.float32(expected.min()) and head.dmax == np.float32(expected.max())
            yield {"case": job["out"], "check": "its header tells of them", "passed": bool(means and ends), "detail": str((head.dmin, head.dmax, head.dmean, head.rms))}


command, folder, *rest = sys.argv[1:]
answer = make(Path(folder)) if command == "make" else list(check(Path(folder), json.loads(Path(rest[0]).read_text())))
print(json.dumps(answer))
