/** The particles of truth.mjs in the formats that people leave them in. Tables with shifts have other, never zero, shifts for each particle and
 * axis, and coordinates that make up for them: a wrong sign puts every particle elsewhere. */
import { copickTransformation, stopgapAngles } from "./conventions.mjs";
import { fixed } from "./text.mjs";
import { PARTICLES } from "./truth.mjs";

/** Pixels of the table's own image, x, y, z. */
const SHIFTS = [
  [1.5, -2.25, 0.75],
  [-0.5, 1.25, -3],
  [2, 0.5, -1.5],
  [-1.25, -0.75, 2.5],
  [0.25, 3, -0.5],
];
const AXES = ["X", "Y", "Z"];

const positionOf = ({ voxel: { x, y, z } }) => [x, y, z];

/**
 * Coordinates alone.
 *
 * @param {object} table
 * @param {"xyz" | "zyx"} [table.columns]
 * @param {string} [table.delimiter]
 * @param {string[]} [table.header] names of the columns
 * @param {boolean} [table.scored] a fourth column, which is nobody's coordinate
 * @param {string} [table.lineEnd]
 */
export function csvText({ columns = "xyz", delimiter = ",", header, scored = false, lineEnd = "\n" } = {}) {
  const rows = PARTICLES.map((particle) => {
    const position = positionOf(particle);
    const ordered = columns === "zyx" ? position.toReversed() : position;
    return [...ordered, ...(scored ? [0.5 + particle.id / 16] : [])];
  });
  return [...(header ? [header] : []), ...rows].map((row) => row.join(delimiter) + lineEnd).join("");
}

/** TARDIS: object ids and positions in Å. */
export function tardisText({ spacingAngstrom }) {
  const rows = PARTICLES.map((particle) => [
    particle.instance,
    ...positionOf(particle).map((at) => fixed(at * spacingAngstrom, 3)),
  ]);
  return [["IDs", "X [A]", "Y [A]", "Z [A]"], ...rows].map((row) => `${row.join(",")}\n`).join("");
}

/**
 * Picks in copick's form, Å. They make the run's folder one.
 *
 * @param {object} picks
 * @param {string} picks.run
 * @param {string} picks.object
 * @param {string} picks.user
 * @param {string} picks.session
 * @param {number} picks.spacingAngstrom
 * @param {boolean} [picks.oriented]
 * @param {boolean} [picks.instances]
 */
export function copickText({ run, object, user, session, spacingAngstrom, oriented = false, instances = false }) {
  const transformationOf = ({ relion }) => {
    if (oriented) return copickTransformation(relion);
    // copick itself writes what does not turn; other programs leave it out
    return instances ? copickTransformation({ rot: 0, tilt: 0, psi: 0 }) : null;
  };
  const points = PARTICLES.map((particle) => {
    const [x, y, z] = positionOf(particle).map((at) => Number((at * spacingAngstrom).toFixed(2)));
    return {
      location: { x, y, z },
      transformation_: transformationOf(particle),
      instance_id: instances ? particle.instance : 0,
      score: 1,
    };
  });
  const document = { pickable_object_name: object, user_id: user, session_id: session, run_name: run, unit: "angstrom", points };
  return `${JSON.stringify(document, null, 4)}\n`;
}

/**
 * RELION 3, as Warp 1 and RELION 3 exchange it: one block, tomograms by their `.tomostar`, origins in pixels.
 *
 * @param {object} table
 * @param {string[]} table.tomograms
 * @param {number} table.binning pixels of the table in a voxel of the tomogram
 * @param {number} table.pixelAngstrom
 */
export function relion3Text({ tomograms, binning, pixelAngstrom }) {
  const columns = [
    "rlnMicrographName",
    ...AXES.map((axis) => `rlnCoordinate${axis}`),
    "rlnMagnification",
    "rlnDetectorPixelSize",
    ...["Rot", "Tilt", "Psi"].map((angle) => `rlnAngle${angle}`),
    ...AXES.map((axis) => `rlnOrigin${axis}`),
    "rlnClassNumber",
  ];
  const rows = particlesOf(tomograms).map(({ tomogram, particle, shift }) => [
    `${tomogram}.tomostar`,
    ...positionOf(particle).map((at, axis) => decimal(at * binning + shift[axis])),
    decimal(10000),
    decimal(pixelAngstrom),
    ...relionAngles(particle),
    ...shift.map(decimal),
    "1",
  ]);
  return starBlock("data_", columns, rows);
}

