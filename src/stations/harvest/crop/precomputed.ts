import { brotli } from "../../../arrays/loader/brotli.js";
import type { Box, Triple } from "../../../core/box.js";
import { inMemory, type RandomAccess } from "../../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, ITEM_BYTES, swapBytes } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import { type JsonObject, printJson } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import { Recent } from "../../../core/recent.js";
import { counted } from "../../../core/units.js";
import { chunkBox, chunkName } from "../../../formats/precomputed/grid.js";
import { encodeJpegChunk } from "../../../formats/precomputed/image-chunk.js";
import { parseVolumeInfo, type VolumeInfo, type VolumeScale } from "../../../formats/precomputed/info.js";
import { decodePrecomputedChunk, readStoredChunk, unwrapStoredChunk } from "../../../formats/precomputed/read.js";
import type { MinishardIndex } from "../../../formats/precomputed/sharding.js";
import { positions } from "../../../formats/zarr/chunks.js";
import { type CropArray, cropGrid } from "./crop-array.js";
import { coarserBox, factorsOf, requireInside } from "./levels.js";
import { type CropPlan, type CropSource, chosenLevels, type LevelRequest, textBytes } from "./plan.js";

/**
 * A crop of a precomputed volume. Each scale has its own voxel offset and size, and chunks of the source's shape from the crop's
 * first voxel on, raw or JPEG, one file each.
 *
 * @returns undefined if there is no `info`
 * @throws {EmporiumError} USAGE if the voxels cannot be JPEG
 */
export async function planPrecomputed(source: CropSource, request: LevelRequest): Promise<CropPlan | undefined> {
  const { name } = source;
  const bytes = await source.read("info");
  if (!bytes) return undefined;
  const info = parseVolumeInfo(bytes, `${name}/info`);
  requireEncoding(info, request, name);
  const scales = chosenLevels(info.scales, request, name);
  const [base] = scales as [VolumeScale];
  requireInside(request.box, wholeOf(base), name);
  const boxes = scales.map((scale) => {
    if (scale === base) return request.box;
    const sizes = [base, scale].map(({ voxelSizeNm, shape }) => ({ size: voxelSizeNm, shape }));
    return coarserBox(request.box, factorsOf(sizes[0]!, sizes[1]!), wholeOf(scale));
  });
  const folders = foldersOf(scales);
  const document: JsonObject = {
    "@type": "neuroglancer_multiscale_volume",
    type: info.type,
    data_type: info.dtype,
    num_channels: info.channels,
    scales: scales.map((scale, i) => scaleDocument(scale, folders[i]!, boxes[i]!, request)),
  };
  return {
    format: "precomputed",
    documents: new Map([["info", textBytes(printJson(document, { indent: 2 }))]]),
    arrays: scales.map((scale, i) => arrayOf(source, info, scale, folders[i]!, boxes[i]!, request)),
    levels: boxes.map((box, i) => ({ path: folders[i]!, box, shape: shapeOf(box) })),
    warnings: leftOut(info, name),
  };
}

function leftOut({ mesh, skeletons, segmentProperties }: VolumeInfo, name: string): string[] {
  const parts = [...Object.entries({ mesh, skeletons, segment_properties: segmentProperties })].flatMap(([key, folder]) =>
    folder === undefined ? [] : [key],
  );
  return parts.length === 0
    ? []
    : [`${name}: ${parts.join(" and ")} of its info ${parts.length === 1 ? "is" : "are"} left out: a crop has voxels alone`];
}

function requireEncoding({ dtype, channels }: VolumeInfo, { encoding }: LevelRequest, name: string): void {
  if (encoding === "raw" || (dtype === "uint8" && (channels === 1 || channels === 3))) return;
  throw new EmporiumError("USAGE", `${name} has ${counted(channels, "channel")} of ${dtype}, JPEG has 1 or 3 of uint8`, {
    place: { file: name },
    hint: "keep the encoding raw, which is lossless",
  });
}

/** The voxels of a scale, in the coordinates of its chunks' names. */
function wholeOf({ offset, shape }: VolumeScale): Box {
  return { start: offset, stop: offset.map((from, axis) => from + shape[axis]!) as Triple };
}

function shapeOf({ start, stop }: Box): Triple {
  return stop.map((to, axis) => to - start[axis]!) as Triple;
}

