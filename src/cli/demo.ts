import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { DepositName } from "../../examples/lab/generate.mjs";
import { type Command, command, type Io } from "./command.js";
import { parseCommandLine } from "./flags.js";
import ingestConvert from "./ingest-convert.js";
import ingestRun from "./ingest-run.js";

/** A real reconstruction, where the public sample files lie beside the checkout. */
const SAMPLE = fileURLToPath(new URL("../../../shared/data/mrc/rec3D.rec", import.meta.url));

/** The laboratory's deposits in the order in which they are ingested, each without what is wrong in it on purpose. */
const DEPOSITS: readonly { name: DepositName; says: string; words: readonly string[] }[] = [
  {
    name: "imod",
    says: "A deposition of two runs becomes a tree in the portal's layout",
    words: ["--exclude-dataset-keyphoto-name", "thumbnail"],
  },
  {
    name: "aretomo",
    says: "Another one, aligned by AreTomo: two voxel spacings, picks and masks of copick, meshes",
    words: ["--filter-run-name", "run_00[12]$"],
  },
  {
    name: "batch",
    says: "Ten runs whose files are named by maps; alignments of RELION 5 and Warp",
    words: ["--exclude-run-name", "mka2019-11-19-4$"],
  },
  { name: "sim", says: "Simulated data: instance masks, points and mask of one annotation", words: [] },
  {
    name: "annotations",
    says: "Annotations that somebody made later on all of them, in every format",
    words: [],
  },
];

export default command({
  name: "demo",
  summary: "Make a miniature laboratory and ingest it",
  details: [
    "Generates five deposits of a laboratory with frames, tilt series, alignments, tomograms and annotations in every format (the same bytes every time), ingests them into one tree in the portal's layout, and runs the first command again to show that nothing is left to do. Each step is an ordinary command and is printed before it runs.",
  ],
  options: z.object({
    once: z.boolean().default(false).meta({
      description: "end when all steps are done, instead of staying with a page (this version has no page yet and always ends)",
    }),
    dest: z.string().min(1, "a folder").default("demo-out").meta({ description: "folder that is made", value: "DIR" }),
    volume: z.string().optional().meta({ description: "also convert this MRC volume", value: "FILE" }),
  }),
  examples: [{ run: "emporium demo --once", says: "everything into demo-out" }],
  async run({ dest, volume = existsSync(SAMPLE) ? SAMPLE : undefined }, io) {
    const lab = join(dest, "lab");
    // Made once: the same bytes again would still be newer files, and newer files are ingested again.
    const last = join(lab, `${DEPOSITS.at(-1)!.name}.yaml`);
    if (!existsSync(last)) {
      const { generateLab } = await import("../../examples/lab/generate.mjs");
      await generateLab({ out: lab, deposits: DEPOSITS.map(({ name }) => name), sections: "all" });
    }
    const portal = join(dest, "portal");
    const steps: [says: string, command: Command, words: string[]][] = DEPOSITS.map(({ name, says, words }) => [
      says,
      ingestRun,
      [join(lab, `${name}.yaml`), join(lab, "input"), portal, "--import-everything", ...words],
    ]);
    steps.push(["The same command again finds everything done", ingestRun, steps[0]![2]]);
    if (volume !== undefined) steps.push(["One volume, without a config", ingestConvert, [volume, join(dest, "volume")]]);
    const results: object[] = [];
    for (const [says, step, words] of steps) {
      const line = ["emporium", ...step.name.split(" "), ...words].map(shellWord).join(" ");
      if (!io.json) io.out(`\n# ${says}\n$ ${line}`);
      const { status, result } = await runStep(step, words, io);
      results.push({ command: line, exitStatus: status, result });
      if (status !== 0) {
        if (io.json) io.outJson({ steps: results, errors: errorsOf(result) });
        return status;
      }
    }
    if (io.json) io.outJson({ steps: results, errors: [] });
    else io.out(`\nThe tree is in ${portal}: each .zarr opens with zarr-python and ome-zarr, each .mrc with mrcfile and IMOD.`);
    return 0;
  },
});

/** Runs a command as if it had been typed. With `--json` its document is kept for the demo's own. */
async function runStep(step: Command, words: readonly string[], io: Io): Promise<{ status: number; result: unknown }> {
  let result: unknown;
  const keep = (value: unknown) => {
    result = value;
  };
  const { options } = parseCommandLine(step, words);
  return { status: await step.run(options, io.json ? { ...io, outJson: keep } : io), result };
}

function errorsOf(result: unknown): unknown {
  return (result as { errors?: unknown } | undefined)?.errors ?? [];
}

/** A word as a POSIX shell reads it back. */
function shellWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}
