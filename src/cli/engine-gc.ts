import { z } from "zod";
import { asEmporiumError, toErrorRecord } from "../core/errors.js";
import { exitOf } from "../core/report.js";
import { counted, formatBytes } from "../core/units.js";
import type { Amount, Collected } from "../engine/cluster/collect.js";
import type { OpenRun } from "../engine/cluster/run-record.js";
import { command, type Io } from "./command.js";
import { age } from "./option-types.js";

const DAYS = 30;
const DAY_MS = 24 * 3600_000;

export default command({
  name: "engine gc",
  summary: "Remove what ended runs have left in a target, and keep their receipts",
  details: [
    "Journals, lists of tasks, submissions and the jobs' logs below .emporium/runs/ go, and unfinished files of processes that died. Receipts stay, in a compact form: the next import still finds what is done. An open run is not touched.",
    `With the target, runs go that ended ${DAYS} days ago or more; with the folder of one run, that one. What was given up cannot be tried again afterwards with engine resume; the command that began the run does it.`,
  ],
  positionals: ["run"],
  options: z.object({
    run: z.string().meta({ description: "a target, for all its ended runs; or the folder of one run", value: "RUN|TARGET" }),
    olderThan: age()
      .optional()
      .meta({ description: `only runs that ended so long ago (of a target: ${DAYS}d)`, value: "30d" }),
    dryRun: z.boolean().default(false).meta({ description: "only say what would go" }),
  }),
  examples: [{ run: "emporium engine gc --help", says: "with a target" }],
  async run({ run: location, olderThan, dryRun }, io) {
    const [{ collectRun }, { openRuns }, { envOf }] = await Promise.all([
      import("../engine/cluster/collect.js"),
      import("../engine/cluster/run-record.js"),
      import("../engine/env.js"),
    ]);
    const runs = await openRuns(location);
    const isOne = location.includes(".emporium/runs/");
    const chosen = await ended(runs, olderThan ?? (isOne ? 0 : DAYS * DAY_MS), isOne, io);
    const collected: Collected[] = [];
    const errors: ReturnType<typeof toErrorRecord>[] = [];
    for (const run of chosen) {
      try {
        collected.push(await collectRun(run, envOf(io), dryRun));
      } catch (error) {
        if (isOne || io.signal.aborted) throw error;
        errors.push(toErrorRecord(asEmporiumError(error)));
      }
    }
    for (const error of errors) io.fail(error);
    if (io.json) io.outJson({ dryRun, runs: collected, left: runs.length - chosen.length, errors });
    else for (const line of linesOf(collected, runs.length - chosen.length, dryRun)) io.out(line);
    return exitOf(errors.length, collected.length);
  },
});

/** Ended runs of an age; of one that is named, the run itself, which is refused later if it is open. */
async function ended(runs: readonly OpenRun[], ageMs: number, isOne: boolean, io: Pick<Io, "clock">): Promise<OpenRun[]> {
  const { endedMs } = await import("../engine/cluster/collect.js");
  const chosen: OpenRun[] = [];
  for (const run of runs) {
    const at = await endedMs(run);
    if (at === undefined ? isOne : io.clock.now() - at >= ageMs) chosen.push(run);
  }
  return chosen;
}

function linesOf(collected: readonly Collected[], left: number, dryRun: boolean): string[] {
  const lines = collected.map(({ run, removed, receipts, keptBytes }) => {
    const gone = Object.entries(removed).filter(([, { objects }]) => objects > 0);
    const words = gone.map(([what, { objects, bytes }]) => `${what} ${formatBytes(bytes)} in ${objects}`);
    const told = words.length === 0 ? "nothing to remove" : `${dryRun ? "would go" : "gone"}: ${words.join(", ")}`;
    return `${run}  ${told}; ${counted(receipts, "receipt stays", "receipts stay")}, ${formatBytes(keptBytes)} in all`;
  });
  const total = collected.flatMap(({ removed }) => Object.values(removed)).reduce(added, { objects: 0, bytes: 0 });
  lines.push(`${dryRun ? "would remove" : "removed"} ${formatBytes(total.bytes)} in ${counted(total.objects, "object")}`);
  if (left > 0) lines.push(`${counted(left, "run")} left alone: open, or ended later than --older-than says`);
  return lines;
}

const added = (a: Amount, b: Amount): Amount => ({ objects: a.objects + b.objects, bytes: a.bytes + b.bytes });