/** Folders of the scales in the crop: the last part of their keys, which may lead out of the volume. */
function foldersOf(scales: readonly VolumeScale[]): string[] {
  const names = scales.map(
    ({ key }) =>
      key
        .split("/")
        .filter((part) => part !== "" && part !== "." && part !== "..")
        .at(-1) ?? "scale",
  );
  return names.map((name, i) => (names.indexOf(name) === i ? name : `${name}_${i}`));
}

function scaleDocument(scale: VolumeScale, key: string, box: Box, { encoding }: LevelRequest): JsonObject {
  const xyz = (values: readonly number[]) => [...values].reverse();
  return {
    key,
    size: xyz(shapeOf(box)),
    resolution: xyz(scale.voxelSizeNm).map((size) => (Number.isInteger(size) ? size : new Float(size))),
    voxel_offset: xyz(box.start),
    chunk_sizes: [xyz(scale.chunks[0]!)],
    encoding,
  };
}

function arrayOf(
  source: CropSource,
  info: VolumeInfo,
  scale: VolumeScale,
  folder: string,
  box: Box,
  request: LevelRequest,
): CropArray {
  const { channels, dtype } = info;
  const chunk = scale.chunks[0]!;
  const itemBytes = ITEM_BYTES[dtype];
  const name = `${source.name}/${scale.key}`;
  const shape = shapeOf(box);
  const open = chunkOpener(source, scale);
  const indexes = new Recent<string, MinishardIndex | undefined>(INDEXES_KEPT);
  const cellOf = (cell: readonly number[]) => cell.slice(1) as Triple;
  const nameOf = (cell: readonly number[]) => chunkName(chunkBox(cellOf(cell), scale.shape, chunk), scale.offset);
  const ownShape = (cell: readonly number[]) => shapeOf(chunkBox(cellOf(cell), scale.shape, chunk));
  const inScale = (corner: Triple) => [0, ...corner.map((at, axis) => at - scale.offset[axis]!)];
  const array: CropArray = {
    path: folder,
    name,
    shape: [channels, ...scale.shape],
    unit: [channels, ...chunk],
    box: { start: inScale(box.start), stop: [channels, ...inScale(box.stop).slice(1)] },
    itemBytes,
    fill: new Uint8Array(itemBytes),
    padded: false,
    // a JPEG chunk that fits is copied, so it is not compressed again
    sameCodec: request.encoding === "jpeg" && scale.encoding === "jpeg",
    async fetch(cell, signal) {
      const stored = await readStoredChunk(open, scale, cellOf(cell), { name, signal, brotli, indexes });
      return stored && unwrapStoredChunk(stored, info, scale, ownShape(cell), { name: `${name}/${nameOf(cell)}`, brotli });
    },
    async decode(stored, cell) {
      const own = ownShape(cell);
      const bytes = await decodePrecomputedChunk(stored, info, scale, own, { name: `${name}/${nameOf(cell)}` });
      return { bytes, shape: [channels, ...own] };
    },
    async encode({ bytes, shape: [, ...own] }) {
      if (request.encoding === "jpeg") return encodeJpegChunk(bytes, own as Triple, channels, request.jpegQuality);
      if (!HOST_LITTLE_ENDIAN) swapBytes(bytes, itemBytes);
      return bytes;
    },
    *files() {
      const grid = cropGrid(array);
      for (const cell of positions(
        grid.map(() => 0),
        grid,
      )) {
        const key = `${folder}/${chunkName(chunkBox(cellOf(cell), shape, chunk), box.start)}`;
        yield { key, units: [{ cell, entry: 0 }] };
      }
    },
  };
  return array;
}

/** The number of shard lengths and minishard indexes in memory. */
const SHARDS_KEPT = 256;
const INDEXES_KEPT = 256;

/** Opens files of a scale: chunks are read whole by the first request, shards in parts. */
function chunkOpener(source: CropSource, { key, sharding }: VolumeScale): (name: string) => Promise<RandomAccess | undefined> {
  const shards = new Recent<string, Promise<RandomAccess | undefined>>(SHARDS_KEPT);
  return async (name) => {
    if (!sharding) {
      // servers decompress files without changing their names
      if (!source.local && /\.(gz|br)$/.test(name)) return undefined;
      const bytes = await source.read(`${key}/${name}`);
      return bytes && inMemory(bytes, `${source.name}/${key}/${name}`);
    }
    const known = shards.get(name) ?? source.open(`${key}/${name}`);
    shards.set(name, known);
    return known;
  };
}
