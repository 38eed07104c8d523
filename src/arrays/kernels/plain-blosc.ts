/** Twins of the kernels for byte shuffle, LZ4 and Blosc-1; see plain.ts. Written to be read, not to be fast. */

/** As the kernel's encoder: c-blosc's at level 5. */
const ACCELERATION = 5;

/** `gather`: the shuffled bytes of a window of `w`×`h` items, rows `rowBytes` apart, in a block of `cw`×`ch` items. */
export function gather(
  itemBytes: number,
  bytes: Uint8Array,
  rowBytes: number,
  w: number,
  h: number,
  cw: number,
  ch: number,
): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(cw * ch * itemBytes);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      for (let k = 0; k < itemBytes; k++) block[k * cw * ch + y * cw + x] = bytes[y * rowBytes + x * itemBytes + k]!;
    }
  }
  return block;
}

/** `unshuffle`: what is behind the last whole item stays. */
export function unshuffle(itemBytes: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const n = Math.floor(bytes.length / itemBytes);
  const out = bytes.slice();
  for (let i = 0; i < n * itemBytes; i++) out[i] = bytes[(i % itemBytes) * n + Math.floor(i / itemBytes)]!;
  return out;
}

/** `pack`: streams of a shuffled block, each its size and LZ4 data, or its own bytes where those are not more. */
export function pack(itemBytes: number, block: Uint8Array): Uint8Array<ArrayBuffer> {
  const streams = block.length / itemBytes < 128 ? 1 : itemBytes;
  const length = block.length / streams;
  const out: number[] = [];
  for (let s = 0; s < streams; s++) {
    const stream = block.subarray(s * length, (s + 1) * length);
    const body = compress(stream) ?? stream;
    out.push(body.length & 255, (body.length >> 8) & 255, (body.length >> 16) & 255, body.length >>> 24, ...body);
  }
  return Uint8Array.from(out);
}

/** LZ4 block format, the same greedy search as the kernel's. Undefined where the result would come near to the input's size. */
export function compress(input: Uint8Array): Uint8Array | undefined {
  const n = input.length;
  const view = new DataView(input.buffer, input.byteOffset, n);
  const hashBits = n <= 65536 ? 13 : 12;
  const hash = (at: number) => Math.imul(view.getUint32(at, true), 2654435761) >>> (32 - hashBits);
  const table = new Uint32Array(1 << hashBits);
  const out: number[] = [];
  const lastStart = n - 12;
  let anchor = 0;
  let at = 1;
  while (n > 12 && at < lastStart) {
    const found = search(at);
    if (found === undefined) break;
    let [start, match] = found;
    while (start > anchor && match > 0 && input[start - 1] === input[match - 1]) {
      start--;
      match--;
    }
    let end = start + 4;
    while (end < n - 5 && input[end] === input[match + end - start]) end++;
    const literals = start - anchor;
    if (out.length + literals + Math.floor(literals / 255) + 16 > n - 1) return undefined;
    const length = end - start - 4;
    out.push((Math.min(literals, 15) << 4) | Math.min(length, 15), ...more(literals), ...input.subarray(anchor, start));
    out.push((start - match) & 255, (start - match) >> 8);
    if (out.length + Math.floor(length / 255) + 16 > n - 1) return undefined;
    out.push(...more(length));
    at = anchor = end;
    if (at < lastStart) table[hash(at - 2)] = at - 2;
  }
  const rest = n - anchor;
  if (out.length + rest + Math.floor(rest / 255) + 2 > n - 1) return undefined;
  out.push(Math.min(rest, 15) << 4, ...more(rest), ...input.subarray(anchor));
  return Uint8Array.from(out);

  /** The next place from `from` on whose four bytes were met before, and where; steps widen as failures add up. */
  function search(from: number): [start: number, match: number] | undefined {
    for (let start = from, tries = ACCELERATION * 64; start < lastStart; start += tries++ >> 6) {
      const slot = hash(start);
      const match = table[slot]!;
      table[slot] = start;
      const near = match < start && start - match <= 65535;
      if (near && view.getUint32(match, true) === view.getUint32(start, true)) return [start, match];
    }
    return undefined;
  }
}

