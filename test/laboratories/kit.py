"""What the laboratories share: files with known contents, and the truth about them.

A laboratory's script has a table first. From it come the positions of its particles in angstroms (x, y, z from the centre of voxel 0),
and from these both the files, in the units of the software that it imitates, and OUT/NAME.truth.json. Nothing here reads what it wrote.
Needs numpy, mrcfile, tifffile and h5py. The same bytes come out each time.
"""
import hashlib
import json
import shutil
import struct
import sys
import zlib
from pathlib import Path

import h5py
import mrcfile
import numpy as np
import tifffile


def fingerprint(data):
    """Of the values, as float32: the same whatever type or name a file has."""
    d = np.ascontiguousarray(data, "<f4")
    return hashlib.sha256(str(d.shape).encode() + d.tobytes()).hexdigest()[:32]


def seed(*words):
    return np.random.default_rng(zlib.crc32("/".join(map(str, words)).encode()))


def noise(shape, *words, dtype=np.float32):
    """Values that have nothing in common with those of any other file: a laboratory that is told by names and bookkeeping alone."""
    r = seed("unlike", *words, *shape)
    d = r.normal(r.uniform(-3, 3), 1.5, shape) if dtype == np.float32 else r.normal(100, 12, shape).round()
    return d.astype(dtype)


def weights(coarse, fine):
    """Linear interpolation from `coarse` knots to the centres of `fine` voxels, as a matrix."""
    at = (np.arange(fine) + 0.5) / fine * (coarse - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(coarse)[None]))


class Specimen:
    """One ice layer: the same density at every voxel size, with dark particles where the table has them."""

    def __init__(self, name, size_angstrom, particles=(), radius=90.0):
        self.name, self.size, self.radius = name, size_angstrom, radius
        self.particles = np.concatenate([np.asarray(p, float) for p in particles]) if len(particles) else np.zeros((0, 3))
        self.coarse = seed("density", name).normal(0, 1, (5, 9, 9))

    def density(self, shape, voxel):
        z, y, x = (weights(c, f) for c, f in zip(self.coarse.shape, shape))
        d = np.einsum("zi,yj,xk,ijk->zyx", z, y, x, self.coarse, optimize=True)
        grid = [np.arange(n) * voxel for n in shape]
        for px, py, pz in self.particles:
            g = [np.exp(-((a - p) ** 2) / (2 * (self.radius / 2) ** 2)) for a, p in zip(grid, (pz, py, px))]
            d -= 3 * np.einsum("i,j,k->ijk", *g)
        return d

    def volume(self, shape, voxel, noise=1.0, what="full"):
        """`what` names the noise: two halves have the same density and noise of their own."""
        return (self.density(shape, voxel) + seed("noise", self.name, what, shape).normal(0, noise, shape)).astype(np.float32)

    def membrane(self, shape, which=0):
        """A shell around a centre that the name decides, as a mask of 0 and 1."""
        r = seed("membrane", self.name, which)
        z, y, x = np.indices(shape)
        c = [r.uniform(0.35, 0.65) * n for n in shape]
        d = np.sqrt(((z - c[0]) * 1.6) ** 2 + (y - c[1]) ** 2 + (x - c[2]) ** 2)
        radius = min(shape[1:]) * r.uniform(0.2, 0.35)
        return (np.abs(d - radius) < 1.2).astype(np.int8)

    def stack(self, angles, size, what="full"):
        """Sections of one tilt series (y, x), thicker and so darker at high tilts."""
        y, x = (weights(9, n) for n in size)
        base = np.einsum("yj,xk,jk->yx", y, x, self.coarse.mean(0))
        r = seed("stack", self.name, what, len(angles), size)
        return np.stack([(base * 8 + 120 * np.cos(np.radians(a)) + r.normal(0, 6, size)) for a in angles]).round().astype(np.int16)


