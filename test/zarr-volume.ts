import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Triple } from "../src/core/box.js";
import type { DType } from "../src/core/dtype.js";
import { viewAs } from "../src/formats/zarr/elements.js";

/** An OME-Zarr 0.4 image of Zarr 2 without compression, as its files: written by the formats' specifications and nothing of ours. */
export interface ZarrVolume {
  shape?: Triple;
  dtype?: DType;
  chunk?: Triple;
  /** Levels, each half of the one before along every axis. Default 1. */
  levels?: number;
  /** Of the finest level, in `unit`. Default 1 along every axis. */
  scale?: Triple;
  unit?: string | undefined;
  translation?: Triple;
  /** A voxel of the finest level, of float16 its bits; others show every second one. Default: noise around 100. */
  value?: (z: number, y: number, x: number) => number;
  /** Chunks of zeros are not stored. */
  sparse?: boolean;
}

const TYPES: Partial<Record<DType, string>> = {
  uint8: "|u1",
  int8: "|i1",
  int16: "<i2",
  uint16: "<u2",
  int32: "<i4",
  uint32: "<u4",
  uint64: "<u8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
};

/** Any number from three: 50 to 149. */
export const noise = (z: number, y: number, x: number): number =>
  50 + ((((z * 73856093) ^ (y * 19349663) ^ (x * 83492791)) >>> 7) % 100);

type Files = Map<string, Uint8Array | object>;

export function zarrFiles(volume: ZarrVolume): Files {
  const { shape = [64, 64, 64], levels = 1, scale = [1, 1, 1], translation = [0, 0, 0] } = volume;
  const unit = "unit" in volume ? volume.unit : "nanometer";
  const files: Files = new Map();
  const datasets = Array.from({ length: levels }, (_, level) => {
    const factor = 2 ** level;
    addLevel(files, `${level}`, volume, shape.map((length) => Math.ceil(length / factor)) as Triple, factor);
    // the center of a coarser voxel lies between those of the finest that it covers
    const middle = scale.map((size, axis) => translation[axis]! + (size * (factor - 1)) / 2);
    const transformations = [
      { type: "scale", scale: scale.map((size) => size * factor) },
      { type: "translation", translation: middle },
    ];
    return { path: `${level}`, coordinateTransformations: transformations };
  });
  const axes = ["z", "y", "x"].map((name) => ({
    name,
    type: "space",
    ...(unit === undefined ? {} : { unit }),
  }));
  files.set(".zgroup", { zarr_format: 2 });
  files.set(".zattrs", { multiscales: [{ version: "0.4", axes, datasets }] });
  return files;
}

function addLevel(files: Files, path: string, volume: ZarrVolume, shape: Triple, factor: number): void {
  const { dtype = "uint8", chunk = [32, 32, 32], value = noise, sparse = false } = volume;
  const meta = {
    zarr_format: 2,
    shape,
    chunks: chunk,
    dtype: TYPES[dtype],
    compressor: null,
    fill_value: 0,
    order: "C",
    filters: null,
  };
  files.set(`${path}/.zarray`, { ...meta, dimension_separator: "/" });
  const grid = shape.map((length, axis) => Math.ceil(length / chunk[axis]!));
  for (let cz = 0; cz < grid[0]!; cz++)
    for (let cy = 0; cy < grid[1]!; cy++)
      for (let cx = 0; cx < grid[2]!; cx++) {
        const at = [cz * chunk[0], cy * chunk[1], cx * chunk[2]] as Triple;
        const make = () => chunkOf(at, chunk, shape, dtype, (z, y, x) => value(z * factor, y * factor, x * factor));
        // those of noise are asked for again and again; whoever damages one has a copy
        const name = `${at} ${chunk} ${shape} ${dtype} ${factor}`;
        const bytes = value === noise ? (kept.get(name) ?? keep(name, make())).slice() : make();
        if (!sparse || bytes.some((byte) => byte !== 0)) files.set(`${path}/${cz}/${cy}/${cx}`, bytes);
      }
}

const kept = new Map<string, Uint8Array>();
function keep(name: string, bytes: Uint8Array): Uint8Array {
  kept.set(name, bytes);
  return bytes;
}

function chunkOf(
  [z0, y0, x0]: Triple,
  chunk: Triple,
  shape: Triple,
  dtype: DType,
  value: (z: number, y: number, x: number) => number,
): Uint8Array {
  const bytes = new Uint8Array(chunk[0] * chunk[1] * chunk[2] * viewAs(new Uint8Array(0), dtype).BYTES_PER_ELEMENT);
  const voxels = viewAs(bytes, dtype);
  const isBig = dtype.endsWith("64") && !dtype.startsWith("float");
  for (let z = 0; z < chunk[0] && z0 + z < shape[0]; z++)
    for (let y = 0; y < chunk[1] && y0 + y < shape[1]; y++)
      for (let x = 0; x < chunk[2] && x0 + x < shape[2]; x++) {
        const number = value(z0 + z, y0 + y, x0 + x);
        voxels[(z * chunk[1] + y) * chunk[2] + x] = (isBig ? BigInt(number) : number) as never;
      }
  return bytes;
}

/** Writes the files below a folder. @returns the folder */
export function writeFiles(folder: string, files: Files): string {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content instanceof Uint8Array ? content : JSON.stringify(content));
  }
  return folder;
}
