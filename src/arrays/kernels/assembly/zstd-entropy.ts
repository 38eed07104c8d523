// Tables of zstd's two entropy coders (RFC 8878, sections 4.1 and 4.2), built in memory that the caller gives, for unverified bytes.

/** Entries of a table of finite states, 8 bytes: u32 value, u8 bits added to the value, u8 bits of the next state, u16 its base. */
export const PLAIN: u32 = 0, LITERAL_LENGTHS: u32 = 1, OFFSETS: u32 = 2, MATCH_LENGTHS: u32 = 3;

// Where `readProbabilities` leaves what it has read, and `buildStates` keeps its counters and values: 2, 2 and 4 bytes for each of 256 symbols.
const COUNTERS: usize = 512, VALUES: usize = 1024;
export const STATES_WORK: usize = 2048;
/** Of the last table that was read. */
export let accuracy: u32 = 0, symbols: u32 = 0;

/** Four bytes; those past the end are 0. */
function bits32(at: usize, end: usize): u32 {
  if (at + 4 <= end) return load<u32>(at);
  let value: u32 = 0;
  for (let i: usize = 0; at + i < end; i++) value |= (<u32>load<u8>(at + i)) << (8 * <u32>i);
  return value;
}

/** Probabilities of a table's symbols to `work`, int16 each. Answers the bytes that they took, -1 where they are broken. */
export function readProbabilities(src: usize, end: usize, accuracyMax: u32, symbolMax: u32, work: usize): i32 {
  const limit: u32 = 8 * <u32>(end - src) + 7;
  accuracy = (bits32(src, end) & 15) + 5;
  if (accuracy > accuracyMax) return -1;
  let at: u32 = 4, n: u32 = 0, remaining: i32 = 1 << accuracy;
  while (remaining > 0) {
    const width: u32 = 32 - <u32>clz(remaining + 1), small: i32 = (1 << width) - 1 - (remaining + 1), half: i32 = (1 << (width - 1)) - 1;
    if (at + width > limit) return -1;
    let value: i32 = <i32>((bits32(src + (at >> 3), end) >> (at & 7)) & ((1 << width) - 1));
    at += width;
    if ((value & half) < small) {
      at--; // Small values take one bit less.
      value &= half;
    } else if (value > half) value -= small;
    if (n > symbolMax) return -1;
    store<i16>(work + (n++ << 1), <i16>(value - 1));
    remaining -= value == 0 ? 1 : value - 1;
    if (value != 1) continue;
    let zeros: u32;
    do {
      if (at + 2 > limit) return -1;
      zeros = (bits32(src + (at >> 3), end) >> (at & 7)) & 3;
      at += 2;
      if (n + zeros > symbolMax + 1) return -1;
      for (let i: u32 = 0; i < zeros; i++) store<i16>(work + (n++ << 1), 0);
    } while (zeros == 3);
  }
  symbols = n;
  const length: u32 = (at + 7) >> 3;
  return remaining != 0 || length > <u32>(end - src) ? -1 : <i32>length;
}

/** The table that RFC 8878 section 3.1.1.3.2.2 gives for a kind; a nibble is a probability + 1. */
export function predefined(kind: u32, work: usize): void {
  accuracy = kind == OFFSETS ? 5 : 6;
  symbols = kind == LITERAL_LENGTHS ? 36 : kind == OFFSETS ? 29 : 53;
  for (let s: u32 = 0; s < symbols; s++) {
    const word = s >> 4;
    let nibbles: u64;
    if (kind == LITERAL_LENGTHS) nibbles = word == 0 ? 0x2223333333333345 : word == 1 ? 0x2222234333333333 : 0;
    else if (kind == OFFSETS) nibbles = word == 0 ? 0x2222222333222222 : 0x0000022222222;
    else nibbles = word == 0 ? 0x2222222333333452 : word == 3 ? 0 : word == 2 ? 0x0022222222222222 : 0x2222222222222222;
    store<i16>(work + (s << 1), <i16>(<i32>((nibbles >> (<u64>(s & 15) << 2)) & 15) - 1));
  }
}

