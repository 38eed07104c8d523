import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../core/clock.js";
import { EmporiumError, type ErrorRecord, isEmporiumError, toErrorRecord } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { Recent } from "../core/recent.js";
import { redact } from "../core/redact.js";
import { counted } from "../core/units.js";
import { everyInterval } from "../engine/lock.js";
import { EVENTS, makeRunsFolder, RUNS, recordRun } from "../engine/run-events.js";
import { newRunId, RUN_ID_VARIABLE } from "../engine/run-id.js";
import type { JobPlan, PlanSummary } from "../model/page-api.js";
import { errnoOf } from "../stores/file/errors.js";
import { type JobInput, type JobKind, locationsOf, type NamedLocation } from "./job-kinds.js";
import { checkJobLocation, type JobRoot } from "./job-locations.js";
import { briefError } from "./job-watch.js";
import { planSummary } from "./plan-summary.js";

/** Plans of jobs that somebody at a page has asked for, and their start. */
export interface Plans {
  readonly kinds: readonly JobKind[];
  readonly roots: readonly JobRoot[];
  /** Plans, for as long as a page may wait: then it is asked for again. @throws {EmporiumError} USAGE, STORE_DENIED, ADDRESS_REFUSED, STORE_THROTTLED */
  make(input: JobInput): Promise<JobPlan>;
  /** Plans what words of a terminal mean. @throws {EmporiumError} as `make`, and USAGE for what pages cannot start */
  makeAgain(words: readonly string[], folder: string): Promise<JobPlan>;
  /** @throws {EmporiumError} NOT_FOUND for one that is unknown or has expired */
  plan(id: string): JobPlan;
  /** What the planning command has printed, byte for byte. @throws {EmporiumError} NOT_FOUND */
  document(id: string): Buffer;
  /**
   * Starts exactly what was planned, as a process that goes on without this server. The run has the plan's id.
   *
   * @throws {EmporiumError} NOT_FOUND, CHANGED_MEANWHILE, STORE_CONFLICT where it was started already
   */
  start(id: string): Promise<JobPlan>;
  /** Ends what plans. Jobs go on. */
  close(): Promise<void>;
}

interface PlansOptions {
  readonly kinds: readonly JobKind[];
  readonly roots: readonly JobRoot[];
  readonly workspace: string;
  /** What runs a command: a program and its first words. */
  readonly program: readonly string[];
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A plan is good for so long. */
const EXPIRES_MS = 15 * 60_000;
/** Who asks waits so long for a plan: idle connections end after a minute. */
const ANSWER_MS = 30_000;
const PLANNING_MS = 10 * 60_000;
const PLANNING_MAX = 4;
/** Of what a planning command prints. */
const DOCUMENT_BYTES = 64 * 2 ** 20;
/** Of all plans together. */
const DOCUMENTS_BYTES = 2 * DOCUMENT_BYTES;
const STDERR_BYTES = 64 * 2 ** 10;
/** Of configurations, tables and graphs; larger files are told by size and time. */
const FILE_BYTES = 16 * 2 ** 20;
/** What a job prints, in the folder of its run. */
const OUTPUT = "output.txt";

interface Kept {
  readonly id: string;
  readonly kind: JobKind;
  readonly input: JobInput;
  readonly locations: readonly NamedLocation[];
  readonly words: readonly string[];
  readonly expiresMs: number;
  state: JobPlan["state"];
  exitStatus?: number | undefined;
  errors: readonly ErrorRecord[];
  document: Buffer;
  summary?: PlanSummary | undefined;
  identity: string;
  /** What is under way. */
  work: Promise<void>;
}

export function openPlans({ kinds, roots, workspace, program, version, clock, log }: PlansOptions): Plans {
  const kept = new Recent<string, Kept>(DOCUMENTS_BYTES, ({ document }) => document.length + 4096);
  const stopping = new AbortController();
  const globals = [`--workspace=${workspace}`];
  const folder = process.cwd();
  let planning = 0;

  function keptPlan(id: string): Kept {
    const found = kept.get(id);
    if (found && (clock.now() < found.expiresMs || found.state === "started")) return found;
    kept.delete(id);
    throw new EmporiumError(
      "NOT_FOUND",
      `there is no plan ${id.slice(0, 40)}; plans are kept for ${counted(EXPIRES_MS / 60_000, "minute")}`,
      {
        hint: "plan it again",
      },
    );
  }

  /** All locations of a job, each one that the server allows. */
  async function checked(kind: JobKind, input: JobInput): Promise<Pick<Kept, "input" | "locations">> {
    checkTexts(input);
    const given = locationsOf(kind, input);
    for (const location of given) checkJobLocation(location, roots, workspace);
    if (!kind.named) return { input, locations: given };
    const named = await kind.named(input);
    for (const location of named.locations) checkJobLocation(location, roots, workspace);
    return { input: named.input, locations: [...given, ...named.locations] };
  }

  async function asked<T>(work: () => Promise<T>): Promise<T> {
    if (planning >= PLANNING_MAX) {
      throw new EmporiumError("STORE_THROTTLED", `${planning} plans are already being made`, {
        retry: "later",
        retryAfterMs: 5_000,
      });
    }
    planning++;
    try {
      return await work();
    } finally {
      planning--;
    }
  }

  /** What would be done now, and an identity of all that decides on it. */
  async function planned({ kind, input }: Pick<Kept, "kind" | "input">) {
    await checked(kind, input);
    const words = kind.planWords(input, globals);
    const files = await filesOf(kind, input);
    if (!words) return { identity: files, document: Buffer.alloc(0), errors: [], exitStatus: 0, isGood: true };
    const answer = await asked(() => printed([...program, ...words], stopping.signal, clock));
    const document = PlanDocument.safeParse(jsonOf(answer.out)).data;
    const isGood = document !== undefined && document.status !== "failed" && (answer.status === 0 || answer.status === 3);
    return {
      identity: `${files} ${hashOf(JSON.stringify(withoutMoment(document)))}`,
      document: answer.out,
      errors: errorsOf(document, answer),
      exitStatus: answer.status,
      summary: isGood ? planSummary(document as Record<string, unknown>) : undefined,
      isGood,
    };
  }

  async function fill(plan: Kept): Promise<void> {
    try {
      const { identity, document, errors, exitStatus, summary, isGood } = await planned(plan);
      Object.assign(plan, {
        identity,
        document,
        errors,
        exitStatus,
        summary,
        state: isGood ? "planned" : "refused",
      } satisfies Partial<Kept>);
      if (kept.has(plan.id)) kept.set(plan.id, plan);
    } catch (error) {
      if (!isEmporiumError(error))
        log.error(`a plan could not be made: ${error instanceof Error ? error.message : String(error)}`);
      const known = isEmporiumError(error)
        ? error
        : new EmporiumError("TASK_FAILED", "the plan could not be made; the server's log says why");
      Object.assign(plan, { errors: [toErrorRecord(known)], state: "refused" } satisfies Partial<Kept>);
    }
  }

  async function begin(plan: Kept): Promise<void> {
    const { identity, isGood } = await planned(plan);
    if (!isGood || identity !== plan.identity) {
      plan.state = "changed";
      return;
    }
    await startJob(plan);
    plan.state = "started";
  }

  /** The run's folder is made by who starts first: in another server, too. */
  async function startJob({ id, words }: Kept): Promise<void> {
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
      child.once("exit", (status) => void toldIfSilent(id, words, status ?? 1));
      child.unref();
    } finally {
      await output.close();
    }
  }

