import type { Laboratory } from "../../survey/laboratory.js";
import { within } from "../common/paths.js";
import { jobOf } from "./places.js";
import { rowsOf, starTables } from "./stars.js";

/** What `default_pipeline.star` says of the jobs of a project. */
export interface Pipeline {
  /** Jobs that failed or were stopped. */
  readonly failed: ReadonlySet<string>;
  /** Names that people gave to jobs, without their kind: `ribosome` of `Refine3D/ribosome/`. */
  readonly aliases: ReadonlyMap<string, string>;
  /** A sentence on a list of jobs that cannot be read. */
  readonly fault?: string | undefined;
  /** Every job from whose results this one was made, however many steps before. */
  before(job: string): ReadonlySet<string>;
}

const PIPELINE = "default_pipeline.star";

/** Source: `PipeLine::read` in RELION's `src/pipeliner.cpp`; until version 3 the state is a number. */
export async function readPipeline(laboratory: Laboratory, root: string): Promise<Pipeline> {
  const path = within(root, PIPELINE);
  const tables = laboratory.get(path) ? await starTables(laboratory, path) : [];
  const failed = new Set<string>();
  const aliases = new Map<string, string>();
  const inputs = new Map<string, Set<string>>();
  for (const row of "reason" in tables ? [] : tables.flatMap(rowsOf)) {
    const job = jobOf(row.get("rlnPipeLineProcessName") ?? "");
    const state = row.get("rlnPipeLineProcessStatusLabel") ?? row.get("rlnPipeLineProcessStatus") ?? "";
    if (job !== undefined && /^(?:failed|aborted|3|4)$/i.test(state)) failed.add(job);
    const alias = /([^/]+)\/?$/.exec(row.get("rlnPipeLineProcessAlias") ?? "")?.[1];
    if (job !== undefined && alias !== undefined && alias !== "None") aliases.set(job, alias);
    const from = jobOf(row.get("rlnPipeLineEdgeFromNode") ?? "");
    const to = jobOf(row.get("rlnPipeLineEdgeProcess") ?? "");
    if (from !== undefined && to !== undefined && from !== to) inputs.set(to, (inputs.get(to) ?? new Set()).add(from));
  }
  const fault =
    "reason" in tables ? `${tables.reason}. Which jobs failed, and which came before which, is not known.` : undefined;
  return { failed, aliases, fault, before: (job) => reached(job, inputs) };
}

function reached(job: string, inputs: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [job];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const input of inputs.get(at) ?? []) {
      if (found.has(input)) continue;
      found.add(input);
      open.push(input);
    }
  }
  return found;
}
