import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";

/** Frame header of a JPEG. Lengths in pixels. */
export interface JpegFrame {
  width: number;
  height: number;
  /** One component per sample of a pixel, in the order that scans have them. */
  components: readonly JpegComponent[];
  progressive: boolean;
}

export interface JpegComponent {
  id: number;
  /** Sampling factors, 1 to 4: how many blocks the component has in one unit of an interleaved scan. */
  h: number;
  v: number;
  /** Number of its quantization table. */
  table: number;
}

/** Reads big-endian fields between two ends of the bytes, and refuses to leave them. */
export class Segment {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    public end: number,
    private readonly name: string,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    if (this.at >= this.end) throw this.#tooShort();
    return this.bytes[this.at++]!;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw this.#tooShort();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** The segment that begins here with its length in two bytes. */
  segment(): Segment {
    const start = this.at;
    const length = this.u16();
    if (length < 2) throw corrupt(this.name, start, `a segment of ${counted(length, "byte")}, 2 at least`);
    if (start + length > this.end) throw this.#tooShort();
    const inner = new Segment(this.bytes, this.at, start + length, this.name);
    this.at = start + length;
    return inner;
  }

  /** Second byte of the marker that is here; fill bytes before it are skipped. */
  marker(): number {
    const start = this.at;
    if (this.u8() !== 0xff) throw corrupt(this.name, start, "no marker where one is due");
    let code = this.u8();
    while (code === 0xff) code = this.u8();
    return code;
  }

  #tooShort(): EmporiumError {
    const inside = this.end < this.bytes.length;
    return inside ? corrupt(this.name, this.end, "a segment ends before what is in it does") : cutShort(this.name, this.end);
  }
}

/** Names of the kinds of frame that are not read, by the second byte of their marker. */
const UNREAD: Record<number, string> = {
  195: "lossless",
  197: "hierarchical",
  198: "hierarchical",
  199: "hierarchical",
  201: "arithmetic coding",
  202: "arithmetic coding",
  203: "arithmetic coding",
  205: "hierarchical",
  206: "hierarchical",
  207: "hierarchical",
};

/** Whether a marker begins a frame (SOF0 to SOF15; DHT, JPG and DAC lie between them). */
export function isFrameMarker(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/**
 * The frame header behind its marker.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED (a process other than baseline, extended or progressive with Huffman codes; samples
 *   of more than 8 bits), FORMAT_CORRUPT, FORMAT_LIMIT.
 */
export function parseFrame(marker: number, segment: Segment, name: string): JpegFrame {
  const start = segment.at;
  const unread = UNREAD[marker];
  if (unread) throw unsupported(name, start, `JPEG with ${unread}`);
  const precision = segment.u8();
  if (precision !== 8) throw unsupported(name, start, `JPEG of ${counted(precision, "bit")} a sample`);
  const height = segment.u16();
  const width = segment.u16();
  const count = segment.u8();
  if (width === 0 || height === 0) throw corrupt(name, start, `${width}×${height} pixels`);
  if (count < 1 || count > 4) throw corrupt(name, start, `${counted(count, "sample")} a pixel`);
  if (width * height * count > LIMITS.chunkBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${name}: ${width}×${height} pixels of ${counted(count, "byte")}; at most ${LIMITS.chunkBytes} bytes are read`,
      {
        place: { file: name, byte: start },
      },
    );
  }
  const components = Array.from({ length: count }, (): JpegComponent => {
    const id = segment.u8();
    const factors = segment.u8();
    const [h, v] = [factors >> 4, factors & 15];
    if (h < 1 || h > 4 || v < 1 || v > 4) throw corrupt(name, segment.at - 1, `sampling factors ${h}×${v}`);
    const table = segment.u8();
    if (table > 3) throw corrupt(name, segment.at - 1, `quantization table ${table}`);
    return { id, h, v, table };
  });
  if (new Set(components.map(({ id }) => id)).size < count) throw corrupt(name, start, "two samples of one name");
  return { width, height, components, progressive: marker === 0xc2 };
}

/** The frame header alone, without pixels. @throws {EmporiumError} as `parseFrame`; FORMAT_UNKNOWN for what is no JPEG. */
export function readFrame(bytes: Uint8Array, name: string): JpegFrame {
  const file = openJpeg(bytes, name);
  for (;;) {
    const marker = file.marker();
    if (isFrameMarker(marker)) return parseFrame(marker, file.segment(), name);
    if (marker === 0xd9 || marker === 0xda) throw corrupt(name, file.at - 2, "pixels before their frame");
    if (!isLoneMarker(marker)) file.segment();
  }
}

/** The bytes behind the first marker. */
export function openJpeg(bytes: Uint8Array, name: string): Segment {
  if (!isJpeg(bytes)) {
    throw new EmporiumError("FORMAT_UNKNOWN", `${name}: no JPEG: it does not begin with ff d8`, {
      place: { file: name, byte: 0 },
    });
  }
  return new Segment(bytes, 2, bytes.length, name);
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes.length >= 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** Markers without a segment behind them. */
export function isLoneMarker(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

export function corrupt(name: string, byte: number, found: string): EmporiumError {
  const hint = "copy the file again: it is damaged";
  return new EmporiumError("FORMAT_CORRUPT", `${name}: JPEG: ${found}`, { place: { file: name, byte }, hint });
}

export function cutShort(name: string, byte: number): EmporiumError {
  return new EmporiumError("FORMAT_TRUNCATED", `${name}: JPEG: the file ends before its pixels do`, {
    place: { file: name, byte },
    hint: "copy the file again: it was cut short",
  });
}

export function unsupported(name: string, byte: number, what: string): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${what} is not read`, { place: { file: name, byte } });
}
