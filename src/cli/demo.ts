import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Command, command, type Io } from "./command.js";
import { parseCommandLine } from "./flags.js";
import ingestConvert from "./ingest-convert.js";
import ingestRun from "./ingest-run.js";

/** A real reconstruction, where the public sample files lie beside the checkout. */
const SAMPLE = fileURLToPath(new URL("../../../shared/data/mrc/rec3D.rec", import.meta.url));

/** All that this version can import of the laboratory's deposition but the key photos, of which one is missing on purpose. */
const SELECTION = [
  ...["depositions", "datasets", "runs", "gains", "collection-metadata", "frames", "tiltseries", "rawtilts", "ctfs"],
  ...["alignments", "identified-objects", "voxel-spacings", "tomograms"],
].map((plural) => `--import-${plural}`);

export default command({
  name: "demo",
  summary: "Make a miniature laboratory and ingest it",
  details: [
    "Generates a deposition of two runs with frames, tilt series, alignments and tomograms (the same bytes every time), ingests it into a tree in the portal's layout, and runs the same command again to show that nothing is left to do. Each step is an ordinary command and is printed before it runs.",
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
    if (!existsSync(join(lab, "imod.yaml"))) {
      const { generateLab } = await import("../../examples/lab/generate.mjs");
      await generateLab({ out: lab, deposits: ["imod"], sections: "all" });
    }
    const portal = join(dest, "portal");
    const ingestWords = [join(lab, "imod.yaml"), join(lab, "input"), portal, ...SELECTION, "--import-all-metadata"];
    const steps: [says: string, command: Command, words: string[]][] = [
      ["A deposition of two runs becomes a tree in the portal's layout", ingestRun, ingestWords],
      ["The same command again finds everything done", ingestRun, ingestWords],
    ];
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
