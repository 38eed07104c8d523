import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { Database } from "../../../catalog/database.js";
import { chooseDatabase, DATABASE_VARIABLE, type DatabaseChoice, holdsPassword, whereIs } from "../../../catalog/database-url.js";
import { type TreePrefixes, USUAL_PREFIXES } from "../../../catalog/import-prefixes.js";
import { openCatalog } from "../../../catalog/migrate.js";
import { EmporiumError, type ErrorRecord, fromErrorRecord, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import { printJsonLine } from "../../../core/json.js";
import { quoteWord } from "../../../core/shell.js";
import { readTasks } from "../../../engine/cluster/graph.js";
import { fewSlots, requestsEach, SLOTS, SLOTS_MAX, sharedLocation } from "../../../engine/cluster/of-others.js";
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
import { type Env, envOf, type GivenEnv } from "../../../engine/env.js";
import type { Operation, Plain, Task, TaskContext } from "../../../engine/task.js";
import type { Entry, Store, UnfollowedLink } from "../../../stores/store.js";
import { objectName } from "../../../stores/store.js";
import { UnfollowedLinks } from "../../../stores/unfollowed-links.js";
import { openStore } from "../../../stores/url.js";
import { mapLimit } from "../../../system/parallel.js";
import { addCounts, type Counts } from "./counts.js";
import { chooseDatasets } from "./dataset-filter.js";
import { closeDataset, type OpenDataset, openDataset } from "./import-dataset.js";
import { WARNINGS } from "./import-faults.js";
import { importProgress } from "./import-progress.js";
import { importRun } from "./import-run.js";
import type { Importing, ImportOptions } from "./importing.js";
import { wantedKinds } from "./kinds.js";
import { absentDatasets, isDepositionId, nothingFound, runIds, startImporting, tidyAfter, usePrefixes } from "./portal-import.js";
import { type ImportReport, importReport, type RunCounts } from "./report.js";
import { seenRuns } from "./state.js";
import { DEPOSITIONS, RUN_DOCUMENT, Sum, walkTree } from "./tree.js";

/** The database as a node finds it: an address without a password, or the file of a login. */
type NodeDatabase = { readonly url: string } | { readonly login: string };

/** Parameters of the import for the nodes. */
interface ImportParams {
  readonly database: NodeDatabase;
  /** Name of the database for messages. */
  readonly server: string;
  readonly prefixes: TreePrefixes;
  /** Datasets that the command named, without the excluded ones. */
  readonly named: readonly string[];
  readonly depositions: readonly number[] | null;
  /** The whole tree is imported. */
  readonly all: boolean;
  readonly kinds: readonly string[] | null;
  readonly again: boolean;
  readonly replace: boolean;
  /** Warnings from the choice of datasets. */
  readonly warnings: readonly string[];
  readonly workspace: string;
  /** Requests in flight from each node. */
  readonly inFlight: number | null;
}

/** Result of one task. */
interface Part {
  /** Counts without depositions, which several tasks may need. */
  readonly counts: ReturnType<typeof entriesOf>;
  readonly depositions: readonly {
    readonly id: number;
    readonly counts: ReturnType<typeof entriesOf>;
    readonly error: ErrorRecord | null;
  }[];
  readonly runs: RunCounts;
  readonly warnings: readonly string[];
  readonly warningCount: number;
  readonly errors: readonly ErrorRecord[];
  readonly links: readonly UnfollowedLink[];
}

type Before = NonNullable<OpenDataset["before"]>;

/** Result of the first task: its datasets exist, and new runs have their numbers. */
interface Begun extends Part {
  readonly prefixes: TreePrefixes;
  readonly datasets: readonly (Pick<OpenDataset, "folder" | "id" | "deposition" | "kept"> & {
    readonly before: Readonly<Record<string, NonNullable<ReturnType<Before["get"]>>>>;
  })[];
}

/** Result of a run's task. */
interface RunDone extends Part {
  /** Null where it could not be read, and for a folder that is no run any more. */
  readonly name: string | null;
  readonly failed: boolean;
  /** Bytes below the run's folder; null where the listing rounds them. */
  readonly bytes: number | null;
}

/** A run's task, as the last task is given it. */
interface Piece {
  readonly key: string;
  readonly dataset: string;
  readonly folder: string;
}

const STAGES = ["datasets", "runs", "summary"];

/** Default number of sessions on a server that others use too; the next constant is the most. Each worker has one or two. */
const DATABASE_SLOTS = 8;
const DATABASE_SLOTS_MAX = 16;
const LOOKS = 8;

export interface ClusterImport
  extends Pick<ImportOptions, "store" | "datasets" | "depositions" | "expressions" | "kinds" | "again" | "replace"> {
  readonly location: string;
  readonly anonymous: boolean;
  readonly prefixes: TreePrefixes | undefined;
  readonly database: NodeDatabase;
  readonly server: string;
  readonly workspace: string;
}

/**
 * The database in a form that nodes can open.
 *
 * @param where the workspace, for the refusal of its embedded database
 * @throws {EmporiumError} USAGE for one that only this machine can open, and for an address with a password in it
 */
export async function databaseOfNodes(
  choice: DatabaseChoice,
  where: string,
): Promise<{ database: NodeDatabase; notes: string[] }> {
  const address = await chooseDatabase(choice);
  if (!address) {
    throw new EmporiumError("USAGE", `--executor: jobs on other nodes cannot open the embedded database of ${where}`, {
      hint: "give --database postgres://USER@HOST/NAME, a server that the nodes reach, or leave out --executor",
    });
  }
  const { host } = whereIs(address);
  const isOwn = /^(?:localhost|127\.[\d.]+|\[?::1\]?)$/i.test(host) || host.startsWith("/");
  const notes = isOwn ? [`the database is at ${host}: a job on another node looks for it on that node`] : [];
  if (choice.url === undefined && choice.login !== undefined) return { database: { login: resolve(choice.login) }, notes };
  if (holdsPassword(address)) {
    const from = choice.url === undefined ? `$${DATABASE_VARIABLE}` : "--database";
    throw new EmporiumError("USAGE", `${from} holds a password, which is not written into the files of a cluster's jobs`, {
      hint: "leave it out of the address, and put it into ~/.pgpass or the file of --login, which the nodes see",
    });
  }
  return { database: { url: address.reveal() }, notes };
}

/**
 * `catalog import` by the jobs of a cluster: the first one imports the datasets and numbers the runs, the others import runs side by side, each in
 * one transaction, and the last one does what needs all of them. The run's own files are in the workspace; nodes must see it and the tree, and
 * reach the database.
 *
 * @returns the report of `importTree`, or with a driver of its own what was submitted
 * @throws {EmporiumError} as `importTree` before anything is imported; USAGE; ENGINE_…
 */
export async function importOnCluster(
  request: ClusterImport,
  cluster: ClusterUse,
  given: GivenEnv,
): Promise<ImportReport | SubmittedReport> {
  const env = envOf(given);
  const { store, anonymous, kinds, depositions } = request;
  const remote = /^(https?|ftp):/.test(sharedLocation(request.location, "LOCATION").url);
  const { slots, notes } = fewSlots(cluster.place, remote ? SLOTS : DATABASE_SLOTS, remote ? SLOTS_MAX : DATABASE_SLOTS_MAX);
  const chosen = await chooseDatasets(store, request.datasets, request.expressions ?? {}, env.signal);
  const folders = chosen?.folders ?? request.datasets;
  const all = folders === undefined && depositions === undefined;
  const named = request.datasets?.filter((folder) => folders?.includes(folder)) ?? [];
  const datasets = await datasetsIn(store, all ? undefined : (folders ?? []), wantedKinds(kinds).has("Run"), env.signal);
  if (datasets.length + named.length === 0 && depositions === undefined && !(all && (await hasDepositions(store, env.signal)))) {
    throw await nothingFound(store, chosen !== undefined);
  }
  const params: ImportParams = {
    ...{ database: request.database, server: request.server, prefixes: request.prefixes ?? USUAL_PREFIXES, named, all },
    ...{ depositions: depositions ?? null, kinds: kinds ?? null },
    ...{ again: request.again ?? false, replace: request.replace ?? false, warnings: chosen?.warnings ?? [] },
    workspace: resolve(request.workspace),
    inFlight: remote ? requestsEach(slots) : null,
  };
  const sum = createHash("sha256")
    .update(printJsonLine(asPlain(params)))
    .digest("hex")
    .slice(0, 8);
  const name = `catalog import ${store.url} ${sum}`;
  const home = await openStore(join(params.workspace, "import"));
  const outcome = await runOnCluster(
    {
      ...{ station: "import", name, source: store, target: home, anonymous, sync: false },
      plan: { createdMs: env.clock.now(), tasks: tasksOf(name, datasets), locks: [] },
      params: asPlain(params),
      groupOf: (task) => ({ name: task.id, rank: task.run === "begin" ? 0 : task.run === "run" ? 1 : 2 }),
      stageNames: STAGES,
      // what has not changed is found by the catalogue itself
      force: true,
    },
    { ...cluster, place: { ...cluster.place, slots } },
    importStation,
    env,
  );
  return outcome.state === "ended" ? reportOf(outcome.run!) : submittedReport(outcome, notes);
}

interface Found {
  readonly folder: string;
  /** Keys of the folders of its runs. */
  readonly runs: readonly string[];
}

/** The datasets of the tree, with the folders of their runs. @param folders undefined: all */
async function datasetsIn(
  store: Store,
  folders: readonly string[] | undefined,
  withRuns: boolean,
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  const tops = folders ?? (await childrenOf(store, "", signal)).filter((name) => !name.startsWith(".") && name !== DEPOSITIONS);
  const found: Found[] = [];
  for (const folder of tops) {
    if (!(await store.stat(`${folder}/dataset_metadata.json`, { signal }))) continue;
    const below = withRuns ? await childrenOf(store, `${folder}/`, signal) : [];
    const runs = await mapLimit(below, LOOKS, async (key) =>
      (await store.stat(`${key}/${RUN_DOCUMENT}`, { signal })) ? key : undefined,
    );
    found.push({ folder, runs: runs.filter((key) => key !== undefined) });
  }
  return found;
}

/** Keys of the folders directly in a folder, without a last `/`. */
async function childrenOf(store: Store, folder: string, signal: AbortSignal | undefined): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key, leaves } of store.children(folder, { signal })) {
    if (key.endsWith("/") && leaves === undefined) keys.push(key.slice(0, -1));
  }
  return keys;
}

