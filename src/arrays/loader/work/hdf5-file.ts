import type { Dataset, File, Metadata, Module } from "h5wasm/node";
import { type Triple, volumeOf } from "../../../core/box.js";
import { type DType, ITEM_BYTES } from "../../../core/dtype.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { emptyFacts, type PeekFacts } from "../../../formats/peek/facts.js";
import { copyElements, stridesOf } from "../../../formats/zarr/read.js";
import { type AxisSelection, LAST_NAMES, lastAxes, type SelectedAxes, selectAxes, spatial } from "../axes.js";
import type { ChunkedLevel } from "../chunked.js";
import type { Hdf5Level, Hdf5Place } from "./hdf5-job.js";

type H5Module = typeof Module;
type H5Library = typeof import("h5wasm/node");

/** Filters that the library has: deflate, shuffle, Fletcher-32, szip, n-bit, scale-offset. */
const FILTERS: Readonly<Record<number, string>> = {
  1: "gzip",
  2: "shuffle",
  3: "fletcher32",
  4: "szip",
  5: "nbit",
  6: "scaleoffset",
};

/** Bytes of rows that are read together where a dataset has no chunks. */
const ROWS_BYTES = 2 ** 20;

/** A dataset that is open: what is known of it, and its voxels. */
export interface OpenDataset {
  readonly facts: Hdf5Level;
  /** One chunk, z, y, x, padded with zeros. @param cell its position in the grid */
  read(cell: Triple): { plain: Uint8Array<ArrayBuffer>; storedBytes: number };
  close(): void;
}

/**
 * A dataset of an HDF5 file of this machine, chunked or not: the library reads it box by box from the file, chunks with gzip included. It works in
 * the thread that asks, and a damaged file may keep it busy: a thread of its own (hdf5-worker.ts).
 *
 * Axes are z, y, x, the last three, or as ilastik's `axistags` name them; `element_size_um` (Fiji, ilastik) tells the voxel size.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_LIMIT (a chunk), FORMAT_UNSUPPORTED (types, filters), USAGE for a dataset that is not there
 */
export async function openDataset({ path, dataset, select, name }: Hdf5Place): Promise<OpenDataset> {
  const { module, library, file, datasets } = await openFile(path);
  try {
    const inside = dataset === undefined ? datasets() : undefined;
    const at = dataset ?? soleImage(inside!.found);
    const found = at === undefined ? undefined : within(module, path, () => file.get(at));
    if (!(found instanceof library.Dataset)) throw noDataset(path, dataset, inside ?? datasets());
    const { facts, read } = levelOf(module, path, file, found, select, name);
    const notes = [...(facts.notes ?? []), ...(inside ? lostNotes(inside) : [])];
    return { facts: { ...facts, notes }, read, close: () => void file.close() };
  } catch (error) {
    file.close();
    throw damaged(path, error);
  }
}

interface Files {
  open(path: string, ...how: unknown[]): unknown;
  readonly ErrnoError: new (number: number) => Error;
}
/** Numbers of the library's own C library. */
const ABSENT = 44;
const O_DIRECTORY = 0x10000;

/** The only file that the library may open just now, and another one that it wanted. */
let only: string | undefined;
let other: string | undefined;
const guarded = new WeakSet<Files>();

/**
 * Lets the library read one file. Links, virtual datasets and external storage name others, which may be any file of this machine: they are not opened.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED where it wanted another one
 */
