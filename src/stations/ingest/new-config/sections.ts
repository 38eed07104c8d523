import { ask, decimal, guess, Named } from "../../../formats/yaml/yaml-text.js";
import type { Fit } from "../point-fit.js";
import type { Acquisition } from "./acquisition.js";
import { rounded } from "./acquisition.js";
import type { Answers } from "./answers.js";
import type { Item } from "./inventory.js";
import type { PointFile } from "./point-files.js";
import { oneEach, type Pattern } from "./templates.js";

/** Blocks of one section, as `yamlText` takes them. */
export type Blocks = readonly object[];

/** Authors and dates stand once and are referred to. */
export interface People {
  authors: Named;
  dates: Named;
}

const DAY = "2000-01-01";

export function people({ author, orcid, releaseDate }: Answers): People {
  const authors = [
    {
      name: author ?? ask("First Last", "full name; add the other authors below, in the order of citation"),
      ORCID: orcid ?? ask("0000-0000-0000-0000", "ORCID, or delete the line"),
      primary_author_status: true,
      corresponding_author_status: true,
    },
  ];
  const day = (what: string) => releaseDate ?? ask(DAY, what);
  const dates = {
    deposition_date: day("day of the deposition"),
    release_date: day("day of the release, not before that of the deposition"),
    last_modified_date: day("day of the last change"),
  };
  return { authors: new Named("authors", authors), dates: new Named("dates", dates) };
}

export function depositionBlock(answers: Answers, { authors, dates }: People, types: readonly string[]): Blocks {
  const id = answers.depositionId;
  const metadata = {
    deposition_identifier: id ?? ask(1, "number of the deposition at the portal, here and in the two other places"),
    deposition_title: answers.title ?? ask("Title of the deposition", "title"),
    deposition_description: answers.description ?? ask("What was deposited.", "a few sentences, like an abstract"),
    deposition_types: types,
    authors,
    dates,
  };
  return [{ metadata, sources: [{ literal: { value: [id ?? 1] } }] }];
}

export function datasetBlock(answers: Answers, { authors, dates }: People): Blocks {
  const id = answers.datasetId;
  const metadata = {
    dataset_identifier: id ?? ask(1, "number of the dataset at the portal, here and in its source"),
    dataset_title: answers.title ?? ask("Title of the dataset", "title"),
    dataset_description: answers.description ?? ask("What the dataset shows.", "a few sentences, like an abstract"),
    sample_type: ask("other", "organism, tissue, cell_line, organelle, virus, in_vitro, … ; some ask for a field of their own"),
    organism: {
      name: answers.organism ?? ask("not reported", "scientific name, or delete organism"),
      taxonomy_id: answers.taxonomyId ?? ask(1, "number in NCBI's taxonomy"),
    },
    assay: { name: "cryo-electron tomography", id: ask("EFO:0900000", "look the assay up in EFO") },
    development_stage: guess({ name: "unknown", id: "unknown" }, "stage of the organism, unknown where nobody knows"),
    disease: guess({ name: "normal", id: "PATO:0000461" }, "disease of the organism"),
    sample_preparation: ask("Not described yet.", "how the sample was prepared, or delete the line"),
    grid_preparation: ask("Not described yet.", "how the grids were prepared, or delete the line"),
    authors,
    dates,
  };
  return [{ metadata, sources: [{ literal: { value: [String(id ?? 1)] } }] }];
}

const globSource = (glob: string) => ({ source_glob: { list_glob: glob } });

/** Files of which a run has one. */
export function copyBlock(patterns: readonly Pattern[]): Blocks {
  return patterns.length === 0 ? [] : [{ sources: oneEach(patterns).map(({ glob }) => globSource(glob)) }];
}