/** The bytes that follow a token for a length of 15 or more. */
function more(length: number): number[] {
  if (length < 15) return [];
  return [...new Array<number>(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255];
}

/** LZ4 block format: exactly `size` bytes, or undefined where the input is broken. */
export function decompress(input: Uint8Array, size: number): Uint8Array<ArrayBuffer> | undefined {
  const out = new Uint8Array(size);
  let from = 0;
  let to = 0;
  const readLength = (nibble: number) => {
    let length = nibble;
    for (let byte = 255; nibble === 15 && byte === 255 && from < input.length; length += byte) byte = input[from++]!;
    return length;
  };
  while (from < input.length) {
    const token = input[from++]!;
    const literals = readLength(token >> 4);
    if (literals > size - to || literals > input.length - from) return undefined;
    out.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === input.length) return to === size ? out : undefined;
    if (from + 2 > input.length) return undefined;
    const offset = input[from]! | (input[from + 1]! << 8);
    from += 2;
    const length = readLength(token & 15) + 4;
    if (offset === 0 || offset > to || length > size - to) return undefined;
    for (let i = 0; i < length; i++, to++) out[to] = out[to - offset]!;
  }
  return undefined;
}

/** `openFrame` and `decodeFrame`: the plain bytes, `"unsupported"`, or undefined for a broken frame. */
export function decodeFrame(frame: Uint8Array): Uint8Array<ArrayBuffer> | "unsupported" | undefined {
  if (frame.length < 16) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const flags = view.getUint8(2);
  const itemBytes = view.getUint8(3);
  const plainBytes = view.getUint32(4, true);
  const blockBytes = view.getUint32(8, true);
  const frameBytes = view.getUint32(12, true);
  if (view.getUint8(0) !== 2 || flags & 8 || itemBytes === 0 || frameBytes < frame.length) return undefined;
  if (plainBytes > 0x7fffffff || frameBytes > 0x7fffffff) return undefined;
  if (plainBytes === 0) return new Uint8Array(0);
  if (blockBytes === 0 || blockBytes > 0x7fffffff) return undefined;
  if (flags & 2) return frameBytes === plainBytes + 16 && frame.length === frameBytes ? frame.slice(16) : undefined;
  const blocks = Math.ceil(plainBytes / blockBytes);
  if (16 + 4 * blocks > frameBytes) return undefined;
  if (flags >> 5 !== 1 || view.getUint8(1) !== 1 || flags & 4) return "unsupported";
  if (16 + 4 * blocks > frame.length) return undefined;
  const out = new Uint8Array(plainBytes);
  for (let b = 0; b < blocks; b++) {
    const size = Math.min(blockBytes, plainBytes - b * blockBytes);
    const split = !(flags & 16) && size === blockBytes && itemBytes <= 16 && Math.floor(size / itemBytes) >= 128;
    const block = decodeBlock(frame, view.getUint32(16 + 4 * b, true), size, split ? itemBytes : 1);
    if (!block) return undefined;
    out.set(flags & 1 ? unshuffle(itemBytes, block) : block, b * blockBytes);
  }
  return out;
}

function decodeBlock(frame: Uint8Array, start: number, size: number, streams: number): Uint8Array<ArrayBuffer> | undefined {
  if (size % streams !== 0) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const length = size / streams;
  const block = new Uint8Array(size);
  let at = start;
  for (let s = 0; s < streams; s++) {
    if (at + 4 > frame.length) return undefined;
    const packed = view.getUint32(at, true);
    at += 4;
    if (packed > frame.length - at) return undefined;
    const body = frame.subarray(at, at + packed);
    const stream = packed === length ? body : decompress(body, length);
    if (!stream) return undefined;
    block.set(stream, s * length);
    at += packed;
  }
  return block;
}

/** `decodeBox` and `copyBox`, of plain bytes: `[z, y, x]` with x in bytes. */
export function copyBox(
  plain: Uint8Array,
  [, rows, row]: readonly [number, number, number],
  start: readonly [number, number, number],
  stop: readonly [number, number, number],
): Uint8Array {
  const out: number[] = [];
  for (let z = start[0]; z < stop[0]; z++) {
    for (let y = start[1]; y < stop[1]; y++) {
      const at = (z * rows + y) * row;
      out.push(...plain.subarray(at + start[2], at + stop[2]));
    }
  }
  return Uint8Array.from(out);
}
