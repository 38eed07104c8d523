import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { counted } from "../core/units.js";
import { WORKFLOWS } from "../engine/cluster/export/workflow.js";
import { command } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";

export default command({
  name: "engine export",
  summary: "Write a run as a workflow for Snakemake, Nextflow, Argo or a shell",
  details: [
    "ingest run … --driver none makes a run that nobody has begun. Every unit of the workflow is one engine work, which may be begun again at any time: 75 means that there is more to do. Behind each stage comes engine gate; the last one ends the run, with its exit status.",
    "The workflow starts the program as this machine does, or as command of the profile says. Files for Nextflow and Argo are written by their manuals and were never run.",
  ],
  positionals: ["run"],
  options: z.object({
    run: runPositional,
    as: z.enum(WORKFLOWS).meta({ description: "the program that does the slices", value: "NAME" }),
    output: z
      .string()
      .min(1, "a file")
      .optional()
      .meta({ description: "write to this file instead of stdout", value: "FILE", written: true }),
    image: z
      .string()
      .min(1, "an image")
      .optional()
      .meta({ description: "container with emporium, for argo and nextflow", value: "IMAGE" }),
  }),
  examples: [{ run: "emporium engine export --help", says: "with the folder that ingest run --driver none prints" }],
  async run({ run: location, as, output, image }, io) {
    const { run } = await openForCommand(location, io);
    const [{ workflowText }, { stagesOf }, { hasEnded }] = await Promise.all([
      import("../engine/cluster/export/workflow.js"),
      import("../engine/cluster/export/units.js"),
      import("../engine/cluster/run-record.js"),
    ]);
    if (await hasEnded(run)) {
      throw new EmporiumError("USAGE", `the run ${run.record.id} has ended and has nothing left to do`, {
        place: { url: run.url },
        hint: "make a new one with ingest run … --driver none",
      });
    }
    const text = workflowText(run, as, image);
    if (output !== undefined) {
      await mkdir(dirname(resolve(output)), { recursive: true });
      await writeFile(output, text);
    }
    const stages = stagesOf(run);
    if (io.json)
      io.outJson({ run: run.record.id, url: run.url, as, output, ...(output === undefined ? { text } : {}), stages, errors: [] });
    else if (output === undefined) io.out(text.trimEnd());
    else io.out(`${output}: ${stages.map(({ name, slices }) => `${counted(slices, "slice")} of ${name}`).join(", ")}`);
    return 0;
  },
});
