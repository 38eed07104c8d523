#!/usr/bin/env python3
"""Makes the laboratories, holds their truths against their files, and tries judge.py on trees made by hand.

    check.py OUT [NAME…]

Of each laboratory: every file of the truth exists and has the voxels, the points lie in their tomograms; then judge.py must say 0 of a right
tree, 1 after something was published wrongly (five ways), 2 if a tomogram is left out in silence, 3 if a text names it.
"""
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import mrcfile
import numpy as np
import tifffile

from kit import fingerprint

HERE = Path(__file__).parent
NOT_LABS = {"kit", "judge", "check", "perturb", "beside"}


def load(path):
    if path.suffix == ".hdf":
        with h5py.File(path) as f:
            return np.array(f["MDF/images/0/image"])
    if path.suffix == ".zarr":
        a = json.loads((path / "0/.zarray").read_text())
        return np.frombuffer((path / "0/0/0/0").read_bytes(), a["dtype"]).reshape(a["shape"])
    if path.suffix == ".am":
        head, data = path.read_bytes().split(b"\n@1\n", 1)
        x, y, z = (int(n) for n in head.split(b"Lattice")[1].split()[:3])
        return np.frombuffer(data, "<f4" if b"{ float Data }" in head else np.uint8, x * y * z).reshape(z, y, x)
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if path.suffix == ".h5":  # ilastik: one channel
        with h5py.File(path) as f:
            return np.array(f["exported_data"])[..., 0]
    if path.suffix == ".nrrd":
        head, data = path.read_bytes().split(b"\n\n", 1)
        x, y, z = (int(n) for n in head.split(b"sizes:")[1].split()[:3])
        return np.frombuffer(gzip.decompress(data), np.uint8).reshape(z, y, x)
    with mrcfile.open(path, permissive=True) as m:  # Amira's has no word MAP
        d = np.array(m.data)
    return d if d.ndim == 3 else d[None]


def consistent(root, truth):
    seen = 0
    for n, r in truth["runs"].items():
        for k in ("tomograms", "halves", "tiltseries", "masks"):
            for e in r[k]:
                d = load(root / e["file"])
                assert fingerprint(d) == e["fingerprint"] and list(d.shape[::-1]) == e["size"], e["file"]
                seen += 1
        for e in [*r["frames"], *r["gains"]]:
            assert hashlib.sha256((root / e["file"]).read_bytes()).hexdigest() == e["sha256"], e["file"]
        for e in r["points"]:
            assert all((root / f).is_file() for f in (e["file"], *e["also"])), e["file"]
            homes = [t for t in r["tomograms"] if abs(t["spacing"] - e["spacing"]) < 1e-6]
            assert homes, f"{e['file']}: no tomogram of {e['spacing']}"
            xyz = np.array(e["xyz_angstrom"])
            assert (xyz >= 0).all() and (xyz <= np.array(homes[0]["size"]) * e["spacing"]).all(), e["file"]
    for e in truth["never"]:
        f = root / e["file"]
        assert f.exists(), e["file"]
        assert "fingerprint" not in e or fingerprint(load(f)) == e["fingerprint"], e["file"]
        assert "copy_of" not in e or f.read_bytes() == (root / e["copy_of"]).read_bytes(), e["file"]
    return seen


def write(path, data, voxel):
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path, overwrite=True) as m:
        m.set_data(data)
        m.voxel_size = voxel


def tomogram(run, root, e, number, spacing=None):
    s = spacing or e["spacing"]
    d = run / f"Reconstructions/VoxelSpacing{s:.3f}/Tomograms/{number}"
    write(d / "any_name.mrc", load(root / e["file"]), s)
    (d / "tomogram_metadata.json").write_text(json.dumps({"voxel_spacing": s, "processing": e.get("processing", ["raw"])[0]}))


def points(run, e, number, scale=1.0):
    d = run / f"Reconstructions/VoxelSpacing{e['spacing']:.3f}/Annotations/{number}"
    d.mkdir(parents=True, exist_ok=True)
    kind = "instancePoint" if e.get("instances") else "point"
    rows = [json.dumps({"type": kind, "location": dict(zip("xyz", (np.array(p) / e["spacing"] * scale).tolist()))}) for p in e["xyz_angstrom"]]
    (d / "object-1.0_point.ndjson").write_text("\n".join(rows) + "\n")


