import { join, resolve } from "node:path";
import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { type Report, warningLines } from "../../../core/report.js";
import { type ClusterUse, runOnCluster, type SubmittedReport, submittedReport } from "../../../engine/cluster/on-cluster.js";
import { asPlain, readResult, resultOperation, resultTasks, runSeconds } from "../../../engine/cluster/results.js";
import type { OpenRun, RunRecord } from "../../../engine/cluster/run-record.js";
import type { ClusterStation } from "../../../engine/cluster/work.js";
import { type Env, envOf } from "../../../engine/env.js";
import { heldLocks, releaseRunLocks, takeRunLocks } from "../../../engine/lock.js";
import type { Plain, Task, TaskContext } from "../../../engine/task.js";
import { fileStore } from "../../../stores/file/store.js";
import { objectName, type Store } from "../../../stores/store.js";
import { openStore } from "../../../stores/url.js";
import { sendersOf } from "../run/sources.js";
import {
  batches,
  joinLogs,
  type NodeScene,
  type OpenTarget,
  packFile,
  type SendParams,
  type SentResult,
  sendFiles,
  sendParams,
  sumResults,
  syncOptions,
  unpackFile,
  withCarrier,
} from "../sync/cluster-batches.js";
import { transferReport } from "../sync/report.js";
import { type WantedFile, wantedFiles } from "../sync/wanted.js";
import { type LockedItems, lockNamesOf, lookAtTree, placeholderWarnings, refuseLocked, refuseOverlap } from "./open-tree.js";
import { logName, measure, type PublishTreeOptions, readOnly, type TreeReport, unfinished, warningsOf } from "./publish-tree.js";
import type { SelectedTree, TreeItem, TreeSelection } from "./select.js";
import { coveredBy, DEPOSITIONS, isOfRun, stageOf } from "./stages.js";
import { markAbove, removeExtras, sendDocuments, stepsOfAll, type Waiting } from "./sync-item.js";

type Item = LockedItems["items"][number];

interface TreeParams {
  readonly tree: string;
  readonly location: string;
  readonly workspace: string;
  readonly selection: TreeSelection;
  readonly items: Item[];
  readonly send: SendParams;
  readonly warnings: string[];
  /** Errors about folders that are no complete datasets. */
  readonly errors: ErrorRecord[];
}

/** Number of workers that share `--limit` by default. */
const SLOTS = 8;
/**
 * Stages of the run, each of which waits for all before it: data, documents of runs, of datasets, of depositions, and leftovers.
 */
const STAGES = ["data", "runs", "datasets", "depositions", "rest"];

/**
 * `publishTree` by the jobs of a cluster, in the same order: data first, then documents, children before their parents, and at
 * the end objects that the tree no longer has. LOCATION is locked until the run has ended; its own files are in the workspace,
 * which all nodes must see.
 *
 * @throws {EmporiumError} as `publishTree` before anything is touched; ENGINE_…
 */
