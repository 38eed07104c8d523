import type { Triple } from "../../../../core/box.js";
import { systemClock } from "../../../../core/clock.js";
import { type DType, ITEM_BYTES } from "../../../../core/dtype.js";
import { canonicalJson } from "../../../../engine/task-id.js";
import { type ExternalParams, type ExternalSettings, namesOf } from "./fields.js";
import { type ClaimedGpus, claimGpus } from "./gpus.js";
import { type Program, startProgram } from "./program.js";

/** A program with the data types, core shape (`cell`) and volume shape (`whole`) that it is started for. */
export interface ProgramUse {
  readonly params: ExternalParams;
  readonly settings: ExternalSettings;
  readonly dtypes: readonly DType[];
  readonly cell: Triple;
  readonly whole: Triple;
}

/** Programs of this process, by what they compute: each is started once, and again where it has ended. */
const running = new Map<string, Promise<Program>>();
/** GPUs of this process: all of its programs share them, for it computes one block at a time. */
let gpus: ClaimedGpus | undefined;

/** @throws {EmporiumError} PROGRAM_FAILED, STREAM_PROTOCOL */
export async function programFor(use: ProgramUse): Promise<Program> {
  const key = canonicalJson([use.params, use.settings.command, use.cell, use.whole, use.dtypes]);
  const known = await running.get(key);
  if (known?.isAlive) return known;
  const program = start(use);
  running.set(key, program);
  program.catch(() => running.delete(key));
  return program;
}

/** Ends all programs of this process and gives their GPUs back. */
export async function closePrograms(): Promise<void> {
  const programs = [...running.values()];
  running.clear();
  for (const started of await Promise.allSettled(programs)) if (started.status === "fulfilled") await started.value.close();
  gpus?.release();
  gpus = undefined;
}

async function start({ params, settings, dtypes, cell, whole }: ProgramUse): Promise<Program> {
  const { batch, halo, dtype, name } = params;
  const timeoutMs = settings.timeout * 1000;
  const voxels = cell.reduce((product, length, axis) => product * (length + 2 * halo[axis]!), batch);
  const arrays = Object.fromEntries(namesOf(params).map((input, at) => [input, { dtype: dtypes[at]! }]));
  return startProgram({
    command: settings.command,
    gpus: settings.gpu > 0 ? await ownGpus(settings.gpu, timeoutMs) : undefined,
    timeoutMs,
    hello: { node: name, arrays, result: dtype, whole, batch },
    batchBytes: dtypes.reduce((sum, one) => sum + voxels * ITEM_BYTES[one], 0),
    resultBytes: cell.reduce((product, length) => product * length, batch * ITEM_BYTES[dtype]),
    clock: systemClock,
  });
}

async function ownGpus(count: number, waitMs: number): Promise<readonly string[]> {
  if ((gpus?.names.length ?? 0) < count) {
    gpus?.release();
    gpus = undefined;
    gpus = await claimGpus(count, systemClock, { waitMs });
  }
  return gpus!.names.slice(0, count);
}
