import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { exitOf, noteLines, type Report, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { checkProfile, type DepositionProfile, parseDepositionProfile } from "../../../formats/yaml/deposition-profile.js";
import { readGivenText } from "../../../stores/file/read-given.js";
import { refuseGone } from "../../../stores/gone.js";
import { refuseInSource } from "../../../stores/nesting.js";
import { absent, objectName, type Store } from "../../../stores/store.js";
import { openStore } from "../../../stores/url.js";
import { MANIFEST, type Manifest, parseManifest } from "../collect/manifest.js";
import { classifier } from "../labels/classify.js";
import { vocabularyOf } from "../labels/vocabulary.js";
import { configText } from "./config-text.js";
import { objectOf } from "./objects.js";
import { type PackagedFile, type PackingOptions, packRuns } from "./pack-runs.js";
import { CONFIG, writePackage } from "./write-package.js";

export interface PackageOptions extends PackingOptions, GivenEnv {
  /** Folder, or place in a bucket. */
  dest: string;
  /** The portal's tree, or a copy of its metadata: tells on which tomogram each model was drawn. */
  tree?: string | undefined;
  /** File of answers. */
  profile?: string | undefined;
  /** Override those of the file. */
  answers?: Partial<DepositionProfile> | undefined;
  /** The object that the batch's label means. */
  object?: { name: string; id?: string | undefined } | undefined;
  vocabulary?: string | undefined;
  /** Overwrite an existing configuration that differs. */
  replace?: boolean | undefined;
  anonymous?: boolean | undefined;
}

export interface PackageReport extends Report {
  readonly batch: string;
  readonly dest: string;
  readonly config: string;
  readonly object: { readonly name: string; readonly id: string | null };
  readonly counts: {
    readonly runs: number;
    readonly datasets: number;
    readonly files: number;
    readonly points: number;
    readonly oriented_points: number;
    readonly surfaces: number;
    /** Files of the batch that are in no annotation. */
    readonly left_out: number;
  };
  readonly files: readonly PackagedFile[];
  /** Lines of the configuration that a person must fill in. */
  readonly to_fill: readonly { readonly line: number; readonly what: string }[];
  readonly notes: readonly string[];
}

/**
 * Makes an ingestion of a collected batch: `config.yaml`, and for each run a model of the batch in a folder named after its
 * contents. One annotation for each label and run: points, slicer angles as oriented points, surfaces of outlines as meshes.
 *
 * Datasets, runs, alignments and tomograms are the portal's and are only referred to. Unknown facts get a valid value with a
 * comment; models whose tomogram is not certain are listed and left out.
 *
 * @throws {EmporiumError} STORE_ABSENT (no batch there), CONFIG_FIELD (a label without a definition; the profile), USAGE before
 *   anything is written
 */
export async function packageBatch(dir: string, options: PackageOptions): Promise<PackageReport> {
  const { anonymous } = options;
  const env = envOf(options);
  const { clock, signal } = env;
  const batch = await openStore(dir, { readOnly: true, anonymous, clock });
  const target = await openStore(options.dest, { clock });
  refuseInSource(options.dest, dir, { what: "--dest", hint: "choose a --dest outside of the batch" });
  if (options.tree !== undefined)
    refuseInSource(options.dest, options.tree, { what: "--dest", hint: "choose a --dest outside of the tree" });
  const tree = options.tree === undefined ? undefined : await openStore(options.tree, { readOnly: true, anonymous, clock });
  if (tree) await refuseGone(tree, "--tree");
  const manifest = await readBatch(batch, signal);
  const object = await objectOfBatch(manifest, options);
  const profile = await profileOf(options);
  const errors: ErrorRecord[] = [];
  const notes = tree === undefined ? [NO_TREE] : [];
  const made = await packRuns({ batch, tree, manifest, options, errors, notes, signal });
  const runs = made.map(({ packed }) => packed);
  const files = made.flatMap(({ files }) => files);
  const binning = options.binning ?? 1;
  if (runs.length === 0) {
    const first = errors[0];
    throw new EmporiumError(
      "NO_MATCH",
      `nothing of batch ${manifest.batch} can be packaged${first ? `: ${first.message}` : ""}`,
      {
        place: first?.file === undefined ? undefined : { file: first.file },
        hint: first?.hint,
      },
    );
  }
  const { yaml, toFill } = configText({ batch: manifest.batch, object, profile, runs, binning, notes });
  await writePackage(target, { files, yaml, batch: manifest.batch, replace: options.replace, ...env });
  const packed = new Set(files.flatMap(({ entry }) => entry.from));
  const entries = files.map(({ entry }) => entry);
  const sum = (count: (entry: PackagedFile) => number) => entries.reduce((all, entry) => all + count(entry), 0);
  const counts = {
    runs: runs.length,
    datasets: new Set(runs.map(({ dataset }) => dataset)).size,
    files: entries.length,
    points: sum(({ points }) => points),
    oriented_points: sum(({ oriented_points }) => oriented_points),
    surfaces: entries.filter(({ form }) => form === "mesh").length,
    left_out: manifest.files.length - manifest.files.filter(({ dest }) => packed.has(dest)).length,
  };
  const document = {
    batch: manifest.batch,
    dest: target.url,
    config: objectName(target, CONFIG),
    object: { name: object.name, id: object.id ?? null },
    counts,
    files: entries,
    to_fill: toFill,
    notes,
    errors,
    exitStatus: exitOf(errors.length),
  };
  return withText(document, linesOf);
}

const NOTES_SHOWN = 10;
const NO_TREE =
  "every annotation is assigned to alignment 100, the portal's first: with --tree DIR each run's own is looked up in the portal's tree";

function linesOf({ batch, object, counts, notes, config, to_fill }: Omit<PackageReport, "toText">): string[] {
  return [
    `batch ${batch}: ${object.name}${object.id === null ? "" : ` (${object.id})`} in ${counted(counts.runs, "run")} of ${counted(counts.datasets, "dataset")}`,
    `${counted(counts.points, "point")}, ${counts.oriented_points} oriented points, ${counts.surfaces} surfaces in ${counted(counts.files, "file")}; ${counted(counts.left_out, "file")} of the batch left out`,
    ...noteLines(notes, NOTES_SHOWN),
    `written: ${config}${to_fill.length > 0 ? `, ${counted(to_fill.length, "line")} to fill in` : ""}`,
  ];
}

async function readBatch(batch: Store, signal: AbortSignal | undefined): Promise<Manifest> {
  const bytes = await batch.read(MANIFEST, undefined, { signal });
  if (bytes) return parseManifest(bytes, objectName(batch, MANIFEST));
  const { message, facts } = absent(batch, MANIFEST);
  throw new EmporiumError("STORE_ABSENT", message, { place: facts.place, hint: "give the folder that curate collect wrote" });
}

async function objectOfBatch({ label }: Manifest, { vocabulary: file, object, profile }: PackageOptions) {
  const vocabulary = await vocabularyOf(file);
  const objects = profile === undefined ? {} : (await readProfile(profile)).objects;
  const given = object === undefined ? objects : { ...objects, [label]: object };
  return objectOf(classifier(vocabulary)(label), vocabulary, { objects: given });
}

async function readProfile(file: string): Promise<DepositionProfile> {
  return parseDepositionProfile(await readGivenText(file, "--profile"), file);
}

async function profileOf({ profile, answers = {} }: PackageOptions): Promise<DepositionProfile> {
  const file = profile === undefined ? {} : await readProfile(profile);
  const given = Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== undefined));
  return checkProfile({ ...file, ...given }, "the command line");
}
