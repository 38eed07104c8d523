import type { Context } from "hono";
import { numbersOf } from "../../arrays/plane/convert.js";
import { levelBox, type PlaneLevel } from "../../arrays/plane/plane.js";
import { boxShape, type Triple, volumeOf } from "../../core/box.js";
import { type DType, HOST_LITTLE_ENDIAN, ITEM_BYTES, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { zarrDTypeText } from "../../formats/zarr/dtype.js";
import { printZattrs, printZgroup } from "../../formats/zarr/metadata.js";
import { parseRef } from "../../model/ref.js";
import { judgeConditions, quotedEtag } from "../conditions.js";
import type { OpenVolume } from "../open-volume.js";
import { handedOver } from "../planes.js";
import type { Routes } from "./context.js";
import { volumeUse } from "./volume-use.js";

/** Voxels of a chunk along each axis. */
const CHUNK = 64;

/**
 * `/zarr/{ref}/…`: any volume as an OME-Zarr 0.4 image of Zarr 2, whose chunks are cut when they are asked for. So Neuroglancer, napari and zarr-python
 * open what nobody has converted. Levels are those of planes: what is virtual there has every n-th voxel here.
 */
export const virtualZarrRoutes: Routes = (app, context) => {
  const { find, volumes } = context;
  const use = volumeUse(context);
  const opened = async (c: Context): Promise<OpenVolume> => {
    const { signal } = c.req.raw;
    return volumes.open(await find(parseRef(c.req.param("ref")!), signal), { signal });
  };
  const document = (c: Context, { etag }: OpenVolume, text: string) => {
    const headers = { etag: quotedEtag(etag), "content-type": "application/json" };
    if (judgeConditions(c.req.raw.headers, { size: 0, etag }) === 304) return c.body(null, 304, headers);
    return c.body(text, 200, headers);
  };
  app.get("/:ref/.zgroup", async (c) => document(c, await opened(c), printZgroup()));
  app.get("/:ref/.zattrs", async (c) => {
    const volume = await opened(c);
    return document(c, volume, printZattrs(attributesOf(volume)));
  });
  app.get("/:ref/:level{\\d{1,3}}/.zarray", async (c) => {
    const volume = await opened(c);
    return document(c, volume, arrayOf(volume, levelOf(volume, c.req.param("level"))));
  });
  app.get("/:ref/:level{\\d{1,3}}/:chunk{\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}}", (c) => {
    const { signal, method, headers: sent } = c.req.raw;
    const looks = sent.has("if-none-match");
    return use(c.req.param("ref"), { looks, signal }, async (volume) => {
      const { etag, source } = volume;
      const level = levelOf(volume, c.req.param("level"));
      const start = c.req
        .param("chunk")
        .split(".")
        .map((cell) => Number(cell) * CHUNK) as Triple;
      if (start.some((at, axis) => at >= level.shape[axis]!)) throw absent(`${c.req.param("level")}/${c.req.param("chunk")}`);
      const headers = { etag: quotedEtag(etag), "content-type": "application/octet-stream" };
      if (judgeConditions(sent, { size: 0, etag }) === 304) return c.body(null, 304, headers);
      const length = CHUNK ** 3 * ITEM_BYTES[typeOf(source.dtype)];
      const whole = { ...headers, "content-length": String(length) };
      if (method === "HEAD") return c.body(null, 200, whole);
      const stop = start.map((at, axis) => Math.min(at + CHUNK, level.shape[axis]!)) as Triple;
      const leave = await volumes.turn(c.req.raw, length, "chunk");
      try {
        const voxels = await source.readBox(level.stored, levelBox(level, { start, stop }), level.step, { signal });
        return c.body(handedOver(chunkOf(voxels, source.dtype, boxShape({ start, stop })), leave), 200, whole);
      } catch (error) {
        leave();
        throw error;
      }
    });
  });
};

function levelOf({ source }: OpenVolume, name: string): PlaneLevel {
  const level = source.levels[Number(name)];
  if (!level || String(Number(name)) !== name) throw absent(name);
  return level;
}

function absent(what: string): EmporiumError {
  return new EmporiumError("NOT_FOUND", `the volume has no ${what}`);
}

/** Half-precision numbers are given as float32, and bits as bytes: Neuroglancer shows neither. */
function typeOf(dtype: DType): Exclude<DType, "uint4"> {
  return dtype === "float16" ? "float32" : dtype === "bool" ? "uint8" : (dtype as Exclude<DType, "uint4">);
}

function arrayOf({ source }: OpenVolume, { shape }: PlaneLevel): string {
  return JSON.stringify({
    zarr_format: 2,
    shape,
    chunks: [CHUNK, CHUNK, CHUNK],
    dtype: zarrDTypeText(typeOf(source.dtype)),
    compressor: null,
    fill_value: 0,
    filters: null,
    order: "C",
    dimension_separator: ".",
  });
}

function attributesOf({ source, voxelSizeAngstrom, originAngstrom }: OpenVolume): JsonObject {
  // the first voxel of each level is the first of the file
  const moved = originAngstrom.some((at) => at !== 0) ? [{ type: "translation", translation: [...originAngstrom] }] : [];
  const datasets = source.levels.map(({ scale }, level) => ({
    path: String(level),
    coordinateTransformations: [{ type: "scale", scale: scale.map((n, axis) => n * (voxelSizeAngstrom[axis] ?? 1)) }, ...moved],
  }));
  const axes = ["z", "y", "x"].map((name, axis) => ({
    name,
    type: "space",
    // without a unit voxels are counted
    ...(voxelSizeAngstrom[axis] !== undefined && { unit: "angstrom" }),
  }));
  return { multiscales: [{ version: "0.4", name: "/", axes, datasets }] };
}

/** Little-endian, filled up with zeros behind the end of the level. */
function chunkOf(voxels: Uint8Array, dtype: DType, shape: Triple): Uint8Array {
  const own = dtype === "float16" ? new Uint8Array(Float32Array.from(numbersOf(voxels, dtype)).buffer) : voxels;
  const itemBytes = ITEM_BYTES[typeOf(dtype)];
  if (!HOST_LITTLE_ENDIAN) swapBytes(own, itemBytes);
  if (volumeOf(shape) === CHUNK ** 3) return own;
  const chunk = new Uint8Array(CHUNK ** 3 * itemBytes);
  const rowBytes = shape[2] * itemBytes;
  for (let row = 0; row < shape[0] * shape[1]; row++) {
    const [z, y] = [Math.floor(row / shape[1]), row % shape[1]];
    chunk.set(own.subarray(row * rowBytes, (row + 1) * rowBytes), (z * CHUNK + y) * CHUNK * itemBytes);
  }
  return chunk;
}
