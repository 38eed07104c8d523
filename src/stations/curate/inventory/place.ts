import { counted } from "../../../core/units.js";
import { shownPath } from "./path-bytes.js";
import { type RunNaming, runNaming } from "./run-name.js";

/** Facts that the path of a folder tells. */
export interface FolderPlace {
  readonly drive: string;
  readonly species: string | undefined;
  /** Name of the nearest run folder, this one or above. */
  readonly run: string | undefined;
  /** Group of the user's own pattern that matched the run folder, as is `date`; undefined where it has none. */
  readonly author: string | undefined;
  readonly date: string | undefined;
  /** Path of the run's folder, relative to the root; undefined if it is above the root. */
  readonly runPath: string | undefined;
}

const DRIVE = /^(?:grp_tomo_db1|TomoDB1)_d\d+$/i;
/** The folder that holds the projects: `compute/TomoDB1_d1/<project>/<species>/…`. */
const PROJECTS = /^TomoDB1_d\d+$/i;

/**
 * Reads drive, species and run from a path. The drive is the outermost folder of such a name, else the root. The species is the
 * first word of the folder two below `TomoDB1_dN`; in other archives of the folder below the root, unless it is a run's.
 *
 * @param root absolute path of the scanned folder, with `/`
 * @param rel path below it, "" for the root itself
 * @param naming recognises the folders of runs
 */
export function folderPlace(root: string, rel: string, naming: RunNaming = PORTAL_NAMES): FolderPlace {
  const above = root.split("/").filter(Boolean);
  const below = rel === "" ? [] : rel.split("/");
  const all = [...above, ...below];
  const run = lastIndex(all, (name) => naming(name) !== undefined);
  const named = run === undefined ? undefined : naming(all[run]!);
  const projects = lastIndex(all, (name) => PROJECTS.test(name));
  const speciesAt = projects === undefined ? above.length : projects + 2;
  const runAt = all.findIndex((name) => naming(name) !== undefined);
  const folder = speciesAt < all.length && (runAt < 0 || speciesAt < runAt) ? all[speciesAt]! : undefined;
  return {
    drive: all.find((name) => DRIVE.test(name)) ?? above.at(-1) ?? "/",
    species: folder === undefined ? undefined : firstWord(folder),
    run: named?.run,
    author: named?.author,
    date: named?.date,
    runPath: run === undefined || run < above.length ? undefined : below.slice(0, run - above.length + 1).join("/"),
  };
}

const PORTAL_NAMES = runNaming();

/** Names of species folders contain `_` and blanks, and go on with strain and treatment: `CaulobacterCrescentus_UnpluggedPL`. */
function firstWord(folder: string): string {
  return folder.split(/[_\s]+/).find((word) => word !== "") ?? folder;
}

function lastIndex(names: readonly string[], test: (name: string) => boolean): number | undefined {
  for (let at = names.length - 1; at >= 0; at--) if (test(names[at]!)) return at;
  return undefined;
}

/** Folders that hold copies of runs: for figures, papers, averages. */
const SKIPPED = ["figures", "paper", "mk_application", "peet"];

/**
 * Whether a folder is left out of the enumeration of runs: one of its names below the root is in the list, in any case. The
 * reference looks for the words inside names too, so it skips `newspaper`.
 */
export function isSkipped(rel: string, compat: boolean): boolean {
  if (!compat) return skippedName(rel) !== undefined;
  const names = rel.toLowerCase().split("/");
  return SKIPPED.some((word) => names.some((name) => name.includes(word)));
}

/** The first name of a path that folders of copies have. */
export const skippedName = (rel: string): string | undefined =>
  rel.split("/").find((name) => SKIPPED.includes(name.toLowerCase()));

/**
 * Notes on folders that are left out as copies: somebody may keep the only files of a run there.
 *
 * @param paths folders of a run's name that are left out
 * @param files of other runs that are not counted with them
 */
export function copiesNote(paths: readonly string[], files = 0): string[] {
  const why = `what is below ${SKIPPED.join(", ")} is taken for copies`;
  const folders = `${counted(paths.length, "folder")} of a run's name, the first ${shownPath(paths[0] ?? "")},`;
  return [
    ...(paths.length > 0 ? [`${folders} ${paths.length === 1 ? "is" : "are"} left out: ${why}`] : []),
    ...(files > 0
      ? [`${counted(files, "file is", "files are")} not counted with ${files === 1 ? "its run" : "their runs"}: ${why}`]
      : []),
  ];
}
