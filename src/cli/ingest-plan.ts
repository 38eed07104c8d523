import { z } from "zod";
import { command } from "./command.js";
import { ingestOptions, runIngest } from "./ingest-options.js";

export default command({
  name: "ingest plan",
  summary: "Show what ingest run would read, write and skip, without writing",
  details: [
    "Finds and checks everything that ingest run would, and prints the tasks with the bytes they read, their peak memory, and what exists already.",
  ],
  positionals: ["config", "input", "output"],
  options: z.object(ingestOptions),
  examples: [
    {
      run: "emporium ingest plan demo-out/lab/imod.yaml demo-out/lab/input demo-out/fresh --import-tomograms --import-tomogram-metadata",
      says: "what a run would do",
    },
    {
      run: "emporium ingest plan demo-out/lab/imod.yaml demo-out/lab/input demo-out/fresh --import-runs --import-run-metadata --json",
      says: "the same for programs",
    },
  ],
  run: (options, io) => runIngest({ ...options, dryRun: true }, io),
});
