import type { RandomAccess } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import { Recent } from "../../../core/recent.js";
import { counted } from "../../../core/units.js";
import { areWritten } from "../../../formats/zarr/apply-steps.js";
import { chunkGrid, positions } from "../../../formats/zarr/chunks.js";
import { isArray, parseMetadata, wrongField } from "../../../formats/zarr/json.js";
import { product } from "../../../formats/zarr/metadata.js";
import { unreadImages } from "../../../formats/zarr/ome.js";
import { parseOmeImage } from "../../../formats/zarr/ome-v05.js";
import {
  decodeShardIndex,
  encodeShardIndex,
  entryOf,
  findInShard,
  type ShardIndex,
  shardIndexBytes,
} from "../../../formats/zarr/shard.js";
import { namedConfiguration, type ShardSerializer } from "../../../formats/zarr/v3-codecs.js";
import {
  printZarrV3,
  v3ChunkKey,
  type ZarrV3Array,
  zarrV3FromJson,
  zarrV3GroupMetadata,
} from "../../../formats/zarr/v3-metadata.js";
import { readZarrV3Array } from "../../../formats/zarr/v3-read.js";
import { encodeV3Chunk } from "../../../formats/zarr/v3-write.js";
import { writingCodecs } from "./codecs.js";
import { type CropArray, type CropFile, cropGrid, cropShape } from "./crop-array.js";
import { type CropPlan, type CropSource, chosenLevels, type LevelRequest, textBytes } from "./plan.js";
import { type Starts, shiftedMultiscales, shiftedTransform, unmovedMultiscales, unmovedTransform } from "./shifted.js";
import { absentDocument, arrayName, type FoundLevel, guessedAxes, planLevels } from "./zarr-levels.js";

interface V3Level extends FoundLevel {
  meta: ZarrV3Array;
  document: JsonObject;
}

/**
 * A crop of a Zarr v3 array, or of the levels of an OME-Zarr image of 0.5.
 *
 * @returns undefined if there is neither
 */
export async function planZarrV3(source: CropSource, request: LevelRequest): Promise<CropPlan | undefined> {
  const { name } = source;
  const bytes = await source.read("zarr.json");
  if (!bytes) return undefined;
  const root = parseMetadata(bytes, `${name}/zarr.json`);
  const node = zarrV3FromJson(root, `${name}/zarr.json`);
  const levels: V3Level[] = [];
  const warnings: string[] = [];
  if (node.kind === "array") {
    chosenLevels([node], request, name);
    levels.push({ path: "", document: root, meta: node, shape: node.shape, axes: undefined, scale: undefined });
  } else {
    const image = parseOmeImage(node.attributes, `${name}/zarr.json`);
    if (image.version.startsWith("0.6")) throw notCut(image.version, `${name}/zarr.json`);
    warnings.push(...unreadImages(image).map((note) => `${name}: ${note}`));
    for (const { path, scale } of chosenLevels(image.datasets, request, name)) {
      const document = node.members?.get(path) ?? (await readDocument(source, path));
      const meta = zarrV3FromJson(document, `${name}/${path}/zarr.json`);
      if (meta.kind !== "array") throw wrongField(`${name}/${path}/zarr.json`, "node_type", meta.kind, `"array"`);
      levels.push({ path, document, meta, shape: meta.shape, axes: image.spatialAxes, scale });
    }
  }
  const planned = planLevels(levels, request, name);
  warnings.push(...guessedAxes(levels, name));
  const documents = new Map<string, JsonObject>();
  for (const [i, { path, document, meta }] of levels.entries()) {
    const { box } = planned[i]!;
    const attributes = member(document, "attributes");
    const moved = isJsonObject(attributes) ? { attributes: { ...attributes, ...shiftedTransform(attributes, box.start) } } : {};
    if (isJsonObject(attributes)) warnings.push(...unmovedTransform(attributes, box.start, arrayName(name, path)));
    for (let parent = path; parent.includes("/"); ) {
      parent = parent.slice(0, parent.lastIndexOf("/"));
      documents.set(parent, zarrV3GroupMetadata());
    }
    documents.set(path, { ...document, ...writtenCodecs(document, meta), shape: cropShape(box), ...moved });
  }
  if (node.kind === "group") {
    const starts = new Map(levels.map(({ path }, i) => [path, planned[i]!.box.start]));
    const members = node.members && documents;
    documents.set(
      "",
      zarrV3GroupMetadata({ attributes: shiftedAttributes(node.attributes, starts), members: members && new Map(members) }),
    );
    const ome = member(node.attributes, "ome");
    const multiscales = member(isJsonObject(ome) ? ome : node.attributes, "multiscales");
    warnings.push(...unmovedMultiscales(multiscales, starts, name));
  }
  return {
    format: "zarr3",
    documents: new Map(
      [...documents].map(([path, document]) => [
        path === "" ? "zarr.json" : `${path}/zarr.json`,
        textBytes(printZarrV3(document)),
      ]),
    ),
    arrays: levels.map((level, i) => arrayOf(source, level, planned[i]!.box)),
    levels: planned.map(({ cropped }) => cropped),
    warnings,
  };
}

