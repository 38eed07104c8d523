import type { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { unpickle } from "./unpickle.js";
import { PickleCall, type PickleValue, pickleError } from "./values.js";

/** A table of pandas. */
export interface DataFrame {
  readonly rows: number;
  readonly names: readonly string[];
  /** Numbers and truth values as float64, texts as they are; undefined where there is no such column, or anything else in it. */
  column(name: string): Float64Array | readonly string[] | undefined;
  /** Attributes of the table beside its columns: `DataFrame.attrs`. */
  readonly attrs: ReadonlyMap<PickleValue, PickleValue>;
}

/**
 * Reads what `DataFrame.to_pickle` of pandas 1.3 to 3 writes, uncompressed: blocks of numpy arrays of numbers, truth values and
 * texts. No code runs: see `unpickle`.
 *
 * @throws {EmporiumError} as `unpickle`; FORMAT_FIELD where blocks, columns and rows do not fit together; FORMAT_UNSUPPORTED for
 *   a value that is no such table
 */
export function readDataFrame(bytes: Uint8Array, file: string): DataFrame {
  return frameOf(file, unpickle(bytes, file, GLOBALS));
}

/** Modules in which numpy 1 and numpy 2 keep the same globals. */
const NUMPY = ["numpy.core", "numpy._core"] as const;
const FRAME = ["pandas.core.frame.DataFrame", "pandas.DataFrame"];
const MANAGER = "pandas.core.internals.managers.BlockManager";
const BLOCK = "pandas._libs.internals._unpickle_block";
const NEW_INDEX = "pandas.core.indexes.base._new_Index";
/** Texts of pandas 3: an array of numpy in a wrapper. */
const WRAPPED = "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked";
const SLICE = "builtins.slice";
const DTYPE = "numpy.dtype";
const NDARRAY = "numpy.ndarray";
const FROM_BUFFER = NUMPY.map((core) => `${core}.numeric._frombuffer`);
const RECONSTRUCT = NUMPY.map((core) => `${core}.multiarray._reconstruct`);
const SCALAR = NUMPY.map((core) => `${core}.multiarray.scalar`);

const GLOBALS: ReadonlySet<string> = new Set([
  ...[...FRAME, MANAGER, BLOCK, NEW_INDEX, SLICE, DTYPE, NDARRAY, ...FROM_BUFFER, ...RECONSTRUCT, ...SCALAR],
  "pandas.core.indexes.base.Index",
  "pandas.core.indexes.range.RangeIndex",
  "pandas.core.indexes.numeric.Int64Index",
  ...[WRAPPED, "pandas.arrays.StringArray", "pandas.StringDtype", "pandas.Index", "pandas.RangeIndex"],
]);

type Value = PickleValue | undefined;

/** An array of numpy: `at` gives the element at a place in C order. */
interface Elements {
  readonly shape: readonly number[];
  readonly at: (index: number) => PickleValue;
}

const isCall = (value: PickleValue | undefined, names: readonly string[]): value is PickleCall =>
  value instanceof PickleCall && names.includes(value.global.name);

function frameOf(file: string, root: PickleValue): DataFrame {
  if (!isCall(root, FRAME) || !(root.state instanceof Map))
    throw unsupported(file, "a pickle of something else than a DataFrame");
  const manager = root.state.get("_mgr") ?? root.state.get("_data");
  if (!isCall(manager, [MANAGER])) throw unsupported(file, "a DataFrame whose blocks pandas 1.3 to 3 do not write");
  const [blocks, axes] = manager.args;
  if (!Array.isArray(blocks) || !Array.isArray(axes) || axes.length !== 2) throw unsupported(file, "a DataFrame without blocks");
  const names = namesOf(file, axes[0]!);
  const found = new Map<string, { elements: Elements; from: number }>();
  let rows: number | undefined;
  for (const block of blocks) {
    const { places, elements } = blockOf(file, block);
    const [count, length] = elements.shape as [number, number];
    if (count !== places.length || (rows !== undefined && length !== rows)) throw wrong(file, "blocks of unequal lengths");
    rows = length;
    for (const [row, place] of places.entries()) {
      const name = names[place];
      if (name === undefined) throw wrong(file, `column ${place} of ${names.length}`);
      found.set(name, { elements, from: row * length });
    }
  }
  const attrs = root.state.get("attrs");
  return {
    rows: rows ?? 0,
    names,
    column: (name) => {
      const at = found.get(name);
      return at && columnOf(at.elements, at.from, rows ?? 0);
    },
    attrs: attrs instanceof Map ? attrs : new Map(),
  };
}

/** Names of the columns: an index of texts. */
function namesOf(file: string, axis: PickleValue): string[] {
  const of = isCall(axis, [NEW_INDEX]) ? axis.args[1] : undefined;
  const data = of instanceof Map ? of.get("data") : undefined;
  if (data === undefined) throw unsupported(file, "a table whose columns have no names");
  return listOf(file, data).map((name, i) => (typeof name === "string" ? name : `column ${i}`));
}

function blockOf(file: string, block: PickleValue): { places: number[]; elements: Elements } {
  if (!isCall(block, [BLOCK])) throw unsupported(file, "a column of another kind than numbers and texts");
  const [values, where] = block.args;
  const found = arrayOf(file, values);
  const elements = found.shape.length === 1 ? { ...found, shape: [1, found.shape[0]!] } : found;
  if (elements.shape.length !== 2) throw unsupported(file, "a block that is not a table");
  if (isCall(where, [SLICE])) return { places: sliceOf(file, where.args), elements };
  return { places: listOf(file, where).map((place) => (isWhole(place) ? place : -1)), elements };
}

/** The elements of an array of one dimension. */
function listOf(file: string, value: Value): PickleValue[] {
  const { shape, at } = arrayOf(file, value);
  if (shape.length !== 1) throw wrong(file, `a list of ${counted(shape.length, "dimension")}`);
  return Array.from({ length: shape[0]! }, (_, i) => at(i));
}

function sliceOf(file: string, [start, stop, step]: readonly PickleValue[]): number[] {
  const by = step ?? 1;
  if (!isWhole(start) || !isWhole(stop) || !isWhole(by) || by < 1) throw wrong(file, "a slice of columns that is none");
  const places: number[] = [];
  for (let place = start; place < stop && places.length <= COLUMNS_MAX; place += by) places.push(place);
  return places;
}

function arrayOf(file: string, value: Value): Elements {
  if (isCall(value, [WRAPPED]) && Array.isArray(value.state)) return plainArray(file, value.state[1]);
  return plainArray(file, value);
}

function plainArray(file: string, value: Value): Elements {
  if (isCall(value, FROM_BUFFER)) {
    const [bytes, dtype, shape, order] = value.args;
    return elementsOf(file, dtype, shape, order === "F", bytes);
  }
  if (isCall(value, RECONSTRUCT) && Array.isArray(value.state)) {
    const [, shape, dtype, isFortran, content] = value.state;
    return elementsOf(file, dtype, shape, isFortran === true, content);
  }
  throw unsupported(file, "a column of another kind than numbers and texts");
}

function elementsOf(file: string, dtype: Value, shape: Value, isFortran: boolean, content: Value): Elements {
  if (!Array.isArray(shape) || shape.length > 2 || !shape.every(isWhole)) throw wrong(file, "an array without a shape");
  const lengths = shape as number[];
  const count = lengths.reduce((product, length) => product * length, 1);
  const read = readerOf(file, dtype, content, count);
  const [rows = 1, columns = 1] = lengths;
  const turned = isFortran && lengths.length === 2;
  return { shape: lengths, at: turned ? (i) => read((i % columns) * rows + Math.floor(i / columns)) : read };
}

/** @throws {EmporiumError} if `content` does not hold `count` elements */
function readerOf(file: string, dtype: Value, content: Value, count: number): (index: number) => PickleValue {
  if (!isCall(dtype, [DTYPE])) throw unsupported(file, "an array without a dtype");
  const name = typeof dtype.args[0] === "string" ? dtype.args[0] : "?";
  if (name.startsWith("O")) {
    if (!Array.isArray(content) || content.length !== count)
      throw wrong(file, `an array of ${counted(count, "object")} without them`);
    return (index) => content[index]!;
  }
  const kind = NUMBERS.get(name);
  if (!kind) throw unsupported(file, `an array of ${name.slice(0, 20)}`);
  if (!(content instanceof Uint8Array) || content.length !== count * kind.bytes) {
    throw wrong(file, `an array of ${count} ${name} in ${content instanceof Uint8Array ? content.length : 0} bytes`);
  }
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const isLittle = !(Array.isArray(dtype.state) && dtype.state[1] === ">");
  return (index) => kind.read(view, index * kind.bytes, isLittle);
}

function unsupported(file: string, found: string): EmporiumError {
  const hint = "save the picks as .star, .cbox or .coords, or again with pandas 2: DataFrame.to_pickle of plain columns";
  return pickleError(file, "FORMAT_UNSUPPORTED", found, undefined, hint);
}

function wrong(file: string, found: string): EmporiumError {
  return pickleError(file, "FORMAT_FIELD", found, undefined, "copy the file again, or save it again with pandas");
}

const COLUMNS_MAX = 100_000;
const isWhole = (value: Value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const NUMBERS = new Map<string, { bytes: number; read: (view: DataView, at: number, isLittle: boolean) => number | boolean }>([
  ["f8", { bytes: 8, read: (view, at, isLittle) => view.getFloat64(at, isLittle) }],
  ["f4", { bytes: 4, read: (view, at, isLittle) => view.getFloat32(at, isLittle) }],
  ["i8", { bytes: 8, read: (view, at, isLittle) => Number(view.getBigInt64(at, isLittle)) }],
  ["u8", { bytes: 8, read: (view, at, isLittle) => Number(view.getBigUint64(at, isLittle)) }],
  ["i4", { bytes: 4, read: (view, at, isLittle) => view.getInt32(at, isLittle) }],
  ["u4", { bytes: 4, read: (view, at, isLittle) => view.getUint32(at, isLittle) }],
  ["i2", { bytes: 2, read: (view, at, isLittle) => view.getInt16(at, isLittle) }],
  ["u2", { bytes: 2, read: (view, at, isLittle) => view.getUint16(at, isLittle) }],
  ["i1", { bytes: 1, read: (view, at) => view.getInt8(at) }],
  ["u1", { bytes: 1, read: (view, at) => view.getUint8(at) }],
  ["b1", { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 }],
]);

/** Numbers, or texts. Undefined for a column with any other value, such as a numpy scalar among objects. */
function columnOf({ at }: Elements, from: number, length: number): Float64Array | string[] | undefined {
  if (length > 0 && typeof at(from) === "string") {
    const texts = Array.from({ length }, (_, i) => at(from + i));
    return texts.every((value) => typeof value === "string") ? (texts as string[]) : undefined;
  }
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value = at(from + i);
    if (typeof value !== "number" && typeof value !== "boolean") return undefined;
    numbers[i] = Number(value);
  }
  return numbers;
}