export async function publishTreeOnCluster(
  tree: string,
  location: string,
  cluster: ClusterUse,
  options: PublishTreeOptions,
): Promise<TreeReport | SubmittedReport> {
  const env = envOf(options);
  refuseOverlap(tree, location);
  const source = await openStore(tree, { readOnly: true });
  const target = await openStore(location);
  if (!target.features.writable) throw readOnly(target);
  const selected = await lookAtTree(source, options.delete ? target : undefined, options, env);
  refuseOverlap(tree, location, selected);
  await measure(selected, options.delete ?? false, source, env.signal);
  const warnings = [
    ...warningsOf(selected),
    ...(await placeholderWarnings(source, target, selected, { ...options, signal: env.signal })),
  ];
  for (const warning of warnings) env.log.warn(warning);
  const { datasets, runs, include, exclude } = options;
  const slots = cluster.place.slots ?? SLOTS;
  const params: TreeParams = {
    ...{ tree: source.url, location: target.url, workspace: resolve(options.workspace), warnings },
    selection: { datasets, runs, include, exclude },
    items: selected.items.map(({ id, kind, deposition }) => ({ id, kind, deposition })),
    send: sendParams(options, slots),
    errors: [...selected.refused.map(toErrorRecord), ...selected.unfinished.map((folder) => unfinished(source, folder))],
  };
  const name = `publish tree ${source.url} to ${target.url}`;
  const home = fileStore(join(params.workspace, "publish"), { sync: false });
  const outcome = await runOnCluster(
    {
      ...{ station: "publish tree", name, source, target: home, anonymous: false, sync: false },
      plan: { createdMs: env.clock.now(), tasks: await tasksOf(selected, name, env.signal), locks: [] },
      params: asPlain(params),
      groupOf: ({ id, params: { rank } }) => ({ name: id, rank: Number(rank) }),
      stageNames: STAGES,
      // what the target has is looked up again each time
      force: true,
    },
    { ...cluster, place: { ...cluster.place, slots } },
    publishTreeStation,
    env,
    async (run) => {
      await lockTarget(run, env);
      return () => releaseRunLocks(target, params.items.flatMap(lockNamesOf), run.record.id);
    },
  );
  return outcome.state === "ended" ? reportOf(outcome.run!) : submittedReport(outcome, warningLines(warnings));
}

/** Locks the target. An ingest that writes it takes the same locks. */
async function lockTarget({ record, store }: OpenRun, env: Env): Promise<void> {
  const { location, items } = paramsIn(record);
  const job = { job: record.name, ...env, onLost: () => {}, runAt: store.url };
  await takeRunLocks(await openStore(location), items.flatMap(lockNamesOf), record.id, job);
}

/** The files of an item: tasks for data, and documents by the folder that they describe. */
interface ItemFiles {
  readonly data: Task[];
  /** Documents by the folder of a run, or of the item itself. */
  readonly documents: Map<string, WantedFile[]>;
  /** Folders with something unreadable: the documents that describe them wait. */
  readonly failed: Set<string>;
}

const runOf = (key: string): string => key.split("/", 2).join("/");

async function filesOf(item: TreeItem, add: AddTask, signal: AbortSignal | undefined): Promise<ItemFiles> {
  const batch = batches("send", (task) => add({ ...task, params: { ...task.params, rank: 0, item: item.id } }));
  const documents = new Map<string, WantedFile[]>();
  const failed = new Set<string>();
  for await (const file of inOrder(item.sources, (key) => markAbove(failed, key), signal)) {
    if (stageOf(file.key) === "body") {
      batch.put(file);
      continue;
    }
    const folder = isOfRun(file.key) ? runOf(file.key) : item.id;
    documents.set(folder, [...(documents.get(folder) ?? []), file]);
  }
  return { data: batch.end(), documents, failed };
}

async function* inOrder(sources: TreeItem["sources"], onFailed: (key: string) => void, signal: AbortSignal | undefined) {
  for (const source of sources) yield* wantedFiles([source], (_, key) => onFailed(key), signal);
}

type AddTask = ReturnType<typeof resultTasks>;

async function tasksOf({ items }: SelectedTree, name: string, signal: AbortSignal | undefined): Promise<Task[]> {
  const add = resultTasks(name);
  const tasks: Task[] = [];
  const ofItem = new Map<string, Task[]>();
  const lasts: { item: TreeItem; files: WantedFile[]; failed: Set<string> }[] = [];
  for (const item of items) {
    const { data, documents, failed } = await filesOf(item, add, signal);
    const own = [...data];
    for (const [folder, files] of documents) {
      if (folder === item.id) {
        lasts.push({ item, files, failed });
        continue;
      }
      // a task of data may hold files of several runs
      const holds = ({ params }: Task) => (params.files as string[][]).some(([, key]) => runOf(key!) === folder);
      own.push(documentTask(add, `documents of ${folder}`, { item, rank: 1, files, failed, after: data.filter(holds) }));
    }
    tasks.push(...own);
    ofItem.set(item.id, own);
  }
  lasts.sort((a, b) => rankOf(a.item) - rankOf(b.item));
  for (const { item, files, failed } of lasts) {
    const below = items.filter(({ deposition }) => deposition !== undefined && `${DEPOSITIONS}/${deposition}` === item.id);
    const others = below.flatMap(({ id }) => ofItem.get(id) ?? []);
    const own = ofItem.get(item.id)!;
    const task = documentTask(add, `documents of ${item.id}`, { item, rank: rankOf(item), files, failed, after: own, others });
    own.push(task);
    tasks.push(task);
  }
  for (const { id } of items) {
    const after = ofItem.get(id)!;
    const params = { rank: 4, item: id, ids: [id], results: keysOf(after) };
    tasks.push(add({ run: "rest", title: `what is left over of ${id}`, params, bytes: 0, after }));
  }
  return tasks;
}

