import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { parseJson, printJson } from "../../../core/json.js";
import { exitOf, type Report, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { awsAccount } from "../../../stores/s3/account.js";
import { forEachLimited } from "../../../system/parallel.js";
import { type Execution, executionsOf, type Job } from "./executions.js";
import { findPortalAccount, startExecution } from "./portal-account.js";

/** Options that every queueing command takes. */
export interface StartOptions extends GivenEnv {
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
 * Starts an execution of the portal's own state machine for each job, and stays with none of them. Called again for the same jobs it starts only
 * what it has not started yet, unless `again`.
 *
 * @throws {EmporiumError} before anything is started: STORE_ABSENT where the account is another one; STORE_…
 */
export async function startJobs(options: StartOptions, jobsWith: (registry: string) => readonly Job[]): Promise<QueueReport> {
  const { clock, random, log, signal } = envOf(options);
  const account = await awsAccount({ clock, random, log, signal });
  try {
    const { registry, ...portal } = await findPortalAccount(account, options.environment);
    const jobs = jobsWith(registry);
    const { wdlKey, memoryMegabytes } = options;
    const image = `${registry}/${options.ecrRepo}:${options.ecrTag}`;
    const facts = { ...portal, region: account.region, image, wdlKey, memoryMegabytes };
    const call = [facts, ...jobs.map(({ told }) => told)].map((part) => printJson(part, { indent: 0 }));
    const memory = callMemory(options.workspace, call.join("\n"));
    const earlier = await memory.read();
    const nowUnix = Math.floor(clock.now() / 1000);
    const isRepeat = earlier !== undefined && !options.again;
    const unix = isRepeat ? earlier.unix : Math.max(nowUnix, (earlier?.unix ?? 0) + 1);
    const executions = executionsOf(jobs, { ...facts, unix });
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
        errors.push(toErrorRecord(new EmporiumError(code, `${placeOf(execution)}: ${message}`, more)));
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
      ? [...executions.map(({ name }) => name), `${counted(executions.length, "execution")} of ${stateMachine}`]
      : [
          `${counted(started, "execution")} of ${stateMachine} started${already > 0 ? `, ${already} had been started before (--again starts them anew)` : ""}`,
        ],
  );
}

const placeOf = ({ deposition, dataset, run, config }: Execution): string =>
  run !== undefined ? `${dataset}/${run}` : (dataset ?? config ?? `deposition ${deposition}`);

/** Executions that an earlier call with the same words has started: under the same names nothing is started twice. */
interface EarlierCall {
  /** Seconds since 1970 in the names of its executions. */
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
