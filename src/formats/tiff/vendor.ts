import type { Directory } from "./directory.js";
import { TAG } from "./tags.js";

/** Facts from the private tags of microscope makers. */
export interface VendorFacts {
  maker: "FEI" | "Gatan" | "Olympus" | "Zeiss";
  /** Size of a pixel along x and y, with the maker's unit; undefined where it is not given. */
  pixelSize: { x: number | undefined; y: number | undefined; unit: string } | undefined;
  /** Position of the first pixel, in the same unit. */
  offset: { x: number | undefined; y: number | undefined } | undefined;
  /** Values by section and key, or by key. */
  values: Record<string, string>;
}

const GATAN = { unitX: 65003, unitY: 65004, originX: 65006, originY: 65007, scaleX: 65009, scaleY: 65010 } as const;

/** Tags whose values are needed. */
export const VENDOR_TAGS: readonly number[] = [TAG.FEI_HELIOS, TAG.FEI_SFEG, TAG.CZ_SEM, TAG.OlympusSIS, ...Object.values(GATAN)];
export const VENDOR_BYTES_MAX = 64 * 1024;

/**
 * The private tags of a directory, the first maker's that there is.
 *
 * @param read bytes of the file, for Olympus, whose tag is only an offset; undefined where they are not at hand.
 */
export async function readVendorTags(
  directory: Directory,
  read: (offset: number, length: number) => Promise<Uint8Array | undefined>,
): Promise<VendorFacts | undefined> {
  const text = async (tag: number) => directory.text(tag, VENDOR_BYTES_MAX);
  const fei = (await text(TAG.FEI_HELIOS)) || (await text(TAG.FEI_SFEG));
  if (fei !== "") return feiFacts(fei);
  const zeiss = await text(TAG.CZ_SEM);
  if (zeiss !== "") return zeissFacts(zeiss);
  const number = async (tag: number) => {
    const value = await directory.value(tag, 1);
    return Array.isArray(value) && typeof value[0] === "number" ? value[0] : undefined;
  };
  const scale = { x: positive(await number(GATAN.scaleX)), y: positive(await number(GATAN.scaleY)) };
  if (scale.x !== undefined || scale.y !== undefined) {
    const [originX, originY] = [await number(GATAN.originX), await number(GATAN.originY)];
    const along = (origin: number | undefined, size: number | undefined) =>
      origin !== undefined && size !== undefined ? -origin * size + 0 : undefined;
    const unit = await text(GATAN.unitX);
    return {
      maker: "Gatan",
      pixelSize: unit === "" ? undefined : { ...scale, unit },
      offset: { x: along(originX, scale.x), y: along(originY, scale.y) },
      values: {},
    };
  }
  const olympus = (await directory.numbers(TAG.OlympusSIS, 1))?.[0];
  return olympus === undefined ? undefined : olympusFacts(olympus, directory.layout.littleEndian, read);
}

/** Text of an INI file: `[Section]`, then lines `key=value`. Numbers that are not numbers occur. */
function feiFacts(text: string): VendorFacts {
  const values: Record<string, string> = {};
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const head = /^\[(.+)\]\s*$/.exec(line);
    if (head) section = head[1]!;
    else {
      const equals = line.indexOf("=");
      if (equals > 0) define(values, `${section}.${line.slice(0, equals).trim()}`, line.slice(equals + 1).trim());
    }
  }
  const scan = values["Beam.Scan"];
  const sections = ["Scan", ...(scan ? [scan] : []), "EScan", "IScan"];
  const size = (key: string) =>
    sections.map((of) => positive(Number(values[`${of}.${key}`] || Number.NaN))).find((one) => one !== undefined);
  const pixelSize = { x: size("PixelWidth"), y: size("PixelHeight"), unit: "m" };
  const known = pixelSize.x !== undefined || pixelSize.y !== undefined;
  return { maker: "FEI", pixelSize: known ? pixelSize : undefined, offset: undefined, values };
}

/** Lines in pairs: a key such as `AP_IMAGE_PIXEL_SIZE`, then `Image Pixel Size = 9.971 nm`. */
function zeissFacts(text: string): VendorFacts {
  const values: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (const [i, line] of lines.entries()) {
    if (!/^[A-Z]{2}_[A-Z0-9_]+$/.test(line)) continue;
    const found = /^[^=]*=\s*(.*)$/.exec(lines[i + 1] ?? "");
    if (found) define(values, line, found[1]!.trim());
  }
  const size = /^([\d.eE+-]+)\s*(\S+)$/.exec(values.AP_IMAGE_PIXEL_SIZE ?? values.AP_PIXEL_SIZE ?? "");
  const value = positive(Number(size?.[1]));
  return {
    maker: "Zeiss",
    pixelSize: value === undefined ? undefined : { x: value, y: value, unit: size![2]! },
    offset: undefined,
    values,
  };
}

/** `SIS0`, date, name; a table of records. Kind 1 has the pixel size (metres in powers of ten) and the magnification. */
async function olympusFacts(
  offset: number,
  littleEndian: boolean,
  read: (offset: number, length: number) => Promise<Uint8Array | undefined>,
): Promise<VendorFacts | undefined> {
  const head = await read(offset, 60);
  if (!head || head.length < 60 || String.fromCharCode(...head.subarray(0, 4)) !== "SIS0") return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const count = Math.min(view.getUint16(58, littleEndian), 64);
  const table = await read(offset + 60, 8 * count);
  const none: VendorFacts = { maker: "Olympus", pixelSize: undefined, offset: undefined, values: {} };
  if (!table) return none;
  const rows = new DataView(table.buffer, table.byteOffset, table.length);
  for (let at = 0; at + 8 <= table.length; at += 8) {
    if (rows.getUint16(at, littleEndian) !== 1) continue;
    const record = await read(rows.getUint32(at + 4, littleEndian), 44);
    if (!record || record.length < 44) continue;
    const facts = new DataView(record.buffer, record.byteOffset, record.length);
    const factor = 10 ** facts.getInt16(10, littleEndian);
    const [x, y] = [facts.getFloat64(12, littleEndian) * factor, facts.getFloat64(20, littleEndian) * factor];
    const pixelSize = { x: positive(x), y: positive(y), unit: "m" };
    return { ...none, pixelSize, values: { magnification: String(facts.getFloat64(36, littleEndian)) } };
  }
  return none;
}

function define(values: Record<string, string>, key: string, value: string): void {
  Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true });
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 && Number.isFinite(value) ? value : undefined;
}
