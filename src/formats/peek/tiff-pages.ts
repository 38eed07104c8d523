import type { RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { type Directory, type Layout, readDirectory } from "../tiff/directory.js";
import { TAG } from "../tiff/tags.js";

export interface CountedPages {
  count: number;
  by: "stride" | "chain";
  warnings: string[];
}

/** First directories of camera movies are longer than the others by a description. */
const DIRECTORY_SLACK = 64 * 1024;

/**
 * Pages by the chain of directories, as far as `mayRead` lets it be followed; then by the distance of those that are known.
 *
 * A chain that goes back or leaves the file ends there, with a warning.
 * @param mayRead whether the directory at an offset may be fetched.
 * @param onPage called with each directory of the chain that was read.
 */
export async function countTiffPages(
  source: RandomAccess,
  layout: Layout,
  first: Directory,
  mayRead: (offset: number) => boolean,
  signal?: AbortSignal,
  onPage: (directory: Directory) => Promise<void> = async () => {},
): Promise<CountedPages> {
  const warnings: string[] = [];
  const offsets = [first.offset];
  const seen = new Set(offsets);
  let latest = first;
  await onPage(first);
  while (latest.next !== 0) {
    if (seen.has(latest.next)) {
      warnings.push(`chain-loop: page ${seen.size} is followed by an earlier one at byte ${latest.next}: counted up to it`);
      return { count: seen.size, by: "chain", warnings };
    }
    if (latest.next + 2 > layout.sizeBytes) {
      warnings.push(`chain-end: page ${seen.size} is followed by one at byte ${latest.next}, past the end: counted up to it`);
      return { count: seen.size, by: "chain", warnings };
    }
    if (seen.size >= LIMITS.pageCount) {
      warnings.push(`chain-long: more than ${LIMITS.pageCount} pages: counted up to there`);
      return { count: seen.size, by: "chain", warnings };
    }
    seen.add(latest.next);
    offsets.push(latest.next);
    if (!mayRead(latest.next)) return extrapolated(offsets, latest, layout.sizeBytes, warnings);
    try {
      latest = await readDirectory(source, layout, latest.next, { signal });
      await onPage(latest);
    } catch (error) {
      if (!isEmporiumError(error) || !error.code.startsWith("FORMAT_")) throw error;
      warnings.push(`chain-end: ${error.message}: counted up to there`);
      return { count: seen.size - 1, by: "chain", warnings };
    }
  }
  return { count: seen.size, by: "chain", warnings };
}

/** Values of a page's tables of strips or tiles that are looked at. */
const SEGMENTS_MAX = 1_000_000;

/** Byte behind the last strip or tile of a page; undefined where the page does not say. */
export async function endOfPixels(directory: Directory): Promise<number | undefined> {
  for (const [offsets, counts] of [
    [TAG.StripOffsets, TAG.StripByteCounts],
    [TAG.TileOffsets, TAG.TileByteCounts],
  ] as const) {
    const [begins, lengths] = await Promise.all([
      directory.numbers(offsets, SEGMENTS_MAX),
      directory.numbers(counts, SEGMENTS_MAX),
    ]);
    if (!begins || !lengths) continue;
    return begins.reduce((end, begin, at) => Math.max(end, begin + (lengths[at] ?? 0)), 0);
  }
  return undefined;
}

/** @param offsets offsets of all known directories; the last one was not read. */
function extrapolated(offsets: readonly number[], latest: Directory, sizeBytes: number, warnings: string[]): CountedPages {
  const strides = offsets.slice(1).map((offset, i) => offset - offsets[i]!);
  const stride = strides.at(-1)!;
  const regular = strides.every((one, i) => one === stride || (i === 0 && Math.abs(one - stride) <= DIRECTORY_SLACK));
  if (strides.some((one) => one <= 0)) {
    warnings.push(
      `pages-unknown: directories lie in no order: ${counted(offsets.length, "page")} at least, the option "exact" counts them all`,
    );
    return { count: offsets.length, by: "stride", warnings };
  }
  const step = regular ? stride : strides.reduce((sum, one) => sum + one, 0) / strides.length;
  if (!regular || strides.length === 1) {
    warnings.push(`pages-estimated: the distance of directories is not known to be the same: the option "exact" counts them all`);
  }
  const rest = sizeBytes - latest.bytes - offsets.at(-1)!;
  return { count: offsets.length + Math.max(0, Math.floor(rest / step)), by: "stride", warnings };
}
