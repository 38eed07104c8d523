/** A corner of a cell that never was, to be looked at: membranes, microtubules and ribosomes as dark as an electron microscope shows them, in noise.
 * Coordinates are voxels x, y, z. Nothing but sums, products and square roots, whose bits are the same on every machine. */

/** Voxels `[z, y, x]`. */
export const CELL_SHAPE = [64, 192, 256];
export const CELL_SPACING_ANGSTROM = 10.8;

/** Closed membranes. The first is so high that the tomogram cuts through it. */
export const MEMBRANES = [
  { centre: [88, 100, 32], radii: [70, 66, 96] },
  { centre: [66, 116, 30], radii: [24, 20, 18] },
  { centre: [198, 50, 34], radii: [30, 27, 22] },
];
/** Those whose surfaces are deposited as a mesh: they are whole. */
export const VESICLES = MEMBRANES.slice(1);

/** Tubes from border to border. */
export const MICROTUBULES = [
  { from: [148, 191, 18], to: [255, 96, 44] },
  { from: [112, 191, 46], to: [255, 150, 52] },
];

/** Voxels: the middles of the two leaflets of a membrane, from its own middle; walls of tubes, from their axis. */
const LEAFLET = 1.7;
const TUBE_RADIUS = 11;
/** Of a ribosome: two balls, the small one along the particle's z axis. */
const SUBUNITS = { large: 9.5, small: 7.5, apart: 9 };
const RIBOSOMES_MAX = 34;
/** Between the middles of two ribosomes, and between one and anything else. */
const CLEARANCE = 25;
const NOISE = 16;

/**
 * Ribosomes of the cytosol. `rotation` is row-major over (x, y, z) and turns the reference particle into its pose: its third column points to the
 * small subunit.
 */
export const RIBOSOMES = placeRibosomes();

/** On the inside of the first membrane, below, in and above the plane in its middle. */
export const SYNTHASES = Array.from({ length: 15 }, (_, at) => {
  const { centre, radii } = MEMBRANES[0];
  const z = 12 + 20 * (at % 3);
  const waist = Math.sqrt(1 - ((z - centre[2]) / radii[2]) ** 2);
  const [x, y] = onCircle(((7 * at) % 15) / 15);
  return [centre[0] + x * (radii[0] * waist - 8), centre[1] + y * (radii[1] * waist - 8), z].map((value) =>
    Number(value.toFixed(1)),
  );
});

/** Places along the tubes, 8 voxels apart. */
export const TUBE_POINTS = MICROTUBULES.flatMap(({ from, to }, tube) => {
  const along = minus(to, from);
  const steps = Math.floor(length(along) / 8);
  return Array.from({ length: steps + 1 }, (_, at) => ({
    instance: tube + 1,
    place: from.map((start, axis) => Number((start + (along[axis] * at) / steps).toFixed(2))),
  }));
});

/** The tomogram: bytes from −128 to 127, x fastest, then y, then z; what is dense is dark. */
export function cellVoxels() {
  const density = new Float32Array(volumeOf(CELL_SHAPE));
  const darken = (at, depth) => {
    if (-depth < density[at]) density[at] = -depth;
  };
  for (const membrane of MEMBRANES) {
    nearMembrane(membrane, (at, distance) => darken(at, 74 * ridge(Math.abs(distance) - LEAFLET, 1.5)));
  }
  for (const tube of MICROTUBULES) nearTube(tube, (at, distance) => darken(at, 62 * ridge(distance - TUBE_RADIUS, 2.2)));
  for (const { place, rotation } of RIBOSOMES) {
    const small = place.map((value, axis) => value + SUBUNITS.apart * rotation[axis][2]);
    inBall(place, SUBUNITS.large, (at, cover) => darken(at, 80 * cover));
    inBall(small, SUBUNITS.small, (at, cover) => darken(at, 66 * cover));
  }
  for (const place of SYNTHASES) inBall(place, 3.6, (at, cover) => darken(at, 70 * cover));
  return noisy(density);
}

/** The first membrane: its middle and two voxels to each side are 1, all else is 0. */
export function membraneVoxels() {
  const mask = new Int8Array(volumeOf(CELL_SHAPE));
  nearMembrane(MEMBRANES[0], (at, distance) => {
    if (Math.abs(distance) < 2.6) mask[at] = 1;
  });
  return mask;
}

/** An ellipsoid as triangles, counter-clockwise from outside: an octahedron, each triangle cut in four, four times. */
export function ellipsoidMesh({ centre, radii }) {
  let triangles = [];
  for (const x of [1, -1]) {
    for (const y of [1, -1]) {
      for (const z of [1, -1]) {
        const corner = [
          [x, 0, 0],
          [0, y, 0],
          [0, 0, z],
        ];
        triangles.push(x * y * z > 0 ? corner : corner.toReversed());
      }
    }
  }
  for (let cut = 0; cut < 4; cut++) {
    triangles = triangles.flatMap(([a, b, c]) => {
      const [ab, bc, ca] = [between(a, b), between(b, c), between(c, a)];
      return [
        [a, ab, ca],
        [ab, b, bc],
        [ca, bc, c],
        [ab, bc, ca],
      ];
    });
  }
  const known = new Map();
  const vertices = [];
  const numberOf = (corner) => {
    const name = corner.join(" ");
    if (!known.has(name)) {
      known.set(name, vertices.length);
      vertices.push(corner.map((value, axis) => Math.fround(centre[axis] + value * radii[axis])));
    }
    return known.get(name);
  };
  return { triangles: triangles.map((corners) => corners.map(numberOf)), vertices };
}

