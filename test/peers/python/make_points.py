"""Makes point files with the programs that labs make them with, and says what is in them.

python make_points.py FOLDER    (environment: peers)    writes files and FOLDER/truth.json: [{"case", "file", "format", "options", …}]
"""
import json
import sys
from pathlib import Path

import imodmodel
import numpy as np
import pandas as pd
from copick.models import CopickLocation, CopickPicksFile, CopickPoint
from imodmodel.models import SLAN
from scipy.spatial.transform import Rotation

folder = Path(sys.argv[1])
rng = np.random.default_rng(44)
truth = []


def add(case, file, format, points, kind="point", rotations=None, ids=None, **options):
    entry = {"case": case, "file": file, "format": format, "kind": kind, "options": options, "points": np.asarray(points, float).tolist()}
    if rotations is not None:
        entry["rotations"] = np.asarray(rotations, float).reshape(-1, 9).tolist()
    if ids is not None:
        entry["ids"] = [int(i) for i in ids]
    truth.append(entry)


def tables():
    """Numbers as pandas and numpy print them, in every dress that pandas has."""
    points = np.concatenate([rng.uniform(-5, 4000, (200, 3)), rng.integers(0, 4000, (50, 3)), [[1e-9, -1e22, 0.1 + 0.2], [0, -0.0, 1e300]]])
    frame = pd.DataFrame(points, columns=["x", "y", "z"]).assign(score=rng.random(len(points)), note='a "b", c')
    plain = frame[["x", "y", "z"]]
    for name, sep in (("comma", ","), ("tab", "\t"), ("pipe", "|"), ("space", " "), ("semicolon", ";")):
        plain.to_csv(folder / f"{name}.csv", sep=sep, header=False, index=False)
        add(f"pandas, {name}", f"{name}.csv", "csv", points, delimiter=sep)
    frame.to_csv(folder / "header.csv", index=False)
    add("pandas, header and more columns", "header.csv", "csv_with_header", points)
    frame.to_csv(folder / "quoted.csv", index=False, quoting=1, lineterminator="\r\n", encoding="utf-8-sig")
    add("pandas, all quoted, CRLF, byte order mark", "quoted.csv", "csv_with_header", points)
    plain.to_csv(folder / "utf16.csv", sep="\t", header=False, index=False, encoding="utf-16")
    add("pandas, UTF-16", "utf16.csv", "tsv", points)
    frame[["z", "y", "x"]].to_csv(folder / "zyx.csv", index=False)
    add("pandas, zyx, binned", "zyx.csv", "csv_with_header", points / 4, columns="zyx", binning=4)
    np.savetxt(folder / "savetxt.csv", points, delimiter=",")
    add("numpy.savetxt", "savetxt.csv", "csv", np.loadtxt(folder / "savetxt.csv", delimiter=","))
    np.savetxt(folder / "savetxt.txt", points[:250], fmt="%12.4f")
    add("numpy.savetxt, aligned", "savetxt.txt", "csv", np.loadtxt(folder / "savetxt.txt"), delimiter=" ")
    ids = np.sort(rng.integers(0, 40, len(points)))
    tardis = pd.DataFrame({"IDs": ids.astype(float), "X [A]": points[:, 0], "Y [A]": points[:, 1], "Z [A]": points[:, 2]})
    tardis.to_csv(folder / "tardis.csv", index=False)
    add("pandas, as tardis", "tardis.csv", "tardis", points / 13.48, kind="instancePoint", ids=ids, binning=13.48)


def picks():
    locations = rng.uniform(0, 4000, (120, 3))
    rotations = Rotation.random(120, random_state=7).as_matrix()
    ids = rng.integers(0, 9, 120)

    def write(file, with_score):
        points = []
        for location, rotation, id in zip(locations, rotations, ids):
            matrix = np.eye(4)
            matrix[:3, :3] = rotation
            x, y, z = (float(value) for value in location)
            points.append(
                CopickPoint(location=CopickLocation(x=x, y=y, z=z), transformation_=matrix.tolist(), instance_id=int(id), score=with_score)
            )
        document = CopickPicksFile(
            pickable_object_name="ribosome", user_id="peer", session_id="0", run_name="TS_1", voxel_spacing=4.99, points=points
        )
        with open(folder / file, "w") as out:  # as copick's own store does
            json.dump(document.model_dump(), out, indent=4)

    write("picks.json", 1.0)
    write("picks-nan.json", float("nan"))
    for file in ("picks.json", "picks-nan.json"):
        add(f"copick, {file}", file, "copick", locations / 4.99, kind="orientedPoint", rotations=rotations, binning=4.99, order="zyx")
        add(f"copick, instances of {file}", file, "copick", locations / 4.99, kind="instancePoint", ids=ids, binning=4.99)


def models():
    points = rng.uniform(0, 900, (60, 3)).astype(np.float32)
    frame = pd.DataFrame(points, columns=["x", "y", "z"]).assign(object_id=np.repeat([0, 1, 2], 20), contour_id=np.repeat(range(6), 10) % 2)
    imodmodel.write(frame, folder / "points.mod")
    back = imodmodel.read(folder / "points.mod")[["x", "y", "z"]].to_numpy()
    add("imodmodel, points of several contours", "points.mod", "mod", back[:, ::-1] / 2, columns="zyx", binning=2)
    angles = rng.uniform(-180, 180, (40, 3))
    model = imodmodel.ImodModel.from_file(folder / "points.mod")
    model.slicer_angles = [
        SLAN(time=1, angles=tuple(angle), center=tuple(map(float, point)), label=f"point {i}")
        for i, (angle, point) in enumerate(zip(angles, points))
    ]
    model.to_file(folder / "slicer.mod")
    saved = imodmodel.read(folder / "slicer.mod", annotation="slicer_angles")
    centers = saved[["center_x", "center_y", "center_z"]].to_numpy()
    turns = Rotation.from_euler("ZYX", -saved[["z_rot", "y_rot", "x_rot"]].to_numpy(), degrees=True).as_matrix()
    add("imodmodel, slicer angles", "slicer.mod", "mod", centers, kind="orientedPoint", rotations=turns)


tables()
picks()
models()
(folder / "truth.json").write_text(json.dumps(truth))
