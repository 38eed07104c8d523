import { EmporiumError } from "../../../core/errors.js";
import { type JsonObject, printJsonLine } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";

/**
 * Frames of protocol 1, in both directions: `u32 bytes of the head (little-endian), u8 kind, head (JSON, UTF-8)`, then as many bytes
 * of payload as the head's `bytes` says. Only a server sends payloads. See README.md.
 */
export const KINDS = { hello: 1, request: 2, batch: 3, release: 4, end: 5, error: 6 } as const;

export type Kind = keyof typeof KINDS;

export interface Frame {
  readonly kind: Kind;
  readonly head: JsonObject;
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
 * The frames of a client. It sends no payload, so a stream of frames is all there is.
 *
 * @param headBytesMax asked anew for each frame: a client that has not identified itself may send little.
 * @throws {EmporiumError} STREAM_PROTOCOL for a head that is too long, an unknown kind, a head that is no JSON object, or a stream
 *   that ends in the middle of a frame.
 */
export async function* readFrames(
  incoming: AsyncIterable<Uint8Array>,
  headBytesMax: () => number,
): AsyncGenerator<Frame, void, void> {
  let held = new Uint8Array();
  for await (const piece of incoming) {
    held = joined(held, piece);
    for (let frameBytes = wholeFrame(held, headBytesMax()); frameBytes > 0; frameBytes = wholeFrame(held, headBytesMax())) {
      yield parseFrame(held.subarray(0, frameBytes));
      held = held.subarray(frameBytes);
    }
  }
  if (held.length > 0) throw broken(`the connection ends after ${held.length} bytes of a frame`);
}

/** Bytes of the first frame if all of it is there, otherwise 0. */
function wholeFrame(held: Uint8Array, headBytesMax: number): number {
  if (held.length < PREFIX_BYTES) return 0;
  const headBytes = new DataView(held.buffer, held.byteOffset).getUint32(0, true);
  if (headBytes > headBytesMax) throw broken(`a head of ${headBytes} bytes found, at most ${headBytesMax} wanted`);
  return held.length < PREFIX_BYTES + headBytes ? 0 : PREFIX_BYTES + headBytes;
}

function parseFrame(frame: Uint8Array): Frame {
  const kind = NAMES.get(frame[4]!);
  if (kind === undefined) throw broken(`a frame of kind ${frame[4]} found, 1 to ${NAMES.size} wanted`);
  let head: unknown;
  try {
    head = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(frame.subarray(PREFIX_BYTES)));
  } catch {
    throw broken(`the head of a frame "${kind}" is not JSON`);
  }
  if (!isJsonObject(head)) throw broken(`the head of a frame "${kind}" is not an object`);
  return { kind, head };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

export function broken(message: string): EmporiumError {
  return new EmporiumError("STREAM_PROTOCOL", message, { hint: "use an emporium_blocks.py of the same version as the program" });
}
