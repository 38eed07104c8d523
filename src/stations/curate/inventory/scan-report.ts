import { EmporiumError } from "../../../core/errors.js";
import { exitOf, type Report, withText } from "../../../core/report.js";
import { counted, formatBytes } from "../../../core/units.js";
import { classifier } from "../labels/classify.js";
import { vocabularyOf } from "../labels/vocabulary.js";
import { type Archive, averagesIn, describeFolder, type PeetAverage } from "./archive.js";
import { writeIndex } from "./export.js";
import { decodeFolder, decodeHead } from "./folder-record.js";
import { readBlocks } from "./listing.js";
import { shownPath } from "./path-bytes.js";
import { folderPlace } from "./place.js";
import { runNaming } from "./run-name.js";
import { type ScanOptions, scanArchive } from "./scan.js";

export interface ScanReportOptions extends ScanOptions {
  /** Path of the index: `.json` or `.csv`. */
  out?: string | undefined;
  vocabulary?: string | undefined;
}

export interface ScanReport extends Report {
  readonly roots: readonly {
    path: string;
    folders: number;
    files: number;
    bytes: number;
    links: number;
    /** Folders that had not changed since the scan before. */
    reused: number;
    heads_read: number;
    seconds: { walk: number; heads: number };
  }[];
  readonly kinds: Readonly<Record<string, number>>;
  readonly drives: Readonly<Record<string, { files: number; bytes: number; runs: number }>>;
  /** Runs by the form of their name: distinct names, and folders. */
  readonly runs: {
    readonly names: number;
    readonly folders: number;
    /** A pattern that folders of volumes match, if no run was found; absent if no two of their names have one form. */
    readonly proposal?: RunPatternProposal | undefined;
  };
  readonly hygiene: Readonly<Record<string, number>>;
  readonly averages: readonly {
    object: string;
    folder: string;
    drive: string;
    run: string | null;
    iteration: number;
    particles: number | null;
    voxel_size: number | null;
  }[];
  readonly out: string | null;
}

/** Scans, counts what is there, and writes the index. */
export async function scanReport(dirs: readonly string[], options: ScanReportOptions): Promise<ScanReport> {
  const { out, signal } = options;
  if (out !== undefined && !/\.(?:json|csv)$/i.test(out))
    throw new EmporiumError("USAGE", `--out ${out}: expected a name that ends in .json or .csv`);
  const vocabulary = await vocabularyOf(options.vocabulary);
  const archive = await scanArchive(dirs, { ...options, writes: { "--out": out } });
  const { runs, ...tally } = tallyOf(archive, signal);
  const proposal = runs.names > 0 ? undefined : await proposeRunPattern(archive, signal);
  const classify = classifier(vocabulary);
  const labelOf = (stem: string) => {
    const found = classify(stem);
    return found.class === "automatic" ? undefined : found.label;
  };
  if (out !== undefined) await writeIndex(archive, out, labelOf, signal);
  const roots = archive.done.map(({ root, head: { totals }, walkSeconds, headSeconds, headTotals }) => ({
    path: root || "/",
    ...totals,
    heads_read: headTotals.read,
    seconds: { walk: Number(walkSeconds.toFixed(3)), heads: Number(headSeconds.toFixed(3)) },
  }));
  const { errors } = archive;
  const document = {
    roots,
    ...tally,
    runs: { ...runs, ...(proposal && { proposal }) },
    out: out ?? null,
    errors,
    exitStatus: exitOf(errors.length),
  };
  return withText(document, linesOf);
}

type Tally = Pick<ScanReport, "kinds" | "drives" | "runs" | "hygiene" | "averages">;

function tallyOf({ roots }: Archive, signal: AbortSignal | undefined): Tally {
  const kinds: Record<string, number> = {};
  const hygiene: Record<string, number> = {};
  const drives = new Map<string, { files: number; bytes: number; runs: Set<string> }>();
  const averages: PeetAverage[] = [];
  const names = new Set<string>();
  let folders = 0;
  for (const { path: root, listing, head: inventory } of roots) {
    const naming = runNaming(inventory.runPatterns);
    for (const { bytes: block } of readBlocks(listing)) {
      signal?.throwIfAborted();
      const head = decodeHead(block);
      if (!head) continue;
      const { drive: name, run, runPath } = folderPlace(root, head.path, naming);
      const drive = drives.get(name) ?? { files: 0, bytes: 0, runs: new Set() };
      drives.set(name, drive);
      drive.files += head.totals.files;
      drive.bytes += head.totals.bytes;
      if (run !== undefined) {
        names.add(run);
        drive.runs.add(run);
        if (runPath === head.path) folders++;
      }
      add(kinds, head.tally.kinds);
      add(hygiene, head.tally.hygiene);
      if ((head.tally.kinds.peet ?? 0) > 0)
        averages.push(...averagesIn(describeFolder(root, decodeFolder(block.toString())!, naming)));
    }
  }
  const filled = [...drives].filter(([, { files }]) => files > 0);
  return {
    kinds,
    drives: Object.fromEntries(filled.map(([name, drive]) => [name, { ...drive, runs: drive.runs.size }])),
    runs: { names: names.size, folders },
    hygiene,
    averages: averages.map(({ object, folder, drive, run, iteration, particles, voxelAngstrom }) => ({
      ...{ object, folder, drive, run: run ?? null, iteration },
      ...{ particles: particles ?? null, voxel_size: voxelAngstrom ?? null },
    })),
  };
}