const rankOf = ({ kind }: Item): number => (kind === "dataset" ? 2 : 3);
const keysOf = (tasks: readonly Task[]): string[] => tasks.map(({ outputs }) => outputs[0]!);

interface DocumentFacts {
  readonly item: TreeItem;
  readonly rank: number;
  readonly files: readonly WantedFile[];
  readonly failed: ReadonlySet<string>;
  /** Tasks for the files and documents that these documents describe. */
  readonly after: readonly Task[];
  /** Tasks of other items: a failure in them holds all of these documents back. */
  readonly others?: readonly Task[];
}

function documentTask(add: AddTask, title: string, { item, rank, files, failed, after, others = [] }: DocumentFacts): Task {
  const params = {
    ...{ rank, item: item.id, files: files.map(packFile), failed: [...failed] },
    ...{ results: keysOf(after), others: keysOf(others) },
  };
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return add({ run: "documents", title, params, bytes, after: [...after, ...others] });
}

const paramsIn = ({ params }: RunRecord): TreeParams => params as unknown as TreeParams;

/** The part of the transfer that runs on a node. */
export const publishTreeStation: ClusterStation = {
  async open(record) {
    const params = paramsIn(record);
    const { tree, location, send } = params;
    const home = await openStore(record.target.url);
    const source = await openStore(tree, { readOnly: true });
    const options = syncOptions(send, record);
    const openTarget = async ({ clock }: TaskContext): Promise<OpenTarget> => {
      const { onWay, senders, close } = sendersOf({ bucket: location, memoryBytes: options.memoryBytes }, clock);
      return { target: await openStore(location, { onWay, inFlight: options.jobs, io: options.io }), senders, close };
    };
    const scene = (context: TaskContext): TreeScene => ({
      record,
      options,
      params,
      source,
      openTarget: () => openTarget(context),
    });
    const operations = {
      send: resultOperation(record.id, (task, context) => sendData(task, context, scene(context))),
      documents: resultOperation(record.id, (task, context) => sendTheirDocuments(task, context, scene(context))),
      rest: resultOperation(record.id, (task, context) => tidy(task, context, scene(context))),
    };
    return { source, target: home, operations: () => operations };
  },
  async finish(run, unfinished) {
    const { location, workspace, items } = paramsIn(run.record);
    const target = await openStore(location);
    const folder = join(workspace, "publish");
    await joinLogs(run, unfinished, target, ({ params }) => ({ folder, name: logName({ id: String(params.item) }, target) }));
    await releaseRunLocks(target, items.flatMap(lockNamesOf), run.record.id);
  },
  retake: (run, env) => lockTarget(run, env),
  report: (run): Promise<Report> => reportOf(run),
};

interface TreeScene extends NodeScene {
  readonly params: TreeParams;
  readonly source: Store;
}

const filesIn = ({ params }: Task, store: Store): WantedFile[] =>
  (params.files as Plain[]).map((file) => unpackFile(file, store));

function sendData(task: Task, context: TaskContext, scene: TreeScene): Promise<Plain> {
  return withCarrier(task, context, scene, [String(task.params.item)], (carrier, sync) =>
    sendFiles(filesIn(task, scene.source), carrier, sync, scene.options.jobs!, (file, reason) => carrier.send(file, reason)),
  );
}

