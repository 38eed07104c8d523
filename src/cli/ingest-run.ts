import { z } from "zod";
import { command } from "./command.js";
import { ingestOptions, runIngest } from "./ingest-options.js";

export default command({
  name: "ingest run",
  summary: "Turn a deposition into the portal's folders: MRC, OME-Zarr and metadata",
  details: [
    "Finds the files that the config names below INPUT, and writes datasets, runs and tomograms below OUTPUT. Run again, it does only what is missing; killed at any moment and run again, it ends with the same bytes.",
    "Choose what to import: --import-everything, or some kinds. The configuration is first checked with all rules of ingest check that need no network; an error ends the command with exit status 2, and nothing is touched.",
  ],
  positionals: ["config", "input", "output"],
  options: z.object({
    ...ingestOptions,
    dryRun: z.boolean().default(false).meta({ description: "print the plan and change nothing" }),
  }),
  examples: [
    {
      run: "emporium ingest run demo-out/lab/imod.yaml demo-out/lab/input demo-out/portal --import-tomograms --import-tomogram-metadata",
      says: "the tomograms of the demo's first deposit, with their metadata",
    },
    {
      run: "emporium ingest run demo-out/lab/imod.yaml demo-out/lab/input demo-out/one --import-tomograms --filter-run-name 'TS_0001$' --no-write-mrc",
      says: "one run, OME-Zarr only",
    },
    {
      run: "emporium ingest run demo-out/lab/imod.yaml demo-out/lab/input demo-out/portal --import-runs --import-run-metadata --dry-run",
      says: "preview only",
    },
  ],
  run: runIngest,
});
