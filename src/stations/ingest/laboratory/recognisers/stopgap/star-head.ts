import { scanStar } from "../../../../../formats/star/scan.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { orReason } from "../common/reading.js";

/** What the first table of a STAR file is called, and the tomograms that its rows name by number. */
export interface StarHead {
  readonly name?: string | undefined;
  readonly tomograms: ReadonlySet<string>;
}

export async function starHead(laboratory: Laboratory, path: string): Promise<StarHead> {
  let name: string | undefined;
  const tomograms = new Set<string>();
  await orReason(async () => {
    const source = await laboratory.open(path);
    const named = { name: path, size: () => source.size(), read: source.read.bind(source) };
    const batches = scanStar(named, (table) => {
      name ??= table.name;
      const at = table.columns.indexOf("tomo_num");
      return table.name === "stopgap_motivelist" && at >= 0 ? { texts: [at] } : "skip";
    });
    for await (const { texts } of batches) for (const value of texts[0] ?? []) tomograms.add(value);
  });
  return { name, tomograms };
}
