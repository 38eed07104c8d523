import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { TiffPage } from "./header.js";

/** Form of samples in the file and in memory. */
export interface PixelType {
  /** Smallest type that holds every value. Samples of one bit are `bool`. */
  dtype: DType;
  itemBytes: number;
  /** Stored bits of a sample. */
  bits: number;
  /** `plain`: whole bytes in file order. `packed`: bits, highest first, rows start at a byte. `float24`: 1, 7 and 16 bits. */
  stored: "plain" | "packed" | "float24";
  signed: boolean;
}

const FLOATS: Readonly<Record<number, DType>> = { 16: "float16", 24: "float32", 32: "float32", 64: "float64" };

/**
 * The type of a page's samples.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED, naming the feature: mixed samples, complex integers, 16-byte complex, odd widths.
 */
export function pixelTypeOf(page: TiffPage, name: string): PixelType {
  const refuse = (what: string) =>
    new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${what} are not read`, {
      place: { file: name, byte: page.offset },
      hint: "save the image with samples of one type, integers or real numbers",
    });
  const [bits] = page.bitsPerSample as [number];
  const { sampleFormat } = page;
  if (page.mixedSamples) throw refuse(`samples of different types (${page.bitsPerSample.join(", ")} bits)`);
  if (sampleFormat === "complex-int") throw refuse(`complex integers of ${counted(bits, "bit")}`);
  if (sampleFormat === "complex-float") {
    if (bits !== 64) throw refuse(`complex numbers of ${counted(bits, "bit")}`);
    return { dtype: "complex64", itemBytes: 8, bits, stored: "plain", signed: true };
  }
  if (sampleFormat === "float") {
    const dtype = FLOATS[bits];
    if (!dtype) throw refuse(`real numbers of ${counted(bits, "bit")}`);
    return { dtype, itemBytes: ITEM_BYTES[dtype], bits, stored: bits === 24 ? "float24" : "plain", signed: true };
  }
  if (bits < 1 || bits > 64) throw refuse(`integers of ${counted(bits, "bit")}`);
  const signed = sampleFormat === "int";
  const size = bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
  const dtype: DType = bits === 1 && !signed ? "bool" : `${signed ? "int" : "uint"}${size}`;
  return { dtype, itemBytes: size / 8, bits, stored: bits === size ? "plain" : "packed", signed };
}
