import { throwIfCancelled } from "../../../core/cancel.js";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError, type ErrorCode, toErrorRecord } from "../../../core/errors.js";
import type { Profile, Scheduler } from "../profile/profile.js";
import { measureItem, noteSharedNames } from "./measure.js";
import type { Plan, PlanItem, Product } from "./plan.js";
import { parseSample, parseSuffix, type SampleName } from "./sample.js";
import { checkRoot, findImagesBase, kindOf, rooted } from "./source-folders.js";

export interface PlanRequest {
  readonly sample: string;
  readonly products: readonly Product[];
  readonly profile: Profile;
  /** Folder of the sample's images (default: below the first of the profile's image bases that holds the sample). Absolute. */
  readonly imagesBase?: string | undefined;
  readonly segmentationSuffixes?: readonly string[] | undefined;
  /** Prefix of the sources' real paths; scripts do not show it. Absolute. */
  readonly root?: string | undefined;
  /** Instead of the profile's. */
  readonly scheduler?: Scheduler | undefined;
  readonly delete?: boolean | undefined;
  readonly checksum?: boolean | undefined;
  /** As the reference's program: a suffix that is given twice is sent twice; if none is given, none is sent. */
  readonly compat?: boolean | undefined;
  /** Count files and bytes. Default true; scripts need no counts. */
  readonly measure?: boolean | undefined;
}

export interface PlanOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Folder of a sample's segmentation unless a suffix names others. */
export const STITCHING_OUTPUT = "stitching-output";

/**
 * Finds the sources of a sample and plans their targets. A missing or empty source is a warning; images without usable tiles
 * become an item with an error. Nothing is written.
 *
 * @throws {EmporiumError} USAGE, NAME_UNSAFE, CONFIG_RULE; STORE_DENIED and others where a source cannot be read
 */
export async function planSample(request: PlanRequest, { clock, signal }: PlanOptions): Promise<Plan> {
  const { profile, products, measure = true } = request;
  const name = parseSample(request.sample);
  const root = request.root ?? null;
  if (root !== null) await checkRoot(root);
  const suffixes = suffixesOf(request);
  const sources: Sources = {
    name,
    profile,
    root,
    imagesBase: products.includes("images") ? await imagesBaseOf(request, name, root) : null,
    suffixes: request.compat ? suffixes : [...new Set(suffixes)],
  };
  const items: PlanItem[] = [];
  for (const product of products) {
    throwIfCancelled(signal);
    items.push(...(await PLANNERS[product](sources)));
  }
  const transfer = transferOf(profile, request);
  const shared = sharedTargets(items);
  if (transfer.delete) refuseDelete(shared);
  const looks = { root, filters: transfer.filters, signal };
  for (const item of items) await measureItem(item, looks, measure);
  if (measure) for (const group of shared) await noteSharedNames(group, looks);
  return {
    version: 1,
    ...name,
    products: [...products],
    imagesBase: sources.imagesBase,
    root,
    createdAt: new Date(clock.now()).toISOString(),
    profile: profile.name,
    bucket: profile.bucket,
    transfer,
    cluster: clusterOf(profile, request),
    items,
    totals: totalsOf(items),
    warnings: warningsOf(request, suffixes, items),
    errors: items.flatMap(({ error }) => (error ? [error] : [])),
  };
}

interface Sources {
  readonly name: SampleName;
  readonly profile: Profile;
  readonly root: string | null;
  readonly imagesBase: string | null;
  readonly suffixes: readonly string[];
}

async function imagesBaseOf({ imagesBase, profile }: PlanRequest, { sample }: SampleName, root: string | null): Promise<string> {
  const base = imagesBase?.replace(/(?<=.)\/+$/, "") ?? (await findImagesBase(profile, sample, root));
  if (base !== undefined) return base;
  const bases = profile.bases.images;
  throw new EmporiumError(
    "USAGE",
    `no folder of images of ${sample} found${bases.length === 0 ? `: ${profile.name} names no base for them` : ` below ${bases.join(" or ")}`}`,
    { hint: "give it with --images-base DIR" },
  );
}

