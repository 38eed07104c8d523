import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { fewFiles } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import { ask, decimal, yamlText } from "../../../../formats/yaml/yaml-text.js";
import { CURRENT_VERSION } from "../../config/grammar/config.js";
import { type Acquisition, movedBack, ofSections, readAcquisitions, readAngleLists } from "../acquisition.js";
import { tabledAngles } from "../angle-tables.js";
import type { AnnotatedObject, Answers } from "../answers.js";
import { FALLBACK_SPACING, spacingOf } from "../completion/spacings.js";
import { tabledRanges } from "../completion/tabled-sizes.js";
import type { Decision, Decisions } from "../decide.js";
import type { Laboratory } from "../survey/laboratory.js";
import { type Blocks, datasetBlock, depositionBlock, type Facts, factsOf } from "./facts.js";
import { literal, pathsOf } from "./globs.js";
import {
  acquisitionBlock,
  alignmentBlocks,
  annotationBlocks,
  copyBlock,
  ctfBlocks,
  frameBlocks,
  gainBlock,
  type Making,
  runBlock,
  tiltSeriesBlocks,
  tomogramBlocks,
} from "./sections.js";

export interface ConfigurationOptions {
  readonly sourcePrefix: string;
  readonly answers: Answers;
  /** Lines above the configuration. */
  readonly heading: readonly string[];
  /** Finds the object of a word in a vocabulary. */
  readonly objects?: ((word: string) => AnnotatedObject | undefined) | undefined;
}

export interface Written {
  readonly yaml: string;
  /** What acquisition files say that cannot be read. */
  readonly remarks: readonly string[];
}

/** The configuration that publishes what is decided: each file that it names was found by its globs, and no other. */
export async function configurationOf(
  laboratory: Laboratory,
  decisions: Decisions,
  { sourcePrefix, answers, heading, objects = () => undefined }: ConfigurationOptions,
): Promise<Written> {
  const facts = factsOf(answers);
  const byRole = groupsOf(decisions.files.values(), ({ role }) => role);
  const of = (role: string): readonly Decision[] => byRole.get(role) ?? [];
  const { acquisitionOf, remarks, unread, angleLists } = await acquisitionsOf(laboratory, of);
  const spacings = [...new Set(of("tomogram").map((file) => spacingOf(file, laboratory) ?? FALLBACK_SPACING))].sort(
    (a, b) => a - b,
  );
  const making: Making = {
    laboratory,
    paths: pathsOf(laboratory.files.map(({ path }) => path)),
    runs: decisions.runs,
    facts,
    of: (role) => (role === "acquisition" ? of(role).filter(({ path }) => !unread.has(path)) : of(role)),
    acquisitionOf,
    spacings,
  };
  const tables = of("table");
  const table = (kind: string) => tables.find(({ details }) => details.object === kind)?.path;
  const objectTable = table("objects");
  const runTable = table("runs");
  await turnOfTheLoop();
  const tomograms = tomogramBlocks(making);
  const annotations = annotationBlocks(making, objects, answers.annotations);
  const frames = frameBlocks(making);
  // the globs of frames are tried on most files of a folder
  await turnOfTheLoop();
  await turnOfTheLoop();
  const document = {
    ...head(sourcePrefix, answers, facts, [
      ...(annotations.length > 0 ? ["annotation"] : []),
      "dataset",
      ...(tomograms.length > 0 ? ["tomogram"] : []),
    ]),
    runs:
      decisions.runs.length > 0 ? runBlock(making) : [{ sources: [{ literal: { value: ask(["run_1"], "names of the runs") } }] }],
    // a section that every configuration has: without a tomogram nobody needs to fill it in
    voxel_spacings: spacingBlock(
      of("tomogram").length === 0 && decisions.runs.length > 0 ? [FALLBACK_SPACING] : spacings,
      of("tomogram").some((file) => spacingOf(file, laboratory) === undefined),
    ),
    gains: gainBlock(making),
    collection_metadata: acquisitionBlock(making),
    frames,
    tiltseries: tiltSeriesBlocks(making),
    rawtilts: copyBlock(angleLists, making),
    ctfs: ctfBlocks(making),
    alignments: alignmentBlocks(making),
    identified_objects: objectTable === undefined ? [] : [{ sources: [{ source_glob: { list_glob: literal(objectTable) } }] }],
    tomograms,
    annotations,
  } as Record<string, unknown>;
  if (runTable !== undefined)
    document.standardization_config = { ...(document.standardization_config as object), run_data_map_file: runTable };
  return { yaml: yamlText(withoutEmpty(document), heading), remarks };
}

