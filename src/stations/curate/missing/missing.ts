import { basename } from "node:path";
import type { ErrorRecord } from "../../../core/errors.js";
import { exitOf, noteLines, type Report, withText } from "../../../core/report.js";
import { quoteWords } from "../../../core/shell.js";
import { counted, formatBytes } from "../../../core/units.js";
import type { Archive } from "../inventory/archive.js";
import { csvBytes, csvLine } from "../inventory/csv.js";
import { shownPath } from "../inventory/path-bytes.js";
import { copiesNote, isSkipped } from "../inventory/place.js";
import { looseRunName, runNaming } from "../inventory/run-name.js";
import { type ScanOptions, scanArchive } from "../inventory/scan.js";
import { writeWhole } from "../inventory/write-whole.js";
import { isTaken, type MatchRow } from "../match/match-row.js";
import { readMatchTable, requireSeen } from "./match-table.js";
import { type ArchiveRun, inRows, type MissingSpecies, missingRuns, type SizeBy } from "./missing-runs.js";

export interface MissingOptions extends Omit<ScanOptions, "heads"> {
  /** The table of `curate match`. */
  matches: string;
  /** A table of all run folders. */
  out?: string | undefined;
  by?: SizeBy | undefined;
}

export interface MissingReport extends Report {
  /** The largest first. Unknown species are null. */
  readonly species: readonly {
    readonly species: string | null;
    readonly runs: number;
    readonly drives: readonly string[];
    readonly files: number;
    readonly bytes: number;
    readonly tomograms: number;
    readonly tilt_series: number;
    readonly models: number;
    readonly folders: readonly {
      readonly run: string;
      readonly path: string;
      readonly drive: string;
      readonly files: number;
      readonly bytes: number;
      readonly tomograms: number;
      readonly tilt_series: number;
      readonly models: number;
      readonly perhaps: string | null;
    }[];
    /** For `ingest new --from`. */
    readonly places: readonly { readonly path: string; readonly runs: number; readonly portal_runs: number }[];
  }[];
  readonly counts: { readonly runs: number; readonly folders: number; readonly files: number; readonly bytes: number };
  readonly out: string | null;
  readonly notes: readonly string[];
}

/**
 * Finds the run folders of an archive that the portal does not have: those in no row of a table of matches.
 *
 * @throws {EmporiumError} USAGE, CONFIG_SYNTAX, CONFIG_FIELD (the table), CONFIG_RULE (it is of other folders); as
 *   `scanArchive`
 */
export async function missingInPortal(dirs: readonly string[], options: MissingOptions): Promise<MissingReport> {
  const { matches, out, by, ...scan } = options;
  const table = await readMatchTable(matches);
  const { rows } = table;
  // heads are needed to recognise sidecars with other names
  const archive = await scanArchive(dirs, { ...scan, heads: "models", writes: { "--out": out } });
  for (const { path } of archive.roots) requireSeen(path, table, matches);
  const { runs, notes } = await archiveRuns(archive, scan.signal);
  const species = missingRuns(runs, rows, by);
  notes.push(...undecidedNote(runs, rows));
  if (out !== undefined) await writeWhole(out, [csvBytes(tableOf(species))]);
  return report(species, { matches, out, notes, errors: archive.errors });
}

type OpenRun = { -readonly [Name in keyof ArchiveRun]: ArchiveRun[Name] };

/**
 * Run folders with their contents, and notes on what is not among them. A run inside another run counts for itself; folders of
 * copies and the files in them do not count.
 */
async function archiveRuns(archive: Archive, signal: AbortSignal | undefined): Promise<{ runs: ArchiveRun[]; notes: string[] }> {
  const runs = new Map<string, OpenRun>();
  const copies: string[] = [];
  let filesInCopies = 0;
  const namings = new Map(archive.roots.map(({ path, head }) => [path, runNaming(head.runPatterns)]));
  for await (const { root, path, rel, drive, species, files } of archive.folders({ signal })) {
    const folder = basename(path);
    const name = namings.get(root)?.(folder)?.run ?? (looseRunName(folder) ? folder : undefined);
    if (isSkipped(rel, false)) {
      if (name !== undefined) copies.push(path);
      else if (nearest(path, runs)) filesInCopies += files.length;
      continue;
    }
    if (name !== undefined)
      runs.set(path, { name, path, drive, species, files: 0, bytes: 0, tomograms: 0, tiltSeries: 0, models: 0 });
    const run = nearest(path, runs);
    if (!run) continue;
    for (const { kind, size } of files) {
      run.files++;
      run.bytes += size;
      if (kind === "rec") run.tomograms++;
      else if (kind === "tilt") run.tiltSeries++;
      else if (kind === "model") run.models++;
    }
  }
  return { runs: [...runs.values()], notes: copiesNote(copies, filesInCopies) };
}

