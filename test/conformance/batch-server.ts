import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isSigned } from "../faults/sigv4.mjs";

/**
 * AWS Batch, as far as we use it, on this machine: takes the requests of its API Reference (2016-08-10), refuses what Amazon refuses, and
 * really runs the containers' commands as child processes. `test/peers/batch.test.ts` compares its requests and replies with Amazon's own
 * model of them and with moto.
 *
 * What it does as the User Guide says: arrays have 2 to 10,000 elements; a job fails that depends on a failed one; `evaluateOnExit` decides
 * about attempts, the first rule that fits; a time limit ends a job for good.
 */
export interface BatchServer {
  readonly url: string;
  /** Each request with its reply, in their order. */
  readonly calls: BatchCall[];
  /** Answers the next requests with 429, or another status and type. */
  failNext(count: number, fault?: { status: number; type: string }): void;
  /** Ends the processes of a job as a spot instance that is taken away. */
  loseHost(job: string): number;
  /** Jobs that have not ended, and were not told to. */
  left(): string[];
  close(): Promise<void>;
}

export interface BatchCall {
  readonly operation: string;
  readonly request: Body;
  readonly status: number;
  readonly reply: Body;
}

export interface BatchServerOptions {
  readonly credentials?: { accessKeyId: string; secretAccessKey: string };
  /** Of each answer. */
  readonly latencyMs?: number;
  /** Of the containers, beside this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Jobs of one page of ListJobs. */
  readonly page?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: requests of a client, checked field by field
type Body = Record<string, any>;

interface Job {
  readonly id: string;
  readonly name: string;
  readonly request: Body;
  readonly size: number | undefined;
  readonly elements: Element[];
  readonly createdAt: number;
  reason?: string;
}
interface Element {
  readonly index: number | undefined;
  status: "PENDING" | "RUNNABLE" | "RUNNING" | "SUCCEEDED" | "FAILED";
  attempt: number;
  child?: ChildProcess;
  isHostLost?: boolean;
  isTerminated?: boolean;
}

const SLOTS = 2;
const QUEUE = "test-queue";
export const DEFINITION = "test-definition";
const POLL_MS = 25;
export const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "key-of-the-tests" };
const OVERRIDES_MAX = 8192;

