"""make_tiffs.py FOLDER SEED: TIFF files of random kinds by tifffile and by Pillow (libtiff), and what was written into them, as JSON."""
import hashlib
import json
import sys

import numpy as np
import tifffile
from PIL import Image

folder, seed = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(seed)
facts = []


def note(name, pages, writer):
    arrays = [np.ascontiguousarray(page.astype(page.dtype.newbyteorder("<"))) for page in pages]
    facts.append(
        {
            "name": name,
            "writer": writer,
            "pages": [{"shape": list(a.shape), "dtype": str(a.dtype), "sha256": hashlib.sha256(a.tobytes()).hexdigest()} for a in arrays],
        }
    )


def noise(dtype, shape):
    dtype = np.dtype(dtype)
    smooth = np.indices(shape).sum(0)
    if dtype.kind == "f":
        return (smooth * 0.37 + random.normal(size=shape)).astype(dtype)
    top = min(np.iinfo(dtype).max, 2**40)
    return ((smooth * (top // 97)) % top + random.integers(0, 3, shape)).astype(dtype)


# tifffile without imagecodecs compresses by zlib alone
for index in range(120):
    dtype = random.choice(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
    samples = int(random.choice([1, 1, 1, 3, 4]))
    planar = samples > 1 and random.random() < 0.4
    y, x = (int(n) for n in random.integers(1, 90, 2))
    shape = (y, x) if samples == 1 else (samples, y, x) if planar else (y, x, samples)
    count = int(random.integers(1, 5))
    pages = [noise(dtype, shape) for _ in range(count)]
    options = {"photometric": "rgb" if samples > 1 else "minisblack", "metadata": None, "software": False}
    if samples > 1:
        options["planarconfig"] = "separate" if planar else "contig"
    if samples == 4:
        options["extrasamples"] = ["unspecified"]
    if random.random() < 0.5:
        options["tile"] = tuple(int(n) * 16 for n in random.integers(1, 4, 2))
    else:
        options["rowsperstrip"] = int(random.integers(1, y + 1))
    if random.random() < 0.6:
        options["compression"] = "zlib"
    name = f"tifffile-{index}.tif"
    with tifffile.TiffWriter(f"{folder}/{name}", byteorder=random.choice(["<", ">"]), bigtiff=bool(random.random() < 0.3)) as writer:
        for page in pages:
            writer.write(page, contiguous=False, **options)
    note(name, pages, "tifffile")

modes = {"L": "u1", "I;16": "u2", "F": "f4", "I": "i4", "RGB": "u1", "RGBA": "u1", "1": "b1"}
for index in range(120):
    mode = str(random.choice(list(modes)))
    compression = str(random.choice(["raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "zstd"]))
    y, x = (int(n) for n in random.integers(1, 200, 2))
    shape = (y, x, len(mode)) if mode.startswith("RGB") else (y, x)
    data = random.integers(0, 2, shape).astype("b1") if mode == "1" else noise(modes[mode], shape)
    options = {}
    if compression in ("tiff_lzw", "tiff_adobe_deflate", "zstd") and mode in ("L", "RGB", "RGBA", "I;16") and random.random() < 0.5:
        options["tiffinfo"] = {317: 2}
    name = f"pillow-{index}.tif"
    try:
        Image.fromarray(data).save(f"{folder}/{name}", compression=compression, **options)
    except (OSError, KeyError, ValueError, TypeError) as error:
        print(f"{mode} {compression}: {error}", file=sys.stderr)
        continue
    note(name, [data], f"Pillow, {compression}")
print(json.dumps(facts))