class Lab:
    def __init__(self, about, pages, expect="publish", said_by=()):
        if len(sys.argv) != 2:
            sys.exit(f"usage: {Path(sys.argv[0]).name} OUT")
        self.name, self.out = Path(sys.argv[0]).stem, Path(sys.argv[1])
        self.root = self.out / self.name
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        self.truth = {"lab": self.name, "expect": expect, "about": " ".join(about.split()), "pages": list(pages), "said_by": list(said_by), "runs": {}, "never": []}

    def run(self, name, *aliases):
        keys = ("tomograms", "halves", "tiltseries", "frames", "gains", "points", "masks")
        return self.truth["runs"].setdefault(name, {"aliases": list(aliases), **{k: [] for k in keys}})

    # ---- files ----
    def text(self, path, content):
        p = self.root / path
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    old_imod = False  # if set, volumes and stacks have one header: space group 0, mz = nz

    def mrc(self, path, data, voxel, stack=False, header=None):
        """`header` is what the file says of its voxel where that is not the truth."""
        p = self.root / path
        p.parent.mkdir(parents=True, exist_ok=True)
        with mrcfile.new(p, overwrite=True) as m:
            m.set_data(np.ascontiguousarray(data))
            m.set_image_stack() if stack else m.set_volume()
            if self.old_imod:
                m.header.ispg, m.header.mz = 0, data.shape[0]
            m.voxel_size = voxel if header is None else header
            m.header.nlabl, m.header.label = 0, b""  # a label would hold the time
        return {"file": path, "size": list(data.shape[::-1]), "spacing": voxel, "fingerprint": fingerprint(data)}

    def volume(self, path, data, voxel, header=None):
        """In the format that the name tells."""
        if path.endswith((".zarr", ".am")):
            return (self.zarr if path.endswith(".zarr") else self.amira)(path, data, voxel)
        return self.mrc(path, data, voxel, header=header)

    def tomogram(self, run, path, data, voxel, processing=("raw",), header=None, may=False):
        """`may`: neither missed nor wrong if it is published, with the right spacing."""
        e = {**self.volume(path, data, voxel, header), "processing": list(processing)}
        self.run(run)["tomograms"].append({**e, "may": True} if may else e)

    def zarr(self, path, data, voxel):
        """OME-Zarr 0.4 of two levels, a chunk each, not compressed (Zarr v2). Returns what `mrc` returns; the file is the folder."""
        axes = [{"name": c, "type": "space", "unit": "angstrom"} for c in "zyx"]
        sets = [{"path": str(i), "coordinateTransformations": [{"type": "scale", "scale": [voxel * 2**i] * 3}]} for i in range(2)]
        self.text(f"{path}/.zgroup", json.dumps({"zarr_format": 2}))
        self.text(f"{path}/.zattrs", json.dumps({"multiscales": [{"axes": axes, "datasets": sets, "name": "/", "version": "0.4"}]}))
        for i in range(2):
            d = np.ascontiguousarray(data[:: 2**i, :: 2**i, :: 2**i])
            array = {"zarr_format": 2, "shape": d.shape, "chunks": d.shape, "dtype": d.dtype.str, "compressor": None, "filters": None, "fill_value": 0, "order": "C", "dimension_separator": "/"}
            self.text(f"{path}/{i}/.zarray", json.dumps(array))
            self.text(f"{path}/{i}/0/0/0", d.tobytes())
        return {"file": path, "size": list(data.shape[::-1]), "spacing": voxel, "fingerprint": fingerprint(data)}

    def hdf(self, path, data, voxel, statistics=False):
        """As EMAN2 writes it (libEM/io/hdfio2.cpp). Returns what `mrc` returns."""
        p = self.root / path
        p.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(p, "w") as f:
            images = f.create_group("MDF/images")
            images.attrs["imageid_max"] = np.int32(0)
            g = images.create_group("0")
            for c, n in zip("zyx", data.shape):
                g.attrs[f"EMAN.n{c}"], g.attrs[f"EMAN.apix_{c}"] = np.int32(n), np.float32(voxel)
            if statistics:
                g.attrs["EMAN.minimum"], g.attrs["EMAN.maximum"], g.attrs["EMAN.mean"] = (np.float32(v) for v in (data.min(), data.max(), data.mean()))
            g.create_dataset("image", data=data, track_times=False)
        return {"file": path, "size": list(data.shape[::-1]), "spacing": voxel, "fingerprint": fingerprint(data)}

    def amira(self, path, labels, voxel):
        """A label field of Amira: bytes, x fastest; the box goes from the middle of the first voxel to that of the last."""
        z, y, x = labels.shape
        box = " ".join(f"0 {(n - 1) * voxel:g}" for n in (x, y, z))
        head = f'# AmiraMesh BINARY-LITTLE-ENDIAN 2.1\n\n\ndefine Lattice {x} {y} {z}\n\nParameters {{\n    Materials {{\n        Exterior {{\n            Id 1\n        }}\n        Membrane {{\n            Id 2\n        }}\n    }}\n'
        head += f'    Content "{x}x{y}x{z} byte, uniform coordinates",\n    BoundingBox {box},\n    CoordType "uniform"\n}}\n\nLattice {{ byte Labels }} @1\n\n# Data section follows\n@1\n'
        self.text(path, head.encode() + labels.astype(np.uint8).tobytes() + b"\n")
        return {"file": path, "size": [x, y, z], "spacing": voxel, "fingerprint": fingerprint(labels)}

    def half(self, run, path, data, voxel, stack=False):
        self.run(run)["halves"].append({**self.mrc(path, data, voxel, stack=stack), "why": "half of the data"})

    def tilts(self, run, path, data, pixel, angles, header=None):
        e = self.mrc(path, data, pixel, stack=True, header=header)
        sections = [fingerprint(s) for s in data]
        self.run(run)["tiltseries"].append({**e, "angles": [float(a) for a in angles], "sections": sections})

    def movies(self, run, paths, size=(40, 40), frames=3, pixel=1.0):
        """Frames of a detector, as compressed TIFF or as a stack of MRC. `run` None: of no run."""
        for path in paths:
            p = self.root / path
            p.parent.mkdir(parents=True, exist_ok=True)
            d = seed("movie", self.name, path).poisson(3, (frames, *size)).astype(np.uint8)
            if path.endswith(".mrc"):
                self.mrc(path, d, pixel, stack=True)
            else:
                tifffile.imwrite(p, d, compression="zlib", photometric="minisblack", metadata=None)
            if run:
                self.run(run)["frames"].append({"file": path, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()})

    def gain(self, runs, path, size=(40, 40)):
        p = self.root / path
        p.parent.mkdir(parents=True, exist_ok=True)
        d = seed("gain", self.name, path).normal(1, 0.05, size).astype(np.float32)
        if path.endswith(".mrc"):
            self.mrc(path, d[None], 1.0, stack=True)
        else:
            tifffile.imwrite(p, d, photometric="minisblack", metadata=None)
        for run in runs:
            self.run(run)["gains"].append({"file": path, "sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "fingerprint": fingerprint(d)})

    def mask(self, run, path, data, voxel, may=False, header=None):
        labels = [int(v) for v in np.unique(data) if v]
        e = {**self.volume(path, data, voxel, header), "labels": {str(v): fingerprint(data == v) for v in labels}, "union": fingerprint(data > 0)}
        self.run(run)["masks"].append({**e, "may": True} if may else e)

    def points(self, run, file, object, xyz, voxel, also=(), before=None, instances=False, may=False, tolerance=None):
        """`also`: files that hold the same particles once more (published twice is wrong). `before`: where they were before an alignment moved
        them by more than a voxel: as right. `voxel` is of the tomogram they lie in."""
        e = {"file": file, "also": list(also), "object": object, "spacing": voxel, "xyz_angstrom": np.round(np.asarray(xyz, float), 3).tolist()}
        if tolerance:
            e["tolerance"] = tolerance  # angstroms; else a little more than a voxel
        if before is not None:
            e["or"] = np.round(before, 3).tolist()
        if instances:
            e["instances"] = True
        self.run(run)["points"].append({**e, "may": True} if may else e)

    # ---- what must not be published ----
    def never(self, why, *files):
        for f in files:
            self.truth["never"].append({**(f if isinstance(f, dict) else {"file": f}), "why": why})

    def junk(self, why, path, data, voxel, stack=False, header=None):
        e = self.mrc(path, data, voxel, stack=stack, header=header)
        if set(np.unique(data)) <= {0, 1}:
            e["union"] = fingerprint(data > 0)
        self.never(why, e)

    def copy(self, source, target, why="a copy, byte by byte"):
        (self.root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.root / source, self.root / target)
        self.never(f"{why} of {source}", {"file": target, "copy_of": source})

    def picture(self, path, size=(24, 32), why="a picture"):
        d = seed("picture", path).integers(0, 255, (*size, 3)).astype(np.uint8)
        if path.endswith((".tif", ".tiff")):
            self.text(path, b"")
            tifffile.imwrite(self.root / path, d, photometric="rgb", metadata=None)
        else:
            chunk = lambda k, b: struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b))
            raw = b"".join(b"\0" + row.tobytes() for row in d)
            self.text(path, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", size[1], size[0], 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
        self.never(why, {"file": path, "sha256": hashlib.sha256((self.root / path).read_bytes()).hexdigest()})

    def done(self):
        (self.out / f"{self.name}.truth.json").write_text(json.dumps(self.truth, indent=1, ensure_ascii=False) + "\n")
        files = [f for f in self.root.rglob("*") if f.is_file()]
        print(f"{self.name}: {len(files)} files, {sum(f.stat().st_size for f in files) / 1e6:.1f} MB, {len(self.truth['runs'])} runs")


# ---- text of other programs ----
def places(*words, n, size, margin=0.12):
    """n places in angstroms (x, y, z) within a volume of this size (x, y, z)."""
    return np.round(seed("places", *words).uniform(margin, 1 - margin, (n, 3)) * np.asarray(size, float), 2)


def star(blocks):
    """[(name, {column: values})] as a STAR file; a plain value instead of a list makes a block without loop."""
    out = []
    for name, columns in blocks:
        out.append(f"\ndata_{name}\n\n")
        if all(np.isscalar(v) for v in columns.values()):
            out += [f"_{k}  {v}\n" for k, v in columns.items()]
            continue
        out.append("loop_\n" + "".join(f"_{k} #{i + 1}\n" for i, k in enumerate(columns)))
        out += ["  ".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in row) + "\n" for row in zip(*(list(v) for v in columns.values()))]
    return "".join(out) + "\n"


