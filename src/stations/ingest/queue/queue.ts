import { EmporiumError } from "../../../core/errors.js";
import { refuseGone } from "../../../stores/gone.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { readConfigFile } from "../check/config-file.js";
import { readConfig } from "../check/read-config.js";
import { newDraft } from "../draft.js";
import { planContext } from "../plan.js";
import { makeSelection, requireSelection } from "../selection.js";
import { findRuns } from "../tree.js";
import { type JobChoices, jobFlags } from "./job-flags.js";
import { runJobs } from "./run-jobs.js";
import { type QueueReport, type StartOptions, startJobs } from "./starting.js";

export interface QueueOptions extends StartOptions, JobChoices {
  readonly config: string;
  /** `s3://bucket`: the config's `source_prefix` is below it. */
  readonly input: string;
  /** `s3://bucket` or `s3://bucket/prefix`. */
  readonly output: string;
}

/**
 * Starts an execution of the portal's own state machine for each run of a deposition.
 *
 * @throws {EmporiumError} before anything is started: CONFIG_…, USAGE; as `startJobs`
 */
export async function queueIngest(options: QueueOptions): Promise<QueueReport> {
  requireSelection(makeSelection(options.selection));
  const [inputBucket, outputPath] = [bucketOnly(options.input), bucketPath(options.output, "OUTPUT")];
  const runs = await runsOf(options);
  const jobs = runJobs(runs, { config: options.config, inputBucket, outputPath, flags: jobFlags(options) });
  return startJobs(options, () => jobs);
}

async function runsOf({ config: file, input, output, selection, signal }: QueueOptions) {
  const config = readConfig(await readConfigFile(file, false), file, {});
  const [source, target] = [await openStore(input, { readOnly: true }), await openStore(output, { readOnly: true })];
  await refuseGone(source, "INPUT");
  const { filter, exclude, skipUntilRunName } = selection;
  const chosen = makeSelection({ items: ["runs"], filter, exclude, skipUntilRunName });
  const draft = newDraft();
  const runs = await findRuns(await planContext(config, source, target, { selection: chosen, signal }), draft);
  const [fault] = draft.failures;
  if (fault) throw new EmporiumError(fault.error.code, fault.error.message, { place: fault.error, hint: fault.error.hint });
  return runs;
}

/** @throws {EmporiumError} USAGE */
function bucketPath(location: string, what: string): string {
  const { scheme, bucket, prefix = "" } = parseLocation(location);
  if (scheme === "s3" && bucket !== undefined) return prefix === "" ? bucket : `${bucket}/${prefix}`;
  throw new EmporiumError("USAGE", `${what} ${location} is not a bucket of S3, which jobs of the portal read and write`, {
    hint: "give s3://bucket, or s3://bucket/prefix",
  });
}

/** @throws {EmporiumError} USAGE */
function bucketOnly(location: string): string {
  const path = bucketPath(location, "INPUT");
  if (!path.includes("/")) return path;
  throw new EmporiumError("USAGE", `INPUT ${location} has a prefix, jobs of the portal are told a bucket alone`, {
    hint: "put the prefix into the configuration: source_prefix of depositions",
  });
}
