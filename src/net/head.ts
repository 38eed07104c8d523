import { counted } from "../core/units.js";
/** The first part of an answer. */
export interface ReplyHead {
  status: number;
  /** The value of a header by its lower-case name, the first where there are several. */
  header(name: string): string | undefined;
  /** Whether the server speaks HTTP/1.0 or says that it will close. */
  closes: boolean;
}

/** Finds the end of an answer's body (RFC 9112 §6.3). */
export interface Framing {
  /** The pieces of the body in bytes from the connection. @throws {Error} when they are not of the form */
  take(bytes: Uint8Array): Uint8Array[];
  readonly ended: boolean;
  /** The connection has closed: whether the body is whole then. */
  atClose(): boolean;
  /** Whether the connection may be used again afterwards. */
  readonly reusable: boolean;
  readonly bytesToCome: number | undefined;
}

const HEAD_BYTES_MAX = 64 * 1024;
const CR = 13;
const LF = 10;

/**
 * Gathers bytes until the head of the final answer is complete; the rest belongs to the body, and may lie in the memory of the last call's bytes.
 * Skips interim answers (1xx).
 */
export function headReader(): (bytes: Uint8Array) => { head: ReplyHead; rest: Uint8Array } | undefined {
  let kept: Uint8Array | undefined;
  return (bytes) => {
    // most heads come whole, with the first bytes of their body, which are not copied then
    let seen = kept ? joined(kept, bytes) : bytes;
    for (;;) {
      const end = endOfHead(seen);
      if (end < 0) {
        if (seen.length > HEAD_BYTES_MAX) throw new Error(`the head of the answer is longer than ${HEAD_BYTES_MAX} bytes`);
        // the caller reads the next bytes into the same memory
        kept = seen.slice();
        return undefined;
      }
      const head = parseHead(latin1(seen.subarray(0, end)));
      const rest = seen.subarray(end + 4);
      if (head.status >= 200) return { head, rest };
      if (head.status === 101) throw new Error("the server changes the protocol, unasked");
      seen = rest;
    }
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at;
  }
  return -1;
}

function parseHead(text: string): ReplyHead {
  const [first, ...lines] = text.split("\r\n");
  const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(first!);
  if (!match) throw new Error(`the answer begins with ${JSON.stringify(first!.slice(0, 40))}, which is not HTTP/1.1`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\n\r]*?)[ \t]*$/.exec(line);
    if (!parts) throw new Error(`the answer has the header ${JSON.stringify(line.slice(0, 40))}`);
    const name = parts[1]!.toLowerCase();
    const before = headers.get(name);
    // Two lengths, or two codings, are how answers are smuggled.
    if (before !== undefined && before !== parts[2] && (name === "content-length" || name === "transfer-encoding")) {
      throw new Error(`the answer has two headers ${name}`);
    }
    if (before === undefined) headers.set(name, parts[2]!);
  }
  const connection = headers.get("connection") ?? "";
  const closes = match[1] === "0" ? !/keep-alive/i.test(connection) : /close/i.test(connection);
  return { status: Number(match[2]), header: (name) => headers.get(name), closes };
}

export function bodyFraming({ status, header, closes }: ReplyHead): Framing {
  const coding = header("transfer-encoding");
  if (status === 204 || status === 304) return byLength(0, !closes);
  if (coding !== undefined) {
    if (/^chunked$/i.test(coding)) return byChunks(!closes);
    throw new Error(`the answer has the transfer coding ${coding}`);
  }
  const length = header("content-length");
  if (length === undefined) return byClose();
  if (!/^\d{1,15}$/.test(length)) throw new Error(`the answer has the length ${JSON.stringify(length)}`);
  return byLength(Number(length), !closes);
}

function byLength(length: number, reusable: boolean): Framing {
  let left = length;
  return {
    take(bytes) {
      if (bytes.length > left) {
        throw new Error(`the server sent more than the ${counted(length, "byte")} that it announced`);
      }
      left -= bytes.length;
      return bytes.length > 0 ? [bytes] : [];
    },
    get ended() {
      return left === 0;
    },
    atClose: () => left === 0,
    reusable,
    get bytesToCome() {
      return left;
    },
  };
}

function byClose(): Framing {
  let ended = false;
  return {
    take: (bytes) => (bytes.length > 0 ? [bytes] : []),
    get ended() {
      return ended;
    },
    atClose() {
      ended = true;
      return true;
    },
    reusable: false,
    bytesToCome: undefined,
  };
}

const CHUNK_LINE_MAX = 1024;

function byChunks(reusable: boolean): Framing {
  let state: "size" | "data" | "data end" | "trailer" | "over" = "size";
  let left = 0;
  let line = "";

  /** Adds to the line up to its end; the place behind it, or -1 when the line goes on. */
  function lineEnd(bytes: Uint8Array, at: number): number {
    const end = bytes.indexOf(LF, at);
    line += latin1(bytes.subarray(at, end < 0 ? bytes.length : end));
    if (line.length > CHUNK_LINE_MAX) throw new Error("the answer has a line between its chunks that does not end");
    return end < 0 ? -1 : end + 1;
  }

  function endOfLine(): void {
    if (!line.endsWith("\r")) throw new Error("the answer's chunks are not of the form");
    const text = line.slice(0, -1);
    line = "";
    if (state === "size") {
      const size = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?$/.exec(text)?.[1];
      if (size === undefined) throw new Error(`the answer has a chunk of the size ${JSON.stringify(text.slice(0, 40))}`);
      left = Number.parseInt(size, 16);
      state = left === 0 ? "trailer" : "data";
    } else if (state === "data end") {
      if (text !== "") throw new Error("the answer has a chunk that is longer than it says");
      state = "size";
    } else if (text === "") state = "over";
  }

  return {
    take(bytes) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; ) {
        if (state === "over") {
          reusable = false;
          break;
        }
        if (state === "data") {
          const piece = bytes.subarray(at, at + left);
          pieces.push(piece);
          at += piece.length;
          left -= piece.length;
          if (left === 0) state = "data end";
          continue;
        }
        const next = lineEnd(bytes, at);
        if (next < 0) break;
        at = next;
        endOfLine();
      }
      return pieces;
    },
    get ended() {
      return state === "over";
    },
    atClose: () => state === "over",
    get reusable() {
      return reusable;
    },
    bytesToCome: undefined,
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