def lines(values, form="{:.2f}"):
    return "".join(form.format(v) + "\n" for v in values)


def xf(n, *words):
    a = np.radians(84.1)
    r = seed("xf", *words)
    return "".join("%12.7f%12.7f%12.7f%12.7f%12.3f%12.3f\n" % (np.cos(a), np.sin(a), -np.sin(a), np.cos(a), *r.normal(0, 3, 2)) for _ in range(n))


def aln(size, angles, *words, raw=None):
    r = seed("aln", *words)
    out = f"# AreTomo Alignment / Priims bprmMn\n# RawSize = {size[0]} {size[1]} {raw or len(angles)}\n# NumPatches = 0\n"
    out += "# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT\n"
    row = "%5d  %9.4f  %9.5f  %9.3f  %9.3f  %7.2f  %7.2f  %7.2f  %7.2f  %8.2f\n"
    return out + "".join(row % (i, -85.3, 1, *r.normal(0, 4, 2), 1, 1, 1, 0, a) for i, a in enumerate(angles))


def mdoc(angles, pixel, frames=None, image="", size=(96, 96), folder="X:\\session\\frames\\", order=None, dose=3.1, camera="SerialEM: Digitized on Titan Krios"):
    """One section a tilt, in the order of the list; `order` is when each was taken."""
    out = f"PixelSpacing = {pixel}\nVoltage = 300\nImageFile = {image}\nImageSize = {size[0]} {size[1]}\nDataMode = 1\n\n[T = {camera}]\n\n"
    out += "[T =     Tilt axis angle = 84.1, binning = 1  spot = 8  camera = 1]\n\n"
    for z, a in enumerate(angles):
        n = z if order is None else order[z]
        out += f"[ZValue = {z}]\nTiltAngle = {a}\nStagePosition = 12.5 -40.1\nMagnification = 53000\nExposureDose = {dose}\nPixelSpacing = {pixel}\n"
        out += "Defocus = -3.5\nRotationAngle = 174.1\nExposureTime = 1.2\nBinning = 1\n"
        out += f"SubFramePath = {folder}{frames[z]}\nNumSubFrames = 3\n" if frames else ""
        out += f"DateTime = 14-Feb-23  09:{n:02d}:31\n\n"
    return out


