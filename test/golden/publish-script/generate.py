"""What the reference program writes for small trees: `python3 generate.py PROGRAM`, with PROGRAM the file bin/generate_upload_script.py of
JaneliaSciComp/hortacloud-utilities (January 2025, the version that knows carveouts). Writes scripts.json beside this file.

The program runs as it is: its questions are answered by a stand-in for inquirer, its messages caught by one for colorlog, and the folders that it
looks for lie below a temporary folder that is put before the paths it asks the disk about. Nothing else of it is touched.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import tempfile
import types

BASE = "/groups/mousebrainmicro/mousebrainmicro"
PRODUCTS = ["images", "registration", "segmentation", "tracings", "carveouts"]
FILES = ["ktx/block_8_xy_.ktx", "default.0.tif", "default.1.tif", "tilebase.cache.yml", "transform.txt"]


def images(sample, base="/nrs/mouselight/SAMPLES", files=FILES):
    return [f"{base}/{sample}/{name}" for name in files]


def others(sample, suffixes=("stitching-output",)):
    return [
        f"{BASE}/registration/Database/{sample}/a.nrrd",
        *(f"{BASE}/cluster/Reconstructions/{sample}/{suffix}/a.txt" for suffix in suffixes),
        f"{BASE}/shared_tracing/Finished_Neurons/{sample}/G-001/consensus.swc",
        f"{BASE}/tracing_complete/{sample}/G-001/consensus.swc",
        f"/nrs/funke/mouselight/{sample}/a.zarr/.zgroup",
        f"/nrs/funke/mouselight-v2/{sample}/b.zarr/.zgroup",
    ]


def case(name, files, sample="2023-05-10", products=PRODUCTS, suffixes=("stitching-output",), images_base=""):
    return dict(name=name, sample=sample, products=list(products), suffixes=list(suffixes), imagesBase=images_base, files=files)


S = "2023-05-10"
ARCHIVE = "/nearline/mouselight/data/RENDER_archive"
CASES = [
    case("everything", images(S) + others(S)),
    case("only in the archive", images(S, ARCHIVE) + others(S)),
    case("in both image bases", images(S) + images(S, ARCHIVE) + others(S)),
    case("no transform.txt", images(S, files=FILES[:-1]) + others(S)),
    case("only tracing_complete", [path for path in images(S) + others(S) if "Finished_Neurons" not in path]),
    case("two suffixes", images(S) + others(S, ("stitching-output", "second")), suffixes=("stitching-output", "second")),
    case("one suffix twice", images(S) + others(S), suffixes=("stitching-output", "stitching-output")),
    case("a suffix that is not there", images(S) + others(S), suffixes=("other", "stitching-output")),
    case("no suffix", images(S) + others(S), suffixes=()),
    case("a letter behind the date", images("2014-06-24-b") + others("2014-06-24-b"), sample="2014-06-24-b"),
    case("obsolete names", images(S, files=["ktx/block_8.ktx", *FILES[1:]]) + others(S)),
    case("no registration", [path for path in images(S) + others(S) if "registration" not in path]),
    case("images elsewhere", images("x", "/data/elsewhere") + others(S), images_base="/data/elsewhere/x"),
    case("images elsewhere without ktx", others(S) + ["/data/elsewhere/x/default.0.tif"], images_base="/data/elsewhere/x"),
    case("nothing but the images", images(S)),
    case("images alone", images(S) + others(S), products=["images"]),
    case("cluster alone", others(S), products=["registration", "segmentation", "tracings"]),
    case("no carveouts", images(S), products=["carveouts"]),
    case("no product", images(S), products=[]),
]


def run(program, one):
    log, out, answers = [], io.StringIO(), iter([*one["suffixes"], ""])
    given = {"products": lambda: one["products"], "suffix": lambda: next(answers), "base": lambda: one["imagesBase"]}
    inquirer = types.ModuleType("inquirer")
    inquirer.Text = inquirer.Checkbox = inquirer.List = lambda name, **_: name
    inquirer.prompt = lambda names: {names[0]: given[names[0]]()}
    colorlog = types.ModuleType("colorlog")
    logger = types.SimpleNamespace(setLevel=lambda level: None, addHandler=lambda handler: None, info=lambda *_: None)
    logger.warning = logger.error = lambda text, *values: log.append(text % values)
    colorlog.getLogger = lambda: logger
    colorlog.DEBUG = colorlog.INFO = colorlog.WARNING = 0
    colorlog.StreamHandler = lambda: types.SimpleNamespace(setFormatter=lambda form: None)
    colorlog.ColoredFormatter = lambda: None
    sys.modules.update(inquirer=inquirer, colorlog=colorlog)
    exists, listdir = os.path.exists, os.listdir
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as here:
        for path in one["files"]:
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            with open(root + path, "w", encoding="utf8") as file:
                file.write("x")
        os.chdir(here)
        sys.argv = [program, "--sample", one["sample"]]
        os.path.exists, os.listdir = lambda path: exists(root + path), lambda path: listdir(root + path)
        try:
            with contextlib.redirect_stdout(out):
                runpy.run_path(program, run_name="__main__")
        except SystemExit as stop:
            status = stop.code
        finally:
            os.path.exists, os.listdir = exists, listdir
        scripts = {}
        for name in sorted(os.listdir(here)):
            with open(name, encoding="utf8", newline="") as file:
                scripts[name] = file.read()
        os.chdir("/")
    return {**one, "status": status, "scripts": scripts, "stdout": out.getvalue(), "messages": log}


if __name__ == "__main__":
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scripts.json")
    writer = "hortacloud-utilities bin/generate_upload_script.py, run by generate.py"
    reference = os.path.abspath(sys.argv[1])
    cases = [run(reference, one) for one in CASES]
    with open(target, "w", encoding="utf8") as file:
        json.dump({"writer": writer, "cases": cases}, file, indent=1)
        file.write("\n")
