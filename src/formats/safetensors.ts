import { type DType, ITEM_BYTES } from "../core/dtype.js";
import { EmporiumError } from "../core/errors.js";
import { type JsonObject, printJsonLine } from "../core/json.js";
import { counted } from "../core/units.js";

/** Names of element types in a safetensors file. */
const NAMES: Partial<Record<DType, string>> = {
  ...{ bool: "BOOL", int8: "I8", uint8: "U8", int16: "I16", uint16: "U16", int32: "I32", uint32: "U32" },
  ...{ int64: "I64", uint64: "U64", float16: "F16", float32: "F32", float64: "F64" },
};
const ALIGN_BYTES = 8;

export interface Tensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** C order, little-endian. */
  readonly plain: Uint8Array;
}

/**
 * Tensors as a file of the safetensors format (github.com/huggingface/safetensors, README): the length of the header, the header, the bytes.
 *
 * @param metadata texts by their names
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for a type that the format has not
 */
export function encodeSafetensors(tensors: readonly Tensor[], metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const head: Record<string, JsonObject> = { __metadata__: { ...metadata } };
  let end = 0;
  for (const { name, dtype, shape, plain } of tensors) {
    const type = NAMES[dtype];
    if (!type) throw new EmporiumError("FORMAT_UNSUPPORTED", `safetensors files have no ${dtype}`);
    const bytes = shape.reduce((product, length) => product * length, ITEM_BYTES[dtype]);
    if (plain.length !== bytes)
      throw new EmporiumError("INTERNAL", `${counted(plain.length, "byte")} for ${shape.join("×")} of ${dtype}`);
    head[name] = { dtype: type, shape: [...shape], data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const text = new TextEncoder().encode(printJsonLine(head));
  const length = Math.ceil(text.length / ALIGN_BYTES) * ALIGN_BYTES;
  const file = new Uint8Array(8 + length + end).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(text, 8);
  let at = 8 + length;
  for (const { plain } of tensors) {
    file.set(plain, at);
    at += plain.length;
  }
  return file;
}
