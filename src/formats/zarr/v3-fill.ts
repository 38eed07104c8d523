import { type DType, HOST_LITTLE_ENDIAN, ITEM_BYTES } from "../../core/dtype.js";
import type { Json } from "../../core/json.js";
import { Float, toNumber } from "../../core/number.js";
import { integerRange, isFloatDType } from "./dtype.js";
import { fillElement } from "./fill-element.js";
import { isArray, wrongField } from "./json.js";
import type { FillValue } from "./metadata.js";

/** A fill value and one element of it in host byte order: a NaN has bits that a number cannot carry. */
export interface V3Fill {
  value: FillValue;
  element: Uint8Array;
}

/**
 * `fill_value` of a Zarr v3 array: `true`; integers; floats as numbers, `"NaN"`, `"Infinity"`, `"-Infinity"` or bits
 * (`"0x7fc00000"`); complex numbers as two floats. Also accepts 0 and 1 for false and true (zarrita's writer), 3.0 for 3, null
 * for 0.
 *
 * @throws {EmporiumError} FORMAT_FIELD
 */
export function parseV3Fill(value: Json | undefined, dtype: DType, name: string): V3Fill {
  if (value === undefined) throw wrongField(name, "fill_value", value, "a value of the array's type");
  if (value === null) return plain(dtype === "bool" ? false : dtype.endsWith("int64") ? 0n : 0, dtype);
  if (dtype === "complex64") {
    if (!isArray(value) || value.length !== 2) throw wrongField(name, "fill_value", value, "two floats");
    const [re, im] = value.map((part, i) => floatFill(part, "float32", name, `fill_value.${i}`)) as [V3Fill, V3Fill];
    const element = new Uint8Array(8);
    element.set(re.element);
    element.set(im.element, 4);
    return { value: [re.value as number, im.value as number], element };
  }
  if (isFloatDType(dtype)) return floatFill(value, dtype, name, "fill_value");
  if (dtype === "bool") {
    const flag = typeof value === "boolean" ? value : [false, true][toNumber(value) ?? -1];
    if (flag === undefined) throw wrongField(name, "fill_value", value, "true or false");
    return plain(flag, dtype);
  }
  const whole = value instanceof Float && Number.isSafeInteger(value.value) ? value.value : value;
  const [least, greatest] = integerRange(dtype)!;
  const integer = typeof whole === "bigint" || Number.isInteger(whole) ? BigInt(whole as number | bigint) : undefined;
  if (integer === undefined || integer < least || integer > greatest) {
    throw wrongField(name, "fill_value", value, `an integer from ${least} to ${greatest}`);
  }
  return plain(dtype.endsWith("int64") ? integer : Number(integer), dtype);
}

/** The same as zarr-python 3 writes it. */
export function printedV3Fill(fill: FillValue, dtype: DType): Json {
  if (typeof fill === "boolean" || typeof fill === "bigint") return fill;
  if (typeof fill !== "number") return fill.map(printedFloat);
  return isFloatDType(dtype) ? printedFloat(fill) : fill;
}

function plain(value: FillValue, dtype: DType): V3Fill {
  return { value, element: fillElement(value, dtype) };
}

type FloatDType = "float16" | "float32" | "float64";

function floatFill(value: Json, dtype: DType, name: string, path: string): V3Fill {
  if (value === "NaN") return plain(Number.NaN, dtype);
  if (value === "Infinity") return plain(Number.POSITIVE_INFINITY, dtype);
  if (value === "-Infinity") return plain(Number.NEGATIVE_INFINITY, dtype);
  const number = toNumber(value);
  if (number !== undefined) return plain(number, dtype);
  const digits = 2 * ITEM_BYTES[dtype];
  if (typeof value !== "string" || !new RegExp(`^0x[0-9a-f]{${digits}}$`, "i").test(value)) {
    throw wrongField(name, path, value, `a number, "NaN", "Infinity", "-Infinity" or "0x" and ${digits} hexadecimal digits`);
  }
  const big = Uint8Array.from({ length: digits / 2 }, (_, i) => Number.parseInt(value.slice(2 + 2 * i, 4 + 2 * i), 16));
  return { value: floatOf(big, dtype as FloatDType), element: HOST_LITTLE_ENDIAN ? big.slice().reverse() : big };
}

function floatOf(big: Uint8Array, dtype: FloatDType): number {
  const view = new DataView(big.buffer);
  if (dtype === "float32") return view.getFloat32(0);
  if (dtype === "float64") return view.getFloat64(0);
  const bits = view.getUint16(0);
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

function printedFloat(value: number): Json {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return new Float(value);
}
