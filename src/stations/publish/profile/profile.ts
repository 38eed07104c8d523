import { z } from "zod";
import { parseBytes } from "../../../core/units.js";

/**
 * The settings of a laboratory: the folders of its samples, its bucket, flags and scheduler. Unknown keys are errors. Settings of
 * the form of a HortaCloud sample (`imageFiles`, `ktxMarker`, `neurons`) have defaults; the others have none.
 */

/** One line of text without a dash at its start, which a program would take for an option. */
const Word = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^[^\0\r\n]*$/, "expected one line")
  .regex(/^[^-]/, "expected a name, found a leading dash");

const folder = (characters: RegExp) =>
  z
    .string()
    .max(4000)
    .regex(/^\//, "expected an absolute path, such as /like/this")
    .regex(characters, "expected a path without characters that programs replace")
    .refine((path) => !path.split("/").includes(".."), 'expected a path without ".."')
    .transform((path) => path.replace(/\/+$/, "") || "/");
const Folder = folder(/^[^\0]*$/);

const RelativeFile = Word.regex(/^[^/]/, "expected a path below the sample's folder").refine(
  (path) => !path.split("/").some((part) => part === ".." || part === "." || part === ""),
  'expected a plain relative path, without "." and ".."',
);

const Bucket = z
  .string("expected a location such as s3://bucket")
  .regex(/^(?:[a-z][a-z0-9+.-]*:|\/)[^\0\r\n]+$/i, "expected a location such as s3://bucket")
  .transform((location) => location.replace(/\/+$/, ""));

/** Walltime in minutes, or hours and minutes: `90`, `1:30`. */
const Walltime = z
  .union([
    z.number().int().positive().max(1_000_000),
    z.string().regex(/^\d{1,4}:[0-5]\d$/, "expected minutes, or hours:minutes as 12:00"),
  ])
  .transform((time) => (typeof time === "number" ? time : Number(time.split(":")[0]) * 60 + Number(time.split(":")[1])));

const Memory = z.string().transform((text, context) => {
  try {
    const bytes = parseBytes(text);
    if (bytes >= 1024 * 1024) return bytes;
  } catch {
    // continues to the message below, which also names the form
  }
  context.addIssue({ code: "custom", message: "expected an amount of memory of 1MiB or more, such as 4GiB" });
  return z.NEVER;
});

/** Flags of aws whose value is a secret, which every script would contain. */
const SECRET_FLAG = /^--(?:sse-c-key|sse-c-copy-source-key)(?:=|$)/;

const AwsFlags = z
  .union([z.string().transform((text) => text.split(/\s+/).filter(Boolean)), z.array(z.string().min(1))])
  .refine(
    (flags) => !flags.some((flag) => SECRET_FLAG.test(flag)),
    "expected flags without keys, since everybody can read the script",
  )
  .refine((flags) => flags.length === 0 || flags[0]!.startsWith("--"), "expected flags such as --only-show-errors");

export const SCHEDULERS = ["lsf", "slurm", "none"] as const;
export type Scheduler = (typeof SCHEDULERS)[number];

/** Queue and resources of a job on a cluster. */
const ClusterSchema = z.strictObject({
  kind: z.enum(SCHEDULERS).default("none"),
  /** Cores of one job. */
  slots: z.number().int().min(1).max(1024).default(4),
  /** LSF's project (`-P`), Slurm's account (`-A`). */
  project: Word.optional(),
  /** LSF's queue (`-q`), Slurm's partition (`-p`). */
  queue: Word.optional(),
  /** Minutes; written `90` or `1:30` in the document. */
  walltime: Walltime.optional(),
  /** Bytes; written `4GiB` in the document. */
  memory: Memory.optional(),
  /** Folder with one log for each job. */
  logs: folder(/^[A-Za-z0-9_@+=:,./ -]+$/).optional(),
  /** Whether a job waits for the success of the one before it, of its product or of the sample. */
  order: z.enum(["free", "product", "sample"]).default("free"),
});

/** Folders that contain a folder for each sample. */
const BasesSchema = z.strictObject({
  /** Bases of images; the first one that has the sample is taken. */
  images: z.array(Folder).default([]),
  registration: Folder.optional(),
  segmentation: Folder.optional(),
  finished: Folder.optional(),
  complete: Folder.optional(),
  carveouts: z.array(Folder).default([]),
});

export const FilterSchema = z.strictObject({ action: z.enum(["exclude", "include"]), pattern: z.string().min(1).max(1000) });

const NeuronsSchema = z.strictObject({
  graphql: z.string().optional(),
  timezone: z.string().default("UTC"),
  tagPattern: z.string().max(1000).default("^G-"),
  locations: z.array(z.enum(["Finished_Neurons", "tracing_complete"])).default(["Finished_Neurons", "tracing_complete"]),
  extraCopy: z.record(z.string(), z.string()).default({ tracing_complete: "images/{date}/neurons.json" }),
});

export const ProfileSchema = z.strictObject({
  /** A built-in profile that provides the values that are not given here. */
  extends: z.enum(["mouselight"]).optional(),
  bucket: Bucket,
  /** Name of a profile in `~/.aws/config`; never a key. */
  awsProfile: Word.optional(),
  /** Further flags of `aws s3`, in scripts only. */
  awsFlags: AwsFlags.default(["--only-show-errors"]),
  /** Address of an S3-compatible server. */
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => !/^https?:\/\/[^/]*@/.test(url),
      "expected an address without a password, since everybody can read the script",
    )
    .optional(),
  region: Word.optional(),
  acl: z.enum(["private", "public-read", "bucket-owner-full-control", "bucket-owner-read", "authenticated-read"]).optional(),
  storageClass: z
    .enum([
      "STANDARD",
      "STANDARD_IA",
      "ONEZONE_IA",
      "INTELLIGENT_TIERING",
      "GLACIER",
      "GLACIER_IR",
      "DEEP_ARCHIVE",
      "REDUCED_REDUNDANCY",
    ])
    .optional(),
  /** As in `aws s3 sync`: the last match decides, and a path without a match is sent. */
  filters: z.array(FilterSchema).default([]),
  delete: z.boolean().default(false),
  checksum: z.boolean().default(false),
  bases: BasesSchema.prefault({}),
  /** Files beside the ktx folder that are sent with it. */
  imageFiles: z.array(RelativeFile).default(["default.0.tif", "default.1.tif", "tilebase.cache.yml", "transform.txt"]),
  /** A file whose existence proves that the tiles have names of the current scheme. */
  ktxMarker: RelativeFile.default("ktx/block_8_xy_.ktx"),
  cluster: ClusterSchema.prefault({}),
  neurons: NeuronsSchema.prefault({}),
});

/** Schemas of the maps within a profile. */
export const PROFILE_PARTS = { bases: BasesSchema, cluster: ClusterSchema, neurons: NeuronsSchema } as const;

export type Profile = z.output<typeof ProfileSchema> & { readonly name: string };
export type ProfileDocument = z.input<typeof ProfileSchema>;
export type Filter = z.output<typeof FilterSchema>;
