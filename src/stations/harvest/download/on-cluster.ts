import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { EmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { Report } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { readTasks } from "../../../engine/cluster/graph.js";
import { readDead } from "../../../engine/cluster/judge.js";
import { fewSlots, SLOTS_MAX } from "../../../engine/cluster/of-others.js";
import { type ClusterUse, runOnCluster, type SubmittedReport, submittedReport } from "../../../engine/cluster/on-cluster.js";
import {
  asPlain,
  readResult,
  removeTaskLocks,
  resultOperation,
  resultTasks,
  runSeconds,
} from "../../../engine/cluster/results.js";
import { runFolder } from "../../../engine/cluster/run-files.js";
import type { OpenRun, RunRecord } from "../../../engine/cluster/run-record.js";
import type { ClusterStation } from "../../../engine/cluster/work.js";
import type { Env } from "../../../engine/env.js";
import type { Plain, PlainObject, Task, TaskContext } from "../../../engine/task.js";
import { makePaces, type Paces } from "../../../net/pace.js";
import { portalClient } from "../../../portals/client.js";
import { fileStore } from "../../../stores/file/store.js";
import type { IoMode } from "../../../stores/io-mode.js";
import { openStore } from "../../../stores/url.js";
import { AT_ONCE_MIN, noteFaults } from "./carry-out.js";
import { probeFolding } from "./folding.js";
import { type Manifest, openManifest } from "./manifest.js";
import type { DownloadOptions } from "./options.js";
import { packing, unpack } from "./packed.js";
import type { DownloadPlan, PlanFault } from "./plan.js";
import { bytesToWrite, nameAll } from "./plan-checks.js";
import { openRemote, type Remote, type StoreName } from "./remote.js";
import { type DownloadReport, doneReport, tally } from "./report.js";
import { checkRoom } from "./room.js";
import { sumsOf } from "./sums.js";
import { type Due, type Fetched, runTransfers } from "./transfers.js";

/** Facts that a node needs beside the objects of a task. */
interface DownloadParams {
  readonly dest: string;
  readonly manifest: string;
  readonly stores: StoreName[];
  /** Checksum files of each set of objects, by the index of the set. */
  readonly sums: PlainObject[][];
  readonly bases: [string, string][];
  readonly anonymous: boolean | null;
  readonly allowPrivate: boolean;
  readonly forceOverwrite: boolean;
  readonly sync: boolean;
  readonly io: IoMode;
  /** Workers that share a host's limits. */
  readonly sharers: number;
  readonly connections: number | null;
  readonly bytesPerSecond: number | null;
  readonly requestsPerSecond: number | null;
  readonly warnings: string[];
  readonly faults: PlanFault[];
}

/** Numbers of files, and of bytes, with which a task is full. */
const BATCH_FILES = 50;
const BATCH_BYTES = 256 * 1024 * 1024;

export interface ClusterDownload {
  readonly dest: string;
  readonly manifestPath: string;
  readonly remote: Remote;
  readonly warnings: readonly string[];
}

/**
 * Carries out a plan with the jobs of a cluster, each of which fetches some of its files into the destination. The run's own
 * files are in the destination too, which all nodes must see. Hosts get no more requests than from one machine: workers share
 * their limits.
 *
 * @throws {EmporiumError} before the first byte, as `carryOut`; USAGE; ENGINE_…
 */
export async function downloadOnCluster(
  plan: DownloadPlan,
  cluster: ClusterUse,
  { dest, manifestPath, remote, warnings }: ClusterDownload,
  options: DownloadOptions,
  env: Env,
): Promise<DownloadReport | SubmittedReport> {
  if (plan.sets.some(({ crops }) => crops.length > 0)) {
    throw new EmporiumError("USAGE", "--crop cannot be combined with --executor: a box of a volume is cut out by one machine", {
      hint: "leave out --executor, or --crop",
    });
  }
  await mkdir(dest, { recursive: true });
  nameAll(plan, { folding: await probeFolding(dest, randomBytes(4).toString("hex")), manifest: manifestPath, dest });
  await checkRoom(dest, await bytesToWrite(plan, await openManifest(manifestPath, { readOnly: true }), dest));
  const name = `harvest download ${plan.sets.map(({ typed }) => typed).join(" ")}`;
  const { pack, stores } = packing(remote);
  const tasks = tasksOf(plan, name, pack);
  const sums = plan.sets.map(({ sumFiles }) => sumFiles.map(pack));
  const { slots, notes } = slotsOf(cluster, stores);
  const target = fileStore(dest);
  const params: DownloadParams = {
    ...{
      dest,
      manifest: manifestPath,
      stores,
      sums,
      sharers: slots,
      warnings: [...warnings, ...notes],
      faults: [...plan.faults],
    },
    bases: [...(options.bases ?? [])],
    anonymous: options.anonymous ?? null,
    allowPrivate: options.allowPrivate ?? false,
    forceOverwrite: options.forceOverwrite ?? false,
    sync: options.sync ?? true,
    io: options.io ?? "auto",
    connections: options.connections ?? null,
    bytesPerSecond: options.bytesPerSecond ?? null,
    requestsPerSecond: options.requestsPerSecond ?? null,
  };
  const outcome = await runOnCluster(
    {
      ...{ station: "download", name, source: target, target, anonymous: false, sync: params.sync },
      plan: { createdMs: env.clock.now(), tasks, locks: ["download"] },
      params: asPlain(params),
      groupOf: ({ id }) => ({ name: id, rank: 0 }),
      stageNames: ["files"],
      // files of earlier runs are compared with their servers, as on one machine
      force: true,
    },
    { ...cluster, place: { ...cluster.place, slots } },
    downloadStation,
    env,
  );
  return outcome.state !== "ended" ? submittedReport(outcome, notes) : reportOf(outcome.run!);
}

/** Number of workers at a time, and notes on it: few for servers of others, each with its share of what a host bears. */
function slotsOf({ place }: ClusterUse, stores: readonly StoreName[]): { slots: number; notes: string[] } {
  if (stores.every(({ root }) => root.startsWith("file:"))) return { slots: place.slots ?? SLOTS_MAX, notes: [] };
  return fewSlots(place);
}

function tasksOf({ sets }: DownloadPlan, name: string, pack: (object: Due["object"]) => PlainObject): Task[] {
  const add = resultTasks(name);
  const tasks: Task[] = [];
  let batch: PlainObject[] = [];
  let bytes = 0;
  const close = (set: number) => {
    if (batch.length === 0) return;
    const [{ rel }, last] = [batch[0]!, batch.at(-1)!];
    const title = batch.length === 1 ? String(rel) : `${counted(batch.length, "file")} from ${rel} to ${last.rel}`;
    tasks.push(add({ run: "fetch", title, params: { set, objects: batch }, bytes }));
    batch = [];
    bytes = 0;
  };
  for (const [set, { objects, grids }] of sets.entries()) {
    const each = function* () {
      for (const object of objects) yield object;
      for (const grid of grids) yield* grid.objects();
    };
    for (const object of each()) {
      batch.push(pack(object));
      bytes += object.body?.length ?? object.size ?? object.roundedSize ?? 0;
      if (batch.length >= BATCH_FILES || bytes >= BATCH_BYTES) close(set);
    }
    close(set);
  }
  return tasks;
}

const paramsIn = ({ params }: RunRecord): DownloadParams => params as unknown as DownloadParams;

/** Path of the manifest lines that a task has written, until the run's end puts them into the manifest itself. */
const pieceOf = ({ id }: RunRecord, { dest }: DownloadParams, task: Task): string =>
  join(dest, runFolder(id), `manifest-${task.id.slice(0, 24)}.jsonl`);

/** The download as work of a cluster: nodes fetch the files of tasks, and the run's end joins their manifests. */
export const downloadStation: ClusterStation = {
  async open(record) {
    const params = paramsIn(record);
    const target = await openStore(record.target.url, { sync: params.sync });
    let pace: Paces | undefined;
    let known: Promise<Manifest> | undefined;
    const fetch = async (task: Task, context: TaskContext): Promise<Plain> => {
      const { clock } = context;
      const { sharers, bytesPerSecond, requestsPerSecond, connections } = params;
      pace ??= makePaces({
        ...{ clock, sharers, bytesPerSecond: bytesPerSecond ?? undefined, requestsPerSecond: requestsPerSecond ?? undefined },
        connectionsPerHost: connections ?? undefined,
      });
      known ??= openManifest(params.manifest, { readOnly: true });
      return fetchTask(task, context, { record, params, pace, known: await known });
    };
    return { source: target, target, operations: () => ({ fetch: resultOperation(record.id, fetch) }) };
  },
  async finish(run, unfinished) {
    await removeTaskLocks(run, unfinished);
    await joinManifest(run);
  },
  report: (run): Promise<Report> => reportOf(run),
};

interface FetchScene {
  readonly record: RunRecord;
  readonly params: DownloadParams;
  readonly pace: Paces;
  /** The manifest of earlier downloads. */
  readonly known: Manifest;
}

async function fetchTask(task: Task, context: TaskContext, { record, params, pace, known }: FetchScene): Promise<Plain> {
  const { clock, log, signal } = context;
  setMaxListeners(0, signal); // every waiting request adds a listener
  const { dest, stores, allowPrivate, forceOverwrite, sync, io } = params;
  const bases = new Map(params.bases);
  const random = () => randomBytes(4).readUInt32LE() / 2 ** 32;
  const common = { clock, random, signal, bases };
  const client = portalClient({ ...common, log, pace: (host) => pace.host(`https://${host}/`, host) });
  const anonymous = params.anonymous ?? undefined;
  const remote = openRemote({ ...common, client, pace, anonymous, allowPrivate, connections: params.connections ?? undefined });
  const warnings = new Set<string>();
  const piece = await openManifest(pieceOf(record, params, task), { earlier: known });
  const files: Fetched[] = [];
  let bytes = 0;
  try {
    const { set, objects } = task.params as { set: number; objects: Plain[] };
    const sums = sumsOf(await unpack(params.sums[set] ?? [], stores, remote), remote, (warning) => void warnings.add(warning));
    const due = (await unpack(objects, stores, remote)).map((object): Due => ({ object: shared(object, params), sums }));
    await runTransfers(due, {
      ...{ dest, forceOverwrite, manifest: piece, remote, pace },
      ...{ atOnce: AT_ONCE_MIN, keepGoing: true, sync, io, clock, random, log, signal, onEvent: () => {} },
      onFetched(result) {
        files.push(result);
        bytes += result.size ?? 0;
        context.progress(bytes);
      },
    });
  } finally {
    await piece.close();
    await client.close();
  }
  return asPlain({ files, warnings: [...warnings] });
}

/** The object with one worker's share of the connections for one file. */
function shared(object: Due["object"], { sharers }: DownloadParams): Due["object"] {
  const { requestLimits } = object;
  const connections = Math.max(1, Math.floor(requestLimits.connections / sharers));
  return { ...object, requestLimits: { ...requestLimits, connections } };
}

/** Adds the lines of all tasks to the destination's manifest. A second call changes nothing. */
async function joinManifest({ record, store, folder }: OpenRun): Promise<void> {
  const params = paramsIn(record);
  const manifest = await openManifest(params.manifest);
  await noteFaults(params, manifest, record.createdMs);
  for (const task of await readTasks(store, folder, 0, record.tasks)) {
    const piece = await openManifest(pieceOf(record, params, task), { readOnly: true });
    for (const entry of piece.entries()) await manifest.put(entry);
  }
  await manifest.close({ tidy: true });
}

async function reportOf(run: OpenRun): Promise<DownloadReport> {
  const { record, store, folder } = run;
  const { dest, manifest, faults, warnings: planned } = paramsIn(record);
  const results = tally();
  for (const { url, rel, error } of faults) results.add({ rel: rel ?? url, url, status: "failed", error });
  const dead = new Map((await readDead(run, record.stages)).map(({ task, error }) => [task, error]));
  const warnings = new Set(planned);
  for (const task of await readTasks(store, folder, 0, record.tasks)) {
    const result = await readResult<Plain>(store, record.id, task.outputs[0]!);
    const done = result as unknown as { files: Fetched[]; warnings: string[] } | undefined;
    for (const file of done?.files ?? []) results.add(file);
    for (const warning of done?.warnings ?? []) warnings.add(warning);
    if (done) continue;
    const error = dead.get(task.id) ?? toErrorRecord(new EmporiumError("CANCELLED", `${task.title}: the run was ended before`));
    for (const { rel, url } of task.params.objects as unknown as Due["object"][])
      results.add({ rel, url, status: "failed", error });
  }
  const facts = { dest, manifest, warnings: [...warnings], seconds: await runSeconds(run) };
  return doneReport(results, { crops: [], fatal: undefined, left: 0 }, facts);
}