  /** A command that ended before it could say that it runs: what it printed says why. */
  async function toldIfSilent(id: string, words: readonly string[], status: number): Promise<void> {
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

  async function make(kind: JobKind, wanted: JobInput): Promise<JobPlan> {
    const { input, locations } = await checked(kind, wanted);
    if (planning >= PLANNING_MAX) await asked(async () => {});
    const now = clock.now();
    const plan: Kept = {
      ...{ id: newRunId(now), kind, input, locations, words: kind.words(input, globals), expiresMs: now + EXPIRES_MS },
      ...{ state: "planning", errors: [], document: Buffer.alloc(0), identity: "", work: Promise.resolve() },
    };
    kept.set(plan.id, plan);
    plan.work = fill(plan);
    await settled(plan.work);
    return shown(plan);
  }

  /** Or not yet. */
  async function settled(work: Promise<void>): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([work, clock.sleep(ANSWER_MS, waiting.signal).catch(() => {})]).finally(() => waiting.abort());
  }

  const shown = (plan: Kept): JobPlan => ({
    planId: plan.id,
    kind: plan.kind.kind,
    command: plan.words.map(redact),
    folder,
    state: plan.state,
    expires: new Date(plan.expiresMs).toISOString(),
    exitStatus: plan.exitStatus,
    locations: plan.locations,
    errors: plan.errors.map(briefError),
    hasDocument: plan.document.length > 0,
    plan: plan.summary,
  });

  return {
    kinds,
    roots,
    async make(input) {
      const kind = kinds.find((one) => one.kind === input.kind);
      if (!kind) throw new EmporiumError("USAGE", "no such kind of job");
      return make(kind, input);
    },
    async makeAgain(words, from) {
      for (const kind of kinds) {
        const input = kind.inputOf(words, from);
        if (input) return make(kind, kind.body.parse(input) as JobInput);
      }
      throw new EmporiumError("USAGE", `emporium ${words.slice(0, 2).join(" ")} cannot be started from a page`, {
        hint: "run the same command in a terminal",
      });
    },
    plan: (id) => shown(keptPlan(id)),
    document: (id) => keptPlan(id).document,
    async start(id) {
      const plan = keptPlan(id);
      if (plan.state === "started" || plan.state === "checking") throw startedAlready();
      if (plan.state === "planned") {
        plan.state = "checking";
        plan.work = begin(plan).catch((error: unknown) => {
          plan.state = "planned";
          throw error;
        });
        plan.work.catch(() => {}); // who waits is told; who does not sees that it is planned, and not started
        await settled(plan.work);
      }
      if (plan.state === "changed") {
        throw new EmporiumError(
          "CHANGED_MEANWHILE",
          "the plan is out of date: a source, the configuration or the output has changed",
          {
            hint: "plan it again, and look at the new plan",
          },
        );
      }
      if (plan.state === "planning" || plan.state === "refused") {
        throw new EmporiumError(
          "USAGE",
          plan.state === "planning" ? "the plan is not ready yet" : "the plan was refused and cannot be started",
        );
      }
      return shown(plan);
    },
    async close() {
      stopping.abort();
      await Promise.allSettled([...kept.values()].map(({ work }) => work));
    },
  };
}

