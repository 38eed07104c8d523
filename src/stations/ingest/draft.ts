import { asEmporiumError, type ErrorCode, type ErrorRecord, type Place, toErrorRecord } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { Task } from "../../engine/task.js";
import { taskId } from "../../engine/task-id.js";
import type { TypeKey } from "../../model/kinds.js";
import type { GivenId } from "./identifiers.js";

/** The fate of one entity, for people: made, or left and why. */
export interface PlannedEntity {
  readonly kind: TypeKey;
  readonly title: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
  /** `write`: tasks make it. `leave`: nothing to do, `why` says why. `fail`: it cannot be made, `failures` says why. */
  readonly action: "write" | "leave" | "fail";
  readonly why?: string | undefined;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly bytes: number;
  readonly place?: Place | undefined;
}

/** An entity that cannot be made. The others go on. */
export interface PlanFailure {
  readonly error: ErrorRecord;
  readonly entity: string;
  /** For a glob that finds nothing: the paths that it looked for, and what exists instead. Reports add it to the message. */
  readonly lookedFor?: string | undefined;
  /** All files that it is about, where the message names a few of many. */
  readonly files?: readonly string[] | undefined;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
}

/** A failure with all that it keeps from being made. */
export interface ToldFailure extends PlanFailure {
  readonly also?: readonly string[] | undefined;
}

export interface PlanWarning {
  /** All files that it is about, where the message names a few of many: keys. */
  readonly files?: readonly string[] | undefined;
  /** Code of a finding of the account, which `--strict` makes an error; undefined for other warnings. */
  readonly code?: ErrorCode | undefined;
  readonly message: string;
  /** For a glob that finds nothing: the paths that it looked for, and what exists instead. Reports add it to the message. */
  readonly lookedFor?: string | undefined;
  readonly place?: Place | undefined;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
}

/** Dataset and run that an entity belongs to, for messages. */
export interface Location {
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
}

/** A part of a plan in the making. Parts of several runs are made side by side and joined in order. */
export interface Draft {
  readonly tasks: Task[];
  readonly entities: PlannedEntity[];
  readonly failures: PlanFailure[];
  readonly warnings: PlanWarning[];
  /** Ids that entities are given. */
  readonly ids: GivenId[];
}

export function newDraft(): Draft {
  return { tasks: [], entities: [], failures: [], warnings: [], ids: [] };
}

/** Appends a part. Pushed one by one: a plan may have more entities than a call may have arguments. */
export function joinDraft(draft: Draft, part: Draft): void {
  for (const task of part.tasks) draft.tasks.push(task);
  for (const entity of part.entities) draft.entities.push(entity);
  for (const failure of part.failures) draft.failures.push(failure);
  for (const warning of part.warnings) draft.warnings.push(warning);
  for (const id of part.ids) draft.ids.push(id);
}

/**
 * For people and reports: each fault once, at its first entity, with the others in `also`. Two files with one name are one fault,
 * however many entities need them. A fault of several runs names them.
 */
export function toldOnce(failures: readonly PlanFailure[]): ToldFailure[] {
  const byFault = new Map<string, PlanFailure[]>();
  for (const failure of failures) {
    const faults = faultsOf(failure);
    const same = faults.map((fault) => byFault.get(fault)).find((group) => group !== undefined) ?? [];
    same.push(failure);
    for (const fault of faults) byFault.set(fault, same);
  }
  return [...new Set(byFault.values())].map(([first, ...others]) => {
    const { lookedFor, ...told } = first!;
    const runs = inRuns([first!, ...others].flatMap(({ run }) => run ?? []));
    const message = withLooked(runs === "" ? told.error.message : bareMessage(first!), lookedFor) + runs;
    const also = [...new Set(others.map(({ entity }) => entity))].filter((entity) => entity !== first!.entity);
    return { ...told, error: { ...told.error, message }, ...(others.length > 0 && { also }) };
  });
}

const NUMBER = /\d+(?:\.\d+)?/g;

/**
 * For people: what is said of several runs in the same words, once, with their names. Numbers may differ from run to run: those of the first stand for
 * all. What is said of one run with other numbers, such as of its two tomograms, is told each.
 */
