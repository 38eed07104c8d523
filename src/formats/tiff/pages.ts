import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { type Directory, type Layout, readDirectory, tiffError } from "./directory.js";

export interface PageCount {
  pages: number;
  by: "chain" | "stride";
  uniform: boolean;
}

/** So many pages are followed one by one before a guess is made from their distance. */
const FOLLOWED = 8;
const PROBES = 16;

/**
 * Counts the pages of the chain that begins with `first`.
 *
 * A camera's movie of a thousand uncompressed frames has its directories at equal distances, each a range of its own. After eight
 * pages of one kind and distance the last one is looked for where the distance leads; if it is the end of the chain, and pages
 * probed between are links of it, the count is settled. Otherwise every page is read.
 *
 * @param same whether a page is of the first one's kind.
 * @throws {EmporiumError} FORMAT_FIELD for a loop, FORMAT_LIMIT past `LIMITS.pageCount`.
 */
export async function countPages(
  source: RandomAccess,
  layout: Layout,
  first: Directory,
  settings: { options: ReadOptions; everyPage: boolean; same: (page: Directory) => Promise<boolean> },
): Promise<PageCount> {
  const { options, everyPage, same } = settings;
  const seen = new Set([first.offset]);
  let uniform = true;
  let page = first;
  while (page.next !== 0) {
    if (seen.has(page.next)) {
      const message = `page ${seen.size} is followed by an earlier one at byte ${page.next}: a loop`;
      throw tiffError(source, "FORMAT_FIELD", page.offset, message);
    }
    if (seen.size >= LIMITS.pageCount) {
      throw new EmporiumError("FORMAT_LIMIT", `${source.name}: more than ${LIMITS.pageCount} pages`, {
        place: { file: source.name, byte: page.offset },
        hint: "split the file",
      });
    }
    page = await readDirectory(source, layout, page.next, options);
    seen.add(page.offset);
    uniform &&= await same(page);
    if (seen.size === FOLLOWED && uniform && !everyPage) {
      // the first page often has more tags than the others: a description
      const others = await countByStride(source, layout, [...seen].slice(1), page.bytes, settings);
      if (others !== undefined) return { pages: 1 + others, by: "stride", uniform };
    }
  }
  return { pages: seen.size, by: "chain", uniform };
}

/** The number of pages from the first of `offsets` on, or undefined where the guess does not hold. */
async function countByStride(
  source: RandomAccess,
  layout: Layout,
  offsets: readonly number[],
  directoryBytes: number,
  { options, same }: { options: ReadOptions; same: (page: Directory) => Promise<boolean> },
): Promise<number | undefined> {
  const [begin, second] = offsets as [number, number];
  const stride = second - begin;
  // directories that lie close together come in one range anyhow
  if (stride < 4096 || !offsets.every((offset, i) => offset === begin + i * stride)) return undefined;
  const last = Math.floor((layout.sizeBytes - directoryBytes - begin) / stride);
  if (last < offsets.length || last >= LIMITS.pageCount) return undefined;
  const isLink = async (index: number): Promise<boolean> => {
    const offset = begin + index * stride;
    try {
      const page = await readDirectory(source, layout, offset, options);
      return page.bytes === directoryBytes && page.next === (index === last ? 0 : offset + stride) && (await same(page));
    } catch (error) {
      if (error instanceof EmporiumError && error.code.startsWith("FORMAT_")) return false;
      throw error;
    }
  };
  const probes = new Set([
    last,
    last - 1,
    ...Array.from({ length: PROBES }, (_, i) => Math.floor((last * (i + 1)) / (PROBES + 1))),
  ]);
  for (const index of probes) if (!(await isLink(index))) return undefined;
  return last + 1;
}
