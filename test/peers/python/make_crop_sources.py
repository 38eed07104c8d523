"""Volumes that other programs wrote, for emporium to crop.

python make_crop_sources.py KIND FOLDER    (KIND zarr: environment zarr3; KIND precomputed: environment neuroglancer)

Prints [{name, format, key, boxes: [[z0, z1, y0, y1, x0, x1]]}], boxes in voxels of the finest level, as emporium counts them.
"""
import json
import os
import sys

import numpy as np
import tensorstore as ts

kind, folder = sys.argv[1:]
random = np.random.default_rng(612)
SHAPE = (37, 50, 45)
cases = []


def volume(shape, dtype, labels=False):
    z, y, x = np.meshgrid(*[np.arange(n) for n in shape[-3:]], indexing="ij")
    if labels:
        return ((z // 9) * 100 + (y // 11) * 10 + x // 7).astype(dtype)
    values = 110 + 60 * np.sin(z / 7 + y / 9) + 40 * np.cos(x / 5) + random.normal(0, 3, z.shape)
    values = np.broadcast_to(values, shape) if len(shape) > 3 else values
    return values.astype(dtype)


def boxes(shape, offset=(0, 0, 0), chunk=16):
    own = [[0, shape[0], 0, shape[1], 0, shape[2]], [3, 4, 5, 6, 7, 8]]
    own.append([chunk, shape[0], chunk, 2 * chunk, 0, shape[2]])
    for _ in range(3):
        ends = [sorted(random.choice(n + 1, 2, replace=False)) for n in shape]
        own.append([int(end) for pair in ends for end in pair])
    return [[int(v + offset[i // 2]) for i, v in enumerate(box)] for box in own]


def halved(array, times):
    for _ in range(times):
        array = array[..., ::2, ::2, ::2]
    return array


def ome(version, name, axes, levels):
    scale = [2.96, 4.0, 4.0]
    datasets = []
    for n in range(levels):
        lead = [1.0] * (len(axes) - 3)
        translation = [s * (2**n - 1) / 2 for s in scale]
        steps = [{"type": "scale", "scale": lead + [s * 2**n for s in scale]}]
        if n > 0:  # the finest has none: it must appear
            steps.append({"type": "translation", "translation": [0.0] * len(lead) + translation})
        datasets.append({"path": f"s{n}", "coordinateTransformations": steps})
    types = {"t": "time", "c": "channel"}
    listed = [{"name": a, "type": types.get(a, "space"), **({"unit": "nanometer"} if a in "zyx" else {})} for a in axes]
    image = {"axes": listed, "datasets": datasets, "name": name}
    return {"ome": {"version": version, "multiscales": [image]}} if version == "0.5" else {"multiscales": [{"version": version, **image}]}


def make_zarr():
    import numcodecs
    import zarr

    compressors = {
        "blosc-lz4": numcodecs.Blosc(cname="lz4", clevel=5, shuffle=1),
        "blosc-zstd": numcodecs.Blosc(cname="zstd", clevel=3, shuffle=2),
        "gzip": numcodecs.GZip(5),
        "zstd": numcodecs.Zstd(3),
        "none": None,
    }
    for name, compressor in compressors.items():
        for order, separator, dtype in [("C", "/", "<i2"), ("F", ".", ">u2")]:
            key = f"v2-{name}-{order}"
            group = zarr.open_group(os.path.join(folder, key), mode="w", zarr_format=2)
            group.attrs.update(ome("0.4", key, "zyx", 3))
            base = volume(SHAPE, dtype)
            base[5:20, :, 20:45] = 7  # the fill value: chunks of it are not written
            for n in range(3):
                level = halved(base, n)
                array = group.create_array(
                    f"s{n}", shape=level.shape, chunks=(16, 16, 16), dtype=level.dtype, fill_value=7, order=order,
                    compressors=compressor, chunk_key_encoding={"name": "v2", "separator": separator}, config={"write_empty_chunks": False},
                )
                array[...] = level
            if order == "F":
                zarr.consolidate_metadata(group.store)
            cases.append({"name": key, "format": "zarr", "key": key, "levels": 3, "boxes": boxes(SHAPE)})
    for key, options in {
        "v3-plain": {"chunks": (16, 16, 16)},
        "v3-shards": {"chunks": (8, 8, 8), "shards": (16, 32, 24), "compressors": zarr.codecs.BloscCodec(cname="lz4", shuffle="shuffle")},
        "v3-shards-zstd": {"chunks": (16, 16, 16), "shards": (32, 32, 32), "compressors": zarr.codecs.ZstdCodec(level=3, checksum=True)},
        "v3-channels": {"chunks": (1, 1, 16, 16, 16), "shards": (1, 2, 32, 32, 32)},
    }.items():
        group = zarr.open_group(os.path.join(folder, key), mode="w", zarr_format=3)
        lead = (2, 3) if key == "v3-channels" else ()
        group.attrs.update(ome("0.5", key, "tczyx" if lead else "zyx", 2))
        base = np.ascontiguousarray(volume(lead + SHAPE, "float32"))
        base[..., 5:20, :, 20:45] = -1
        for n in range(2):
            level = halved(base, n)
            group.create_array(f"s{n}", shape=level.shape, dtype=level.dtype, fill_value=-1, dimension_names=list("tczyx" if lead else "zyx"), **options)[...] = level
        zarr.consolidate_metadata(group.store)
        cases.append({"name": key, "format": "zarr", "key": key, "levels": 2, "boxes": boxes(SHAPE)})
    for name, compression in {
        "raw": {"type": "raw"},
        "gzip": {"type": "gzip", "level": 3},
        "zlib": {"type": "gzip", "useZlib": True},
        "bzip2": {"type": "bzip2", "blockSize": 9},
        "zstd": {"type": "zstd", "level": 3},
        "blosc": {"type": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
    }.items():
        key = f"n5-{name}"
        base = volume(SHAPE, "<i2")
        for n in range(2):
            level = halved(base, n)
            metadata = {"dimensions": level.shape[::-1], "blockSize": [16, 16, 16], "dataType": "int16", "compression": compression}
            spec = {"driver": "n5", "kvstore": {"driver": "file", "path": os.path.join(folder, key, f"s{n}")}, "metadata": metadata}
            ts.open(spec, create=True).result().write(level.T).result()
            document = os.path.join(folder, key, f"s{n}", "attributes.json")
            attributes = json.load(open(document))
            transform = {"axes": ["z", "y", "x"], "scale": [2.96 * 2**n, 4 * 2**n, 4 * 2**n], "translate": [0, 0, 0], "units": ["nm"] * 3}
            json.dump({**attributes, "transform": transform}, open(document, "w"))
        json.dump({"n5": "2.5.1", "scales": [[1, 1, 1], [2, 2, 2]]}, open(os.path.join(folder, key, "attributes.json"), "w"))
        cases.append({"name": key, "format": "n5", "key": key, "levels": 2, "boxes": boxes(SHAPE)})


SHARDING = {
    "@type": "neuroglancer_uint64_sharded_v1", "preshift_bits": 1, "hash": "identity", "minishard_bits": 2, "shard_bits": 1,
    "minishard_index_encoding": "gzip", "data_encoding": "gzip",
}
OFFSET = (12, 1100, 1000)


def make_precomputed():
    for name, dtype, channels, scale in [
        ("raw", "float32", 1, {"encoding": "raw"}),
        ("raw-sharded", "uint16", 2, {"encoding": "raw", "sharding": SHARDING}),
        ("jpeg", "uint8", 1, {"encoding": "jpeg", "jpeg_quality": 80}),
        ("jpeg-colour", "uint8", 3, {"encoding": "jpeg", "jpeg_quality": 90}),
        ("jpeg-sharded", "uint8", 1, {"encoding": "jpeg", "jpeg_quality": 75, "sharding": {**SHARDING, "hash": "murmurhash3_x86_128", "data_encoding": "raw"}}),
        ("png", "uint8", 1, {"encoding": "png"}),
        ("png-16-bit", "uint16", 3, {"encoding": "png"}),
        ("segments", "uint32", 1, {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 8, 8]}),
        ("segments-64", "uint64", 1, {"encoding": "compressed_segmentation", "compressed_segmentation_block_size": [8, 8, 8], "sharding": SHARDING}),
    ]:
        labels = name.startswith("segments")
        spec = {
            "driver": "neuroglancer_precomputed",
            "kvstore": {"driver": "file", "path": os.path.join(folder, name)},
            "multiscale_metadata": {"type": "segmentation" if labels else "image", "data_type": dtype, "num_channels": channels},
            "scale_metadata": {
                "size": SHAPE[::-1], "voxel_offset": OFFSET[::-1], "resolution": [8, 8, 8.5], "chunk_size": [16, 16, 16], "key": "8_8_8", **scale,
            },
        }
        zyx = volume(SHAPE, dtype, labels)
        stored = np.stack([np.roll(zyx, 3 * c, 0) for c in range(channels)], -1).transpose(2, 1, 0, 3)
        ts.open(spec, create=True).result().write(stored).result()
        cases.append({"name": name, "format": "precomputed", "key": name, "levels": 1, "boxes": boxes(SHAPE, OFFSET)})


make_zarr() if kind == "zarr" else make_precomputed()
json.dump(cases, sys.stdout)
