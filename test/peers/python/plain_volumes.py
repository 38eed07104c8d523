"""Writes volumes with pynrrd, nibabel and mrcfile, and what those read of them: voxels as raw little-endian bytes beside each.

python plain_volumes.py FOLDER    (environment: zarr3)
Prints [{file, shape, dtype, voxels, voxelSizeAngstrom, originAngstrom}] or [{file, refused}]; lists are z, y, x.
"""
import gzip
import json
import os
import sys

import nibabel
import nrrd
import numpy as np

folder = sys.argv[1]
cases = []
random = np.random.default_rng(34)
plain = random.normal(size=(5, 7, 9)) * 60


def values(dtype):
    kind = np.dtype(dtype)
    return plain.astype(kind) if kind.kind == "f" else np.clip(plain, np.iinfo(kind).min, np.iinfo(kind).max).astype(kind)


def told(name, read, voxel=(None, None, None), origin=(0, 0, 0)):
    array = np.asarray(read)
    voxels = f"{name}.voxels"
    array.astype(array.dtype.newbyteorder("<")).tofile(os.path.join(folder, voxels))
    cases.append({"file": name, "shape": array.shape, "dtype": array.dtype.name, "voxels": voxels, "voxelSizeAngstrom": voxel, "originAngstrom": origin})


def refused(name, why):
    cases.append({"file": name, "refused": why})


def as_nrrd(name, array, header, **options):
    path = os.path.join(folder, name)
    nrrd.write(path, array, header, index_order="C", **options)
    return nrrd.read(path, index_order="C")[0]


def as_nifti(name, array, kind=nibabel.Nifti1Image, unit="mm", affine=None, header=None, scale=None):
    path = os.path.join(folder, name)
    image = kind(array.transpose(), np.diag([2, 3, 4, 1]) if affine is None else affine, header)
    image.header.set_data_dtype(array.dtype)
    image.header.set_xyzt_units(unit)
    if scale:
        image.header.set_slope_inter(*scale)
    nibabel.save(image, path)
    return np.asanyarray(nibabel.load(path).dataobj).transpose()


for dtype in ["uint8", "int8", "int16", "uint16", "int32", "uint32", "float32", "float64"]:
    name = f"{dtype}.nrrd"
    told(name, as_nrrd(name, values(dtype), {"encoding": "raw", "spacings": [1.5, 2.5, 3.5], "units": ["nm", "nm", "nm"]}), [35, 25, 15])
    told(f"{dtype}.nii", as_nifti(f"{dtype}.nii", values(dtype), unit="micron"), [4e4, 3e4, 2e4])
for dtype in [">i2", ">f4"]:
    name = f"big-{dtype[1:]}"
    told(f"{name}.nrrd", as_nrrd(f"{name}.nrrd", values(dtype), {"encoding": "raw", "endian": "big"}))
    told(f"{name}.nii", as_nifti(f"{name}.nii", values(dtype), header=nibabel.Nifti1Header(endianness=">")), [4e7, 3e7, 2e7])
placed = {"space": "left-posterior-superior", "space directions": np.diag([0.4, 0.5, 0.6]), "space origin": [1, 2, 3], "space units": ["microns"] * 3}
told("placed.nrrd", as_nrrd("placed.nrrd", values("int16"), {"encoding": "raw", **placed}), [6e3, 5e3, 4e3], [3e4, 2e4, 1e4])
told("gzip.nrrd", as_nrrd("gzip.nrrd", values("int16"), {"encoding": "gzip", **placed}), [6e3, 5e3, 4e3], [3e4, 2e4, 1e4])
told("bzip2.nrrd", as_nrrd("bzip2.nrrd", values("float32"), {"encoding": "bzip2"}))
turned = {**placed, "space directions": np.array([[0, 0.4, 0], [-0.5, 0, 0], [0, 0, 0.6]])}
told("turned.nrrd", as_nrrd("turned.nrrd", values("uint8"), {"encoding": "raw", **turned}), [6e3, 5e3, 4e3])
told("flat.nrrd", as_nrrd("flat.nrrd", values("uint8")[0], {"encoding": "raw"})[None])
told("second.nii", as_nifti("second.nii", values("uint16"), nibabel.Nifti2Image), [4e7, 3e7, 2e7])
told("gzip.nii.gz", as_nifti("gzip.nii.gz", values("int16")), [4e7, 3e7, 2e7])
told("no-unit.nii", as_nifti("no-unit.nii", values("int16"), unit="unknown"))
upright = np.array([[2, 0, 0, 10], [0, 3, 0, 20], [0, 0, 4, 30], [0, 0, 0, 1]])
told("placed.nii", as_nifti("placed.nii", values("int16"), affine=upright), [4e7, 3e7, 2e7], [3e8, 2e8, 1e8])
told("mirrored.nii", as_nifti("mirrored.nii", values("int16"), affine=np.diag([-2, 3, 4, 1])), [4e7, 3e7, 2e7])

as_nrrd("text.nrrd", values("float32"), {"encoding": "ascii"})
refused("text.nrrd", 'encoding "ascii"')
as_nrrd("apart.nhdr", values("float32"), {"encoding": "raw"})
refused("apart.nhdr", "in another file")
as_nrrd("colours.nrrd", random.integers(0, 255, (5, 7, 9, 3)).astype("uint8"), {"encoding": "raw", "kinds": ["vector", "domain", "domain", "domain"]})
refused("colours.nrrd", "vector of 3")
as_nifti("scaled.nii", values("int16"), scale=(0.5, 3))
refused("scaled.nii", "0.5 × the stored number + 3")
as_nifti("apart.hdr", values("int16"), nibabel.Nifti1Pair)
refused("apart.hdr", "in another file")
nibabel.save(nibabel.Nifti1Image(np.zeros((3, 4, 5, 2), "float32"), np.eye(4)), os.path.join(folder, "times.nii"))
refused("times.nii", "3×4×5×2")
nibabel.save(nibabel.Nifti1Image(np.zeros((3, 4, 5), "complex64"), np.eye(4)), os.path.join(folder, "complex.nii"))
refused("complex.nii", "complex64")
for name in ["float32.nrrd", "float32.nii"]:
    whole = open(os.path.join(folder, name), "rb").read()
    open(os.path.join(folder, f"short-{name}"), "wb").write(whole[:-1])
    refused(f"short-{name}", "bytes")
packed = open(os.path.join(folder, "gzip.nrrd"), "rb").read()
open(os.path.join(folder, "twice.nrrd.gz"), "wb").write(gzip.compress(packed))
refused("twice.nrrd.gz", "gzip")
for name in ["noise.tif", "noise.dat"]:
    open(os.path.join(folder, name), "wb").write(bytes(random.integers(128, 255, 4096).astype("uint8")))
    refused(name, name)
json.dump(cases, sys.stdout)
