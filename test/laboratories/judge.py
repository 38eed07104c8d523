#!/usr/bin/env python3
"""Compares what was published of a laboratory with the truth about it.

    judge.py TREE TRUTH.json [--said FILE ...] [--json]

TREE is a published dataset or deposition (RUN/Reconstructions/VoxelSpacing…/Tomograms, …/Annotations, RUN/TiltSeries, Frames, Gains) and need not
exist. Volumes are recognised by their voxels, frames by their bytes, points by their coordinates in angstroms, never by their names.
--said: what a user was told (what `ingest new` and `run` printed, the configuration, the file of decisions). Of YAML only comments count, and lines
that leave something out or call it undecided: a source that is named to be used is not said to be missing.

Ends with 0 (all right), 1 (something is published wrongly), 2 (something is missing in silence), 3 (missing, but said); the worst first.
"""
import argparse
import fnmatch
import hashlib
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import mrcfile
import numpy as np
import tifffile

from kit import fingerprint

OUT = re.compile(r"undecided|left[ _-]?out|leave|ignor|exclu|skip|unknown|unused|not[ _-]published|question|missing", re.I)
KINDS = {"tomograms": "tomogram", "tiltseries": "tilt series", "halves": "half", "masks": "mask", "never": "not to be published"}


def arguments():
    a = argparse.ArgumentParser()
    a.add_argument("tree", type=Path)
    a.add_argument("truth", type=Path)
    a.add_argument("--said", nargs="*", type=Path, default=[])
    a.add_argument("--json", action="store_true")
    return a.parse_args()


def told(files):
    text = ""
    for f in files:
        t = f.read_text(errors="replace") if f.exists() else ""
        if f.suffix in (".yaml", ".yml"):
            rows, around = t.splitlines(), 2 if "decision" in f.name else 0  # an entry there may name its file some lines beside its fate
            keep = {j for i, row in enumerate(rows) if OUT.search(row) for j in range(i - around, i + around + 1) if 0 <= j < len(rows)}
            comment = [re.search(r"(^|\s)#.*", row) for row in rows]
            t = "\n".join(row if i in keep else c.group() if (c := comment[i]) else "" for i, row in enumerate(rows))
        text += t + "\n"
    return unicodedata.normalize("NFC", text)


def read(path):
    with mrcfile.open(path, permissive=True) as m:
        d = np.array(m.data)
        return (d if d.ndim == 3 else d[None]), [float(m.voxel_size[c]) for c in "xyz"]


def near(a, b):
    return abs(a - b) <= 0.005 * abs(b)


