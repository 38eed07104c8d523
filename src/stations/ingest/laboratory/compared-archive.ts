import { few } from "../../../core/finding.js";
import { groupsOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import type { ComparedArchive } from "../../../model/compared-archive.js";
import type { Claim, Recognised } from "./claims.js";
import type { Surveyed } from "./survey/laboratory.js";

const MODEL = /(?:^|\/)([^/]+)\.mod$/i;

/** Files of which the comparison says that they are not to be published, with the reason. */
export function leftByComparison(
  { files }: { readonly files: readonly Pick<Surveyed, "path">[] },
  archive: ComparedArchive,
): Map<string, string> {
  const left = new Map<string, string>();
  for (const { path } of files) {
    const because = archive.folderOf(path)?.leftOut ?? automaticModel(path, archive);
    if (because !== undefined) left.set(path, because);
  }
  return left;
}

function automaticModel(path: string, { folderOf, labelOf }: ComparedArchive): string | undefined {
  const stem = MODEL.exec(path)?.[1];
  const label = stem === undefined || !folderOf(path) ? undefined : labelOf(stem);
  return label?.isAutomatic ? `a model that a program has made: ${label.meaning}` : undefined;
}

/**
 * The claims with the names of the archive: runs are called as their folders are known there, and models mean what their names say. A folder that holds
 * several runs by its files keeps their own names.
 */
export function inWordsOf(archive: ComparedArchive, recognised: readonly Recognised[]): readonly Recognised[] {
  const runs = runsByFolder(archive, recognised);
  const told = ({ path, ...claim }: Claim): Claim => {
    const folder = archive.folderOf(path);
    const own = folder && claim.run !== undefined && runs.get(folder.path)?.size === 1 ? folder.run : claim.run;
    const stem = claim.role === "points" ? MODEL.exec(path)?.[1] : undefined;
    const label = folder && stem !== undefined ? archive.labelOf(stem) : undefined;
    const details = label ? { ...claim.details, object: label.label } : claim.details;
    return { ...claim, path, run: own, details };
  };
  const notes = [...runs].flatMap(([path, own]) =>
    own.size < 2
      ? []
      : [`${path || "the folder"} is one run folder of the archive and holds ${few([...own], 3, "run")}: each keeps its name.`],
  );
  return recognised.map((one, at) => ({
    ...one,
    claims: one.claims.map(told),
    questions: one.questions?.map((question) => ({
      ...question,
      options: question.options.map((option) => ({ ...option, claims: option.claims.map(told) })),
    })),
    ...(at === 0 ? { notes: [...(one.notes ?? []), ...notes] } : {}),
  }));
}

/** Names of runs that the files of each run folder have by what is claimed of them. */
function runsByFolder(archive: ComparedArchive, recognised: readonly Recognised[]): Map<string, Set<string>> {
  const runs = new Map<string, Set<string>>();
  for (const { claims } of recognised)
    for (const { path, role, run } of claims) {
      const folder = role === "left out" || run === undefined ? undefined : archive.folderOf(path);
      if (!folder) continue;
      const own = runs.get(folder.path) ?? new Set();
      runs.set(folder.path, own.add(run!));
    }
  return runs;
}

/** What was left out by a comparison, in sentences for a person. */
export function comparisonNotes(
  archive: ComparedArchive,
  files: Iterable<{ readonly path: string; readonly byComparison?: true | undefined }>,
): string[] {
  const folders = new Map<string, string>();
  for (const { path, byComparison } of files) {
    const folder = byComparison ? archive.folderOf(path) : undefined;
    if (folder?.leftOut !== undefined) folders.set(folder.path, folder.run);
  }
  if (folders.size === 0) return [];
  const names = [...groupsOf(folders, ([, run]) => run).keys()];
  return [
    `${counted(folders.size, "run folder is", "run folders are")} left out, as ${archive.table} tells of the portal: ${few(names, 3, "run")}.`,
  ];
}
