import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { command, type Io } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";
import { wholeNumber } from "./option-types.js";

/** Variables in which engines give an element of a job array its number, which is the slice. The first one that is set counts. */
const INDEX_VARIABLES = ["EMPORIUM_SLICE", "SLURM_ARRAY_TASK_ID"] as const;

export default command({
  name: "engine work",
  summary: "Do one slice of a run, as the jobs of a cluster call it",
  details: [
    "Slice and attempt come from the variables of the cluster's engine where they are not given. The exit status is 0 when all of the slice is done, 3 when tasks failed for good, and 75 when the job was stopped in time and there is more to do.",
  ],
  positionals: ["run"],
  options: z.object({
    run: runPositional,
    stage: z.string().meta({ description: "stage of the run", value: "NAME" }),
    slice: wholeNumber(0).optional().meta({ description: "slice of the stage (default: of the engine's variable)", value: "N" }),
    attempt: wholeNumber(0).optional().meta({ description: "submission that this job is of", value: "N" }),
  }),
  examples: [{ run: "emporium engine work --help", says: "jobs call it; people hardly do" }],
  async run({ run: location, stage, slice, attempt }, io) {
    const { run, station } = await openForCommand(location, io);
    const [{ isOfBlocks, work }, { workBlocks }, { callerName }, { bufferMemory }, { envOf }] = await Promise.all([
      import("../engine/cluster/work.js"),
      import("../engine/cluster/work-blocks.js"),
      import("../engine/cluster/drive.js"),
      import("../engine/cluster/worker-memory.js"),
      import("../engine/env.js"),
    ]);
    const { cpus, memoryBytes } = run.record.resources;
    const options = {
      stage,
      slice: slice ?? sliceOf(io.env),
      attempt: attempt ?? 0,
      jobs: Number(io.env.SLURM_CPUS_PER_TASK) || cpus,
      memoryBytes: bufferMemory(memoryBytes),
      job: callerName(io.env),
    };
    return isOfBlocks(station) ? workBlocks(run, station, options, envOf(io)) : work(run, station, options, envOf(io));
  },
});

/** @throws {EmporiumError} USAGE */
function sliceOf(env: Io["env"]): number {
  const name = INDEX_VARIABLES.find((variable) => /^\d+$/.test(env[variable] ?? ""));
  if (name !== undefined) return Number(env[name]);
  throw new EmporiumError("USAGE", "engine work needs a slice", {
    hint: `give --slice N; in a job of a cluster ${INDEX_VARIABLES.join(" or ")} sets the slice`,
  });
}
