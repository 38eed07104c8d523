import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { ioMode } from "./option-types.js";
import { planOf, refuseBoth, type SampleOptions, sampleOptions, selectionOf, treeOptions } from "./publish-options.js";
import { printReport } from "./report.js";

export default command({
  name: "publish verify",
  summary: "Compare a bucket with its sources: missing, extra and differing objects",
  details: [
    "Takes a plan of publish plan or the options that make one, or the TREE and LOCATION of publish tree with its --dataset, --run, --include and --exclude. Lists both sides of every item and compares names, sizes and contents; nothing is written. Contents are compared by the objects' ETags if those are MD5s, also for files sent in parts, so only the sources are read; otherwise objects are read. --no-checksum compares only names and sizes.",
    "The report names the command that repairs each difference: publish run and publish tree compare size and time and remove nothing, unless --checksum or --delete is given.",
    "Exit status: 0 the same, 1 the bucket cannot be listed, 2 wrong usage, 4 differences, each named, 11 an ingest writes TREE.",
  ],
  positionals: ["plan", "location"],
  options: z.object({
    plan: z
      .string()
      .min(1, "a plan or a tree")
      .optional()
      .meta({ description: "a plan of publish plan, or a tree", value: "PLAN|TREE" }),
    location: z
      .string()
      .min(1, "a folder or bucket")
      .optional()
      .meta({ description: "for a tree: the target of publish tree", value: "LOCATION" }),
    ...sampleOptions,
    ...treeOptions,
    checksum: z.boolean().default(true).meta({ description: "compare contents (default)" }),
    io: ioMode(),
  }),
  examples: [{ run: "emporium publish verify --help", says: "what is compared" }],
  async run({ plan, location, checksum, io: mode, dataset, run, include, exclude, ...options }, io) {
    const selection = selectionOf({ dataset, run, include, exclude });
    if (plan !== undefined && location !== undefined) {
      refuseSample(options);
      const { verifyPublishedTree } = await import("../stations/publish/tree/verify-tree.js");
      return printReport(await verifyPublishedTree(plan, location, { ...selection, checksum, io: mode, ...envOf(io) }), io);
    }
    refuseSelection({ dataset, run, include, exclude });
    refuseBoth(plan, options);
    const [{ publishVerify }, { readPlan }] = await Promise.all([
      import("../stations/publish/verify/verify.js"),
      import("../stations/publish/plan/read-plan.js"),
    ]);
    const planned = plan === undefined ? await planOf(options, io) : await readPlan(plan, io);
    return printReport(await publishVerify(planned, { checksum, io: mode, ...envOf(io) }), io);
  },
});

/** @throws {EmporiumError} USAGE for options that name a sample beside a tree */
function refuseSample(options: SampleOptions): void {
  refuseBoth("TREE LOCATION", options);
}

/** @throws {EmporiumError} USAGE for options that select a part of a tree beside a sample */
function refuseSelection(selection: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(selection).find((key) => selection[key] !== undefined);
  if (given === undefined) return;
  throw new EmporiumError("USAGE", `--${given} needs a TREE and a LOCATION`, {
    hint: "run emporium publish verify TREE LOCATION",
  });
}
