import { runFolder } from "../../../model/layout.js";
import type { PlanWarning } from "../draft.js";
import type { PlanContext } from "../importers/context.js";
import { countFindings } from "./counts.js";
import type { Finding, Refusal } from "./finding.js";
import { roleFindings } from "./roles.js";
import { sharedFindings } from "./shared.js";
import { spacingFindings } from "./spacings.js";

export interface Judgement {
  /** No run begins while there is one. */
  readonly refusals: readonly Refusal[];
  /** Folders of the runs that each refusal is about; one that is not here is about more than runs. */
  readonly refusedRuns: ReadonlyMap<Refusal, readonly string[]>;
  /** Warnings of the plan that are not refused, and findings of the uses that are no errors. */
  readonly warnings: readonly PlanWarning[];
}

/** The findings of the uses that a plan has noted. Under `compat` none is an error: the reference imports as it is told. */
export async function judgeUses(context: PlanContext, told: readonly PlanWarning[]): Promise<Judgement> {
  const { uses, compat, strict } = context;
  const spacings = await spacingFindings(context);
  const shared = sharedFindings(uses, spacings.files);
  const counts = countFindings(uses, ({ kind, run }) => shared.runs.has(`${kind} ${run}`));
  const all = [...spacings.findings, ...shared.findings, ...counts, ...(await roleFindings(context))];
  const isRefused = ({ isSure, isUsual }: Pick<Finding, "isSure" | "isUsual">) => !compat && !isUsual && (isSure || strict);
  const isFault = ({ code }: PlanWarning) => code !== undefined && isRefused({ isSure: false });
  const refused = all.filter(isRefused);
  const faults = told.filter(isFault).map(({ code, message, place, dataset, run }) => ({
    error: { code: code!, message, ...place },
    runs: dataset !== undefined && run !== undefined ? [runFolder(dataset, run)] : [],
  }));
  const against = [...refused, ...faults];
  return {
    refusals: against.map(({ error }) => error),
    refusedRuns: new Map(against.flatMap(({ error, runs }) => (runs.length > 0 ? [[error, runs] as const] : []))),
    warnings: told
      .filter((warning) => !isFault(warning))
      .concat(
        all.flatMap((one) => {
          const { code, message, hint: _, files, ...place } = one.error;
          return isRefused(one) ? [] : [{ code, message, place, ...(files && { files }) }];
        }),
      ),
  };
}
