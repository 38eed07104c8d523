import { z } from "zod";
import { command } from "./command.js";
import { printReport } from "./report.js";

export default command({
  name: "ingest upgrade",
  summary: "Upgrade configurations of older versions to the current one, keeping comments and anchors",
  details: [
    "Rewrites only what changes, and leaves a current file unchanged. Reports values that it had to invent (a title, a dose rate), so that you can correct them; ingest check finds what is still missing.",
  ],
  positionals: ["file"],
  options: z.object({
    file: z.array(z.string()).meta({ description: "configurations", value: "FILE" }),
    dryRun: z.boolean().default(false).meta({ description: "only print what would be done" }),
  }),
  examples: [
    { run: "emporium ingest upgrade demo-out/lab/imod.yaml --dry-run", says: "the changes to a configuration" },
    { run: "emporium ingest upgrade demo-out/lab/imod.yaml", says: "do it" },
  ],
  async run({ file, dryRun }, io) {
    const { upgradeConfigs } = await import("../stations/ingest/check/upgrade-configs.js");
    return printReport(await upgradeConfigs(file, { dryRun }), io);
  },
});
