import { join } from "node:path";
import { z } from "zod";
import { command } from "./command.js";
import { type DemoResult, type DemoStep, runDemoStep } from "./demo-steps.js";

export default command({
  name: "curate demo",
  summary: "Create a miniature archive of four drives, and curate it: inventory, runs, labels, a batch to submit",
  details: [
    "The archive has the counts of a real one: 2792 run folders on four drives, 831 annotations on the first among 441 macOS sidecars, and one example of every anomaly. The command prints each step, an ordinary command, before it runs it. DIR receives the drives, the portal's list of runs, the tables and the pictures.",
  ],
  options: z.object({
    dest: z.string().min(1, "a folder").default("demo-out/archive").meta({ description: "folder to create", value: "DIR" }),
  }),
  examples: [{ run: "emporium curate demo", says: "everything into demo-out/archive" }],
  async run({ dest }, io) {
    const { generateArchive } = await import("../../examples/archive/generate.mjs");
    const { drives, portal, files } = await generateArchive({ out: dest });
    if (!io.json) io.out(`# ${files} files on four drives, and the portal's list of runs: ${dest}`);
    const results: DemoResult[] = [];
    for (const step of stepsOf(dest, drives, portal)) {
      const result = await runDemoStep(step, io);
      results.push(result);
      if (result.exitStatus !== 0) break;
    }
    const exitStatus = results.at(-1)!.exitStatus;
    if (io.json)
      io.outJson({
        steps: results,
        errors: exitStatus === 0 ? [] : ((results.at(-1)!.result as { errors?: unknown[] })?.errors ?? []),
      });
    else if (exitStatus === 0)
      io.out(`\nThe pictures are ${join(dest, "histogram.png")} and ${join(dest, "matrix.svg")}; the tables lie beside them.`);
    return exitStatus;
  },
});

function stepsOf(dest: string, drives: readonly string[], portal: string): DemoStep[] {
  const [first] = drives;
  const last = drives.at(-1);
  const batch = join(dest, "batches", "d4-hat");
  const matches = join(dest, "matching_runs.csv");
  const reference = join(dest, "reference.png");
  return [
    { says: "The inventory: kinds, drives, runs", name: "curate scan", words: [...drives, "--out", join(dest, "archive.json")] },
    {
      says: "Which folders are which runs of the portal",
      name: "curate match",
      words: [...drives, "--runs", portal, "--out", matches],
    },
    {
      says: "The labels of drive 1, and their histogram",
      name: "curate labels",
      words: [
        first!,
        "--matches",
        matches,
        "--plot",
        join(dest, "histogram.png"),
        "--csv",
        join(dest, "histogram.csv"),
        "--matrix",
        join(dest, "matrix.svg"),
      ],
    },
    {
      says: "The same as the reference counts and draws it",
      name: "curate labels",
      words: [first!, "--matches", matches, "--plot", reference, "--compat", "reference"],
    },
    { says: "Anomalies", name: "curate hygiene", words: [...drives, "--plan", join(dest, "tidy.sh")] },
    {
      says: "The hat-like structures of the last drive as a batch: named by the portal's runs, checksummed, in the ledger",
      name: "curate collect",
      words: [last!, "--matches", matches, "--label", "hat", "--dest", batch],
    },
    {
      says: "The batch as an ingestion, with placeholders for what only a person knows",
      name: "curate package",
      words: [batch, "--dest", join(dest, "packages", "d4-hat"), "--voxel-spacing", "10"],
    },
    { says: "Its configuration is accepted", name: "ingest check", words: [join(dest, "packages", "d4-hat", "config.yaml")] },
  ];
}
