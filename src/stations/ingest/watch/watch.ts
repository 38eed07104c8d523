import { createHash } from "node:crypto";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { envOf } from "../../../engine/env.js";
import { runFolder } from "../../../model/layout.js";
import { objectName } from "../../../stores/store.js";
import { ingestInto, type OpenIngest, type OpenOptions } from "../ingest.js";
import type { IngestReport } from "../ingest-report.js";
import { planIngest } from "../plan.js";
import { makeSelection, requireSelection } from "../selection.js";
import { gateOf, type Hold, surveyOf } from "./holds.js";
import { JUST_COME, type Rest, restOf } from "./rest.js";
import { type Waiting, type WatchReport, watchReport } from "./watch-report.js";

/** Lines about what waits are told once each, and kept for that; a report has so many. */
const TOLD_MAX = 100_000;
const WAITING_MAX = 1_000;
const NAMES_SHOWN = 10;
/** A plan of a long session reads the headers of all its runs: between two is ten times the time that one takes. */
const PLAN_PAUSE = 10;

export interface WatchOptions extends Omit<OpenOptions, "dryRun" | "cluster" | "arriving" | "forceOverwrite"> {
  /** A file is complete when size and time have stayed the same for so long. */
  restMs: number;
  /** Between two listings of the folder. */
  intervalMs: number;
  /** Ends when nothing has come or changed for so long, and for `restMs`. Default: it is stopped. */
  idleMs?: number | undefined;
  /** Is told of each round that has run, so that a catalogue may follow. @returns what failed: the next look tries it again */
  onRound?: ((report: IngestReport) => Promise<readonly ErrorRecord[]>) | undefined;
}

/** What a watch knows of its sources: nothing that a new start would not find out again. */
interface State {
  held: readonly Hold[];
  /** Runs that are in the tree. */
  taken: ReadonlySet<string>;
  /** Monotonic; there is no other plan before. */
  notBeforeMs: number;
  /** A digest of the task ids of the last round that did all it had to: the same ones need no other. */
  done: string;
  rounds: number;
  last: IngestReport | undefined;
  /** What failed beside the last round, in the catalogue that follows. */
  followErrors: readonly ErrorRecord[];
  /** Why there is nothing to take, or no look at it. */
  problem: ErrorRecord | undefined;
  /** Files that rounds have read. */
  read: Set<string>;
  tilts: Map<string, number>;
  without: Map<string, readonly string[]>;
}

/** Reasons to try again at the next look: the network is away, another import runs, a file changed under the plan. */
const PASSING = /^(?:STORE_|NETWORK$|SOURCE_|TARGET_LOCKED$|CONFIG_EMPTY$)/;

/**
 * Ingests what a running acquisition adds, run by run, when each is complete. A round is an ingest of the complete runs, with the
 * journal, the locks and the ids of `ingest run`: after a crash the next start goes on.
 *
 * Ids are given within a run, and a run is taken whole, so the order in which runs arrive changes none.
 *
 * @throws {EmporiumError} CONFIG_…, USAGE before anything is touched
 */
export async function watchIngest(job: OpenIngest, options: WatchOptions): Promise<WatchReport> {
  const { clock, log, signal } = envOf(options);
  const { restMs, intervalMs, idleMs } = options;
  requireSelection(makeSelection(options.selection));
  const rest = restOf(job.source, prefixOf(job), restMs, clock);
  const state: State = {
    ...{ held: [], taken: new Set(), notBeforeMs: 0, done: "", rounds: 0, last: undefined, problem: undefined },
    ...{ followErrors: [], read: new Set(), tilts: new Map(), without: new Map() },
  };
  const told = new Set<string>();
  const tell = () => {
    for (const { key, message, isNews } of waiting(rest, state, job)) {
      if (!isNews || told.has(key) || told.size >= TOLD_MAX) continue;
      told.add(key);
      log.info(`waits: ${message}`);
    }
  };
  let planned = -1;
  let isEnd = false;
  for (;;) {
    try {
      await rest.look(signal);
      isEnd = idleMs !== undefined && clock.monotonic() - rest.changedMs >= Math.max(idleMs, restMs);
      const isNews = rest.version !== planned || state.followErrors.length > 0;
      if (isEnd || (isNews && clock.monotonic() >= state.notBeforeMs)) {
        const { version } = rest;
        await round(job, rest, state, isEnd, options);
        planned = version;
      }
      tell();
      if (isEnd || state.last?.status === "cancelled") break;
    } catch (thrown) {
      const error = asEmporiumError(thrown);
      if (signal?.aborted || error.code === "CANCELLED") break;
      if (!PASSING.test(error.code)) throw thrown;
      const isEmpty = error.code === "CONFIG_EMPTY";
      // before the first file the sources find nothing: why is told when it ends
      if (isEmpty && !state.problem) log.info(`waits: no run is complete yet in ${objectName(job.source, prefixOf(job))}`);
      else if (!isEmpty && !error.message.endsWith(JUST_COME) && state.problem?.message !== error.message)
        log.warn(`waits: ${error.message}`);
      state.problem = toErrorRecord(error);
      planned = isEmpty ? rest.version : -1;
      if (isEmpty) tell();
      if (isEnd) break;
    }
    try {
      await clock.sleep(intervalMs, signal);
    } catch {
      break;
    }
  }
  const wasCut = state.last?.status === "cancelled";
  const gone = [...state.read].filter((key) => !rest.has(key)).map((key) => objectName(job.source, key));
  return watchReport({ ...state, waiting: waiting(rest, state, job), gone, wasCut });
}

