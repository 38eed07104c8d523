import { z } from "zod";
import { EmporiumError, ERRORS, toErrorRecord } from "../core/errors.js";
import { quoteWord } from "../core/shell.js";
import { counted } from "../core/units.js";
import { command } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";

export default command({
  name: "engine cancel",
  summary: "End a run on a cluster: no job of it stays, what was done is kept",
  details: [
    "Every engine that got jobs of the run is asked again until it shows none. While one does not answer (exit status 12), the target stays locked: run the command again. Then unfinished files are removed and the target is free. emporium engine resume goes on with the run, and the command that began it begins a new one with what was done.",
  ],
  positionals: ["run"],
  options: z.object({ run: runPositional }),
  examples: [{ run: "emporium engine cancel --help", says: "with the folder that ingest run --executor prints" }],
  async run({ run: location }, io) {
    const { run, station, engineOf } = await openForCommand(location, io);
    const [{ cancelRun }, { envOf }] = await Promise.all([import("../engine/cluster/cancel.js"), import("../engine/env.js")]);
    const { left, errors: unasked, ended } = await cancelRun(run, station, engineOf, envOf(io));
    const errors = left === 0 ? unasked : [...unasked, toErrorRecord(stillThere(left))];
    for (const error of errors) io.fail(error);
    if (io.json) io.outJson({ run: run.record.id, left, ended, errors });
    else if (errors.length === 0 && ended) {
      const done = `${ended.done} of ${counted(ended.tasks, "task")} done`;
      io.out(`${run.record.id} had already ended (${done}): nothing was cancelled, and no jobs are left`);
    } else if (errors.length === 0)
      io.out(`${run.record.id} is cancelled and has no jobs left; emporium engine resume ${quoteWord(run.url)} resumes it`);
    if (errors.length === 0) return 0;
    return errors.some(({ code }) => code === "ENGINE_SILENT") ? ERRORS.ENGINE_SILENT.exit : 1;
  },
});

function stillThere(left: number): EmporiumError {
  return new EmporiumError(
    "ENGINE_REFUSED",
    `the cluster still shows ${counted(left, "job")} of the run a minute after they were cancelled`,
    {
      hint: "run the command again; the target stays locked until they are gone",
    },
  );
}
