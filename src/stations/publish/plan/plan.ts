import { z } from "zod";
import { EmporiumError, ERRORS, type ErrorCode } from "../../../core/errors.js";
import { type Json, parseJson, printJson } from "../../../core/json.js";
import { LIMITS } from "../../../core/limits.js";
import { aboutField, schemaWords } from "../../../core/schema-words.js";
import { formatBytes } from "../../../core/units.js";
import { FilterSchema, SCHEDULERS } from "../profile/profile.js";

/**
 * The plan of a sample: the document that `publish plan` writes and `publish script`, `publish run` and `publish verify` read. It
 * says which folders and files go where in the bucket, with which flags. It holds names of profiles but no keys, so it may be
 * stored and shared.
 */

export const PRODUCTS = ["images", "registration", "segmentation", "tracings", "carveouts"] as const;
export type Product = (typeof PRODUCTS)[number];

/** A path without `..`, which could lead out of a folder. */
const Path = z
  .string()
  .regex(/^\/[^\0]*$/, "expected an absolute path")
  .refine((path) => !path.split("/").includes(".."), 'expected a path without ".."');

const Count = z.number().int().nonnegative();
const Code = z.string().refine((code): code is ErrorCode => Object.hasOwn(ERRORS, code), "expected a code of emporium's errors");

/** An error as every command prints it: code, message, place, hint. */
const Fault = z.looseObject({ code: Code, message: z.string() });

const ItemSchema = z.strictObject({
  /** `images/ktx`, `segmentation/stitching-output`: unique in the plan. */
  id: z.string().min(1),
  product: z.enum(PRODUCTS),
  /** `sync`: every file below `source`, under its relative path. `cp`: the one file, under its own name. */
  action: z.enum(["sync", "cp"]),
  /** Path as in scripts. The plan's `root` is prepended when the source is read. A folder ends with `/`. */
  source: Path,
  /** Location of the receiving folder in the bucket. A last `/` makes no difference. */
  target: z.string().min(1),
  /** Whether the source existed when the plan was made. */
  exists: z.boolean(),
  /** Number of files below `source`, after the filters; null where they were not counted. */
  files: Count.nullable(),
  bytes: Count.nullable(),
  /** Name of the cluster job, for products that are sent from the cluster. */
  job: z.string().min(1).optional(),
  /** The reason why the item cannot be sent. Then nothing of the plan is sent. */
  error: Fault.optional(),
  warnings: z.array(z.string()),
});

const PlanSchema = z.strictObject({
  version: z.literal(1),
  sample: z.string().regex(/^\d{4}-\d{2}-\d{2}[A-Za-z0-9_-]*$/, "expected a sample such as 2023-05-10"),
  /** The sample's date, its name in the bucket. */
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "expected a date such as 2023-05-10"),
  /** Month and day, for names of jobs: `0510`. */
  mmdd: z.string().regex(/^\d{4}$/, "expected month and day, such as 0510"),
  products: z.array(z.enum(PRODUCTS)),
  /** Folder of the sample's images; null if they are not requested. */
  imagesBase: Path.nullable(),
  /** Prefix of the sources' paths on this machine (a mounted copy, a test tree); null: the paths are used as they are. */
  root: Path.nullable(),
  createdAt: z.iso.datetime(),
  /** Name of the built-in profile, or file. */
  profile: z.string().min(1),
  /** Location of the bucket, and a prefix in it if there is one, without a last `/`. */
  bucket: z.string().min(1),
  /** Options for sending objects. */
  transfer: z.strictObject({
    awsProfile: z.string().optional(),
    /** Further flags of `aws s3`, for scripts alone. */
    awsFlags: z.array(z.string()),
    endpoint: z.string().optional(),
    region: z.string().optional(),
    acl: z.string().optional(),
    storageClass: z.string().optional(),
    /** As in `aws s3 sync`, on paths relative to `source`: the last match decides, and a path without a match is sent. */
    filters: z.array(FilterSchema),
    /** Remove objects below the target that have no file. */
    delete: z.boolean(),
    /** Compare contents, not only size and time. */
    checksum: z.boolean(),
  }),
  cluster: z.strictObject({
    kind: z.enum(SCHEDULERS),
    slots: z.number().int().positive(),
    project: z.string().optional(),
    queue: z.string().optional(),
    walltimeMinutes: z.number().int().positive().optional(),
    memoryBytes: z.number().int().positive().optional(),
    /** Folder with one log for each job. */
    logs: Path.optional(),
    order: z.enum(["free", "product", "sample"]),
  }),
  items: z.array(ItemSchema),
  totals: z.strictObject({ items: Count, missing: Count, files: Count.nullable(), bytes: Count.nullable() }),
  /** Warnings that do not belong to one item. */
  warnings: z.array(z.string()),
  /** The items' errors again. A plan with errors is not carried out. */
  errors: z.array(Fault),
});

export type Plan = z.output<typeof PlanSchema>;
export type PlanItem = z.output<typeof ItemSchema>;

/** Path of an item's source on this machine: a file, or a folder with a last `/`. */
export function sourcePath({ root }: Pick<Plan, "root">, { source }: Pick<PlanItem, "source">): string {
  return root === null ? source : root.replace(/\/+$/, "") + source;
}

export function printPlan(plan: Plan): string {
  return `${printJson(plan as unknown as Json, { indent: 2 })}\n`;
}

/**
 * Parses a plan, also an edited one. Values that could lead out of the bucket are refused.
 *
 * @param file the name in messages
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_RULE, CONFIG_LIMIT
 */
export function parsePlan(text: string, file: string): Plan {
  if (text.length > LIMITS.configBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `${file} has ${formatBytes(text.length)}, at most ${formatBytes(LIMITS.configBytes)} are read`,
      {
        place: { file },
      },
    );
  }
  const result = PlanSchema.safeParse(parsed(text, file), { error: schemaWords });
  if (!result.success) {
    const [issue] = result.error.issues;
    const path = issue!.path.map(String).join(".");
    throw new EmporiumError("CONFIG_FIELD", `${file}: ${aboutField(path || "the document", issue!.message)}`, {
      place: { file, path },
      hint: "emporium publish plan --out FILE writes a plan",
    });
  }
  const plan = result.data;
  const ids = new Set<string>();
  for (const [at, { id, target }] of plan.items.entries()) {
    const fail = (field: string, message: string) =>
      new EmporiumError("CONFIG_RULE", `${file}: ${message}`, { place: { file, path: `items.${at}.${field}` } });
    if (ids.has(id)) throw fail("id", `the item ${JSON.stringify(id)} appears twice`);
    ids.add(id);
    if (!target.startsWith(`${plan.bucket}/`) || target.split("/").includes("..")) {
      throw fail("target", `the target ${JSON.stringify(target)} is not below the plan's bucket ${JSON.stringify(plan.bucket)}`);
    }
  }
  return plan;
}

function parsed(text: string, file: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof EmporiumError)) throw error;
    throw new EmporiumError(error.code, `${file}: ${error.message}`, { place: { file, ...error.facts.place } });
  }
}