class Judge:
    def __init__(self, tree, truth, said, lab):
        self.tree, self.truth, self.said, self.lab = tree, truth, said, lab
        # series of which a line says that all is left out: `left out: 21 files, such as … (7 series: TS_01, TS_02 …): …`
        self.whole = {name for names in re.findall(r"left out: .*\(\d+ series: ([^)]*)\):", said) for name in names.split(", ")}
        self.rows, self.found, self.content, self.parts = [], defaultdict(list), defaultdict(set), {}
        self.volumes = defaultdict(list)  # fingerprint -> (kind, run, entry)
        for n, r in truth["runs"].items():
            for k in ("tomograms", "tiltseries", "halves"):
                for e in r[k]:
                    self.volumes[e["fingerprint"]].append((k, n, e))
        for e in truth["never"]:
            if "fingerprint" in e:
                self.volumes[e["fingerprint"]].append(("never", None, e))

    def say(self, verdict, what, detail=""):
        self.rows.append((verdict, what, str(detail)))

    def here(self, kind, entry, run, name, place, bad=()):
        """An entry of the truth was found at `place`, in the run `name` of the tree."""
        bad = list(bad)
        if run:
            self.content[name].add(run)
        if self.found[id(entry)]:
            bad.append(f"published twice, as {self.found[id(entry)][0]}")
        self.found[id(entry)].append(str(place))
        self.say("WRONG" if bad else "right", kind, f"{entry['file']} -> {place}" + "".join(f"; {b}" for b in bad))

    def find(self, data, prefer):
        hits = self.volumes.get(fingerprint(data), [])
        return sorted(hits, key=lambda h: (h[0] != prefer, list(KINDS).index(h[0])))[0] if hits else None

    def volume(self, path, name, kind, spacing, meta):
        place = path.relative_to(self.tree)
        data, voxel = read(path)
        hit = self.find(data, kind)
        if hit is None and kind == "tiltseries":  # the same sections in another order
            sections = sorted(fingerprint(s) for s in data)
            hit = next((("tiltseries", n, e) for n, r in self.truth["runs"].items() for e in r[kind] if sorted(e["sections"]) == sections), None)
        if hit is None:
            return self.say("WRONG", f"{KINDS[kind]} that is no file of the laboratory", f"{place} {data.shape[::-1]}")
        k, run, e = hit
        if k != kind:
            return self.say("WRONG", f"{KINDS[k]}, published as {KINDS[kind]}", f"{e['file']}{' (' + e['why'] + ')' if 'why' in e else ''} -> {place}")
        bad = [f"{w} {s:g}, truth {e['spacing']}" for w, s in [("folder", spacing), *[("header " + c, v) for c, v in zip("xyz", voxel)][: 3 if kind == "tomograms" else 2]] if s is not None and not near(s, e["spacing"])]
        told_spacing = meta.get("voxel_spacing" if kind == "tomograms" else "pixel_spacing")
        if told_spacing is not None and not near(float(told_spacing), e["spacing"]):
            bad.append(f"metadata {told_spacing}, truth {e['spacing']}")
        if kind == "tomograms":
            if meta.get("processing") and meta["processing"] not in e["processing"]:
                bad.append(f"processing {meta['processing']}, truth {' or '.join(e['processing'])}")
        else:
            bad += self.angles(data, e, meta)
        bad += self.zarr(path, data.shape)
        self.here(KINDS[kind], e, run, name, place, bad)

    def angles(self, data, e, meta):
        bad = ["is_aligned"] if meta.get("is_aligned") else []
        r = meta.get("tilt_range") or {}
        if r and (abs(float(r["min"]) - min(e["angles"])) > 0.6 or abs(float(r["max"]) - max(e["angles"])) > 0.6):
            bad.append(f"tilt_range {r}, truth {min(e['angles'])} to {max(e['angles'])}")
        of = dict(zip(e["sections"], e["angles"]))
        for s in meta.get("per_section_parameter") or []:
            z, a = s.get("z_index"), s.get("raw_angle")
            if a is not None and z is not None and z < len(data) and abs(of[fingerprint(data[z])] - float(a)) > 0.6:
                return [*bad, f"raw_angle {a} of section {z}, truth {of[fingerprint(data[z])]}"]
        return bad

    def zarr(self, path, shape):
        for f in (path.with_suffix(".zarr") / "0/.zarray", path.with_suffix(".zarr") / "0/zarr.json"):
            if f.exists():
                s = json.loads(f.read_text())["shape"]
                return [] if list(s)[-3:] == list(shape) else [f"zarr of shape {s}"]
        self.say("note", "no OME-Zarr beside", path.relative_to(self.tree))
        return []

    @staticmethod
    def homeless(path, run, spacing):
        if not any(near(o["spacing"], spacing) for o in run["tomograms"]):
            return [f"no tomogram of the run has voxels of {spacing}"]
        return [] if any(path.parents[2].glob("Tomograms/*/*.mrc")) else [f"no tomogram is published with voxels of {spacing}"]

    @staticmethod
    def same_places(xyz, t, tolerance):
        d = np.abs(xyz[:, None] - t[None]).max(2)
        return d.min(1).max() <= tolerance and len(set(d.argmin(1))) >= 0.9 * len(t)

    def points(self, path, name, spacing):
        place = path.relative_to(self.tree)
        records = [json.loads(row) for row in path.read_text().splitlines() if row.strip()]
        xyz = np.array([[r["location"][c] for c in "xyz"] for r in records], float).reshape(-1, 3) * spacing
        counts = []
        for n, r in self.truth["runs"].items():
            for e in r["points"]:
                # `or`: the same particles where they were picked, before an alignment moved them
                sets = [np.array(t, float) for t in (e["xyz_angstrom"], e.get("or")) if t and len(t) == len(xyz)]
                if not sets:
                    continue
                if len(xyz) and not any(self.same_places(xyz, t, e.get("tolerance", 1.05 * e["spacing"])) for t in sets):
                    counts.append(e["file"])
                    continue
                bad = []
                if e.get("instances") and not all(x.get("type") == "instancePoint" for x in records):
                    bad.append("points of surfaces, published as places of particles")
                bad += self.homeless(path, r, spacing)
                if any(Path(p).parent == place.parent for p in self.found[id(e)]):
                    return  # a point and an oriented point of one annotation
                return self.here("points", e, n, name, place, bad)
        first = f", the first at {np.round(xyz[0], 1).tolist()} A" if len(xyz) else ""
        self.say("WRONG", "points at other places" if counts else "points of no list of the laboratory", f"{place}: {len(xyz)}{first}" + (f"; as many as {counts[0]}" if counts else ""))

    def mask(self, path, name, spacing):
        place = path.relative_to(self.tree)
        data, _ = read(path)
        print_, whole = fingerprint(data > 0), fingerprint(data)
        for n, r in self.truth["runs"].items():
            for e in r["masks"]:
                label = next((k for k, v in e["labels"].items() if v == print_), None)
                if label or print_ == e["union"] or whole == e["fingerprint"]:
                    bad = [] if near(spacing, e["spacing"]) else [f"voxels of {spacing}, truth {e['spacing']}"]
                    bad += self.homeless(path, r, spacing)
                    part = self.parts.setdefault((id(e), label), {"file": f"{e['file']} label {label}"})
                    one = part if label and len(e["labels"]) > 1 else e
                    self.found[id(e)] += [] if one is e else [str(place)]
                    return self.here("mask", one, n, name, place, bad)
        e = next((e for e in self.truth["never"] if e.get("union") == print_), None)
        self.say("WRONG", "mask that must not be published" if e else "mask that is no file of the laboratory", f"{e['file']} ({e['why']}) -> {place}" if e else place)

    def frames(self, folder, name):
        homes = {f["sha256"]: (n, f) for n, r in self.truth["runs"].items() for f in r["frames"]}
        for p in sorted(folder.rglob("*")):
            if not p.is_file() or p.suffix in (".json", ".mdoc", ".rawtlt", ".tlt", ".txt"):
                continue
            hit = homes.get(hashlib.sha256(p.read_bytes()).hexdigest())
            if hit is None:
                self.say("WRONG", "no frame, published as one", p.relative_to(self.tree))
                continue
            self.content[name].add(hit[0])
            if self.found[id(hit[1])]:
                self.say("WRONG", "frame published twice", p.relative_to(self.tree))
            self.found[id(hit[1])].append(str(p))

    def gains(self, folder, name):
        for p in sorted(x for x in folder.rglob("*") if x.is_file() and x.suffix != ".json"):
            sha, prints = hashlib.sha256(p.read_bytes()).hexdigest(), set()
            try:
                d = read(p)[0][0] if p.suffix == ".mrc" else np.asarray(tifffile.imread(p))
                prints = {fingerprint(np.rot90(f, k)) for f in (d, d[::-1]) for k in range(4)}
            except Exception:
                pass
            hit = [(n, g) for n, r in self.truth["runs"].items() for g in r["gains"] if g["sha256"] == sha or g["fingerprint"] in prints]
            mine = [(n, g) for n, g in hit if not self.content[name] or n in self.content[name]]
            if not mine:
                self.say("WRONG", "gain reference of other runs" if hit else "no gain reference, published as one", p.relative_to(self.tree))
            for n, g in mine:
                self.found[id(g)].append(str(p))

    def look(self):
        marks = ("Reconstructions", "TiltSeries", "Frames", "Gains", "Alignments")
        homes = {p.parent for depth in ("*", "*/*", "*/*/*") for p in self.tree.glob(depth) if p.name in marks and p.is_dir()}
        for run in sorted(homes):
            n = run.name
            meta = lambda f: json.loads(f.read_text()) if f.exists() else {}
            for v in sorted(run.glob("Reconstructions/VoxelSpacing*")):
                s = float(v.name.removeprefix("VoxelSpacing"))
                for p in sorted(v.glob("Tomograms/*/*.mrc")):
                    self.volume(p, n, "tomograms", s, meta(p.parent / "tomogram_metadata.json"))
                for p in sorted(v.glob("Annotations/*/*.ndjson")):
                    self.points(p, n, s)
                for p in sorted(v.glob("Annotations/*/*.mrc")):
                    self.mask(p, n, s)
            for p in sorted(run.glob("TiltSeries/*/*.mrc")):
                self.volume(p, n, "tiltseries", None, meta(p.parent / "tiltseries_metadata.json"))
            self.frames(run / "Frames", n)
            self.gains(run / "Gains", n)
        split = defaultdict(set)
        for name, inside in sorted(self.content.items()):
            if len(inside) > 1:
                self.say("WRONG", "several runs in one", f"{name}: {sorted(inside)}")
            for t in inside:
                split[t].add(name)
                if len(inside) == 1 and name not in (t, *self.truth["runs"][t]["aliases"]):
                    self.say("note", "run under another name", f"{t} -> {name}")
        for t, names in sorted(split.items()):
            if len(names) > 1:
                self.say("WRONG", "one run in several", f"{t}: {sorted(names)}")

    def mentioned(self, file):
        """By its path, by its name if no other file has it, by a pattern, or by its folder as a whole."""
        file = unicodedata.normalize("NFC", file)
        bases = Counter(Path(e["file"]).name for r in [*self.truth["runs"].values(), {"never": self.truth["never"]}] for k, l in r.items() if k != "aliases" for e in l)
        word = lambda w, after=r"(?![\w-]|\.\w)": re.search(r"(?<![\w-])" + re.escape(w) + after, self.said)
        if word(file) or (bases[Path(file).name] < 2 and word(Path(file).name)):
            return True
        folders = [str(p) for p in Path(file).parents if str(p) != "."]
        if any(word(d, r"(/?[\"'`»]?(?=[\s,;:)]|$)|/\*)") for d in folders):
            return True
        globs = {g.replace("{run_name}", "*") for g in re.findall(r"[^\s\"'`,;()]*\*[^\s\"'`,;()]*", self.said) if len(g) > 2}
        return any(fnmatch.fnmatch(file, g) or fnmatch.fnmatch(file, "*/" + g) for g in globs)

    def gone(self, file):
        """Somebody changed the laboratory after it was made."""
        return self.lab.is_dir() and not (self.lab / file).exists()

    def missing(self):
        general = any(re.search(x, self.said) for x in self.truth["said_by"])
        for n, r in self.truth["runs"].items():
            whole = any(name in (n, *r["aliases"]) for name in self.whole)
            for k in ("tomograms", "tiltseries", "points", "masks", "gains"):
                for e in r[k]:
                    if self.found[id(e)] or e.get("may"):
                        continue
                    if self.gone(e["file"]):
                        self.say("note", "no longer in the laboratory under this name", e["file"])
                        continue
                    said = general or whole or any(self.mentioned(f) for f in (e["file"], *e.get("also", [])))
                    self.say("missing, said" if said else "missing in silence", KINDS.get(k, k), f"{n}: {e['file']}")
            got = [f for f in r["frames"] if self.found[id(f)]]
            left = [f for f in r["frames"] if not self.found[id(f)]]
            left = [f for f in left if not self.gone(f["file"])]
            if got and left:
                self.say("WRONG", "frames in part", f"{n}: {len(got)} of {len(r['frames'])}")
            elif left:
                said = general or whole or any(self.mentioned(f["file"]) for f in left)
                self.say("missing, said" if said else "missing in silence", "frames", f"{n}: {left[0]['file']} and {len(left) - 1} more")
            elif got:
                self.say("right", "frames", f"{n}: {len(got)}")


def main():
    a = arguments()
    truth = json.loads(a.truth.read_text())
    j = Judge(a.tree, truth, told(a.said), a.truth.parent / truth["lab"])
    j.look()
    j.missing()
    order = ["WRONG", "missing in silence", "missing, said", "note", "right"]
    count = Counter(v for v, *_ in j.rows)
    if a.json:
        print(json.dumps({"lab": j.truth["lab"], "counts": count, "rows": j.rows}, indent=1, ensure_ascii=False))
    else:
        print(f"{j.truth['lab']}: " + ", ".join(f"{count[k]} {k}" for k in order if count[k]))
        groups = defaultdict(list)
        for v, w, d in j.rows:
            groups[order.index(v), w].append(d)
        for (v, w), d in sorted(groups.items()):
            print(f"  {order[v]:18} {w} x{len(d)}", *(f"      {x}" for x in d[: 2 if order[v] == "right" else 8]), sep="\n")
    return 1 if count["WRONG"] else 2 if count["missing in silence"] else 3 if count["missing, said"] else 0


if __name__ == "__main__":
    sys.exit(main())
