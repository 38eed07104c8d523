import type { Clock } from "../../../core/clock.js";
import type { RunCommand } from "../../../engine/executors/engine-command.js";
import { nvidiaSmi } from "../nvidia-smi.js";

/** Use of the first GPU while blocks were measured. */
export interface GpuUse {
  /** 0 to 1, the mean. */
  readonly utilization: number;
  readonly memoryMiBMax: number;
  readonly samples: number;
}

const INTERVAL_MS = 200;
const QUERY = ["--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "--id=0"];

/** Asks nvidia-smi five times a second until `done` is settled. Undefined where there is no GPU. */
export async function watchGpu(run: RunCommand, clock: Clock, done: Promise<unknown>): Promise<GpuUse | undefined> {
  let isDone = false;
  const end = done.finally(() => {
    isDone = true;
  });
  end.catch(() => {}); // told where the blocks are measured
  const seen: (readonly [utilization: number, memory: number])[] = [];
  do {
    const [line] = (await nvidiaSmi(run, QUERY)) ?? [];
    if (line === undefined) return undefined;
    const [utilization, memory] = line.split(",").map(Number);
    if (Number.isFinite(utilization) && Number.isFinite(memory)) seen.push([utilization!, memory!]);
    if (!isDone) await clock.sleep(INTERVAL_MS);
  } while (!isDone);
  if (seen.length === 0) return undefined;
  return {
    utilization: seen.reduce((sum, [use]) => sum + use, 0) / seen.length / 100,
    memoryMiBMax: Math.max(...seen.map(([, memory]) => memory)),
    samples: seen.length,
  };
}
