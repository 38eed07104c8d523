"""A volume for the tests of the 3-D pane, and a renderer of its own in NumPy.

`space.py make FOLDER` writes the volume and points beside it. `space.py draw FOLDER WIDTH HEIGHT CASES` draws each case of the JSON text CASES:
FOLDER/NAME.bin has red, green, blue of 8 bits, row by row. `space.py place WIDTH HEIGHT CASE POINTS` prints where points, x y z in Å, are in the picture.

World: Å from the middle of the volume, x y z. A ray goes through the middle of a pixel; samples lie in the middles of steps as long as the shortest
edge of a voxel, from where the ray enters the volume; between voxels they are interpolated along the three axes, at the edge the last voxel goes on.
"""
import json
import sys

import numpy as np

SHAPE = np.array((24, 44, 60))  # z y x
EDGE = np.array((18.0, 9.0, 9.0))  # Å, z y x
LOW, HIGH = 0.0, 1.0
STAGE = np.array((16, 18, 20)) / 255
BONE = np.array((0.87, 0.83, 0.75))
# x y z, Å; the file has voxels
POINTS = [(90, 90, 90), (450, 297, 234), (126, 315, 360)]


def volume():
    z, y, x = np.meshgrid(*(np.arange(n) * e for n, e in zip(SHAPE, EDGE)), indexing="ij")
    rng = np.random.default_rng(7)
    total = np.zeros(SHAPE)
    for _ in range(14):
        centre = rng.uniform(0.15, 0.85, 3) * SHAPE * EDGE
        width = rng.uniform(25, 60, 3)
        total += rng.uniform(0.5, 1.1) * np.exp(
            -(((z - centre[0]) / width[0]) ** 2 + ((y - centre[1]) / width[1]) ** 2 + ((x - centre[2]) / width[2]) ** 2)
        )
    # a block that the volume's edge cuts, so that its face is seen
    total[:, 30:, 50:] += 0.8
    return total.astype(np.float32)


def camera(turn, tilt):
    """Rows: the picture's right, down and away, in x y z."""
    a, t = np.deg2rad(turn), np.deg2rad(tilt)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(t), -np.sin(t)], [0, np.sin(t), np.cos(t)]])
    return about_x @ about_z


def angstrom_per_pixel(width, height, zoom):
    return np.linalg.norm(SHAPE * EDGE) / min(width, height) / zoom


