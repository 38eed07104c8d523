import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { type Env, envOf } from "../../../engine/env.js";
import type { OnEvent } from "../../../engine/events.js";
import type { Task } from "../../../engine/task.js";
import { runFolder } from "../../../model/layout.js";
import { objectName } from "../../../stores/store.js";
import { ingestInto, type OpenIngest, type OpenOptions } from "../ingest.js";
import type { IngestReport } from "../ingest-report.js";
import type { DecisionsDocument } from "../laboratory/decisions-file.js";
import { planIngest } from "../plan.js";
import { makeSelection, requireSelection } from "../selection.js";
import { gateOf, type Hold, refusedHolds, surveyOf } from "./holds.js";
import { JUST_COME, lacking, type Rest, restOf } from "./rest.js";
import { concernedBy } from "./settled.js";
import { type UnknownFiles, unknownFiles, unknownText } from "./unknown-files.js";
import { type Waiting, type WatchReport, watchReport } from "./watch-report.js";

/** Lines about what waits are told once each, and kept for that; a report has so many. */
const TOLD_MAX = 100_000;
const WAITING_MAX = 1_000;
const NAMES_SHOWN = 10;
/** Lines about waiting runs and files that are shown while watching, at most. */
const LINES_SHOWN = 20;
/** A plan of a long session reads the headers of all its runs: between two is ten times the time that one takes. */
const PLAN_PAUSE = 10;

export interface WatchOptions extends Omit<OpenOptions, "dryRun" | "cluster" | "arriving" | "forceOverwrite"> {
  /** Time for which a file's size and time must have stayed the same before it counts as complete. */
  restMs: number;
  /** Time between two listings of the folder. */
  intervalMs: number;
  /** Ends when nothing has come or changed for so long, and for `restMs`. Default: it is stopped. */
  idleMs?: number | undefined;
  /** The file of decisions beside the configuration: what it leaves out is not told as unknown. */
  decisions?: DecisionsDocument | undefined;
  /** Is called after each round, so that a catalogue may follow. @returns its errors: the next look tries again */
  onRound?: ((report: IngestReport) => Promise<readonly ErrorRecord[]>) | undefined;
}

/** State of a watch: nothing that a new start would not find out again. */
interface State {
  held: readonly Hold[];
  /** Runs that are in the tree. */
  taken: ReadonlySet<string>;
  /** Runs of `taken` that no news has concerned since, with the globs that were looked for in each. A round plans the others. */
  settled: Map<string, ReadonlySet<string>>;
  /** Time of the earliest next plan, on the monotonic clock. */
  notBeforeMs: number;
  /** A digest of the task ids of the last round, where it did all it had to: the same ones need no other. */
  done: string;
  rounds: number;
  last: IngestReport | undefined;
  /** Warnings of all runs that are taken; a round reports only those of its own runs. */
  warnings: readonly object[];
  /** Failures after the last round, in the catalogue that follows it. */
  followErrors: readonly ErrorRecord[];
  /** Reason why there is nothing to take, or why the sources cannot be looked at. */
  problem: ErrorRecord | undefined;
  /** Files that rounds have read. */
  read: Set<string>;
  unknown: UnknownFiles;
  tilts: Map<string, number>;
  without: Map<string, readonly string[]>;
}

/** Reasons to try again at the next look: the network is away, another import runs, a file changed under the plan. */
const PASSING = /^(?:STORE_|NETWORK$|SOURCE_|TARGET_LOCKED$|CONFIG_EMPTY$)|^CONFIG_(?:SHARED|SPACING|COUNTS|ROLE)$/;

/**
 * Ingests what a running acquisition adds, run by run, when each is complete. A round is an ingest of the complete runs, with the
 * journal, the locks and the ids of `ingest run`: after a crash the next start goes on.
 *
 * Ids are given within a run, and a run is taken whole, so the order in which runs arrive changes none.
 *
 * @throws {EmporiumError} CONFIG_…, USAGE before anything is touched
 */