function linesOf({ roots, kinds, drives, runs, hygiene, averages, out }: Omit<ScanReport, "toText">): string[] {
  const { proposal } = runs;
  const sorted = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  return [
    ...roots.map(
      ({ path, folders, files, bytes, reused, heads_read }) =>
        `${shownPath(path)}: ${counted(files, "file")} (${formatBytes(bytes)}) in ${counted(folders, "folder")}, ${folders - reused} of them listed now, ${heads_read} heads read`,
    ),
    `kinds: ${sorted(kinds) || "none"}`,
    `runs: ${runs.names} in ${counted(runs.folders, "folder")}`,
    ...(proposal
      ? [
          `hint: ${counted(proposal.names, "folder")} with volumes are called like ${shownPath(proposal.example)}; if they are the runs: --run-pattern '${proposal.pattern}'`,
        ]
      : []),
    ...Object.entries(drives).map(
      ([name, { files, bytes, runs }]) =>
        `drive ${shownPath(name)}: ${counted(files, "file")}, ${formatBytes(bytes)}, ${counted(runs, "run")}`,
    ),
    ...averageLines(averages),
    ...(Object.keys(hygiene).length > 0 ? [`hygiene: ${sorted(hygiene)}`] : []),
    ...(out === null ? [] : [`written: ${out}`]),
  ];
}

const AVERAGES_SHOWN = 3;

/** Subtomogram averages of PEET by object and run. */
function averageLines(averages: ScanReport["averages"]): string[] {
  const shown = averages.slice(0, AVERAGES_SHOWN).map(({ object, run, folder, iteration, particles }) => {
    const of = particles === null ? "no average volume" : `${particles} ${particles === 1 ? "particle" : "particles"}`;
    return `PEET average: ${shownPath(object)} of ${run === null ? shownPath(folder) : shownPath(run)}, iteration ${iteration}, ${of}`;
  });
  const more = averages.length - shown.length;
  return [...shown, ...(more > 0 ? [`PEET averages: ${averages.length} in all (${more} more with --json)`] : [])];
}

function add(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
}

/** A pattern for the names of folders that hold volumes. */
interface RunPatternProposal {
  /** A regular expression for `--run-pattern`. */
  readonly pattern: string;
  /** Distinct names that it matches. */
  readonly names: number;
  readonly example: string;
}

/** The most names that are counted for one shape. */
const NAMES_MAX = 10_000;

/**
 * The shape that most distinct names have, among folders with volumes and the folders above them: digits become `\d+`; if no two
 * names then agree, letters become `[A-Za-z]+` too. Undefined if no two names have one shape.
 */
async function proposeRunPattern(archive: Archive, signal?: AbortSignal): Promise<RunPatternProposal | undefined> {
  const shapes = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  for await (const { rel, files } of archive.folders({ signal })) {
    if (rel === "" || !files.some(({ kind }) => kind === "rec" || kind === "tilt" || kind === "model")) continue;
    for (const name of rel.split("/")) {
      if (!/\d/.test(name)) continue;
      for (const [at, shape] of [digitsOpen(name), lettersOpen(name)].entries()) {
        const names = shapes[at]!.get(shape) ?? new Set();
        if (names.size < NAMES_MAX) shapes[at]!.set(shape, names.add(name));
      }
    }
  }
  for (const byShape of shapes) {
    const [best] = [...byShape].sort(([, a], [, b]) => b.size - a.size);
    if (best && best[1].size > 1) return { pattern: best[0], names: best[1].size, example: [...best[1]][0]! };
  }
  return undefined;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const digitsOpen = (name: string): string =>
  name
    .split(/(\d+)/)
    .map((part, at) => (at % 2 === 1 ? "\\d+" : escaped(part)))
    .join("");

const lettersOpen = (name: string): string =>
  name
    .split(/([A-Za-z]+|\d+)/)
    .map((part, at) => (at % 2 === 0 ? escaped(part) : /^\d/.test(part) ? "\\d+" : "[A-Za-z]+"))
    .join("");
