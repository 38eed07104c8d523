import { groupsOf, keyOf } from "../../../../core/groups.js";
import { ask, decimal, guess, Named } from "../../../../formats/yaml/yaml-text.js";
import type { Acquisition } from "../acquisition.js";
import { rounded } from "../acquisition.js";
import type { AnnotatedObject, AnnotationAnswers } from "../answers.js";
import type { Details, PointsReading } from "../claims.js";
import { methodOfName } from "../completion/method.js";
import { formatOf } from "../completion/one-of-run.js";
import { FALLBACK_SPACING, spacingOf } from "../completion/spacings.js";
import { identityOf, tellingOf } from "../completion/twins.js";
import type { Decision } from "../decide.js";
import { rowFilter } from "../points/row-filter.js";
import { ALIGNED } from "../recognisers/common/names.js";
import type { Laboratory } from "../survey/laboratory.js";
import type { Blocks, Facts } from "./facts.js";
import { globOf, globSources, hasRunName, literal, type Paths, withoutRun } from "./globs.js";

/** What the sections are made from. */
export interface Making {
  readonly laboratory: Laboratory;
  readonly paths: Paths;
  readonly runs: readonly string[];
  readonly facts: Facts;
  readonly of: (role: Decision["role"]) => readonly Decision[];
  /** What the acquisition file or the list of tilts of a run says. */
  readonly acquisitionOf: (run: string) => Acquisition;
  /** Spacings of all tomograms. */
  readonly spacings: readonly number[];
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const exactly = (names: readonly string[]) => names.map((name) => `^${escaped(name)}$`);

/** A run without such a file would be an error: the few are named, those that have it or those that have not. */
function runFilter(runs: readonly string[] | undefined, all: readonly string[]): { include?: object; exclude?: object } {
  if (runs === undefined) return {};
  const own = new Set(runs);
  const others = all.filter((run) => !own.has(run));
  if (others.length === 0) return {};
  return others.length < runs.length ? { exclude: { run: exactly(others) } } : { include: { run: exactly(runs) } };
}

function filters({ include, exclude }: { include?: object; exclude?: object }): object {
  const some = { ...(include ? { include } : {}), ...(exclude ? { exclude } : {}) };
  return Object.keys(some).length > 0 ? { parent_filters: some } : {};
}

/** Sources of these files of runs, each tried on the folder: they find these and nothing else. A source that a run has no file of is not for that run. */
/** @param beside path of a file that belongs to each of them */
function sourcesOf(files: readonly Decision[], { paths, runs }: Making, beside?: string): object[] {
  const own = files.flatMap(({ path, run }) => (run === undefined ? [] : [{ path, run }]));
  const has = new Set(own.map(({ run }) => run));
  return globSources(own, paths, runs).map(({ glob, runs: some }) => ({
    ...(beside === undefined
      ? { source_glob: { list_glob: glob } }
      : { source_multi_glob: { list_globs: [glob, literal(beside)] } }),
    ...filters(runFilter(some ?? (has.size < runs.length ? [...has] : undefined), runs)),
  }));
}

/** No run is called so. */
const NO_RUN = { parent_filters: { include: { run: ["^$"] } } };

/** The acquisition files. Tilt series want them: where there are none, the section stands there for nobody. */
export function acquisitionBlock(making: Making): Blocks {
  const files = making.of("acquisition");
  if (files.length > 0) return copyBlock(files, making);
  if (making.of("tilt series").length === 0) return [];
  const glob = guess(
    "{run_name}.mdoc",
    "no acquisition file was found; where you have them, give their glob, and delete the filter",
  );
  return [{ sources: [{ source_glob: { list_glob: glob }, ...NO_RUN }] }];
}

/** Files of which a run has one, which are copied as they are. */
export function copyBlock(files: readonly Decision[], making: Making): Blocks {
  return files.length === 0 ? [] : [{ sources: sourcesOf(files, making) }];
}

/** The runs, by the files that all of them have; by their names where no glob finds exactly these. */
export function runBlock({ runs, of, paths }: Making): Blocks {
  for (const role of ["tomogram", "tilt series", "acquisition", "raw tilts", "frame"] as const) {
    const files = of(role).filter(({ run }) => run !== undefined);
    if (new Set(files.map(({ run }) => run)).size < runs.length) continue;
    const globs = groupsOf(files, ({ path, run }) => globOf(path, run!));
    for (const glob of globs.keys()) {
      const source = runSource(glob, runs, paths);
      if (source) return [{ sources: [{ source_glob: source }] }];
    }
  }
  return [{ sources: [{ literal: { value: runs } }] }];
}

/** The glob up to the first part that has the run's name: a folder, or the file. */
function runSource(glob: string, runs: readonly string[], paths: Paths): object | undefined {
  const parts = glob.split("/");
  const depth = parts.findIndex(hasRunName);
  if (depth < 0) return undefined;
  const [before = "", after = "", more] = parts[depth]!.split("{run_name}");
  if (more !== undefined || /[*?[\]{}]/.test(before + after)) return undefined;
  const list = [...parts.slice(0, depth), `${before}*${after}`].join("/");
  const found = paths.find(list.replace(/\{\{|\}\}/g, (two) => two[0]!)).map((path) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return name.slice(before.length, name.length - after.length);
  });
  const names = new Set(found);
  if (found.length !== runs.length || !runs.every((run) => names.has(run))) return undefined;
  return { list_glob: list, ...(before + after === "" ? {} : { name_regex: `${escaped(before)}(.*)${escaped(after)}$` }) };
}

