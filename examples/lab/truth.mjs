/** What is true of the miniature laboratory's annotations, whatever format a file has: five particles, the boxes of its masks, the box of its
 * meshes. Generators write these in each format's own units and conventions; tests compare what comes out with them. */

/**
 * The particles of every run: tomogram voxels, all different on each axis, and a rotation about one axis each (the last about all), so that
 * conventions can be told apart. `rotation` is row-major over (x, y, z) and turns the reference particle into its pose in the tomogram:
 * R = Z(−psi)·Y(−tilt)·Z(−rot), here as `Rotation.from_euler("ZYZ", [rot, tilt, psi], degrees=True).inv().as_matrix()` of scipy 1.17.1 has it.
 * Nothing of the laboratory is made from `rotation`: it judges.
 */
export const PARTICLES = [
  {
    id: 1,
    voxel: { x: 10, y: 20, z: 5 },
    relion: { rot: 0, tilt: 0, psi: 0 },
    instance: 1,
    rotation: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  },
  {
    id: 2,
    voxel: { x: 22, y: 11, z: 14 },
    relion: { rot: 90, tilt: 0, psi: 0 },
    instance: 1,
    rotation: [
      [0, 1, 0],
      [-1, 0, 0],
      [0, 0, 1],
    ],
  },
  {
    id: 3,
    voxel: { x: 31, y: 40, z: 8 },
    relion: { rot: 0, tilt: 90, psi: 0 },
    instance: 2,
    rotation: [
      [0, 0, -1],
      [0, 1, 0],
      [1, 0, 0],
    ],
  },
  {
    id: 4,
    voxel: { x: 44, y: 6, z: 21 },
    relion: { rot: 0, tilt: 0, psi: 90 },
    instance: 2,
    rotation: [
      [0, 1, 0],
      [-1, 0, 0],
      [0, 0, 1],
    ],
  },
  {
    id: 5,
    voxel: { x: 50, y: 33, z: 27 },
    relion: { rot: 30, tilt: 60, psi: 45 },
    instance: 9,
    rotation: [
      [-0.047367172745377, 0.789149130992431, -0.612372435695794],
      [-0.659739608441171, 0.435595740399157, 0.612372435695795],
      [0.75, 0.433012701892219, 0.5],
    ],
  },
];

/** Boxes of the label masks, first and last voxel of each axis: 4×4×2 voxels each, zeros around them. */
export const LABEL_BOXES = [1, 2, 3, 4, 5].map((label) => ({
  label,
  x: [4 * label, 4 * label + 3],
  y: [8, 11],
  z: [2 * label, 2 * label + 1],
}));

/** Voxels of one label. */
export const LABEL_VOXELS = 4 * 4 * 2;

/** What becomes of the probability mask, in voxels of the tomogram: those whose probability is exactly the threshold are inside. */
export const MEMBRANE_BOX = { x: [8, 27], y: [16, 31], z: [8, 15] };

/** The box of every mesh in voxels of the tomogram: 8 vertices, 12 triangles. */
export const SHELL_BOX = { min: { x: 9.98, y: 14.97, z: 4.99 }, max: { x: 39.92, y: 49.9, z: 24.95 } };

/** Of the mesh group: the first segment is the shell; the second has its box in two halves, and a name of its own. */
export const CORE_BOX = { min: { x: 19.96, y: 24.95, z: 9.98 }, max: { x: 29.94, y: 39.92, z: 19.96 } };

/** Sentences of a captions file. */
export const CAPTION_COUNT = 3;
