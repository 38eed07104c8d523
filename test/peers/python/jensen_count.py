"""Lays out one archive for many configurations of one laboratory and counts what each of them selects, by PyYAML, csv, re and glob alone.

python jensen_count.py CONFIGS MAPS OUT    (environment: peers)
    CONFIGS: folder of *.yaml    MAPS: folder of their run data maps    OUT: empty folder, becomes the input

Runs of all configurations lie side by side below the source prefix, as they do in the laboratory: each configuration must find its own among
thousands. Volumes are one voxel behind a valid header. The last run of each configuration has names beside it that an expression may take for the
run, one in the middle has files beside its volumes that are none.

Prints {config: {"runs": [name], "tiltseries": [{"path", "verdict"}], "tomograms": [{"run", "name", "spacing", "path", "verdict"}]}}, paths below OUT.
A verdict is "write", "collision" (several files would be one tomogram) or "no row" (the metadata have templates, the run has no values for them).
"""
import csv
import glob
import json
import os
import re
import shutil
import struct
import sys
from pathlib import Path

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# of the runs that a configuration names, each fourth is there: the others have rows and places in expressions, and no files
STEP = 1 if os.environ.get("EMPORIUM_THOROUGH") else 4
VOLUME_ENDINGS = ["mrc", "st", "ali"]
# each is found by "3dimage_*/*", and the second makes the run ambiguous
SECOND_TOMOGRAM = "3dimage_2/second.mrc"
NO_TILT_SERIES = ["._x.mrc", ".x.st", "_x.ali", "x.mrc~", "x.mrc.bak", "x.MRC", "xmrc", "x.rec", "notes.txt", "sub/deep.mrc"]
NO_TOMOGRAM = ["3dimage_1/notes.txt", "3dimage_1/x.rec~", "3dimage_1/._x.rec", "3dimage_1/x.REC", "3dimage_1/sub/deep.rec", "3dimage/x.rec", "x3dimage_1/x.rec"]


def one_voxel():
    """MRC2014: int8, 1 x 1 x 1 voxels of 1 angstrom."""
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1)
    struct.pack_into("<6f3i", header, 40, 1, 1, 1, 90, 90, 90, 1, 2, 3)
    struct.pack_into("<i", header, 88, 1)
    header[208:216] = b"MAP " + bytes([0x44, 0x44, 0, 0])
    return bytes(header) + b"\0"


class Archive:
    """Files that hold the same are one file with many names: thousands cost little."""

    def __init__(self, root):
        self.root = root
        self.models = {}
        contents = {"volume": one_voxel(), "mdoc": b"PixelSpacing = 1\n\n[ZValue = 0]\nTiltAngle = 0\nExposureTime = 1\n", "rawtlt": b"0.00\n"}
        for kind, content in contents.items():
            self.models[kind] = root / ".models" / kind
            self.models[kind].parent.mkdir(parents=True, exist_ok=True)
            self.models[kind].write_bytes(content)

    def put(self, kind, path):
        if os.path.lexists(path):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.link(self.models[kind], path)

    def close(self):
        shutil.rmtree(self.root / ".models")


class Config:
    def __init__(self, path, maps, root):
        self.name = path.stem
        self.sections = yaml.load(path.read_text(encoding="utf-8"), LOADER)
        settings = self.sections["standardization_config"]
        self.prefix = root / settings["source_prefix"]
        self.rows, self.mapped = {}, {}
        for setting, value in settings.items():
            if setting != "run_data_map_file" and not setting.endswith("_map_csv"):
                continue
            target = self.prefix / value
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(maps / value, target)
            with open(target, newline="", encoding="utf-8") as file:
                if setting == "run_data_map_file":
                    self.rows = {row["run_name"]: row for row in csv.DictReader(file)}
                else:
                    variable = {"run_to_tomo_map_csv": "mapped_tomo_name", "run_to_frame_map_csv": "mapped_frame_name"}[setting]
                    self.mapped[variable] = {row[0]: row[1] for row in csv.reader(file)}

    def named_runs(self):
        """The alternatives that the expression of the runs spells out."""
        (expression,) = [source["source_glob"]["match_regex"] for block in self.sections["runs"] for source in block["sources"]]
        return re.fullmatch(r"\((.*)\)\$", expression)[1].split("|")

    def variables(self, run):
        mapped = {variable: names[run] for variable, names in self.mapped.items() if run in names}
        return {"run_name": run, **mapped, **self.rows.get(run, {})}

    def find(self, section, run=None):
        """(metadata, name, path or None) of all that the sources of a section find."""
        for block in self.sections.get(section, []):
            for source in block["sources"]:
                unknown = set(source) - {"source_glob", "literal", "parent_filters"}
                filters = source.get("parent_filters", {})
                excluded = filters.get("exclude", {}).get("run", [])
                if unknown or set(filters) - {"exclude"} or set(filters.get("exclude", {})) - {"run"}:
                    raise SystemExit(f"{self.name}: {section}: this count knows no {unknown or filters}")
                if run is not None and any(re.search(expression, run) for expression in excluded):
                    continue
                if "literal" in source:
                    for value in source["literal"]["value"]:
                        yield block.get("metadata", {}), value, None
                    continue
                finder = source["source_glob"]
                try:
                    pattern = finder["list_glob"].format(**({} if run is None else self.variables(run)))
                except KeyError:
                    continue  # the run has no row in a map
                for path in sorted(glob.glob(f"{glob.escape(str(self.prefix))}/{pattern}")):
                    if re.search(finder.get("match_regex", ".*"), path):
                        yield block.get("metadata", {}), re.match(finder.get("name_regex", "(.*)"), os.path.basename(path))[1], path

    def spacings(self, run):
        for _, value, _ in self.find("voxel_spacings", run):
            if isinstance(value, str):
                if run not in self.rows:
                    continue
                value = value.format(**self.rows[run]).removeprefix("float ")
            yield f"{round(float(value), 3):.3f}"


