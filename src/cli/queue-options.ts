import { z } from "zod";
import { envOf } from "../engine/env.js";
import type { StartOptions } from "../stations/ingest/queue/starting.js";
import type { Io } from "./command.js";
import { amountOfBytes, wholeNumber } from "./option-types.js";

const MEGABYTE = 1e6;

/** Options of all queues of the portal, with the default memory of each job and the default workflow. */
export const queueOptions = (megabytes: number, wdlKey: string) => ({
  environment: z.string().default("staging").meta({ description: "environment of the portal", value: "NAME" }),
  ecrRepo: z.string().default("cryoet-staging").meta({ description: "repository of the image", value: "NAME" }),
  ecrTag: z.string().default("main").meta({ description: "tag of the image", value: "TAG" }),
  memory: amountOfBytes(MEGABYTE)
    .optional()
    .meta({ description: `memory of each job (default: ${megabytes} MB)`, value: "SIZE" }),
  parallelism: wholeNumber(1, 100).default(20).meta({ description: "requests side by side", value: "N" }),
  swipeWdlKey: z.string().default(wdlKey).meta({ description: "the jobs' workflow", value: "KEY" }),
  again: z.boolean().default(false).meta({ description: "start executions again that the same command has already started" }),
  dryRun: z.boolean().default(false).meta({ description: "print what would be started, start nothing" }),
});

type Queued = z.output<z.ZodObject<ReturnType<typeof queueOptions>>>;

export function startOptionsOf(options: Queued, megabytes: number, io: Io): StartOptions {
  const { environment, ecrRepo, ecrTag, memory, parallelism, swipeWdlKey, again, dryRun } = options;
  return {
    ...{ environment, ecrRepo, ecrTag, parallelism, wdlKey: swipeWdlKey, again, dryRun, workspace: io.workspace },
    memoryMegabytes: memory === undefined ? megabytes : Math.floor(memory / MEGABYTE),
    ...envOf(io),
  };
}

/** Paragraphs in the help of every queue. */
export const QUEUE_DETAILS = [
  "The same command again starts only what it has not started yet: --again starts everything anew. Credentials and region come from the usual AWS sources. --dry-run prints the executions, --json with their inputs.",
  "Exit status: 0 everything is started, 3 some could not be, 1 none could, 2 wrong usage or configuration.",
];

/** A bucket by its name, with or without `s3://` before it. */
export const bucketName = () =>
  z
    .string()
    .regex(/^(s3:\/\/)?[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/?$/, "a bucket such as s3://bucket, without a folder")
    .transform((text) => text.replace(/^s3:\/\//, "").replace(/\/$/, ""));

/** Options that select the datasets of a bucket that get a job. */
export const datasetOptions = {
  s3Prefix: z
    .string()
    .optional()
    .meta({ description: "only datasets whose key begins with this; a folder ends with a slash", value: "PREFIX" }),
  filterDatasets: z
    .array(z.string())
    .default([])
    .meta({ description: "only datasets whose key matches from the start", value: "RE" }),
  includeDataset: z
    .array(z.string().min(1, "a dataset's number"))
    .default([])
    .meta({ description: "only datasets whose key begins with this; replaces --s3-prefix", value: "ID" }),
  excludeDataset: z
    .array(z.string())
    .default([])
    .meta({ description: "no datasets whose key matches from the start; wins over the others", value: "RE" }),
};

export const datasetsOf = (options: z.output<z.ZodObject<typeof datasetOptions>>) => ({
  prefix: options.s3Prefix,
  filter: options.filterDatasets,
  exclude: options.excludeDataset,
  include: options.includeDataset,
});
