import { counted, formatBytes, formatSeconds } from "../../core/units.js";
import type { Store } from "../../stores/store.js";
import { TASK_BYTES } from "./cut.js";
import { END, figuresKey, runFolder } from "./run-files.js";
import { getJson, listRuns, type OpenRun, type Price, type Resources } from "./run-record.js";
import { tasksOf } from "./run-tasks.js";
import type { StageJournals } from "./stage-journals.js";

/**
 * Figures of a stage's work, from what its processes wrote themselves. Counts and times in seconds or hours, as their names say.
 */
export interface StageFigures {
  /** Seconds of a task, over those that were done in this run: median and 95th percentile. */
  readonly taskSecondsP50?: number | undefined;
  readonly taskSecondsP95?: number | undefined;
  /** The same of processes that wrote their end: each did a slice, or what was left of it. */
  readonly sliceSecondsP50?: number | undefined;
  readonly sliceSecondsP95?: number | undefined;
  /** Processors that these processes had, times their hours. */
  readonly cpuHours: number;
  /** Processes that were killed or still run: their time is in no figure. */
  readonly processesWithoutEnd: number;
  /** Slices that were begun more than once. */
  readonly slicesBegunAgain: number;
  /** Tasks that were done before the run. */
  readonly tasksDoneBefore: number;
}

/** A run before it is begun. */
export interface CostEstimate {
  readonly tasks: number;
  readonly readBytes: number;
  readonly stages: readonly { readonly name: string; readonly tasks: number; readonly slices: number }[];
  readonly cpuHours: number;
  /** Bytes that one processor does in a second, from which the hours are: tasks count as 4 MiB beside what they read. */
  readonly bytesPerCpuSecond: number;
  /** `measured`: by `measuredIn`, a run in the same target. `stated`: by nobody here. */
  readonly basis: "measured" | "stated";
  readonly measuredIn?: string | undefined;
  readonly price?: Price | undefined;
  readonly cost?: number | undefined;
}

/**
 * Assumed where no run was measured. 300 MiB of tomograms were converted in 7.3 s by one processor of a shared machine (`ingest run --jobs 1`,
 * each file synced): 43 MB/s. Half of it is left to slower disks and networks.
 */
const STATED_BYTES_PER_CPU_SECOND = 20e6;
/** Runs that took less say nothing of longer ones. */
const MEASURED_CPU_SECONDS_MIN = 60;

export function stageFigures({ attempts, receipts, seeded, doneBefore }: StageJournals, { cpus }: Resources): StageFigures {
  const all = [...attempts.values()].flatMap((slice) => [...slice.values()]);
  const slices = ascending(all.flatMap(({ seconds }) => seconds));
  const tasks = ascending([...receipts.values()].flatMap(({ task, seconds }) => (seeded.has(task) ? [] : [seconds])));
  return {
    ...(tasks.length === 0 ? {} : { taskSecondsP50: at(tasks, 0.5), taskSecondsP95: at(tasks, 0.95) }),
    ...(slices.length === 0 ? {} : { sliceSecondsP50: at(slices, 0.5), sliceSecondsP95: at(slices, 0.95) }),
    cpuHours: rounded((slices.reduce((sum, seconds) => sum + seconds, 0) * cpus) / 3600, 1e9),
    processesWithoutEnd: all.reduce((sum, { processes, seconds }) => sum + processes - seconds.length, 0),
    slicesBegunAgain: [...attempts.values()].filter((slice) => sumOf([...slice.values()], "processes") > 1).length,
    tasksDoneBefore: doneBefore,
  };
}

/** Figures that were kept of a stage whose journals `engine gc` has removed; undefined where none were. */
export function keptFigures(
  { store, folder }: Pick<OpenRun, "store" | "folder">,
  stage: string,
): Promise<StageFigures | undefined> {
  return getJson<StageFigures>(store, `${folder}${figuresKey(stage)}`);
}

/** @returns in the price's currency; undefined without a price */
export function costOf(cpuHours: number, price: Price | undefined): number | undefined {
  return price && rounded(cpuHours * price.perCpuHour, 1e4);
}

/**
 * Seconds until a stage's jobs are through, if as many processes stay at it as there are now; undefined where nothing tells it.
 *
 * @param running processes of the stage that run now, by the engine
 */
export function secondsLeft({ attempts }: StageJournals, open: number, running: number): number | undefined {
  const ended = [...attempts.values()].flatMap((slice) => [...slice.values()]).filter(({ ended }) => ended);
  const done = sumOf(ended, "done");
  if (open <= 0 || done === 0 || running === 0) return undefined;
  const seconds = ended.reduce((sum, attempt) => sum + attempt.seconds.reduce((all, one) => all + one, 0), 0);
  return Math.ceil(((seconds / done) * open) / running);
}

/**
 * Estimates the cost of tasks from their bytes and the rate of an earlier run of the station in the target. Reads that run's
 * journals.
 *
 * @param left work that is to be done
 */
export async function estimateCost(
  target: Store,
  station: string,
  stages: CostEstimate["stages"],
  left: WorkLeft,
  price: Price | undefined,
): Promise<CostEstimate> {
  const { tasks, readBytes } = left;
  const { bytesPerCpuSecond, run } = await rateOf(target, station);
  const cpuHours = rounded(cpuSecondsOf(left, bytesPerCpuSecond) / 3600, 1e4);
  return {
    tasks,
    readBytes,
    stages,
    cpuHours,
    bytesPerCpuSecond: Math.round(bytesPerCpuSecond),
    basis: run === undefined ? "stated" : "measured",
    ...(run === undefined ? {} : { measuredIn: run }),
    ...(price ? { price, cost: costOf(cpuHours, price) } : {}),
  };
}

