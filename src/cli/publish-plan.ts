import { z } from "zod";
import { command } from "./command.js";
import { planOf, sampleOptions } from "./publish-options.js";

export default command({
  name: "publish plan",
  summary: "Find a sample's products, and print what would be sent to the bucket",
  details: [
    "Checks every source of the requested products, counts files and bytes, and writes the plan for publish script, publish run and publish verify: as JSON on standard output, or to --out with a table on standard output. On a terminal it shows the table, and asks for the sample, products and folders that no flag names.",
    "A profile (YAML or JSON) describes where a laboratory keeps its samples, which bucket they go to, and how; --show-profile prints the built-in one as a starting point. --root DIR is a prefix for every source, for a mounted copy; the plan's sources do not show it.",
    "Missing or empty sources are warnings. Images without a ktx folder, or with tiles of an obsolete scheme, are an error in the plan, and such a plan is not executed.",
    "Exit status: 0 done, 1 the images cannot be published, 2 wrong usage, sample or profile.",
  ],
  otherwise: "a standardised tree is sent by emporium publish tree TREE LOCATION (--dry-run shows what would go)",
  options: z.object({
    ...sampleOptions,
    out: z
      .string()
      .min(1, "a file")
      .optional()
      .meta({ description: "write the plan to this file", value: "FILE", written: true }),
    showProfile: z.boolean().default(false).meta({ description: "print the built-in profile as YAML and exit" }),
  }),
  examples: [{ run: "emporium publish plan --show-profile", says: "a profile as a starting point" }],
  async run({ out, showProfile, ...options }, io) {
    if (showProfile) {
      const { builtInProfile, printProfile } = await import("../stations/publish/profile/read-profile.js");
      if (io.json) io.outJson(builtInProfile("mouselight"));
      else io.out(printProfile().trimEnd());
      return 0;
    }
    const plan = await planOf(options, io);
    for (const error of plan.errors) io.fail(error);
    if (out !== undefined) {
      const { writePlan } = await import("../stations/publish/plan/read-plan.js");
      await writePlan(out, plan, io);
    }
    if (io.json || (out === undefined && !io.attended)) io.outJson(plan);
    else {
      const { planTable } = await import("../stations/publish/plan/table.js");
      io.out(planTable(plan));
    }
    return plan.errors.length > 0 ? 1 : 0;
  },
});