/** Folders that are not missing, and not known to be on the portal either. */
function undecidedNote(runs: readonly ArchiveRun[], rows: readonly MatchRow[]): string[] {
  const isOfPortal = inRows(rows.filter(isTaken));
  const isOpen = inRows(rows.filter(({ status }) => status === "ambiguous"));
  const count = runs.filter((run) => isOpen(run) && !isOfPortal(run)).length;
  if (count === 0) return [];
  const have = `${counted(count, "run folder has", "run folders have")} ambiguous rows alone`;
  return [
    `${have}, and ${count === 1 ? "is" : "are"} not listed until a person has decided: see review_runs.csv of curate match`,
  ];
}

/** Folders come before those in them, so all folders above are known. */
function nearest(path: string, runs: ReadonlyMap<string, OpenRun>): OpenRun | undefined {
  for (let at = path; at.length > 1; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    const run = runs.get(at);
    if (run) return run;
  }
  return undefined;
}

const COLUMNS = ["species", "run", "path", "drive", "files", "bytes", "tomograms", "tilt_series", "models", "perhaps"];

function tableOf(species: readonly MissingSpecies[]): string {
  const lines = species.flatMap((one) =>
    one.folders.map((run) =>
      csvLine([
        one.species,
        run.name,
        run.path,
        run.drive,
        run.files,
        run.bytes,
        run.tomograms,
        run.tiltSeries,
        run.models,
        run.perhaps,
      ]),
    ),
  );
  return csvLine(COLUMNS) + lines.join("");
}

const SPECIES_SHOWN = 30;
const NOTES_SHOWN = 5;

interface ReportFacts {
  matches: string;
  out: string | undefined;
  notes: readonly string[];
  errors: readonly ErrorRecord[];
}

function report(species: readonly MissingSpecies[], { matches, out, notes, errors }: ReportFacts): MissingReport {
  const folders = species.flatMap((one) => one.folders);
  const counts = {
    runs: species.reduce((sum, { runs }) => sum + runs, 0),
    folders: folders.length,
    files: folders.reduce((sum, { files }) => sum + files, 0),
    bytes: folders.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  const document = {
    species: species.map(({ species: name, runs, drives, files, bytes, tomograms, tiltSeries, models, ...rest }) => ({
      species: name ?? null,
      ...{ runs, drives, files, bytes, tomograms, tilt_series: tiltSeries, models },
      folders: rest.folders.map((run) => ({
        ...{ run: run.name, path: run.path, drive: run.drive, files: run.files, bytes: run.bytes, tomograms: run.tomograms },
        ...{ tilt_series: run.tiltSeries, models: run.models, perhaps: run.perhaps ?? null },
      })),
      places: rest.places.map(({ path, runs, portalRuns }) => ({ path, runs, portal_runs: portalRuns })),
    })),
    counts,
    out: out ?? null,
    notes,
    errors,
    exitStatus: exitOf(errors.length),
  };
  return withText(document, () => {
    const next = ({ species: name, places: [first] }: MissingSpecies) =>
      first === undefined ? [] : [`    ${nextCommand(first.path, name, matches)}`];
    const last = [...noteLines(notes, NOTES_SHOWN), ...(out === undefined ? [] : [`written: ${out}`])];
    if (species.length === 0) return ["no run folder is known to be missing on the portal", ...last];
    const doubtful = folders.filter(({ perhaps }) => perhaps !== undefined);
    return [
      `${counted(counts.runs, "run")} in ${counted(counts.folders, "folder")} (${counted(counts.files, "file")}, ${formatBytes(counts.bytes)}) that the portal does not have`,
      ...species.slice(0, SPECIES_SHOWN).flatMap((one) => [...speciesLines(one), ...next(one)]),
      ...(species.length > SPECIES_SHOWN ? [`and ${species.length - SPECIES_SHOWN} more species (--json, --out)`] : []),
      ...(doubtful.length > 0
        ? [
            `${counted(doubtful.length, "folder")} may be of the portal's runs after all: ${shownPath(doubtful[0]!.name)} is like ${doubtful[0]!.perhaps}`,
          ]
        : []),
      ...last,
    ];
  });
}

/** What makes a configuration of a folder of missing runs. */
function nextCommand(path: string, species: string | undefined, matches: string): string {
  const name = (species ?? "").replace(/[^\p{L}\p{N}.-]+/gu, "_").replace(/^[-.]+/, "") || "new";
  return quoteWords(["emporium", "ingest", "new", "--from", shownPath(path), "--matches", matches, "--out", `${name}.yaml`]);
}

function speciesLines({ species, runs, drives, tomograms, tiltSeries, models, bytes, places }: MissingSpecies): string[] {
  const [first] = places;
  const more = places.length > 1 ? ` and ${places.length - 1} more` : "";
  const also =
    first && first.portalRuns > 0
      ? ` (${first.portalRuns} other ${first.portalRuns === 1 ? "run there is" : "runs there are"} on the portal)`
      : "";
  return [
    `${shownPath(species ?? "species unknown")}: ${counted(runs, "run")} on ${drives.map(shownPath).join(", ")}, ${counted(tomograms, "tomogram")}, ${tiltSeries} tilt series, ${counted(models, "model")}, ${formatBytes(bytes)}`,
    ...(first ? [`  in ${shownPath(first.path)}${also}${more}`] : []),
  ];
}