def has_template(value):
    """Strings of maps and lists, not of maps in lists: those stay as they are."""
    if isinstance(value, dict):
        return any(has_template(item) for item in value.values())
    if isinstance(value, list):
        return any(isinstance(item, str) and has_template(item) for item in value)
    return isinstance(value, str) and re.search(r"\{[^}]+\}", value) is not None


def lay_out(config, archive):
    runs = config.named_runs()
    kept = {0, len(runs) // 2, len(runs) - 1, *range(0, len(runs), STEP)}
    for index, run in enumerate(runs):
        if index in kept:
            lay_out_run(config, archive, run, run, VOLUME_ENDINGS[index // STEP % 3])
    folder = f"{config.prefix}/{runs[len(runs) // 2]}"
    for ending in VOLUME_ENDINGS:
        archive.put("volume", f"{folder}/rawdata/more.{ending}")
    for name in NO_TILT_SERIES:
        archive.put("volume", f"{folder}/rawdata/{name}")
    for name in [SECOND_TOMOGRAM, *NO_TOMOGRAM]:
        archive.put("volume", f"{folder}/{name}")
    run = runs[-1]
    # an expression without ^ finds the first two, the others end otherwise or are hidden
    for almost in [f"x{run}", f"copy of {run}", f"{run}x", f"{run}_old", f"{run}-1", f"{run} ", f".{run}", run.upper(), run[:-1] + "_"]:
        lay_out_run(config, archive, almost, run, "mrc")
    archive.put("volume", f"{config.prefix}/{run}.mrc")


def lay_out_run(config, archive, folder_name, run, ending):
    folder = f"{config.prefix}/{folder_name}"
    archive.put("volume", f"{folder}/rawdata/{run}.{ending}")
    archive.put("mdoc", f"{folder}/generated/{run}.mdoc")
    archive.put("rawtlt", f"{folder}/generated/{run}.rawtlt")
    mapped = config.variables(run).get("mapped_tomo_name", "3dimage_1/volume.rec")
    # a name that is a pattern stands for any file
    archive.put("volume", f"{folder}/{mapped.replace('*', 'any.rec')}")
    if mapped != "3dimage_1/volume.rec":
        archive.put("volume", f"{folder}/3dimage_0/not mapped.rec")


def count(config, root):
    below = lambda path: os.path.relpath(path, root)
    runs = sorted({name for _, name, _ in config.find("runs")})
    tiltseries, tomograms = [], []
    for run in runs:
        for metadata, _, path in config.find("tiltseries", run):
            unnamed = has_template(metadata) and run not in config.rows
            tiltseries.append({"path": below(path), "verdict": "no row" if unnamed else "write"})
        for spacing in config.spacings(run):
            found = list(config.find("tomograms", run))
            for metadata, name, path in found:
                unnamed = has_template(metadata) and run not in config.rows
                verdict = "no row" if unnamed else "collision" if len(found) > 1 else "write"
                tomograms.append({"run": run, "name": name, "spacing": spacing, "path": below(path), "verdict": verdict})
    return {"runs": runs, "tiltseries": tiltseries, "tomograms": tomograms}


def main():
    configs, maps, root = (Path(argument).resolve() for argument in sys.argv[1:])
    archive = Archive(root)
    read = [Config(path, maps, root) for path in sorted(configs.glob("*.yaml"))]
    for config in read:
        lay_out(config, archive)
    archive.close()
    print(json.dumps({config.name: count(config, root) for config in read}))


main()