function within<T>(module: H5Module, path: string, work: () => T): T {
  const files = (module as unknown as { FS: Files }).FS;
  if (!guarded.has(files)) {
    const open = files.open;
    files.open = (name, ...how) => {
      if (only === undefined || name === only) return open(name, ...how);
      // folders are those where it looks for its plugins
      if (typeof how[0] !== "number" || (how[0] & O_DIRECTORY) === 0) other = name;
      throw new files.ErrnoError(ABSENT);
    };
    guarded.add(files);
  }
  [only, other] = [path, undefined];
  try {
    const result = work();
    if (other === undefined) return result;
  } catch (error) {
    if (other === undefined) throw error;
  } finally {
    only = undefined;
  }
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${path}: the voxels are in another file, which is not read`, {
    place: { file: path },
    hint: "write a file that holds them, for example with h5repack",
  });
}

/**
 * The facts of each dataset of an HDF5 file that is an image or a volume: numbers along two axes or more.
 *
 * @param path path of the file on this machine. @param name its name in facts and messages, before `#` and the dataset's path
 * @throws {EmporiumError} FORMAT_CORRUPT; FORMAT_UNKNOWN where there is none
 */
export async function datasetsIn(path: string, name: string): Promise<PeekFacts[]> {
  const { module, file, datasets } = await openFile(path);
  try {
    const inside = datasets();
    const images = inside.found.filter(isImage);
    const lost = lostNotes(inside);
    if (images.length === 0) {
      const also = lost.length > 0 ? `; ${lost.join("; ")}` : "";
      throw new EmporiumError("FORMAT_UNKNOWN", `${name}: HDF5 without a dataset of numbers along two axes or more${also}`, {
        place: { file: name },
        hint: "look into it with h5ls or h5py",
      });
    }
    const facts = images.map((dataset) => within(module, path, () => factsOf(dataset, `${name}#${dataset.path}`)));
    for (const note of lost) facts[0]!.warnings.push(`hdf5-left-out: ${note}`);
    return facts;
  } catch (error) {
    throw damaged(name, error);
  } finally {
    file.close();
  }
}

async function openFile(path: string) {
  // 3 MB of WebAssembly: only those load it who read such files
  const library = await import("h5wasm/node");
  const module = await library.ready;
  const file = opened(() => within(module, path, () => new library.File(path, "r")), path);
  if (file.file_id <= 0n) throw damaged(path, "not an HDF5 file, or cut short");
  /** Runs `work` on an object of the file; undefined where the name is a link to nothing or to another file. */
  const own = <T>(work: () => T): T | undefined => {
    try {
      return within(module, path, work);
    } catch {
      return undefined; // a link to nothing, or to another file
    }
  };
  return { module, library, file, datasets: () => datasetsOf(file, library, own) };
}

function factsOf(dataset: Dataset, name: string): PeekFacts {
  const { metadata } = dataset;
  const shape = [...metadata.shape!];
  const tagged = axisNames(dataset);
  const axes = tagged.names ?? shape.map((_, axis) => LAST_NAMES.at(axis - shape.length) ?? `dim_${axis}`);
  const sizes = voxelSizeNm(dataset);
  const voxelSize = axes.map((axis) => sizes["zyx".indexOf(axis)] ?? null);
  return emptyFacts({
    ...{ name, format: "hdf5", shape, axes, dtype: knownType(metadata)!, raw: {}, voxelSize },
    unit: voxelSize.map((size) => (size === null ? null : "nm")),
    warnings: tagged.notes.map((note) => `axistags: ${note}`),
    sources: { shape: "file", dtype: "file", ...(voxelSize.some((size) => size !== null) && { voxelSize: "file" as const }) },
  });
}

const isImage = ({ metadata, path }: Dataset): boolean =>
  (metadata.shape?.length ?? 0) > 1 && knownType(metadata) !== undefined && (!VELOX.test(path) || VELOX_PIXELS.test(path));

/** Paths below which Velox (.emd) keeps an image or a detector: texts and tables beside the pixels are arrays of numbers, too. */
const VELOX = /^\/Data\/\w+\/[0-9a-f]{32}\//;
const VELOX_PIXELS = /^\/Data\/(?:Image|SpectrumImage)\/[0-9a-f]{32}\/Data$/;

/** The path of the file's only image. */
function soleImage(datasets: readonly Dataset[]): string | undefined {
  const [first, second] = datasets.filter(isImage);
  return second === undefined ? first?.path : undefined;
}

function opened<T>(open: () => T, path: string): T {
  try {
    return open();
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(name: string, cause: unknown): EmporiumError {
  if (isEmporiumError(cause)) return cause;
  const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!.slice(0, 200);
  return new EmporiumError("FORMAT_CORRUPT", `${name}: the HDF5 library cannot read it: ${reason}`, {
    place: { file: name },
    hint: "check the file with h5dump or h5py",
  });
}

/**
 * Limits of the search for datasets: depth of groups, and number of names. EMAN2 and Imaris have their datasets four groups deep.
 */
const DEPTH = 6;
const NAMES_MAX = 10_000;

/** Datasets found in a file, and what was not searched. */
interface Inside {
  readonly found: readonly Dataset[];
  /** Paths of links to nothing or to another file, and of what cannot be read. */
  readonly lost: readonly string[];
  /** There are more names, or deeper groups. */
  readonly isCut: boolean;
}

/** Every dataset of a file, group by group. A group that is linked into itself is looked into a few times. */
function datasetsOf(
  file: File,
  kinds: Pick<H5Library, "Dataset" | "Group" | "Datatype">,
  own: <T>(work: () => T) => T | undefined,
): Inside {
  const found: Dataset[] = [];
  const lost: string[] = [];
  let names = 0;
  let isCut = false;
  const look = (group: Pick<File, "keys" | "get">, path: string, depth: number): void => {
    for (const name of group.keys()) {
      if (++names > NAMES_MAX) {
        isCut = true;
        return;
      }
      const here = `${path}/${name}`;
      const one = own(() => group.get(name));
      if (one instanceof kinds.Dataset) {
        if (own(() => one.metadata)) found.push(one);
        else lost.push(here);
      } else if (one instanceof kinds.Group) {
        if (depth < DEPTH) look(one, here, depth + 1);
        else isCut ||= one.keys().length > 0;
      } else if (!(one instanceof kinds.Datatype)) lost.push(here); // a link
    }
  };
  look(file, "", 1);
  return { found, lost, isCut };
}

/** Number of lost links that a note names. */
const LOST_TOLD = 3;

function lostNotes({ lost, isCut }: Inside): string[] {
  const more = lost.length > LOST_TOLD ? ` and ${lost.length - LOST_TOLD} more` : "";
  const paths = `${lost.slice(0, LOST_TOLD).join(", ")}${more}`;
  return [
    ...(lost.length > 0 ? [`${paths}: not read, since nothing is there, or it lies in another file or is damaged`] : []),
    ...(isCut ? [`datasets behind the first ${NAMES_MAX} names, or more than ${DEPTH} groups deep, were not looked for`] : []),
  ];
}

function noDataset(path: string, dataset: string | undefined, inside: Inside): EmporiumError {
  const known = inside.found.slice(0, 10).map((one) => one.path);
  const lost = lostNotes(inside);
  const also = lost.length > 0 ? `; ${lost.join("; ")}` : "";
  const what = dataset === undefined ? `an HDF5 file, and no dataset of it is named${also}` : `has no dataset ${dataset}${also}`;
  const hint =
    known.length > 0
      ? `name one behind a #: ${known.map((one) => `${path}#${one}`).join(", ")}`
      : "name one behind a #: file.h5#/volume";
  return new EmporiumError("USAGE", `${path}: ${what}`, { place: { file: path }, hint });
}

function levelOf(
  module: H5Module,
  filePath: string,
  file: File,
  dataset: Dataset,
  wanted: AxisSelection,
  name: string,
): Pick<OpenDataset, "facts" | "read"> {
  const { metadata } = dataset;
  const shape = metadata.shape ?? [];
  const dtype = dtypeOf(metadata, name);
  const itemBytes = ITEM_BYTES[dtype];
  const { names, notes } = axisNames(dataset);
  const at = (axis: string) => names?.indexOf(axis) ?? -1;
  const order =
    names && at("y") >= 0 && at("x") >= 0
      ? ([at("z") < 0 ? undefined : at("z"), at("y"), at("x")] as const)
      : lastAxes(shape.length);
  const axes = selectAxes(shape, order, names, wanted, name);
  const volume = spatial(shape, axes.axes, 1);
  const chunk = metadata.chunks ? spatial(metadata.chunks, axes.axes, 1) : rowsOf(volume, itemBytes);
  const chunkBytes = volumeOf(chunk) * itemBytes;
  if (chunkBytes > LIMITS.chunkBytes) {
    throw new EmporiumError("FORMAT_LIMIT", `${name}: a chunk of ${chunkBytes} bytes; at most ${LIMITS.chunkBytes} are read`, {
      place: { file: name },
      hint: "write it again in smaller chunks, for example with h5repack",
    });
  }
  const box = { module, filePath, id: file.file_id, path: dataset.path, axes, volume, chunk, itemBytes, name };
  const codec = filterNames(dataset, name);
  const facts = {
    shape: volume,
    chunk,
    dtype,
    itemBytes,
    voxelSizeNm: voxelSizeNm(dataset),
    codec,
    notes: [...notes, ...axes.notes],
  };
  return { facts, read: (cell) => readCell(box, cell) };
}

/** The longest rows of a section that are not more than a mebibyte. */
function rowsOf([, y, x]: Triple, itemBytes: number): Triple {
  return [1, Math.max(1, Math.min(y, Math.floor(ROWS_BYTES / (x * itemBytes)))), x];
}

const INTEGER = 0;
const FLOAT = 1;

function knownType({ type, size, signed }: Metadata): DType | undefined {
  const kind = type === FLOAT ? "float" : type === INTEGER ? (signed ? "int" : "uint") : undefined;
  const dtype = `${kind}${8 * size}`;
  return kind !== undefined && dtype in ITEM_BYTES ? (dtype as DType) : undefined;
}

function dtypeOf(metadata: Metadata, name: string): DType {
  const dtype = knownType(metadata);
  if (dtype !== undefined) return dtype;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: its elements are no integers or floats of 8 to 64 bits`, {
    place: { file: name, path: "type" },
    hint: "convert the dataset, for example with h5py",
  });
}

function filterNames({ filters }: Dataset, name: string): string {
  const unknown = filters.find(({ id }) => FILTERS[id] === undefined);
  if (unknown) {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${name}: chunks are compressed with ${unknown.name} (filter ${unknown.id}), which is not read`,
      {
        place: { file: name },
        hint: "write the dataset again with gzip or without compression, for example with h5repack",
      },
    );
  }
  return filters.map(({ id }) => FILTERS[id]!).join("+") || "raw";
}

/** ilastik's names of axes, a JSON document of vigra's. */
function axisNames({ attrs, path, metadata }: Dataset): { names: string[] | undefined; notes: string[] } {
  const rank = metadata.shape?.length ?? 0;
  // Velox stores the frames of an image as its last axis
  if (VELOX_PIXELS.test(path) && rank === 3) return { names: ["y", "x", "z"], notes: [] };
  if (attrs.axistags === undefined) return { names: undefined, notes: [] };
  const names = vigraNames(attrs.axistags.value);
  if (names?.length === rank && names.includes("y") && names.includes("x")) return { names, notes: [] };
  const found = names ? `axistags name ${names.join(", ") || "no axis"}` : "axistags are not what vigra writes";
  return { names: undefined, notes: [`${found}: its axes are taken to be ${LAST_NAMES.slice(-rank).join(", ")}`] };
}

function vigraNames(text: unknown): string[] | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const { axes } = JSON.parse(text) as { axes: { key: string }[] };
    return axes.map(({ key }) => String(key).toLowerCase());
  } catch {
    return undefined;
  }
}

