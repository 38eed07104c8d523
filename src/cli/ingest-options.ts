import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { envOf } from "../engine/env.js";
import { KINDS } from "../model/kinds.js";
import type { Io } from "./command.js";
import { clusterOf, type EngineOptions, engineOptions } from "./engine-options.js";
import { amountOfBytes, defaultJobs, defaultMemoryBytes, httpUrl, ioMode, wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

/** `--import-<plural>`, `--import-<type>-metadata`, `--filter-<type>-name`: one flag for each kind of the data model. */
const PLURALS = KINDS.map(({ section }) => section);
const TYPES = KINDS.map(({ type }) => type);
const WITH_METADATA = KINDS.filter(({ hasMetadata }) => hasMetadata).map(({ type }) => type);

const flag = (description: string) => z.boolean().default(false).meta({ description });
const flagOn = (description: string) =>
  z
    .boolean()
    .default(true)
    .meta({ description: `${description} (default)` });

/** Options for the writing of volumes, wherever they come from. */
export const volumeOptions = {
  omeZarr: z
    .enum(["0.4", "0.5"])
    .default("0.4")
    .meta({ description: "version of OME-Zarr: 0.4 in chunks, or 0.5 (Zarr v3) in shards", value: "0.4" }),
  codec: z
    .enum(["blosc-lz4", "zstd"])
    .optional()
    .meta({ description: "compression of OME-Zarr 0.5 (default: blosc-lz4)", value: "NAME" }),
  dtype: z.enum(["float32", "source"]).default("float32").meta({
    description: "type of the Zarr's voxels: the portal's float32, or the source's own where it is an integer type",
    value: "float32",
  }),
  compat: z.enum(["reference"]).optional().meta({
    description: "write the values that the reference computes wrongly (darkened odd edges, …)",
    value: "reference",
  }),
};

/** Options of every command with long work. */
export const workOptions = {
  jobs: wholeNumber(1).optional().meta({ description: "worker threads (default: cores)", value: "N" }),
  memory: amountOfBytes(LIMITS.memoryBytesMin)
    .optional()
    .meta({ description: "memory limit for buffers (default: 512MiB, or less in a control group with less)", value: "SIZE" }),
  anonymous: flag("send unsigned requests to buckets"),
  sync: flagOn("flush each file to the disk before it counts as done"),
  io: ioMode(),
  checksum: z.enum(["sha256"]).optional().meta({ description: "add this checksum to the receipts", value: "sha256" }),
};

/** Addresses that a configuration or metadata name. */
export const allowPrivate = flag(
  "fetch pictures that the configuration or metadata name in private networks (10.x, 192.168.x, this machine)",
);

/** Options that select what is imported, and say how it is written. */
const importOptions = {
  config: z.string().meta({ description: "the deposition's configuration", value: "CONFIG.yaml" }),
  input: z
    .string()
    .meta({ description: "folder or bucket of the sources; source_prefix of the config is below it", value: "INPUT" }),
  output: z.string().meta({ description: "folder or bucket of the standardised tree", value: "OUTPUT" }),
  importEverything: flag("all items and all metadata of every kind"),
  importAllMetadata: flag("all metadata, no items"),
  import: z.array(z.enum(PLURALS)).default([]).meta({ description: "items of a kind", family: "import-*", familyName: "plural" }),
  importMetadata: z
    .array(z.enum(WITH_METADATA))
    .default([])
    .meta({ description: "metadata of a kind", family: "import-*-metadata", familyName: "type" }),
  filter: z.partialRecord(z.enum(TYPES), z.array(z.string())).default({}).meta({
    description: "only items whose name matches from the start",
    family: "filter-*-name",
    familyName: "type",
    value: "RE",
  }),
  exclude: z.partialRecord(z.enum(TYPES), z.array(z.string())).default({}).meta({
    description: "no items whose name matches from the start; wins over filter",
    family: "exclude-*-name",
    familyName: "type",
    value: "RE",
  }),
  skipUntilRunName: z.string().optional().meta({
    description: "skip runs before the first whose name matches from the start",
    value: "RE",
  }),
  allowPlaceholders: flag(
    "also write unconfirmed placeholders of ingest new into a bucket, and data whose voxel size, pixel size or tilt range is one",
  ),
  exclusions: z
    .string()
    .optional()
    .meta({ description: "JSON file of values that the rules accept: {class: {field: [value]}}", value: "FILE" }),
  writeMrc: flagOn("write MRC files"),
  writeZarr: flagOn("write OME-Zarr folders"),
  forceOverwrite: flag("make existing outputs again"),
  strict: flag("points outside of their tomogram, and doubts about the use of files, are errors instead of warnings"),
  allowEmpty: flag("write an empty point list if there is no row for the tomogram, instead of failing"),
  httpsPrefix: httpUrl().optional().meta({
    description:
      "URL of the published tree, for Neuroglancer views (default: the output's URL; for a folder http://127.0.0.1:8080)",
    value: "URL",
  }),
  allowPrivate,
  ...volumeOptions,
  ...workOptions,
};

const runOptions = {
  keepGoing: z.boolean().default(true).meta({
    description: "after a failure do everything that does not depend on it (default), or stop at the first failure",
    negative: "fail-fast",
  }),
  verify: flag("read the outputs of earlier receipts again, instead of trusting size and time"),
};

export const ingestOptions = { ...importOptions, ...engineOptions, ...runOptions };
/**
 * Options of imports that this machine does round by round: without `forceOverwrite`, since no round makes anew what is there for
 * its own sake.
 */
export const { forceOverwrite: _, ...roundOptions } = { ...importOptions, ...runOptions };

/** The selection to import, from the command line. Kinds are written with underscores, as in configurations. */
export interface IngestSelection extends Record<string, unknown> {
  everything: boolean;
  allMetadata: boolean;
  items: string[];
  metadata: string[];
  filter: Record<string, string[]>;
  exclude: Record<string, string[]>;
  skipUntilRunName: string | undefined;
}

const IngestOptions = z.object(ingestOptions);
type IngestOptions = z.output<typeof IngestOptions> & { dryRun: boolean };

type Choices = Pick<
  IngestOptions,
  "importEverything" | "importAllMetadata" | "import" | "importMetadata" | "filter" | "exclude" | "skipUntilRunName"
>;

export function selectionOf(options: Choices): IngestSelection {
  return {
    everything: options.importEverything,
    allMetadata: options.importAllMetadata,
    items: options.import,
    metadata: options.importMetadata,
    filter: options.filter,
    exclude: options.exclude,
    skipUntilRunName: options.skipUntilRunName,
  };
}

/** The options of the work, as the library functions take them. */
export function workOf(options: { jobs?: number | undefined; memory?: number | undefined; compat?: "reference" | undefined }) {
  return {
    jobs: options.jobs ?? defaultJobs(),
    memoryBytes: options.memory ?? defaultMemoryBytes(),
    compat: options.compat === "reference",
  };
}

/** Options for the writing of the Zarr. @throws {EmporiumError} USAGE for a codec that the version does not have. */
export function zarrOf({
  omeZarr,
  codec,
  dtype,
}: Pick<z.output<z.ZodObject<typeof volumeOptions>>, "omeZarr" | "codec" | "dtype">) {
  if (omeZarr === "0.4" && codec !== undefined && codec !== "blosc-lz4") {
    throw new EmporiumError("USAGE", `--codec ${codec}: OME-Zarr 0.4 is written with blosc-lz4 only, as the portal has it`, {
      hint: "add --ome-zarr 0.5, or leave --codec out",
    });
  }
  return { omeZarr, codec, dtype };
}

/** Arguments of every ingest, from the command line. */
export function importOf(options: Omit<IngestOptions, "forceOverwrite" | "dryRun" | keyof EngineOptions>, io: Io) {
  return {
    config: options.config,
    exclusions: options.exclusions,
    allowPlaceholders: options.allowPlaceholders,
    input: options.input,
    output: options.output,
    selection: selectionOf(options),
    workspace: io.workspace,
    ...workOf(options),
    keepGoing: options.keepGoing,
    writeMrc: options.writeMrc,
    writeZarr: options.writeZarr,
    ...zarrOf(options),
    allowEmpty: options.allowEmpty,
    strict: options.strict,
    httpsPrefix: options.httpsPrefix,
    anonymous: options.anonymous,
    allowPrivate: options.allowPrivate,
    sync: options.sync,
    io: options.io,
    checksum: options.checksum,
    verify: options.verify,
    ...envOf(io),
  };
}

/** `ingest run`, and `ingest plan` as its dry run. */
export async function runIngest(options: IngestOptions, io: Io): Promise<number> {
  const { ingest } = await import("../stations/ingest/ingest.js");
  const work = { jobs: options.jobs, memoryBytes: options.memory };
  // a plan for a cluster is made for its jobs: for their threads and their memory
  const cluster = await clusterOf(options, work, io, {
    "--fail-fast":
      !options.keepGoing && "jobs of a cluster cannot stop each other at the first failure; emporium engine cancel ends the run",
  });
  const { forceOverwrite, dryRun } = options;
  const report = await ingest({ ...importOf(options, io), forceOverwrite, dryRun, ...cluster });
  return printReport(report, io);
}