export function gainBlock({ of, ...making }: Making): Blocks {
  const gains = of("gain");
  const shared = gains.filter(({ run, runs }) => run === undefined && runs === undefined);
  const sources = [
    ...sourcesOf(gains, { ...making, of }),
    ...shared.map(({ path }) => ({ source_glob: { list_glob: literal(path) } })),
    ...gains.flatMap(({ path, run, runs }) =>
      run === undefined && runs ? [{ source_glob: { list_glob: literal(path) }, ...filters(runFilter(runs, making.runs)) }] : [],
    ),
  ];
  return sources.length === 0 ? [] : [{ sources }];
}

/** What a profile says stands, unless a gain reference that lies there speaks against it. */
function gainCorrectedOf(said: boolean | undefined, hasFrames: boolean, hasGain: boolean): unknown {
  if (said !== undefined && !(said && hasGain)) return said;
  if (said) return ask(true, "whether the frames are gain corrected; the profile says they are, and a gain reference was found");
  return !hasFrames && !hasGain
    ? guess(true, "whether the frames are gain corrected; neither frames nor a gain reference were found")
    : ask(!hasGain, `whether the frames are gain corrected; ${hasGain ? "a" : "no"} gain reference was found`);
}

/**
 * Frames are told of in the acquisition file: where a run has none, nothing can be said of them. Without a gain reference beside them they are taken for
 * corrected ones: others could not be corrected any more.
 */
export function frameBlocks(making: Making): Blocks {
  const { of, acquisitionOf, runs } = making;
  const told = new Set(of("acquisition").map(({ run }) => run));
  const frames = of("frame").filter(({ run }) => told.has(run));
  const hasGain = of("gain").length > 0;
  const framed = new Set(frames.map(({ run }) => run));
  const without = runs.filter((run) => told.has(run) && !framed.has(run));
  const isCorrected = new Named("gain_corrected", gainCorrectedOf(making.facts.isGainCorrected, frames.length > 0, hasGain));
  const asked = new Named("dose_rate", ask(decimal(1), "electrons per Å² and second"));
  if (told.size === 0) {
    if (of("tilt series").length === 0) return [];
    const metadata = { dose_rate: decimal(1), is_gain_corrected: true };
    return [{ metadata, sources: [{ literal: { value: ["default"] }, ...NO_RUN }] }];
  }
  const byRate = groupsOf(
    [...told].filter((run) => run !== undefined),
    (run) => `${acquisitionOf(run).doseRate}`,
  );
  return [...byRate.values()].flatMap((some) => {
    const { doseRate, from } = acquisitionOf(some[0]!);
    const dose_rate = doseRate === undefined ? asked : guess(decimal(doseRate), `electrons per Å² and second; ${from} says this`);
    const ofRate = new Set(some);
    const own = frames.filter(({ run }) => ofRate.has(run!));
    const bare = without.filter((run) => ofRate.has(run));
    const sources = [
      ...(own.length > 0 ? sourcesOf(own, making) : []),
      ...(bare.length > 0 ? [{ literal: { value: ["default"] }, ...filters(runFilter(bare, runs)) }] : []),
    ];
    return sources.length === 0 ? [] : [{ metadata: { dose_rate, is_gain_corrected: isCorrected }, sources }];
  });
}

