import { formatBytes, formatSeconds } from "../../../core/units.js";
import { PHASES, type StageFigures } from "../../../engine/blocks/figures.js";
import type { BlockRunReport } from "../../../engine/blocks/run-blocks.js";

/** Bytes that the blocks of a stage read together, and how many of them more than once, because of halos. */
export interface StageReads {
  readonly name: string;
  readonly bytesRead: number;
  readonly bytesAgain: number;
}

/** Measurements of a stage of a graph in this run. */
interface GraphStageFigures extends StageFigures, StageReads {}

/** Measurements of a run. */
export interface GraphFigures {
  readonly stages: readonly GraphStageFigures[];
  /**
   * Most resident memory of all worker processes together, with the program itself in each: more than `--memory`, which is for
   * buffers. Absent where there are no worker processes.
   */
  readonly rssBytesMax?: number | undefined;
  /** The part of the time of worker processes in which they had nothing to do. */
  readonly idleShare?: number | undefined;
  /** Seconds of a worker process that each block took beside its own work. */
  readonly overheadSeconds?: number | undefined;
}

export function figuresOf(
  stages: readonly StageReads[],
  { stages: taken, use, overheadSeconds }: Pick<BlockRunReport, "stages" | "use" | "overheadSeconds">,
): GraphFigures {
  return {
    stages: taken.map((figures) => {
      const { bytesRead = 0, bytesAgain = 0 } = stages.find(({ name }) => name === figures.name) ?? {};
      return { ...figures, bytesRead, bytesAgain };
    }),
    ...(use ? { rssBytesMax: use.rssBytesMax, idleShare: use.idleShare } : {}),
    ...(overheadSeconds === undefined ? {} : { overheadSeconds }),
  };
}

/**
 * Lines for people: a table with a row for each stage, the median and the 95th percentile of each phase, then the rest of the
 * figures.
 */
export function figureLines({ stages, rssBytesMax, idleShare, overheadSeconds }: GraphFigures): string[] {
  if (stages.length === 0) return [];
  const rows = [
    ["stage", "blocks", ...PHASES, "CPU", "again"],
    ...stages.map(({ name, blocks, phases, cpuSeconds, again }) => [
      name,
      String(blocks),
      ...PHASES.map((phase) => (phases[phase].sum > 0 ? `${short(phases[phase].p50)}/${short(phases[phase].p95)}` : "-")),
      cpuSeconds > 0 ? formatSeconds(cpuSeconds) : "-",
      String(again),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join("  "),
  );
  const again = stages.reduce((sum, { bytesAgain }) => sum + bytesAgain, 0);
  const words = [
    rssBytesMax === undefined || rssBytesMax === 0 ? "" : `at most ${formatBytes(rssBytesMax)} of memory in the worker processes`,
    idleShare === undefined ? "" : `${Math.round(100 * idleShare)} % idle`,
    overheadSeconds === undefined ? "" : `${short(overheadSeconds)} overhead per block`,
    again > 0 ? `${formatBytes(again)} read twice for halos` : "",
  ].filter((word) => word !== "");
  return [
    "time per block, median / 95th percentile:",
    ...lines.map((line) => `  ${line}`),
    ...(words.length > 0 ? [words.join(", ")] : []),
  ];
}

/** Seconds in three characters or so: `850us`, `12ms`, `3.4s`. */
function short(seconds: number): string {
  if (seconds < 1e-3) return `${Math.round(seconds * 1e6)}us`;
  return seconds < 1 ? `${Math.round(seconds * 1e3)}ms` : `${Number(seconds.toPrecision(2))}s`;
}