/** Frames without a gain reference beside them are taken for corrected ones: others could not be corrected any more. */
export function frameBlock({ doseRate, from }: Acquisition, globs: readonly string[], hasGain: boolean): Blocks {
  const metadata = {
    dose_rate:
      doseRate === undefined
        ? ask(decimal(1), "electrons per Å² and second")
        : guess(decimal(doseRate), `electrons per Å² and second; ${from} says this`),
    is_gain_corrected: ask(!hasGain, `whether the frames are gain corrected; ${hasGain ? "a" : "no"} gain reference was found`),
  };
  const sources = globs.length > 0 ? globs.map(globSource) : [{ literal: { value: ["default"] } }];
  return [{ metadata, sources }];
}

export function tiltSeriesBlock(patterns: readonly Pattern[], acquisition: Acquisition, { microscope }: Answers): Blocks {
  return bySpacing(oneEach(patterns), acquisition.pixelSpacing, 4).map(({ spacing, patterns: some, runs }) => ({
    metadata: {
      acceleration_voltage: acquisition.voltage ?? ask(300_000, "acceleration voltage, V"),
      spherical_aberration_constant: ask(decimal(2.7), "spherical aberration of the objective lens, mm"),
      microscope: { manufacturer: ask("TFS", "FEI, TFS, JEOL or SIMULATED"), model: microscope ?? ask("Krios", "model") },
      microscope_optical_setup: { energy_filter: ask("not reported", "energy filter") },
      camera: { manufacturer: ask("TFS", "Gatan, FEI, TFS or simulated"), model: ask("FALCON 4i", "model of that manufacturer") },
      data_acquisition_software: acquisition.software ?? ask("not reported", "software of the acquisition"),
      is_aligned: guess(
        some.every(({ glob }) => /\.ali$/i.test(glob)),
        "whether this stack is aligned; by the name of the file",
      ),
      tilt_range: rangeOf(acquisition),
      tilt_step: acquisition.step === undefined ? ask(decimal(3), "step between tilts, degrees") : decimal(acquisition.step),
      tilt_axis:
        acquisition.tiltAxis === undefined
          ? ask(decimal(0), "rotation of the tilt axis, degrees")
          : decimal(acquisition.tiltAxis),
      tilting_scheme: ask("not reported", "order of the tilts"),
      total_flux:
        acquisition.totalFlux === undefined
          ? ask(decimal(100), "electrons per Å² over the whole series")
          : decimal(acquisition.totalFlux),
      tilt_series_quality: ask(3, "your mark, 1 to 5, 5 is best"),
      pixel_spacing: spacing === undefined ? ask(decimal(1), "pixel spacing, Å: no header has one") : decimal(spacing),
    },
    sources: some.map(({ glob }) => ({ ...globSource(glob), ...(runs ? onlyRuns(runs) : {}) })),
  }));
}

function rangeOf({ range }: Acquisition): object {
  if (range) return { min: decimal(range.min), max: decimal(range.max) };
  return { min: ask(decimal(-60), "least tilt, degrees"), max: ask(decimal(60), "greatest tilt, degrees") };
}

interface Spaced {
  spacing: number | undefined;
  patterns: Pattern[];
  /** Where not all runs of the patterns are meant. */
  runs: string[] | undefined;
}

/** Patterns by the spacing of their files. A pattern whose runs differ is there for each spacing, with its runs. */
function bySpacing(patterns: readonly Pattern[], other: number | undefined, digits = 3): Spaced[] {
  const groups = new Map<string, Spaced>();
  for (const pattern of patterns) {
    const runsOf = new Map<number | undefined, string[]>();
    for (const [run, item] of pattern.items) {
      const spacing = spacingOf(item, digits) ?? (other === undefined ? undefined : rounded(other, digits));
      runsOf.set(spacing, [...(runsOf.get(spacing) ?? []), run]);
    }
    for (const [spacing, runs] of runsOf) {
      const isAll = runsOf.size === 1;
      const key = `${spacing} ${isAll ? "" : runs.join("/")}`;
      const group = groups.get(key) ?? { spacing, patterns: [], runs: isAll ? undefined : runs };
      group.patterns.push(pattern);
      groups.set(key, group);
    }
  }
  return [...groups.values()];
}