const TOLD = "the software that aligned the series has this";

export function tiltSeriesBlocks(making: Making): Blocks {
  const { of, facts, laboratory, acquisitionOf } = making;
  const asked = {
    min: new Named("least_tilt", ask(decimal(-60), "least tilt, degrees")),
    max: new Named("greatest_tilt", ask(decimal(60), "greatest tilt, degrees")),
    step: new Named("tilt_step", ask(decimal(3), "step between tilts, degrees")),
    axis: new Named("tilt_axis", ask(decimal(0), "rotation of the tilt axis, degrees")),
    flux: new Named("total_flux", ask(decimal(100), "electrons per Å² over the whole series")),
    pixel: new Named("pixel_spacing", ask(decimal(1), "pixel spacing of the tilt series, Å: no header has one")),
  };
  const groups = groupsOf(of("tilt series"), (file) => JSON.stringify(factsOfSeries(file)));
  return [...groups.values()].map((files) => {
    const { pixel, isAligned, from, told, ...said } = factsOfSeries(files[0]!);
    const known = (value: number | undefined, placeholder: Named) => (value === undefined ? placeholder : decimal(value));
    return {
      metadata: {
        acceleration_voltage:
          said.voltage ?? (told.voltage === undefined ? facts.voltage : guess(told.voltage, `acceleration voltage, V; ${TOLD}`)),
        spherical_aberration_constant: facts.sphericalAberration,
        microscope: facts.microscope,
        microscope_optical_setup: facts.opticalSetup,
        camera: facts.camera,
        data_acquisition_software: said.software ?? guess("not reported", "software of the acquisition"),
        is_aligned: guess(isAligned, "whether this stack is aligned; by the name of the file"),
        tilt_range:
          said.isOfAlignment && said.range
            ? guess(
                { min: decimal(said.range.min), max: decimal(said.range.max) },
                said.movedBack
                  ? `range of the tilts; of the alignment, which moved them by ${said.movedBack.by}°, as the beginning of ${said.movedBack.from} shows`
                  : "range of the tilts; of the alignment, which moves them: no list of the tilts as recorded is there",
              )
            : said.range && said.tiltsFrom !== undefined
              ? guess(
                  { min: decimal(said.range.min), max: decimal(said.range.max) },
                  `range of the tilts; ${said.tiltsFrom} has the angles`,
                )
              : { min: known(said.range?.min, asked.min), max: known(said.range?.max, asked.max) },
        tilt_step: known(said.step, asked.step),
        tilt_axis:
          said.tiltAxis === undefined && told.axis !== undefined
            ? guess(decimal(told.axis), `rotation of the tilt axis, degrees; ${TOLD}`)
            : known(said.tiltAxis, asked.axis),
        tilting_scheme: said.scheme ? guess(said.scheme, "order of the tilts; by the order of the sections") : facts.scheme,
        total_flux: known(said.totalFlux, asked.flux),
        tilt_series_quality: facts.quality,
        pixel_spacing:
          pixel === undefined || from === undefined
            ? known(pixel, asked.pixel)
            : guess(decimal(pixel), `pixel spacing, Å: ${from}`),
      },
      sources: sourcesOf(files, making),
    };
  });

  function factsOfSeries(file: Decision) {
    const acquisition = acquisitionOf(file.run!);
    const { voltage, software, range, step, tiltAxis, scheme, totalFlux, pixelSpacing, tiltsFrom } = acquisition;
    const isOfAlignment = acquisition.isAligned === true;
    const spacing = file.details.spacingAngstrom ?? laboratory.get(file.path)?.volume?.spacingsAngstrom[1];
    const isKnown = spacing !== undefined && spacing >= 0.01 && spacing <= 10_000 && spacing !== 1;
    const pixel = isKnown ? rounded(spacing, 4) : pixelSpacing === undefined ? undefined : rounded(pixelSpacing, 4);
    const isAligned = ALIGNED.test(file.path);
    return {
      pixel,
      isAligned,
      voltage,
      software,
      range,
      step,
      tiltAxis,
      scheme,
      totalFlux,
      isOfAlignment,
      movedBack: acquisition.movedBack,
      tiltsFrom,
      from: file.details.spacingFrom,
      told: { axis: file.details.tiltAxisDegrees, voltage: file.details.voltage },
    };
  }
}

