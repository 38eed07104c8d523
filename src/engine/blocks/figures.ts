import type { PlainObject } from "../task.js";
import type { BlockSource, PlacedStage } from "./block-source.js";

/** Phases of a block's time: until stores have answered, decoding, copying into the block, computing, encoding, writing. */
export const PHASES = ["wait", "decode", "copy", "compute", "encode", "store"] as const;
export type Phase = (typeof PHASES)[number];

/** Seconds of each phase. */
export type PhaseSeconds = Readonly<Record<Phase, number>>;

/** Columns of a row of figures, in seconds: the block's own time, that of processors (of all threads), the phases. */
const FIGURE_COLUMNS = 2 + PHASES.length;

/** @param facts of the outcome; phases that it does not name are 0 */
export function figureRow(seconds: number, cpuSeconds: number, facts: PlainObject | undefined): number[] {
  const phases = (facts?.phases ?? {}) as Partial<PhaseSeconds>;
  return [seconds, cpuSeconds, ...PHASES.map((phase) => phases[phase] ?? 0)];
}

/** Median and 95th percentile, within 6 %. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

/** Figures of the blocks that a run did of a stage. Times are seconds. */
export interface StageFigures {
  readonly name: string;
  /** Blocks of which figures are known. */
  readonly blocks: number;
  readonly seconds: Spread & { readonly sum: number };
  readonly cpuSeconds: number;
  readonly phases: Readonly<Record<Phase, Spread & { readonly sum: number }>>;
  /** Attempts beyond the first of each block. */
  readonly again: number;
}

/** Collects figures of all stages. Memory: some 15 KiB a stage, however many blocks. */
export interface FigureCollector {
  add(index: number, row: readonly number[]): void;
  addAgain(index: number, attempts: number): void;
  stages(): StageFigures[];
  /** Seconds that the blocks of all stages took; `blocks` is their number. */
  readonly seconds: number;
  readonly blocks: number;
}

export function collectFigures(source: BlockSource): FigureCollector {
  const collected = new Map<PlacedStage, { columns: Histogram[]; again: number }>();
  const of = (index: number) => {
    const stage = source.stageOf(index);
    const known = collected.get(stage) ?? { columns: Array.from({ length: FIGURE_COLUMNS }, histogram), again: 0 };
    collected.set(stage, known);
    return known;
  };
  let [seconds, blocks] = [0, 0];
  return {
    add(index, row) {
      seconds += row[0]!;
      blocks++;
      for (const [at, column] of of(index).columns.entries()) column.add(row[at]!);
    },
    addAgain(index, attempts) {
      of(index).again += attempts;
    },
    stages: () =>
      [...collected].map(([{ name }, { columns, again }]) => {
        const [all, cpu, ...phases] = columns as [Histogram, Histogram, ...Histogram[]];
        const byPhase = Object.fromEntries(PHASES.map((phase, at) => [phase, phases[at]!.summary()]));
        return {
          ...{ name, blocks: all.count, seconds: all.summary(), cpuSeconds: cpu.summary().sum, again },
          phases: byPhase as StageFigures["phases"],
        };
      }),
    get seconds() {
      return seconds;
    },
    get blocks() {
      return blocks;
    },
  };
}

/** Bins of a factor of ten, from a microsecond to 10^6 s. */
const BINS_A_DECADE = 20;
const LEAST = 1e-6;
const BINS = 12 * BINS_A_DECADE;

interface Histogram {
  readonly count: number;
  add(seconds: number): void;
  summary(): Spread & { readonly sum: number };
}

/** Times by their order of magnitude. */
function histogram(): Histogram {
  const bins = new Uint32Array(BINS + 1); // the first is for what is shorter than can be told
  let [count, sum] = [0, 0];
  function below(share: number): number {
    let left = Math.ceil(share * count);
    for (let bin = 0; bin <= BINS; bin++) {
      left -= bins[bin]!;
      if (left <= 0) return bin === 0 ? 0 : LEAST * 10 ** ((bin - 0.5) / BINS_A_DECADE);
    }
    return 0;
  }
  return {
    get count() {
      return count;
    },
    add(seconds) {
      const bin = seconds < LEAST ? 0 : 1 + Math.floor(Math.log10(seconds / LEAST) * BINS_A_DECADE);
      bins[Math.min(BINS, bin)]!++;
      count++;
      sum += seconds;
    },
    summary: () => ({ p50: below(0.5), p95: below(0.95), sum }),
  };
}
