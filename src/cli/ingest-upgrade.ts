import { z } from "zod";
import { command } from "./command.js";
import { printReport } from "./report.js";

export default command({
  name: "ingest upgrade",
  summary: "Bring configurations of older versions to the current one, comments and anchors kept",
  details: [
    "Rewrites only the places that change, and a file that is current not at all. What had to be invented (a title, a dose rate) is said, so that it can be mended; ingest check finds what is still missing.",
  ],
  positionals: ["file"],
  options: z.object({
    file: z.array(z.string()).meta({ description: "configurations", value: "FILE" }),
    dryRun: z.boolean().default(false).meta({ description: "only say what would be done" }),
  }),
  examples: [
    { run: "emporium ingest upgrade demo-out/lab/imod.yaml --dry-run", says: "what would become of a configuration" },
    { run: "emporium ingest upgrade demo-out/lab/imod.yaml", says: "do it" },
  ],
  async run({ file, dryRun }, io) {
    const { upgradeConfigs } = await import("../stations/ingest/check/upgrade-configs.js");
    return printReport(await upgradeConfigs(file, { dryRun }), io);
  },
});
