import type { IngestPlan } from "./plan.js";

/** True when a run of this plan cannot do all that was asked, whatever happens to its tasks: exit status 3. */
export function isPartial({ failures }: Pick<IngestPlan, "failures">): boolean {
  return failures.length > 0;
}
