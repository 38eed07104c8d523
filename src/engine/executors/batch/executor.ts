import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import type { ArrayJob, EngineExecutor, JobHandle, JobState } from "../engine-executor.js";
import { withSlices } from "../slices.js";
import { mebibytes } from "../words/words.js";
import type { BatchApi } from "./api.js";
import { ATTEMPTS_MAX, containerCommand, OVERRIDES_MAX } from "./container-script.js";
import type { BatchSettings } from "./settings.js";

/** Elements of an array job: 2 to 10,000 (AWS Batch User Guide, Array jobs). */
const ARRAY_MAX = 10_000;
/** Jobs that one question may name. */
const DESCRIBED_MAX = 100;

const INDEX = { indices: { variable: "AWS_BATCH_JOB_ARRAY_INDEX", first: 0 }, singleIsPlain: true } as const;
const WAITING = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING"];
const OVER = new Set(["SUCCEEDED", "FAILED"]);

/** Evaluated in their order. The host's end is what a spot instance dies of. */
const RETRY = {
  attempts: ATTEMPTS_MAX,
  evaluateOnExit: [
    { onStatusReason: "Host EC2*", action: "RETRY" },
    { onExitCode: "75", action: "RETRY" },
    { onReason: "*", action: "EXIT" },
  ],
};

interface BatchJob {
  readonly jobId: string;
  readonly jobName: string;
  readonly status: string;
  readonly arrayProperties?: { readonly size?: number; readonly statusSummary?: Readonly<Record<string, number>> };
}

/**
 * AWS Batch, asked by its REST interface. A container gets all that it needs by its command: the script is a word of it.
 *
 * @param queue of all jobs, where a job names none
 */
export function batchExecutor(api: BatchApi, { definition }: BatchSettings, queue: string | undefined): EngineExecutor {
  const queueOf = (named = queue): string => {
    if (named !== undefined) return named;
    throw new EmporiumError("USAGE", "AWS Batch: no job queue is named", {
      hint: "name one as queue of the profile, or with --queue",
    });
  };
  async function named(name: string): Promise<JobHandle[]> {
    const found: JobHandle[] = [];
    let nextToken: string | undefined;
    do {
      const filters = [{ name: "JOB_NAME", values: [name] }];
      const page = { jobQueue: queueOf(), filters, ...(nextToken === undefined ? {} : { nextToken }) };
      const reply = await api<{ jobSummaryList: BatchJob[]; nextToken?: string }>("listjobs", page);
      for (const { jobId, jobName, status } of reply.jobSummaryList) {
        // the filter knows no difference of capitals
        if (jobName === name && !OVER.has(status)) found.push({ name, id: jobId });
      }
      nextToken = reply.nextToken;
    } while (nextToken !== undefined);
    return found;
  }
  return {
    name: "aws-batch",
    async limits() {
      const jobQueue = queueOf();
      const { jobQueues = [] } = await api<{ jobQueues?: { state?: string }[] }>("describejobqueues", { jobQueues: [jobQueue] });
      if (jobQueues[0]?.state === "ENABLED") return { arrayMax: ARRAY_MAX };
      const found = jobQueues[0] ? `is ${jobQueues[0].state}` : "is not there";
      throw new EmporiumError("ENGINE_ABSENT", `AWS Batch: the job queue ${jobQueue} ${found}`, {
        hint: "aws batch describe-job-queues lists those of the region: name one as queue of the profile, or with --queue",
      });
    },
    async submit(job) {
      const request = submission(withSlices(job, INDEX), definition, queueOf(job.resources.queue));
      const { jobId } = await api<{ jobId: string }>("submitjob", request, { changes: true });
      return { name: job.name, id: jobId };
    },
    async find(...names) {
      const found: JobHandle[] = [];
      for (const name of names) found.push(...(await named(name)));
      return found;
    },
    async states(jobs) {
      const states = new Map<string, JobState>();
      for (let at = 0; at < jobs.length; at += DESCRIBED_MAX) {
        const ids = jobs.slice(at, at + DESCRIBED_MAX).map(({ id }) => id);
        const reply = await api<{ jobs?: BatchJob[] }>("describejobs", { jobs: ids });
        for (const job of reply.jobs ?? []) if (!OVER.has(job.status)) states.set(job.jobId, stateOf(job));
      }
      return states;
    },
    async cancel(jobs) {
      for (const { id } of jobs) await api("terminatejob", { jobId: id, reason: "cancelled with emporium" });
    },
  };
}

/** @throws {EmporiumError} ENGINE_REFUSED */
function submission(job: ArrayJob, jobDefinition: string, jobQueue: string): object {
  const { name, script, indices, resources, after = [] } = job;
  const { cpus, memoryBytes, gpus, walltimeMinutes, account } = resources;
  const containerOverrides = {
    command: containerCommand(script, walltimeMinutes),
    resourceRequirements: [
      { type: "VCPU", value: String(cpus) },
      { type: "MEMORY", value: String(mebibytes(memoryBytes)) },
      ...(gpus > 0 ? [{ type: "GPU", value: String(gpus) }] : []),
    ],
  };
  const size = JSON.stringify(containerOverrides).length;
  if (size > OVERRIDES_MAX) {
    throw new EmporiumError(
      "ENGINE_REFUSED",
      `AWS Batch: the job's overrides have ${counted(size, "character")}, at most ${OVERRIDES_MAX} are taken`,
      {
        hint: "shorten the prologue of the profile: put it into the image",
      },
    );
  }
  return {
    jobName: name,
    jobQueue,
    jobDefinition,
    ...(indices === undefined ? {} : { arrayProperties: { size: indices.length } }),
    ...(account === undefined ? {} : { shareIdentifier: account }),
    ...(after.length === 0 ? {} : { dependsOn: after.map(({ id }) => ({ jobId: id })) }),
    containerOverrides,
    retryStrategy: RETRY,
    // later than the script's own end
    ...(walltimeMinutes === undefined ? {} : { timeout: { attemptDurationSeconds: Math.max(60, walltimeMinutes * 60 + 120) } }),
  };
}

function stateOf({ status, arrayProperties }: BatchJob): JobState {
  const { size, statusSummary = {} } = arrayProperties ?? {};
  if (size === undefined) return { waiting: status === "RUNNING" ? 0 : 1, running: status === "RUNNING" ? 1 : 0, held: 0 };
  const count = (names: readonly string[]) => names.reduce((sum, name) => sum + (statusSummary[name] ?? 0), 0);
  const [waiting, running, over] = [count(WAITING), count(["RUNNING"]), count([...OVER])];
  // before its children are there an array waits as a whole; while its last one ends it is still there
  if (waiting + running > 0) return { waiting, running, held: 0 };
  return { waiting: Math.max(1, size - over), running: 0, held: 0 };
}
