import type { IntegerType } from "../../arrays/stream/plan/forms.js";
import type { ShardCodec } from "../../arrays/stream/plan/layout.js";
import { estimateVolumeMemory } from "../../arrays/stream/plan/memory.js";
import { isVolumeFolder } from "../../arrays/stream/source/open-volume.js";
import { EmporiumError } from "../../core/errors.js";
import { type Report, warningLines } from "../../core/report.js";
import { formatBytes, formatSeconds } from "../../core/units.js";
import { envOf, type GivenEnv } from "../../engine/env.js";
import { othersOutputs } from "../../engine/others-outputs.js";
import { type RunReport, runPlan } from "../../engine/run.js";
import type { ObjectReceipt, PlainObject, Task, TaskPlan } from "../../engine/task.js";
import { taskId } from "../../engine/task-id.js";
import type { IoMode } from "../../stores/io-mode.js";
import { nestingOf } from "../../stores/nesting.js";
import { objectName, type Store } from "../../stores/store.js";
import { openLocation } from "../../stores/url.js";
import { fixedMoment } from "./moment.js";
import { VOLUME_OPERATION } from "./ops/names.js";
import { type VolumeParams, volumeOperation } from "./ops/volume.js";
import { formOf, type OmeZarrVersion, shardParams } from "./ops/volume-params.js";
import { type DTypeChoice, keptType, readVolumeSource, requireZarr, type VolumeSource } from "./volume-source.js";

export interface ConvertOptions extends GivenEnv {
  /** Path or URL of the volume: MRC (also gzip, bzip2), or an OME-Zarr folder. */
  input: string;
  /** Path or URL without extension: `OUT` gives `OUT.mrc` and `OUT.zarr`. */
  output: string;
  mrc: boolean;
  zarr: boolean;
  /** False: a tilt series, z stays from level to level. */
  scaleZ: boolean;
  omeZarr?: OmeZarrVersion | undefined;
  /** Element type of the Zarr's voxels. Default `float32`. */
  dtype?: DTypeChoice | undefined;
  /** Compression of chunks in OME-Zarr 0.5. Default `blosc-lz4`. */
  codec?: ShardCodec | undefined;
  /** Plain bytes that a shard of 0.5 holds at most. Default 2 GiB. */
  shardBytes?: number | undefined;
  /** Also write in the place of something that is not of this workspace's runs. */
  forceOverwrite?: boolean | undefined;
  /** The reference's values where it computes them wrongly. */
  compat: boolean;
  jobs: number;
  memoryBytes: number;
  workspace: string;
  sync: boolean;
  io?: IoMode | undefined;
  checksum?: "sha256" | undefined;
  anonymous: boolean;
}

export interface ConvertReport extends Report {
  status: "done" | "already" | "failed" | "cancelled";
  outputs: readonly ObjectReceipt[];
  /** Shape, type, statistics, contrast percentiles of what was written. */
  facts: PlainObject;
  warnings: readonly string[];
  seconds: number;
}

/**
 * Converts one volume without a config: the same operation, journal and resume as a tomogram of a deposition.
 *
 * @throws {EmporiumError} before anything is touched: STORE_ABSENT, FORMAT_… of the source's header, USAGE,
 *   CONFIG_COLLISION where an output's place is taken by something that nobody here has made, TARGET_LOCKED.
 */
export async function convertVolume(options: ConvertOptions): Promise<ConvertReport> {
  const { anonymous, sync, io, compat, workspace, jobs, memoryBytes } = options;
  const env = envOf(options);
  if (!options.mrc && !options.zarr)
    throw new EmporiumError("USAGE", "--no-mrc and --no-zarr leave nothing to write", { hint: "leave out one of the flags" });
  const from = await openLocation(options.input.replace(/\/+$/, ""), { anonymous, io });
  const to = await openLocation(options.output, { anonymous, sync, io });
  requireZarr(options.dtype, options.zarr);
  const source = await readVolumeSource(from.store, from.key, await isVolumeFolder(from.store, from.key, env.signal), {
    compat,
    signal: env.signal,
  });
  const { dtype, warning } = keptType(source, options.dtype);
  const task = taskOf(source, to.key, { ...options, kept: dtype }, { isRemote: from.store.local === undefined });
  refuseOwnSource(from.store, source.key, to.store, task.outputs);
  if (!options.forceOverwrite) await refuseOthers(to.store, task.outputs, workspace, env.signal);
  const plan: TaskPlan = { createdMs: env.clock.now(), tasks: [task], locks: [to.key] };
  const report = await runPlan(plan, {
    operations: { [VOLUME_OPERATION]: volumeOperation },
    source: from.store,
    target: to.store,
    name: `convert ${to.key}`,
    createdMs: fixedMoment(process.env),
    // nobody looks for hidden parts beside a file that was not made; what was sent to a bucket is not seen there, and costs time
    discardFailed: to.store.local !== undefined,
    ...{ workspace, jobs, memoryBytes, sync },
    ...env,
  });
  return reportOf(report, to.store, warning === undefined ? source.warnings : [...source.warnings, warning]);
}

