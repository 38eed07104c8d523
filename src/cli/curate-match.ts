import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { compatReference, runPattern, scanOptions } from "./curate-options.js";
import { basesOf, portalBase } from "./harvest-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate match",
  summary: "Match the folders of an archive with the runs of a portal",
  details: [
    "--runs is a CryoET portal (the URL of its GraphQL, or the one that emporium serve prints; default: the public portal), whose answer is cached in the workspace for a day, or a file of runs: JSON as the portal answers, an object dataset → runs, CSV with a column name or CZI_run_name, or one name per line.",
    "Names are compared by five rules, the strictest first: exact (score 1), two-letter (0.95: the laboratory writes mk2019-11-19-73, the portal mka2019-11-19-73), normalised (0.9: capitals, blanks, _ and -), padded (0.85: zeros before the counter), initials (0.5: the same day and counter with other initials). If several runs or folders match equally well, the row is ambiguous: nothing is chosen for you. Copies on several drives, and a name in several datasets, give a row each.",
    "The command also writes unmatched_archive.csv, unmatched_portal.csv and review_runs.csv, the ambiguous rows, beside --out. Write accept or reject into the column decision and save it as decisions.csv beside --out, which is read automatically; emporium serve --write does so from a page. Decisions override every rule.",
    "Exit status: 0 done, 3 rows to review or folders that could not be read, 1 nothing matched, 2 the runs are not available (nothing touched).",
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
      .meta({ description: "only runs of datasets with this author, spelt as on the portal", value: "NAME" }),
    refresh: z.boolean().default(false).meta({ description: "ask the portal again, whatever the age of the cached answer" }),
    out: z
      .string()
      .default("matching_runs.csv")
      .meta({
        description: "the table",
        value: "FILE",
        written: true,
        beside: ["unmatched_archive.csv", "unmatched_portal.csv", "review_runs.csv"],
      }),
    decisions: z.string().optional().meta({ description: "the decisions of a person", value: "FILE" }),
    compat: compatReference,
    portalBase,
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
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
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
