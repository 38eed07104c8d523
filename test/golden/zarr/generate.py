"""Writes small Zarr v2 arrays with zarr-python (test/fixtures/zarr/stores.golden.json: array → key → base64), what it reads from them
(test/golden/zarr/arrays.json), and the `.zattrs` that it prints for the portal's pyramids (test/golden/zarr/attributes.json).

    python -m venv /tmp/venv && /tmp/venv/bin/pip install 'zarr==2.18.*' 'numcodecs<0.16' 'numpy<2'
    /tmp/venv/bin/python test/golden/zarr/generate.py
"""

import base64
import hashlib
import json
from pathlib import Path

import numcodecs
import numpy as np
import zarr

HERE = Path(__file__).parent
FIXTURES = HERE.parent.parent / "fixtures" / "zarr"
FIXTURES.mkdir(parents=True, exist_ok=True)

arrays = {}
stores = {}


def values(dtype, shape):
    """Different along each axis, exact in every type."""
    n = np.arange(int(np.prod(shape))).reshape(shape)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return n % 3 == 0
    if dtype.kind == "c":
        return (n % 50 - 25 + 1j * (n % 7)).astype(dtype)
    if dtype.kind == "f":
        return ((n % 100 - 50) / 4).astype(dtype)
    return (n % 100 - (50 if dtype.kind == "i" else 0)).astype(dtype)


