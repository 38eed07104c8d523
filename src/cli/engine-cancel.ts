import { z } from "zod";
import { EmporiumError, toErrorRecord } from "../core/errors.js";
import { command } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";

export default command({
  name: "engine cancel",
  summary: "End a run on a cluster: no job of it stays, what was done is kept",
  details: [
    "Every engine that got jobs of the run is asked again until it shows none. Then unfinished files are removed and the target is free. The command that began the run begins a new one, with what was done.",
  ],
  positionals: ["run"],
  options: z.object({ run: runPositional }),
  examples: [{ run: "emporium engine cancel --help", says: "with the folder that ingest run --executor prints" }],
  async run({ run: location }, io) {
    const { run, station, engineOf } = await openForCommand(location, io);
    const [{ cancelRun }, { envOf }] = await Promise.all([import("../engine/cluster/cancel.js"), import("../engine/env.js")]);
    const { left, errors: unasked } = await cancelRun(run, station, engineOf, envOf(io));
    const errors = left === 0 ? unasked : [...unasked, toErrorRecord(stillThere(left))];
    for (const error of errors) io.fail(error);
    if (io.json) io.outJson({ run: run.record.id, left, errors });
    else if (errors.length === 0) io.out(`${run.record.id} is cancelled, no job of it is left`);
    return errors.length === 0 ? 0 : 1;
  },
});

function stillThere(left: number): EmporiumError {
  return new EmporiumError(
    "ENGINE_REFUSED",
    `the cluster still shows ${left} jobs of the run a minute after they were cancelled`,
    {
      hint: "run the command again; the target stays locked until they are gone",
    },
  );
}
