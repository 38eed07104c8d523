import { seededRandom } from "../../core/random.js";
import { cutForPlace } from "../../engine/cluster/begin.js";
import { type CostEstimate, estimateCost, workOf } from "../../engine/cluster/cost.js";
import type { TaskGroup } from "../../engine/cluster/cut.js";
import type { RunEnd } from "../../engine/cluster/gate.js";
import { type Begun, type ClusterUse, runOnCluster } from "../../engine/cluster/on-cluster.js";
import type { OpenRun, RunRecord } from "../../engine/cluster/run-record.js";
import { runResults } from "../../engine/cluster/status.js";
import type { ClusterStation } from "../../engine/cluster/work.js";
import type { Env } from "../../engine/env.js";
import { envOf } from "../../engine/env.js";
import { countStates, type RunReport } from "../../engine/run.js";
import type { Receipt, Task } from "../../engine/task.js";
import type { Store } from "../../stores/store.js";
import { openStore } from "../../stores/url.js";
import { moveClaims, releaseClaims } from "./id-claims.js";
import { awaitedSections } from "./importers/key-image.js";
import { addressOpener } from "./ops/open-address.js";
import { ingestOperations } from "./ops/operations.js";
import { sectionCache } from "./ops/section-cache.js";
import type { IngestPlan } from "./plan.js";

export type IngestOutcome = Begun | { readonly state: "ended"; readonly run: OpenRun | undefined; readonly report: RunReport };

const STAGES = ["runs", "datasets", "depositions"];
/** Segments of a key below which an object belongs to a run: `10401/TS_0001/…`. */
const RUN_DEPTH = 3;

/** A run's tasks stay together; a dataset's own come behind those of its runs, and a deposition's behind all. */
function ingestGroup({ outputs, id }: Pick<Task, "outputs" | "id">): TaskGroup {
  const parts = (outputs.at(-1) ?? id).replace(/\/$/, "").split("/");
  if (parts[0] === "depositions_metadata") return { name: parts.slice(0, 2).join("/"), rank: 2 };
  if (parts.length >= RUN_DEPTH && parts[1] !== "Images") return { name: parts.slice(0, 2).join("/"), rank: 0 };
  return { name: parts[0]!, rank: 1 };
}

/**
 * Estimates the cost of a plan, for a dry run. Asks the engine for its largest array job. @throws {EmporiumError} ENGINE_ABSENT
 */
export async function estimateIngest(plan: IngestPlan, target: Store, { place }: ClusterUse): Promise<CostEstimate> {
  const { arrayMax } = await place.executor.limits();
  const stages = cutForPlace({ plan, groupOf: ingestGroup, stageNames: STAGES }, place, arrayMax);
  const counts = stages.map(({ name, slices }) => ({ name, tasks: slices.flat().length, slices: slices.length }));
  return estimateCost(target, "ingest", counts, workOf(plan.tasks), place.price);
}

export interface ClusterIngestOptions {
  readonly cluster: ClusterUse;
  readonly anonymous: boolean;
  readonly allowPrivate: boolean;
  readonly sync: boolean;
  readonly force: boolean;
  readonly verify: boolean;
  readonly createdMs: number | undefined;
  /** Token of this import's claims to ids, which the run on the cluster keeps. */
  readonly claims: string;
  /** Receipts of imports by this machine alone. */
  readonly receipt: (task: string) => Receipt | undefined;
  /** Gets the tasks that are given to the cluster before they are. */
  readonly beforeTasks: (tasks: readonly Task[]) => Promise<void>;
}

/** Gives a plan to a cluster. @throws as `beginRun`, and what the engine says of the first job */
export async function ingestOnCluster(
  plan: IngestPlan,
  name: string,
  { source, target }: { source: Store; target: Store },
  options: ClusterIngestOptions,
  env: Env,
): Promise<IngestOutcome> {
  const { cluster, anonymous, allowPrivate, sync, force, verify, createdMs, claims, receipt, beforeTasks } = options;
  const begunMs = env.clock.monotonic();
  const outcome = await runOnCluster(
    {
      station: "ingest",
      name,
      plan,
      params: { claims, allowPrivate },
      source,
      target,
      anonymous,
      sync,
      groupOf: ingestGroup,
      stageNames: STAGES,
      receipt,
      beforeTasks,
      force,
      verify,
      createdMs,
    },
    cluster,
    ingestStation,
    env,
    async ({ record }) => {
      // a run that was begun before has claims of its own
      const owner = String(record.params.claims);
      if (owner !== claims) await moveClaims(target, { from: claims, to: owner }, env);
      return undefined;
    },
  );
  if (outcome.state !== "ended") return outcome;
  const { run, end } = outcome;
  return { state: "ended", run, report: await reportOf(plan, run, end, (env.clock.monotonic() - begunMs) / 1000) };
}

async function reportOf(
  plan: IngestPlan,
  run: OpenRun | undefined,
  { exitStatus, error }: Pick<RunEnd, "exitStatus" | "error">,
  seconds: number,
): Promise<RunReport> {
  const results = run ? await runResults(run, plan.tasks) : plan.tasks.map((task) => ({ task, state: "already" as const }));
  return {
    results,
    ...countStates(results),
    interrupted: 0,
    seconds,
    exitStatus,
    createdMs: run?.record.createdMs ?? plan.createdMs,
    resumed: false,
    ...(error ? { error } : {}),
  };
}

/** Opens the stores of an import on a node, with its operations; `finish` ends it. */
export const ingestStation: ClusterStation = {
  async open({ source, target, params }: RunRecord) {
    const { anonymous } = source;
    return {
      source: await openStore(source.url, { anonymous, readOnly: true }),
      target: await openStore(target.url, { anonymous: target.anonymous, sync: target.sync }),
      operations: (tasks) =>
        ingestOperations(
          addressOpener({ anonymous, allowPrivate: params.allowPrivate === true }),
          sectionCache(awaitedSections(tasks)),
        ),
    };
  },
  async finish({ record, store }, unfinished) {
    const outputs = unfinished.flatMap((task) => task.outputs);
    const env = envOf({ random: seededRandom(record.createdMs) });
    await releaseClaims(
      store,
      String(record.params.claims),
      ({ container }) => outputs.some((key) => key.startsWith(`${container}/`)),
      env,
    );
  },
};
