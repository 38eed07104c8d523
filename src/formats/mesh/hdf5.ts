import type { Metadata, Module } from "h5wasm";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { meshError } from "./mesh.js";

type H5Module = typeof Module;

/** Class of a type, by HDF5's own numbers. */
const INTEGER = 0;
const FLOAT = 1;
const STRING = 3;

/** Numbers of a dataset, little-endian whatever they are in the file. */
export interface Hdf5Numbers {
  bytes: Uint8Array;
  mode: `${"int" | "uint" | "float"}${number}`;
}

/** An open HDF5 file, whose objects have absolute paths. What is not there, or of another kind, is `undefined`. */
export interface Hdf5File {
  /** Names in a group, in text order. */
  names(path: string): string[] | undefined;
  /** Bytes of one string, of fixed or variable length, to its end or first zero. */
  string(path: string): Uint8Array | undefined;
  /** Numbers of any shape. */
  numbers(path: string): Hdf5Numbers | undefined;
}

/**
 * Opens an HDF5 file that is in memory and closes it again. Nothing touches a disk: the library's own file system holds the
 * bytes.
 *
 * Each file has an instance of the library to itself, which is handed on only when all went well: what a broken file leaves
 * behind goes with its instance. The library is kept from reading for ever, from memory past the file's share, and from a list
 * that it never leaves (see {@link checkGlobalHeap}).
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_CORRUPT with the library's reason, FORMAT_LIMIT; and what `use` throws.
 */
export async function withHdf5<Result>(bytes: Uint8Array, name: string, use: (file: Hdf5File) => Result): Promise<Result> {
  const start = superblockOf(bytes);
  if (start === undefined) {
    const message = "does not begin as an HDF5 file";
    throw meshError("FORMAT_UNKNOWN", name, { byte: 0 }, message, "check that this is an EMDB-SFF file in HDF5 (.hff)");
  }
  checkLength(bytes, start, name);
  const library = idle.pop() ?? (await newLibrary());
  const guard: Guard = {
    bytes,
    name,
    ceiling: LIMITS.hdf5MemoryBytes + 4 * bytes.length,
    reads: 0,
    atString: false,
    broken: undefined,
  };
  library.guard = guard;
  try {
    const result = useFile(library, guard, use);
    library.guard = undefined;
    // a large file leaves a large memory, which only ends with its instance
    if (idle.length === 0 && library.module.HEAPU8.length < LIMITS.hdf5MemoryBytes) idle.push(library);
    return result;
  } catch (thrown) {
    if (guard.broken) throw guard.broken;
    if (isEmporiumError(thrown)) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `the HDF5 library cannot read it: ${reason.split("\n")[0]!.slice(0, 200)}`;
    throw meshError("FORMAT_CORRUPT", name, {}, message, "write the file again, it is damaged");
  }
}

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** A file begins with its superblock, or has it behind a block of its user's: at byte 512, 1024, 2048 and so on. */
function superblockOf(bytes: Uint8Array): number | undefined {
  for (let start = 0; start < bytes.length; start = Math.max(512, start * 2)) {
    if (SIGNATURE.every((byte, at) => bytes[start + at] === byte)) return start;
  }
  return undefined;
}

/** The superblock tells where the file ends: one that was cut needs no library to be refused. */
function checkLength(bytes: Uint8Array, start: number, name: string): void {
  const cut = (message: string) =>
    meshError("FORMAT_TRUNCATED", name, { byte: bytes.length }, message, "copy the file again: it was cut short");
  if (bytes.length < start + 52) throw cut(`${counted(bytes.length, "byte")}, an HDF5 file has more`);
  const version = bytes[start + 8]!;
  const offsetBytes = bytes[start + (version < 2 ? 13 : 9)];
  if (version > 3 || offsetBytes !== 8) return; // the library knows what to make of it
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = view.getBigUint64(start + (version < 2 ? (version === 0 ? 40 : 44) : 28), true);
  if (end > BigInt(bytes.length)) throw cut(`${end} bytes by its superblock, this file has ${bytes.length}`);
}

/** Limits on the memory and reads of the file at hand, and the first error where it exceeded one. */
interface Guard {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly ceiling: number;
  reads: number;
  /** The next 16 bytes that are read are the reference to a string: its length, its heap, its index there. */
  atString: boolean;
  broken: Error | undefined;
}

interface Library {
  module: H5Module;
  guard: Guard | undefined;
}

