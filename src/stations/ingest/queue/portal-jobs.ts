import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { quoteWord, quoteWords } from "../../../core/shell.js";
import { envOf } from "../../../engine/env.js";
import { cleaned, type Job, type JobPlace, NAME_MAX } from "./executions.js";
import { type DatasetChoice, datasetsOf, depositionsOf, type PortalTree } from "./portal-trees.js";
import { type QueueReport, type StartOptions, startJobs } from "./starting.js";

export interface DbImportOptions extends StartOptions {
  readonly bucket: string;
  readonly httpsPrefix: string;
  readonly datasets: DatasetChoice;
  /** Words after `--import-`. */
  readonly kinds: readonly string[];
  readonly depositions: readonly string[];
  readonly anonymous: boolean;
  readonly debug: boolean;
}

/** `enqueue_runs.py db-import`: one job for each dataset. @throws {EmporiumError} USAGE, as `startJobs` */
export async function queueDbImport(options: DbImportOptions): Promise<QueueReport> {
  const { bucket, httpsPrefix, anonymous, debug, environment, ecrTag } = options;
  const ids = await datasetsOf({ ...envOf(options), bucket, anonymous }, options.datasets);
  const flags = [
    ...options.kinds.map((kind) => `--import-${kind}`),
    ...options.depositions.flatMap((id) => ["--deposition-id", id]),
    ...(anonymous ? ["--anonymous"] : []),
  ];
  return startJobs(options, (registry) =>
    ids.map((dataset) =>
      job({ dataset }, `dbimport-${dataset}`, {
        s3_bucket: bucket,
        https_prefix: bare(httpsPrefix, "--https-prefix"),
        flags: quoteWords([...flags, "--s3-prefix", dataset, ...(debug ? ["--debug"] : [])]),
        environment,
        v2_docker_image_id: `${registry}/apiv2-x86:${ecrTag}`,
      }),
    ),
  );
}

export interface SyncOptions extends StartOptions {
  readonly inputBucket: string;
  readonly outputBucket: string;
  /** Datasets that are chosen; undefined: none. */
  readonly datasets: DatasetChoice | undefined;
  readonly depositions: readonly string[];
  /** Patterns of `aws s3 sync`: the last one that matches a file counts. */
  readonly rules: readonly (readonly [rule: "include" | "exclude", pattern: string])[];
  readonly deleteFiles: boolean;
  /** The jobs say what they would do. */
  readonly dryrun: boolean;
}

/** `enqueue_runs.py sync`: one job for each dataset and each deposition's metadata. @throws {EmporiumError} USAGE, as `startJobs` */
export async function queueSync(options: SyncOptions): Promise<QueueReport> {
  const { inputBucket, outputBucket, datasets, depositions, rules } = options;
  if (!datasets && depositions.length === 0) {
    throw new EmporiumError("USAGE", "--no-sync-dataset without --include-deposition leaves nothing to copy", {
      hint: "name depositions with --include-deposition ID",
    });
  }
  if (inputBucket === outputBucket) {
    throw new EmporiumError("USAGE", `s3://${inputBucket} would be copied onto itself`, { hint: "give another --output-bucket" });
  }
  const tree: PortalTree = { ...envOf(options), bucket: inputBucket };
  if (depositions.length > 0 && datasets && datasets.include.length + datasets.filter.length === 0)
    tree.log.warn("every dataset is copied too, as the portal's own program does: --no-sync-dataset copies depositions alone");
  const flags = [
    ...(options.deleteFiles ? ["--delete"] : []),
    ...(options.dryrun ? ["--dryrun"] : []),
    ...rules.map(([rule, pattern]) => `--${rule} ${quoted(pattern)}`),
  ].join(" ");
  const copy = (place: JobPlace, name: string, path: string): Job =>
    job(place, name, {
      ...{ input_bucket: inputBucket, input_path: bare(path, "the folder", "rename it, or leave it out with --exclude-dataset") },
      ...{ output_bucket: outputBucket, output_path: path, flags },
    });
  const [ids, numbers] = [datasets ? await datasetsOf(tree, datasets) : [], await depositionsOf(tree, depositions)];
  const jobs = [
    ...ids.map((dataset) => copy({ dataset }, `sync-ds-${dataset}`, dataset)),
    ...numbers.map((deposition) => copy({ deposition }, `sync-dep-${deposition}`, `depositions_metadata/${deposition}`)),
  ];
  return startJobs(options, () => jobs);
}

