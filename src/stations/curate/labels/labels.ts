import { join } from "node:path";
import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import type { Log } from "../../../core/log.js";
import { exitOf, type Report, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { csvBytes, csvLine } from "../inventory/csv.js";
import { shownPath } from "../inventory/path-bytes.js";
import { type ScanOptions, scanArchive } from "../inventory/scan.js";
import { writeWhole } from "../inventory/write-whole.js";
import { isTaken, type MatchRow } from "../match/match-row.js";
import { readMatches } from "../missing/match-table.js";
import { modelErrorCode } from "../models/model-error.js";
import { classifier } from "./classify.js";
import {
  type CountRow,
  countAsReference,
  countLabels,
  everywhere,
  isCounted,
  type LabelCounts,
  MODEL_CLASSES,
  type ModelClass,
  matchedScope,
} from "./count.js";
import { keepLabels } from "./kept.js";
import { writePicture } from "./picture.js";
import { histogramSpec, matrixSpec } from "./picture-spec.js";
import { type Vocabulary, vocabularyOf } from "./vocabulary.js";

export interface LabelsOptions extends Pick<ScanOptions, "workspace" | "jobs" | "full">, GivenEnv {
  /** Table of matched runs. Without it, models of all folders count. */
  matches?: string | undefined;
  /** Further labels, YAML or CSV. */
  vocabulary?: string | undefined;
  /** Histogram, PNG or SVG by the end of its name. */
  plot?: string | undefined;
  /** Table of counts. */
  csv?: string | undefined;
  /** Drive × species × label: a table (`.csv`) or a picture. */
  matrix?: string | undefined;
  /** Folder for a list of folders for each file name, in the reference's form. */
  directories?: string | undefined;
  compat?: boolean | undefined;
}

/** The labels of an archive. */
export interface LabelsReport extends Report {
  /** Counted models, of all `labels` together. */
  readonly total: number;
  readonly labels: Readonly<Record<string, number>>;
  readonly classes: Readonly<Record<string, number>>;
  readonly files: readonly { file_name: string; label: string; class: ModelClass; count: number; runs: number }[];
  readonly meanings: Readonly<Record<string, { meaning: string; status: string; ontology?: string }>>;
  readonly drives: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly matrix: readonly { drive: string; species: string; labels: Readonly<Record<string, number>> }[];
  /** Counted models outside of matched runs. */
  readonly outside: number;
  /** Links with a model's name, which are not counted: their targets are. */
  readonly links: number;
  readonly written: readonly string[];
}

/**
 * Counts which labels an archive has: models by their names, in the folders of matched runs. Sidecars of macOS, backups, empty
 * files, automatic models and files that are no model are distinguished and never counted.
 */
export async function labelArchive(dirs: readonly string[], options: LabelsOptions): Promise<LabelsReport> {
  const { workspace, jobs, full, compat = false } = options;
  const env = envOf(options);
  const { log, signal } = env;
  const vocabulary = await vocabularyOf(options.vocabulary);
  const rows = options.matches === undefined ? undefined : (await readMatches(options.matches)).filter(isTaken);
  if (compat && rows === undefined) {
    throw new EmporiumError("USAGE", "--compat reference without --matches: the reference counts in matched runs alone", {
      hint: "emporium curate match writes the table",
    });
  }
  const { plot, csv, matrix, directories } = options;
  const writes = { "--plot": plot, "--csv": csv, "--matrix": matrix, "--directories": directories };
  const archive = await scanArchive(dirs, { workspace, jobs, full, heads: compat ? "none" : "models", writes, ...env });
  const counts = compat
    ? await countAsReference(archive, rows!, signal)
    : await countLabels(archive, scopeOf(rows, archive.roots, log), classifier(vocabulary), signal);
  const errors = [...archive.errors, ...counts.unreadable.map(({ file: { path, head } }) => unreadableRecord(path, head))];
  const written = await writeAll(counts, options, compat);
  const answer = report(counts, vocabulary, { errors, written, compat });
  const { matches, vocabulary: more } = options;
  await keepLabels(counts, answer, { ...env, workspace, dirs, matches, vocabulary: more, compat });
  return answer;
}

function scopeOf(rows: readonly MatchRow[] | undefined, roots: readonly { path: string }[], log: Log) {
  if (rows === undefined) return everywhere;
  const scope = matchedScope(
    rows,
    roots.map(({ path }) => path),
  );
  if (scope.byName && rows.some(({ path }) => path !== ""))
    log.warn("no path of the matches is in these folders: runs are identified by their names");
  return scope;
}

export function unreadableRecord(path: string, head: CountedHead): ErrorRecord {
  const file = shownPath(path);
  const reason =
    head?.format === "damaged"
      ? head.message
      : head?.format === "unread"
        ? `it cannot be opened (${head.errno})`
        : "it was not read";
  return toErrorRecord(
    new EmporiumError(head?.format === "damaged" ? modelErrorCode(head.code) : "NOT_IMOD", `${file}: ${reason}`, {
      place: { file },
      hint: "look at it in 3dmod, or leave it out",
    }),
  );
}

type CountedHead = LabelCounts["unreadable"][number]["file"]["head"];

async function writeAll(
  counts: LabelCounts,
  { plot, csv, matrix, directories }: LabelsOptions,
  compat: boolean,
): Promise<string[]> {
  const written: string[] = [];
  if (csv !== undefined) {
    await writeWhole(csv, [csvBytes(histogramCsv(counts.rows))]);
    written.push(csv);
  }
  if (plot !== undefined) {
    await writePicture(plot, histogramSpec(counts, compat));
    written.push(plot);
  }
  if (matrix !== undefined) {
    if (/\.(?:png|svg)$/i.test(matrix)) await writePicture(matrix, matrixSpec(counts.cells));
    else await writeWhole(matrix, [csvBytes(matrixCsv(counts))]);
    written.push(matrix);
  }
  if (directories !== undefined) {
    for (const [fileName, places] of groupsOf(counts.places, ({ fileName }) => fileName)) {
      // a name of the archive becomes part of a file name
      const path = join(directories, `${fileName.replace(/[/\\]/g, "_")}_directories.csv`);
      const lines = places.map(({ path, row }) => csvLine([path, row?.archiveRun, row?.portalRun]));
      await writeWhole(path, [csvBytes(csvLine(["Path", "sc_run_name", "CZI_run_name"]) + lines.join(""))]);
      written.push(path);
    }
  }
  return written;
}

const COLUMNS = ["drive", "label", "file_name", "class", "count", "runs", "files_with_points", "empty"];

/** A line for each drive, file name and class. */
export function histogramCsv(rows: readonly CountRow[]): string {
  return csvLine(COLUMNS) + histogramLines(rows).map(csvLine).join("");
}

/** Cells of the table, in the order of `COLUMNS`. */
export function histogramLines(rows: readonly CountRow[]): (string | number)[][] {
  return [...rows]
    .sort(
      (a, b) => byText(a.drive, b.drive) || classRank(a) - classRank(b) || b.count - a.count || byText(a.fileName, b.fileName),
    )
    .map((row) => [row.drive, row.label, row.fileName, row.class, row.count, row.runs.size, row.withPoints, row.empty]);
}

/** A line for each drive and species, a column for each label, the most frequent first. */
function matrixCsv({ cells }: Pick<LabelCounts, "cells">): string {
  const labels = [...sums(cells).keys()];
  const lines = groupedCells(cells).map(({ drive, species, labels: counts }) =>
    csvLine([drive, species, ...labels.map((label) => counts[label] ?? 0)]),
  );
  return csvLine(["drive", "species", ...labels]) + lines.join("");
}

function groupedCells(cells: LabelCounts["cells"]): { drive: string; species: string; labels: Record<string, number> }[] {
  const groups = groupsOf(cells, ({ drive, species }) => keyOf(drive, species));
  return [...groups.values()]
    .map((group) => ({ drive: group[0]!.drive, species: group[0]!.species, labels: Object.fromEntries(sums(group)) }))
    .sort((a, b) => byText(a.drive, b.drive) || byText(a.species, b.species));
}

function report(
  counts: LabelCounts,
  vocabulary: Vocabulary,
  facts: { errors: readonly ErrorRecord[]; written: readonly string[]; compat: boolean },
): LabelsReport {
  const counted = counts.rows.filter((row) => isCounted(row.class));
  const labels = sums(counted);
  const classes = Object.fromEntries(
    MODEL_CLASSES.flatMap((name) => {
      const count = counts.rows.reduce((sum, row) => sum + (row.class === name ? row.count : 0), 0);
      return count > 0 || (!facts.compat && (name === "annotation" || name === "sidecar" || name === "automatic"))
        ? [[name, count]]
        : [];
    }),
  );
  const files = [...groupsOf(counts.rows, (row) => keyOf(row.fileName, row.class)).values()]
    .map((rows) => ({
      file_name: rows[0]!.fileName,
      label: rows[0]!.label,
      class: rows[0]!.class,
      count: rows.reduce((sum, { count }) => sum + count, 0),
      runs: new Set(rows.flatMap(({ runs }) => [...runs])).size,
    }))
    .sort((a, b) => classRank(a) - classRank(b) || b.count - a.count || byText(a.file_name, b.file_name));
  const drives = Object.fromEntries(
    [...groupsOf(counted, ({ drive }) => drive)].map(([drive, rows]) => [drive, Object.fromEntries(sums(rows))]),
  );
  const known = new Map(vocabulary.labels.map((label) => [label.name, label]));
  const classify = classifier(vocabulary);
  const meanings = [...labels.keys()].flatMap((name) => {
    const label = known.get(name);
    const { meaning, status } = label ?? classify(name);
    const { ontology } = label ?? {};
    return status === "unlisted" || status === "automatic" || (facts.compat && !label)
      ? []
      : [[name, { meaning, status, ...(ontology === undefined ? {} : { ontology }) }]];
  });
  const document = {
    total: counted.reduce((sum, { count }) => sum + count, 0),
    labels: Object.fromEntries(labels),
    classes,
    files,
    meanings: Object.fromEntries(meanings),
    drives,
    matrix: groupedCells(counts.cells),
    outside: counts.outside,
    links: counts.links,
    written: facts.written,
    errors: facts.errors,
    exitStatus: exitOf(facts.errors.length),
  };
  return withText(document, (report) => linesOf(report, labels, facts.compat));
}

const LABELS_SHOWN = 30;

/** @param labels the most frequent first: members of the document that are numbers come first whatever their count */
function linesOf(
  { total, classes, meanings, outside, links, written }: Omit<LabelsReport, "toText">,
  labels: ReadonlyMap<string, number>,
  compat: boolean,
): string[] {
  const shown = [...labels].slice(0, LABELS_SHOWN);
  const width = Math.max(5, ...shown.map(([name]) => name.length));
  const meaningOf = (name: string) => {
    const label = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
    if (!label) return compat ? "" : "not in the vocabulary";
    return label.status === "unresolved" ? "unresolved term" : label.meaning;
  };
  const not = Object.entries(classes).filter(([name]) => !isCounted(name as ModelClass));
  return [
    `${counted(total, "model")} in ${counted(labels.size, "label")}`,
    ...shown.map(([name, count]) => `${name.padEnd(width)}  ${String(count).padStart(7)}  ${meaningOf(name)}`.trimEnd()),
    ...(labels.size > shown.length ? [`and ${counted(labels.size - shown.length, "more label")} (--json, --csv)`] : []),
    ...(not.length > 0 ? [`not counted: ${not.map(([name, count]) => `${count} ${name}`).join(", ")}`] : []),
    ...(links > 0 ? [`${counted(links, "link")} with a model's name ${links === 1 ? "is" : "are"} not counted`] : []),
    ...(outside > 0 ? [`${counted(outside, "more model is", "more models are")} in unmatched runs`] : []),
    ...written.map((path) => `written: ${path}`),
  ];
}

/** Label → models, the most frequent first. */
function sums(rows: readonly { label: string; count: number }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label, count } of rows) counts.set(label, (counts.get(label) ?? 0) + count);
  return new Map([...counts].sort(([a, m], [b, n]) => n - m || byText(a, b)));
}

const classRank = ({ class: name }: { class: ModelClass }): number => MODEL_CLASSES.indexOf(name);
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