def dose_symmetric(step, n):
    """0, +s, -s, +2s, … as they are taken."""
    return [0.0] + [float(s * k * step) for k in range(1, n // 2 + 1) for s in (1, -1)]


def imod_model(objects, size, voxel):
    """Objects are (name, contours in angstroms, "scattered" | "open" | "closed"); size (x, y, z) of the volume. The middle of the
    first voxel is at 0.5, 0.5, 0 (IMOD: x and y from 0 to N, z from -0.5 to N - 0.5)."""
    flags = {"scattered": 1 << 9, "open": 1 << 3, "closed": 0}
    b = b"IMODV1.2" + b"IMOD-NewModel".ljust(128, b"\0") + struct.pack(">4i", *size, len(objects))
    b += struct.pack(">I", (1 << 12) | (1 << 13) | (1 << 14) | (1 << 15)) + struct.pack(">4i", 1, 1, 0, 255) + struct.pack(">6f", 0, 0, 0, 1, 1, 1)
    b += struct.pack(">3i", 0, 0, 0) + struct.pack(">2i", 3, 128) + struct.pack(">f", voxel / 10) + struct.pack(">2i", -9, 0) + struct.pack(">3f", 0, 0, 0)
    for name, contours, kind in objects:
        b += b"OBJT" + name.encode().ljust(64, b"\0") + bytes(64) + struct.pack(">i", len(contours)) + struct.pack(">I", flags[kind])
        b += struct.pack(">2i", 0, 1) + struct.pack(">3f", 0, 1, 0) + struct.pack(">i", 4) + bytes([1, 3, 1, 1, 0, 0, 0, 0]) + struct.pack(">2i", 0, 0)
        for c in contours:
            p = np.asarray(c, float) / voxel + (0.5, 0.5, 0.0)
            b += b"CONT" + struct.pack(">iIii", len(p), 0, 0, 0) + p.astype(">f4").tobytes()
    return b + b"MINX" + struct.pack(">i", 72) + struct.pack(">18f", *[1] * 3, *[0] * 6, *[voxel] * 3, *[0] * 6) + b"IEOF"