export function ctfBlocks(making: Making): Blocks {
  const groups = groupsOf(making.of("ctf"), ({ details }) => details.format ?? "CTFFIND");
  return [...groups].map(([format, files]) => {
    const isTold = files.every(({ strength }) => strength !== "name");
    return {
      metadata: {
        format: isTold ? format : guess(format, "program of the CTF estimates, CTFFIND, Gctf or IMOD; by the name of the file"),
      },
      sources: sourcesOf(files, making),
    };
  });
}

const METHODS: Readonly<Record<string, string>> = { ARETOMO3: "projection_matching" };

/** One alignment a run, of all its files. */
export function alignmentBlocks(making: Making): Blocks {
  const byFormat = groupsOf(making.of("alignment"), formatOf);
  const hasSeries = new Set(making.of("tilt series").map(({ run }) => run));
  const count = (some: readonly Decision[]) => new Set(some.map(({ run }) => run)).size;
  const order = [...byFormat].sort((a, b) => count(b[1]) - count(a[1]));
  return order.flatMap(([format, some]) => {
    const groups = groupsOf(some, ({ run, details }) => {
      const first = some.find((one) => one.run === run && one.details.methodType !== undefined)?.details ?? details;
      return keyOf(first.methodType ?? "", first.alignmentType ?? "", hasSeries.has(run) ? "" : (details.table ?? ""));
    });
    return [...groups].map(([key, own]) => {
      const [methodType = "", alignmentType = "", table = ""] = key.split("\0");
      const method = methodType === "" ? METHODS[format] : methodType;
      const byKind = groupsOf(own, ({ path }) => /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? "");
      return {
        metadata: {
          format,
          alignment_type:
            alignmentType === "" ? guess("GLOBAL", "GLOBAL, or LOCAL where the sample moved in itself") : alignmentType,
          method_type:
            method ?? guess("undefined", "fiducial_based, patch_tracking, projection_matching, simulated or undefined"),
        },
        sources: [...byKind.values()].flatMap((kind) => sourcesOf(kind, making, table === "" ? undefined : table)),
      };
    });
  });
}

/** Tomograms of which the same is known. */
export function tomogramBlocks(making: Making): Blocks {
  const { of, laboratory, facts, spacings } = making;
  const groups = groupsOf(of("tomogram"), (file) => JSON.stringify([...tellingOf(file, laboratory), file.details.fiducial]));
  const told = new Set<string>();
  const shown = new Set<string>();
  const fallback = new Named(
    "voxel_spacing",
    ask(decimal(FALLBACK_SPACING), "voxel spacing of the tomograms, Å: no header has one; also above"),
  );
  return [...groups.values()].flatMap((group) =>
    rankedOfRun(group).map((files) => {
      const { details } = files[0]!;
      const spacing = spacingOf(files[0]!, laboratory);
      const identity = JSON.stringify(identityOf(files[0]!, laboratory));
      const isTwin = told.has(identity);
      told.add(identity);
      const isFirst = !shown.has(`${spacing}`);
      shown.add(`${spacing}`);
      const {
        processing = "raw",
        processingSoftware,
        reconstructionMethod,
        reconstructionSoftware,
        ctfCorrected,
        fiducial,
      } = details;
      const sources = sourcesOf(files, making).map((source) => withSpacing(source, spacing ?? FALLBACK_SPACING, spacings));
      const software =
        processingSoftware ?? (processing === "raw" ? undefined : guess("not reported", "software of the processing"));
      return {
        metadata: {
          voxel_spacing: spacing === undefined ? fallback : spacingValue(spacing, files),
          fiducial_alignment_status: fiducial === undefined ? facts.fiducial : fiducial ? "FIDUCIAL" : "NON_FIDUCIAL",
          ctf_corrected: ctfCorrected ?? facts.isCtfCorrected,
          reconstruction_method: reconstructionMethod === undefined ? facts.method : methodValue(reconstructionMethod, files),
          reconstruction_software: reconstructionSoftware ?? facts.software,
          processing: guess(processing, "raw, filtered or denoised"),
          processing_software: isTwin ? ask(wordsBeside(files[0]!), "what made it other than the one before") : software,
          tomogram_version: decimal(1),
          offset: { x: 0, y: 0, z: 0 },
          is_visualization_default: isFirst,
          authors: facts.authors,
          dates: facts.dates,
        },
        sources,
      };
    }),
  );
}

