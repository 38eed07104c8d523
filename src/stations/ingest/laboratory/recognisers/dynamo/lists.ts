import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { folderOf, type TailFinder } from "../common/paths.js";

/** Which number of column 20 means which tomogram. */
export interface TomogramList {
  readonly path: string;
  readonly folder: string;
  /** As written, by number. */
  readonly named: ReadonlyMap<number, string>;
  /** The files that are there, by number. */
  readonly files: ReadonlyMap<number, string>;
  /** Tables and models that a `.vll` lists under a tomogram: as written, with the number of the tomogram. */
  readonly sources: readonly { readonly name: string; readonly tomogram: number }[];
}

const READS_IN_FLIGHT = 8;
const BYTES_MAX = 4 * 1024 * 1024;
const VOLUME = /\.(?:mrc|mrcs|rec|st|em|map|hdf|vol)$/i;

/**
 * Lists of tomograms: `indices_column20.doc` and other `.doc` (a number and a path a line), `.tomolist`, and `.vll` (a path a line, numbered in their order
 * or by `* index =`).
 *
 * Source: https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Volume_list_file; table maps as in https://github.com/teamtomo/dynamotable
 */
export async function tomogramLists(laboratory: Laboratory, finder: TailFinder): Promise<TomogramList[]> {
  const texts = laboratory.files.filter(({ path, format }) => /\.(?:doc|vll|tomolist)$/i.test(path) && format === "text");
  const lists = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }): Promise<TomogramList | undefined> => {
    const lines = ((await laboratory.text(path, BYTES_MAX)) ?? "").split(/\r\n|\n|\r/).map((line) => line.trim());
    const { named, sources } = /\.vll$/i.test(path) ? parseVolumeList(lines) : { named: parseMap(lines), sources: [] };
    if (named.size === 0) return undefined;
    const folder = folderOf(path);
    const files = new Map<number, string>();
    for (const [number, name] of named) {
      const file = finder.find(name, folder, (one) => VOLUME.test(one));
      if (file !== undefined) files.set(number, file);
    }
    return { path, folder, named, files, sources };
  });
  return lists.filter((list) => list !== undefined);
}

/** A number and a path a line; empty where any line is something else. */
function parseMap(lines: readonly string[]): Map<number, string> {
  const named = new Map<number, string>();
  for (const line of lines) {
    if (line === "" || /^[#%]/.test(line)) continue;
    const [, number, path] = /^(\d+)[\s,;]+(\S.*)$/.exec(line) ?? [];
    if (path === undefined || !VOLUME.test(path)) return new Map();
    named.set(Number(number), path);
  }
  return named;
}

function parseVolumeList(lines: readonly string[]): Pick<TomogramList, "named" | "sources"> {
  const named = new Map<number, string>();
  const sources: { name: string; tomogram: number }[] = [];
  let number = 0;
  let path: string | undefined;
  for (const line of lines) {
    const index = /^\*\s*index\s*=\s*(\d+)/i.exec(line)?.[1];
    const source = /^[>!]\s*(\S.*)$/.exec(line)?.[1];
    if (index !== undefined && path !== undefined) {
      named.delete(number);
      number = Number(index);
      named.set(number, path);
    } else if (source !== undefined && path !== undefined) sources.push({ name: source, tomogram: number });
    else if (VOLUME.test(line) && !/^[#*>!]/.test(line)) {
      path = line;
      named.set(++number, path);
    }
  }
  return { named, sources };
}
