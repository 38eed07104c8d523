import { boxShape, type Triple } from "../../../core/box.js";
import type { ByteRange } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import { type CodecRegistry, defaultCodecs } from "../../../formats/zarr/codecs.js";
import { parseZarray, parseZattrs, product, type ZarrArrayMeta } from "../../../formats/zarr/metadata.js";
import { type OmeDataset, type OmeZarrImage, originAngstromOf, parseOmeZarr, unreadImages } from "../../../formats/zarr/ome.js";
import { parseOmeImage } from "../../../formats/zarr/ome-v05.js";
import { type NdBox, readZarrBox } from "../../../formats/zarr/read.js";
import { recentShardIndexes } from "../../../formats/zarr/shard.js";
import { parseZarrV3, parseZarrV3Array, type ZarrV3Array } from "../../../formats/zarr/v3-metadata.js";
import { readZarrV3Box } from "../../../formats/zarr/v3-read.js";
import { absent, objectName, type Stat, type Store } from "../../../stores/store.js";
import { BloscFrame, decodeBlosc } from "../../kernels/blosc.js";
import { decodeZstdFrames } from "../../kernels/zstd.js";

/** A volume of a Zarr hierarchy: level 0 of an OME-Zarr image, or an array by itself. */
export interface ZarrVolume {
  /** Name of the volume in messages. */
  name: string;
  /** Voxels `[z, y, x]`. */
  shape: Triple;
  /** Voxel size `[z, y, x]`; undefined where the file does not say. */
  voxelSizeAngstrom: [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Position of the first voxel `[z, y, x]`; 0 where the file does not say. */
  originAngstrom: Triple;
  /** Warnings about the image: oddities that did not keep it from being read, and reasons why a voxel size is not known. */
  warnings: readonly string[];
  meta: ZarrArrayMeta | ZarrV3Array;
  /** Key of the array. */
  folder: string;
  /** The documents that were read: what identifies the volume. */
  documents: ({ key: string } & Stat)[];
}

/** The kernels for what they read; for the rest, and to say what is wrong with damaged chunks, the plain decoders. */
export const codecs: CodecRegistry = {
  ...defaultCodecs,
  blosc: (config) => {
    const other = defaultCodecs.blosc!(config);
    return { decode: (bytes, plainBytes) => decodeBlosc(bytes) ?? other.decode(bytes, plainBytes) };
  },
  zstd: (config) => {
    const other = defaultCodecs.zstd!(config);
    return { ...other, decode: (bytes, plainBytes) => decodeZstdFrames(bytes, plainBytes) ?? other.decode(bytes, plainBytes) };
  },
};

/** The same for readers of boxes: they decode only the needed part of a large frame, and keep the largest frame. */
export function boxCodecs(): CodecRegistry {
  const frame = new BloscFrame();
  return {
    ...codecs,
    blosc: (config) => ({
      ...codecs.blosc!(config),
      open(bytes, { shape, itemBytes }) {
        frame.room(bytes.length).set(bytes);
        return (box) => frame.decodeBox(shape, itemBytes, box);
      },
    }),
  };
}

/**
 * The documents of a Zarr volume, Zarr 2 or 3. A bare array is read as it is, without axes of length 1 before z, y, x.
 *
 * @throws {EmporiumError} STORE_ABSENT, FORMAT_UNKNOWN if there is neither, FORMAT_UNSUPPORTED for other ranks, FORMAT_…
 */
export async function describeZarr(store: Store, key: string, signal?: AbortSignal): Promise<ZarrVolume> {
  const root = key.replace(/\/+$/, "");
  const name = objectName(store, root);
  const documents: ZarrVolume["documents"] = [];
  const find = async (file: string): Promise<Uint8Array | undefined> => {
    const stat = await store.stat(`${root}/${file}`, { signal });
    const bytes = stat && (await store.read(`${root}/${file}`, undefined, { signal, ifMatch: stat.etag }));
    if (bytes) documents.push({ key: `${root}/${file}`, ...stat });
    return bytes;
  };
  const { level, meta, path, warnings = [], origin = [0, 0, 0] } = await describe();
  if (meta.shape.length < 3 || product(meta.shape.slice(0, -3)) !== 1) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: shape ${meta.shape.join("×")}; expected one volume of three axes`, {
      place: { file: `${name}/${path}`, path: "shape" },
    });
  }
  return {
    name,
    shape: meta.shape.slice(-3) as Triple,
    voxelSizeAngstrom: [...level.voxelSizeAngstrom],
    originAngstrom: origin.map((at) => at ?? 0) as Triple,
    warnings,
    meta,
    folder: level.path === "" ? root : `${root}/${level.path}`,
    documents,
  };

  async function describe(): Promise<Described> {
    const attributes = await find(".zattrs");
    const own = hasImage(attributes, name) ? undefined : await find(".zarray");
    if (own) return { level: NO_IMAGE, meta: parseZarray(own, `${name}/.zarray`), path: ".zarray" };
    if (!attributes) return describeV3();
    const parsed = parseZattrs(attributes, `${name}/.zattrs`);
    const image = parseOmeZarr(parsed, `${name}/.zattrs`, UNIT);
    const path = `${image.datasets[0]!.path}/.zarray`;
    return { ...described(image), meta: parseZarray(await need(path), `${name}/${path}`), path };
  }

  async function describeV3(): Promise<Described> {
    const document = await find("zarr.json");
    if (!document) throw notZarr(name);
    const node = parseZarrV3(document, `${name}/zarr.json`);
    if (node.kind === "array") return { level: NO_IMAGE, meta: node, path: "zarr.json" };
    const image = parseOmeImage(node.attributes, `${name}/zarr.json`, UNIT);
    const path = `${image.datasets[0]!.path}/zarr.json`;
    return { ...described(image), meta: parseZarrV3Array(await need(path), `${name}/${path}`), path };
  }

  async function need(path: string): Promise<Uint8Array> {
    const document = await find(path);
    if (document) return document;
    throw absent(store, `${root}/${path}`);
  }
}

interface Described extends Pick<ZarrVolume, "meta"> {
  level: Level;
  path: string;
  warnings?: readonly string[];
  origin?: readonly (number | undefined)[];
}

/** Level 0 of the first image, and what of the document is not read with it. */
function described(image: OmeZarrImage): Pick<Described, "level" | "warnings" | "origin"> {
  const level = image.datasets[0]!;
  const origin = originAngstromOf(image, level, UNIT);
  const lost = level.translation?.some((at, axis) => at !== 0 && origin[image.spatialAxes.indexOf(axis)] === undefined);
  return {
    level,
    origin,
    warnings: [
      ...image.warnings,
      ...(lost
        ? [`the translation ${level.translation!.join(", ")} has no unit of length: the volume is taken to begin at 0`]
        : []),
      ...unreadImages(image),
    ],
  };
}

type Level = Pick<OmeDataset, "path" | "voxelSizeAngstrom">;

/** An array by itself. */
const NO_IMAGE: Level = { path: "", voxelSizeAngstrom: [undefined, undefined, undefined] };

const UNIT = { unitWhenAbsent: "angstrom" };

/** Arrays have attributes too: only `multiscales` makes an image. */
function hasImage(attributes: Uint8Array | undefined, name: string): boolean {
  return attributes !== undefined && Object.hasOwn(parseZattrs(attributes, `${name}/.zattrs`), "multiscales");
}

function notZarr(name: string): EmporiumError {
  const message = `${name} is a folder without .zattrs; expected an MRC file or an OME-Zarr folder`;
  return new EmporiumError("FORMAT_UNKNOWN", message, { place: { file: name }, hint: "narrow the glob to volumes" });
}

/** The least that is read at once. Small chunks lie side by side in a shard, so one request serves many. */
const BOX_BYTES = 16 * 2 ** 20;

/**
 * The voxels of a volume in boxes of whole chunks: C order of boxes and in each box, host byte order, without padding; missing
 * chunks are filled. A box is at most one chunk of Zarr 2; shards are read some chunks at a time. 64-bit integers become float64.
 */
export async function* zarrBoxes(
  store: Store,
  volume: ZarrVolume,
  signal?: AbortSignal,
): AsyncGenerator<{ bytes: Uint8Array; start: Triple; size: Triple }> {
  const { shape, meta } = volume;
  const lead = new Array<number>(meta.shape.length - 3).fill(0);
  const { length, read } = boxReader(store, volume, signal);
  for (let z = 0; z < shape[0]; z += length[0]) {
    for (let y = 0; y < shape[1]; y += length[1]) {
      for (let x = 0; x < shape[2]; x += length[2]) {
        signal?.throwIfAborted();
        const start: Triple = [z, y, x];
        const stop = start.map((from, i) => Math.min(from + length[i]!, shape[i]!)) as Triple;
        const bytes = await read({ start: [...lead, ...start], stop: [...lead.map(() => 1), ...stop] });
        yield { bytes: isWide(meta) ? asDoubles(bytes, meta) : bytes, start, size: boxShape({ start, stop }) };
      }
    }
  }
}

/**
 * Returns the function that reads boxes of an array of any rank, and the lengths `[z, y, x]` of boxes that are read efficiently.
 */
function boxReader(
  store: Store,
  { name, meta, folder }: Pick<ZarrVolume, "name" | "meta" | "folder">,
  signal?: AbortSignal,
): { length: Triple; read(box: NdBox): Promise<Uint8Array> } {
  const read = (key: string, range?: ByteRange) => store.read(`${folder}/${key}`, range, { signal });
  if (!("codecs" in meta)) {
    const length = meta.chunks.slice(-3) as Triple;
    return { length, read: (box) => readZarrBox(read, meta, box, { codecs, name, signal }) };
  }
  const size = async (key: string) => (await store.stat(`${folder}/${key}`, { signal }))?.size;
  const options = { codecs, name, signal, indexes: recentShardIndexes() };
  return { length: grown(meta), read: (box) => readZarrV3Box({ read, size }, meta, box, options) };
}

/** Chunks of a shard, x first, as many as make a good size. */
function grown({ chunks, codecs: { order, serializer }, type }: ZarrV3Array): Triple {
  const own = serializer.kind === "shard" ? chunks.map((_, axis) => serializer.chunks[order?.indexOf(axis) ?? axis]!) : chunks;
  const length = own.slice(-3) as Triple;
  let room = BOX_BYTES / (product(own) * type.itemBytes);
  for (let axis = 2; axis >= 0; axis--) {
    const count = Math.max(1, Math.min(Math.floor(room), chunks.at(axis - 3)! / length[axis]!));
    length[axis]! *= count;
    room /= count;
  }
  return length;
}

/** Element type and bytes of what `zarrBoxes` yields. */
export function zarrVoxel({ meta }: ZarrVolume): { dtype: ZarrArrayMeta["type"]["dtype"]; itemBytes: number } {
  const { dtype, itemBytes } = meta.type;
  if (isWide(meta)) return { dtype: "float64", itemBytes: 8 };
  return { dtype: dtype === "bool" ? "uint8" : dtype, itemBytes };
}

function isWide({ type }: ZarrVolume["meta"]): boolean {
  return type.dtype === "int64" || type.dtype === "uint64";
}

function asDoubles(bytes: Uint8Array, { type }: ZarrVolume["meta"]): Uint8Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const View = type.dtype === "int64" ? BigInt64Array : BigUint64Array;
  const wide = new View(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / 8);
  const doubles = new Float64Array(wide.length);
  for (let i = 0; i < wide.length; i++) doubles[i] = Number(wide[i]!);
  return new Uint8Array(doubles.buffer);
}
