import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { groupsOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import type { Archive, ArchiveFile, ArchiveFolder } from "../inventory/archive.js";
import { shownPath } from "../inventory/path-bytes.js";
import type { Classify } from "../labels/classify.js";
import { classOf, isCounted, isModelFile, matchedScope, stemOf } from "../labels/count.js";
import { unreadableRecord } from "../labels/labels.js";
import { isTaken, type MatchRow } from "../match/match-row.js";
import type { TomogramCandidate } from "../models/drawn-on.js";

/** A model of the wanted label in the folder of a matched run. The folder may be several runs of the portal. */
export interface FoundModel {
  readonly file: ArchiveFile;
  readonly folder: ArchiveFolder;
  readonly label: string;
  readonly rows: readonly MatchRow[];
  /** Volumes beside the model, and in the folders above it up to its run's. */
  readonly volumes: readonly TomogramCandidate[];
}

export interface FoundModels {
  readonly models: readonly FoundModel[];
  /** Files that are not models, and a summary of models whose run is undecided. */
  readonly errors: readonly ErrorRecord[];
  /** Paths of models without a point or slicer angle, which are not collected. */
  readonly empty: readonly string[];
  /** Number of models of the label in no matched run. */
  readonly outside: number;
  /** The paths of the matches are on other drives: runs were identified by their names. */
  readonly byName: boolean;
}

/** Finds the models of one label, folder by folder. Sidecars, backups and empty files are skipped; damaged files are reported. */
export async function findModels(
  archive: Archive,
  matches: readonly MatchRow[],
  wanted: string,
  classify: Classify,
  signal?: AbortSignal,
): Promise<FoundModels> {
  const roots = archive.roots.map(({ path }) => path);
  const taken = matches.filter(isTaken);
  const scope = matchedScope(taken, roots);
  const open = matchedScope(
    matches.filter(({ status }) => status === "ambiguous"),
    roots,
  );
  const placeOf = ({ path, archiveRun }: MatchRow) => (scope.byName || path === "" ? archiveRun : path);
  const byPlace = groupsOf(taken, placeOf);
  const models: FoundModel[] = [];
  const errors: ErrorRecord[] = [];
  const empty: string[] = [];
  const undecided: string[] = [];
  let outside = 0;
  const volumesAt = new Map<string, TomogramCandidate[]>();
  for await (const folder of archive.folders({ signal })) {
    rememberVolumes(volumesAt, folder);
    for (const file of folder.files) {
      if (!isModelFile(file)) continue;
      const classified = classify(stemOf(file.name));
      if (classified.label.toLowerCase() !== wanted.toLowerCase()) continue;
      const kind = classOf(file, classified);
      if (kind !== "unreadable" && !isCounted(kind)) continue;
      const row = scope.find(folder);
      if (row === undefined || row === "all") {
        if (open.find(folder) !== undefined) undecided.push(file.path);
        else outside++;
        continue;
      }
      if (kind === "unreadable") errors.push(unreadableRecord(file.path, file.head));
      else if (file.hygiene.includes("empty-model")) empty.push(file.path);
      else
        models.push({
          file,
          folder,
          label: classified.label,
          rows: byPlace.get(placeOf(row))!,
          volumes: volumesAbove(volumesAt, folder),
        });
    }
  }
  if (undecided.length > 0) errors.push(undecidedRecord(undecided));
  return { models, errors, empty, outside, byName: scope.byName };
}

/** Stores the volumes of the folders from the root to this one. Others are dropped: folders come in the order of their paths. */
function rememberVolumes(volumesAt: Map<string, TomogramCandidate[]>, { path, files }: ArchiveFolder): void {
  for (const other of volumesAt.keys()) if (path !== other && !path.startsWith(`${other}/`)) volumesAt.delete(other);
  const volumes = files.flatMap(({ ext, kind, head, path }): TomogramCandidate[] =>
    // a tilt series (.st) is no volume
    (ext === ".rec" || ext === ".mrc") && kind !== "sidecar" && head?.format === "mrc"
      ? [{ path, shape: head.shape, voxelAngstrom: head.voxel }]
      : [],
  );
  if (volumes.length > 0) volumesAt.set(path, volumes);
}

function volumesAbove(volumesAt: ReadonlyMap<string, readonly TomogramCandidate[]>, folder: ArchiveFolder): TomogramCandidate[] {
  const top = folder.runFolder ?? folder.path;
  return [...volumesAt].flatMap(([path, volumes]) => {
    if (path.length < top.length) return [];
    const distance = folder.path.slice(path.length).split("/").length - 1;
    return volumes.map((volume) => ({ ...volume, distance }));
  });
}

function undecidedRecord(paths: readonly string[]): ErrorRecord {
  return toErrorRecord(
    new EmporiumError(
      "AMBIGUOUS",
      `${counted(paths.length, "model is", "models are")} in folders whose run is not decided, the first ${shownPath(paths[0]!)}`,
      { hint: "decide them in review_runs.csv of curate match, save it as decisions.csv, match again, and collect again" },
    ),
  );
}
