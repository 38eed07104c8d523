import { z } from "zod";
import { command } from "./command.js";
import { openForCommand, runPositional } from "./engine-options.js";

export default command({
  name: "engine dead",
  summary: "List what a run on a cluster has given up, and why",
  positionals: ["run"],
  options: z.object({ run: runPositional }),
  examples: [{ run: "emporium engine dead --help", says: "with the folder that ingest run --executor prints" }],
  async run({ run: location }, io) {
    const { run } = await openForCommand(location, io);
    const { readDead } = await import("../engine/cluster/judge.js");
    const dead = await readDead(run, run.record.stages);
    if (io.json) io.outJson({ run: run.record.id, dead, errors: [] });
    else
      for (const { title, state, error } of dead)
        io.out(`${state}  ${error.code}  ${error.message.includes(title) ? "" : `${title}: `}${error.message}`);
    return dead.length === 0 ? 0 : 3;
  },
});