def interpolated(data, at):
    """`at`: … × 3, x y z in Å from the middle."""
    index = (at[..., ::-1] + SHAPE * EDGE / 2) / EDGE - 0.5
    base = np.floor(index).astype(int)
    part = index - base
    value = np.zeros(at.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        weight = np.ones(at.shape[:-1])
        where = []
        for axis in range(3):
            weight = weight * (part[..., axis] if corner[axis] else 1 - part[..., axis])
            where.append(np.clip(base[..., axis] + corner[axis], 0, SHAPE[axis] - 1))
        value += weight * data[tuple(where)]
    return value


def draw(case, width, height):
    grey = np.floor(255 * np.clip((volume() - LOW) / (HIGH - LOW), 0, 1) + 0.5) / 255
    data = 1 - grey if case["dark"] else grey
    right, down, away = camera(case["turn"], case["tilt"])
    scale = angstrom_per_pixel(width, height, case["zoom"])
    v, u = np.meshgrid(np.arange(height) + 0.5 - height / 2, np.arange(width) + 0.5 - width / 2, indexing="ij")
    start = (u[..., None] * right + v[..., None] * down) * scale
    half = (SHAPE * EDGE / 2)[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ways = np.stack([(-half - start) / away, (half - start) / away])
    entries, exits = ways.min(0), ways.max(0)
    near, far = entries.max(-1), exits.min(-1)
    inside = near < far
    step = EDGE.min()
    length = np.where(inside, far - near, 0)
    count = np.maximum(np.ceil(length / step - 0.5), 1).astype(int)
    picture = np.broadcast_to(STAGE, (height, width, 3)).copy()
    if case["mode"] in ("max", "mean"):
        most, total = np.zeros((height, width)), np.zeros((height, width))
        for i in range(count.max()):
            rows = inside & (i < count)
            value = interpolated(data, start[rows] + away * np.minimum(near[rows] + (i + 0.5) * step, far[rows])[:, None])
            most[rows] = np.maximum(most[rows], value)
            total[rows] += value
        value = most if case["mode"] == "max" else total / count
        picture[inside] = (STAGE + (1 - STAGE) * value[..., None])[inside]
        return picture
    share = (case["threshold"] - LOW) / (HIGH - LOW)
    threshold = 1 - share if case["dark"] else share

    def dense(at):
        return interpolated(data, at)

    first = np.zeros_like(inside)
    first[inside] = dense(start[inside] + away * near[inside][:, None]) >= threshold
    before, hit_at, hit = near.copy(), near.copy(), first.copy()
    for i in range(count.max()):
        rows = inside & ~hit & (i < count)
        t = np.minimum(near[rows] + (i + 0.5) * step, far[rows])
        found = dense(start[rows] + away * t[:, None]) >= threshold
        where = np.argwhere(rows)
        hits, misses = where[found], where[~found]
        hit[tuple(hits.T)] = True
        hit_at[tuple(hits.T)] = t[found]
        before[tuple(misses.T)] = t[~found]
    inner = hit & ~first
    a, b = before[inner], hit_at[inner]
    for _ in range(6):
        middle = (a + b) / 2
        over = dense(start[inner] + away * middle[:, None]) >= threshold
        b, a = np.where(over, middle, b), np.where(over, a, middle)
    hit_at[inner] = b
    p = start[hit] + away * hit_at[hit][:, None]
    normal = np.zeros_like(p)
    edges = EDGE[::-1]
    for axis in range(3):
        by = np.zeros(3)
        by[axis] = edges[axis]
        normal[:, axis] = -(dense(p + by) - dense(p - by)) / edges[axis]
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    normal[normal @ away > 0] *= -1
    # where the volume's edge cuts it, the face
    face = np.zeros((height, width, 3))
    np.put_along_axis(face, entries.argmax(-1)[..., None], 1, -1)
    face *= -np.sign(away)
    on_face = first[hit]
    normal[on_face] = face[hit][on_face]
    closed = np.zeros(len(p))
    for part, reach in ((0.5, 1.5), (0.3, 4), (0.2, 9)):
        closed += part * np.clip((dense(p + normal * EDGE.min() * reach) - threshold) * 8, 0, 1)
    openness = (1 - 0.45 * closed)[:, None]
    own = normal @ np.stack([right, down, away]).T
    light = np.array((-0.35, -0.55, -0.76))
    light /= np.linalg.norm(light)
    half_way = light + (0, 0, -1)
    half_way /= np.linalg.norm(half_way)
    soft = (0.5 + 0.5 * own @ light)[:, None]
    shine = np.maximum(own @ half_way, 0)[:, None] ** 28
    colour = np.minimum(BONE * (0.26 + 0.94 * soft**2) * openness + 0.12 * shine * openness, 1)
    fog = 0.3 * np.clip(0.5 + p @ away / np.linalg.norm(SHAPE * EDGE), 0, 1)[:, None]
    picture[hit] = colour * (1 - fog) + STAGE * fog
    return picture


if sys.argv[1] == "make":
    import mrcfile

    folder = sys.argv[2]
    with mrcfile.new(f"{folder}/blobs.mrc", overwrite=True) as mrc:
        mrc.set_data(volume())
        mrc.voxel_size = tuple(EDGE[::-1])
    with open(f"{folder}/blobs_beads.ndjson", "w") as lines:
        for x, y, z in POINTS:
            lines.write(json.dumps({"type": "point", "location": {"x": x / EDGE[2], "y": y / EDGE[1], "z": z / EDGE[0]}}) + "\n")
elif sys.argv[1] == "draw":
    folder, width, height = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    for case in json.loads(sys.argv[5]):
        np.floor(255 * draw(case, width, height) + 0.5).astype(np.uint8).tofile(f"{folder}/{case['name']}.bin")
else:
    width, height, case = int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
    right, down, _ = camera(case["turn"], case["tilt"])
    scale = angstrom_per_pixel(width, height, case["zoom"])
    # the first voxel's middle is at 0; the middle of the volume is half a voxel before half of it
    middle = ((SHAPE - 1) * EDGE / 2)[::-1]
    points = [np.array(point) - middle for point in json.loads(sys.argv[5])]
    print(json.dumps([[width / 2 + p @ right / scale, height / 2 + p @ down / scale] for p in points]))
