"""rechunk.py CONTENDER VOLUME TARGET CODEC SHARD JOBS: one contender's way from Zarr 2 to shards of Zarr 3, or to a pyramid of means.

rechunk.py check VOLUME TARGET NAME: whether a contender wrote what it should have.
"""

import sys

import numpy as np

CHUNK = 128
LEVELS = 3


def zarr_codec(codec):
    import zarr

    if codec == "zstd":
        return zarr.codecs.ZstdCodec(level=3)
    return zarr.codecs.BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")


def dask_copy(volume, target, codec, shard, jobs):
    import dask
    import dask.array
    import zarr

    source = dask.array.from_zarr(volume)
    made = zarr.create_array(
        f"{target}/0", shape=source.shape, chunks=(CHUNK,) * 3, shards=(shard,) * 3, dtype=source.dtype, compressors=zarr_codec(codec)
    )
    with dask.config.set(scheduler="threads", num_workers=jobs):
        source.rechunk((shard,) * 3).store(made, lock=False)


def tensorstore_copy(volume, target, codec, shard, jobs):
    import tensorstore as ts

    context = ts.Context({"data_copy_concurrency": {"limit": jobs}, "cache_pool": {"total_bytes_limit": 0}})
    source = ts.open({"driver": "zarr", "kvstore": {"driver": "file", "path": volume}}, context=context).result()
    blosc = {"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 2, "blocksize": 0}}
    zstd = {"name": "zstd", "configuration": {"level": 3, "checksum": False}}
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}, zstd if codec == "zstd" else blosc]
    made = ts.open(
        {
            "driver": "zarr3",
            "kvstore": {"driver": "file", "path": f"{target}/0"},
            "metadata": {
                "shape": list(source.shape),
                "data_type": "int16",
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [shard] * 3}},
                "codecs": [
                    {"name": "sharding_indexed", "configuration": {"chunk_shape": [CHUNK] * 3, "codecs": codecs}},
                ],
            },
        },
        create=True,
        context=context,
    ).result()
    # shard by shard: a write of several at once takes memory for all of them
    for corner in np.ndindex(*(-(-n // shard) for n in source.shape)):
        box = tuple(slice(at * shard, min((at + 1) * shard, n)) for at, n in zip(corner, source.shape))
        made[box].write(source[box]).result()


def tinybrain_pyramid(volume, target, codec, shard, jobs):
    """Shard by shard as igneous' tasks do, in as many threads: tinybrain makes all levels of one at once."""
    from concurrent.futures import ThreadPoolExecutor

    import tinybrain
    import zarr

    source = zarr.open_array(volume, mode="r")
    made = []
    for level in range(LEVELS):
        shape = tuple(-(-n // 2**level) for n in source.shape)
        shards = (shard >> level,) * 3
        chunks = (min(CHUNK, shard >> level),) * 3
        array = zarr.create_array(
            f"{target}/{level}", shape=shape, chunks=chunks, shards=shards, dtype=source.dtype, compressors=zarr_codec(codec)
        )
        made.append(array)

    def work(corner):
        box = tuple(slice(at * shard, min((at + 1) * shard, n)) for at, n in zip(corner, source.shape))
        # its means of int16 end in a type error (1.7.0), those of float32 do not
        voxels = np.asfortranarray(source[box].T.astype("f4"))[..., np.newaxis]
        pyramid = [voxels, *tinybrain.downsample_with_averaging(voxels, (2, 2, 2, 1), num_mips=LEVELS - 1)]
        for level, values in enumerate(pyramid):
            place = tuple(slice(s.start >> level, (s.start >> level) + n) for s, n in zip(box, values.shape[2::-1]))
            made[level][place] = np.rint(values[..., 0].T).astype(source.dtype)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, list(np.ndindex(*(-(-n // shard) for n in source.shape)))))


def check(volume, target, name):
    """Compares slabs with the source, and levels with means of eight, which contenders round in their own ways."""
    import tensorstore as ts

    def read(path, driver):
        return ts.open({"driver": driver, "kvstore": {"driver": "file", "path": path}}, read=True).result()

    finest = read(volume, "zarr")
    for level in range(LEVELS if name == "mean" else 1):
        made = read(f"{target}/{level}", "zarr3")
        for z in range(0, made.shape[0], max(1, made.shape[0] // 4)):
            found = made[z].read().result()
            if level == 0:
                assert np.array_equal(found, finest[z].read().result()), f"{target} differs at z {z}"
                continue
            step = 2**level
            slab = finest[z * step : (z + 1) * step].read().result().astype("f8")
            means = slab.reshape(1, step, made.shape[1], step, made.shape[2], step).mean(axis=(1, 3, 5))[0]
            assert np.abs(found - means).max() <= level, f"level {level} of {target} differs at z {z}"


if sys.argv[1] == "check":
    check(*sys.argv[2:])
else:
    contender, volume, target, codec, shard, jobs = sys.argv[1:]
    works = {"dask": dask_copy, "tensorstore": tensorstore_copy, "tinybrain": tinybrain_pyramid}
    works[contender](volume, target, codec, int(shard), int(jobs))