export async function watchIngest(job: OpenIngest, options: WatchOptions): Promise<WatchReport> {
  const { clock, log, signal, onEvent } = envOf(options);
  const { restMs, intervalMs, idleMs } = options;
  requireSelection(makeSelection(options.selection));
  // who looks on sees it before the first round makes a journal
  await mkdir(options.workspace, { recursive: true });
  const rest = restOf(job.source, prefixOf(job), restMs, clock);
  const state: State = {
    ...{
      held: [],
      taken: new Set(),
      settled: new Map(),
      warnings: [],
      notBeforeMs: 0,
      done: "",
      rounds: 0,
      last: undefined,
      problem: undefined,
    },
    unknown: unknownFiles(prefixOf(job), options.decisions),
    ...{ followErrors: [], read: new Set(), tilts: new Map(), without: new Map() },
  };
  const told = new Set<string>();
  let shown = "";
  /** For who looks on: between two rounds it waits, and no round is the last one. */
  const show = () => {
    const left = waiting(rest, state, job).map(({ message }) => message);
    if (state.problem && state.problem.code !== "CONFIG_EMPTY") left.unshift(state.problem.message);
    const waits = { taken: state.taken.size, count: left.length, lines: left.slice(0, LINES_SHOWN) };
    const text = [waits.taken, waits.count, ...waits.lines].join("\n");
    if (text === shown) return;
    shown = text;
    onEvent({ kind: "waiting", atMs: clock.monotonic(), ...waits });
  };
  const shownRound: OnEvent = (event) => {
    if (event.kind === "plan") shown = "";
    onEvent(event.kind === "plan" ? { ...event, isPart: true } : event);
  };
  const tell = () => {
    show();
    for (const { key, message, isNews, refusal } of waiting(rest, state, job)) {
      // that a run is refused is told also where it was told before that it is not complete
      const id = refusal ? `${key} ${refusal.message}` : key;
      if (!isNews || told.has(id) || told.size >= TOLD_MAX) continue;
      told.add(id);
      log[refusal ? "warn" : "info"](`waiting: ${message}`);
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
        await round(job, rest, state, isEnd, { ...options, onEvent: shownRound }, show);
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
      if (isEmpty && !state.problem) log.info(`waiting: ${lacking(job.source, prefixOf(job), "run")}`);
      else if (!isEmpty && !error.message.endsWith(JUST_COME) && state.problem?.message !== error.message)
        log.warn(`waiting: ${error.message}`);
      state.problem = toErrorRecord(error);
      // the same files are refused again: a look that brings others is worth a plan
      planned = error.code.startsWith("CONFIG_") ? rest.version : -1;
      if (isEmpty) tell();
      else show();
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
  const unknown = state.unknown.all.filter((key) => rest.has(key)).map((key) => objectName(job.source, key));
  return watchReport({ ...state, waiting: waiting(rest, state, job), gone, unknown, wasCut });
}

function prefixOf({ config: { sourcePrefix } }: OpenIngest): string {
  return sourcePrefix === "" ? "" : `${sourcePrefix}/`;
}

/** Finds out which runs are complete, and ingests exactly these. */
async function round(
  job: OpenIngest,
  rest: Rest,
  state: State,
  isEnd: boolean,
  options: WatchOptions,
  show: () => void,
): Promise<void> {
  const env = envOf(options);
  await unsettle(job, rest, state.settled, isEnd);
  refuseGrowingMaps(job, rest);
  const selection = makeSelection(options.selection);
  const { settled } = state;
  const survey = surveyOf(rest, job.source, settled);
  const given = { selection, arriving: survey.arriving, threads: options.jobs, open: job.open };
  const beginMs = env.clock.monotonic();
  const plan = await planIngest(job.config, job.source, job.target, { ...options, ...given });
  const incomplete = await survey.holds(plan.failures, { selection, isEnd });
  state.held = [...incomplete, ...refusedHolds(plan, incomplete)];
  const spoken = new Set(state.held.flatMap(({ files }) => [...files]));
  const taken = [...state.taken].map((run) => run.slice(run.lastIndexOf("/") + 1));
  const isQuiet = state.held.length === 0 && rest.pending().length === 0;
  const unknown = await state.unknown.take(plan, { rest, spoken, isOfAll: settled.size === 0, taken, isQuiet });
  tellUnknown(unknown, job, env.log);
  const nowMs = env.clock.monotonic();
  state.notBeforeMs = nowMs + PLAN_PAUSE * (nowMs - beginMs);
  for (const run of survey.globs.keys()) state.without.delete(run);
  state.tilts = new Map([...state.tilts, ...survey.tilts]);
  state.without = new Map([...state.without, ...survey.without]);
  state.problem = undefined;
  const held = new Set(state.held.map(({ dataset, run }) => runFolder(dataset, run)));
  const folderOf = ({ dataset, run }: { dataset?: string | undefined; run?: string | undefined }) =>
    dataset === undefined || run === undefined ? undefined : runFolder(dataset, run);
  const runs = plan.entities.flatMap(({ action, ...where }) => (action === "leave" ? [] : (folderOf(where) ?? [])));
  const complete = new Set(runs.filter((run) => !held.has(run) && !settled.has(run)));
  if (complete.size === 0) return;
  const isHeld = (key: string) => held.has(key.split("/", 2).join("/"));
  const tasks = plan.tasks.filter(({ outputs }) => held.size === 0 || !outputs.some(isHeld));
  const ids = tasks.map(({ id }) => id).sort();
  const digest = createHash("sha256").update(ids.join()).digest("hex");
  if (digest === state.done) return;
  const news = [...complete].filter((run) => !state.taken.has(run));
  const arriving = gateOf(rest, job.source, state.held, settled);
  const report = await ingestInto(job, { ...options, dryRun: false, forceOverwrite: false, arriving });
  state.last = report;
  state.rounds++;
  if (report.status === "cancelled") return;
  state.warnings = settled.size === 0 ? report.warnings : together(state.warnings, report.warnings);
  const failing = failingRuns(tasks, report);
  for (const run of complete) if (!failing.has(run)) settled.set(run, survey.globs.get(run) ?? new Set());
  state.taken = new Set([...settled.keys(), ...complete]);
  for (const { inputs } of tasks) for (const { key } of inputs) state.read.add(key);
  if (report.exitStatus === 0) state.done = digest;
  const names = news.map((run) => run.slice(run.lastIndexOf("/") + 1)).sort();
  if (report.done > 0) env.log.info(`round ${state.rounds}: ${report.toText().split("\n")[0]}${namesText(names)}`);
  show();
  state.followErrors = (await options.onRound?.(report)) ?? [];
  if (state.followErrors.length > 0) state.done = "";
}

/** A file of a kind that the configuration does not know is told once, when it is complete. */
function tellUnknown(keys: readonly string[], { source }: OpenIngest, log: Env["log"]): void {
  if (keys.length > 0) log.warn(unknownText(keys.map((key) => objectName(source, key))));
}

/**
 * Unsettles the runs that the news concerns: those whose globs find a file that has come, changed or gone since the last plan, or
 * all of them where it is a table of the runs. The last plan is of all runs: it sees what else has changed, on the target, too.
 */
async function unsettle({ config }: OpenIngest, { news }: Rest, settled: State["settled"], isEnd: boolean): Promise<void> {
  if (isEnd || Object.values(config.maps).some(({ value }) => news.has(keyOf(config, value)))) settled.clear();
  for (const run of await concernedBy(news, settled)) settled.delete(run);
  news.clear();
}

/** Folders of runs of which a round has not made everything. */
function failingRuns(tasks: readonly Task[], { exitStatus, outputs }: IngestReport): Set<string> {
  if (exitStatus === 0) return new Set();
  const made = new Set(outputs.map(({ key }) => key));
  const left = tasks.flatMap((task) => task.outputs.filter((key) => !made.has(key)));
  return new Set(left.map((key) => key.split("/", 2).join("/")));
}

function together(before: readonly object[], more: readonly object[]): object[] {
  const known = new Map([...before, ...more].map((one) => [Object.values(one).join("\n"), one]));
  return [...known.values()];
}

/** A table of the runs that is being written tells of some of them. @throws {EmporiumError} SOURCE_INCOMPLETE */
function refuseGrowingMaps({ config, source }: OpenIngest, rest: Rest): void {
  for (const { value } of Object.values(config.maps)) {
    const key = keyOf(config, value);
    const why = rest.why(key);
    if (why !== undefined) throw new EmporiumError("SOURCE_INCOMPLETE", `${objectName(source, key)} ${why}`, { retry: "later" });
  }
}

function keyOf({ sourcePrefix }: OpenIngest["config"], path: string): string {
  return `${sourcePrefix}/${path.replace(/^\.?\/+/, "")}`.replace(/^\//, "");
}

function namesText(names: readonly string[]): string {
  if (names.length === 0) return "";
  return `; new: ${names.slice(0, NAMES_SHOWN).join(", ")}${names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ""}`;
}

/** Runs that are held, and files that are not complete and of which no run speaks. */
function waiting(rest: Rest, { held }: State, { source }: OpenIngest): Waiting[] {
  const list: Waiting[] = held.map(({ dataset, run, reasons, refusal }) => ({
    key: `${dataset}/${run}`,
    ...{ dataset, run, reasons, refusal },
    message: `${reasons[0]!.startsWith(`${run}: `) ? "" : `${run}: `}${reasons[0]}${reasons.length > 1 ? ` and ${reasons.length - 1} more` : ""}`,
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