async function hasDepositions(store: Store, signal: AbortSignal | undefined): Promise<boolean> {
  for (const key of await childrenOf(store, `${DEPOSITIONS}/`, signal)) {
    if (await store.stat(`${key}/deposition_metadata.json`, { signal })) return true;
  }
  return false;
}

function tasksOf(name: string, datasets: readonly Found[]): Task[] {
  const add = resultTasks(name);
  const begin = add({ run: "begin", title: "the datasets", params: asPlain({ datasets }), bytes: 0 });
  const key = begin.outputs[0]!;
  const pieces: Piece[] = [];
  const runs = datasets.flatMap(({ folder: dataset, runs }) =>
    runs.map((folder) => {
      const task = add({ run: "run", title: folder, params: { begin: key, dataset, folder }, bytes: 0, after: [begin] });
      pieces.push({ key: task.outputs[0]!, dataset, folder });
      return task;
    }),
  );
  const params = asPlain({ begin: key, pieces });
  return [begin, ...runs, add({ run: "end", title: "what needs all runs", params, bytes: 0, after: [begin, ...runs] })];
}

/** The part of the import that runs on a node. */
export const importStation: ClusterStation = {
  async open(record, env) {
    const { anonymous, url } = record.source;
    const { inFlight } = paramsIn(record);
    const source = await openStore(url, { anonymous, readOnly: true, inFlight: inFlight ?? undefined });
    const target = await openStore(record.target.url, { anonymous: record.target.anonymous, sync: record.target.sync });
    const node = new Node(record, source, env);
    return { source, target, operations: () => node.operations, close: () => node.close() };
  },
  finish: (run, unfinished) => removeTaskLocks(run, unfinished),
  report: (run): Promise<ImportReport> => reportOf(run),
};

