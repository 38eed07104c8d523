import { join, resolve } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import type { Report } from "../../../core/report.js";
import { readTasks } from "../../../engine/cluster/graph.js";
import { type ClusterUse, runOnCluster, type SubmittedReport, submittedReport } from "../../../engine/cluster/on-cluster.js";
import { readResult, removeTaskLocks, resultOperation, resultTasks, runSeconds } from "../../../engine/cluster/results.js";
import type { OpenRun, RunRecord } from "../../../engine/cluster/run-record.js";
import type { ClusterStation } from "../../../engine/cluster/work.js";
import { bufferMemory } from "../../../engine/cluster/worker-memory.js";
import { envOf } from "../../../engine/env.js";
import type { Operation, Plain, PlainObject, Task, TaskContext, TaskPlan } from "../../../engine/task.js";
import type { Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { checkGroup } from "./check-group.js";
import { emptyTally, type Tally } from "./context.js";
import { collectFindings, type FindingKind, type Findings } from "./findings.js";
import { objectsOf, proofFolderOf } from "./groups.js";
import type { LevelsChecked } from "./hierarchy.js";
import type { Proof, ProofLine } from "./proof.js";
import { proofMoment, proofsOf } from "./proofs.js";
import { type KnownProof, makeReport, type VerifyReport } from "./report.js";
import { startWorkers, threadsOf } from "./threads.js";
import { askedBy, lookAtTree, nothing, refusePartialProof, rootOf, type Scene, type VerifyOptions } from "./verify.js";

/** A finding as plain values. */
type Said = [kind: FindingKind, key: string, message: string];

interface GroupResult {
  readonly said: Said[];
  readonly tally: Tally;
  /** For a proof. */
  readonly lines: ProofLine[];
}

/** Parameters that nodes need beside the tree, with the report's sources of checksums. */
interface VerifyParams {
  readonly prefix: string;
  readonly workspace: string;
  readonly writtenAt: string | null;
  readonly subset: { part: number; of: number } | null;
  readonly levels: LevelsChecked | null;
  readonly sha256: boolean;
  readonly strict: boolean;
  readonly writeProof: boolean;
  readonly version: string;
  readonly journals: string[];
  readonly proofs: (KnownProof & Pick<Proof, "folder">)[];
  readonly names: Record<string, string>;
  /** Findings about the proofs themselves. */
  readonly said: Said[];
}

const STAGES = ["groups", "proofs"];

/**
 * `verify` by the jobs of a cluster: each checks some groups of the tree (a run of a dataset is one). The run's own files are in the
 * workspace, for the tree is only read; nodes must see both.
 *
 * @returns the report of `verify`, or with a driver of its own what was submitted
 * @throws {EmporiumError} as `verify` before anything is read; ENGINE_…
 */
export async function verifyOnCluster(
  location: string,
  cluster: ClusterUse,
  options: VerifyOptions & { anonymous?: boolean | undefined },
): Promise<VerifyReport | SubmittedReport> {
  const env = envOf(options);
  const { anonymous = false, writeProof = false } = options;
  const { root, prefix } = await rootOf(location, anonymous);
  refusePartialProof(options, prefix);
  const store = await openStore(root, { anonymous, readOnly: !writeProof });
  const workspace = resolve(options.workspace);
  const writtenAt = options.writtenAt && parseLocation(options.writtenAt).url;
  const { signal = new AbortController().signal } = env;
  const scene = await lookAtTree(store, { prefix, workspace, writtenAt }, signal);
  const params = paramsOf(scene, prefix, { ...options, workspace, writtenAt });
  const name = `verify ${store.url}/${prefix}`;
  const home = await openStore(join(workspace, "verify"));
  const tasks = await tasksOf(store, name, scene.groups, writeProof, signal);
  const plan: TaskPlan = { createdMs: env.clock.now(), tasks, locks: [] };
  const job = { station: "verify", name, plan, params: params as unknown as PlainObject, source: store, target: home };
  const rank = ({ run }: Task) => (run === "check" ? 0 : 1);
  const outcome = await runOnCluster(
    {
      ...job,
      anonymous,
      sync: false,
      groupOf: (task) => ({ name: task.id, rank: rank(task) }),
      stageNames: STAGES,
      // what was right an hour ago is read again
      force: true,
    },
    cluster,
    verifyStation,
    env,
  );
  return outcome.state === "ended" ? reportOf(outcome.run!) : submittedReport(outcome);
}

function paramsOf({ records, findings }: Scene, prefix: string, options: VerifyOptions): VerifyParams {
  const {
    workspace,
    writtenAt = null,
    subset = null,
    levels = null,
    checksum,
    strict = false,
    writeProof = false,
    version,
  } = options;
  return {
    ...{ prefix, workspace, writtenAt, subset, levels, sha256: checksum === "sha256", strict, writeProof, version },
    journals: [...records.journals],
    proofs: records.proofs.map(({ folder, key, made, program, basis, objects, bytes }) => ({
      ...{ folder, key, made, program, basis, objects, bytes },
    })),
    names: Object.fromEntries(records.names),
    said: findings.list().map(({ kind, key, message }): Said => [kind, key, message]),
  };
}

/** A task for each group, then one for each proof. */
async function tasksOf(
  store: Store,
  name: string,
  groups: readonly string[],
  writeProof: boolean,
  signal: AbortSignal,
): Promise<Task[]> {
  const add = resultTasks(name);
  const tasks: Task[] = [];
  const folders = new Map<string, { group: string; task: Task }[]>();
  for (const group of groups) {
    let bytes = 0;
    for (const { size } of (await objectsOf(store, group, signal)).values()) bytes += size;
    const task = add({ run: "check", title: group || "the root", params: { group }, bytes });
    tasks.push(task);
    const folder = proofFolderOf(group);
    folders.set(folder, [...(folders.get(folder) ?? []), { group, task }]);
  }
  if (!writeProof) return tasks;
  for (const [folder, checks] of folders) {
    const results = checks.map(({ group, task }) => ({ group, key: task.outputs[0]! }));
    const after = checks.map(({ task }) => task);
    tasks.push(
      add({ run: "prove", title: `the proof of ${folder || "the root"}`, params: { folder, results }, bytes: 0, after }),
    );
  }
  return tasks;
}

/** Opens the tree on a node, with the operations that check groups. */
export const verifyStation: ClusterStation = {
  async open(record) {
    const params = paramsIn(record);
    const { anonymous, url } = record.source;
    const source = await openStore(url, { anonymous, readOnly: !params.writeProof });
    const target = await openStore(record.target.url, { anonymous: record.target.anonymous, sync: record.target.sync });
    return { source, target, operations: () => operationsOf(record, params, source) };
  },
  finish: (run, unfinished) => removeTaskLocks(run, unfinished),
  report: (run): Promise<Report> => reportOf(run),
};

const paramsIn = ({ params }: RunRecord): VerifyParams => params as unknown as VerifyParams;

function operationsOf(record: RunRecord, params: VerifyParams, store: Store): Record<string, Operation> {
  const { cpus, memoryBytes } = record.resources;
  const threads = threadsOf({ jobs: cpus, memoryBytes: bufferMemory(memoryBytes) });
  const { prefix, workspace, subset, levels, sha256 } = params;
  const writtenAt = params.writtenAt ?? undefined;
  let scene: ReturnType<typeof lookAtTree> | undefined;
  const check = async (task: Task, { signal, progress }: TaskContext): Promise<Plain> => {
    scene ??= lookAtTree(store, { prefix, workspace, writtenAt }, signal);
    const { records } = await scene;
    refuseOtherJournals(params, records.journals);
    const { findings, said } = listening(collectFindings());
    const tally = emptyTally();
    const workers = startWorkers(store, { threads, memoryBytes: bufferMemory(memoryBytes) }, signal);
    let done = 0;
    const onBytes = (bytes: number) => {
      done += bytes;
      progress(done);
    };
    try {
      const lines = await checkGroup(String(task.params.group), {
        ...{ store, records, findings, tally, workers, threads, levels: levels ?? "sampled", levelsGiven: levels !== null },
        ...{ isAsked: askedBy(subset ?? undefined), sha256, signal, onBytes },
      });
      const result: GroupResult = { said, tally, lines: params.writeProof ? lines : [] };
      return result as unknown as Plain;
    } finally {
      await workers.end();
    }
  };
  return {
    check: resultOperation(record.id, check),
    prove: resultOperation(record.id, (task, context) => prove(task, context, { record, params, store })),
  };
}

/** The report of one machine speaks of the journals that it finds in its workspace. @throws {EmporiumError} STORE_ABSENT */
function refuseOtherJournals({ journals, workspace }: VerifyParams, found: readonly string[]): void {
  const missing = journals.find((journal) => !found.includes(journal));
  if (missing === undefined) return;
  throw new EmporiumError("STORE_ABSENT", `the receipts in ${missing} are not visible from this node`, {
    place: { file: missing },
    hint: `put the workspace ${workspace} where all nodes see it, and name it with --workspace`,
  });
}

/** Notes what is said, so that it can be said again where the report is made. */
function listening(findings: Findings): { findings: Findings; said: Said[] } {
  const said: Said[] = [];
  const add: Findings["add"] = (kind, key, message) => {
    said.push([kind, key, message]);
    findings.add(kind, key, message);
  };
  return { findings: { ...findings, add }, said };
}

/** Says again what was found in a group. */
function replay({ said, tally }: GroupResult, findings: Findings, sum: Tally): void {
  for (const [kind, key, message] of said) findings.add(kind, key, message);
  for (const key of Object.keys(sum) as (keyof Tally)[]) {
    if (key !== "edges") sum[key] += tally[key];
  }
  sum.edges.present += tally.edges.present;
  sum.edges.zeros += tally.edges.zeros;
}

/** Writes the proof of a folder, from what its groups have found. */
async function prove(
  task: Task,
  { target, signal, createdMs }: TaskContext,
  { record, params, store }: { record: RunRecord; params: VerifyParams; store: Store },
): Promise<Plain> {
  const findings = collectFindings();
  const tally = emptyTally();
  const { proofs: known, journals, names } = params;
  const records = { proofs: known, journals, names: new Map(Object.entries(names)) };
  const proofs = proofsOf({ store, findings, records, tally, signal }, params.version, proofMoment(createdMs));
  try {
    for (const { group, key } of task.params.results as { group: string; key: string }[]) {
      const result = await readResult<Plain>(target, record.id, key);
      if (!result) throw new EmporiumError("TASK_FAILED", `${task.title} is not written: ${group || "the root"} was not checked`);
      const start = proofs.start();
      const found = result as unknown as GroupResult;
      replay(found, findings, tally);
      await proofs.add(group, found.lines, start);
    }
    await proofs.finish();
  } catch (error) {
    await proofs.abort();
    throw error;
  }
  return { written: proofs.written };
}

async function reportOf(run: OpenRun): Promise<VerifyReport> {
  const { record, store } = run;
  const params = paramsIn(record);
  const tree = await openStore(record.source.url, { anonymous: record.source.anonymous, readOnly: true });
  const findings = collectFindings();
  const tally = emptyTally();
  for (const [kind, key, message] of params.said) findings.add(kind, key, message);
  const written: string[] = [];
  for (const { run: operation, params: given, outputs, title } of await readTasks(store, run.folder, 0, record.tasks)) {
    const result = await readResult<Plain>(store, record.id, outputs[0]!);
    if (operation === "prove") written.push(...((result as { written?: string[] } | undefined)?.written ?? []));
    else if (result) replay(result as unknown as GroupResult, findings, tally);
    else findings.add("unchecked", String(given.group), `the job that was to check ${title} did not end`);
  }
  if (tally.objects === 0 && findings.list().length === 0) throw nothing(tree);
  const { prefix, proofs, journals, levels, strict, subset } = params;
  return makeReport(tree, {
    ...{
      prefix,
      findings,
      tally,
      records: { proofs, journals },
      subset: subset ?? undefined,
      levels: levels ?? "sampled",
      strict,
      written,
    },
    seconds: await runSeconds(run),
  });
}
