/** Facts that ImageJ writes into the description of the first page. */
export interface ImageJDescription {
  version: string;
  images: number;
  channels: number;
  slices: number;
  frames: number;
  /** A unit in its usual form: `µm` for `micron` and for the escaped `\u00B5m`. Undefined if missing, or if it counts pixels. */
  unit: string | undefined;
  /** Distance of slices, in `unit`. */
  spacing: number | undefined;
  /** Grey values shown as black and white. */
  min: number | undefined;
  max: number | undefined;
  /** Every line, as text. */
  lines: ReadonlyMap<string, string>;
}

/** The description as ImageJ writes it: `ImageJ=1.52p`, then lines `key=value`. Undefined for any other. */
export function parseImageJ(description: string): ImageJDescription | undefined {
  if (!description.startsWith("ImageJ=")) return undefined;
  const lines = new Map<string, string>();
  for (const line of description.split(/\r?\n/)) {
    const equals = line.indexOf("=");
    if (equals > 0 && !lines.has(line.slice(0, equals))) lines.set(line.slice(0, equals), line.slice(equals + 1).trim());
  }
  const number = (key: string) => {
    const value = lines.get(key);
    const parsed = value === undefined || value === "" ? Number.NaN : Number(value);
    return Number.isFinite(parsed) ? parsed : undefined;
  };
  const count = (key: string) => {
    const value = number(key);
    return value !== undefined && Number.isInteger(value) && value > 0 ? value : 1;
  };
  const spacing = number("spacing");
  return {
    version: lines.get("ImageJ")!,
    images: count("images"),
    channels: count("channels"),
    slices: count("slices"),
    frames: count("frames"),
    unit: unitOf(lines.get("unit")),
    // a stack turned upside down has a negative one
    spacing: spacing === undefined || spacing === 0 ? undefined : Math.abs(spacing),
    min: number("min"),
    max: number("max"),
    lines,
  };
}

function unitOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const plain = text.replace(/\\u([\da-f]{4})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  if (/^(|pixels?|sec|null)$/i.test(plain)) return undefined;
  return /^(microns?|um|[\u00b5\u03bc]m)$/i.test(plain) ? "\u00b5m" : plain;
}

/** ImageJ's own tags 50838 and 50839: texts, display ranges; colour tables, regions and overlays as numbers of bytes. */
export interface ImageJMetadata {
  info?: string;
  labels?: string[];
  /** Pairs of least and greatest value, one for each channel. */
  ranges?: number[];
  /** Number of entries of each other kind. */
  others?: Record<string, number>;
}

/**
 * @param counts values of tag 50838: length of the header, then of each entry. @param bytes bytes of tag 50839, or their
 *   beginning: incomplete entries are left out.
 */
export function parseImageJMetadata(counts: readonly number[], bytes: Uint8Array, littleEndian: boolean): ImageJMetadata {
  const result: ImageJMetadata = {};
  const headerBytes = counts[0] ?? 0;
  if (headerBytes < 12 || headerBytes > bytes.length || headerBytes > 12 + 8 * 64) return result;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const code = (at: number) => {
    const letters = String.fromCharCode(...bytes.subarray(at, at + 4));
    return littleEndian ? [...letters].reverse().join("") : letters;
  };
  if (code(0) !== "IJIJ") return result;
  let at = headerBytes;
  let entry = 1;
  for (let head = 4; head + 8 <= headerBytes; head += 8) {
    const kind = code(head).trim();
    const count = view.getUint32(head + 4, littleEndian);
    for (let i = 0; i < count; i++) {
      const length = counts[entry++];
      if (length === undefined || at + length > bytes.length) return result;
      const piece = new DataView(bytes.buffer, bytes.byteOffset + at, length);
      if (kind === "info") result.info = utf16(piece, littleEndian);
      else if (kind === "labl") result.labels = [...(result.labels ?? []), utf16(piece, littleEndian)];
      else if (kind === "rang") {
        result.ranges = Array.from({ length: Math.floor(length / 8) }, (_, n) => piece.getFloat64(8 * n, littleEndian));
      } else result.others = { ...result.others, [kind]: (result.others?.[kind] ?? 0) + 1 };
      at += length;
    }
  }
  return result;
}

function utf16(view: DataView, littleEndian: boolean): string {
  return new TextDecoder(littleEndian ? "utf-16le" : "utf-16be").decode(view);
}