/** Bits that are added to the value of a code. */
function addedBits(kind: u32, code: u32): u32 {
  if (kind == OFFSETS) return code;
  if (kind == LITERAL_LENGTHS) return code < 16 ? 0 : code < 20 ? 1 : code < 24 ? (code >> 1) - 8 : code == 24 ? 4 : code - 19;
  return code < 32 ? 0 : code < 36 ? 1 : code < 42 ? (code >> 1) - 16 : code == 42 ? 5 : code - 36;
}

/** Builds `1 << accuracy` entries from the probabilities in `work`. */
export function buildStates(table: usize, kind: u32, work: usize): void {
  const size: u32 = 1 << accuracy, step = (size >> 1) + (size >> 3) + 3;
  let high = size, value: u32 = kind == MATCH_LENGTHS ? 3 : 0;
  for (let s: u32 = 0; s < symbols; s++) {
    const probability = <i32>load<i16>(work + (s << 1));
    if (probability == -1) store<u32>(table + (--high << 3), s); // "Less than one": a state of its own at the end.
    store<u16>(work + (s << 1), <u16>(probability < 0 ? 1 : probability), COUNTERS);
    const own = kind == PLAIN ? s : kind == OFFSETS ? <u32>1 << (s & 31) : value;
    store<u32>(work + (s << 2), own, VALUES);
    if (kind != PLAIN && kind != OFFSETS) value += <u32>1 << addedBits(kind, s);
  }
  let position: u32 = 0;
  for (let s: u32 = 0; s < symbols; s++) {
    for (let i: i32 = 0, n = <i32>load<i16>(work + (s << 1)); i < n; i++) {
      store<u32>(table + (position << 3), s);
      do position = (position + step) & (size - 1);
      while (position >= high);
    }
  }
  for (let state: u32 = 0; state < size; state++) {
    const entry = table + (state << 3), s = load<u32>(entry), count = <u32>load<u16>(work + (s << 1), COUNTERS);
    store<u16>(work + (s << 1), <u16>(count + 1), COUNTERS);
    const bits: u32 = accuracy - (31 - <u32>clz(count));
    store<u32>(entry, load<u32>(work + (s << 2), VALUES));
    store<u8>(entry, kind == PLAIN ? 0 : <u8>addedBits(kind, s), 4);
    store<u8>(entry, <u8>bits, 5);
    store<u16>(entry, <u16>((count << bits) - size), 6);
  }
}

/** The table of one code, which takes no bits. */
export function buildSingle(table: usize, kind: u32, code: u32, work: usize): void {
  accuracy = 0;
  symbols = code + 1;
  for (let s: u32 = 0; s < code; s++) store<i16>(work + (s << 1), 0);
  store<i16>(work + (code << 1), 1);
  buildStates(table, kind, work);
}

// A stream of bits that is read from its end: `left` bits are left from `start`. What is read of fewer bits than are wanted is filled up with zeros.

/** Bits of a stream up to its end marker; -1 without one. */
export function bitsOf(start: usize, end: usize): i32 {
  const last = end > start ? <u32>load<u8>(end - 1) : 0;
  return last == 0 ? -1 : 8 * (<i32>(end - start) - 1) + 31 - <i32>clz(last);
}

/** The next bits, from the highest bit down: 57 at least, where there are so many. */
// @ts-ignore: decorator
@inline
export function upcoming(start: usize, left: i32): u64 {
  return left >= 64 ? load<u64>(start + ((left + 7) >> 3) - 8) << <u64>(-left & 7) : upcomingLast(start, left);
}

