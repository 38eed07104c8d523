/**
 * The lower 64 bits of MurmurHash3_x86_128 (seed 0) of an 8-byte little-endian id: spreads ids evenly over a sharded file.
 *
 * Source: Austin Appleby's MurmurHash3.cpp (public domain), the case of an 8-byte key.
 */
export function murmurHash64(id: bigint): bigint {
  const low = Number(BigInt.asUintN(32, id));
  const high = Number(BigInt.asUintN(32, id >> 32n));
  // 8 bytes are less than a block of 16, so all of them are its tail: the first two lanes.
  let h1 = rotate(Math.imul(low, C1), 15);
  let h2 = rotate(Math.imul(high, C2), 16);
  h1 = Math.imul(h1, C2) ^ KEY_BYTES;
  h2 = Math.imul(h2, C3) ^ KEY_BYTES;
  let [h3, h4] = [KEY_BYTES, KEY_BYTES];
  [h1, h2, h3, h4] = mix(h1, h2, h3, h4);
  [h1, h2, h3, h4] = mix(finish(h1), finish(h2), finish(h3), finish(h4));
  return (BigInt(h2 >>> 0) << 32n) | BigInt(h1 >>> 0);
}

const KEY_BYTES = 8;
const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

type Lanes = [number, number, number, number];

function mix(h1: number, h2: number, h3: number, h4: number): Lanes {
  const sum = (h1 + h2 + h3 + h4) | 0;
  return [sum, (h2 + sum) | 0, (h3 + sum) | 0, (h4 + sum) | 0];
}

function finish(lane: number): number {
  let h = lane ^ (lane >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
