import { z } from "zod";
import { command } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";

export default command({
  name: "engine gate",
  summary: "Look at a run once and submit what is to be done next, as the jobs of a cluster call it",
  details: ["May be called at any time and by several at once: what it finds in the target decides."],
  positionals: ["run"],
  options: z.object({ run: runPositional }),
  examples: [{ run: "emporium engine gate --help", says: "jobs call it; people use engine resume" }],
  async run({ run: location }, io) {
    const { run, station, executor } = await openForCommand(location, io);
    const { callerName, gate } = await import("../engine/cluster/drive.js");
    const step = await gate(run, station, { executor, gates: true, by: callerName(io.env), clock: io.clock, log: io.log });
    if (io.json) io.outJson({ state: step.state, errors: [] });
    else io.out(step.state);
    return 0;
  },
});
