import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** One value of a block of fixed size, big-endian. */
export interface Field<T> {
  get(view: DataView): T;
  /** @throws {EmporiumError} FORMAT_FIELD for a value that the field does not hold; `name` is what the message calls it. */
  set(view: DataView, value: T, name: string): void;
}

/** The values of a block, each with its place. Reading and writing both go by it. */
export type Fields<T> = { readonly [Name in keyof T]: Field<T[Name]> };

export function readFields<T>(fields: Fields<T>, view: DataView): T {
  const values: Partial<T> = {};
  for (const name of names(fields)) values[name] = fields[name].get(view);
  return values as T;
}

/**
 * Writes values into an existing block. Other bytes stay: text beyond its end, invalid numbers, unknown fields. So an unchanged
 * block keeps every bit.
 */
export function writeFields<T>(fields: Fields<T>, view: DataView, values: T): void {
  for (const name of names(fields)) {
    const field = fields[name];
    if (!isSame(field.get(view), values[name])) field.set(view, values[name], name);
  }
}

const names = <T>(fields: Fields<T>): (keyof T & string)[] => Object.keys(fields) as (keyof T & string)[];

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return Object.entries(a).every(([key, value]) => Object.is(value, (b as Record<string, unknown>)[key]));
}

const whole = (bits: 8 | 16 | 32, signed: boolean) => {
  const least = signed ? -(2 ** (bits - 1)) : 0;
  const most = least + 2 ** bits - 1;
  return (value: number, name: string): number => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw fault(`${name} ${value}; expected a whole number from ${least} to ${most}`);
  };
};
const [byte, short, signed, unsigned] = [whole(8, false), whole(16, true), whole(32, true), whole(32, false)];

export const uint8 = (at: number): Field<number> => ({
  get: (view) => view.getUint8(at),
  set: (view, value, name) => view.setUint8(at, byte(value, name)),
});

export const int16 = (at: number): Field<number> => ({
  get: (view) => view.getInt16(at),
  set: (view, value, name) => view.setInt16(at, short(value, name)),
});

export const int32 = (at: number): Field<number> => ({
  get: (view) => view.getInt32(at),
  set: (view, value, name) => view.setInt32(at, signed(value, name)),
});

export const uint32 = (at: number): Field<number> => ({
  get: (view) => view.getUint32(at),
  set: (view, value, name) => view.setUint32(at, unsigned(value, name)),
});

export const float32 = (at: number): Field<number> => ({
  get: (view) => view.getFloat32(at),
  set: (view, value, name) => view.setFloat32(at, float(value, name)),
});

type Three = readonly [number, number, number];

export const ints = (at: number): Field<Three> => triple(int32, at);
export const floats = (at: number): Field<Three> => triple(float32, at);

function triple(field: (at: number) => Field<number>, at: number): Field<Three> {
  const three = [field(at), field(at + 4), field(at + 8)] as const;
  return {
    get: (view) => [three[0].get(view), three[1].get(view), three[2].get(view)],
    set: (view, value, name) => {
      // one number of three may be garbage that has to stay
      for (const [i, one] of three.entries()) if (!Object.is(one.get(view), value[i])) one.set(view, value[i]!, name);
    },
  };
}

/** Text up to the first NUL; what follows is whatever was in memory. Written with at least one NUL. */
export const text = (at: number, length: number): Field<string> => ({
  get: (view) => decodeText(new Uint8Array(view.buffer, view.byteOffset + at, length)),
  set: (view, value, name) => {
    const bytes = new TextEncoder().encode(value);
    if (bytes.length >= length)
      throw fault(`${name} ${JSON.stringify(value)} has ${counted(bytes.length, "byte")}, its field ${length - 1}`);
    if (bytes.includes(0)) throw fault(`${name} ${JSON.stringify(value)} holds NUL, which ends a text`);
    const field = new Uint8Array(view.buffer, view.byteOffset + at, length);
    field.fill(0);
    field.set(bytes);
  },
});

/** UTF-8 in newer programs, latin-1 in older ones. */
export function decodeText(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  const used = nul < 0 ? bytes : bytes.subarray(0, nul);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(used);
  } catch {
    return new TextDecoder("windows-1252").decode(used);
  }
}

/** @throws {EmporiumError} FORMAT_FIELD for what no float32 holds. */
export function float(value: number, name: string): number {
  const rounded = Math.fround(value);
  if (Number.isFinite(rounded)) return rounded;
  throw fault(`${value} among ${name}; expected numbers that a float32 holds`);
}

export function fault(message: string): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `a model to be written: ${message}`);
}
