// LZ4 block format (lz4.org, doc/lz4_Block_format.md), encoder: one greedy pass, a hash table of the last place of each four bytes.

/**
 * The table has 16 KiB. Places in up to 64 KiB fit 16 bits, so it then has twice as many slots, which makes up for the matches
 * that long steps miss.
 */
const TABLE_BYTES: u32 = 16384;
const PRIME: u32 = 2654435761;
/** The format's rules for the end: the last match starts 12 bytes before it at least, and the last five bytes are literals. */
const MATCH_START_MARGIN: u32 = 12, MATCH_END_MARGIN: u32 = 5;
/** After 64 failures in a row the search takes steps one longer, then two, ...: noise is passed quickly. */
const SKIP_SHIFT = 6;
/**
 * The first steps: what c-blosc takes at level 5, which our metadata name (10 - clevel). On streams that are half random, such as
 * the bytes of sign and exponent, 1 would give 8 % less at half the speed.
 */
const ACCELERATION: u32 = 5;

/**
 * Compresses `n` bytes at `src`. Returns the size, less than `limit`, or 0 where it would not be: nothing is written at or behind
 * dst + limit. `table`: TABLE_BYTES.
 */
export function compress(src: usize, n: u32, dst: usize, limit: u32, table: usize): u32 {
  return n <= 65536 ? compressBy<u16>(src, n, dst, limit, table) : compressBy<u32>(src, n, dst, limit, table);
}

// @ts-ignore: decorator
@inline
function compressBy<Place>(src: usize, n: u32, dst: usize, limit: u32, table: usize): u32 {
  memory.fill(table, 0, TABLE_BYTES);
  const end = src + n, lastStart = end - MATCH_START_MARGIN, matchLimit = end - MATCH_END_MARGIN, room = dst + limit - 1;
  let from = src, anchor = src, to = dst;
  if (n > MATCH_START_MARGIN) {
    from++;
    while (true) {
      let match: usize = 0, tries = ACCELERATION << SKIP_SHIFT, found = false;
      while (from < lastStart) {
        const four = load<u32>(from), slot = slotOf<Place>(table, four);
        match = src + <usize>load<Place>(slot);
        store<Place>(slot, <Place>(from - src));
        if (match < from && from - match <= 65535 && load<u32>(match) == four) {
          found = true;
          break;
        }
        from += tries++ >> SKIP_SHIFT;
      }
      if (!found) break;
      while (from > anchor && match > src && load<u8>(from - 1) == load<u8>(match - 1)) {
        from--;
        match--;
      }
      const literals = <u32>(from - anchor);
      if (to + literals + literals / 255 + 16 > room) return 0;
      const token = to++;
      if (literals >= 15) {
        store<u8>(token, 0xf0);
        to = writeLength(to, literals - 15);
      } else store<u8>(token, <u8>(literals << 4));
      // The 16 bytes just found free make room for one wide store.
      if (literals <= 16 && end - anchor >= 16) v128.store(to, v128.load(anchor));
      else memory.copy(to, anchor, literals);
      to += literals;
      store<u16>(to, <u16>(from - match));
      to += 2;
      const stop = matchEnd(from + 4, match + 4, matchLimit), extra = <u32>(stop - from) - 4;
      if (to + extra / 255 + 16 > room) return 0;
      if (extra >= 15) {
        store<u8>(token, load<u8>(token) | 15);
        to = writeLength(to, extra - 15);
      } else store<u8>(token, load<u8>(token) | <u8>extra);
      from = anchor = stop;
      if (from >= lastStart) break;
      store<Place>(slotOf<Place>(table, load<u32>(from - 2)), <Place>(from - 2 - src));
    }
  }
  const rest = <u32>(end - anchor);
  if (to + rest + rest / 255 + 2 > room) return 0;
  if (rest >= 15) {
    store<u8>(to++, 0xf0);
    to = writeLength(to, rest - 15);
  } else store<u8>(to++, <u8>(rest << 4));
  memory.copy(to, anchor, rest);
  return <u32>(to + rest - dst);
}

// @ts-ignore: decorator
@inline
function slotOf<Place>(table: usize, four: u32): usize {
  const bits: u32 = sizeof<Place>() == 2 ? 13 : 12;
  return table + (<usize>((four * PRIME) >> (32 - bits)) << alignof<Place>());
}

// @ts-ignore: decorator
@inline
function matchEnd(p: usize, q: usize, limit: usize): usize {
  for (; p + 8 <= limit; p += 8, q += 8) {
    const difference = load<u64>(p) ^ load<u64>(q);
    if (difference) return p + <usize>(ctz<u64>(difference) >> 3);
  }
  while (p < limit && load<u8>(p) == load<u8>(q)) {
    p++;
    q++;
  }
  return p;
}

// @ts-ignore: decorator
@inline
function writeLength(to: usize, length: u32): usize {
  for (; length >= 255; length -= 255) store<u8>(to++, 255);
  store<u8>(to++, <u8>length);
  return to;
}