/** Visits voxels around a membrane, with their distance from its middle. */
function nearMembrane(membrane, visit) {
  const { centre, radii } = membrane;
  const reach = (axis) => [centre[axis] - radii[axis] - 4, centre[axis] + radii[axis] + 4];
  inBox(reach, (at, x, y, z) => {
    const [u, v, w] = [(x - centre[0]) / radii[0], (y - centre[1]) / radii[1], (z - centre[2]) / radii[2]];
    const square = u * u + v * v + w * w;
    if (square > 0.5 && square < 1.7) visit(at, distanceTo(membrane, x, y, z));
  });
}

/** Visits voxels around a tube, with their distance from its axis. */
function nearTube({ from, to }, visit) {
  const reach = (axis) => [Math.min(from[axis], to[axis]) - TUBE_RADIUS - 3, Math.max(from[axis], to[axis]) + TUBE_RADIUS + 3];
  inBox(reach, (at, x, y, z) => visit(at, distanceToLine(from, to, x, y, z)));
}

/** Visits the voxels of a ball, with the share of them that it covers: its border is two voxels wide. */
function inBall(centre, radius, visit) {
  const reach = (axis) => [centre[axis] - radius - 1, centre[axis] + radius + 1];
  inBox(reach, (at, x, y, z) => {
    const cover = Math.min(1, (radius + 1 - length(minus([x, y, z], centre))) / 2);
    if (cover > 0) visit(at, cover);
  });
}

/** @param {(axis: number) => number[]} reach first and last place along x, y or z */
function inBox(reach, visit) {
  const [nz, ny, nx] = CELL_SHAPE;
  const [[x0, x1], [y0, y1], [z0, z1]] = [nx, ny, nz].map((size, axis) => {
    const [first, last] = reach(axis);
    return [Math.max(0, Math.floor(first)), Math.min(size - 1, Math.ceil(last))];
  });
  for (let z = z0; z <= z1; z++) {
    for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) visit((z * ny + y) * nx + x, x, y, z);
  }
}

/** Voxels, to first order: below 0 inside. */
function distanceTo({ centre, radii }, x, y, z) {
  const [u, v, w] = [(x - centre[0]) / radii[0], (y - centre[1]) / radii[1], (z - centre[2]) / radii[2]];
  const far = Math.sqrt(u * u + v * v + w * w);
  const slope = length([u / radii[0], v / radii[1], w / radii[2]]);
  return slope === 0 ? -Infinity : ((far - 1) * far) / slope;
}

function distanceToLine(from, to, x, y, z) {
  const along = unit(minus(to, from));
  const away = [x - from[0], y - from[1], z - from[2]];
  const part = dot(away, along);
  return Math.sqrt(Math.max(0, dot(away, away) - part * part));
}

/** 1 at 0, falling to 0 on both sides. */
function ridge(distance, width) {
  return Math.max(0, 1 - Math.abs(distance) / width);
}

/** With noise that is a little smoother than the voxels, as a reconstruction's is. */
function noisy(density) {
  const [, , nx] = CELL_SHAPE;
  const random = generator(20_260_110);
  // `from` with a function takes several times as long as a loop
  const noise = new Float32Array(density.length);
  for (let at = 0; at < noise.length; at++) noise[at] = random() + random() + random() + random() - 2;
  const voxels = new Int8Array(density.length);
  for (let at = 0; at < voxels.length; at++) {
    const before = at >= nx + 1 ? noise[at - 1] + noise[at - nx] : 0;
    const after = at + nx < noise.length ? noise[at + 1] + noise[at + nx] : 0;
    const smooth = 0.6 * noise[at] + 0.35 * (before + after);
    voxels[at] = Math.max(-128, Math.min(127, Math.round(20 + density[at] + 1.6 * NOISE * smooth)));
  }
  return voxels;
}

function placeRibosomes() {
  const [nz, ny, nx] = CELL_SHAPE;
  const random = generator(7);
  const found = [];
  for (let attempt = 0; attempt < 4000 && found.length < RIBOSOMES_MAX; attempt++) {
    const place = [12 + random() * (nx - 24), 12 + random() * (ny - 24), 12 + random() * (nz - 24)].map(Math.round);
    const rotation = rotationOfQuaternion(unit([random() - 0.5, random() - 0.5, random() - 0.5, random() - 0.5]));
    const isFree =
      MEMBRANES.every((membrane) => distanceTo(membrane, ...place) > CLEARANCE - 5) &&
      MICROTUBULES.every(({ from, to }) => distanceToLine(from, to, ...place) > CLEARANCE) &&
      found.every((other) => length(minus(place, other.place)) > CLEARANCE);
    if (isFree) found.push({ place, rotation });
  }
  return found;
}

function rotationOfQuaternion([w, x, y, z]) {
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ];
}

/** From 0 to 1: mulberry32 of Tommy Ettinger. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function minus(a, b) {
  return a.map((value, axis) => value - b[axis]);
}

function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function length(vector) {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

function unit(vector) {
  const size = length(vector);
  return vector.map((value) => value / size);
}

/** A point of the unit circle, by the part of the way around it. */
function onCircle(part) {
  const quarter = Math.floor(4 * part);
  const t = 4 * part - quarter;
  const [x, y] = unit([1 - t, t]);
  return [
    [x, y],
    [-y, x],
    [-x, -y],
    [y, -x],
  ][quarter];
}

function volumeOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

function between(a, b) {
  return unit(a.map((value, axis) => (value + b[axis]) / 2));
}
