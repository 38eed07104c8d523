import { z } from "zod";
import { EmporiumError, toErrorRecord } from "../core/errors.js";
import { command } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";

export default command({
  name: "engine cancel",
  summary: "End a run on a cluster: no job of it stays, what was done is kept",
  details: [
    "The engine is asked again until it shows no job of the run. Then unfinished files are removed and the target is free. The command that began the run begins a new one, with what was done.",
  ],
  positionals: ["run"],
  options: z.object({ run: runPositional }),
  examples: [{ run: "emporium engine cancel --help", says: "with the folder that ingest run --executor prints" }],
  async run({ run: location }, io) {
    const { run, station, executor } = await openForCommand(location, io);
    const [{ cancelRun }, { envOf }] = await Promise.all([import("../engine/cluster/drive.js"), import("../engine/env.js")]);
    const left = await cancelRun(run, station, executor, envOf(io));
    const errors =
      left === 0
        ? []
        : [
            toErrorRecord(
              new EmporiumError(
                "ENGINE_REFUSED",
                `${executor.name} still shows ${left} jobs of the run a minute after they were cancelled`,
                {
                  hint: "run the command again; the target stays locked until they are gone",
                },
              ),
            ),
          ];
    for (const error of errors) io.fail(error);
    if (io.json) io.outJson({ run: run.record.id, left, errors });
    else if (left === 0) io.out(`${run.record.id} is cancelled, no job of it is left`);
    return left === 0 ? 0 : 1;
  },
});