export function warnedOnce(warnings: readonly PlanWarning[]): PlanWarning[] {
  const groups = new Map<string, PlanWarning[]>();
  const ofRun = new Map<string, string[]>();
  for (const warning of warnings) {
    const { message, place, run } = warning;
    const bare = withoutRun(message, run);
    const id = `${run === undefined ? bare : bare.replace(NUMBER, "#")} ${place?.file}:${place?.line}:${place?.column}`;
    const said = ofRun.get(`${id} ${run}`) ?? [];
    if (!said.includes(bare)) ofRun.set(`${id} ${run}`, [...said, bare]);
    const at = said.includes(bare) ? said.indexOf(bare) : said.length;
    groups.set(`${id} ${at}`, [...(groups.get(`${id} ${at}`) ?? []), warning]);
  }
  return [...groups.values()].map(([first, ...others]) => {
    const runs = inRuns([first!, ...others].flatMap(({ run }) => run ?? []));
    const isSame = others.every(({ message, run }) => withoutRun(message, run) === withoutRun(first!.message, first!.run));
    return { ...first!, message: first!.message + (isSame ? runs : runs.replace("; in ", "; likewise in ")) };
  });
}

/** The same words, but for the name of the run, of one place are one fault. So is the same message, wherever it stands. */
function faultsOf({ error: { code, message, file, line, column }, run }: PlanFailure): string[] {
  const place = `${file}:${line}:${column}`;
  // one wrong pattern is one fault, whatever names it is held against
  if (code === "CONFIG_REGEX" && line !== undefined) return [`${code} ${place}`];
  return [`${code} ${message}`, `${code} ${withoutRun(message, run)} ${place}`];
}

const LETTER = /[\p{L}\p{N}_]/u;

/** The message with a mark for each place at which the name of the run stands as a word. */
function withoutRun(message: string, run: string | undefined): string {
  if (run === undefined || run === "") return message;
  let bare = "";
  let from = 0;
  for (let at = message.indexOf(run); at >= 0; at = message.indexOf(run, from)) {
    const end = at + run.length;
    const isWord = !LETTER.test(message[at - 1] ?? "") && !LETTER.test(message[end] ?? "");
    bare += message.slice(from, at) + (isWord ? "\0" : run);
    from = end;
  }
  return bare + message.slice(from);
}

function bareMessage({ error: { message }, run }: PlanFailure): string {
  return run !== undefined && message.startsWith(`${run}: `) ? message.slice(run.length + 2) : message;
}

export function withLooked(message: string, lookedFor: string | undefined): string {
  return lookedFor ? `${message}: ${lookedFor}` : message;
}

const RUNS_SHOWN = 5;

/** `; in 3 runs: TS_1, TS_2, TS_3`; nothing of one run, which the message names itself. */
export function inRuns(names: readonly string[]): string {
  const runs = [...new Set(names)].sort();
  if (runs.length < 2) return "";
  return `; in ${counted(runs.length, "run")}: ${runs.slice(0, RUNS_SHOWN).join(", ")}${runs.length > RUNS_SHOWN ? ", …" : ""}`;
}

/** An entity to which nothing is done. */
export function leave(kind: TypeKey, title: string, why: string, where: Location, place?: Place): PlannedEntity {
  return { kind, title, ...where, action: "leave", why, reads: [], writes: [], bytes: 0, place };
}

export function makeTask(task: Omit<Task, "id">): Task {
  return { id: taskId(task), ...task };
}

/** A stopped plan is no failure of the entity that was being looked at. */
export function rethrowCancelled(thrown: unknown): void {
  if (asEmporiumError(thrown).code === "CANCELLED") throw thrown;
}

/** The result of the work, or undefined where it fails: for failures that are reported elsewhere. A cancellation is thrown on. */
export async function orNothing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    rethrowCancelled(error);
    return undefined;
  }
}

/** Notes a failure of one entity. An error without a place gets the one given. */
export function addFailure(
  draft: Draft,
  thrown: unknown,
  entity: string,
  kind: TypeKey,
  where: Location,
  place?: Place,
  reads: readonly string[] = [],
): void {
  rethrowCancelled(thrown);
  const record = toErrorRecord(asEmporiumError(thrown));
  const placed = record.file === undefined && record.url === undefined ? { ...record, ...place } : record;
  draft.failures.push({ error: placed, entity, ...where });
  draft.entities.push({
    kind,
    title: entity,
    ...where,
    action: "fail",
    why: record.message,
    reads,
    writes: [],
    bytes: 0,
    place,
  });
}
