import { EmporiumError } from "../../../core/errors.js";
import { groupsOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import type { MatchRow } from "../match/match-row.js";
import type { PortalRun } from "../match/portal-run.js";
import type { NamedRun } from "./target-names.js";

/** Adds the ids for the file's name to a row of matches. @throws {EmporiumError} CONFIG_FIELD, AMBIGUOUS: never guesses */
export type CompleteRun = (row: MatchRow) => NamedRun;

/** Completes rows from the lists of runs: by the run's id, else by its name if only one run has it. */
export function runCompleter(lists: readonly PortalRun[]): CompleteRun {
  const byId = groupsOf(
    lists.filter(({ id }) => id !== ""),
    ({ id }) => id,
  );
  const byName = groupsOf(lists, ({ name }) => name);
  return ({ portalRun: name, portalRunId, datasetId }) => {
    if (portalRunId !== "" && datasetId !== "") return { name, id: portalRunId, datasetId };
    const known = (portalRunId === "" ? byName.get(name) : byId.get(portalRunId)) ?? [];
    const fitting = known.filter(
      (run) => run.name === name && run.id !== "" && run.datasetId !== "" && (datasetId === "" || run.datasetId === datasetId),
    );
    const distinct = new Map(fitting.map((run) => [run.id, run]));
    const [only] = distinct.values();
    if (only && distinct.size === 1) return { name, id: only.id, datasetId: only.datasetId };
    const lacking = [...(portalRunId === "" ? ["run id"] : []), ...(datasetId === "" ? ["dataset"] : [])].join(" and ");
    if (distinct.size > 1) {
      throw new EmporiumError(
        "AMBIGUOUS",
        `${name}: the table has no ${lacking}, and ${counted(distinct.size, "run")} of the portal are called so`,
        {
          hint: "write CZI_run_id into the table of matches",
        },
      );
    }
    throw new EmporiumError("CONFIG_FIELD", `${name}: the table has no ${lacking}, nor has any cached list of runs`, {
      hint: "name the portal, or a file of its runs with ids, with --runs",
    });
  };
}