/** The error for OME-Zarr 0.6, where the crop's position would have to be written into the coordinate systems. */
function notCut(version: string, file: string): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${file}: OME-Zarr ${version} cannot be cropped, 0.1 to 0.5 can`, {
    place: { file, path: "ome.version" },
    hint: "name the array of a level, such as 0, to crop that, or download the whole image",
  });
}

async function readDocument(source: CropSource, path: string): Promise<JsonObject> {
  const bytes = await source.read(`${path}/zarr.json`);
  if (!bytes) throw absentDocument(`${source.name}/${path}/zarr.json`);
  return parseMetadata(bytes, `${source.name}/${path}/zarr.json`);
}

/** 0.5 has its image below `ome`. Images of 0.4 in a group of v3 are read too. */
function shiftedAttributes(attributes: JsonObject, starts: Starts): JsonObject {
  const ome = member(attributes, "ome");
  if (isJsonObject(ome))
    return { ...attributes, ome: { ...ome, multiscales: shiftedMultiscales(member(ome, "multiscales"), starts) } };
  return { ...attributes, multiscales: shiftedMultiscales(member(attributes, "multiscales"), starts) };
}

/** The compression if the source's own can only be read. */
const WRITTEN = { id: "gzip", level: 5 };

/** The crop's `codecs` if the source's cannot be written: no filters, and gzip, which every reader has. */
function writtenCodecs(document: JsonObject, meta: ZarrV3Array): JsonObject {
  const { unit, shard } = unitOf(meta);
  if (areWritten(unit.codecs.steps)) return {};
  const replaced = (codecs: Json | undefined): Json[] => {
    const named = (isArray(codecs) ? codecs : []).map((item) => namedConfiguration(item, "zarr.json", "codecs"));
    const bytes = { name: "bytes", configuration: { endian: meta.type.littleEndian ? "little" : "big" } };
    return [
      ...named.filter(({ name }) => name === "transpose").map(({ name, configuration }) => ({ name, configuration })),
      bytes,
      { name: WRITTEN.id, configuration: { level: WRITTEN.level } },
    ];
  };
  const codecs = member(document, "codecs");
  if (!shard) return { codecs: replaced(codecs) };
  const outer = (isArray(codecs) ? codecs : []).map((item) => namedConfiguration(item, "zarr.json", "codecs"));
  return {
    codecs: outer.map(({ name, configuration }) =>
      name === "sharding_indexed"
        ? { name, configuration: { ...configuration, codecs: replaced(member(configuration, "codecs")) } }
        : { name, configuration },
    ),
  };
}

/**
 * Metadata by which one unit is read and written alone, the shard around it if there is one, and the array's axes in the order of
 * the shard's. A transposition around a shard reorders its axes; then a unit's own codecs begin with it.
 */
function unitOf(meta: ZarrV3Array): { unit: ZarrV3Array; shard: ShardSerializer | undefined; axes: readonly number[] } {
  const { order, serializer } = meta.codecs;
  const axes = order ?? meta.shape.map((_, axis) => axis);
  if (serializer.kind === "bytes") return { unit: { ...meta, shape: meta.chunks }, shard: undefined, axes };
  const chunks = [...serializer.chunks];
  for (const [encoded, axis] of axes.entries()) chunks[axis] = serializer.chunks[encoded]!;
  const inner = serializer.codecs.order ?? axes.map((_, axis) => axis);
  const joined = inner.map((axis) => axes[axis]!);
  const codecs = { ...serializer.codecs, order: joined.every((axis, i) => axis === i) ? undefined : joined };
  return { unit: { ...meta, shape: chunks, chunks, codecs }, shard: serializer, axes };
}

function arrayOf(source: CropSource, { meta, path }: V3Level, box: CropArray["box"]): CropArray {
  const below = path === "" ? "" : `${path}/`;
  const name = arrayName(source.name, path);
  const { unit, shard, axes } = unitOf(meta);
  const codecs = writingCodecs(meta.type.itemBytes);
  const sameCodec = areWritten(unit.codecs.steps);
  const written = sameCodec
    ? unit
    : { ...unit, codecs: { ...unit.codecs, steps: [{ kind: "compressor", config: WRITTEN } as const] } };
  const fetch = shard
    ? shardReader(source, below, meta, shard, axes)
    : (cell: readonly number[], signal: AbortSignal | undefined) => source.read(below + v3ChunkKey(cell, meta.keys), signal);
  const array: CropArray = {
    path,
    name,
    shape: meta.shape,
    unit: unit.chunks,
    box,
    itemBytes: meta.type.itemBytes,
    fill: meta.fillElement,
    padded: true,
    sameCodec,
    fetch,
    async decode(stored, cell) {
      const objects = {
        read: async (_: string, range?: { offset: number; length: number }) =>
          range ? stored.subarray(range.offset, range.offset + range.length) : stored,
        size: async () => stored.length,
      };
      const options = { name: `${name}[${cell.join(",")}]`, bytesMax: Number.POSITIVE_INFINITY };
      return { bytes: await readZarrV3Array(objects, unit, options), shape: unit.chunks };
    },
    encode: (plain) => encodeV3Chunk(plain.bytes, written, codecs),
    *files() {
      const grid = chunkGrid(cropShape(box), meta.chunks);
      for (const cell of positions(
        grid.map(() => 0),
        grid,
      )) {
        const key = below + v3ChunkKey(cell, meta.keys);
        yield shard ? shardFile(key, cell, array, meta, shard, axes) : { key, units: [{ cell, entry: 0 }] };
      }
    },
  };
  return array;
}

/** The number of shard indexes in memory. */
const INDEXES_KEPT = 64;

/** Reads stored units from shards: each shard's index once, and the bytes of each unit. */
function shardReader(
  source: CropSource,
  below: string,
  meta: ZarrV3Array,
  shard: ShardSerializer,
  axes: readonly number[],
): CropArray["fetch"] {
  const indexes = new Recent<string, Promise<{ file: RandomAccess; index: ShardIndex } | undefined>>(INDEXES_KEPT);
  const open = async (key: string) => {
    const file = await source.open(key);
    if (!file) return undefined;
    const length = shardIndexBytes(shard);
    const shardBytes = shard.location === "end" ? await file.size() : undefined;
    const bytes = await file.read({ offset: Math.max(0, (shardBytes ?? length) - length), length });
    return { file, index: decodeShardIndex(bytes, shard, { name: `${source.name}/${key}`, shardBytes }) };
  };
  return async (cell, signal) => {
    // cells count units; a shard has a whole number of them along each axis
    const perShard = meta.shape.map((_, axis) => shard.grid[axes.indexOf(axis)]!);
    const outer = cell.map((at, axis) => Math.floor(at / perShard[axis]!));
    const key = below + v3ChunkKey(outer, meta.keys);
    const known = indexes.get(key) ?? open(key);
    indexes.set(key, known);
    const opened = await known;
    const inner = axes.map((axis) => cell[axis]! % perShard[axis]!);
    const range = opened && findInShard(opened.index, inner);
    if (!range) return undefined;
    const bytes = await opened.file.read(range, { signal });
    if (bytes.length === range.length) return bytes;
    throw new EmporiumError(
      "FORMAT_TRUNCATED",
      `${source.name}/${key}: the shard ends before the ${counted(range.length, "byte")} from byte ${range.offset}`,
      {
        place: { file: `${source.name}/${key}`, byte: range.offset },
        hint: "report the shard to the owner of the data: it is cut short at its source",
      },
    );
  };
}

function shardFile(
  key: string,
  outer: readonly number[],
  array: CropArray,
  meta: ZarrV3Array,
  shard: ShardSerializer,
  axes: readonly number[],
): CropFile {
  const perShard = meta.shape.map((_, axis) => shard.grid[axes.indexOf(axis)]!);
  const grid = cropGrid(array);
  const start = outer.map((at, axis) => at * perShard[axis]!);
  const stop = start.map((from, axis) => Math.min(from + perShard[axis]!, grid[axis]!));
  function* units() {
    for (const cell of positions(start, stop)) {
      const inner = axes.map((axis) => cell[axis]! - start[axis]!);
      yield { cell, entry: entryOf(shard.grid, inner) };
    }
  }
  return {
    key,
    units: { [Symbol.iterator]: units },
    shard: {
      indexBytes: shardIndexBytes(shard),
      location: shard.location,
      entries: product(shard.grid),
      encodeIndex: (offsets, lengths) => encodeShardIndex({ grid: shard.grid, offsets, lengths }, shard),
    },
  };
}