function head(sourcePrefix: unknown, answers: Answers, facts: Facts, types: readonly string[]): Record<string, unknown> {
  return {
    version: CURRENT_VERSION,
    standardization_config: {
      deposition_id: facts.depositionId,
      source_prefix: sourcePrefix,
    },
    depositions: depositionBlock(answers, facts, types),
    datasets: datasetBlock(answers, facts),
  };
}

function spacingBlock(spacings: readonly number[], isAsked: boolean): Blocks {
  const values = (spacings.length === 0 ? [FALLBACK_SPACING] : spacings).map(decimal);
  const what = `voxel spacings of the tomograms, Å: ${FALLBACK_SPACING.toFixed(1)} is used where headers have none`;
  return [{ sources: [{ literal: { value: isAsked || spacings.length === 0 ? ask(values, what) : values } }] }];
}

async function acquisitionsOf(laboratory: Laboratory, of: (role: string) => readonly Decision[]) {
  const mdocs = of("acquisition").filter(({ run }) => run !== undefined);
  // AreTomo writes the dose behind the angles
  const isList = ({ path, run }: Decision) => run !== undefined && /(?:\.(?:raw)?tlt|_TLT\.txt)$/i.test(path);
  const lists = [...of("raw tilts"), ...[...of("alignment"), ...of("left out")].filter(isList)];
  const paths = (files: readonly Decision[]) => files.map(({ path }) => path);
  const read = await readAcquisitions(laboratory, paths(mdocs));
  const angles = await readAngleLists(laboratory, paths(lists));
  // of no run, since nothing else is read of them
  const cutLists = new Set(
    of("left out").flatMap(({ path, run }) => (run === undefined && /\.rawtlt$/i.test(path) ? [path] : [])),
  );
  const byRun = new Map<string, Acquisition>();
  const remarks: string[] = [];
  for (const { path, run, role } of lists) {
    const known = angles.get(path);
    if (run === undefined || !known || byRun.has(run)) continue;
    if (role === "raw tilts" || /\.rawtlt$/i.test(path)) byRun.set(run, known);
    else {
      const cut = path.replace(/tlt$/i, "rawtlt");
      const back = cutLists.has(cut) ? await movedBack(laboratory, known, { aligned: path, cut }) : undefined;
      byRun.set(run, { ...(back ?? known), isAligned: true });
    }
  }
  const unread = new Set<string>();
  const imagesOf = new Map(of("tilt series").map(({ path, run }) => [run, laboratory.get(path)?.volume?.shape[0]]));
  for (const { path, run } of mdocs) {
    const known = read.get(path);
    if (!known) unread.add(path);
    else byRun.set(run!, ofTheStack(known, byRun.get(run!), imagesOf.get(run!)));
    if (known?.remark !== undefined) remarks.push(`${known.remark}.`);
  }
  const isWithout = (run: string) => byRun.get(run)?.range === undefined || byRun.get(run)!.isAligned === true;
  const withoutRange = () => of("tilt series").filter(({ run }) => run !== undefined && isWithout(run));
  for (const { run, path } of withoutRange()) {
    const known = await ofSections(laboratory, path);
    if (known) byRun.set(run!, { ...byRun.get(run!), ...known, isAligned: false, movedBack: undefined });
  }
  const without = withoutRange().map(({ run }) => run!);
  const tabled =
    without.length === 0 ? new Map<string, Acquisition>() : await tabledAngles(laboratory, paths(of("left out")), without);
  for (const [run, known] of tabled)
    if ((known.count ?? 0) >= (imagesOf.get(run) ?? 0))
      byRun.set(run, { ...byRun.get(run), ...known, isAligned: false, movedBack: undefined });
  for (const [run, known] of await tabledRanges(withoutRange(), laboratory))
    byRun.set(run, { ...byRun.get(run), ...known, isAligned: false });
  if (unread.size > 0) {
    const lost = new Set(mdocs.flatMap(({ path, run }) => (unread.has(path) ? [run] : [])));
    const frames = of("frame").filter(({ run }) => lost.has(run)).length;
    const more = frames === 0 ? "" : `, nor are ${counted(frames, "file")} of frames of their runs`;
    remarks.push(`Not used, since they cannot be read as acquisition files: ${fewFiles([...unread])}${more}.`);
  }
  const blind = lists.filter(({ path, role }) => role !== "left out" && !angles.get(path)).map(({ path }) => path);
  if (blind.length > 0) remarks.push(`Published as they are, though no angles can be read in them: ${fewFiles(blind)}.`);
  const recorded = new Map(mdocs.map(({ path, run }) => [run!, read.get(path)]));
  const isSorted = ({ path }: Decision) => laboratory.get(path.replace(/\.\w+$/, "") + ARETOMO3_LIST) !== undefined;
  const sorted = of("tilt series").filter(isSorted);
  const images = new Map(sorted.map(({ path, run }) => [run!, laboratory.get(path)?.volume?.shape[0]]));
  const angleLists = [...of("raw tilts"), ...recordedLists(lists, { angles, recorded, imagesOf: images })];
  return { acquisitionOf: (run: string): Acquisition => byRun.get(run) ?? {}, remarks, unread, angleLists };
}

