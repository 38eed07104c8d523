import { resolve } from "node:path";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import type { Plan, Product } from "../stations/publish/plan/plan.js";
import type { PlanRequest } from "../stations/publish/plan/plan-sample.js";
import type { Profile } from "../stations/publish/profile/profile.js";
import type { TreeSelection } from "../stations/publish/tree/select.js";
import type { Io } from "./command.js";

/** Options that name a sample and its products, for all publishing commands. On a terminal missing ones are asked. */
export const sampleOptions = {
  sample: z.string().optional().meta({ description: "date of the sample with its suffix: 2014-06-24-b", value: "YYYY-MM-DD" }),
  products: z
    .array(z.string())
    .optional()
    .meta({ description: "images, registration, segmentation, tracings, carveouts (default: images)", value: "NAME,…" }),
  imagesBase: z.string().min(1, "a folder").optional().meta({
    description: "the sample's folder of images (default: below the profile's first base that contains it)",
    value: "DIR",
  }),
  segmentationSuffix: z
    .array(z.string())
    .optional()
    .meta({ description: "folder of a segmentation below the sample's (default: stitching-output)", value: "NAME" }),
  profile: z
    .string()
    .min(1, "a profile")
    .default("mouselight")
    .meta({ description: "bases, bucket and scheduler: mouselight or your own file", value: "NAME|FILE" }),
  root: z
    .string()
    .min(1, "a folder")
    .optional()
    .meta({ description: "prefix for every source; scripts do not show it", value: "DIR" }),
};
/** Options that select a part of a standardised tree. */
export const treeOptions = {
  dataset: z
    .array(z.string().regex(/^[^/.][^/]*$/, "a dataset's folder such as 10001"))
    .optional()
    .meta({ description: "only these datasets", value: "ID" }),
  run: z.array(z.string()).optional().meta({ description: "runs whose name matches from the start", value: "RE" }),
  include: z.array(z.string()).optional().meta({ description: "only matching paths of the tree", value: "GLOB" }),
  exclude: z.array(z.string()).optional().meta({ description: "no matching paths; wins over include", value: "GLOB" }),
};
const TreeOptions = z.object(treeOptions);
export type TreeOptionValues = z.output<typeof TreeOptions>;

export function selectionOf({ dataset, run, include, exclude }: TreeOptionValues): TreeSelection {
  return { datasets: dataset, runs: run, include, exclude };
}

const Options = z.object(sampleOptions);
export type SampleOptions = z.output<typeof Options>;

/**
 * The plan that the options, and the user at the terminal, ask for. Its warnings go to stderr.
 *
 * @throws {EmporiumError} USAGE naming the flag of an answer that is missing.
 */
export async function planOf(
  options: SampleOptions,
  io: Io,
  more: Pick<PlanRequest, "scheduler" | "delete" | "checksum" | "compat" | "measure"> = {},
): Promise<Plan> {
  const { planSample } = await import("../stations/publish/plan/plan-sample.js");
  const profile = await readProfile(options.profile, io);
  const root = options.root === undefined ? null : resolve(options.root);
  const answers = await completed(options, profile, root, io);
  const plan = await planSample({ ...more, ...answers, profile, root: root ?? undefined }, io);
  for (const warning of [...plan.warnings, ...plan.items.flatMap(({ warnings }) => warnings)]) io.log.warn(warning);
  return plan;
}

