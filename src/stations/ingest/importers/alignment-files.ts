import { EmporiumError } from "../../../core/errors.js";
import { baseName } from "../../../stores/keys.js";
import type { PlanContext } from "./context.js";
import { extensionOf } from "./copies.js";
import type { SectionItem } from "./sections.js";

/** A file of an alignment, and its key on the target. */
export interface AlignmentFile {
  readonly item: SectionItem;
  readonly key: string;
}

/** Formats that the portal does not know; its metadata name them in a key of their own. */
export type OwnFormat = "RELION" | "WARP";

/** Our word for a configured format that is ours, whatever its case; undefined for the portal's and for any other. */
export function ownFormat(format: unknown): OwnFormat | undefined {
  if (typeof format !== "string") return undefined;
  if (/^relion ?[45]?$/i.test(format)) return "RELION";
  return /^warp$/i.test(format) ? "WARP" : undefined;
}

const PROGRAMS =
  "align|autofidseed|blend|cryoposition|ctfcorrection|ctfplotter|eraser|findbeads3d|flatten|golderaser|mtffilter|newst|preblend|prenewst|sample|sirtsetup|tilt|tomopitch|track|transferfid|trimvol|undistort|xcorr";
/** Etomo's names of its command files, alone or after the name of a dataset; the letter is that of the axis. */
const COMMAND_FILE = new RegExp(`(?:^|[_.-])((?:${PROGRAMS})[ab]?(?:_[a-z0-9]+)*\\.com)$`, "i");

/**
 * Names of an alignment's files: the run's name with the last extension of each. Command files are named after the run and the
 * file, `RUN_tilt.com` beside `RUN_newst.com`, because they share the extension. Files in formats that the portal does not have
 * keep their names, since they refer to each other. (`compat`: all have the run's name, and of two with one extension the last
 * remains.)
 *
 * @throws {EmporiumError} CONFIG_COLLISION for two files of one name
 */
export function alignmentFiles(
  context: PlanContext,
  items: readonly SectionItem[],
  folder: string,
  runName: string,
  format: unknown,
): AlignmentFile[] {
  const nameOf = ({ key }: SectionItem): string => {
    const extension = extensionOf(key!);
    if (context.compat) return `${runName}${extension}`;
    if (ownFormat(format)) return baseName(key!);
    return extension.toLowerCase() === ".com" ? commandName(baseName(key!), runName) : `${runName}${extension}`;
  };
  const files = items.map((item) => ({ item, key: `${folder}/${nameOf(item)}` }));
  const taken = new Map<string, SectionItem>();
  for (const { item, key } of files) {
    const other = taken.get(key.toLowerCase());
    if (other && !context.compat) {
      const found = [other, item].map((one) => context.source.fullPath(one.key!));
      throw new EmporiumError("CONFIG_COLLISION", `${runName}: ${found.join(" and ")} would both be written as ${key}`, {
        place: item.place,
        hint: "narrow the globs to one file of each kind, or make two blocks of two alignments",
      });
    }
    taken.set(key.toLowerCase(), item);
  }
  return files;
}

/** `tilt.com`, `TS_1_tilt.com` and `stack_tilt.com` of the run TS_1 are all `TS_1_tilt.com`. */
function commandName(name: string, runName: string): string {
  if (name.startsWith(`${runName}_`)) return name;
  return `${runName}_${COMMAND_FILE.exec(name)?.[1] ?? name}`;
}