/** Buckets of the two environments: the one that is tried out, and the public one. */
export const PORTAL_BUCKETS = { staging: "cryoet-data-portal-staging", prod: "cryoet-data-portal-public" } as const;
/** Jobs of validation run there, and leave their reports there, whatever they look at. */
export const VALIDATION_ENVIRONMENT = "staging";

export interface ValidateOptions extends StartOptions {
  readonly datasets: readonly string[];
  /** Environment whose bucket is validated. */
  readonly looked: keyof typeof PORTAL_BUCKETS;
}

/** `enqueue_runs.py validate`: one job for each dataset. @throws {EmporiumError} USAGE, as `startJobs` */
export async function queueValidate({ datasets, looked, ...options }: ValidateOptions): Promise<QueueReport> {
  const jobs = [...new Set(datasets)].map((dataset) =>
    validation({ dataset }, `validate-${looked}-${dataset}`, {
      ...{ dataset: bare(dataset, "ID"), input_bucket: PORTAL_BUCKETS[looked], output_dir: `${looked}_validation` },
      ...{ config_file: "", flags: "", test_entity: "standardized" },
    }),
  );
  return startJobs(options, () => jobs);
}

export interface SourceValidateOptions extends StartOptions {
  /** Name of the configuration in the image of the jobs. */
  readonly config: string;
  readonly bucket: string;
}

/** `enqueue_runs.py source-validate`: one job. @throws {EmporiumError} USAGE, as `startJobs` */
export async function queueSourceValidate({ config, bucket, ...options }: SourceValidateOptions): Promise<QueueReport> {
  const one = validation({ config }, `validate-src-${config.slice(config.lastIndexOf("/") + 1)}`, {
    ...{ dataset: "", input_bucket: bucket, output_dir: "source_validation" },
    ...{ config_file: bare(config, "CONFIG.yaml"), flags: "--no-multiprocessing", test_entity: "source" },
  });
  return startJobs(options, () => [one]);
}

type Validation = Record<"dataset" | "input_bucket" | "output_dir" | "config_file" | "flags" | "test_entity", string>;

const validation = (place: JobPlace, name: string, given: Validation): Job =>
  job(place, name, {
    ...{ dataset: given.dataset, input_bucket: given.input_bucket, output_bucket: PORTAL_BUCKETS.staging },
    ...{ output_dir: given.output_dir, extra_args: "", config_file: given.config_file, flags: given.flags },
    test_entity: given.test_entity,
  });

/** A job whose name keeps its end where it is too long. */
const job = (place: JobPlace, name: string, told: JsonObject): Job => ({
  place,
  name: (unix, mark) => cleaned(`${unix}-${name}${mark === undefined ? "" : `-${mark}`}`).slice(-NAME_MAX),
  told,
});

/** The word in quotes, also where it needs none, as the reference has it. */
const quoted = (word: string): string => (quoteWord(word) === word ? `'${word}'` : quoteWord(word));

/** A word that the portal's workflow puts into a command line as it is. @throws {EmporiumError} USAGE */
function bare(
  word: string,
  what: string,
  hint = "give another one: letters, digits and _ @ % + = : , . / - can be in it",
): string {
  if (word !== "" && quoteWord(word) === word && !word.startsWith("-")) return word;
  const found = `${what} "${word}" cannot stand in a command line as it is, and the portal's jobs put it into one`;
  throw new EmporiumError("USAGE", found, { hint });
}
