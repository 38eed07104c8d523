"""A particle list of RELION 4 to the portal's ndjson, for `npm run bench:points` to race against: starfile (pandas' parser in C), positions
by numpy, all matrices by scipy in one call, one json.dumps a line. The portal's own converter makes the matrices one by one.

python points.py IN.star OUT.ndjson [TOMOGRAM]          (environment: peers)
python points.py --compare ONE.ndjson OTHER.ndjson      exit 1 where a number differs by more than 1e-9
"""
import json
import sys

BINNING = 4


def convert(source, target, tomogram=None):
    import starfile
    from scipy.spatial.transform import Rotation

    tables = starfile.read(source)
    pixel = tables["optics"]["rlnImagePixelSize"][0]
    rows = tables["particles"]
    if tomogram:
        rows = rows[rows["rlnTomoName"] == tomogram]
    coordinates = rows[["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"]].to_numpy()
    origins = rows[["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"]].to_numpy()
    positions = ((coordinates - origins / pixel) / BINNING).tolist()
    angles = rows[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy()
    matrices = Rotation.from_euler("ZYZ", angles, degrees=True).inv().as_matrix().tolist()
    with open(target, "w") as out:
        for (x, y, z), matrix in zip(positions, matrices):
            line = {"type": "orientedPoint", "location": {"x": x, "y": y, "z": z}, "xyz_rotation_matrix": matrix}
            out.write(json.dumps(line) + "\n")


def compare(one, other):
    count = 0
    with open(one) as first, open(other) as second:
        for left, right in zip(first, second, strict=True):
            left, right = json.loads(left), json.loads(right)
            for a, b in zip(numbers(left), numbers(right), strict=True):
                if abs(a - b) > 1e-9:
                    sys.exit(f"line {count + 1}: {left} and {right}")
            count += 1
    if count == 0:
        sys.exit("no lines")


def numbers(point):
    return [point["location"][axis] for axis in "xyz"] + [value for row in point["xyz_rotation_matrix"] for value in row]


if __name__ == "__main__":
    if sys.argv[1] == "--compare":
        compare(*sys.argv[2:])
    else:
        convert(*sys.argv[1:])
