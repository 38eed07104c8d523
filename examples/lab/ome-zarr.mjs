/** OME-Zarr volumes of the miniature laboratory: version 0.4 on Zarr 2, one chunk a level, not compressed. */
import { maskValue } from "./masks.mjs";
import { voxelValue } from "./volumes.mjs";

/**
 * The formula as float32 in three levels, each the mean of 2×2×2 voxels of the one before.
 *
 * @param {object} volume
 * @param {[number, number, number]} volume.shape voxels `[z, y, x]`, multiples of 4
 * @param {number} volume.runIndex
 * @param {number} volume.spacingAngstrom
 * @returns {{ path: string, content: string | Uint8Array }[]} paths below the `.zarr` folder
 */
export function omeZarrFiles({ shape, runIndex, spacingAngstrom }) {
  let level = { shape, voxel: (z, y, x) => voxelValue("float32", runIndex, z, y, x) };
  const files = groupFiles(spacingAngstrom);
  for (let number = 0; number < 3; number++) {
    const stored = store(level);
    files.push({ path: `${number}/.zarray`, content: json(arrayMetadata(level.shape, "<f4")) });
    files.push({ path: `${number}/0/0/0`, content: new Uint8Array(stored.buffer) });
    level = halve(level.shape, stored);
  }
  return files;
}

/**
 * Labels as unsigned bytes in three levels, each every second voxel of the one before: a mean of labels is no label.
 *
 * @param {import("./masks.mjs").Mask} mask
 * @returns {{ path: string, content: string | Uint8Array }[]} paths below the `.zarr` folder
 */
export function omeZarrLabelFiles(mask) {
  const files = groupFiles(mask.spacingAngstrom);
  for (let number = 0; number < 3; number++) {
    const step = 2 ** number;
    const shape = mask.shape.map((size) => Math.ceil(size / step));
    const [, ny, nx] = shape;
    const labels = Uint8Array.from({ length: shape[0] * ny * nx }, (_, i) =>
      maskValue(mask, step * Math.floor(i / (ny * nx)), step * (Math.floor(i / nx) % ny), step * (i % nx)),
    );
    files.push({ path: `${number}/.zarray`, content: json(arrayMetadata(shape, "|u1")) });
    files.push({ path: `${number}/0/0/0`, content: labels });
  }
  return files;
}

function groupFiles(spacingAngstrom) {
  return [
    { path: ".zgroup", content: json({ zarr_format: 2 }) },
    { path: ".zattrs", content: json({ multiscales: [multiscale(spacingAngstrom)] }) },
  ];
}

function multiscale(spacingAngstrom) {
  return {
    version: "0.4",
    name: "/",
    axes: ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" })),
    datasets: [0, 1, 2].map((level) => ({
      path: String(level),
      coordinateTransformations: [{ type: "scale", scale: [0, 1, 2].map(() => spacingAngstrom * 2 ** level) }],
    })),
  };
}

function arrayMetadata(shape, dtype) {
  return {
    zarr_format: 2,
    shape,
    chunks: shape,
    dtype,
    compressor: null,
    filters: null,
    fill_value: 0,
    order: "C",
    dimension_separator: "/",
  };
}

function store({ shape: [nz, ny, nx], voxel }) {
  const view = new DataView(new ArrayBuffer(4 * nz * ny * nx));
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) view.setFloat32(4 * ((z * ny + y) * nx + x), voxel(z, y, x), true);
    }
  }
  return view;
}

function halve([nz, ny, nx], stored) {
  const at = (z, y, x) => stored.getFloat32(4 * ((z * ny + y) * nx + x), true);
  return {
    shape: [nz / 2, ny / 2, nx / 2],
    voxel: (z, y, x) => {
      let sum = 0;
      for (let i = 0; i < 8; i++) sum += at(2 * z + (i >> 2), 2 * y + ((i >> 1) & 1), 2 * x + (i & 1));
      return sum / 8;
    },
  };
}

function json(document) {
  return `${JSON.stringify(document, null, 2)}\n`;
}
