import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf } from "../common/paths.js";

/** An entry of EMDB as its header has it. */
export interface Entry {
  /** `EMD-51234`. */
  readonly id: string;
  /** Path of the header. */
  readonly header: string;
  /** `tomography`, `subtomogramAveraging`, `singleParticle`, `helical`, `crystallography`. */
  readonly method: string;
  readonly title: string;
  /** What the header says of the map: `Denoised with cryoCARE`. */
  readonly details: string;
  has(path: string): boolean;
}

const HEADER = /^emd[-_](\d{3,})(?:[-_]v\d+)?\.xml$/i;
const READS_IN_FLIGHT = 8;
const known = new WeakMap<Laboratory, Promise<readonly Entry[]>>();

/**
 * The entries of EMDB in a folder, with the files beside or below each: `map/emd_51234.map`, `other/emd_51234_half_map_1.map`, `masks/`, `fsc/`. Read once.
 *
 * Source: the archive's folders `structures/EMD-51234/`, and the elements of the schema emdb.xsd 3.0.
 */
export function entriesOf(laboratory: Laboratory): Promise<readonly Entry[]> {
  const found = known.get(laboratory) ?? readEntries(laboratory);
  known.set(laboratory, found);
  return found;
}

async function readEntries(laboratory: Laboratory): Promise<Entry[]> {
  const headers = laboratory.files.filter(({ path, format }) => format === "text" && HEADER.test(baseName(path)));
  const read = await mapLimit(headers, READS_IN_FLIGHT, async ({ path }): Promise<Entry[]> => {
    const text = (await laboratory.text(path)) ?? "";
    const method = textOf(text, "method");
    if (!/<emd\s/.test(text) || method === undefined) return [];
    const number = HEADER.exec(baseName(path))![1]!;
    const map = /<map[\s>][\s\S]*?<\/map>/.exec(text)?.[0] ?? "";
    const folder = folderOf(path);
    const top = /^(?:header|metadata)$/i.test(baseName(folder)) ? folderOf(folder) : folder;
    // entries that lie flat in one folder are told by their numbers, as all their files are called
    const called = new RegExp(`^emd[-_]${number}(?!\\d)`, "i");
    const has = (other: string) => (top === "" || other.startsWith(`${top}/`)) && called.test(baseName(other));
    const told = { title: textOf(text, "title") ?? "", details: textOf(map, "details") ?? "" };
    return [{ id: `EMD-${number}`, header: path, method, ...told, has }];
  });
  return read.flat();
}

/** The text of the first element of a name. */
const textOf = (text: string, name: string): string | undefined =>
  new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(text)?.[1]?.trim();