const paramsIn = ({ params }: RunRecord): ImportParams => params as unknown as ImportParams;

/** The import in one process of a node. */
class Node {
  readonly #record: RunRecord;
  readonly #params: ImportParams;
  readonly #store: Store;
  readonly #env: Env;
  readonly #imported = { runs: 0 };
  #database: Promise<Database> | undefined;
  #begun: Promise<Begun> | undefined;

  constructor(record: RunRecord, store: Store, env: Env) {
    this.#record = record;
    this.#params = paramsIn(record);
    this.#store = store;
    this.#env = env;
  }

  get operations(): Record<string, Operation> {
    const { id } = this.#record;
    const plain = async (result: Promise<Part>) => asPlain(await result);
    return {
      begin: resultOperation(id, (task, context) => plain(this.#begin(task, context))),
      run: resultOperation(id, (task, context) => plain(this.#run(task, context))),
      end: resultOperation(id, (task, context) => plain(this.#end(task, context))),
    };
  }

  async close(): Promise<void> {
    await (await this.#database?.catch(() => undefined))?.close();
  }

  async #start(
    { clock, log, signal }: TaskContext,
    prefixes: TreePrefixes | undefined,
    done: Parameters<typeof startImporting>[2]["done"],
  ): Promise<Importing> {
    const { kinds, again, replace } = this.#params;
    this.#database ??= this.#open();
    const database = await this.#database.catch((error: unknown) => {
      this.#database = undefined; // tried again with the task
      throw error;
    });
    const options = { store: this.#store, database, kinds: kinds ?? undefined, again, replace, clock, log, signal };
    const progress = importProgress({ ...options, datasets: undefined, runs: false, onEvent: undefined });
    const known = prefixes ?? (await usePrefixes(database, this.#params.prefixes));
    return startImporting(options, known, { progress, done, imported: this.#imported });
  }

  async #open(): Promise<Database> {
    const { database, workspace } = this.#params;
    const { log, signal } = this.#env;
    const choice = { ...database, env: {} };
    const url = await chooseDatabase(choice);
    return openCatalog({ url, workspace, role: "writer", purpose: "catalog import", connections: 4, log, signal });
  }

  /** Result of the first task. @throws {EmporiumError} TASK_FAILED */
  async #first(task: Task, target: Store): Promise<Begun> {
    this.#begun ??= readResult<Plain>(target, this.#record.id, String(task.params.begin)).then((result) => {
      if (result === undefined) throw new EmporiumError("TASK_FAILED", "the datasets were not imported, which comes first");
      return result as unknown as Begun;
    });
    return this.#begun.catch((error: unknown) => {
      this.#begun = undefined;
      throw error;
    });
  }

  async #begin(task: Task, context: TaskContext): Promise<Begun> {
    const importing = await this.#start(context, undefined, undefined);
    const { depositions, faults } = importing;
    for (const id of this.#params.depositions ?? []) await depositions.sync(id);
    const newRunId = runIds(importing);
    const datasets: Begun["datasets"][number][] = [];
    for (const { folder, runs } of task.params.datasets as unknown as Found[]) {
      faults.throwFatal();
      const open = await openDataset(importing, folder);
      if (!open) continue;
      const { id, deposition, kept, seen } = open;
      const before: Record<string, { fingerprint?: string | undefined; newId?: number | undefined }> = {};
      for (const key of runs) {
        const known = seen.get(key);
        before[key] = known ? { fingerprint: known.fingerprint } : { newId: await newRunId() };
      }
      datasets.push({ folder, id, deposition, kept, before });
    }
    const { prefixes } = importing.context;
    return { ...partOf(importing, []), prefixes, datasets };
  }

  async #run(task: Task, context: TaskContext): Promise<RunDone> {
    const { target, signal } = context;
    const begun = await this.#first(task, target);
    const { dataset, folder } = task.params as { dataset: string; folder: string };
    const importing = await this.#start(context, begun.prefixes, doneIn([begun]));
    const opened = begun.datasets.find((one) => one.folder === dataset);
    // why not is told of the dataset
    if (!opened) return { ...partOf(importing, []), name: null, failed: false, bytes: null };
    const before = new Map(Object.entries(opened.before));
    const open: OpenDataset = {
      ...{ ...opened, before, names: new Map(), failedFolders: new Set() },
      seen: await importing.options.database.steady(() => seenRuns(importing.context.db, opened.id, folder)),
      claim: (name, by) => this.#claim(target, opened.id, name, by),
    };
    const links = new UnfollowedLinks();
    let bytes: number | undefined = 0;
    for await (const part of walkTree(this.#store, [folder], signal, links.add)) {
      if (part.kind === "run") await importRun(importing, open, part.files, before.get(folder)?.newId);
      if (part.kind === "end") bytes = part.bytes;
    }
    const [name = null] = open.names.keys();
    return { ...partOf(importing, links.all), name, failed: open.failedFolders.size > 0, bytes: bytes ?? null };
  }

  /** Folder that gets a run's name in this import: the first that claims it. */
  async #claim(target: Store, dataset: number, name: string, folder: string): Promise<string> {
    const sum = createHash("sha256").update(name).digest("hex").slice(0, 32);
    const key = `${runFolder(this.#record.id)}names/${dataset}-${sum}`;
    try {
      await target.write(key, new TextEncoder().encode(folder), { ifAbsent: true });
      return folder;
    } catch (error) {
      if (!isEmporiumError(error) || error.code !== "STORE_CONFLICT") throw error;
    }
    return new TextDecoder().decode(await target.read(key));
  }

  /** Removes the rows of runs that datasets no longer have, and reports faults that are known only at the end. */
  async #end(task: Task, context: TaskContext): Promise<Part> {
    const { target, signal } = context;
    const store = this.#store;
    const begun = await this.#first(task, target);
    const pieces = task.params.pieces as unknown as Piece[];
    const results = new Map<string, RunDone>();
    for (const { key, folder } of pieces) {
      const result = await readResult<Plain>(target, this.#record.id, key);
      if (result !== undefined) results.set(folder, result as unknown as RunDone);
    }
    const importing = await this.#start(context, begun.prefixes, doneIn([begun, ...results.values()]));
    const { faults, runs, depositions, context: rows } = importing;
    const links = new UnfollowedLinks();
    for (const { links: met } of results.values()) for (const link of met) links.add(link);
    for (const { folder, before, ...dataset } of begun.datasets) {
      faults.throwFatal();
      const names = new Map<string, string>();
      const failedFolders = new Set<string>();
      const below = new Sum();
      for (const key of Object.keys(before)) {
        const result = results.get(key);
        if (result?.name != null) names.set(result.name, key);
        if (!result || result.failed) failedFolders.add(key);
        if (result) below.add(result.bytes === null ? { size: 0, approximate: true } : { size: result.bytes });
      }
      const listed = (key: string) => before[key] !== undefined && results.has(key);
      for await (const entry of filesBeside(store, folder, listed, links, signal)) below.add(entry);
      await closeDataset(importing, { ...dataset, folder, seen: new Map(), names, failedFolders }, below.bytes);
    }
    if (this.#params.all) {
      for (const id of await depositionsAndLinks(store, new Set(begun.datasets.map(({ folder }) => folder)), links, signal)) {
        if (rows.wanted.has("Deposition")) await depositions.sync(id);
      }
    }
    const said = [begun, ...results.values()].flatMap(({ errors }) => errors);
    const met = new Set(begun.datasets.map(({ folder }) => folder));
    for (const error of absentDatasets(store, this.#params.named, met, said)) faults.fail(error);
    const told = links.told(objectName(store, ""));
    if (told !== undefined) faults.warn(told);
    faults.throwFatal();
    const imported = [...results.values()].reduce((sum, result) => sum + result.runs.imported, 0);
    if (imported + runs.removed > 0) await tidyAfter(importing.options.database, signal);
    return partOf(importing, []);
  }
}

/** The files of a dataset outside the listed runs. */
async function* filesBeside(
  store: Store,
  folder: string,
  isListed: (key: string) => boolean,
  links: UnfollowedLinks,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  const options = { signal, onLink: links.add };
  for await (const entry of store.children(`${folder}/`, options)) {
    if (entry.leaves !== undefined) continue;
    if (!entry.key.endsWith("/")) yield entry;
    else if (!isListed(entry.key.slice(0, -1))) {
      for await (const file of store.list(entry.key, options)) if (file.leaves === undefined) yield file;
    }
  }
}

/** Depositions that have documents in the tree, and the links outside datasets, found in one listing of the tree. */
async function depositionsAndLinks(
  store: Store,
  datasets: ReadonlySet<string>,
  links: UnfollowedLinks,
  signal: AbortSignal,
): Promise<number[]> {
  const ids: number[] = [];
  const options = { signal, onLink: links.add };
  for await (const { key, leaves } of store.children("", options)) {
    if (leaves !== undefined || !key.endsWith("/") || key.startsWith(".") || datasets.has(key.slice(0, -1))) continue;
    for await (const { key: file } of store.list(key, options)) {
      const [top, id = "", name, more] = file.split("/");
      const isDocument = top === DEPOSITIONS && name === "deposition_metadata.json" && more === undefined;
      if (isDocument && isDepositionId(id)) ids.push(Number(id));
    }
  }
  return ids;
}

function partOf({ context, depositions, runs, faults }: Importing, links: readonly UnfollowedLink[]): Part {
  faults.throwFatal();
  return {
    counts: entriesOf(context.counts),
    depositions: [...depositions.counts].map(([id, counts]) => {
      const error = depositions.ended.get(id);
      return { id, counts: entriesOf(counts), error: error ? toErrorRecord(error) : null };
    }),
    runs,
    warnings: faults.warnings,
    warningCount: faults.warningCount,
    errors: faults.errors,
    links,
  };
}

const entriesOf = (counts: Counts) => [...counts];

/** Results of the depositions that these tasks have imported. */
function doneIn(parts: readonly Part[]): Map<number, EmporiumError | undefined> {
  return new Map(
    parts.flatMap(({ depositions }) =>
      depositions.map(({ id, error }) => [id, error === null ? undefined : fromErrorRecord(error)] as const),
    ),
  );
}

async function reportOf(run: OpenRun): Promise<ImportReport> {
  const { record, store, folder, url } = run;
  const { prefixes, server, warnings: chosen } = paramsIn(record);
  const tree = await openStore(record.source.url, { anonymous: record.source.anonymous, readOnly: true });
  const counts: Counts = new Map();
  const depositions = new Map<number, Counts>();
  const runs: RunCounts = { imported: 0, unchanged: 0, failed: 0, removed: 0 };
  const warnings = [...chosen];
  let warningCount = chosen.length;
  const errors = new Map<string, ErrorRecord>();
  const fail = (error: ErrorRecord) => {
    const { code, message, file, url: at, path } = error;
    errors.set([code, message, file, at, path].join("\0"), error);
  };
  let used: TreePrefixes = prefixes;
  for (const { run: operation, outputs, title } of await readTasks(store, folder, 0, record.tasks)) {
    const result = await readResult<Plain>(store, record.id, outputs[0]!);
    if (result === undefined) {
      if (operation === "run") runs.failed++;
      fail(toErrorRecord(notDone(title, url)));
      continue;
    }
    const part = result as unknown as Part;
    if (operation === "begin") used = (part as Begun).prefixes;
    addCounts(counts, new Map(part.counts));
    for (const { id, counts: own } of part.depositions) {
      // several tasks may have needed it, and one of them has changed it
      if (!depositions.has(id) || own.some(([, rows]) => rows.inserted + rows.updated + rows.removed > 0)) {
        depositions.set(id, new Map(own));
      }
    }
    for (const key of Object.keys(runs) as (keyof RunCounts)[]) runs[key] += part.runs[key];
    warnings.push(...part.warnings);
    warningCount += part.warningCount;
    part.errors.forEach(fail);
  }
  for (const own of depositions.values()) addCounts(counts, own);
  return importReport({
    location: tree.local ? tree.local.path("") : tree.url,
    database: server,
    s3_prefix: used.s3,
    https_prefix: used.https,
    runs,
    counts,
    anythingDone: counts.size > 0,
    seconds: await runSeconds(run),
    warnings: warnings.slice(0, WARNINGS),
    warning_count: warningCount,
    errors: [...errors.values()],
  });
}

function notDone(title: string, url: string): EmporiumError {
  return new EmporiumError("TASK_FAILED", `not imported: ${title}`, {
    hint: `emporium engine dead ${quoteWord(url)} says why, emporium engine resume ${quoteWord(url)} --retry-dead tries it again`,
  });
}
