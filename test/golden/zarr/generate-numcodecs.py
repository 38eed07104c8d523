"""Writes one small array for each codec and filter of numcodecs that is read, with zarr-python 3 in the formats 2 and 3
(test/golden/zarr/numcodecs.json: format, settings, objects in base64, what zarr-python reads from them, but for one array that it reads wrongly).

    python -m venv /tmp/venv && /tmp/venv/bin/pip install 'zarr==3.1.6' 'numcodecs[crc32c]==0.16.6'
    /tmp/venv/bin/python test/golden/zarr/generate-numcodecs.py
"""

import base64
import hashlib
import json
import warnings
from pathlib import Path

import numcodecs
import numpy as np
import zarr
import zarr.codecs.numcodecs as nc

warnings.simplefilter("ignore")
HERE = Path(__file__).parent
arrays = {}


def values(dtype):
    n = np.arange(5 * 7).reshape(5, 7)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return n % 3 == 0
    if dtype.kind == "f":
        return (n % 17 / 4 - 1).astype(dtype)
    return (n * n % 120 - (60 if dtype.kind == "i" else 0)).astype(dtype)


def save(name, version, dtype, order="C", data=None, **codecs):
    store = {}
    if version == 2:
        codecs["order"] = order
    chunks = (3, 4)
    array = zarr.create_array(zarr.storage.MemoryStore(store), shape=(5, 7), chunks=chunks, dtype=dtype, zarr_format=version, fill_value=0, **codecs)
    array[...] = values(dtype) if data is None else data
    # zarr-python 3.1.6 turns no bytes round before a filter when it reads: what it wrote big-endian it does not get back
    found = values(dtype) if (name, version) == ("delta, big-endian", 3) else np.asarray(array[...])
    native = np.ascontiguousarray(found.astype(found.dtype.newbyteorder("<")))
    arrays[f"v{version} {name}"] = {
        "shape": list(found.shape),
        "dtype": found.dtype.name,
        "sha256": hashlib.sha256(native.tobytes()).hexdigest(),
        "objects": {key: base64.b64encode(value.to_bytes()).decode() for key, value in sorted(store.items()) if key != ".zattrs"},
    }


wide = (np.arange(35).reshape(5, 7) * 1234567891011).astype("i8")
for version, of in ((2, numcodecs), (3, nc)):
    compressor = lambda codec: {"compressors": codec, "filters": None}
    # format 2 has one compressor; all the rest are filters there
    step = (lambda *codecs: {"compressors": None, "filters": list(codecs)}) if version == 2 else (lambda *codecs: {"compressors": list(codecs), "filters": None})
    filters = lambda *codecs: {"compressors": None, "filters": list(codecs)}
    save("bz2", version, "<i2", **compressor(of.BZ2(level=1)))
    save("lzma", version, "<f4", **compressor(of.LZMA(preset=1)))
    save("crc32", version, "<u2", **step(of.CRC32()))
    save("crc32 at the end", version, "<u2", **step(of.CRC32(location="end")))
    save("adler32", version, "<u2", **step(of.Adler32()))
    save("crc32c", version, "<u2", **step(of.CRC32C()))
    save("fletcher32", version, "|u1", **step(of.Fletcher32()))
    save("fletcher32 of an odd number of bytes", version, "|u1", **step(of.Fletcher32(), of.Fletcher32()))
    save("shuffle", version, "<f4", **step(of.Shuffle(elementsize=4)))
    save("shuffle and zlib", version, "<f4", **step(of.Shuffle(elementsize=4), of.Zlib(level=1)))
    save("fletcher32 below bz2", version, "<i4", **step(of.Fletcher32(), of.BZ2(level=1)))
    save("delta", version, "<i4", **filters(of.Delta(dtype="<i4")))
    save("delta of bytes", version, "|u1", **filters(of.Delta(dtype="|u1")))
    save("delta of 8 bytes", version, "<i8", data=wide, **filters(of.Delta(dtype="<i8")))
    save("delta of floats", version, "<f4", **filters(of.Delta(dtype="<f4")))
    save("delta in fewer bytes", version, "<i4", **filters(of.Delta(dtype="<i4", astype="<i2")))
    save("fixedscaleoffset", version, "<f4", **filters(of.FixedScaleOffset(offset=1.5, scale=10, dtype="<f4", astype="<i2")))
    save("fixedscaleoffset in floats", version, "<f4", **filters(of.FixedScaleOffset(offset=0.1, scale=0.3, dtype="<f4", astype="<f4")))
    # zarr-python 3.1.6 cannot write a quantize of another type in format 3
    save("quantize", version, "<f8", **filters(of.Quantize(digits=1, dtype="<f8", **({"astype": "<f4"} if version == 2 else {}))))
    save("bitround", version, "<f4", **filters(of.BitRound(keepbits=3)))
    save("astype", version, "<i4", **filters(of.AsType(encode_dtype="<i2", decode_dtype="<i4")))
    save("packbits", version, "bool", **filters(of.PackBits()))
    if version == 2:
        save("delta, big-endian", version, ">i4", **filters(of.Delta(dtype=">i4")))
        save("delta in order F", version, "<i4", order="F", **filters(of.Delta(dtype="<i4")))
        save("delta and zlib", version, "<i4", compressors=of.Zlib(level=1), filters=[of.Delta(dtype="<i4")])
        save("zlib as a filter", version, "<i4", compressors=None, filters=[of.Shuffle(elementsize=4), of.Zlib(level=1)])
    else:
        save("delta, big-endian", version, "<i4", compressors=None, filters=[of.Delta(dtype="int32")], serializer=zarr.codecs.BytesCodec(endian="big"))
        save("delta in shards", version, "<i4", compressors=None, filters=[of.Delta(dtype="int32")], shards=(6, 8))
        save("transpose and delta", version, "<i4", compressors=None, filters=[zarr.codecs.TransposeCodec(order=(1, 0)), of.Delta(dtype="int32")])

(HERE / "numcodecs.json").write_text(json.dumps({"zarr": zarr.__version__, "numcodecs": numcodecs.__version__, "arrays": arrays}, indent=1) + "\n")
print(len(arrays))
