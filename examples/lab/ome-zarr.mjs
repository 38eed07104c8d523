/** OME-Zarr volumes of the miniature laboratory: version 0.4 on Zarr 2, one chunk a level, not compressed. */
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
  const files = [
    { path: ".zgroup", content: json({ zarr_format: 2 }) },
    { path: ".zattrs", content: json({ multiscales: [multiscale(spacingAngstrom)] }) },
  ];
  for (let number = 0; number < 3; number++) {
    const stored = store(level);
    files.push({ path: `${number}/.zarray`, content: json(arrayMetadata(level.shape)) });
    files.push({ path: `${number}/0/0/0`, content: new Uint8Array(stored.buffer) });
    level = halve(level.shape, stored);
  }
  return files;
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

function arrayMetadata(shape) {
  return {
    zarr_format: 2,
    shape,
    chunks: shape,
    dtype: "<f4",
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
