import { spawn } from "node:child_process";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { everyInterval } from "../engine/every.js";
import { EVENTS, makeRunsFolder, RUNS, recordRun } from "../engine/run-events.js";
import { RUN_ID_VARIABLE } from "../engine/run-id.js";
import { errnoOf } from "../stores/file/errors.js";

/** File in the folder of a run with what its job prints. */
const OUTPUT = "output.txt";
/** Milliseconds that a program may take to begin before nobody waits for it any more, and between two looks. */
const BEGIN_MS = 10_000;
const LOOK_MS = 50;

interface PlannedJob {
  /** Id of the plan, which becomes the id of its run. */
  readonly id: string;
  readonly words: readonly string[];
}

interface JobSurroundings {
  readonly workspace: string;
  /** A program and its first words. */
  readonly program: readonly string[];
  /** Working directory of the process. */
  readonly folder: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Starts a process that goes on without this server. The one who starts it first makes the run's folder, also among several
 * servers.
 *
 * @throws {EmporiumError} STORE_CONFLICT where it was started already
 */
export async function startJob(job: PlannedJob, around: JobSurroundings): Promise<void> {
  const { id, words } = job;
  const { workspace, program, folder } = around;
  const home = join(workspace, RUNS, id);
  await mkdir(workspace, { recursive: true });
  await makeRunsFolder(workspace);
  await mkdir(home).catch((error: unknown) => {
    throw errnoOf(error) === "EEXIST" ? startedAlready() : error;
  });
  const output = await open(join(home, OUTPUT), "wx", 0o600);
  try {
    const [file = "", ...first] = program;
    const env = { ...process.env, [RUN_ID_VARIABLE]: id };
    const child = spawn(file, [...first, ...words], {
      cwd: folder,
      env,
      detached: true,
      stdio: ["ignore", output.fd, output.fd],
    });
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    const told = new Promise<void>((resolve) => {
      child.once("exit", (status) => void toldIfSilent(job, around, status ?? 1).then(resolve));
    });
    child.unref();
    await firstRecord(join(home, EVENTS), told, around.clock);
  } finally {
    await output.close();
  }
}

/** Until a run says that it has begun, or has ended: a page that asks for it at once finds it. */
async function firstRecord(file: string, ended: Promise<void>, clock: Clock): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const until = clock.monotonic() + BEGIN_MS;
  while (!isOver && clock.monotonic() < until) {
    if (((await stat(file).catch(() => undefined))?.size ?? 0) > 0) return;
    await clock.sleep(LOOK_MS);
  }
}

/** Records the failure of a command that ended before it could say that it runs, with what it printed. */
async function toldIfSilent({ id, words }: PlannedJob, around: JobSurroundings, status: number): Promise<void> {
  const { workspace, folder, version, clock, log } = around;
  const home = join(workspace, RUNS, id);
  try {
    if (await stat(join(home, EVENTS)).catch(() => undefined)) return;
    const said = (await readFile(join(home, OUTPUT), "utf8")).slice(-2_000).trim();
    const recorder = recordRun({ id, workspace, command: words, folder, version, clock, every: everyInterval, log });
    await recorder.end(status, {
      code: "TASK_FAILED",
      message: said === "" ? `the command ended with exit status ${status} and no message` : said,
    });
  } catch (error) {
    log.warn(`job ${id} ended with ${status}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function startedAlready(): EmporiumError {
  return new EmporiumError("STORE_CONFLICT", "the plan was already started", { hint: "plan it again" });
}