async function resultsIn(
  { target }: TaskContext,
  { record }: TreeScene,
  keys: Plain | undefined,
): Promise<(SentResult | undefined)[]> {
  return Promise.all(
    (keys as string[]).map(async (key) => (await readResult<Plain>(target, record.id, key)) as unknown as SentResult | undefined),
  );
}

/** Sends documents after the files that they describe. A failure holds back the documents above it, also on another node. */
async function sendTheirDocuments(task: Task, context: TaskContext, scene: TreeScene): Promise<Plain> {
  const { item, failed: unread, results, others } = task.params;
  const files = filesIn(task, scene.source);
  const failed = new Set(unread as string[]);
  const own = await resultsIn(context, scene, results);
  for (const key of own.flatMap((result) => result?.failed ?? [])) markAbove(failed, key);
  // a part that nobody sends any more: nothing tells which documents could go
  if (own.includes(undefined)) for (const { key } of files) for (const folder of coveredBy(key)) failed.add(folder);
  if ((await resultsIn(context, scene, others)).some((result) => !result || result.failed.length > 0)) failed.add(`${item}/`);
  const held: string[] = [];
  const result = await withCarrier(
    task,
    context,
    scene,
    [String(item)],
    async (carrier, sync, counts) => {
      const { signal, clock, log } = sync;
      const waiting: Waiting[] = [];
      const lanes = scene.options.jobs!;
      await sendFiles(files, carrier, sync, lanes, async (file, reason) => waiting.push({ file, reason }));
      if (waiting.length > 0) refuseLocked(scene.params, await heldLocks(scene.source, { clock, log, signal }));
      const count = counts.get(String(item))!;
      held.push(...(await sendDocuments(waiting, { carrier, count, failed, lanes, signal })));
    },
    (key) => markAbove(failed, key),
  );
  const sent = result as unknown as SentResult;
  return asPlain({ ...sent, failed: [...sent.failed, ...held] });
}

/** Counts the files of an item, and removes objects that the tree no longer has if that is requested and nothing has failed. */
async function tidy(task: Task, context: TaskContext, scene: TreeScene): Promise<Plain> {
  const { clock, log, signal } = context;
  const { options, params, source } = scene;
  const before = (await resultsIn(context, scene, task.params.results)).reduce(
    (sum, result) => sum + (result ? result.counts.reduce((all, [, { failed }]) => all + failed, 0) : 1),
    0,
  );
  const id = String(task.params.item);
  return withCarrier(task, context, scene, [id], async (carrier, sync, counts) => {
    const target = options.delete ? sync.target : undefined;
    const { items } = await lookAtTree(source, target, params.selection, { clock, log, signal });
    const item = items.find((one) => one.id === id);
    if (!item) throw sourceGone(source, id);
    for await (const _ of stepsOfAll(item.sources, counts, carrier.fail, sync));
    if (!options.delete) return;
    const count = counts.get(id)!;
    count.failed += before;
    await removeExtras(item, count, carrier, options, sync);
    count.failed -= before;
  });
}

function sourceGone(tree: Store, id: string): EmporiumError {
  const name = objectName(tree, id);
  return new EmporiumError("SOURCE_CHANGED", `${name} is gone since the run was planned`, { hint: "publish the tree again" });
}

async function reportOf(run: OpenRun): Promise<TreeReport> {
  const { tree, location, workspace, items, send, warnings, errors } = paramsIn(run.record);
  const [source, target] = [await openStore(tree, { readOnly: true }), await openStore(location, { readOnly: true })];
  const report = transferReport({
    ...{ title: tree, bucket: target.url, counts: await sumResults(run), failures: new Map() },
    items: items.map(({ id }) => ({ id, source: objectName(source, id), target: objectName(target, id) })),
    ...{ checksum: send.checksum, delete: send.delete, dryRun: false, errors, seconds: await runSeconds(run) },
    logs: items.map((item) => join(workspace, "publish", `${logName(item, target)}.jsonl`)),
  });
  return { tree: source.local ? source.local.path("") : source.url, ...report, warnings };
}
