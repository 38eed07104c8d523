import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { few } from "../../../core/finding.js";
import { counted } from "../../../core/units.js";
import { ask, askedLines, decimal, PLEASE, PLEASE_CHECK, yamlText } from "../../../formats/yaml/yaml-text.js";
import type { Location } from "../../../stores/location.js";
import type { Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { checkConfig } from "../check/check.js";
import { CURRENT_VERSION } from "../config/grammar/config.js";
import { escapeGlob } from "../finders/glob.js";
import { type Acquisition, readAcquisition, tiltCounts } from "./acquisition.js";
import type { Answers } from "./answers.js";
import { type Item, type ItemKind, settleStacks, takeInventory } from "./inventory.js";
import { placesOf, pointFileOf } from "./point-files.js";
import { findRunNames, runFinder } from "./run-names.js";
import { runSources } from "./run-sources.js";
import {
  type AnnotationFiles,
  alignmentBlock,
  annotationBlocks,
  type Blocks,
  copyBlock,
  ctfBlocks,
  datasetBlock,
  depositionBlock,
  FALLBACK_SPACING,
  frameBlock,
  people,
  tiltSeriesBlock,
  tomogramBlocks,
} from "./sections.js";
import { patternsOf, seriesGlobs } from "./templates.js";

export interface NewConfigOptions {
  /** Folder or bucket to look at; without one the configuration is a form. */
  from?: string | undefined;
  answers?: Answers | undefined;
  anonymous?: boolean | undefined;
  signal: AbortSignal;
}

export interface NewConfig {
  /** The configuration. `ingest check` finds no error in it. */
  yaml: string;
  /** What `ingest run` takes as INPUT: the folder that was looked at, or its bucket. Of a form: undefined. */
  input: string | undefined;
  sourcePrefix: string;
  runs: readonly string[];
  /** How many files of each kind were found, and those that nothing was made of. */
  found: Readonly<Partial<Record<ItemKind, number>>>;
  unused: readonly string[];
  /** Lines that a person has to fill in, from 1. */
  toFill: readonly { line: number; what: string }[];
  /** Lines with guesses, for a person to look at. */
  toCheck: readonly { line: number; what: string }[];
  /** Of the check: none, or a fault of this function. */
  errors: readonly ErrorRecord[];
}

/**
 * Writes a configuration from a folder (names of runs, kinds of files, spacings in headers, tilts in acquisition files) and from
 * answers. Unknown values are valid placeholders with a comment that asks for them.
 *
 * @throws {EmporiumError} STORE_ABSENT for an empty folder, LOCATION_UNKNOWN, STORE_…
 */
export async function newConfig({ from, answers = {}, anonymous, signal }: NewConfigOptions): Promise<NewConfig> {
  if (from === undefined)
    return finish(await emptyForm(answers), { input: undefined, sourcePrefix: answers.sourcePrefix ?? "sources" });
  const place = parseLocation(from);
  const store = await openStore(place, { anonymous, readOnly: true });
  // of this machine not the folder above it: an output beside the sources would lie in the input
  if (place.path !== undefined || place.key === "")
    return newConfigFor(store, { sourcePrefix: "", input: nameOf(place), answers, signal });
  // the portal's own program takes a bucket alone as its input
  return newConfigFor(store, { sourcePrefix: place.key, input: nameOf(parseLocation(place.root)), answers, signal });
}

/** `newConfig` for a store that is open at the folder. */
export async function newConfigFor(
  store: Store,
  { sourcePrefix, input, answers = {}, signal }: { sourcePrefix: string; input: string; answers?: Answers; signal: AbortSignal },
): Promise<NewConfig> {
  return finish(await describeFolder(store, sourcePrefix, answers, signal), { input, sourcePrefix });
}

function nameOf({ path, url }: Location): string {
  return path ?? url;
}

interface Draft {
  document: object;
  runs: readonly string[];
  items: readonly Item[];
  unused: readonly string[];
  notes: readonly string[];
}

async function describeFolder(store: Store, sourcePrefix: string, answers: Answers, signal: AbortSignal): Promise<Draft> {
  const { items, isComplete, unreadable, unlooked, hidden, links } = await takeInventory(store, signal);
  const told = links.told("the folder");
  if (items.length === 0) {
    throw new EmporiumError("STORE_ABSENT", `${store.url} holds no files; expected a folder with tomograms or tilt series`, {
      place: store.local ? { file: store.local.path("") } : { url: store.url },
      hint: told ?? "check the name",
    });
  }
  settleStacks(items, await tiltCounts(store, items, signal));
  const { names } = findRunNames(items);
  const runOf = runFinder(names);
  const of = (kind: ItemKind) => items.filter((item) => item.kind === kind);
  const patterns = (kind: ItemKind) => patternsOf(of(kind), runOf);
  const passed: string[] = [];
  const acquisition = await readAcquisition(store, items, signal, passed);
  const used = new Set<string>();
  const notes = isComplete ? [] : ["The folder has more files than were looked at."];
  if (unlooked > 0) notes.push(`The headers of ${counted(unlooked, "volume")} were not looked at: their voxel sizes may differ.`);
  for (const [path, why] of [...unreadable].slice(0, NAMED_MAX))
    notes.push(oneLine(`Not used, since it cannot be read as a volume: ${path} (${why})`));
  if (unreadable.size > NAMED_MAX) notes.push(`  and ${unreadable.size - NAMED_MAX} more that cannot be read.`);
  if (hidden.length > 0) notes.push(oneLine(`Not looked at, since they are hidden: ${few(hidden)}`));
  if (told !== undefined) notes.push(`${told}.`);

  const persons = people(answers);
  const tomograms = tomogramBlocks(patterns("tomogram"), persons, { program: programOf(items), names });
  const series = tiltSeriesBlock(preferred(patterns("tiltseries")), acquisition, answers);
  const unknownPoints: string[] = [];
  const annotations = await annotationsOf(store, items, runOf, { signal, unknownPoints });
  const table = await runTable(store, of("table"), names, signal);
  const document: Record<string, unknown> = {
    ...head(sourcePrefix, answers, persons, [
      ...(annotations.length > 0 ? ["annotation"] : []),
      "dataset",
      ...(tomograms.blocks.length > 0 ? ["tomogram"] : []),
    ]),
    runs: [{ sources: runSources(items, names, runOf) }],
    voxel_spacings: spacingBlock(tomograms.spacings),
    gains: gainBlock(of("gain"), runOf),
    ...acquired(of("frame"), patterns("mdoc"), acquisition, runOf, {
      hasSeries: series.length > 0,
      hasGain: of("gain").length > 0,
    }),
    tiltseries: series,
    rawtilts: copyBlock(patterns("rawtlt")),
    ctfs: ctfBlocks(patterns("ctf")),
    alignments: alignmentBlock({ xf: patterns("xf"), tlt: patterns("tlt"), xtilt: patterns("xtilt"), aln: patterns("aln") }),
    identified_objects:
      table.objects === undefined ? [] : [{ sources: [{ source_glob: { list_glob: escapeGlob(table.objects) } }] }],
    tomograms: tomograms.blocks,
    annotations: annotationBlocks(
      annotations,
      persons,
      tomograms.spacings.find((spacing) => spacing !== undefined),
    ),
  };
  if (table.runs !== undefined) {
    const config = document.standardization_config as Record<string, unknown>;
    document.standardization_config = { ...config, run_data_map_file: table.runs };
  }
  for (const item of items)
    if (runOf(item.path) !== undefined || item.path === table.runs || item.path === table.objects) used.add(item.path);
  const unused = items.filter(({ path, kind }) => !used.has(path) && kind !== "gain").map(({ path }) => path);
  if (acquisition.remark !== undefined) notes.push(oneLine(`${acquisition.remark}.`));
  if (passed.length > 0) notes.push(oneLine(`Not used, since they cannot be read as lists of tilts: ${few(passed)}`));
  const unknown = unknownPoints.filter((path) => path !== table.runs && path !== table.objects);
  if (unknown.length > 0) notes.push(oneLine(`Not used, since they are in no known format of points: ${few(unknown)}`));
  if (names.length === 0) notes.push("No file tells the names of the runs: they are yours to write.");
  return { document: withoutEmpty(document), runs: names, items, unused, notes };
}

function head(
  sourcePrefix: unknown,
  answers: Answers,
  persons: ReturnType<typeof people>,
  types: readonly string[],
): Record<string, unknown> {
  return {
    version: CURRENT_VERSION,
    standardization_config: {
      deposition_id: answers.depositionId ?? ask(1, "number of the deposition at the portal"),
      source_prefix: sourcePrefix,
    },
    depositions: depositionBlock(answers, persons, types),
    datasets: datasetBlock(answers, persons),
  };
}

/** A form without a folder: every section that most depositions have. */
async function emptyForm(answers: Answers): Promise<Draft> {
  const persons = people(answers);
  const run = (path: string): ReturnType<typeof patternsOf> => {
    const item: Item = { path, kind: "other", size: 0 };
    return [{ glob: path, items: new Map([["run", item]]) }];
  };
  const sources = (glob: string, what: string): Blocks => [{ sources: [{ source_glob: { list_glob: ask(glob, what) } }] }];
  const document = {
    ...head(answers.sourcePrefix ?? ask("sources", "folder of the sources below INPUT"), answers, persons, [
      "dataset",
      "tomogram",
    ]),
    runs: [
      { sources: [{ source_glob: { list_glob: ask("tomograms/*.rec", "glob of one file a run"), name_regex: "(.*)\\.rec$" } }] },
    ],
    voxel_spacings: spacingBlock([undefined]),
    collection_metadata: sources("mdocs/{run_name}.mdoc", "glob of the acquisition file"),
    frames: frameBlock({}, [], false),
    tiltseries: tiltSeriesBlock(run("tiltseries/{run_name}.st"), {}, answers),
    rawtilts: sources("tiltseries/{run_name}.rawtlt", "glob of the raw tilt angles"),
    tomograms: tomogramBlocks(run("tomograms/{run_name}.rec"), persons, { program: undefined, names: [] }).blocks,
  };
  return { document, runs: [], items: [], unused: [], notes: ["No folder was looked at: all globs are examples."] };
}

function withoutEmpty(document: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

function spacingBlock(spacings: readonly (number | undefined)[]): Blocks {
  const known = spacings.flatMap((spacing) => spacing ?? []);
  const isAsked = known.length < spacings.length || known.length === 0;
  const values = [...known, ...(isAsked && !known.includes(FALLBACK_SPACING) ? [FALLBACK_SPACING] : [])].map(decimal);
  const value = isAsked
    ? ask(values, `voxel spacings of the tomograms, Å: ${FALLBACK_SPACING.toFixed(1)} is used where headers have none`)
    : values;
  return [{ sources: [{ literal: { value } }] }];
}

function gainBlock(gains: readonly Item[], runOf: (path: string) => string | undefined): Blocks {
  const own = patternsOf(gains, runOf).map(({ glob }) => glob);
  const shared = gains.filter(({ path }) => runOf(path) === undefined).map(({ path }) => escapeGlob(path));
  // a gain of all runs is one; of several nobody but the laboratory knows which is whose
  const chosen = own.length > 0 ? own : shared.slice(0, 1);
  if (chosen.length === 0) return [];
  const globs = chosen.map((glob, i) => {
    const isDoubtful = own.length === 0 && shared.length > 1 && i === 0;
    return { source_glob: { list_glob: isDoubtful ? ask(glob, `which gain is whose; there are ${shared.length}`) : glob } };
  });
  return [{ sources: globs }];
}

/** Acquisition files and frames go together, and neither a tilt series nor frames can be told of without the former. */
function acquired(
  frames: readonly Item[],
  mdocs: ReturnType<typeof patternsOf>,
  acquisition: Acquisition,
  runOf: (path: string) => string | undefined,
  { hasSeries, hasGain }: { hasSeries: boolean; hasGain: boolean },
): object {
  const globs = seriesGlobs(frames, runOf);
  if (mdocs.length === 0 && globs.length === 0 && !hasSeries) return {};
  const missing = ask("{run_name}.mdoc", "no .mdoc was found; tilt series and frames need the acquisition file");
  return {
    collection_metadata: mdocs.length > 0 ? copyBlock(mdocs) : [{ sources: [{ source_glob: { list_glob: missing } }] }],
    frames: frameBlock(acquisition, globs, hasGain),
  };
}

/** A stack as it came is deposited, and not the aligned one beside it. */
function preferred(patterns: ReturnType<typeof patternsOf>): ReturnType<typeof patternsOf> {
  const raw = patterns.filter(({ glob }) => !/\.ali$/i.test(glob));
  const has = new Set(raw.flatMap(({ items }) => [...items.keys()]));
  const rest = patterns.filter(({ glob, items }) => /\.ali$/i.test(glob) && [...items.keys()].some((run) => !has.has(run)));
  return [...raw, ...rest];
}

function programOf(items: readonly Item[]): string | undefined {
  const has = (...kinds: ItemKind[]) => items.some(({ kind }) => kinds.includes(kind));
  if (has("aln") && !has("xf")) return "AreTomo3";
  return has("xf") && !has("aln") ? "IMOD" : undefined;
}

async function annotationsOf(
  store: Store,
  items: readonly Item[],
  runOf: (path: string) => string | undefined,
  { signal, unknownPoints }: { signal: AbortSignal; unknownPoints: string[] },
): Promise<AnnotationFiles[]> {
  const files: AnnotationFiles[] = [];
  const tomogramOf = (run: string) => items.find(({ kind, shape, path }) => kind === "tomogram" && shape && runOf(path) === run);
  for (const pattern of patternsOf(
    items.filter(({ kind }) => kind === "mask"),
    runOf,
  ))
    files.push({ pattern, kind: "mask" });
  for (const pattern of patternsOf(
    items.filter(({ kind }) => kind === "mesh"),
    runOf,
  ))
    files.push({ pattern, kind: "mesh" });
  for (const pattern of patternsOf(
    items.filter(({ kind }) => kind === "points" || kind === "table"),
    runOf,
  )) {
    const [item] = pattern.items.values();
    const points = item && (await pointFileOf(store, item, signal));
    if (!points) {
      if (item) unknownPoints.push(item.path);
      continue;
    }
    const places = points.isAngstrom ? undefined : await placesOf(store, points, pattern.items, tomogramOf, signal);
    files.push({ pattern, kind: "points", points, places });
  }
  return files;
}

const TABLE_HEAD_BYTES = 256 * 1024;

/** Tables beside the data: one row a run, or one an object. */
async function runTable(
  store: Store,
  tables: readonly Item[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<{ runs?: string; objects?: string }> {
  const found: { runs?: string; objects?: string } = {};
  for (const { path } of tables.slice(0, 100)) {
    const head = await store.read(path, { offset: 0, length: TABLE_HEAD_BYTES }, { signal });
    const [first = "", ...rows] = new TextDecoder()
      .decode(head)
      .replace(/^\ufeff/, "")
      .split(/\r?\n/);
    const columns = first.split(/[,\t]/).map((cell) => cell.trim().replace(/^"|"$/g, ""));
    const at = columns.indexOf("run_name");
    if (at < 0) continue;
    if (columns.includes("object_id") || columns.includes("object_name")) found.objects ??= path;
    else if (rows.some((row) => names.includes((row.split(/[,\t]/)[at] ?? "").trim()))) found.runs ??= path;
  }
  return found;
}

function finish(draft: Draft, { input, sourcePrefix }: { input: string | undefined; sourcePrefix: string }): NewConfig {
  const yaml = yamlText(draft.document, headingOf(draft, input));
  const asked = (please: string) =>
    askedLines(yaml).flatMap((one) => (one.please === please ? [{ line: one.line, what: one.what }] : []));
  const found: Partial<Record<ItemKind, number>> = {};
  for (const { kind } of draft.items) found[kind] = (found[kind] ?? 0) + 1;
  const { errors } = checkConfig(new TextEncoder().encode(yaml), "new.yaml");
  return {
    yaml,
    input,
    sourcePrefix,
    runs: draft.runs,
    found,
    unused: draft.unused,
    toFill: asked(PLEASE),
    toCheck: asked(PLEASE_CHECK),
    errors,
  };
}

/** Files that are named in the heading one by one. */
const NAMED_MAX = 10;

function headingOf({ runs, unused, notes }: Draft, input: string | undefined): string[] {
  const lines = [
    `Lines that say "${PLEASE}" are placeholders: valid, and not true. Lines that say "${PLEASE_CHECK}" are guesses.`,
    "Brackets hold what was written for you: another value counts as yours. To keep a value, delete its comment.",
  ];
  if (input !== undefined) lines.push(`Sources below ${input}: that is INPUT of ingest plan and ingest run.`);
  if (runs.length > 0)
    lines.push(`Runs: ${runs.slice(0, NAMED_MAX).join(", ")}${runs.length > NAMED_MAX ? `, … ${runs.length} in all` : ""}`);
  if (unused.length > 0) {
    lines.push(`Of no run, and not used: ${counted(unused.length, "file")}, such as`);
    for (const path of unused.slice(0, NAMED_MAX)) lines.push(`  ${oneLine(path)}`);
  }
  return [...lines.map(oneLine), ...notes];
}

/** A name with a line end in it must not become a line of the configuration. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u0085\u2028\u2029]/g, " ");
}
