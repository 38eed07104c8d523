import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";
import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { printJsonLine } from "../../../core/json.js";
import { type Report, withText } from "../../../core/report.js";
import { quoteWord } from "../../../core/shell.js";
import { counted } from "../../../core/units.js";
import { readTasks } from "../../../engine/cluster/graph.js";
import { fewSlots, requestsEach, sharedLocation } from "../../../engine/cluster/of-others.js";
import { type ClusterUse, runOnCluster, type SubmittedReport, submittedReport } from "../../../engine/cluster/on-cluster.js";
import { asPlain, readResult, removeTaskLocks, resultOperation, resultTasks } from "../../../engine/cluster/results.js";
import { getJson, type OpenRun, putJson, type RunRecord } from "../../../engine/cluster/run-record.js";
import type { ClusterStation } from "../../../engine/cluster/work.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { Operation, PlainObject, Task, TaskContext } from "../../../engine/task.js";
import { fileStore } from "../../../stores/file/store.js";
import { refuseGone } from "../../../stores/gone.js";
import type { Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { isUrl } from "../check/config-file.js";
import { readJudged } from "../check/read-config.js";
import type { Suite } from "./check.js";
import { Part, type PartFound } from "./part.js";
import { type ValidationDocument, validationDocument } from "./report/document.js";
import { keepReport } from "./report/kept.js";
import { validationText } from "./report/text.js";
import { configBytes, optionsOf, type ValidateRequest, writePage } from "./run.js";
import type { ScaleSubject } from "./subjects.js";
import { visitScales } from "./tree/standardized.js";
import type { Scene } from "./tree/walk.js";
import { openSource, openStandardized, refuseUnused, validationOf } from "./validate.js";
import type { Validation } from "./validation.js";

/** Parameters that nodes need beside the location. */
interface ValidateParams {
  readonly suite: Suite;
  /** Its bytes as base64: a node may see another file, or none, by its name. `path` is absolute. */
  readonly config: { readonly name: string; readonly path: string; readonly bytes: string } | null;
  readonly filter: NonNullable<ValidateRequest["filter"]>;
  readonly exclude: NonNullable<ValidateRequest["exclude"]>;
  readonly network: boolean;
  readonly allowPrivate: boolean;
  /** Location to which a page of the result is written. */
  readonly html: string | null;
  readonly workspace: string;
  /** Requests in flight of each node. */
  readonly inFlight: number | null;
}

/** Results of a task, with the spacings that are compared once all runs are known. */
interface TaskFound extends PartFound {
  readonly scales: readonly ScaleSubject[];
}

/** Places in the sequence of a validation. */
interface Piece {
  readonly key: string;
  /** Place of the run's dataset; null for a piece that is no run. */
  readonly runOf: number | null;
}

const STAGES = ["runs", "summary"];

export interface ValidationReport extends Report, Omit<ValidationDocument, "exitStatus"> {}

/**
 * `validate` by the jobs of a cluster: each looks at some runs, the last one compares them. The run's own files are in the workspace, for
 * the place is only read; nodes must see both.
 *
 * @returns the report of `ingest validate`, or with a driver of its own what was submitted
 * @throws {EmporiumError} as `validate` before anything is looked at; ENGINE_…
 */
export async function validateOnCluster(
  request: ValidateRequest & { readonly workspace: string },
  cluster: ClusterUse,
  given: GivenEnv,
): Promise<ValidationReport | SubmittedReport> {
  const env = envOf(given);
  const { suite, anonymous = false } = request;
  const location = sharedLocation(request.location, "LOCATION");
  if (request.html !== undefined) sharedLocation(request.html, "--html");
  const remote = /^(https?|ftp):/.test(location.url);
  const { slots, notes } = remote ? fewSlots(cluster.place) : { slots: cluster.place.slots, notes: [] };
  const params = await paramsOf(request, remote ? requestsEach(slots!) : null);
  const store = await openStore(location, { anonymous, readOnly: true });
  await refuseGone(store, suite === "source" ? "INPUT" : "TREE");
  const scene = await sceneOf(params, store, { anonymous, signal: env.signal });
  // other words for the same place are another run, beside this one
  const sum = createHash("sha256")
    .update(printJsonLine(asPlain(params)))
    .digest("hex")
    .slice(0, 8);
  const name = `validate ${suite} ${store.url} ${sum}`;
  const home = await openStore(join(params.workspace, "validate"));
  const outcome = await runOnCluster(
    {
      ...{ station: "validate", name, source: store, target: home, anonymous, sync: false },
      plan: { createdMs: env.clock.now(), tasks: await tasksOf(name, scene), locks: [] },
      params: asPlain(params),
      groupOf: (task) => ({ name: task.id, rank: task.run === "summarize" ? 1 : 0 }),
      stageNames: STAGES,
      // what was right an hour ago is read again
      force: true,
    },
    { ...cluster, place: { ...cluster.place, slots } },
    validateStation,
    env,
  );
  return outcome.state === "ended" ? reportOf(outcome.run!) : submittedReport(outcome, notes);
}

async function paramsOf(request: ValidateRequest & { workspace: string }, inFlight: number | null): Promise<ValidateParams> {
  const { suite, config: name = "", filter = {}, exclude = {}, network = false, allowPrivate = false, html } = request;
  if (isUrl(name)) sharedLocation(name, "CONFIG.yaml");
  const bytes = await configBytes(request);
  const path = isUrl(name) ? name : resolve(name);
  return {
    suite,
    config: bytes === undefined ? null : { name, path, bytes: Buffer.from(bytes).toString("base64") },
    ...{ filter, exclude, network, allowPrivate, inFlight },
    html: html === undefined ? null : (parseLocation(html).path ?? html),
    workspace: resolve(request.workspace),
  };
}

/** @throws {EmporiumError} USAGE, CONFIG_… */
async function sceneOf(
  { suite, config, ...params }: ValidateParams,
  store: Store,
  { anonymous, signal }: { anonymous: boolean; signal: AbortSignal | undefined },
): Promise<Scene> {
  const options = optionsOf({ ...params, html: undefined, anonymous, signal });
  const judged = config === null ? undefined : readJudged(Buffer.from(config.bytes, "base64"), config.name);
  if (suite === "standardized") return openStandardized(store, { ...options, config: judged?.config });
  return openSource(judged!.config, store, { ...options, faults: judged!.faults });
}

/** A task for what is of no dataset, for each dataset and for each of its runs; then one for what needs all of them. */
async function tasksOf(name: string, scene: Scene): Promise<Task[]> {
  const add = resultTasks(name);
  const tasks: Task[] = [];
  const pieces: Piece[] = [];
  const look = (title: string, params: PlainObject, runOf: number | null) => {
    const task = add({ run: "look", title, params, bytes: 0 });
    tasks.push(task);
    pieces.push({ key: task.outputs[0]!, runOf });
  };
  look("the whole", {}, null);
  for (const [at, dataset] of scene.datasets.entries()) {
    look(`dataset ${dataset.name}`, { at, dataset: dataset.name }, null);
    for (const run of await dataset.runs()) look(`${dataset.name}/${run}`, { at, dataset: dataset.name, run }, at);
  }
  // datasets and runs by now; what is in them is met by the jobs
  refuseUnused(scene);
  const params = asPlain({ pieces });
  return [...tasks, add({ run: "summarize", title: "what needs all runs", params, bytes: 0, after: tasks })];
}

/** Opens the sources of a validation on a node, with the operations that look at runs. */
export const validateStation: ClusterStation = {
  async open(record) {
    const { anonymous, url } = record.source;
    const { inFlight } = paramsIn(record);
    const source = await openStore(url, { anonymous, readOnly: true, inFlight: inFlight ?? undefined });
    const target = await openStore(record.target.url, { anonymous: record.target.anonymous, sync: record.target.sync });
    return { source, target, operations: () => operationsOf(record, source) };
  },
  async finish(run, unfinished) {
    await removeTaskLocks(run, unfinished);
    if (unfinished.length === 0) await keep(run);
  },
  report: (run): Promise<Report> => reportOf(run),
};

const paramsIn = ({ params }: RunRecord): ValidateParams => params as unknown as ValidateParams;

function operationsOf(record: RunRecord, store: Store): Record<string, Operation> {
  const params = paramsIn(record);
  const { anonymous } = record.source;
  let opened: Promise<Scene> | undefined;
  const sceneFor = (signal: AbortSignal) => {
    opened ??= sceneOf(params, store, { anonymous, signal });
    return opened;
  };
  return {
    look: resultOperation(record.id, async (task, { signal }) => {
      const part = new Part(params.suite);
      const scales = await lookAt(await sceneFor(signal), task, part, signal);
      return packed({ ...part.found, scales });
    }),
    summarize: resultOperation(record.id, async (task, context) =>
      packed(await summarize(task, context, params.suite, record, await sceneFor(context.signal))),
    ),
  };
}

/** @throws {EmporiumError} CHANGED_MEANWHILE */
async function lookAt(
  scene: Scene,
  { params: { at, dataset: name, run } }: Task,
  part: Part,
  signal: AbortSignal,
): Promise<readonly ScaleSubject[]> {
  const look = part.look(signal);
  if (name === undefined) {
    await scene.begin(look);
    return [];
  }
  const dataset = scene.datasets[Number(at)];
  if (dataset?.name !== name) {
    throw new EmporiumError(
      "CHANGED_MEANWHILE",
      `dataset ${String(name)} is not found any more where it was when the jobs were submitted`,
      {
        hint: "give the command again when nothing changes there",
      },
    );
  }
  if (run !== undefined) return dataset.lookAtRun(String(run), look);
  await dataset.look(look);
  return [];
}

/** Compares the runs of each dataset, and looks at what the datasets name. */
async function summarize(
  task: Task,
  { target, signal }: TaskContext,
  suite: Suite,
  record: RunRecord,
  scene: Scene,
): Promise<TaskFound> {
  const part = new Part(suite);
  const look = part.look(signal);
  const met = new Part(suite);
  const scales = new Map<number, ScaleSubject[]>();
  for (const { key, runOf } of task.params.pieces as unknown as Piece[]) {
    const found = await foundIn(target, record.id, key);
    if (!found) throw new EmporiumError("TASK_FAILED", "the runs cannot be compared: one of them was not looked at");
    for (const id of found.linked) met.linked.add(id);
    for (const link of found.links) met.links.add(link);
    if (runOf !== null) scales.set(runOf, [...(scales.get(runOf) ?? []), ...found.scales]);
  }
  for (const subjects of scales.values()) await visitScales(subjects, look.visit);
  await scene.end(met, look);
  return { ...part.found, scales: [] };
}

/** Results as bytes that keep every number: JSON has no words for NaN and infinity, which a header may hold. */
const packed = (found: TaskFound): PlainObject => ({ found: serialize(found).toString("base64") });

async function foundIn(store: Store, run: string, key: string): Promise<TaskFound | undefined> {
  const result = await readResult<PlainObject>(store, run, key);
  return result && (deserialize(Buffer.from(String(result.found), "base64")) as TaskFound);
}

/** The validation of all parts that were looked at, and titles of those that have no result. */
async function joined({ record, store, folder }: OpenRun): Promise<{ validation: Validation; missing: string[] }> {
  const { suite, config } = paramsIn(record);
  const whole = new Part(suite);
  const missing: string[] = [];
  for (const { outputs, title } of await readTasks(store, folder, 0, record.tasks)) {
    const found = await foundIn(store, record.id, outputs[0]!);
    if (found) whole.add(found);
    else missing.push(title);
  }
  const what = { suite, location: record.source.url, config: config === null ? undefined : { file: config.name } };
  return { validation: validationOf(what, whole), missing };
}

/** Name of the object that says how the report is kept. */
const KEPT = "kept.json";

/** Keeps the report for the pages of `serve`, and writes its page, as `ingest validate` does; only once. */
async function keep(run: OpenRun): Promise<void> {
  const { record, store, folder } = run;
  if (await getJson(store, `${folder}${KEPT}`)) return;
  const { suite, config, filter, exclude, network, html, workspace } = paramsIn(record);
  const { validation } = await joined(run);
  if (html !== null) await writePage(validation, parseLocation(html), record.source.anonymous);
  const request = { suite, config: config?.path, location: record.source.url, filter, exclude, network };
  const id = await keepReport(fileStore(workspace), validationDocument(validation), request, {});
  await putJson(store, `${folder}${KEPT}`, { id });
}

async function reportOf(run: OpenRun): Promise<ValidationReport> {
  const { validation, missing } = await joined(run);
  const kept = await getJson<{ id?: string }>(run.store, `${run.folder}${KEPT}`);
  const document = validationDocument(validation);
  const errors: ErrorRecord[] = missing.map((title) =>
    toErrorRecord(
      new EmporiumError("TASK_FAILED", `not looked at: ${title}`, {
        hint: `emporium engine dead ${quoteWord(run.url)} says why, emporium engine resume ${quoteWord(run.url)} --retry-dead tries it again`,
      }),
    ),
  );
  const exitStatus = document.exitStatus === 0 && missing.length > 0 ? 3 : document.exitStatus;
  return withText({ ...document, exitStatus, errors } as Omit<ValidationReport, "toText">, () => [
    ...(missing.length === 0 ? [] : [`incomplete: ${missing.length} of ${counted(run.record.tasks, "part")} not looked at`, ""]),
    validationText(validation),
    ...(kept?.id === undefined
      ? []
      : [`report ${kept.id}: emporium serve ${quoteWord(shown(run.record.source.url))} shows it at /reports/${kept.id}`]),
  ]);
}

/** A folder of this machine as people type it. */
const shown = (url: string): string => parseLocation(url).path ?? url;