/** Voxel size from ilastik's attribute `element_size_um`, z, y, x. */
function voxelSizeNm({ attrs }: Dataset): ChunkedLevel["voxelSizeNm"] {
  const value = attrs.element_size_um?.value;
  const sizes = ArrayBuffer.isView(value) || Array.isArray(value) ? Array.from(value as ArrayLike<number>, Number) : [];
  if (sizes.length !== 3 || !sizes.every((size) => Number.isFinite(size) && size > 0)) return [undefined, undefined, undefined];
  return sizes.map((size) => Number((size * 1000).toPrecision(12))) as Triple;
}

interface CellBox {
  readonly module: H5Module;
  readonly filePath: string;
  readonly id: bigint;
  readonly path: string;
  readonly axes: SelectedAxes;
  readonly volume: Triple;
  readonly chunk: Triple;
  readonly itemBytes: number;
  readonly name: string;
}

function readCell(box: CellBox, cell: Triple) {
  const { axes, volume, chunk, itemBytes } = box;
  const offset = [...axes.at];
  const count = axes.at.map(() => 1);
  const size = chunk.map((length, axis) => Math.min(length, volume[axis]! - cell[axis]! * length)) as Triple;
  for (const [at, axis] of axes.axes.entries()) {
    if (axis === undefined) continue;
    offset[axis] = cell[at]! * chunk[at]!;
    count[axis] = size[at]!;
  }
  const bytes = readBytes(box, count, offset);
  const plain = new Uint8Array(chunk[0] * chunk[1] * chunk[2] * itemBytes);
  const strides = spatial(stridesOf(count, "C"), axes.axes, 0);
  copyElements({ bytes, strides, offset: 0 }, { bytes: plain, strides: stridesOf(chunk, "C"), offset: 0 }, size, itemBytes);
  return { plain, storedBytes: bytes.length };
}

/** Elements of a box, little-endian whatever they are in the file, in memory of their own. */
function readBytes({ module, filePath, id, path, itemBytes, name }: CellBox, count: number[], offset: number[]): Uint8Array {
  const length = count.reduce((product, one) => product * one, itemBytes);
  const pointer = module._malloc(length);
  if (pointer === 0) throw damaged(name, `no memory for ${length} bytes`);
  try {
    const wide = (numbers: number[]) => numbers.map(BigInt);
    const ones = wide(count.map(() => 1));
    const read = () => module.get_dataset_data(id, path, wide(count), wide(offset), ones, BigInt(pointer)) as unknown;
    const status = within(module, filePath, read);
    if (typeof status === "number" && status < 0) throw damaged(name, "a part cannot be read");
    return module.HEAPU8.slice(pointer, pointer + length);
  } catch (error) {
    throw damaged(name, error);
  } finally {
    module._free(pointer);
  }
}
