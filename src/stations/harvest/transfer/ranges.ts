/** Half-open byte ranges `[from, to)`, sorted, none touching another. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** A growing set of byte ranges. Adding at the end of a range is cheap. */
export interface RangeSet {
  readonly ranges: Ranges;
  /** Bytes in all. */
  readonly bytes: number;
  /** The end of the range that begins at 0, or 0. */
  readonly prefix: number;
  add(from: number, to: number): void;
}

export function rangeSet(start: Ranges = []): RangeSet {
  const ranges: [number, number][] = [];
  let bytes = 0;
  const set: RangeSet = {
    ranges,
    get bytes() {
      return bytes;
    },
    get prefix() {
      return ranges[0]?.[0] === 0 ? ranges[0][1] : 0;
    },
    add(from, to) {
      if (from >= to) return;
      let at = ranges.findIndex((range) => range[1] >= from);
      if (at < 0) at = ranges.length;
      let end = at;
      let [low, high] = [from, to];
      while (end < ranges.length && ranges[end]![0] <= to) {
        low = Math.min(low, ranges[end]![0]);
        high = Math.max(high, ranges[end]![1]);
        bytes -= ranges[end]![1] - ranges[end]![0];
        end++;
      }
      ranges.splice(at, end - at, [low, high]);
      bytes += high - low;
    },
  };
  for (const [from, to] of start) set.add(from, to);
  return set;
}

/** The missing ranges of `[0, size)`. */
export function gapsOf(ranges: Ranges, size: number): [number, number][] {
  const gaps: [number, number][] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) gaps.push([at, Math.min(from, size)]);
    at = Math.max(at, to);
  }
  if (at < size) gaps.push([at, size]);
  return gaps;
}