function upcomingLast(start: usize, left: i32): u64 {
  if (left <= 0) return 0;
  const bytes = (left + 7) >> 3;
  let value: u64 = 0;
  for (let i = 0; i < bytes; i++) value |= (<u64>load<u8>(start + i)) << (8 * <u64>i);
  return value << <u64>(64 - left);
}

/** The first `count` bits (0 to 32) of `upcoming`. */
// @ts-ignore: decorator
@inline
export function first(bits: u64, count: u32): u32 {
  return <u32>((bits >> 1) >> (63 - <u64>count));
}

/** Most bits of a code for literals, and the entries of a table by them: u8 symbol, u8 bits. */
const WIDTH_MAX: u32 = 11;
export let width: u32 = 0;

/** A Huffman tree: its table, and the bytes that it took; -1 where it is broken. `weights`: 256 bytes, `states`: 512 bytes. */
export function readTree(src: usize, end: usize, table: usize, weights: usize, states: usize, work: usize): i32 {
  if (src >= end) return -1;
  const head = <u32>load<u8>(src);
  const length: u32 = 1 + (head < 128 ? head : (head - 126) >> 1);
  if (length > <u32>(end - src)) return -1;
  let n: i32 = <i32>head - 127;
  if (head < 128) n = readWeights(src + 1, src + length, weights, states, work);
  else for (let i = 0; i < n; i++) store<u8>(weights + i, i & 1 ? load<u8>(src + 1 + (i >> 1)) & 15 : load<u8>(src + 1 + (i >> 1)) >> 4);
  return n < 0 || !buildTree(table, weights, n) ? -1 : <i32>length;
}

/** Weights written with two states by turns, until the bits run out. Answers how many; -1 where they are broken. */
function readWeights(src: usize, end: usize, weights: usize, states: usize, work: usize): i32 {
  const length = readProbabilities(src, end, 6, 255, work);
  if (length < 0) return -1;
  buildStates(states, PLAIN, work);
  const start = src + length;
  let left = bitsOf(start, end);
  if (left < 0) return -1;
  const bits = upcoming(start, left);
  let mine = first(bits, accuracy), other = first(bits << <u64>accuracy, accuracy), n: i32 = 0;
  left -= 2 * <i32>accuracy;
  if (left < 0) return -1;
  while (true) {
    const entry = states + (mine << 3), taken = <u32>load<u8>(entry, 5);
    store<u8>(weights + n++, <u8>min<u32>(load<u32>(entry), 255));
    const next = <u32>load<u16>(entry, 6) + first(upcoming(start, left), taken);
    left -= <i32>taken;
    if (left < 0) {
      store<u8>(weights + n++, <u8>min<u32>(load<u32>(states + (other << 3)), 255));
      return n;
    }
    if (n > 254) return -1;
    mine = other;
    other = next;
  }
  return -1;
}

/** The last symbol's weight is not written: it fills the tree up to a power of two. */
function buildTree(table: usize, weights: usize, n: i32): bool {
  if (n > 255) return false;
  let sum: u32 = 0;
  for (let i = 0; i < n; i++) {
    const weight = <u32>load<u8>(weights + i);
    if (weight > WIDTH_MAX) return false;
    sum += (1 << weight) >> 1;
  }
  if (sum == 0) return false;
  const bits: u32 = 32 - <u32>clz(sum), rest: u32 = (<u32>1 << bits) - sum;
  if (bits > WIDTH_MAX || (rest & (rest - 1)) != 0) return false;
  store<u8>(weights + n, <u8>(32 - clz(rest)));
  width = bits;
  let at = table;
  for (let weight: u32 = 1; weight <= bits; weight++) {
    for (let symbol = 0; symbol <= n; symbol++) {
      if (<u32>load<u8>(weights + symbol) != weight) continue;
      const entry = <u32>symbol | ((bits + 1 - weight) << 8);
      for (let i: u32 = 0; i < <u32>1 << (weight - 1); i++, at += 2) store<u16>(at, <u16>entry);
    }
  }
  return true;
}
