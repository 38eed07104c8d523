import { EmporiumError } from "../../../core/errors.js";
import { type JsonObject, printJsonLine } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { counted } from "../../../core/units.js";

/**
 * Frames of protocol 1, in both directions: `u32 bytes of the head (little-endian), u8 kind, head (JSON, UTF-8)`, then as many bytes
 * of payload as the head's `bytes` says. A server sends payloads, and a program of a graph's node its results. See README.md.
 */
export const KINDS = { hello: 1, request: 2, batch: 3, release: 4, end: 5, error: 6, result: 7 } as const;

export type Kind = keyof typeof KINDS;

export interface Frame {
  readonly kind: Kind;
  readonly head: JsonObject;
  /** Bytes behind the head, where payloads are read and the head announces one. */
  readonly payload?: Uint8Array;
}

/** Bytes before the head. */
const PREFIX_BYTES = 5;
const NAMES = new Map<number, Kind>(Object.entries(KINDS).map(([kind, number]) => [number, kind as Kind]));

export function encodeFrame(kind: Kind, head: JsonObject): Uint8Array {
  const text = new TextEncoder().encode(printJsonLine(head));
  const frame = new Uint8Array(PREFIX_BYTES + text.length);
  new DataView(frame.buffer).setUint32(0, text.length, true);
  frame[4] = KINDS[kind];
  frame.set(text, PREFIX_BYTES);
  return frame;
}

/**
 * The frames of a client.
 *
 * @param headBytesMax asked anew for each frame: a client that has not identified itself may send little.
 * @param payloadBytesMax 0 where clients send no payloads
 * @throws {EmporiumError} STREAM_PROTOCOL for a head or a payload that is too long, an unknown kind, a head that is no JSON object, or a stream
 *   that ends in the middle of a frame.
 */
export async function* readFrames(
  incoming: AsyncIterable<Uint8Array>,
  headBytesMax: () => number,
  payloadBytesMax = 0,
): AsyncGenerator<Frame, void, void> {
  const held = byteQueue();
  let frame: Frame | undefined; // whose payload has not arrived
  for await (const piece of incoming) {
    held.add(piece);
    for (;;) {
      frame ??= nextHead(held, headBytesMax);
      const bytes = frame && payloadBytes(frame, payloadBytesMax);
      if (!frame || (bytes !== undefined && held.length < bytes)) break;
      yield bytes === undefined ? frame : { ...frame, payload: held.take(bytes) };
      frame = undefined;
    }
  }
  if (held.length > 0 || frame) throw broken(`the connection ends after ${counted(held.length, "byte")} of a frame`);
}

/** The first frame, without its payload, if all of its head is there. */
function nextHead(held: ByteQueue, headBytesMax: () => number): Frame | undefined {
  if (held.length < PREFIX_BYTES) return undefined;
  const prefix = held.peek(PREFIX_BYTES);
  const headBytes = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0, true);
  const most = headBytesMax();
  if (headBytes > most) throw broken(`expected at most ${most}, found a head of ${counted(headBytes, "byte")}`);
  return held.length < PREFIX_BYTES + headBytes ? undefined : parseFrame(held.take(PREFIX_BYTES + headBytes));
}

/** Bytes behind a frame; undefined where there is no payload. */
function payloadBytes({ kind, head: { bytes } }: Frame, most: number): number | undefined {
  if (most === 0 || bytes === undefined) return undefined;
  if (typeof bytes === "number" && Number.isInteger(bytes) && bytes >= 0 && bytes <= most) return bytes;
  throw broken(`expected at most ${most}, found a payload of ${String(bytes)} bytes behind "${kind}"`);
}

function parseFrame(frame: Uint8Array): Frame {
  const kind = NAMES.get(frame[4]!);
  if (kind === undefined) throw broken(`expected 1 to ${NAMES.size}, found a frame of kind ${frame[4]}`);
  let head: unknown;
  try {
    head = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(frame.subarray(PREFIX_BYTES)));
  } catch {
    throw broken(`the head of a frame "${kind}" is not JSON`);
  }
  if (!isJsonObject(head)) throw broken(`the head of a frame "${kind}" is not an object`);
  return { kind, head };
}

interface ByteQueue {
  readonly length: number;
  add(piece: Uint8Array): void;
  /** The first bytes; they stay. */
  peek(bytes: number): Uint8Array;
  take(bytes: number): Uint8Array;
}

/** Pieces of a stream, joined once however many they are. */
function byteQueue(): ByteQueue {
  let pieces: Uint8Array[] = [];
  let length = 0;
  const peek = (bytes: number) => {
    if ((pieces[0]?.length ?? 0) < bytes) pieces = [Buffer.concat(pieces)];
    return bytes === 0 ? new Uint8Array() : pieces[0]!.subarray(0, bytes);
  };
  return {
    get length() {
      return length;
    },
    add(piece) {
      pieces.push(piece);
      length += piece.length;
    },
    peek,
    take(bytes) {
      const taken = peek(bytes);
      if (bytes > 0) pieces[0] = pieces[0]!.subarray(bytes);
      length -= bytes;
      return taken;
    },
  };
}

export function broken(message: string): EmporiumError {
  return new EmporiumError("STREAM_PROTOCOL", message, { hint: "use the Python package emporium in the version of the program" });
}