/**
 * RELION 4: optics and particles, origins in Å. Each tomogram has an optics group of its own pixel.
 *
 * @param {object} table
 * @param {{ tomogram: string, group: number }[]} table.tomograms
 * @param {{ group: number, pixelAngstrom: number }[]} table.groups
 * @param {number} table.binning pixels of the table in a voxel of the tomogram
 */
export function relion4Text({ tomograms, groups, binning }) {
  const optics = starBlock(
    "data_optics",
    ["rlnOpticsGroup", "rlnOpticsGroupName", "rlnSphericalAberration", "rlnVoltage", "rlnImagePixelSize", "rlnImageSize"],
    groups.map(({ group, pixelAngstrom }) => [
      String(group),
      `opticsGroup${group}`,
      decimal(2.7),
      decimal(300),
      decimal(pixelAngstrom),
      "64",
    ]),
  );
  const columns = [
    "rlnTomoName",
    "rlnTomoParticleId",
    ...AXES.map((axis) => `rlnCoordinate${axis}`),
    ...AXES.map((axis) => `rlnOrigin${axis}Angst`),
    ...["Rot", "Tilt", "Psi"].map((angle) => `rlnAngle${angle}`),
    "rlnClassNumber",
    "rlnOpticsGroup",
  ];
  const rows = particlesOf(tomograms).map(({ tomogram: { tomogram, group }, particle, shift }, at) => {
    const { pixelAngstrom } = groups.find((one) => one.group === group);
    return [
      tomogram,
      String(at + 1),
      ...positionOf(particle).map((voxel, axis) => decimal(voxel * binning + shift[axis])),
      ...shift.map((pixels) => decimal(pixels * pixelAngstrom)),
      ...relionAngles(particle),
      "1",
      String(group),
    ];
  });
  return `\n# version 30001\n\n${optics}\n# version 30001\n\n${starBlock("data_particles", columns, rows)}`;
}

/**
 * RELION 5: positions in Å from the middle of the tomogram, the middle being half its size.
 *
 * @param {object} table
 * @param {string[]} table.tomograms
 * @param {[number, number, number]} table.shape of the tomograms, `[z, y, x]` voxels
 * @param {number} table.spacingAngstrom of the tomograms
 * @param {number} table.pixelAngstrom of the tilt series
 */
export function relion5Text({ tomograms, shape, spacingAngstrom, pixelAngstrom }) {
  const optics = starBlock(
    "data_optics",
    [
      "rlnVoltage",
      "rlnSphericalAberration",
      "rlnTomoTiltSeriesPixelSize",
      "rlnOpticsGroup",
      "rlnOpticsGroupName",
      "rlnImagePixelSize",
    ],
    [[decimal(300), decimal(2.7), decimal(pixelAngstrom), "1", "opticsGroup1", decimal(spacingAngstrom)]],
  );
  const columns = [
    "rlnTomoName",
    ...AXES.map((axis) => `rlnCenteredCoordinate${axis}Angst`),
    ...["Rot", "Tilt", "Psi"].map((angle) => `rlnAngle${angle}`),
    "rlnOpticsGroup",
    "rlnTomoParticleName",
    ...AXES.map((axis) => `rlnOrigin${axis}Angst`),
    "rlnClassNumber",
  ];
  const half = shape.toReversed().map((size) => size / 2);
  const rows = particlesOf(tomograms).map(({ tomogram, particle, shift }) => [
    tomogram,
    ...positionOf(particle).map((at, axis) => decimal((at - half[axis]) * spacingAngstrom + shift[axis] * pixelAngstrom)),
    ...relionAngles(particle),
    "1",
    `${tomogram}/${particle.id}`,
    ...shift.map((pixels) => decimal(pixels * pixelAngstrom)),
    "1",
  ]);
  return `\n# version 50001\n\n${optics}\n# version 50001\n\n${starBlock("data_particles", columns, rows)}`;
}

/**
 * TOMOMAN's RELION table: one block, columns without numbers, tomograms by name, origins in pixels.
 *
 * @param {object} table
 * @param {string[]} table.tomograms
 * @param {number} table.binning
 * @param {number} table.pixelAngstrom
 */
