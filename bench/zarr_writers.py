"""What a careful person writes to make a pyramid of an MRC, for `node bench/shards.mjs --peers`: the file mapped, slabs of planes in a few threads,
halved with numpy (tensorstore) or tinybrain, written in whole chunks.

python zarr_writers.py tensorstore2|tensorstore3|tinybrain2|zarr2|zarr3 IN.mrc OUT.zarr     (environment: blocks)
python zarr_writers.py acquire3|omezarr2|ngffzarr2 IN.mrc OUT.zarr                          (environment: writers)

The portal's chunks and codec: 256³ float32, Blosc LZ4 with shuffle, three levels, each the mean of 2×2×2 voxels. `tensorstore3` writes shards of 256³
with chunks of 64³. The metadata of OME are left out by those of the first line: they cost nothing. Those of the second make pyramids themselves:
acquire-zarr of planes as they come from a camera, sixteen at a time, ome-zarr-py and ngff-zarr from a dask array, by the means of their own that are nearest.
"""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

LEVELS = 3
CHUNK = 256
HEAD_BYTES = 1024


def main(way, source, target):
    header = np.fromfile(source, "<i4", 4)
    nx, ny, nz, mode = (int(value) for value in header)
    dtype = {0: "i1", 1: "<i2", 2: "<f4", 12: "<f2"}[mode]
    volume = np.memmap(source, dtype, "r", HEAD_BYTES, (nz, ny, nx))
    if way in WHOLE:
        WHOLE[way](volume, target)
        return
    shapes = [tuple(-(-length // 2**level) for length in volume.shape) for level in range(LEVELS)]
    writers = [WRITERS[way](f"{target}/{level}", shape) for level, shape in enumerate(shapes)]
    halve = halved_by_tinybrain if way == "tinybrain2" else halved
    # a slab is one row of chunks of the coarsest level, so that no two of them write the same chunk
    depth = CHUNK << (LEVELS - 1)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for z in range(0, nz, depth):
            list(pool.map(lambda y: slab(volume, z, y, depth, writers, halve), range(0, ny, depth)))


def slab(volume, z, y, depth, writers, halve):
    box = np.asarray(volume[z : z + depth, y : y + depth], np.float32)
    for level, write in enumerate(writers):
        if level:
            box = halve(box)
        write(z >> level, y >> level, box)


def halved(box):
    nz, ny, nx = (length // 2 for length in box.shape)
    even = box[: 2 * nz, : 2 * ny, : 2 * nx]
    rows = even[0::2] + even[1::2]
    columns = rows[:, 0::2] + rows[:, 1::2]
    return (columns[:, :, 0::2] + columns[:, :, 1::2]) * np.float32(0.125)


def halved_by_tinybrain(box):
    import tinybrain

    own = box if box.flags.writeable else box.copy()  # it takes nothing that is mapped for reading
    return tinybrain.downsample_with_averaging(own.T, (2, 2, 2))[0].T


def by_tensorstore(version):
    import tensorstore

    def open_level(path, shape):
        spec = {"driver": version, "kvstore": {"driver": "file", "path": path}, "create": True, "delete_existing": True}
        if version == "zarr":
            spec["metadata"] = {
                **{"shape": shape, "chunks": [CHUNK] * 3, "dtype": "<f4", "dimension_separator": "/"},
                "compressor": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
            }
        else:
            inner = [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 4}},
            ]
            shards = {"name": "sharding_indexed", "configuration": {"chunk_shape": [64] * 3, "codecs": inner}}
            spec["metadata"] = {
                **{"shape": shape, "data_type": "float32", "codecs": [shards]},
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [CHUNK] * 3}},
            }
        array = tensorstore.open(spec).result()
        return lambda z, y, box: array[z : z + box.shape[0], y : y + box.shape[1]].write(box).result()

    return open_level


def by_zarr(version):
    import zarr
    from numcodecs import Blosc

    def open_level(path, shape):
        more = {"compressors": [Blosc("lz4", 5, Blosc.SHUFFLE)], "chunk_key_encoding": {"name": "v2", "separator": "/"}}
        if version == 3:
            more = {"compressors": [zarr.codecs.BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")]}
        array = zarr.create_array(path, shape=shape, chunks=[CHUNK] * 3, dtype="float32", zarr_format=version, overwrite=True, **more)

        def write(z, y, box):
            array[z : z + box.shape[0], y : y + box.shape[1]] = box

        return write

    return open_level


def whole_by_acquire(volume, target):
    import acquire_zarr as aqz

    kind = aqz.DimensionType.SPACE
    dimensions = [
        aqz.Dimension(name=name, kind=kind, array_size_px=length, chunk_size_px=CHUNK, shard_size_chunks=1)
        for name, length in zip("zyx", volume.shape)
    ]
    compression = aqz.CompressionSettings(
        compressor=aqz.Compressor.BLOSC1, codec=aqz.CompressionCodec.BLOSC_LZ4, level=5, shuffle=1
    )
    array = aqz.ArraySettings(
        output_key="volume",
        dimensions=dimensions,
        data_type=np.float32,
        compression=compression,
        downsampling_method=aqz.DownsamplingMethod.MEAN,
        max_levels=LEVELS,
    )
    stream = aqz.ZarrStream(aqz.StreamSettings(arrays=[array], store_path=target, version=aqz.ZarrVersion.V3, overwrite=True))
    for z in range(0, volume.shape[0], 16):
        stream.append(np.ascontiguousarray(volume[z : z + 16], np.float32))
    stream.close()


def dask_array(volume):
    import dask.array

    return dask.array.from_array(volume, chunks=(CHUNK,) * 3).astype(np.float32)


def whole_by_ome_zarr(volume, target):
    import ome_zarr.format
    import ome_zarr.scale
    import ome_zarr.writer
    import zarr
    from numcodecs import Blosc

    ome_zarr.writer.write_image(
        dask_array(volume),
        zarr.open_group(target, mode="w", zarr_format=2),
        scale_factors=[dict.fromkeys("zyx", 2**level) for level in range(1, LEVELS)],
        method=ome_zarr.scale.Methods.LOCAL_MEAN,
        fmt=ome_zarr.format.FormatV04(),
        axes="zyx",
        storage_options={"chunks": (CHUNK,) * 3, "compressor": Blosc("lz4", 5, Blosc.SHUFFLE)},
    )


def whole_by_ngff_zarr(volume, target):
    import ngff_zarr
    from numcodecs import Blosc

    image = ngff_zarr.to_ngff_image(dask_array(volume), dims=["z", "y", "x"])
    factors = [2**level for level in range(1, LEVELS)]
    levels = ngff_zarr.to_multiscales(image, scale_factors=factors, method=ngff_zarr.Methods.DASK_BIN_SHRINK, chunks=CHUNK)
    ngff_zarr.to_ngff_zarr(target, levels, version="0.4", compressor=Blosc("lz4", 5, Blosc.SHUFFLE))


WHOLE = {"acquire3": whole_by_acquire, "omezarr2": whole_by_ome_zarr, "ngffzarr2": whole_by_ngff_zarr}
WRITERS = {
    "tensorstore2": lambda path, shape: by_tensorstore("zarr")(path, shape),
    "tensorstore3": lambda path, shape: by_tensorstore("zarr3")(path, shape),
    "tinybrain2": lambda path, shape: by_tensorstore("zarr")(path, shape),
    "zarr2": lambda path, shape: by_zarr(2)(path, shape),
    "zarr3": lambda path, shape: by_zarr(3)(path, shape),
}

main(*sys.argv[1:])