/** An instance that no file has at the moment: making one costs some 20 ms. */
const idle: Library[] = [];

/**
 * A new instance of the library. Its package shares one instance that cannot be freed, so the factory is loaded from the file
 * where the package finds it.
 */
async function newLibrary(): Promise<Library> {
  const factoryUrl = new URL("./hdf5_util.js", import.meta.resolve("h5wasm")).href;
  const { default: factory } = (await import(/* @vite-ignore */ factoryUrl)) as {
    default: (options: object) => Promise<H5Module>;
  };
  const silent = () => undefined;
  const library: { guard: Guard | undefined } = { guard: undefined };
  let heap = new Uint8Array(0);
  const options = {
    noInitialRun: true,
    print: silent,
    printErr: silent,
    get HEAPU8() {
      return heap;
    },
    // Set when the library's memory has grown. Growth cannot be refused: the library's other views would stay behind, and loops
    // over them never end. What it does next is refused.
    set HEAPU8(grown: Uint8Array<ArrayBuffer>) {
      heap = grown;
      const { guard } = library;
      if (!guard || grown.length <= guard.ceiling) return;
      guard.broken ??= meshError(
        "FORMAT_LIMIT",
        guard.name,
        {},
        `reading it takes ${counted(grown.length, "byte")} of memory, a file of ${counted(guard.bytes.length, "byte")} has ${guard.ceiling}`,
      );
    },
  };
  return Object.assign(library, { module: await factory(options) });
}

const PATH = "/file.h5";

function useFile<Result>({ module }: Library, guard: Guard, use: (file: Hdf5File) => Result): Result {
  const { FS } = module;
  FS.writeFile(PATH, guard.bytes, { canOwn: true } as object);
  const node = FS.lookupPath(PATH, {}).node as unknown as { stream_ops: StreamOps };
  const plain = node.stream_ops;
  node.stream_ops = {
    ...plain,
    read(stream, buffer, offset, length, position) {
      guardRead(guard, position, length);
      return plain.read(stream, buffer, offset, length, position);
    },
  };
  const id = module.open(PATH, module.H5F_ACC_RDONLY, false, -1, -1);
  const result = use(fileOf(module, id, guard));
  if (guard.broken) throw guard.broken;
  module.close_file(id);
  FS.unlink(PATH);
  return result;
}

interface StreamOps {
  read(stream: unknown, buffer: Uint8Array, offset: number, length: number, position: number): number;
}

/** Looks at each range before the library gets it. */
function guardRead(guard: Guard, position: number, length: number): void {
  const { bytes, name } = guard;
  guard.reads++;
  // the library reads each block of metadata once, and blocks are never as small as this
  if (guard.reads > 10_000 + bytes.length / 16)
    guard.broken ??= meshError("FORMAT_CORRUPT", name, { byte: position }, `${guard.reads} reads do not come to an end`);
  // the library takes the memory for a string before it looks for it
  if (guard.atString && length === 16 && position + 4 <= bytes.length) {
    const claimed = new DataView(bytes.buffer, bytes.byteOffset).getUint32(position, true);
    if (claimed > bytes.length)
      guard.broken ??= meshError(
        "FORMAT_CORRUPT",
        name,
        { byte: position },
        `a string of ${counted(claimed, "byte")} in a file of ${bytes.length}`,
      );
  }
  if (length >= 16 && GLOBAL_HEAP.every((byte, at) => bytes[position + at] === byte)) {
    try {
      checkGlobalHeap(bytes, position, name);
    } catch (error) {
      guard.broken ??= error as Error;
    }
  }
  if (guard.broken) throw guard.broken;
}

/** "GCOL" and its only version, which no text goes on with. */
const GLOBAL_HEAP = [0x47, 0x43, 0x4f, 0x4c, 1];

/**
 * Checks the objects of a global heap collection (strings of variable length). The library walks them by size, and never ends if
 * a size is 0 or overflows.
 *
 * Source: The HDF Group, "HDF5 File Format Specification Version 3.0", III.E.
 */
