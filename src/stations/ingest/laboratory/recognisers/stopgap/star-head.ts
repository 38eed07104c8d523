import { scanStar } from "../../../../../formats/star/scan.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { orReason } from "../common/reading.js";

/** What the first table of a STAR file is called, and the tomograms that its rows name by number. */
export interface StarHead {
  readonly name?: string | undefined;
  readonly tomograms: ReadonlySet<string>;
  /** Of a list of wedges: sections, rows and columns of each tomogram, by number. */
  readonly sizes: ReadonlyMap<string, string>;
}

const SIZES = ["tomo_num", "tomo_z", "tomo_y", "tomo_x"];

export async function starHead(laboratory: Laboratory, path: string): Promise<StarHead> {
  let name: string | undefined;
  const tomograms = new Set<string>();
  const sizes = new Map<string, string>();
  await orReason(async () => {
    const source = await laboratory.open(path);
    const named = { name: path, size: () => source.size(), read: source.read.bind(source) };
    const batches = scanStar(named, (table) => {
      name ??= table.name;
      const wanted = table.name === "stopgap_motivelist" ? SIZES.slice(0, 1) : table.name === "stopgap_wedgelist" ? SIZES : [];
      const texts = wanted.map((column) => table.columns.indexOf(column));
      return texts.length > 0 && texts.every((at) => at >= 0) ? { texts } : "skip";
    });
    for await (const { texts } of batches) {
      const [numbers = [], ...lengths] = texts;
      for (const [row, number] of numbers.entries()) {
        tomograms.add(number);
        if (lengths.length > 0) sizes.set(number, lengths.map((column) => Number(column[row])).join(" "));
      }
    }
  });
  return { name, tomograms, sizes };
}