/** The task of the one volume. */
function taskOf(
  source: VolumeSource,
  to: string,
  options: ConvertOptions & { kept: IntegerType | undefined },
  { isRemote }: { isRemote: boolean },
): Task {
  const params: VolumeParams = {
    kind: options.scaleZ ? "tomogram" : "tiltseries",
    source: source.key,
    mrc: options.mrc ? `${to}.mrc` : null,
    zarr: options.zarr ? `${to}.zarr/` : null,
    metadataKey: null,
    metadata: null,
    spacingAngstrom: null,
    scaleZ: options.scaleZ,
    ...(!options.compat && { keepPlace: true }),
    ...shardParams(options),
    ...(options.kept && { dtype: options.kept }),
    compat: options.compat,
    checksum: options.checksum ?? null,
  };
  const outputs = [params.mrc, params.zarr].filter((key) => key !== null);
  const memory = estimateVolumeMemory({
    shape: [...source.shape],
    threads: options.jobs,
    form: formOf(params),
    mrc: options.mrc,
    remote: isRemote,
    shards: options.zarr && options.omeZarr === "0.5" ? (options.codec ?? "blosc-lz4") : undefined,
  });
  const told = { run: VOLUME_OPERATION, params: { ...params }, inputs: source.inputs, outputs };
  return {
    ...told,
    id: taskId(told),
    title: to,
    needs: [],
    bytes: source.bytes,
    memoryBytes: Math.min(options.memoryBytes, memory),
    threads: "all",
  };
}

const STATES = { done: "done", already: "already there", failed: "failed", blocked: "failed", cancelled: "stopped" } as const;

function reportOf(report: RunReport, target: Store, remarks: readonly string[]): ConvertReport {
  const { state, receipt, error } = report.results[0]!;
  const outputs = receipt?.outputs ?? [];
  const warnings = [...new Set([...remarks, ...(receipt?.warnings ?? [])])];
  return {
    status: state === "blocked" ? "failed" : state,
    // one item that failed is a failure, not a part of something
    exitStatus: report.exitStatus === 3 ? 1 : report.exitStatus,
    outputs,
    facts: receipt?.facts ?? {},
    warnings,
    errors: error ? [error] : report.error ? [report.error] : [],
    seconds: report.seconds,
    toText() {
      const lines = outputs.map(
        ({ key, size, crc32 }) => `${objectName(target, key.replace(/\/$/, ""))}  ${formatBytes(size)}  crc32 ${crc32}`,
      );
      const end = `${STATES[state]} in ${formatSeconds(report.seconds)}`;
      return [...lines, ...warningLines(warnings), end].join("\n");
    },
  };
}

/** @throws {EmporiumError} CONFIG_COLLISION */
async function refuseOthers(to: Store, outputs: readonly string[], workspace: string, signal?: AbortSignal): Promise<void> {
  const [first] = await othersOutputs(to, outputs, { workspace, signal });
  if (first === undefined) return;
  const name = objectName(to, first.replace(/\/$/, ""));
  throw new EmporiumError(
    "CONFIG_COLLISION",
    `${name} exists already, and no run of this workspace has written it as it is now`,
    {
      place: to.local ? { file: name } : { url: name },
      hint: "give another name, move it away, or replace it with --force-overwrite",
    },
  );
}

/** @throws {EmporiumError} USAGE where an output is the source, lies in it, or is a folder around it */
function refuseOwnSource(from: Store, source: string, to: Store, outputs: readonly string[]): void {
  const bare = (key: string) => key.replace(/\/$/, "");
  const own = outputs.find((key) => nestingOf(objectName(to, bare(key)), objectName(from, bare(source))) !== "apart");
  if (own === undefined) return;
  throw new EmporiumError("USAGE", `${objectName(to, bare(own))} would be written over the source`, {
    hint: "choose another name for the output",
  });
}
