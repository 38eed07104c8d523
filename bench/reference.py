"""The portal's present way from an MRC to a float32 MRC and an OME-Zarr, for `npm run bench:ingest` to race against: the whole volume
as float32, two more by scikit-image's mean, ome-zarr's writer over zarr 2 with its default Blosc, then mrcfile and the rms.

python reference.py IN.mrc OUT [--s3 ENDPOINT]     (environment: reference)     writes OUT.mrc and OUT.zarr

With `--s3` OUT is BUCKET/PREFIX: the Zarr goes there through s3fs, the MRC through a temporary file. Written for this comparison after
the method of chanzuckerberg/cryoet-data-portal-backend (ingestion_tools, common/image.py) with the library versions it pins.
"""
import os
import sys
import tempfile

import mrcfile
import numpy as np
import ome_zarr.io
import ome_zarr.writer
import zarr
from skimage.measure import block_reduce

LEVELS = 3
CHUNK = 256


def main(source, target, endpoint=None):
    with mrcfile.open(source, permissive=True) as mrc:
        spacing = round(float(mrc.voxel_size.y), 3)
        pyramid = [mrc.data.astype(np.float32)]
    for _ in range(LEVELS - 1):
        pyramid.append(block_reduce(pyramid[-1], block_size=(2, 2, 2), func=np.mean))
    remote = connect(endpoint) if endpoint else None
    write_zarr(pyramid, spacing, f"{target}.zarr", remote)
    if remote:
        with tempfile.TemporaryDirectory() as scratch:
            write_mrc(pyramid[0], spacing, f"{scratch}/out.mrc")
            remote.put(f"{scratch}/out.mrc", f"{target}.mrc")
    else:
        write_mrc(pyramid[0], spacing, f"{target}.mrc")


def connect(endpoint):
    import s3fs

    return s3fs.S3FileSystem(endpoint_url=endpoint)


def write_zarr(pyramid, spacing, path, remote):
    if remote:
        store = zarr.storage.FSStore(url=path, mode="w", fs=remote, dimension_separator="/")
        location = ome_zarr.io.ZarrLocation(store)
    else:
        os.makedirs(path, exist_ok=True)
        location = ome_zarr.io.parse_url(path, mode="w")
    ome_zarr.writer.write_multiscale(
        pyramid,
        group=zarr.group(location.store, overwrite=True),
        axes=[{"name": axis, "type": "space", "unit": "angstrom"} for axis in "zyx"],
        coordinate_transformations=[[{"type": "scale", "scale": [spacing * 2**n] * 3}] for n in range(LEVELS)],
        storage_options={"chunks": (CHUNK, CHUNK, CHUNK), "overwrite": True},
        compute=True,
    )


def write_mrc(data, spacing, path):
    with mrcfile.new(path, data, overwrite=True) as mrc:
        header = mrc.header
        header.cella.x, header.cella.y, header.cella.z = (np.float32(spacing) * n for n in reversed(data.shape))
        header.rms = np.sqrt(np.mean((data - np.mean(data)) ** 2))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    endpoint = arguments[arguments.index("--s3") + 1] if "--s3" in arguments else None
    main(arguments[0], arguments[1], endpoint)
