import type { Clock } from "../core/clock.js";
import { EmporiumError, type ErrorRecord, isEmporiumError, toErrorRecord } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { Recent } from "../core/recent.js";
import { redact } from "../core/redact.js";
import { counted } from "../core/units.js";
import { newRunId } from "../engine/run-id.js";
import type { JobPlan, PlanSummary } from "../model/page-api.js";
import type { JobInput, JobKind, NamedLocation } from "./job-kinds.js";
import type { JobRoot } from "./job-locations.js";
import { DOCUMENT_BYTES, jobPlanner } from "./job-planner.js";
import { startedAlready, startJob } from "./job-start.js";
import { briefError } from "./job-watch.js";

/** Plans of jobs that pages have asked for, and their start. */
export interface Plans {
  readonly kinds: readonly JobKind[];
  readonly roots: readonly JobRoot[];
  /**
   * Plans a job. After a while it returns the unfinished plan, which the page then asks for again. @throws {EmporiumError} USAGE,
   * STORE_DENIED, ADDRESS_REFUSED, STORE_THROTTLED
   */
  make(input: JobInput): Promise<JobPlan>;
  /** Plans the job of a command line. @throws {EmporiumError} as `make`, and USAGE for a command that pages cannot start */
  makeAgain(words: readonly string[], folder: string): Promise<JobPlan>;
  /** @throws {EmporiumError} NOT_FOUND for one that is unknown or has expired */
  plan(id: string): JobPlan;
  /** Output of the planning command, byte for byte. @throws {EmporiumError} NOT_FOUND */
  document(id: string): Buffer;
  /**
   * Starts exactly what was planned, as a process that goes on without this server. The run has the plan's id.
   *
   * @throws {EmporiumError} NOT_FOUND, CHANGED_MEANWHILE, STORE_CONFLICT where it was started already
   */
  start(id: string): Promise<JobPlan>;
  /** Ends the planning commands under way. Jobs go on. */
  close(): Promise<void>;
}

interface PlansOptions {
  readonly kinds: readonly JobKind[];
  readonly roots: readonly JobRoot[];
  readonly workspace: string;
  /** Program that runs a command, with its first words. */
  readonly program: readonly string[];
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds after which a plan that was not started expires. */
const EXPIRES_MS = 15 * 60_000;
/** Milliseconds that a request waits for its plan: idle connections end after a minute. */
const ANSWER_MS = 30_000;
/** Limit in bytes of the documents of all plans together. */
const DOCUMENTS_BYTES = 2 * DOCUMENT_BYTES;

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
  /** The planning, or the start, that is under way. */
  work: Promise<void>;
}

export function openPlans({ kinds, roots, workspace, program, version, clock, log }: PlansOptions): Plans {
  const kept = new Recent<string, Kept>(DOCUMENTS_BYTES, ({ document }) => document.length + 4096);
  const globals = [`--workspace=${workspace}`];
  const folder = process.cwd();
  const planner = jobPlanner({ roots, workspace, program, globals, clock });

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

  async function fill(plan: Kept): Promise<void> {
    Object.assign(plan, await outcomeOf(plan, planner, log));
    if (kept.has(plan.id)) kept.set(plan.id, plan);
  }

  async function begin(plan: Kept): Promise<void> {
    const { identity, isGood } = await planner.planned(plan);
    if (!isGood || identity !== plan.identity) {
      plan.state = "changed";
      return;
    }
    await startJob(plan, { workspace, program, folder, version, clock, log });
    plan.state = "started";
  }

  async function make(kind: JobKind, wanted: JobInput): Promise<JobPlan> {
    const { input, locations } = await planner.checked(kind, wanted);
    planner.refuseIfBusy();
    const now = clock.now();
    const plan: Kept = {
      ...{ id: newRunId(now), kind, input, locations, words: kind.words(input, globals), expiresMs: now + EXPIRES_MS },
      ...{ state: "planning", errors: [], document: Buffer.alloc(0), identity: "", work: Promise.resolve() },
    };
    kept.set(plan.id, plan);
    plan.work = fill(plan);
    await settled(plan.work);
    return shown(plan, folder);
  }

  /** Waits for the work, but no longer than `ANSWER_MS`. */
  async function settled(work: Promise<void>): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([work, clock.sleep(ANSWER_MS, waiting.signal).catch(() => {})]).finally(() => waiting.abort());
  }

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
    plan: (id) => shown(keptPlan(id), folder),
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
      refuseUnstarted(plan.state);
      return shown(plan, folder);
    },
    async close() {
      planner.close();
      await Promise.allSettled([...kept.values()].map(({ work }) => work));
    },
  };
}

/** @throws {EmporiumError} the reason why a plan in this state has not been started */
function refuseUnstarted(state: Kept["state"]): void {
  if (state === "changed") {
    throw new EmporiumError(
      "CHANGED_MEANWHILE",
      "the plan is out of date: a source, the configuration or the output has changed",
      {
        hint: "plan it again, and look at the new plan",
      },
    );
  }
  if (state === "planning" || state === "refused") {
    throw new EmporiumError(
      "USAGE",
      state === "planning" ? "the plan is not ready yet" : "the plan was refused and cannot be started",
    );
  }
}

const shown = (plan: Kept, folder: string): JobPlan => ({
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

/** Result of planning: a failure is a result, too. */
async function outcomeOf(plan: Kept, planner: ReturnType<typeof jobPlanner>, log: Log): Promise<Partial<Kept>> {
  try {
    const { isGood, ...made } = await planner.planned(plan);
    return { ...made, state: isGood ? "planned" : "refused" };
  } catch (error) {
    if (!isEmporiumError(error)) log.error(`a plan could not be made: ${error instanceof Error ? error.message : String(error)}`);
    const known = isEmporiumError(error)
      ? error
      : new EmporiumError("TASK_FAILED", "the plan could not be made; the server's log says why");
    return { errors: [toErrorRecord(known)], state: "refused" };
  }
}
