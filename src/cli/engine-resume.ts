import { z } from "zod";
import { ENGINES } from "../engine/cluster/engine-names.js";
import { command } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";
import { printReport } from "./report.js";

export default command({
  name: "engine resume",
  summary: "Go on with a run whose jobs are gone, on the same engine or another",
  details: [
    "What has a receipt is not done again. With --executor local this machine does the rest, as child processes, and the command stays until it is done.",
  ],
  positionals: ["run"],
  options: z.object({
    run: runPositional,
    executor: z
      .enum(ENGINES)
      .optional()
      .meta({ description: "another engine than the one that the run was given to", value: "NAME" }),
    driver: z.enum(["gate", "here"]).default("gate").meta({
      description: "who begins the next stage: a small job of the cluster (default), or this process, which then stays",
      value: "gate",
    }),
    retryDead: z.boolean().default(false).meta({ description: "try again also what was given up" }),
  }),
  examples: [{ run: "emporium engine resume --help", says: "with the folder that ingest run --executor prints" }],
  async run({ run: location, executor: name, driver, retryDead: again }, io) {
    const opened = await openForCommand(location, io, name);
    const { station, executor } = opened;
    const { changeEngine } = await import("../engine/cluster/run-record.js");
    // this machine only helps out; another cluster takes over
    const isMoved = executor.name !== "local" && executor.name !== opened.run.record.engine;
    const run = isMoved ? await changeEngine(opened.run, executor.name) : opened.run;
    const [{ callerName, drive, gate, retryDead }, { envOf }, { runStatus }] = await Promise.all([
      import("../engine/cluster/drive.js"),
      import("../engine/env.js"),
      import("../engine/cluster/status.js"),
    ]);
    if (again) {
      const { refuseCollected } = await import("../engine/cluster/collect.js");
      await refuseCollected(run);
      await retryDead(run, envOf(io));
      await station.retake?.(run, envOf(io));
    }
    if (executor.name === "local" || executor.waits === false || driver === "here")
      await drive(run, station, executor, envOf(io));
    else await gate(run, station, { executor, gates: true, by: callerName({}), takeOver: true, clock: io.clock, log: io.log });
    return printReport(await runStatus(run, executor), io);
  },
});