/** Å; names of voxel spacings have three decimals. A header without a cell gives 0, or 1 where it was never set. */
function spacingOf({ voxelSizeAngstrom }: Item, digits = 3): number | undefined {
  if (voxelSizeAngstrom === undefined || voxelSizeAngstrom < 0.01 || voxelSizeAngstrom > 10_000) return undefined;
  const spacing = rounded(voxelSizeAngstrom, digits);
  return spacing === 1 ? undefined : spacing;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const onlyRuns = (runs: readonly string[]) => ({ parent_filters: { include: { run: runs.map((run) => `^${escaped(run)}$`) } } });

export function ctfBlocks(patterns: readonly Pattern[]): Blocks {
  const formatOf = (glob: string) => (/gctf/i.test(glob) ? "Gctf" : /\.defocus$/i.test(glob) ? "IMOD" : "CTFFIND");
  const covered = new Set<string>();
  const chosen = oneEach(patterns).filter(({ items }) => {
    const isFresh = [...items.keys()].some((run) => !covered.has(run));
    for (const run of items.keys()) covered.add(run);
    return isFresh;
  });
  return ["CTFFIND", "Gctf", "IMOD"].flatMap((format) => {
    const own = chosen.filter(({ glob }) => formatOf(glob) === format);
    const metadata = { format: guess(format, "program of the CTF estimates, CTFFIND, Gctf or IMOD; by the name of the file") };
    return own.length === 0 ? [] : [{ metadata, sources: own.map(({ glob }) => globSource(glob)) }];
  });
}

export interface AlignmentPatterns {
  xf: readonly Pattern[];
  tlt: readonly Pattern[];
  xtilt: readonly Pattern[];
  aln: readonly Pattern[];
}

/** One alignment a run: of the program that has aligned more of them. */
export function alignmentBlock({ xf, tlt, xtilt, aln }: AlignmentPatterns): Blocks {
  const count = (patterns: readonly Pattern[]) => new Set(patterns.flatMap(({ items }) => [...items.keys()])).size;
  if (count(xf) === 0 && count(aln) === 0) return [];
  if (count(aln) >= count(xf)) {
    const metadata = {
      format: "ARETOMO3",
      alignment_type: ask("GLOBAL", "GLOBAL or LOCAL"),
      method_type: guess("projection_matching", "method of the alignment, AreTomo's as a rule"),
    };
    return [{ metadata, sources: oneEach(aln).map(({ glob }) => globSource(glob)) }];
  }
  const metadata = {
    format: "IMOD",
    alignment_type: ask("GLOBAL", "GLOBAL or LOCAL"),
    method_type: ask("undefined", "fiducial_based, patch_tracking, projection_matching, simulated or undefined"),
  };
  const globs = [...oneEach(xf), ...oneEach(tlt), ...oneEach(xtilt)].map(({ glob }) => glob);
  return [{ metadata, sources: [{ source_multi_glob: { list_globs: globs } }] }];
}

/** Tomograms that were asked of one pattern, with what their names say. */
export function tomogramBlocks(
  patterns: readonly Pattern[],
  { authors, dates }: People,
  { program, names }: { program: string | undefined; names: readonly string[] },
): { blocks: Blocks; spacings: readonly (number | undefined)[] } {
  const all = [...new Set(patterns.flatMap(({ items }) => [...items.values()].map((item) => spacingOf(item))))];
  const known = all.filter((spacing) => spacing !== undefined);
  // where all others agree, a header that says nothing is taken to mean the same
  const usual = known.length === 1 ? known[0] : undefined;
  const isGuessed = usual !== undefined && all.length > 1;
  const groups = patterns.flatMap((pattern) => bySpacing([pattern], usual));
  const spacings = [...new Set(groups.map(({ spacing }) => spacing))].sort((a, b) => (a ?? 0) - (b ?? 0));
  const told = new Set<string>();
  const shown = new Set<number | undefined>();
  const blocks = groups.map(({ spacing, patterns: [pattern], runs }) => {
    const { glob } = pattern!;
    const processing = processingOf(glob);
    // two tomograms of one run must differ in what the portal tells them apart by
    const identity = `${spacing} ${processing}`;
    const software = told.has(identity) ? ask(wordsBeside(glob), "what made it other than the one before") : undefined;
    told.add(identity);
    const isFirst = !shown.has(spacing);
    shown.add(spacing);
    const { run, exclude } = filterOf(runs ?? [...pattern!.items.keys()], names);
    const include = {
      ...(run ? { run } : {}),
      ...(spacings.length > 1 ? { voxel_spacing: [`^${escaped((spacing ?? FALLBACK_SPACING).toFixed(3))}$`] } : {}),
    };
    return {
      metadata: {
        voxel_spacing: spacingValue(
          spacing,
          isGuessed && [...pattern!.items.values()].some((item) => spacingOf(item) === undefined),
        ),
        fiducial_alignment_status: ask("NON_FIDUCIAL", "FIDUCIAL or NON_FIDUCIAL"),
        ctf_corrected: ask(false, "whether it is CTF corrected"),
        reconstruction_method: methodAsked(glob),
        reconstruction_software: program
          ? guess(program, "software of the reconstruction; by the files of the alignment")
          : ask("not reported", "software of the reconstruction"),
        processing: guess(processing, "raw, filtered or denoised; by the name of the file"),
        processing_software: software ?? (processing === "raw" ? undefined : ask("not reported", "software of the processing")),
        tomogram_version: decimal(1),
        offset: { x: 0, y: 0, z: 0 },
        is_visualization_default: isFirst,
        authors,
        dates,
      },
      sources: [{ ...globSource(glob), ...filters(include, exclude) }],
    };
  });
  return { blocks, spacings };
}

/** A run without this tomogram would be an error: the few are named, those that have it or those that have not. */
function filterOf(runs: readonly string[], names: readonly string[]): { run?: string[]; exclude?: string[] } {
  const others = names.filter((name) => !runs.includes(name));
  const patterns = (some: readonly string[]) => some.map((run) => `^${escaped(run)}$`);
  if (others.length === 0) return {};
  return others.length < runs.length ? { exclude: patterns(others) } : { run: patterns(runs) };
}

function filters(include: object, exclude: readonly string[] | undefined): object {
  const some = {
    ...(Object.keys(include).length > 0 ? { include } : {}),
    ...(exclude ? { exclude: { run: exclude } } : {}),
  };
  return Object.keys(some).length > 0 ? { parent_filters: some } : {};
}

export const FALLBACK_SPACING = 10;

function spacingValue(spacing: number | undefined, isGuessed: boolean): unknown {
  if (spacing === undefined) return ask(decimal(FALLBACK_SPACING), "voxel spacing, Å: no header has one; also above");
  return isGuessed
    ? guess(decimal(spacing), "voxel spacing, Å: not all headers have one, those that do have this")
    : decimal(spacing);
}

function processingOf(glob: string): "raw" | "denoised" | "filtered" {
  if (/denoi[sz]|dctf|cryocare|isonet|topaz|n2n|deepdewedge|ddw/i.test(glob)) return "denoised";
  return /filt|deconv|bandpass|lowpass/i.test(glob) ? "filtered" : "raw";
}

function methodAsked(glob: string): unknown {
  const method = methodOf(glob);
  const words = "WBP, SIRT, SART, Fourier Space or Unknown";
  return method === "Unknown" ? ask(method, words) : guess(method, `${words}; by the name of the file`);
}

function methodOf(glob: string): string {
  if (/sirt/i.test(glob)) return "SIRT";
  if (/sart/i.test(glob)) return "SART";
  return /wbp|bp_?3d/i.test(glob) ? "WBP" : "Unknown";
}

/** What of a file's name is not the run's, the nearest there is to the name of a variant. */
function wordsBeside(glob: string): string {
  const name = glob.slice(glob.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
  const words = name
    .replace("{run_name}", "")
    .replace(/[*[\]]/g, "")
    .replace(/^[_. -]+|[_. -]+$/g, "");
  return words || "not reported";
}

export interface AnnotationFiles {
  pattern: Pattern;
  /** Of points: what the file is. Masks and meshes are known by their names. */
  points?: PointFile | undefined;
  /** Of points whose coordinates are no voxels of the tomogram: what they seem to be. */
  places?: Fit | undefined;
  kind: "points" | "mask" | "mesh";
}

/** An annotation for each kind of file: what it shows only a person knows. */
export function annotationBlocks(
  files: readonly AnnotationFiles[],
  { authors, dates }: People,
  tomogramSpacing: number | undefined,
): Blocks {
  const slugs = new Map<string, number>();
  return files.flatMap(({ pattern, points, places, kind }) => {
    const source = sourceOf(pattern.glob, kind, { points, places }, tomogramSpacing);
    if (!source) return [];
    const slug = slugOf(pattern.glob);
    const n = (slugs.get(slug) ?? 0) + 1;
    slugs.set(slug, n);
    const metadata = {
      annotation_ingest_id: `${slug}-${n}`,
      annotation_object: {
        name: ask("cellular_component", "what is annotated, as its ontology has it"),
        id: ask("GO:0005575", "identifier of the object: GO, UniProtKB, UBERON, CHEBI, CDPO, CL or PDB"),
      },
      annotation_method: ask("not reported", "how it was made"),
      method_type: ask(kind === "points" ? "manual" : "automated", "manual, automated, hybrid or simulated"),
      ground_truth_status: ask(false, "whether it is ground truth"),
      is_curator_recommended: ask(false, "whether the curators recommend it"),
      version: decimal(1),
      authors,
      dates,
    };
    return [{ metadata, sources: [source] }];
  });
}

function slugOf(glob: string): string {
  const parts = glob.split("/");
  const words = `${wordsBeside(glob)} ${parts.at(-2) ?? ""}`.replace("not reported", "").toLowerCase();
  const slug = words
    .replace(/\{run_name\}/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return slug === "" ? "annotation" : slug;
}

function sourceOf(
  glob: string,
  kind: AnnotationFiles["kind"],
  { points, places }: Pick<AnnotationFiles, "points" | "places">,
  spacing: number | undefined,
): object | undefined {
  const shown = { is_visualization_default: true };
  if (kind === "mask") {
    const format = glob.endsWith(".zarr") ? "zarr" : "mrc";
    if (/instance/i.test(glob)) return { InstanceSegmentationMask: { file_format: format, glob_string: glob, ...shown } };
    return {
      SemanticSegmentationMask: {
        file_format: format,
        glob_string: glob,
        mask_label: ask(1, "label that means this object"),
        ...shown,
      },
    };
  }
  if (kind === "mesh") {
    const format = glob.slice(glob.lastIndexOf(".") + 1);
    if (format === "hff") {
      return {
        TriangularMeshGroup: { file_format: format, glob_string: glob, mesh_name: ask("1", "which mesh of the group"), ...shown },
      };
    }
    return {
      TriangularMesh: {
        file_format: format,
        glob_string: glob,
        scale_factor: ask(decimal(1), "factor for the coordinates"),
        ...shown,
      },
    };
  }
  if (!points) return undefined;
  const { shape, format, delimiter, isAngstrom } = points;
  const fits = "the size of the tomogram tells it";
  const binning = isAngstrom
    ? { binning: spacing === undefined ? ask(decimal(1), "voxel spacing of the tomogram, Å") : decimal(spacing) }
    : places && places.binning !== 1
      ? { binning: guess(decimal(places.binning), `the coordinates are ${places.unit}; ${fits}`) }
      : {};
  const reversed = (key: "columns" | "order") => ({ [key]: guess("zyx", `the axes are in reverse; ${fits}`) });
  const isTable = format.startsWith("csv");
  const columns = places?.reversed
    ? reversed(shape === "Point" ? "columns" : "order")
    : isTable
      ? { columns: ask("xyz", "order of the columns, xyz or zyx") }
      : {};
  return {
    [shape]: { file_format: format, glob_string: glob, ...binning, ...columns, ...(delimiter ? { delimiter } : {}), ...shown },
  };
}
