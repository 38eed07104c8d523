import { join } from "node:path";
import { z } from "zod";
import { counted } from "../core/units.js";
import { type Command, command } from "./command.js";
import { planOf, refuseBoth, sampleOptions } from "./publish-options.js";

const script: Command = command({
  name: "publish script",
  summary: "Write shell scripts that send a sample to its bucket, directly or as jobs of LSF or Slurm",
  details: [
    "Writes SAMPLE_images.sh, SAMPLE_cluster.sh (registration, segmentation, tracings: one job per source) and SAMPLE_carveouts.sh (one job per source), if they have something to send. They call aws, bsub or sbatch and need nothing else. Every word in them is quoted, so any file name works; they stop at the first failure and are executable.",
    "--no-robust writes only the commands. With --scheduler none every script sends the files itself. --compat reference writes the reference program's scripts byte for byte: there carveouts do not go through the scheduler, and a segmentation needs its suffix.",
    "Nothing is written if the images have no ktx folder or use an obsolete naming scheme. Missing sources get a warning and no line.",
    "Exit status: 0 done, 1 the images cannot be published, 2 wrong usage, sample or profile.",
  ],
  positionals: ["plan"],
  options: z.object({
    plan: z
      .string()
      .optional()
      .meta({ description: "a plan of publish plan, instead of the options that name a sample", value: "PLAN" }),
    ...sampleOptions,
    outDir: z.string().min(1, "a folder").default(".").meta({ description: "folder for the scripts", value: "DIR" }),
    scheduler: z
      .enum(["lsf", "slurm", "none"])
      .optional()
      .meta({ description: "scheduler of the jobs (default: the profile's)" }),
    robust: z.boolean().optional().meta({ description: "an executable script that stops at the first failure (default)" }),
    compat: z
      .enum(["reference"])
      .optional()
      .meta({ description: "scripts and output of the reference program", value: "reference" }),
  }),
  examples: [
    {
      run: "emporium publish script --sample 2023-05-10 --products '' --out-dir demo-out/scripts --json",
      says: "no product, so no script",
    },
  ],
  async run({ plan: file, outDir, scheduler, robust, compat, ...options }, io) {
    const [{ referenceCarveouts, renderScripts }, { writeScripts }, { readPlan }, { refuseOtherFile }] = await Promise.all([
      import("../stations/publish/script/render.js"),
      import("../stations/publish/script/write-scripts.js"),
      import("../stations/publish/plan/read-plan.js"),
      import("./written-files.js"),
    ]);
    const reference = compat === "reference";
    refuseBoth(file, options);
    const made = file === undefined ? await planOf(options, io, { compat: reference, measure: false }) : await readPlan(file, io);
    const plan = scheduler === undefined ? made : { ...made, cluster: { ...made.cluster, kind: scheduler } };
    const scripts = renderScripts(plan, (robust ?? !reference) ? "robust" : "plain", { reference });
    for (const { name } of scripts) refuseOtherFile(join(outDir, name), "outDir", script, { plan: file, outDir, ...options });
    const paths = await writeScripts(outDir, scripts, io.signal);
    const written = scripts.map(({ name, commands }, at) => ({ name, path: paths[at]!, commands }));
    if (io.json) {
      const warnings = [...plan.warnings, ...plan.items.flatMap((item) => item.warnings)];
      io.outJson({ status: "done", sample: plan.sample, scheduler: plan.cluster.kind, scripts: written, warnings, errors: [] });
    } else if (reference) {
      for (const { source, target } of referenceCarveouts(plan)) io.out(`${source} ${target}`);
    } else if (written.length === 0) {
      io.out(
        plan.products.length === 0
          ? "no product is asked for, so there is no script"
          : "nothing is there to send, so there is no script",
      );
    } else for (const { path, commands } of written) io.out(`${path}  ${counted(commands, "command")}`);
    return 0;
  },
});

export default script;