function spacingValue(spacing: number, files: readonly Decision[]): unknown {
  const from = files.find(({ details }) => details.spacingFrom !== undefined)?.details.spacingFrom;
  return from === undefined ? decimal(spacing) : guess(decimal(spacing), `voxel spacing, Å: ${from}`);
}

function methodValue(method: string, files: readonly Decision[]): unknown {
  const isOfName = files.every(({ path, strength }) => strength !== "person" && methodOfName(path) === method);
  return isOfName ? guess(method, "method of the reconstruction; by the name of the file") : method;
}

/** Of several files of one run the first ones, the second ones, …: a block of tomograms has one for each run. */
function rankedOfRun(files: readonly Decision[]): Decision[][] {
  const ranks: Decision[][] = [];
  const counts = new Map<string | undefined, number>();
  for (const file of files) {
    const rank = counts.get(file.run) ?? 0;
    counts.set(file.run, rank + 1);
    ranks[rank] = [...(ranks[rank] ?? []), file];
  }
  return ranks;
}

function withSpacing(source: object, spacing: number, spacings: readonly number[]): object {
  if (spacings.length < 2) return source;
  const { parent_filters: own = {} } = source as { parent_filters?: { include?: object } };
  const include = { ...own.include, voxel_spacing: exactly([spacing.toFixed(3)]) };
  return { ...source, parent_filters: { ...own, include } };
}

/** A file name without the run's name and the extension: the best guess at the name of a variant. */
function wordsBeside({ path, run = "" }: Decision): string {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
  const words = name.replace(run, "").replace(/^[_. -]+|[_. -]+$/g, "");
  return words || path.split("/").at(-2) || "not reported";
}

/** What people say of an annotation, when its files say nothing of it. */
export function annotationBlocks(
  making: Making,
  objects: (word: string) => AnnotatedObject | undefined,
  told: AnnotationAnswers | undefined,
): Blocks {
  const { of, facts } = making;
  const files = [...of("points").flatMap((file) => ofEachClass(file, making)), ...of("mask").flatMap(ofEachLabel), ...of("mesh")];
  const isShared = (file: Decision) => `${file.run === undefined}`;
  const alike = groupsOf(files, (file) =>
    keyOf(
      file.role,
      file.by ?? "",
      isShared(file),
      file.details.object ?? familyOf(file),
      JSON.stringify(readingKey(file.details)),
    ),
  );
  const groups = [...alike.values()].flatMap((group) => onceARun(group, making));
  const slugs = new Map<string, number>();
  return groups.map((group) => {
    const first = group[0]!;
    const slug = slugOf(first);
    const n = (slugs.get(slug) ?? 0) + 1;
    slugs.set(slug, n);
    const { object: word } = first.details;
    const object = word === undefined ? undefined : objectOf(word, objects, told);
    const isByHand = first.role === "points" && /^(mod|csv|csv_with_header|tsv)$/.test(first.details.points?.format ?? "");
    // a profile tells of those that people made
    const own: Partial<AnnotationAnswers> = isByHand ? (told ?? {}) : {};
    const metadata = {
      annotation_ingest_id: `${slug}-${n}`,
      annotation_object: object
        ? { ...object, id: object.id ?? ask(NO_OBJECT, `identifier of the object: ${ONTOLOGIES}`) }
        : ask(
            { name: word ?? "cellular_component", id: NO_OBJECT },
            `what is annotated: its name and identifier in an ontology (${ONTOLOGIES})`,
          ),
      annotation_method: own.method ?? ask(first.by || "not reported", "how it was made"),
      method_type: guess(isByHand ? "manual" : "automated", "manual, automated, hybrid or simulated"),
      // which of its parts was recognised is no name of a program
      method_links: own.method_links,
      annotation_software: own.software ?? (first.by?.replace(/ \([^)]*\)$/, "") || undefined),
      annotation_publications: own.publications,
      ground_truth_status: own.ground_truth_status ?? guess(false, "whether it is ground truth"),
      is_curator_recommended: own.is_curator_recommended ?? false,
      version: decimal(own.version ?? 1),
      authors: facts.authors,
      dates: facts.dates,
    };
    return {
      metadata,
      sources: group[0]!.run === undefined ? group.flatMap((file) => sharedPoints(file, making)) : shapeSources(group, making),
    };
  });
}