/** Number of tasks, and the bytes that they read together. */
export interface WorkLeft {
  readonly tasks: number;
  readonly readBytes: number;
}

export function workOf(tasks: readonly { readonly bytes: number }[]): WorkLeft {
  return { tasks: tasks.length, readBytes: sumOf(tasks, "bytes") };
}

export function cpuSecondsOf({ tasks, readBytes }: WorkLeft, bytesPerCpuSecond: number): number {
  return (readBytes + tasks * TASK_BYTES) / bytesPerCpuSecond;
}

/**
 * Bytes that one processor does in a second, with the id of the run in which that was measured; `run` is absent where none was.
 */
export async function rateOf(target: Store, station: string): Promise<{ bytesPerCpuSecond: number; run?: string | undefined }> {
  return (await measuredRate(target, station)) ?? { bytesPerCpuSecond: STATED_BYTES_PER_CPU_SECOND };
}

/**
 * Rate of the newest run that did all of its plan, and in which no process was lost: its bytes are known without reading its
 * tasks.
 */
async function measuredRate(target: Store, station: string) {
  for (const record of (await listRuns(target)).reverse()) {
    if (record.station !== station) continue;
    const end = await getJson<{ exitStatus: number; done: number }>(target, `${runFolder(record.id)}${END}`);
    if (end?.exitStatus !== 0) continue;
    const folder = runFolder(record.id);
    const figures: StageFigures[] = [];
    const tasks = tasksOf({ record, store: target, folder, url: folder });
    for (const stage of record.stages) {
      const kept = await keptFigures({ store: target, folder }, stage.name);
      figures.push(kept ?? stageFigures(await tasks.journals(stage), record.resources));
    }
    const cpuSeconds = sumOf(figures, "cpuHours") * 3600;
    const isWhole = sumOf(figures, "tasksDoneBefore") + sumOf(figures, "processesWithoutEnd") === 0;
    if (!isWhole || cpuSeconds < MEASURED_CPU_SECONDS_MIN) continue;
    return { run: record.id, bytesPerCpuSecond: (record.bytes + record.tasks * TASK_BYTES) / cpuSeconds };
  }
  return undefined;
}

/** Lines for people before a run is begun. */
export function estimateLines({ readBytes, tasks, stages, cpuHours, cost, price, ...rate }: CostEstimate): string[] {
  const perSecond = `${formatBytes(rate.bytesPerCpuSecond)} a second and processor`;
  const from =
    rate.basis === "measured"
      ? `as the run ${rate.measuredIn} was measured`
      : "a stated rate: no longer run was measured in this target";
  return [
    `${counted(tasks, "task")}: ${stages.map(({ name, slices }) => `${counted(slices, "slice")} of ${name}`).join(", ")}`,
    `about ${hours(cpuHours)}${cost === undefined ? "" : `, ${money(cost, price)}`}: ${formatBytes(readBytes)} to read, at ${perSecond} (${from})`,
  ];
}

/** Words for people about a stage that has begun. */
export function figuresWords(figures: StageFigures): string[] {
  const { taskSecondsP50, taskSecondsP95, sliceSecondsP50, sliceSecondsP95, cpuHours, slicesBegunAgain } = figures;
  return [
    ...(sliceSecondsP50 === undefined
      ? []
      : [`a slice ${formatSeconds(sliceSecondsP50)} (95 %: ${formatSeconds(sliceSecondsP95!)})`]),
    ...(taskSecondsP50 === undefined
      ? []
      : [`a task ${formatSeconds(taskSecondsP50)} (95 %: ${formatSeconds(taskSecondsP95!)})`]),
    ...(cpuHours > 0 ? [hours(cpuHours)] : []),
    ...(slicesBegunAgain > 0 ? [`${counted(slicesBegunAgain, "slice")} begun again`] : []),
  ];
}

/** Lines for people about a run as a whole. @param isOver nothing of it runs any more */
export function costLines(cpuHours: number, price: Price | undefined, processesWithoutEnd: number, isOver: boolean): string[] {
  if (cpuHours === 0) return [];
  const cost = costOf(cpuHours, price);
  const told = cost === undefined ? hours(cpuHours) : `${hours(cpuHours)}, ${money(cost, price)}`;
  const without =
    isOver && processesWithoutEnd > 0
      ? `; without those of ${counted(processesWithoutEnd, "process", "processes")} that were killed`
      : "";
  return [`${told}${without}`];
}

function hours(cpuHours: number): string {
  return `${cpuHours < 10 ? Number(cpuHours.toPrecision(2)) : Math.round(cpuHours)} CPU hours`;
}

function money(amount: number, price: Price | undefined): string {
  const currency = price?.currency === undefined ? "" : ` ${price.currency}`;
  return `${amount.toFixed(2)}${currency} at ${price?.perCpuHour}${currency} a CPU hour`;
}

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const rounded = (value: number, parts: number) => Math.round(value * parts) / parts;

function at(sorted: readonly number[], part: number): number {
  return rounded(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!, 1000);
}

function sumOf<K extends string>(items: readonly Readonly<Record<K, number>>[], key: K): number {
  return items.reduce((sum, item) => sum + item[key], 0);
}
