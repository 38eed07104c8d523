/**
 * MD5 (RFC 1321) of a short text, for browsers and Node. It is used only to derive the portal's colours and names, not for security.
 *
 * @returns 16 bytes.
 */
export function md5(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil((bytes.length + 9) / 64);
  const padded = new Uint8Array(blocks * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, (bytes.length * 8) >>> 0, true);
  view.setUint32(padded.length - 4, Math.floor(bytes.length / 2 ** 29), true);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let block = 0; block < padded.length; block += 64) round(state, view, block);
  const digest = new Uint8Array(16);
  const out = new DataView(digest.buffer);
  for (const [i, word] of state.entries()) out.setUint32(4 * i, word, true);
  return digest;
}

/** Left rotations of the four rounds, four steps each. */
const ROTATIONS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;

const SINES = Uint32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));

function round(state: Uint32Array, view: DataView, block: number): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let step = 0; step < 64; step++) {
    const turn = step >> 4;
    let mixed: number;
    let word: number;
    if (turn === 0) [mixed, word] = [(b & c) | (~b & d), step];
    else if (turn === 1) [mixed, word] = [(d & b) | (~d & c), (5 * step + 1) & 15];
    else if (turn === 2) [mixed, word] = [b ^ c ^ d, (3 * step + 5) & 15];
    else [mixed, word] = [c ^ (b | ~d), (7 * step) & 15];
    const sum = (a + mixed + SINES[step]! + view.getUint32(block + 4 * word, true)) | 0;
    const rotation = ROTATIONS[turn]![step & 3]!;
    [a, d, c, b] = [d, c, b, (b + ((sum << rotation) | (sum >>> (32 - rotation)))) | 0];
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}
