import { resolve } from "node:path";
import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import type { Report } from "../../../core/report.js";
import { type ClusterUse, runOnCluster, type SubmittedReport, submittedReport } from "../../../engine/cluster/on-cluster.js";
import { asPlain, resultOperation, resultTasks, runSeconds } from "../../../engine/cluster/results.js";
import type { OpenRun, RunRecord } from "../../../engine/cluster/run-record.js";
import type { ClusterStation } from "../../../engine/cluster/work.js";
import { envOf } from "../../../engine/env.js";
import type { Plain, Task, TaskContext } from "../../../engine/task.js";
import { fileStore } from "../../../stores/file/store.js";
import { openStore } from "../../../stores/url.js";
import type { Plan } from "../plan/plan.js";
import {
  batches,
  joinLogs,
  type NodeScene,
  type SendParams,
  sendFiles,
  sendParams,
  sumResults,
  syncOptions,
  unpackFile,
  withCarrier,
} from "../sync/cluster-batches.js";
import { groupSources, refuseCollisions } from "../sync/groups.js";
import { transferReport } from "../sync/report.js";
import { stepsOf } from "../sync/steps.js";
import { type SyncSource, wantedFiles } from "../sync/wanted.js";
import { logFolder, logName, type PublishRunOptions, type RunReport, sourcesOf } from "./run.js";
import { openBucket, sendersOf, syncSource } from "./sources.js";

interface RunParams {
  readonly plan: Plan;
  readonly workspace: string;
  readonly send: SendParams;
  /** Errors of items without a source. */
  readonly missing: [id: string, error: ErrorRecord][];
}

/** Number of workers that share `--limit` by default. */
const SLOTS = 8;

/**
 * `publishRun` by the jobs of a cluster: each sends some files of the plan, and a last one for each group of sources removes
 * objects without a file. The run's own files and the log are in the workspace, because the bucket is public; nodes must see it
 * and the sources.
 *
 * @throws {EmporiumError} as `publishRun` before anything is sent; ENGINE_…
 */
export async function publishRunOnCluster(
  plan: Plan,
  cluster: ClusterUse,
  options: PublishRunOptions,
): Promise<RunReport | SubmittedReport> {
  const env = envOf(options);
  const { present, failures } = await sourcesOf(plan);
  const groups = groupSources(present);
  for (const group of groups) await refuseCollisions(group, { signal: env.signal, io: options.io });
  const target = await openBucket(plan, { clock: env.clock, random: env.random });
  const workspace = resolve(options.workspace);
  const log = logName(plan, target);
  const name = `publish run ${plan.sample} to ${target.url}`;
  const slots = cluster.place.slots ?? SLOTS;
  const checksum = options.checksum ?? plan.transfer.checksum;
  const settings = { ...options, checksum, delete: options.delete ?? plan.transfer.delete };
  const params: RunParams = {
    ...{ plan, workspace, send: sendParams(settings, slots) },
    missing: [...failures].map(([id, error]) => [id, toErrorRecord(error)]),
  };
  const home = fileStore(logFolder(workspace), { sync: false });
  const outcome = await runOnCluster(
    {
      ...{ station: "publish run", name, source: home, target: home, anonymous: false, sync: false },
      plan: { createdMs: env.clock.now(), tasks: await tasksOf(groups, name, env.signal), locks: [log] },
      params: asPlain(params),
      groupOf: ({ id, run }) => ({ name: id, rank: run === "send" ? 0 : 1 }),
      stageNames: ["files", "rest"],
      // what the bucket has is looked up again each time
      force: true,
    },
    { ...cluster, place: { ...cluster.place, slots } },
    publishRunStation,
    env,
  );
  return outcome.state !== "ended" ? submittedReport(outcome) : reportOf(outcome.run!);
}