export function tomomanText({ tomograms, binning, pixelAngstrom }) {
  const columns = [
    ...AXES.map((axis) => `rlnCoordinate${axis}`),
    ...["Rot", "Tilt", "Psi"].map((angle) => `rlnAngle${angle}`),
    "rlnRandomSubset",
    "rlnPixelSize",
    "rlnTomoName",
    "rlnTomoNumber",
    ...AXES.map((axis) => `rlnOrigin${axis}`),
  ];
  const rows = particlesOf(tomograms).map(({ tomogram, particle, shift }) => [
    ...positionOf(particle).map((at, axis) => decimal(at * binning + shift[axis])),
    ...relionAngles(particle),
    String(1 + (particle.id % 2)),
    decimal(pixelAngstrom),
    tomogram,
    String(tomograms.indexOf(tomogram) + 1),
    ...shift.map(decimal),
  ]);
  return starBlock("data_", columns, rows, { numbered: false });
}

/**
 * STOPGAP's motive list: tomograms by number, shifts to be added.
 *
 * @param {object} table
 * @param {number[]} table.tomograms
 * @param {number} table.binning
 */
export function stopgapText({ tomograms, binning }) {
  const columns = ["motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z", "score"];
  const more = ["x_shift", "y_shift", "z_shift", "phi", "psi", "the", "class"];
  const rows = particlesOf(tomograms).map(({ tomogram, particle, shift }, at) => {
    const { phi, psi, the } = stopgapAngles(particle.relion);
    return [
      String(at + 1),
      String(tomogram),
      "1",
      String(at + 1),
      "AB"[at % 2],
      ...positionOf(particle).map((voxel, axis) => decimal(voxel * binning - shift[axis])),
      decimal(0.25),
      ...[...shift, phi, psi, the].map(decimal),
      "1",
    ];
  });
  return starBlock("data_stopgap_motivelist", [...columns, ...more], rows, { numbered: false });
}

/**
 * A species of M: positions in Å from the tomogram's corner, nothing to add to them. Of two moments in time the first counts.
 *
 * @param {object} table
 * @param {string[]} table.tomograms
 * @param {number} table.spacingAngstrom of the tomograms
 */
export function warpText({ tomograms, spacingAngstrom }) {
  const pose = (moment) => [
    ...AXES.map((axis) => `wrpCoordinate${axis}${moment}`),
    ...["Rot", "Tilt", "Psi"].map((angle) => `wrpAngle${angle}${moment}`),
  ];
  const columns = [...pose(1), ...pose(2), "wrpRandomSubset", "wrpSourceName", "wrpSourceHash"];
  const rows = particlesOf(tomograms).map(({ tomogram, particle, shift }) => {
    const angstrom = positionOf(particle).map((at) => at * spacingAngstrom);
    return [
      ...angstrom.map(decimal),
      ...relionAngles(particle),
      ...angstrom.map((at, axis) => decimal(at + shift[axis])),
      ...relionAngles(particle),
      String(1 + (particle.id % 2)),
      `${tomogram}.tomostar`,
      `00000000000000${String(tomograms.indexOf(tomogram) + 1).padStart(2, "0")}`,
    ];
  });
  return starBlock("data_", columns, rows);
}

/** Every particle of every tomogram with the shift that the tables give it. */
function particlesOf(tomograms) {
  return tomograms.flatMap((tomogram) => PARTICLES.map((particle, at) => ({ tomogram, particle, shift: SHIFTS[at] })));
}

function relionAngles({ relion: { rot, tilt, psi } }) {
  return [rot, tilt, psi].map(decimal);
}

/** As RELION prints its numbers. */
function decimal(value) {
  return fixed(value, 6);
}

function starBlock(name, columns, rows, { numbered = true } = {}) {
  const labels = columns.map((column, at) => `_${column}${numbered ? ` #${at + 1}` : ""}`);
  const width = Math.max(...rows.flat().map(({ length }) => length));
  const lines = rows.map((row) => row.map((cell) => cell.padStart(width)).join(" "));
  return `${["", name, "", "loop_", ...labels, ...lines, ""].join("\n")}\n`;
}