function checkGlobalHeap(bytes: Uint8Array, start: number, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const broken = (byte: number, message: string) => meshError("FORMAT_CORRUPT", name, { byte }, `a global heap with ${message}`);
  if (start + 16 > bytes.length) throw broken(start, "no header");
  const size = view.getBigUint64(start + 8, true);
  if (size < 16n || size > BigInt(bytes.length - start))
    throw broken(start + 8, `${size} bytes, ${bytes.length - start} are left`);
  const end = start + Number(size);
  for (let at = start + 16; at + 16 <= end; ) {
    const index = view.getUint16(at, true);
    const length = view.getBigUint64(at + 8, true);
    // object 0 is the room left, header included
    const needed = index === 0 ? length : 16n + ((length + 7n) / 8n) * 8n;
    if (needed < 16n || needed > BigInt(end - at))
      throw broken(at + 8, `object ${index} of ${length} bytes, ${end - at} are left`);
    at += Number(needed);
  }
}

function fileOf(module: H5Module, id: bigint, guard: Guard): Hdf5File {
  // what the library does not find it calls an error, as it does what is broken; so the names are asked first
  const known = new Map<string, ReadonlySet<string>>();
  const namesIn = (group: string): ReadonlySet<string> => {
    const names = known.get(group) ?? new Set(module.get_names(id, group, false));
    known.set(group, names);
    return names;
  };
  const kindOf = (path: string): number | undefined => {
    if (path === "/") return module.H5G_GROUP;
    const slash = path.lastIndexOf("/");
    const group = path.slice(0, slash) || "/";
    if (kindOf(group) !== module.H5G_GROUP || !namesIn(group).has(path.slice(slash + 1))) return undefined;
    return module.get_type(id, path);
  };
  const metadataOf = (path: string): Metadata | undefined =>
    kindOf(path) === module.H5G_DATASET ? module.get_dataset_metadata(id, path) : undefined;

  /** Reads all of a dataset and shows it where it lies in the library's memory. */
  const withData = <Result>(path: string, metadata: Metadata, use: (start: number, length: number) => Result): Result => {
    const length = metadata.size * metadata.total_size;
    if (!(length <= guard.ceiling)) {
      const message = `a dataset of ${counted(length, "byte")}, a file of ${counted(guard.bytes.length, "byte")} has ${guard.ceiling}`;
      throw meshError("FORMAT_LIMIT", guard.name, { path }, message);
    }
    const pointer = module._malloc(Math.max(8, length));
    if (pointer === 0)
      throw (
        guard.broken ??
        meshError("FORMAT_LIMIT", guard.name, { path }, `a dataset of ${counted(length, "byte")}, which memory does not hold`)
      );
    // what was never stored must not be taken for an address
    module.HEAPU8.fill(0, pointer, pointer + Math.max(8, length));
    guard.atString = metadata.vlen;
    module.get_dataset_data(id, path, null, null, null, BigInt(pointer));
    guard.atString = false;
    if (guard.broken) throw guard.broken;
    const result = use(pointer, length);
    if (metadata.vlen) module.reclaim_vlen_memory(id, path, "", BigInt(pointer));
    module._free(pointer);
    return result;
  };

  return {
    names(path) {
      if (kindOf(path) !== module.H5G_GROUP) return undefined;
      return [...namesIn(path)].sort(inTextOrder);
    },
    string(path) {
      const metadata = metadataOf(path);
      if (metadata?.type !== STRING || metadata.total_size !== 1) return undefined;
      return withData(path, metadata, (start, length) => {
        const heap = module.HEAPU8;
        const from = metadata.vlen ? new DataView(heap.buffer).getUint32(start, true) : start;
        if (from === 0) return new Uint8Array(0);
        const zero = heap.indexOf(0, from);
        const end = metadata.vlen ? (zero < 0 ? heap.length : zero) : Math.min(start + length, zero < 0 ? heap.length : zero);
        return heap.slice(from, end);
      });
    },
    numbers(path) {
      const metadata = metadataOf(path);
      if (!metadata?.shape || (metadata.type !== INTEGER && metadata.type !== FLOAT)) return undefined;
      const kind = metadata.type === FLOAT ? "float" : metadata.signed ? "int" : "uint";
      return withData(path, metadata, (start, length) => ({
        bytes: module.HEAPU8.slice(start, start + length),
        mode: `${kind}${metadata.size * 8}`,
      }));
    },
  };
}

/** Order of HDF5's own index: by bytes of UTF-8, which is by code points. */
function inTextOrder(a: string, b: string): number {
  const [first, second] = [[...a], [...b]];
  for (let at = 0; at < Math.min(first.length, second.length); at++) {
    const difference = first[at]!.codePointAt(0)! - second[at]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return first.length - second.length;
}