/**
 * Parts of a group that each have a run once, since an annotation has one file of a shape in a run: two lists of one object are two annotations, such as
 * those of two folders.
 */
function onceARun(group: readonly Decision[], { of, runs: all }: Making): (readonly Decision[])[] {
  const runsOf = ({ run, runs = all, details: { points } }: Decision): readonly string[] => {
    if (run !== undefined) return [run];
    const { rowValues } = points ?? {};
    return rowValues ? of("tomogram").flatMap((file) => (rowValues[file.path] === undefined ? [] : (file.run ?? []))) : runs;
  };
  const isOnce = (some: readonly Decision[]) => new Set(some.flatMap(runsOf)).size === some.flatMap(runsOf).length;
  if (isOnce(group)) return [group];
  return [...groupsOf(group, familyOf).values()].flatMap((family) => (isOnce(family) ? [family] : rankedOfRun(family)));
}

/** A list of points for each class of a file, if it has some. */
function ofEachClass(file: Decision, { of, runs: all }: Making): Decision[] {
  const { points, ...details } = file.details;
  if (!points?.classes) return [file];
  const { classRows, rowValues } = points;
  const rowsOf = (run: string): readonly string[] =>
    rowValues === undefined ? [run] : of("tomogram").flatMap((one) => (one.run === run ? (rowValues[one.path] ?? []) : []));
  return Object.entries(points.classes).map(([one, object]) => ({
    ...file,
    ...(classRows && file.run === undefined
      ? { runs: (file.runs ?? all).filter((run) => rowsOf(run).some((row) => classRows[one]?.includes(row))) }
      : {}),
    details: { ...details, object, points: { ...points, classes: { [one]: object } } },
  }));
}

/** A mask for each label, where each is a kind of objects. */
function ofEachLabel(file: Decision): Decision[] {
  const { labels, ...details } = file.details;
  if (!labels) return [file];
  return Object.entries(labels).map(([label, object]) => ({ ...file, details: { ...details, object, label: Number(label) } }));
}

/** The object of a word: the person's own meaning of a label, with the identifier of the vocabulary where it has none. */
function objectOf(
  word: string,
  objects: (word: string) => AnnotatedObject | undefined,
  told: AnnotationAnswers | undefined,
): AnnotatedObject | undefined {
  const known = objects(word);
  const own = told?.objects.get(word.toLowerCase());
  return own ? { ...own, id: own.id ?? known?.id } : known;
}

const NO_OBJECT = "GO:0005575";
const ONTOLOGIES = "GO, UniProtKB, UBERON, CHEBI, CDPO, CL or PDB";

const readingKey = ({ points, label, isInstances, spacingAngstrom }: Details) => [
  spacingAngstrom,
  points?.format,
  points?.shape,
  points?.delimiter,
  points?.binning,
  points?.isReversed,
  points?.inSpacingAngstrom,
  label,
  isInstances,
  points?.classes,
  points?.kept,
];

/** The path without the run's name and without numbers: what files of one annotation have in common. */
function familyOf({ path, run }: Decision): string {
  return (run === undefined ? path : withoutRun(path, run, "#")).replace(/\d+/g, "#");
}

function slugOf({ path, run, details }: Decision): string {
  const parts = (run === undefined ? path : withoutRun(path, run, "")).split("/");
  const words = details.object ?? `${parts.at(-1)!.replace(/(\.\w+){1,2}$/, "")} ${parts.at(-2) ?? ""}`;
  const slug = words
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return slug === "" ? "annotation" : slug;
}

function shapeSources(group: readonly Decision[], making: Making): object[] {
  const { details, role } = group[0]!;
  const spacing = details.points?.inSpacingAngstrom ?? details.spacingAngstrom;
  // a mesh has no voxels: each is for the tomogram of its run
  const isOfRuns = spacing === undefined && role === "mesh" && making.spacings.length > 1;
  const groups = isOfRuns ? [...groupsOf(group, ({ run }) => `${finestOf(run, making)}`).values()] : [group];
  return groups.flatMap((some) => {
    const own = isOfRuns ? finestOf(some[0]!.run, making) : spacing;
    return sourcesOf(some, making).map((source) => {
      const { source_glob, ...rest } = source as { source_glob: { list_glob: string } };
      const glob = source_glob.list_glob;
      const row = details.points && rowFilter(details.points, undefined, Object.keys(details.points.classes ?? {})[0]);
      const shaped = { ...shapeOf(role, glob, details, row), ...rest };
      return own === undefined ? shaped : withSpacing(shaped, own, making.spacings);
    });
  });
}

