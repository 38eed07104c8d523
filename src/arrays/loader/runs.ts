import type { Triple } from "../../core/box.js";
import type { ChunkPart } from "./copy.js";
import type { FileSource, Repeat } from "./work/decode-job.js";

/** A part of a box and where its chunk lies. */
export interface LocatedPart<P extends ChunkPart> {
  readonly part: P;
  readonly source: FileSource;
}

/** Parts that differ in the place of their chunks alone: `part` is the first, with the shape of all. */
export interface PartRun<P extends ChunkPart> extends LocatedPart<P> {
  readonly repeat?: (Pick<Repeat, "count" | "offset"> & { readonly axis: 0 | 1 | 2 }) | undefined;
}

/**
 * Joins parts whose chunks follow each other in one file at the same distance, such as the sections of an MRC file: by themselves
 * they cost more than their bytes.
 *
 * @param countMax parts of a run.
 */
export function runsOf<P extends ChunkPart>(found: readonly LocatedPart<P>[], countMax: number): PartRun<P>[] {
  const runs: PartRun<P>[] = [];
  for (let i = 0; i < found.length; ) {
    const first = found[i]!;
    const axis = found[i + 1] && axisBetween(first, found[i + 1]!);
    let count = 1;
    if (axis !== undefined) while (count < countMax && i + count < found.length && isNext(found, i, count, axis)) count++;
    runs.push(axis === undefined || count === 1 ? first : joined(first, found[i + 1]!, count, axis));
    i += count;
  }
  return runs;
}

/** The one axis along which the second chunk is the next one. */
function axisBetween<P extends ChunkPart>({ part: a }: LocatedPart<P>, { part: b }: LocatedPart<P>): 0 | 1 | 2 | undefined {
  const [axis, ...others] = ([0, 1, 2] as const).filter((one) => a.cell[one] !== b.cell[one]);
  return axis !== undefined && others.length === 0 ? axis : undefined;
}

/** Whether the part continues the run that begins at `first` and has `count` parts. */
function isNext<P extends ChunkPart>(found: readonly LocatedPart<P>[], first: number, count: number, axis: 0 | 1 | 2): boolean {
  const [{ part: a, source: from }, { part: b, source }] = [found[first]!, found[first + count]!];
  const step = found[first + 1]!.source.offset! - from.offset!;
  if (source.path !== from.path || source.etag !== from.etag || source.length !== from.length) return false;
  if (source.offset === undefined || from.offset === undefined || source.offset !== from.offset + count * step) return false;
  for (let one = 0; one < 3; one++) {
    if (b.cell[one] !== a.cell[one]! + (one === axis ? count : 0)) return false;
    if (a.inChunk.start[one] !== b.inChunk.start[one] || a.inChunk.stop[one] !== b.inChunk.stop[one]) return false;
  }
  return true;
}

function joined<P extends ChunkPart>(first: LocatedPart<P>, second: LocatedPart<P>, count: number, axis: 0 | 1 | 2): PartRun<P> {
  const { part, source } = first;
  const shape = part.shape.map((length, one) => (one === axis ? length * count : length)) as Triple;
  return { part: { ...part, shape }, source, repeat: { axis, count, offset: second.source.offset! - source.offset! } };
}