def publish(tree, root, truth):
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for n, r in truth["runs"].items():
        run = tree / "10000" / n
        for i, e in enumerate(r["tomograms"]):
            tomogram(run, root, e, 100 + i)
        for i, e in enumerate(r["tiltseries"]):
            d = run / f"TiltSeries/{100 + i}"
            write(d / "stack.mrc", load(root / e["file"]), e["spacing"])
            meta = {"pixel_spacing": e["spacing"], "is_aligned": False, "tilt_range": {"min": min(e["angles"]), "max": max(e["angles"])}}
            meta["per_section_parameter"] = [{"z_index": z, "raw_angle": a} for z, a in enumerate(e["angles"])]
            (d / "tiltseries_metadata.json").write_text(json.dumps(meta))
        for kind, folder in (("frames", "Frames"), ("gains", "Gains")):
            for e in r[kind]:
                (run / folder).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / e["file"], run / folder / Path(e["file"]).name)
        for i, e in enumerate(r["points"]):
            points(run, e, 100 + i)
        for i, e in enumerate(r["masks"]):
            d = run / f"Reconstructions/VoxelSpacing{e['spacing']:.3f}/Annotations/{200 + i}"
            data = load(root / e["file"])
            for label in e["labels"]:
                write(d / f"label{label}_segmentationmask.mrc", (data == int(label)).astype(np.int8), e["spacing"])


def judge(tree, truth, *said):
    p = subprocess.run([sys.executable, HERE / "judge.py", tree, truth, *(["--said", *said] if said else [])], capture_output=True, text=True)
    return p.returncode, p.stdout + p.stderr


def expect(what, code, tree, truth, *said):
    got, text = judge(tree, truth, *said)
    assert got == code, f"{what}: judge.py ended with {got}, not {code}\n{text}"


def try_judge(out, root, name, truth):
    t, tree, said = out / f"{name}.truth.json", out / f"{name}.tree", out / f"{name}.said.txt"
    fresh = lambda: publish(tree, root, truth)
    fresh()
    expect("a right tree", 0, tree, t)
    n, r = next((n, r) for n, r in truth["runs"].items() if any(not e.get("may") for e in r["tomograms"]))
    run, first = tree / "10000" / n, next(e for e in r["tomograms"] if not e.get("may"))
    others = [e for k in ("halves", "tiltseries") for e in r[k]] + [e for e in truth["never"] if "fingerprint" in e]
    for i, e in enumerate([others[0], others[-1]]):
        tomogram(run, root, e, 300 + i, first["spacing"])
        expect(f"{e['file']} as a tomogram", 1, tree, t)
        fresh()
    tomogram(run, root, first, 300)
    expect("a tomogram twice", 1, tree, t)
    fresh()
    shutil.move(run / f"Reconstructions/VoxelSpacing{first['spacing']:.3f}", run / "Reconstructions/VoxelSpacing1.000")
    expect("a wrong spacing", 1, tree, t)
    fresh()
    for m, q in truth["runs"].items():
        if q["points"] and not q["points"][0].get("instances"):
            points(tree / "10000" / m, q["points"][0], 100, 0.5)
            expect("points at half their coordinates", 1, tree, t)
            fresh()
            break
    if len(truth["runs"]) > 1:
        m = next(m for m in truth["runs"] if m != n)
        for p in (tree / "10000" / m).glob("Reconstructions/*/Tomograms/100"):
            shutil.move(p, run / p.relative_to(tree / "10000" / m).parent / "400")
        got, text = judge(tree, t)
        assert got == 1 and "several runs in one" in text, text
    fresh()
    shutil.rmtree(run / f"Reconstructions/VoxelSpacing{first['spacing']:.3f}")
    lost = [e["file"] for k in ("tomograms", "points", "masks") for e in r[k] if e["spacing"] == first["spacing"]]
    said.write_text("12 files are left out\n")
    expect("tomograms left out in silence", 2, tree, t, said)
    said.write_text("".join(f"left out: {f}: no voxel size\n" for f in lost))
    expect("tomograms left out, and said", 3, tree, t, said)
    config = said.with_suffix(".yaml")
    config.write_text("tomograms:\n" + "".join(f"  - source_glob: {{list_glob: {json.dumps(f)}}}\n" for f in lost))
    expect("tomograms named by the configuration as sources, and not published", 2, tree, t, config)
    config.write_text("# left out:\n" + "".join(f"#   {f}\n" for f in lost))
    expect("tomograms left out by a comment", 3, tree, t, config)
    shutil.rmtree(tree)
    expect("nothing published", 2, tree, t)
    said.unlink()
    config.unlink()


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or sorted(f.stem for f in HERE.glob("*.py") if f.stem not in NOT_LABS):
        subprocess.run([sys.executable, HERE / f"{name}.py", out], check=True)
        text = (out / f"{name}.truth.json").read_text()
        truth, root = json.loads(text), out / name
        seen = consistent(root, truth)
        try_judge(out, root, name, truth)
        print(f"  {seen} volumes as the truth says; judge.py tells right from wrong, silence from what was said")


if __name__ == "__main__":
    main()
