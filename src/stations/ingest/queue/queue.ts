import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { parseJson, printJson } from "../../../core/json.js";
import { exitOf, type Report, withText } from "../../../core/report.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { awsAccount } from "../../../stores/s3/account.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { forEachLimited } from "../../../system/parallel.js";
import { readConfigFile } from "../check/config-file.js";
import { readConfig } from "../check/read-config.js";
import { newDraft } from "../draft.js";
import { planContext } from "../plan.js";
import { makeSelection, requireSelection } from "../selection.js";
import { findRuns } from "../tree.js";
import { type Execution, executionsOf } from "./executions.js";
import { type JobChoices, jobFlags } from "./job-flags.js";
import { findPortalAccount, startExecution } from "./portal-account.js";

export interface QueueOptions extends GivenEnv, JobChoices {
  readonly config: string;
  /** `s3://bucket`: the config's `source_prefix` is below it. */
  readonly input: string;
  /** `s3://bucket` or `s3://bucket/prefix`. */
  readonly output: string;
  readonly environment: string;
  readonly ecrRepo: string;
  readonly ecrTag: string;
  readonly memoryMegabytes: number;
  readonly parallelism: number;
  readonly wdlKey: string;
  /** Start executions also where an earlier call has started the same ones. */
  readonly again: boolean;
  readonly dryRun: boolean;
  /** Remembers what was started. */
  readonly workspace: string;
}

export interface QueueReport extends Report {
  readonly status: "done" | "partial" | "failed" | "planned";
  readonly stateMachine: string;
  /** Started now. */
  readonly started: number;
  /** Started by an earlier call. */
  readonly already: number;
  readonly failed: number;
  readonly executions: readonly Execution[];
}

/**
 * Starts an execution of the portal's own state machine for each run of a deposition, and stays with none of them. Called again with the same
 * words it starts only what it has not started yet, unless `again`.
 *
 * @throws {EmporiumError} before anything is started: CONFIG_…, USAGE; STORE_ABSENT where the account is another one; STORE_…
 */
export async function queueIngest(options: QueueOptions): Promise<QueueReport> {
  const { clock, random, log, signal } = envOf(options);
  requireSelection(makeSelection(options.selection));
  const [inputBucket, outputPath] = [bucketOnly(options.input), bucketPath(options.output, "OUTPUT")];
  const runs = await runsOf(options);
  const account = await awsAccount({ clock, random, log, signal });
  try {
    const { registry, ...portal } = await findPortalAccount(account, options.environment);
    const { config, wdlKey, memoryMegabytes } = options;
    const facts = {
      ...{ ...portal, region: account.region, image: `${registry}/${options.ecrRepo}:${options.ecrTag}` },
      ...{ config, inputBucket, outputPath, flags: jobFlags(options), wdlKey, memoryMegabytes },
    };
    const memory = callMemory(options.workspace, [printJson(facts, { indent: 0 }), ...runs.map(({ run }) => run)].join("\n"));
    const earlier = await memory.read();
    const nowUnix = Math.floor(clock.now() / 1000);
    const isRepeat = earlier !== undefined && !options.again;
    const unix = isRepeat ? earlier.unix : Math.max(nowUnix, (earlier?.unix ?? 0) + 1);
    const executions = executionsOf(runs, { ...facts, unix });
    const { stateMachine } = portal;
    if (options.dryRun) return report({ status: "planned", stateMachine, executions, started: 0, already: 0, errors: [] });
    const known = new Set(isRepeat ? earlier.started : []);
    await memory.write(unix, known);
    const errors: ErrorRecord[] = [];
    const counts = { started: 0, already: 0 };
    await forEachLimited(executions, options.parallelism, async (execution) => {
      try {
        // the same name and input again starts nothing
        const { already } = await startExecution(account, stateMachine, execution);
        counts[already || known.has(execution.name) ? "already" : "started"]++;
        known.add(execution.name);
        log.debug(`${already ? "there is already" : "started"} ${execution.name}`);
      } catch (thrown) {
        signal?.throwIfAborted();
        const { code, message, facts: more } = asEmporiumError(thrown);
        errors.push(toErrorRecord(new EmporiumError(code, `${execution.dataset}/${execution.run}: ${message}`, more)));
      }
    }).finally(() => memory.write(unix, known));
    const status = errors.length === 0 ? "done" : errors.length < executions.length ? "partial" : "failed";
    return report({ status, stateMachine, executions, ...counts, errors });
  } finally {
    await account.close();
  }
}

function report(facts: Omit<QueueReport, "toText" | "exitStatus" | "failed">): QueueReport {
  const failed = facts.errors.length;
  const document = { ...facts, failed, exitStatus: exitOf(failed, facts.started + facts.already) };
  return withText(document, ({ executions, started, already, stateMachine, status }) =>
    status === "planned"
      ? [...executions.map(({ name }) => name), `${executions.length} executions of ${stateMachine}`]
      : [
          `${started} executions of ${stateMachine} started${already > 0 ? `, ${already} had been started before (--again starts them anew)` : ""}`,
        ],
  );
}

async function runsOf({ config: file, input, output, selection, signal }: QueueOptions) {
  const config = readConfig(await readConfigFile(file, false), file, {});
  const [source, target] = [await openStore(input, { readOnly: true }), await openStore(output, { readOnly: true })];
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
  throw new EmporiumError("USAGE", `${what} ${location} is no bucket of S3, which jobs of the portal read and write`, {
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

/** What an earlier call with the same words has started: under the same names nothing is started twice. */
interface EarlierCall {
  /** In the names of its executions. */
  readonly unix: number;
  readonly started: readonly string[];
}

function callMemory(workspace: string, call: string) {
  const folder = join(workspace, "queue");
  const path = join(folder, `${createHash("sha256").update(call).digest("hex").slice(0, 16)}.json`);
  return {
    async read(): Promise<EarlierCall | undefined> {
      const text = await readFile(path, "utf8").catch(() => undefined);
      const { unix, started } = (text === undefined ? {} : parseJson(text)) as { unix?: unknown; started?: unknown };
      return typeof unix === "number" && Array.isArray(started) ? { unix, started: started as string[] } : undefined;
    },
    async write(unix: number, started: Iterable<string>): Promise<void> {
      await mkdir(folder, { recursive: true });
      await writeFile(`${path}.part`, printJson({ unix, started: [...started] }));
      await rename(`${path}.part`, path);
    },
  };
}