/** A plan is given, or what makes one; not both. @throws {EmporiumError} USAGE */
export function refuseBoth(plan: string | undefined, options: Partial<SampleOptions>): void {
  const [given] = (["sample", "products", "imagesBase", "segmentationSuffix", "root"] as const).filter(
    (key) => options[key] !== undefined,
  );
  if (plan === undefined || given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new EmporiumError("USAGE", `the plan ${plan} and --${flag} are both given: give one of them`, {
    hint: "make another plan with emporium publish plan: the plan determines what is sent",
  });
}

export async function readProfile(name: string, { signal }: Io): Promise<Profile> {
  const { builtInProfile, parseProfile } = await import("../stations/publish/profile/read-profile.js");
  const known = builtInProfile(name);
  if (known) return known;
  const { readText } = await import("../stations/publish/plan/read-plan.js");
  return parseProfile(await readText(name, { signal }), name);
}

type Answers = Pick<PlanRequest, "sample" | "products" | "imagesBase" | "segmentationSuffixes">;

/** Asks on a terminal alone: a program that waits for an answer from nobody would wait for ever. */
async function completed(options: SampleOptions, profile: Profile, root: string | null, io: Io): Promise<Answers> {
  const { parseProducts, parseSample } = await import("../stations/publish/plan/sample.js");
  const { checkRoot, findImagesBase } = await import("../stations/publish/plan/source-folders.js");
  const asks = io.attended && !io.json;
  if (root !== null) await checkRoot(root);
  const sample = options.sample ?? (asks ? await askSample(profile, root, io) : undefined);
  if (sample === undefined) {
    throw new EmporiumError("USAGE", "publish needs a sample", { hint: "name it with --sample YYYY-MM-DD" });
  }
  parseSample(sample);
  const products = parseProducts(options.products ?? [(asks ? await askProducts(io) : undefined) ?? "images"]);
  let imagesBase = options.imagesBase;
  if (asks && imagesBase === undefined && products.includes("images") && !(await findImagesBase(profile, sample, root))) {
    imagesBase = (await io.ask("images base directory: "))?.trim() || undefined;
  }
  let suffixes = options.segmentationSuffix;
  if (asks && suffixes === undefined && products.includes("segmentation"))
    suffixes = await askSuffixes(profile, sample, root, io);
  return { sample, products, imagesBase: imagesBase && resolve(imagesBase), segmentationSuffixes: suffixes };
}

/** Samples that are listed to choose from. */
const SHOWN_MAX = 20;

async function askSample(profile: Profile, root: string | null, io: Io): Promise<string | undefined> {
  const { listSamples } = await import("../stations/publish/plan/source-folders.js");
  const samples = await listSamples(profile, root);
  const shown = samples.slice(0, SHOWN_MAX);
  for (const [at, sample] of shown.entries()) io.log.info(`${String(at + 1).padStart(3)}  ${sample}`);
  if (samples.length > shown.length) io.log.info(`     and ${samples.length - shown.length} older ones`);
  const [newest] = shown;
  const answer = (await io.ask(newest === undefined ? "Sample date: " : `Sample date, or its number [${newest}]: `))?.trim();
  if (answer === undefined) return undefined;
  return (/^\d{1,2}$/.test(answer) ? shown[Number(answer) - 1] : undefined) ?? (answer || newest);
}

async function askProducts(io: Io): Promise<string | undefined> {
  const { PRODUCTS } = await import("../stations/publish/plan/plan.js");
  const lines = PRODUCTS.map((product: Product) => (product === "images" ? `${product} (preselected)` : product));
  const answer = (await io.ask(`Enter products to upload, separated by commas: ${lines.join(", ")}\n[images]: `))?.trim();
  return answer === "" ? undefined : answer;
}

async function askSuffixes(profile: Profile, sample: string, root: string | null, io: Io): Promise<string[]> {
  const [{ parseSuffix }, { STITCHING_OUTPUT }, { kindOf, rooted }] = await Promise.all([
    import("../stations/publish/plan/sample.js"),
    import("../stations/publish/plan/plan-sample.js"),
    import("../stations/publish/plan/source-folders.js"),
  ]);
  const suffixes: string[] = [];
  for (;;) {
    const otherwise = suffixes.length === 0 ? `all of ${STITCHING_OUTPUT}` : "to go on";
    const answer = (await io.ask(`segmentation suffix, empty: ${otherwise}: `))?.trim();
    if (!answer) return suffixes;
    const suffix = parseSuffix(answer);
    const folder = `${profile.bases.segmentation}/${sample}/${suffix}`;
    if ((await kindOf(rooted(root, folder))) === "folder") suffixes.push(suffix);
    else io.log.warn(`Could not find ${folder}`);
  }
}
