import type { Dataset, File, Metadata, Module } from "h5wasm/node";
import type { Triple } from "../../core/box.js";
import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { copyElements, stridesOf } from "../../formats/zarr/read.js";
import { type AxisSelection, lastAxes, type SelectedAxes, selectAxes, spatial } from "./axes.js";
import type { ChunkedLevel } from "./chunked.js";

type H5Module = typeof Module;

/** Files that people call so. */
const NAMED = /\.(?:h5|hdf5?|nxs|ilp|ims)$/i;

/** The file and the dataset in it, of `file.h5#/volume`; undefined where the location names no HDF5 file. */
export function hdf5Place(location: string): { file: string; dataset: string | undefined } | undefined {
  const mark = location.indexOf("#");
  const file = mark < 0 ? location : location.slice(0, mark);
  if (!NAMED.test(file)) return undefined;
  return { file, dataset: mark < 0 ? undefined : `/${location.slice(mark + 1).replace(/^\/+/, "")}` };
}

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

/** A dataset that is open. `close` ends its file. */
export interface OpenHdf5 {
  readonly levels: readonly ChunkedLevel[];
  close(): void;
}

/**
 * A dataset of an HDF5 file of this machine, chunked or not: the library reads it box by box from the file, chunks with gzip included.
 *
 * Axes are z, y, x, the last three, or as ilastik's `axistags` name them; `element_size_um` (Fiji, ilastik) tells the voxel size. The library works in
 * this thread and reads one box at a time; a damaged file may keep it busy.
 *
 * @param path of the file. @param dataset its path in the file
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_UNSUPPORTED (types, filters), USAGE for a dataset that is not there
 */
export async function openHdf5(
  path: string,
  dataset: string | undefined,
  wanted: AxisSelection,
  name: string,
): Promise<OpenHdf5> {
  // 3 MB of WebAssembly: only those load it who read such files
  const library = await import("h5wasm/node");
  const module = await library.ready;
  const file = opened(() => within(module, path, () => new library.File(path, "r")), path);
  if (file.file_id <= 0n) throw damaged(path, "it is none, or cut short");
  try {
    const found = dataset === undefined ? undefined : within(module, path, () => file.get(dataset));
    if (!(found instanceof library.Dataset)) throw noDataset(path, dataset, datasetsOf(file, library.Dataset));
    return { levels: [levelOf(module, path, file, found, wanted, name)], close: () => void file.close() };
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
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${path}: its voxels lie in another file, which is not read`, {
    place: { file: path },
    hint: "write a file that holds them, for example with h5repack",
  });
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

/** Datasets at the top of a file and in its groups there, for a hint. */
function datasetsOf(file: File, kind: typeof Dataset): string[] {
  const names = file.keys().flatMap((name) => {
    const one = file.get(name);
    if (one instanceof kind) return [`/${name}`];
    const inner = one !== null && "keys" in one ? one.keys() : [];
    return inner.filter((below) => file.get(`${name}/${below}`) instanceof kind).map((below) => `/${name}/${below}`);
  });
  return names.slice(0, 10);
}

function noDataset(path: string, dataset: string | undefined, known: readonly string[]): EmporiumError {
  const what = dataset === undefined ? "an HDF5 file, and no dataset of it is named" : `has no dataset ${dataset}`;
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
): ChunkedLevel {
  const { metadata } = dataset;
  const shape = metadata.shape ?? [];
  const dtype = dtypeOf(metadata, name);
  const itemBytes = ITEM_BYTES[dtype];
  const names = axisNames(dataset);
  const at = (axis: string) => names?.indexOf(axis) ?? -1;
  const order =
    names && at("y") >= 0 && at("x") >= 0
      ? ([at("z") < 0 ? undefined : at("z"), at("y"), at("x")] as const)
      : lastAxes(shape.length);
  const axes = selectAxes(shape, order, names, wanted, name);
  const volume = spatial(shape, axes.axes, 1);
  const chunk = metadata.chunks ? spatial(metadata.chunks, axes.axes, 1) : rowsOf(volume, itemBytes);
  const box = { module, filePath, id: file.file_id, path: dataset.path, axes, volume, chunk, itemBytes, name };
  return {
    name,
    shape: volume,
    chunk,
    dtype,
    itemBytes,
    voxelSizeNm: voxelSizeNm(dataset),
    offsetNm: [0, 0, 0],
    fill: new Uint8Array(itemBytes),
    codec: filterNames(dataset, name),
    coding: undefined,
    find: () => undefined,
    load: async (cell) => readCell(box, cell),
  };
}

/** The longest rows of a section that are not more than a mebibyte. */
function rowsOf([, y, x]: Triple, itemBytes: number): Triple {
  return [1, Math.max(1, Math.min(y, Math.floor(ROWS_BYTES / (x * itemBytes)))), x];
}

const INTEGER = 0;
const FLOAT = 1;

function dtypeOf({ type, size, signed }: Metadata, name: string): DType {
  const kind = type === FLOAT ? "float" : type === INTEGER ? (signed ? "int" : "uint") : undefined;
  const dtype = `${kind}${8 * size}`;
  if (kind !== undefined && dtype in ITEM_BYTES) return dtype as DType;
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
function axisNames({ attrs }: Dataset): string[] | undefined {
  const text = attrs.axistags?.value;
  if (typeof text !== "string") return undefined;
  try {
    const { axes } = JSON.parse(text) as { axes: { key: string }[] };
    return axes.map(({ key }) => String(key).toLowerCase());
  } catch {
    return undefined; // not what vigra writes
  }
}

/** `element_size_um`: z, y, x. */
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

/** One chunk, z, y, x, padded with zeros. */
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
    if (typeof status === "number" && status < 0) throw damaged(name, "a part of it cannot be read");
    return module.HEAPU8.slice(pointer, pointer + length);
  } catch (error) {
    throw damaged(name, error);
  } finally {
    module._free(pointer);
  }
}