/** The finest voxel size of the tomograms of a run, Å. */
function finestOf(run: string | undefined, { of, laboratory }: Making): number | undefined {
  const all = of("tomogram").flatMap((file) => (file.run === run ? (spacingOf(file, laboratory) ?? FALLBACK_SPACING) : []));
  return all.length === 0 ? undefined : Math.min(...all);
}

/** One file with the points of many tomograms: a source for all of its runs, one for each voxel size that they have, or one for each number of a run. */
function sharedPoints({ path, runs, details }: Decision, making: Making): object[] {
  const { inSpacingAngstrom, rowValues, classes = {} } = details.points!;
  const source = (some: readonly string[] | undefined, spacing: number | undefined, row = "{run_name}") => {
    const filter = rowFilter(details.points!, row, Object.keys(classes)[0]);
    const one = { ...shapeOf("points", literal(path), details, filter), ...filters(runFilter(some, making.runs)) };
    return spacing === undefined ? one : withSpacing(one, spacing, making.spacings);
  };
  const tomograms = making.of("tomogram").filter(({ run }) => run !== undefined && runs?.includes(run) !== false);
  if (rowValues !== undefined) {
    const rows = new Map(
      tomograms.flatMap((file) =>
        rowValues[file.path] === undefined ? [] : [[file.run!, { row: rowValues[file.path]!, file }] as const],
      ),
    );
    return [...rows].map(([run, { row, file }]) =>
      source([run], inSpacingAngstrom ?? spacingOf(file, making.laboratory) ?? FALLBACK_SPACING, row),
    );
  }
  if (inSpacingAngstrom !== undefined || making.spacings.length < 2) return [source(runs, inSpacingAngstrom)];
  const spacings = new Map(tomograms.map((file) => [file.run, spacingOf(file, making.laboratory)]));
  const groups = groupsOf(runs ?? making.runs, (run) => `${spacings.get(run) ?? FALLBACK_SPACING}`);
  return [...groups].map(([key, some]) => source(some, Number(key)));
}

/** @param row which rows of a file count: those with the name that a column has for the run, or of one class */
function shapeOf(role: Decision["role"], glob: string, details: Details, row?: string): object {
  const shown = { is_visualization_default: true };
  const named = { glob_string: glob };
  if (role === "mask") {
    const file_format = /\.zarr$/.test(glob) ? "zarr" : "mrc";
    if (details.isInstances) return { InstanceSegmentationMask: { file_format, ...named, ...shown } };
    const mask_label = details.label ?? ask(1, "label that means this object");
    return { SemanticSegmentationMask: { file_format, ...named, mask_label, ...shown } };
  }
  if (role === "mesh") {
    const file_format = glob.slice(glob.lastIndexOf(".") + 1);
    if (file_format === "hff")
      return { TriangularMeshGroup: { file_format, ...named, mesh_name: ask("1", "which mesh of the group"), ...shown } };
    return { TriangularMesh: { file_format, ...named, scale_factor: ask(decimal(1), "factor for the coordinates"), ...shown } };
  }
  const { shape, format, delimiter, binning, isReversed } = details.points!;
  const axes = shape === "Point" ? "columns" : "order";
  return {
    [shape]: {
      file_format: format,
      ...named,
      ...(row === undefined ? {} : { filter_value: row }),
      ...(binning === undefined ? {} : { binning: guess(decimal(binning), `${unitText(details.points!)}`) }),
      ...(isReversed
        ? { [axes]: guess("zyx", "the file has z first, by the names of its columns or by the size of the tomogram") }
        : {}),
      ...(delimiter ? { delimiter } : {}),
      ...shown,
    },
  };
}

function unitText({ unit, unitFrom, pixelAngstrom }: PointsReading): string {
  const whose = unitFrom === undefined ? "coordinates are" : `the column ${unitFrom} is`;
  if (unit === "Å" || unit === "nm") return `${whose} in ${unit}: divided by the voxel size`;
  return pixelAngstrom === undefined
    ? "coordinates are divided by it: the size of the tomogram tells it"
    : `coordinates are pixels of ${Number(pixelAngstrom.toPrecision(6))} Å`;
}