const PLANNERS: Record<Product, (sources: Sources) => Promise<PlanItem[]>> = {
  images: planImages,
  registration: async (sources) => planJobs(sources, "reg", false, [registration(sources)]),
  segmentation: async (sources) => planJobs(sources, "seg", true, segmentation(sources)),
  tracings: async (sources) => planJobs(sources, "tra", true, tracings(sources)),
  carveouts: async (sources) => planJobs(sources, "car", true, carveouts(sources)),
};

/** An item before its source has been looked for. */
type Draft = Pick<PlanItem, "id" | "product" | "source" | "target">;

async function planImages({ name: { date }, profile, root, imagesBase }: Sources): Promise<PlanItem[]> {
  const base = imagesBase!;
  const target = `${profile.bucket}/images/${date}/`;
  const ktx = await found(root, "sync", {
    id: "images/ktx",
    product: "images",
    source: below(base, "ktx/"),
    target: `${target}ktx/`,
  });
  const fail = (code: ErrorCode, message: string, path: string, hint: string) => {
    ktx.error = { ...toErrorRecord(new EmporiumError(code, message, { place: { file: rooted(root, path) }, hint })) };
  };
  if (!ktx.exists) {
    fail("KTX_MISSING", `Could not find ktx directory in ${base}`, base, "give the folder that holds ktx with --images-base DIR");
  } else if ((await kindOf(rooted(root, below(base, profile.ktxMarker)))) === undefined) {
    const marker = below(base, profile.ktxMarker);
    fail(
      "KTX_OBSOLETE",
      `Image files under ${base} use an obsolete naming scheme`,
      marker,
      `convert the tiles again, with names that contain ${profile.ktxMarker}`,
    );
  }
  const items = [ktx];
  for (const file of profile.imageFiles) {
    items.push(
      await found(root, "cp", {
        id: `images/${file}`,
        product: "images",
        source: below(base, file),
        target: folderOf(target, file),
      }),
    );
  }
  return items;
}

/** All output of the stitching if no part is named. The reference's program sends nothing then. */
function suffixesOf({ segmentationSuffixes = [], compat = false }: PlanRequest): string[] {
  return (segmentationSuffixes.length === 0 && !compat ? [STITCHING_OUTPUT] : segmentationSuffixes).map(parseSuffix);
}

function registration({ name: { sample, date }, profile }: Sources): Draft {
  const base = baseOf(profile, "registration", "registration");
  return {
    id: "registration",
    product: "registration",
    source: below(base, `${sample}/`),
    target: `${profile.bucket}/registration/${date}/`,
  };
}

function segmentation({ name: { sample, date }, profile, suffixes }: Sources): Draft[] {
  const base = baseOf(profile, "segmentation", "segmentation");
  return suffixes.map((suffix, at) => ({
    id: `segmentation/${suffix}${suffixes.indexOf(suffix) < at ? `#${at + 1}` : ""}`,
    product: "segmentation",
    source: below(base, `${sample}/${suffix}/`),
    target: `${profile.bucket}/segmentation/${date}/`,
  }));
}

function tracings({ name: { sample, date }, profile }: Sources): Draft[] {
  const { finished, complete } = profile.bases;
  if (finished === undefined && complete === undefined) baseOf(profile, "finished", "tracings");
  return [
    { folder: "Finished_Neurons", base: finished },
    { folder: "tracing_complete", base: complete },
  ].flatMap(({ folder, base }) =>
    base === undefined
      ? []
      : {
          id: `tracings/${folder}`,
          product: "tracings" as const,
          source: below(base, `${sample}/`),
          target: `${profile.bucket}/tracings/${folder}/${date}/`,
        },
  );
}

/** Items that the cluster sends: a job for each existing source, numbered where a product may have several. */
async function planJobs(
  { name: { mmdd }, root }: Sources,
  prefix: string,
  counted: boolean,
  drafts: readonly Draft[],
): Promise<PlanItem[]> {
  const items: PlanItem[] = [];
  let count = 0;
  for (const draft of drafts) {
    const item = await found(root, "sync", draft);
    if (item.exists) item.job = `${prefix}${mmdd}${counted ? `-${++count}` : ""}`;
    items.push(item);
  }
  return items;
}

function carveouts({ name: { sample, date }, profile }: Sources): Draft[] {
  const bases = profile.bases.carveouts;
  if (bases.length === 0) baseOf(profile, "carveouts", "carveouts");
  return bases.map((base, at) => ({
    id: `carveouts/${at + 1}`,
    product: "carveouts" as const,
    source: below(base, `${sample}/`),
    target: `${profile.bucket}/carveouts/${date}/`,
  }));
}