/** Of one value: a system takes no word of a command beyond 128 KiB, and no path beyond 4 KiB. */
const TEXT_MAX = 4_096;

/** All texts become words of a command. @throws {EmporiumError} USAGE, which names the field */
function checkTexts(input: JobInput): void {
  for (const [name, value] of Object.entries(input)) {
    for (const text of textsOf(value)) {
      const fault =
        text.length > TEXT_MAX
          ? `${counted(text.length, "character")}; expected at most ${TEXT_MAX}`
          : text.includes("\0")
            ? "expected a text without the character U+0000"
            : undefined;
      if (fault !== undefined) throw new EmporiumError("USAGE", `${name}: ${fault}`, { place: { path: name } });
    }
  }
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function startedAlready(): EmporiumError {
  return new EmporiumError("STORE_CONFLICT", "the plan was already started", { hint: "plan it again" });
}

/** What planning commands print, as far as it is looked at. */
const PlanDocument = z.looseObject({
  status: z.string().optional(),
  plan: z.looseObject({}).optional(),
  errors: z.array(z.looseObject({ code: z.string(), message: z.string() })).optional(),
});

/** The same plan made again says another moment. */
function withoutMoment(document: z.output<typeof PlanDocument> | undefined): unknown {
  return document && { ...document, seconds: undefined, plan: document.plan && { ...document.plan, created: undefined } };
}

function errorsOf(document: z.output<typeof PlanDocument> | undefined, { status, said, cut }: Printed): ErrorRecord[] {
  if (document?.errors) return document.errors as unknown as ErrorRecord[];
  if (cut !== undefined)
    return [{ code: "TASK_FAILED", message: cut, hint: "run the same command in a terminal, which has no such limit" }];
  return status === 0 ? [] : [{ code: "TASK_FAILED", message: said.trim() || `the plan ended with status ${status}` }];
}

interface Printed {
  readonly status: number;
  readonly out: Buffer;
  /** The last of standard error. */
  readonly said: string;
  /** Why it was ended. */
  readonly cut?: string | undefined;
}

/** What a program prints, in bounds of time and size. */
async function printed([file = "", ...words]: readonly string[], signal: AbortSignal, clock: Clock): Promise<Printed> {
  const child: ChildProcess = spawn(file, words, { stdio: ["ignore", "pipe", "pipe"] });
  const pieces: Buffer[] = [];
  let bytes = 0;
  let said = "";
  let cut: string | undefined;
  const end = (why: string) => {
    cut ??= why;
    child.kill("SIGKILL");
  };
  child.stdout!.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > DOCUMENT_BYTES) end(`the plan is longer than ${DOCUMENT_BYTES / 2 ** 20} MiB`);
    else pieces.push(piece);
  });
  child.stderr!.on("data", (piece: Buffer) => {
    said = (said + piece.toString("utf8")).slice(-STDERR_BYTES);
  });
  const over = new AbortController();
  void clock.sleep(PLANNING_MS, over.signal).then(
    () => end(`the plan took longer than ${counted(PLANNING_MS / 60_000, "minute")}`),
    () => {},
  );
  const stop = () => end("the server is stopping");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const status = await new Promise<number>((resolve, reject) =>
      child.once("error", reject).once("close", (code) => resolve(code ?? 1)),
    );
    return { status, out: cut === undefined ? Buffer.concat(pieces) : Buffer.alloc(0), said, cut };
  } finally {
    over.abort();
    signal.removeEventListener("abort", stop);
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Files that are named themselves: configurations and tables. What is in folders a plan knows. */
async function filesOf(kind: JobKind, input: JobInput): Promise<string> {
  const parts: string[] = [];
  for (const { text, use } of locationsOf(kind, input)) {
    const found = use === "read" && text.startsWith("/") ? await stat(text, { bigint: true }).catch(() => undefined) : undefined;
    if (!found?.isFile()) continue;
    const bytes = found.size <= FILE_BYTES ? hashOf(await readFile(text)) : `${found.size}:${found.mtimeNs}`;
    parts.push(bytes);
  }
  return parts.join(" ");
}

function hashOf(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