/** Degrees that the microscope's angle may differ from the one that AreTomo writes with two decimals. */
const RECORDED_DEGREES = 0.05;

const ARETOMO3_LIST = "_TLT.txt";

interface OfTheSeries {
  readonly angles: ReadonlyMap<string, Acquisition | undefined>;
  readonly recorded: ReadonlyMap<string, Acquisition | undefined>;
  /** Images of those tilt series that AreTomo3 has written, by run: it sorts them by angle. */
  readonly imagesOf: ReadonlyMap<string, number | undefined>;
}

/**
 * Lists that AreTomo3 writes beside an alignment, with the recorded angle of each image of the stack: without such a list nothing is published of the
 * images. Those of which the acquisition file says otherwise are not taken.
 */
function recordedLists(lists: readonly Decision[], { angles, recorded, imagesOf }: OfTheSeries): readonly Decision[] {
  const has = new Set(lists.flatMap(({ run, role }) => (role === "raw tilts" ? [run] : [])));
  return lists.filter(({ path, run, role }) => {
    const list = angles.get(path);
    const taken = run === undefined ? undefined : recorded.get(run);
    if (role !== "alignment" || !path.endsWith(ARETOMO3_LIST) || has.has(run) || !list?.range || !taken?.range) return false;
    if (list.count !== imagesOf.get(run!) || (taken.count ?? 0) < list.count!) return false;
    const { min, max } = taken.range;
    return Math.max(Math.abs(list.range.min - min), Math.abs(list.range.max - max)) <= RECORDED_DEGREES;
  });
}

/**
 * What the acquisition file tells of a stack. Of one without some of the images that were taken, such as dark ones, the recorded angles are those of the
 * list that has as many.
 */
function ofTheStack(mdoc: Acquisition, list: Acquisition = {}, images?: number): Acquisition {
  if (!mdoc.range) return { ...list, ...mdoc };
  const isShorter = images !== undefined && mdoc.count !== images && list.count === images && !list.isAligned;
  return isShorter ? { ...mdoc, range: list.range, step: list.step } : mdoc;
}

/** A form without a folder: every section that most depositions have. */
export function emptyForm(answers: Answers, heading: readonly string[]): string {
  const facts = factsOf(answers);
  const source = (glob: string, what: string): Blocks => [{ sources: [{ source_glob: { list_glob: ask(glob, what) } }] }];
  const document = {
    ...head(answers.sourcePrefix ?? ask("sources", "folder of the sources below INPUT"), answers, facts, ["dataset", "tomogram"]),
    runs: [
      { sources: [{ source_glob: { list_glob: ask("tomograms/*.rec", "glob of one file a run"), name_regex: "(.*)\\.rec$" } }] },
    ],
    voxel_spacings: spacingBlock([], true),
    collection_metadata: source("mdocs/{run_name}.mdoc", "glob of the acquisition file"),
    ...formSections(facts),
    rawtilts: source("tiltseries/{run_name}.rawtlt", "glob of the raw tilt angles"),
    tomograms: formTomograms(facts),
  };
  return yamlText(withoutEmpty(document), heading);
}

function formMaking(facts: Facts, role: Decision["role"], path: string): Making {
  const file: Decision = { path, role, run: "run", because: "", strength: "name", details: {} };
  return {
    laboratory: { get: () => undefined } as unknown as Laboratory,
    paths: pathsOf([path]),
    runs: ["run"],
    facts,
    of: (asked) => (asked === role ? [file] : []),
    acquisitionOf: () => ({}),
    spacings: [],
  };
}

function formSections(facts: Facts): object {
  return {
    frames: [
      {
        metadata: {
          dose_rate: ask(decimal(1), "electrons per Å² and second"),
          is_gain_corrected: ask(true, "whether the frames are gain corrected"),
        },
        sources: [{ literal: { value: ["default"] } }],
      },
    ],
    tiltseries: tiltSeriesBlocks(formMaking(facts, "tilt series", "tiltseries/run.st")),
  };
}

const formTomograms = (facts: Facts): Blocks => tomogramBlocks(formMaking(facts, "tomogram", "tomograms/run.rec"));

function withoutEmpty(document: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => !Array.isArray(value) || value.length > 0));
}