async function found(root: string | null, action: PlanItem["action"], { id, product, source, target }: Draft): Promise<PlanItem> {
  const kind = await kindOf(rooted(root, source));
  const exists = action === "sync" ? kind === "folder" : kind === "file";
  // the reference prints the last slash of the ktx folder alone
  const shown = id === "images/ktx" ? source : source.replace(/\/$/, "");
  const item: PlanItem = {
    ...{ id, product, action, source, target, exists },
    ...{ files: null, bytes: null, job: undefined, error: undefined, warnings: [] },
  };
  if (kind === undefined) item.warnings.push(`Could not find ${shown}`);
  else if (!exists) item.warnings.push(`${shown} is no ${action === "sync" ? "folder" : "file"}`);
  return item;
}

function baseOf(profile: Profile, base: "registration" | "segmentation" | "finished" | "carveouts", product: Product): string {
  const folder = profile.bases[base];
  if (typeof folder === "string") return folder;
  throw new EmporiumError("CONFIG_RULE", `${profile.name} names no base for ${product}`, {
    place: { path: `bases.${base}` },
    hint: `add bases.${base} to the profile, or leave ${product} out of --products`,
  });
}

/** Joins below a folder that may be `/`. */
const below = (base: string, name: string): string => `${base === "/" ? "" : base}/${name}`;

/** A file in a folder keeps that folder. */
const folderOf = (target: string, file: string): string => target + file.slice(0, file.lastIndexOf("/") + 1);

function transferOf(profile: Profile, request: PlanRequest): Plan["transfer"] {
  const { awsProfile, awsFlags, endpoint, region, acl, storageClass, filters } = profile;
  return {
    awsProfile,
    awsFlags,
    endpoint,
    region,
    acl,
    storageClass,
    filters,
    delete: request.delete ?? profile.delete,
    checksum: request.checksum ?? profile.checksum,
  };
}

function clusterOf({ cluster }: Profile, { scheduler }: PlanRequest): Plan["cluster"] {
  const { kind, slots, project, queue, walltime, memory, logs, order } = cluster;
  return { kind: scheduler ?? kind, slots, project, queue, walltimeMinutes: walltime, memoryBytes: memory, logs, order };
}

/** Sources that go to one folder of the bucket. */
function sharedTargets(items: readonly PlanItem[]): PlanItem[][] {
  const groups = new Map<string, PlanItem[]>();
  for (const item of items) {
    if (item.action !== "sync" || !item.exists) continue;
    const target = item.target.replace(/\/+$/, "");
    groups.set(target, [...(groups.get(target) ?? []), item]);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

/** Each source would remove the files of the others. @throws {EmporiumError} CONFIG_RULE */
function refuseDelete([group]: readonly (readonly PlanItem[])[]): void {
  if (!group) return;
  const [first, second] = group;
  throw new EmporiumError(
    "CONFIG_RULE",
    `${first!.id} and ${second!.id} share ${first!.target}, where delete would remove what the other has sent`,
    {
      hint: "remove delete, or publish only one of them",
    },
  );
}

function totalsOf(items: readonly PlanItem[]): Plan["totals"] {
  const sum = (key: "files" | "bytes") =>
    items.every((item) => item[key] !== null) ? items.reduce((total, item) => total + item[key]!, 0) : null;
  return { items: items.length, missing: items.filter(({ exists }) => !exists).length, files: sum("files"), bytes: sum("bytes") };
}

function warningsOf({ products, compat }: PlanRequest, suffixes: readonly string[], items: readonly PlanItem[]): string[] {
  const warnings: string[] = [];
  if (products.includes("segmentation") && suffixes.length === 0) {
    warnings.push(
      "nothing of the segmentation is planned: no --segmentation-suffix is given, and --compat reference knows no other",
    );
  }
  const twice = compat ? [] : suffixes.filter((suffix, at) => suffixes.indexOf(suffix) < at);
  for (const suffix of new Set(twice)) warnings.push(`the segmentation suffix ${suffix} is given twice, and sent once`);
  if (items.length > 0 && items.every(({ exists }) => !exists)) warnings.push("no source of the plan is there");
  return warnings;
}
