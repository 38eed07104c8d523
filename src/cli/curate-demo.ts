import { join } from "node:path";
import { z } from "zod";
import { counted } from "../core/units.js";
import { command } from "./command.js";
import { type DemoResult, type DemoStep, failedStep, runDemoStep } from "./demo-steps.js";

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
    if (!io.json) io.out(`# ${counted(files, "file")} on four drives, and the portal's list of runs: ${dest}`);
    const results: DemoResult[] = [];
    for (const step of stepsOf(dest, drives, portal)) {
      const result = await runDemoStep(step, io);
      results.push(result);
      if (result.exitStatus !== 0) break;
    }
    const last = results.at(-1)!;
    const { exitStatus } = last;
    const errors = exitStatus === 0 ? [] : failedStep(last, "curate demo", io);
    if (io.json) io.outJson({ steps: results, errors });
    else if (exitStatus === 0)
      io.out(`\nThe pictures are ${join(dest, "histogram.png")} and ${join(dest, "matrix.svg")}, in one folder with the tables.`);
    return exitStatus;
  },
});

/** The steps of all four drives: the whole line, and beside it what the reference counts, and the anomalies. */
function stepsOf(dest: string, drives: readonly string[], runs: string): DemoStep[] {
  const line = curateSteps({ dest, drives, runs, packaging: ["--voxel-spacing", "10"] });
  const collect = line.findIndex(({ name }) => name === "curate collect");
  const matches = join(dest, "matching_runs.csv");
  return [
    ...line.slice(0, collect),
    {
      says: "The same, as the reference counts and draws",
      name: "curate labels",
      words: [drives[0]!, "--matches", matches, "--plot", join(dest, "reference.png"), "--compat", "reference"],
    },
    { says: "Anomalies", name: "curate hygiene", words: [...drives, "--plan", join(dest, "tidy.sh")] },
    ...line.slice(collect),
    {
      says: "Its configuration is accepted",
      name: "ingest check",
      words: [join(dest, "packages", packageName(drives), "config.yaml")],
    },
  ];
}

interface CurateLine {
  /** Folder of tables, pictures, batches and packages. */
  dest: string;
  /** The labels of the first are counted; the last one's hat-like structures are packaged. */
  drives: readonly string[];
  /** The portal's list of runs. */
  runs: string;
  /** Options for `curate package`, beside the batch and `--dest`. */
  packaging: readonly string[];
}

const packageName = (drives: readonly string[]) => `${/d\d+$/.exec(drives.at(-1)!)?.[0]}-hat`;

/** Steps from drives to a batch that is ready to be ingested. */
export function curateSteps({ dest, drives, runs, packaging }: CurateLine): DemoStep[] {
  const name = packageName(drives);
  const batch = join(dest, "batches", name);
  const package_ = join(dest, "packages", name);
  const matches = join(dest, "matching_runs.csv");
  return [
    { says: "The inventory: kinds, drives, runs", name: "curate scan", words: [...drives, "--out", join(dest, "archive.json")] },
    {
      says: "Which folders are which runs of the portal",
      name: "curate match",
      words: [...drives, "--runs", runs, "--out", matches],
    },
    {
      says: "The labels of the first drive, and their histogram",
      name: "curate labels",
      words: [
        drives[0]!,
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
      says: "The hat-like structures of the last drive as a batch: named by the portal's runs, checksummed, in the ledger",
      name: "curate collect",
      words: [drives.at(-1)!, "--matches", matches, "--label", "hat", "--dest", batch],
    },
    {
      says: "The batch as an ingestion, with placeholders for what only a person knows",
      name: "curate package",
      words: [batch, "--dest", package_, ...packaging],
      unless: join(package_, "config.yaml"),
    },
  ];
}
