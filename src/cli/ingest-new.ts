import { z } from "zod";
import { command } from "./command.js";

export default command({
  name: "ingest new",
  summary: "Write a configuration: from what a folder holds, or from answers to questions",
  details: [
    "With --from, looks at a folder of tomograms, tilt series, frames, acquisition files, alignments and annotations: it finds the names of the runs, the globs of each kind of file, voxel and pixel spacings from headers, tilts and doses from acquisition files. Nothing in the folder is changed. Without it, asks questions; --yes takes the defaults.",
    "What is known from neither stands as a valid value with a comment, # please fill in, behind it; what was concluded has # please check. ingest check accepts the configuration and counts these lines, ingest run warns of them and does not write them to a bucket unless --allow-placeholders says so.",
    "The configuration goes to standard output, or into the file that --out names. Its first lines say what to give ingest plan and ingest run as INPUT.",
  ],
  options: z.object({
    from: z.string().optional().meta({ description: "folder or bucket to look at", value: "DIR" }),
    out: z.string().optional().meta({ description: "write it here; a file that is there stays as it is", value: "FILE" }),
    yes: z.boolean().default(false).meta({ description: "ask nothing", short: "y" }),
    anonymous: z.boolean().default(false).meta({ description: "sign no request to a bucket" }),
  }),
  examples: [
    { run: "emporium ingest new --from demo-out/lab/input/lab/imod", says: "what the demo's first laboratory holds" },
    {
      run: "emporium ingest new --from demo-out/lab/input/lab/sim --json",
      says: "with the runs, files and open questions as data",
    },
    { run: "emporium ingest new --yes", says: "a form to fill in" },
  ],
  async run(options, io) {
    const { newConfig } = await import("../stations/ingest/new-config/new-config.js");
    const { askAll, QUESTIONS } = await import("../stations/ingest/new-config/answers.js");
    const answers = options.yes || options.from !== undefined ? {} : await askAll(QUESTIONS, io.ask);
    const { from, anonymous, out } = options;
    const config = await newConfig({ from, answers, anonymous, signal: io.signal });
    if (out !== undefined) {
      const { writeNew } = await import("../stations/ingest/new-config/write-new.js");
      await writeNew(out, config.yaml);
    }
    for (const error of config.errors) io.fail(error);
    if (io.json) io.outJson({ ...config, written: out ?? null });
    else if (out === undefined) io.out(config.yaml.trimEnd());
    else
      io.out(
        `${out}: ${config.runs.length} runs, ${config.toFill.length} lines to fill in, ${config.toCheck.length} guesses to check`,
      );
    return config.errors.length > 0 ? 1 : 0;
  },
});