export async function startBatchServer(options: BatchServerOptions = {}): Promise<BatchServer> {
  const { credentials = CREDENTIALS, latencyMs = 0, page = 100, env } = options;
  const jobs = new Map<string, Job>();
  const calls: BatchCall[] = [];
  let failing: { left: number; status: number; type: string } | undefined;
  let closed = false;

  const operations = operationsOf(jobs, page);

  const turn = setInterval(() => {
    const all = [...jobs.values()].flatMap((job) => job.elements.map((element) => ({ job, element })));
    let running = all.filter(({ element }) => element.status === "RUNNING").length;
    for (const { job, element } of all) {
      if (element.status === "PENDING") element.status = afterOthers(job, jobs);
      if (element.status !== "RUNNABLE" || running >= SLOTS || closed) continue;
      running++;
      startContainer(job, element, env ?? process.env);
    }
  }, POLL_MS);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const piece of request) text += piece;
    await sleep(latencyMs);
    const operation = /^\/v1\/([a-z]+)$/.exec(request.url ?? "")?.[1] ?? "";
    const { status, type, reply } = answer(operation, request, text);
    calls.push({ operation, request: text === "" ? {} : JSON.parse(text), status, reply });
    response.writeHead(status, { "content-type": "application/json", ...(type === "" ? {} : { "x-amzn-errortype": type }) });
    // an operation that answers nothing has no body at all
    response.end(Object.keys(reply).length === 0 ? "" : JSON.stringify(reply));
  }
  function answer(operation: string, { method = "", url = "", headers }: IncomingMessage, text: string) {
    const refused = (status: number, type: string, message: string) => ({ status, type, reply: { message } });
    if (failing && failing.left-- > 0) return refused(failing.status, failing.type, "injected");
    if (!isSigned({ method, rawPath: url, rawQuery: "", headers }, credentials)) {
      return refused(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
    }
    const run = operations[operation];
    if (method !== "POST" || !run) return refused(404, "UnknownOperationException", "no such operation");
    try {
      return { status: 200, type: "", reply: run(JSON.parse(text)) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refused(400, "ClientException", error.message);
    }
  }
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    failNext(count, { status, type } = { status: 429, type: "TooManyRequestsException" }) {
      failing = { left: count, status, type };
    },
    loseHost(id) {
      const running = jobs.get(id)?.elements.filter(({ status }) => status === "RUNNING") ?? [];
      for (const element of running) {
        element.isHostLost = true;
        endGroup(element.child, 0);
      }
      return running.length;
    },
    left() {
      const isLeft = ({ status, isTerminated }: Element) => status !== "SUCCEEDED" && status !== "FAILED" && !isTerminated;
      return [...jobs.values()].filter(({ elements }) => elements.some(isLeft)).map(({ name }) => String(name));
    },
    async close() {
      closed = true;
      clearInterval(turn);
      for (const { elements } of jobs.values()) for (const { child } of elements) endGroup(child, 0);
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function operationsOf(jobs: Map<string, Job>, page: number): Readonly<Record<string, (body: Body) => Body>> {
  return {
    describejobqueues: ({ jobQueues = [QUEUE] }) => ({
      jobQueues: (jobQueues as string[]).filter((name) => name === QUEUE).map(describedQueue),
    }),
    submitjob(request) {
      checkSubmission(request, jobs);
      const id = randomUUID();
      const size = request.arrayProperties?.size as number | undefined;
      const indices = size === undefined ? [undefined] : Array.from({ length: size }, (_, i) => i);
      const elements = indices.map((index): Element => ({ index, status: "PENDING", attempt: 0 }));
      jobs.set(id, { id, name: request.jobName, request, size, elements, createdAt: Date.now() });
      return { jobArn: `arn:aws:batch:us-east-1:123456789012:job/${id}`, jobName: request.jobName, jobId: id };
    },
    describejobs({ jobs: ids }) {
      if (!Array.isArray(ids) || ids.length > 100) throw new Refusal("at most 100 jobs are described");
      return { jobs: (ids as string[]).flatMap((id) => jobs.get(id) ?? []).map(described) };
    },
    listjobs({ jobQueue, filters, nextToken }) {
      if (jobQueue !== QUEUE) throw new Refusal(`JobQueue ${jobQueue} not found.`);
      const name = String(filters?.[0]?.values?.[0] ?? "").toLowerCase();
      if (filters?.[0]?.name !== "JOB_NAME") throw new Refusal("a filter is wanted");
      const found = [...jobs.values()].filter((job) => job.name.toLowerCase() === name);
      const from = nextToken === undefined ? 0 : Number(nextToken);
      return {
        jobSummaryList: found.slice(from, from + page).map(summary),
        ...(from + page < found.length ? { nextToken: String(from + page) } : {}),
      };
    },
    terminatejob({ jobId, reason }) {
      if (typeof reason !== "string") throw new Refusal("a reason is wanted");
      const job = jobs.get(jobId);
      if (job) job.reason = reason;
      for (const element of job?.elements ?? []) {
        element.isTerminated = true;
        if (element.status === "PENDING" || element.status === "RUNNABLE") element.status = "FAILED";
        element.child?.kill("SIGTERM");
        endGroup(element.child, 2_000);
      }
      return {};
    },
  };
}

/** Runs the command of an element, as a container would. */
function startContainer(job: Job, element: Element, env: NodeJS.ProcessEnv): void {
  element.status = "RUNNING";
  element.attempt++;
  const [program = "", ...words] = job.request.containerOverrides.command as string[];
  const child = spawn(program, words, {
    detached: true, // a container ends with its first process
    stdio: "ignore",
    env: {
      ...env,
      AWS_BATCH_JOB_ID: element.index === undefined ? job.id : `${job.id}:${element.index}`,
      AWS_BATCH_JOB_ATTEMPT: String(element.attempt),
      AWS_BATCH_JQ_NAME: QUEUE,
      ...(element.index === undefined ? {} : { AWS_BATCH_JOB_ARRAY_INDEX: String(element.index) }),
    },
  });
  element.child = child;
  child.once("exit", (code, signal) => {
    endGroup(child, 0);
    element.status = next(job, element, code ?? (signal === "SIGKILL" ? 137 : 143));
  });
}

class Refusal extends Error {}

/** All processes of a container, after a while. */
function endGroup(child: ChildProcess | undefined, afterMs: number): void {
  const end = () => {
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // it has none any more
    }
  };
  if (afterMs === 0) end();
  else setTimeout(end, afterMs).unref();
}

/** What becomes of an element whose container has ended, by its `retryStrategy`. */
function next({ request }: Job, element: Element, code: number): Element["status"] {
  if (code === 0) return "SUCCEEDED";
  if (element.isTerminated) return "FAILED";
  const reason = element.isHostLost
    ? "Host EC2 (instance i-0123456789abcdef0) terminated."
    : "Essential container in task exited";
  element.isHostLost = false;
  const { attempts = 1, evaluateOnExit = [] } = request.retryStrategy ?? {};
  const fits = (pattern: string | undefined, text: string) =>
    pattern === undefined || (pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern);
  const rule = (evaluateOnExit as Body[]).find(
    ({ onStatusReason, onExitCode, onReason }) =>
      fits(onStatusReason, reason) && fits(onExitCode, String(code)) && fits(onReason, reason),
  );
  return element.attempt < attempts && rule?.action !== "EXIT" ? "RUNNABLE" : "FAILED";
}

/** An element that waits for other jobs: it begins when they have succeeded, and fails when one has failed. */
function afterOthers({ request }: Job, jobs: ReadonlyMap<string, Job>): Element["status"] {
  const others = ((request.dependsOn ?? []) as Body[]).map(({ jobId }) => statusOf(jobs.get(jobId)!));
  if (others.includes("FAILED")) return "FAILED";
  return others.every((status) => status === "SUCCEEDED") ? "RUNNABLE" : "PENDING";
}

function statusOf({ elements, size }: Job): string {
  const is = (status: string) => elements.some((element) => element.status === status);
  if (size === undefined) return elements[0]!.status;
  if (["PENDING", "RUNNABLE", "RUNNING"].some(is)) return "PENDING"; // an array is so until all of it has ended
  return is("FAILED") ? "FAILED" : "SUCCEEDED";
}

const summary = (job: Job): Body => ({
  jobArn: `arn:aws:batch:us-east-1:123456789012:job/${job.id}`,
  jobId: job.id,
  jobName: job.name,
  createdAt: job.createdAt,
  status: statusOf(job),
  ...(job.size === undefined ? {} : { arrayProperties: { size: job.size } }),
  jobDefinition: job.request.jobDefinition,
});

function described(job: Job): Body {
  const { arrayProperties: _, ...rest } = summary(job);
  const counts: Record<string, number> = {};
  for (const { status } of job.elements) counts[status] = (counts[status] ?? 0) + 1;
  return {
    ...rest,
    jobQueue: `arn:aws:batch:us-east-1:123456789012:job-queue/${QUEUE}`,
    startedAt: job.createdAt,
    dependsOn: job.request.dependsOn ?? [],
    container: { command: job.request.containerOverrides.command },
    ...(job.size === undefined ? {} : { arrayProperties: { size: job.size, statusSummary: counts } }),
  };
}

const describedQueue = (jobQueueName: string): Body => ({
  jobQueueName,
  jobQueueArn: `arn:aws:batch:us-east-1:123456789012:job-queue/${jobQueueName}`,
  ...{ state: "ENABLED", status: "VALID", priority: 1, computeEnvironmentOrder: [] },
});

/** @throws {Refusal} for what Amazon refuses */
function checkSubmission(request: Body, jobs: ReadonlyMap<string, Job>): void {
  const {
    jobName,
    jobQueue,
    jobDefinition,
    arrayProperties,
    dependsOn = [],
    containerOverrides,
    retryStrategy,
    timeout,
  } = request;
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(jobName)) throw new Refusal(`Job name ${jobName} is not valid`);
  if (jobQueue !== QUEUE) throw new Refusal(`JobQueue ${jobQueue} not found.`);
  if (jobDefinition !== DEFINITION) throw new Refusal(`JobDefinition ${jobDefinition} not found.`);
  const size = arrayProperties?.size;
  if (arrayProperties && !(Number.isInteger(size) && size >= 2 && size <= 10_000)) {
    throw new Refusal("Array size must be at least 2 and at most 10000");
  }
  if (dependsOn.length > 20) throw new Refusal("at most 20 dependencies");
  for (const { jobId } of dependsOn) if (!jobs.has(jobId)) throw new Refusal(`Job ${jobId} not found.`);
  if (JSON.stringify(containerOverrides).length > OVERRIDES_MAX)
    throw new Refusal("Container Overrides length must be at most 8192");
  if (retryStrategy && !(retryStrategy.attempts >= 1 && retryStrategy.attempts <= 10)) throw new Refusal("1 to 10 attempts");
  if ((retryStrategy?.evaluateOnExit ?? []).length > 5) throw new Refusal("at most 5 rules");
  if (timeout && timeout.attemptDurationSeconds < 60) throw new Refusal("at least 60 seconds");
}
