import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { EmporiumError } from "../../core/errors.js";
import { type ArrayJob, type EngineExecutor, GONE, type JobState } from "./engine-executor.js";

export interface ProcessesOptions {
  /** Processes that run side by side. */
  readonly slots: number;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * This machine in the place of an engine: the same scripts, as child processes. Jobs live as long as the process that submitted them, so
 * somebody has to stay and call the gate.
 */
export function processesExecutor({ slots, env }: ProcessesOptions): EngineExecutor & { close(): Promise<void> } {
  interface Job {
    readonly name: string;
    readonly waiting: { index: number | undefined }[];
    readonly running: Set<ChildProcess>;
    readonly job: ArrayJob;
  }
  const jobs = new Map<string, Job>();
  let running = 0;
  let number = 0;

  function next(): void {
    for (const job of jobs.values()) {
      for (let element = job.waiting[0]; element && running < slots; element = job.waiting[0]) {
        job.waiting.shift();
        start(job, element.index);
      }
    }
  }
  function start(job: Job, index: number | undefined): void {
    running++;
    const child = spawn("/bin/sh", ["-s"], {
      env: { ...env, ...(index === undefined ? {} : { EMPORIUM_SLICE: String(index) }) },
      stdio: ["pipe", "pipe", "pipe"],
    });
    if (job.job.logs !== undefined) {
      mkdirSync(job.job.logs, { recursive: true, mode: 0o700 });
      const log = createWriteStream(join(job.job.logs, `${job.name}${index === undefined ? "" : `.${index}`}.log`), {
        flags: "a",
      });
      // the first of both to end must not end the other's
      child.stdout.pipe(log, { end: false });
      child.stderr.pipe(log, { end: false });
      child.once("close", () => log.end());
    } else {
      child.stdout.resume();
      child.stderr.resume();
    }
    child.stdin.on("error", () => {});
    child.stdin.end(job.job.script);
    job.running.add(child);
    const over = () => {
      if (!job.running.delete(child)) return;
      running--;
      next();
    };
    child.once("exit", over);
    child.once("error", over);
  }
  return {
    name: "local",
    limits: async () => ({ arrayMax: 1_000_000 }),
    async submit(job) {
      if ((job.after?.length ?? 0) > 0) {
        throw new EmporiumError("INTERNAL", "jobs on this machine do not wait for others: call the gate again");
      }
      const id = `${process.pid}-${++number}`; // records of an earlier process name other jobs
      const waiting = job.indices === undefined ? [{ index: undefined }] : job.indices.map((index) => ({ index }));
      jobs.set(id, { name: job.name, waiting, running: new Set(), job });
      next();
      return { name: job.name, id };
    },
    find: async (...names) =>
      [...jobs]
        .filter(([, { name, waiting, running }]) => names.includes(name) && waiting.length + running.size > 0)
        .map(([id, { name }]) => ({ name, id })),
    async states(handles) {
      const state = (id: string): JobState => {
        const job = jobs.get(id);
        return job ? { waiting: job.waiting.length, running: job.running.size, held: 0 } : GONE;
      };
      return new Map(handles.map(({ id }) => [id, state(id)]));
    },
    async cancel(handles) {
      for (const { id } of handles) {
        const job = jobs.get(id);
        if (!job) continue;
        job.waiting.length = 0;
        for (const child of job.running) child.kill("SIGTERM");
      }
    },
    async close() {
      await this.cancel([...jobs.keys()].map((id) => ({ name: "", id })));
      const children = [...jobs.values()].flatMap((job) => [...job.running]);
      await Promise.all(children.map((child) => new Promise((done) => child.once("exit", done))));
    },
  };
}
