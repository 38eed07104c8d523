import { z } from "zod";
import { command } from "./command.js";
import { planOf, refuseBoth, sampleOptions } from "./publish-options.js";
import { printReport } from "./report.js";

export default command({
  name: "publish verify",
  summary: "Hold a sample's bucket against its sources: what is missing, extra, of another size or content",
  details: [
    "Lists both sides of every item of a plan and compares names, sizes and contents; nothing is written. Contents are compared by the objects' tags where those are MD5s, also of files that went in parts, so only the sources are read; else objects are fetched. --no-checksum compares names and sizes alone.",
    "Exit status: 0 the same, 1 the bucket cannot be listed, 2 wrong usage, 4 differences, each named.",
  ],
  positionals: ["plan"],
  options: z.object({
    plan: z.string().min(1, "a plan").optional().meta({ description: "what publish plan wrote", value: "PLAN" }),
    ...sampleOptions,
    checksum: z.boolean().default(true).meta({ description: "compare contents (default)" }),
  }),
  examples: [{ run: "emporium publish verify --help", says: "what is compared" }],
  async run({ plan, checksum, ...options }, io) {
    refuseBoth(plan, options);
    const [{ publishVerify }, { readPlan }] = await Promise.all([
      import("../stations/publish/verify/verify.js"),
      import("../stations/publish/plan/read-plan.js"),
    ]);
    const planned = plan === undefined ? await planOf(options, io) : await readPlan(plan, io);
    const { clock, signal, onEvent } = io;
    return printReport(await publishVerify(planned, { checksum, clock, signal, onEvent }), io);
  },
});
