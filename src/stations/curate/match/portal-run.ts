import { keyOf } from "../../../core/groups.js";

/** A run that the portal shows. Ids that a snapshot lacks are "". */
export interface PortalRun {
  readonly name: string;
  readonly id: string;
  readonly datasetId: string;
  readonly datasetTitle?: string | undefined;
  readonly organism?: string | undefined;
}

/** Runs without repetition: one for each id, and each name of a dataset where ids are missing. */
export function distinctRuns(runs: Iterable<PortalRun>): PortalRun[] {
  const seen = new Set<string>();
  const kept: PortalRun[] = [];
  for (const run of runs) {
    const key = run.id === "" ? keyOf(run.datasetId, run.name) : run.id;
    if (seen.has(key)) continue;
    seen.add(key);
    kept.push(run);
  }
  return kept;
}