def save(name, dtype="<f4", shape=(3, 5, 7), chunks=(2, 3, 4), compressor=None, order="C", separator=".", fill=0, skip=False):
    store = zarr.KVStore(dict())
    array = zarr.create(
        shape=shape, chunks=chunks, dtype=dtype, compressor=compressor, order=order, store=store,
        fill_value=fill, dimension_separator=separator, overwrite=True,
    )
    if skip:  # half of the chunks stay absent
        array[tuple(slice(0, c) for c in chunks)] = values(dtype, shape)[tuple(slice(0, c) for c in chunks)]
    else:
        array[...] = values(dtype, shape)
    data = np.asarray(array[...])
    native = np.ascontiguousarray(data.astype(data.dtype.newbyteorder("<")))
    stores[name] = {key: base64.b64encode(bytes(store[key])).decode() for key in sorted(store)}
    box = [[s // 3, max(s // 3 + 1, s - s // 4)] for s in shape]
    part = np.ascontiguousarray(native[tuple(slice(a, b) for a, b in box)]) if shape else native
    if fill is None and skip:
        raise SystemExit("undefined values are no golden")
    arrays[name] = {
        "shape": list(shape),
        "chunks": list(array.chunks),
        "dtype": data.dtype.name,
        "order": order,
        "separator": separator,
        "zarray": store[".zarray"].decode(),
        "sha256": hashlib.sha256(native.tobytes()).hexdigest(),
        "box": box,
        "boxSha256": hashlib.sha256(part.tobytes()).hexdigest(),
    }


blosc = numcodecs.Blosc(cname="lz4", clevel=5, shuffle=1)
for kind in ["|b1", "|i1", "|u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8",
             "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<c8", ">c8"]:
    where = {"<": "le", ">": "be", "|": ""}[kind[0]]
    save(f"dtype-{kind[1:]}{where}", dtype=kind)
for cname in ["blosclz", "lz4", "lz4hc", "zlib", "zstd"]:
    for shuffle in [0, 1, 2]:
        save(f"blosc-{cname}-{shuffle}", shape=(5, 17, 21), chunks=(5, 16, 16), compressor=numcodecs.Blosc(cname=cname, clevel=5, shuffle=shuffle))
save("blosc-bytes", dtype="|u1", shape=(64, 80), chunks=(64, 64), compressor=numcodecs.Blosc(cname="lz4", clevel=1, shuffle=2, blocksize=256))
save("zlib", compressor=numcodecs.Zlib(level=1))
save("gzip", compressor=numcodecs.GZip(level=5))
save("lz4", compressor=numcodecs.LZ4())
save("zstd", compressor=numcodecs.Zstd(level=1))
save("zstd-checksum", compressor=numcodecs.Zstd(level=3, checksum=True))
save("bz2", compressor=numcodecs.BZ2(level=1), shape=(4,), chunks=(4,))
save("order-f", order="F", compressor=blosc)
save("nested", separator="/", compressor=blosc)
save("order-f-nested-be", dtype=">i2", order="F", separator="/")
save("rank-0", shape=(), chunks=())
save("rank-1", shape=(11,), chunks=(4,))
save("rank-5", shape=(2, 3, 2, 5, 4), chunks=(1, 2, 2, 3, 3), compressor=blosc)
save("chunk-larger", shape=(3, 4, 5), chunks=(16, 16, 16), compressor=blosc, separator="/")
save("absent-7", dtype="<i2", fill=7, skip=True)
save("absent-7-be", dtype=">i4", fill=7, skip=True)
save("absent-nan", dtype="<f4", fill=float("nan"), skip=True)
save("absent-inf", dtype="<f8", fill=float("-inf"), skip=True)
save("absent-half", dtype="<f2", fill=1.5, skip=True)
save("absent-u8", dtype="<u8", fill=2**64 - 1, skip=True)
save("absent-i8", dtype="<i8", fill=-(2**63), skip=True)
save("absent-true", dtype="|b1", fill=True, skip=True)
save("absent-c8", dtype="<c8", fill=1.5 - 2j, skip=True)
save("empty-axis", shape=(0, 4), chunks=(2, 2))

(FIXTURES / "stores.golden.json").write_text(json.dumps(stores, indent=0) + "\n")
(HERE / "arrays.json").write_text(
    json.dumps({"writer": f"zarr-python {zarr.__version__}, numcodecs {numcodecs.__version__}", "arrays": arrays}, indent=1) + "\n"
)


def streams():
    """Plain bytes that make each codec use all it has: entropy coding, long and repeated matches, runs, and nothing to gain."""
    rng = np.random.default_rng(20180)
    copies = bytearray()
    while len(copies) < 2500:
        back = int(rng.integers(0, len(copies) + 1))
        piece = copies[back : back + int(rng.integers(3, 200))] if rng.random() < 0.6 else rng.integers(97, 123, 20, dtype="u1").tobytes()
        copies += piece
    plains = {
        "normal": np.clip(rng.normal(100, 9, 2500), 0, 255).astype("u1").tobytes(),
        "copies": bytes(copies),
        "zeros": bytes(300_000),
        "ramp": (np.arange(1500) // 3).astype("<i4").tobytes(),
        "noise": rng.integers(0, 256, 700, dtype="u1").tobytes(),
        "one": b"x",
    }
    for name, plain in plains.items():
        for codec in [
            numcodecs.Zstd(level=1), numcodecs.Zstd(level=19), numcodecs.Zstd(level=-5), numcodecs.LZ4(), numcodecs.Zlib(5), numcodecs.GZip(5),
            *(numcodecs.Blosc(cname=c, clevel=5, shuffle=s, blocksize=512) for c in ["blosclz", "lz4", "zlib", "zstd"] for s in [1, 2]),
        ]:
            itemsize = 4 if len(plain) % 4 == 0 else 1
            stored = codec.encode(np.frombuffer(plain, f"V{itemsize}"))
            yield {
                "plain": name, "codec": codec.get_config(), "plainBytes": len(plain), "sha256": hashlib.sha256(plain).hexdigest(),
                "stored": base64.b64encode(stored).decode(),
            }


(FIXTURES / "streams.golden.json").write_text(json.dumps(list(streams()), indent=0) + "\n")


def attributes(spacing, tiltseries, labels=None):
    """The portal's own arithmetic: the spacing rounded to 3 decimals, then doubled level by level; printed by zarr-python."""
    spacing = round(float(spacing), 3)
    sizes = [(spacing, spacing, spacing)]
    for _ in range(2):
        z, y, x = sizes[-1]
        sizes.append((z * (1 if tiltseries else 2), y * 2, x * 2))
    multiscale = {
        "axes": [{"name": n, "type": "space", "unit": "angstrom"} for n in "zyx"],
        "datasets": [
            {"coordinateTransformations": [{"scale": list(s), "type": "scale"}], "path": str(i)} for i, s in enumerate(sizes)
        ],
        "metadata": {"image-label": {"version": "0.4", "colors": [{"label-value": v} for v in labels]}} if labels else {},
        "name": "/",
        "version": "0.4",
    }
    store = zarr.MemoryStore()
    group = zarr.group(store)
    group.attrs["multiscales"] = [multiscale]
    return store[".zattrs"].decode(), store[".zgroup"].decode()


written = []
for spacing, tiltseries, labels in [
    (13.48, False, None), (7.841, False, None), (10, False, None), (0.7, False, None), (14.0805, False, None), (1e-4, False, None),
    (2.0005, False, None), (3.3702, True, None), (0.675, True, None), (4.99, False, [1, 2, 7, 300]),
]:
    zattrs, zgroup = attributes(spacing, tiltseries, labels)
    written.append({"spacing": spacing, "kind": "tiltseries" if tiltseries else "tomogram", "labels": labels, "zattrs": zattrs, "zgroup": zgroup})
(HERE / "attributes.json").write_text(json.dumps({"writer": f"zarr-python {zarr.__version__}", "written": written}, indent=1) + "\n")
