import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { compatReference } from "./curate-options.js";
import { httpUrl } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "publish neurons",
  summary: "Write the neuron lists of a bucket's dates, from the neuron service and the bucket's tracings",
  details: [
    "Asks the service (NeuronBrowser's GraphQL) which neurons have which tags, and the bucket which dates and tags have tracings. Makes neurons/LOCATION/DATE/metadata.json for each date, its copies, and neurons/index.json, and compares them with those in the bucket. Nothing is written without --write.",
    "The service comes from --browser, otherwise from the profile, otherwise from the configuration server of CONFIG_SERVER_URL. Days are in the profile's time zone.",
    "Skeletons (.swc) are read and their errors reported; --no-check-swc skips that. A date that fails is named, and all others are done.",
    "--compat reference writes and prints byte for byte as the reference does, and stops where it stops.",
    "Exit status: 0 all dates, 1 the service or the bucket cannot be asked, 2 wrong usage, 3 some dates failed.",
  ],
  options: z.object({
    finished: z.boolean().default(false).meta({ description: "finished neurons (default: both)" }),
    tracingComplete: z.boolean().default(false).meta({ description: "neurons whose tracing is complete (default: both)" }),
    browser: httpUrl().optional().meta({ description: "the service's GraphQL URL", value: "URL" }),
    bucket: z
      .string()
      .min(1, "a location")
      .optional()
      .meta({ description: "bucket or folder (default: the profile's)", value: "LOCATION" }),
    profile: z
      .string()
      .min(1, "a profile")
      .default("mouselight")
      .meta({ description: "bucket, time zone and locations: mouselight or your own file", value: "NAME|FILE" }),
    write: z.boolean().default(false).meta({ description: "write what is new or has changed" }),
    checkSwc: z.boolean().default(true).meta({ description: "read skeletons and report errors in them (default)" }),
    ancestors: z.boolean().default(false).meta({ description: "add the brain areas above each soma's" }),
    compat: compatReference,
  }),
  examples: [{ run: "emporium publish neurons --help", says: "what is asked and written" }],
  async run({ finished, tracingComplete, browser, bucket, profile: name, write, checkSwc, ancestors, compat }, io) {
    const [{ publishNeurons, LOCATIONS }, { readProfile }, { openStore }] = await Promise.all([
      import("../stations/publish/neurons/neurons.js"),
      import("./publish-options.js"),
      import("../stores/url.js"),
    ]);
    const profile = await readProfile(name, io);
    const asks = io.attended && !io.json && !finished && !tracingComplete;
    const answer = asks
      ? ((await io.ask("Select tracings to process: 1 Finished neurons, 2 Tracing complete [1,2]: "))?.trim() ?? "")
      : "";
    const chosen = answer === "" ? undefined : { finished: answer.includes("1"), complete: answer.includes("2") };
    const one = chosen ?? { finished, complete: tracingComplete };
    const wanted = LOCATIONS.filter((location) => (location === "Finished_Neurons" ? one.finished : one.complete));
    const { endpoint, region, awsProfile } = profile;
    const options = bucket === undefined ? { endpoint, region, profile: awsProfile } : {};
    const report = await publishNeurons({
      bucket: await openStore(bucket ?? profile.bucket, { ...options, readOnly: !write }),
      settings: profile.neurons,
      locations: wanted.length > 0 ? wanted : profile.neurons.locations,
      browser,
      configServer: io.env.CONFIG_SERVER_URL || undefined,
      token: io.env.NEURONBROWSER_JWT || undefined,
      write,
      compat: compat !== undefined,
      checkSwc,
      ancestors,
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