function prefixOf({ config: { sourcePrefix } }: OpenIngest): string {
  return sourcePrefix === "" ? "" : `${sourcePrefix}/`;
}

/** Finds out which runs are complete, and ingests exactly these. */
async function round(job: OpenIngest, rest: Rest, state: State, isEnd: boolean, options: WatchOptions): Promise<void> {
  const env = envOf(options);
  refuseGrowingMaps(job, rest);
  const selection = makeSelection(options.selection);
  const survey = surveyOf(rest, job.source);
  const given = { selection, arriving: survey.arriving, threads: options.jobs, open: job.open };
  const beginMs = env.clock.monotonic();
  const plan = await planIngest(job.config, job.source, job.target, { ...options, ...given });
  const nowMs = env.clock.monotonic();
  state.notBeforeMs = nowMs + PLAN_PAUSE * (nowMs - beginMs);
  state.held = await survey.holds(plan.failures, { selection, isEnd });
  state.tilts = new Map(survey.tilts);
  state.without = new Map(survey.without);
  state.problem = undefined;
  const held = new Set(state.held.map(({ dataset, run }) => runFolder(dataset, run)));
  const folderOf = ({ dataset, run }: { dataset?: string | undefined; run?: string | undefined }) =>
    dataset === undefined || run === undefined ? undefined : runFolder(dataset, run);
  const runs = plan.entities.flatMap(({ action, ...where }) => (action === "leave" ? [] : (folderOf(where) ?? [])));
  const complete = new Set(runs.filter((run) => !held.has(run)));
  if (complete.size === 0) return;
  const isHeld = (key: string) => held.has(key.split("/", 2).join("/"));
  const tasks = plan.tasks.filter(({ outputs }) => held.size === 0 || !outputs.some(isHeld));
  const ids = tasks.map(({ id }) => id).sort();
  const digest = createHash("sha256").update(ids.join()).digest("hex");
  if (digest === state.done) return;
  const news = [...complete].filter((run) => !state.taken.has(run));
  const arriving = gateOf(rest, job.source, state.held);
  const report = await ingestInto(job, { ...options, dryRun: false, forceOverwrite: false, arriving });
  state.last = report;
  state.rounds++;
  if (report.status === "cancelled") return;
  state.taken = complete;
  for (const { inputs } of tasks) for (const { key } of inputs) state.read.add(key);
  if (report.exitStatus === 0) state.done = digest;
  const names = news.map((run) => run.slice(run.lastIndexOf("/") + 1)).sort();
  if (report.done > 0) env.log.info(`round ${state.rounds}: ${report.toText().split("\n")[0]}${namesText(names)}`);
  state.followErrors = (await options.onRound?.(report)) ?? [];
  if (state.followErrors.length > 0) state.done = "";
}

/** A table of the runs that is being written tells of some of them. @throws {EmporiumError} SOURCE_INCOMPLETE */
function refuseGrowingMaps({ config, source }: OpenIngest, rest: Rest): void {
  for (const { value } of Object.values(config.maps)) {
    const key = `${config.sourcePrefix}/${value.replace(/^\.?\/+/, "")}`.replace(/^\//, "");
    const why = rest.why(key);
    if (why !== undefined) throw new EmporiumError("SOURCE_INCOMPLETE", `${objectName(source, key)} ${why}`, { retry: "later" });
  }
}

function namesText(names: readonly string[]): string {
  if (names.length === 0) return "";
  return `; new: ${names.slice(0, NAMES_SHOWN).join(", ")}${names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ""}`;
}

/** Runs that are held, and files that are not complete and of which no run speaks. */
function waiting(rest: Rest, { held }: State, { source }: OpenIngest): Waiting[] {
  const list: Waiting[] = held.map(({ dataset, run, reasons }) => ({
    key: `${dataset}/${run}`,
    ...{ dataset, run, reasons },
    message: `${run}: ${reasons[0]}${reasons.length > 1 ? ` and ${reasons.length - 1} more` : ""}`,
    isNews: !reasons.every((reason) => reason.endsWith(JUST_COME)),
  }));
  const spoken = new Set(held.flatMap(({ files }) => [...files]));
  for (const { key, why } of rest.pending()) {
    if (list.length >= WAITING_MAX) break;
    if (spoken.has(key)) continue;
    const name = objectName(source, key);
    list.push({ key, reasons: [`${name} ${why}`], message: `${name} ${why}`, isNews: why !== JUST_COME });
  }
  return list;
}
