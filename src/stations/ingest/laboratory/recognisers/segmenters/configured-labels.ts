import type { Laboratory } from "../../survey/laboratory.js";
import { folderOf, namedFrom } from "../common/paths.js";

const BYTES_MAX = 64 * 1024;
const CONFIG = /config[^/]*\.ya?ml$/i;
const FOLDER = /^(?:seg|data)_dir:[ \t]*["']?([^"'#\r\n]+?)["']?[ \t]*(?:#.*)?$/m;
const VALUES = /^segmentation_values:[^\r\n]*\r?\n((?:[ \t]+[^\r\n]*(?:\r?\n|$))+)/m;
const VALUE = /^[ \t]+["']?([\p{L}][^"':]*)["']?:[ \t]*(\d{1,4})[ \t]*(?:#.*)?$/gmu;

/**
 * What a configuration of Surface Morphometrics calls the labels of the masks in a folder, for each folder that one names: `segmentation_values` of those in
 * `seg_dir`. A folder of which two say different things has none.
 *
 * Source: config.yml in https://github.com/GrotjahnLab/surface_morphometrics
 */
export async function configuredLabels(laboratory: Laboratory): Promise<ReadonlyMap<string, ReadonlyMap<number, string>>> {
  const found = new Map<string, Map<number, string>>();
  const folders = new Set(laboratory.folders());
  for (const { path, format, size } of laboratory.files) {
    if (!CONFIG.test(path) || format !== "text" || size > BYTES_MAX) continue;
    const text = (await laboratory.text(path)) ?? "";
    const [named, values] = [FOLDER.exec(text)?.[1], VALUES.exec(text)?.[1]];
    const folder = namedFrom(folderOf(path), named);
    if (folder === undefined || values === undefined || !folders.has(folder)) continue;
    const names = new Map([...values.matchAll(VALUE)].map(([, name, value]) => [Number(value), name!.trim()]));
    const before = found.get(folder);
    const isSame = !before || (before.size === names.size && [...names].every(([value, name]) => before.get(value) === name));
    found.set(folder, isSame ? names : new Map());
  }
  return found;
}
