import { z } from "zod";
import { command } from "./command.js";
import { compatReference, runPattern, scanOptions } from "./curate-options.js";
import { basesOf, portalBase } from "./harvest-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate match",
  summary: "Find which folders of an archive are which runs of a portal",
  details: [
    "--runs is a CryoET portal's GraphQL address (the public one by default; an emporium server just as well), whose answer is kept in the workspace for a day, or a file of runs: JSON as the portal answers, an object dataset → runs, CSV with a column name or CZI_run_name, or a name a line.",
    "Names are held against each other by five rules, the surest first: exact (score 1), two-letter (0.95: the laboratory writes mk2019-11-19-73, the portal mka2019-11-19-73), normalised (0.9: capitals, blanks, _ and -), padded (0.85: zeros before the counter), initials (0.5: the same day and counter under other initials). Where several runs or folders are equally good the row is ambiguous: nothing is chosen for you. Copies on several drives, and a name in several datasets, give a row each.",
    "Beside --out come unmatched_archive.csv, unmatched_portal.csv and review_runs.csv, the ambiguous rows: write accept or reject into its column decision and give it back with --decisions (decisions.csv beside --out is taken by itself). Decisions stand above every rule.",
    "Exit status: 0 done, 3 rows to look at or folders that could not be read, 1 nothing matched, 2 the runs cannot be had (nothing touched).",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    ...runPattern,
    runs: z
      .string()
      .optional()
      .meta({ description: "portal, or file of its runs (default: the public CryoET Data Portal)", value: "PORTAL|FILE" }),
    author: z
      .string()
      .optional()
      .meta({ description: "only runs of datasets that have this author, written as the portal writes it", value: "NAME" }),
    refresh: z.boolean().default(false).meta({ description: "ask the portal again, however fresh the kept answer is" }),
    out: z.string().default("matching_runs.csv").meta({ description: "the table (default: matching_runs.csv)", value: "FILE" }),
    decisions: z.string().optional().meta({ description: "what a person has decided", value: "FILE" }),
    compat: compatReference,
    portalBase,
    anonymous: z.boolean().default(false).meta({ description: "sign no request to a bucket" }),
  }),
  examples: [
    {
      run: "emporium curate match demo-out/archive/grp_tomo_db1_d1 --runs demo-out/archive/portal-runs.json --out demo-out/matches/matching_runs.csv",
      says: "against a list of runs",
    },
  ],
  async run(
    { dir, full, jobs, runPattern: runPatterns, runs, author, refresh, out, decisions, compat, portalBase, anonymous },
    io,
  ) {
    const { matchArchive } = await import("../stations/curate/match/match.js");
    const report = await matchArchive(dir, {
      workspace: io.workspace,
      full,
      jobs,
      runPatterns,
      runs,
      author,
      refresh,
      out,
      decisions,
      compat: compat === "reference",
      bases: await basesOf(portalBase),
      anonymous,
      clock: io.clock,
      log: io.log,
      signal: io.signal,
    });
    return printReport(report, io);
  },
});