async function tasksOf(groups: readonly SyncSource[][], name: string, signal: AbortSignal | undefined): Promise<Task[]> {
  const add = resultTasks(name);
  const tasks: Task[] = [];
  const rests: { ids: string[]; after: Task[] }[] = [];
  for (const group of groups) {
    const batch = batches("send", add);
    let last: string | undefined;
    // what cannot be read is told by the group's last task
    for await (const file of wantedFiles(group, () => {}, signal)) {
      if (file.key !== last) batch.put(file);
      last = file.key;
    }
    const after = batch.end();
    tasks.push(...after);
    rests.push({ ids: group.map(({ id }) => id), after });
  }
  for (const { ids, after } of rests) {
    tasks.push(add({ run: "rest", title: `what is left over of ${ids.join(", ")}`, params: { ids }, bytes: 0, after }));
  }
  return tasks;
}

const paramsIn = ({ params }: RunRecord): RunParams => params as unknown as RunParams;

/** The part of the transfer that runs on a node. */
export const publishRunStation: ClusterStation = {
  async open(record) {
    const { plan, send } = paramsIn(record);
    const home = await openStore(record.target.url);
    const options = syncOptions(send, record);
    const openTarget = async ({ clock }: TaskContext) => {
      const { onWay, senders, close } = sendersOf(
        { bucket: plan.bucket, ...plan.transfer, memoryBytes: options.memoryBytes },
        clock,
      );
      return { target: await openBucket(plan, { jobs: options.jobs, onWay, io: options.io }), senders, close };
    };
    const scene = (context: TaskContext): NodeScene => ({ record, options, openTarget: () => openTarget(context) });
    const operations = {
      send: resultOperation(record.id, (task, context) => sendBatch(task, context, scene(context))),
      rest: resultOperation(record.id, (task, context) => rest(task, context, scene(context), plan)),
    };
    return { source: home, target: home, operations: () => operations };
  },
  async finish(run, unfinished) {
    const { plan, workspace } = paramsIn(run.record);
    const target = await openBucket(plan);
    const log = { folder: logFolder(workspace), name: logName(plan, target) };
    await joinLogs(run, unfinished, target, () => log);
  },
  report: (run): Promise<Report> => reportOf(run),
};

function sendBatch(task: Task, context: TaskContext, scene: NodeScene): Promise<Plain> {
  const files = (task.params.files as Plain[]).map((file) => unpackFile(file, undefined));
  const ids = [...new Set(files.map(({ source }) => source.id))];
  return withCarrier(task, context, scene, ids, (carrier, sync) =>
    sendFiles(files, carrier, sync, scene.options.jobs!, (file, reason) => carrier.send(file, reason)),
  );
}

/** Counts the files of the sources, and the objects without a source, which are removed if that is requested. */
function rest(task: Task, context: TaskContext, scene: NodeScene, plan: Plan): Promise<Plain> {
  const ids = task.params.ids as string[];
  const group = plan.items.filter(({ id }) => ids.includes(id)).map((item) => syncSource(plan, item));
  return withCarrier(task, context, scene, ids, async (carrier, sync, counts) => {
    const removing = scene.options.delete ?? false;
    for await (const step of stepsOf(group, { removing, counts, onUnsendable: carrier.fail }, sync)) {
      if ("extra" in step) await carrier.remove(step);
      if (carrier.isOver()) return;
    }
  });
}

async function reportOf(run: OpenRun): Promise<RunReport> {
  const { plan, workspace, send, missing } = paramsIn(run.record);
  const { url } = await openBucket(plan, { readOnly: true });
  const log = `${logFolder(workspace)}/${logName(plan, { url })}.jsonl`;
  const report = transferReport({
    ...{ title: plan.sample, bucket: url, items: plan.items, counts: await sumResults(run) },
    failures: new Map(
      missing.map(([id, { code, message, hint, ...place }]) => [id, new EmporiumError(code, message, { place, hint })]),
    ),
    ...{ checksum: send.checksum, delete: send.delete, dryRun: false, logs: [log], seconds: await runSeconds(run) },
  });
  return { sample: plan.sample, ...report, log };
}
