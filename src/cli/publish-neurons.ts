import { z } from "zod";
import { command } from "./command.js";
import { compatReference } from "./curate-options.js";
import { httpUrl } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "publish neurons",
  summary: "Write the neuron lists of a bucket's dates, from the service of neurons and what is there",
  details: [
    "Asks the service (NeuronBrowser's GraphQL) which neurons are known by which tags, and the bucket which dates and tags have tracings; makes neurons/LOCATION/DATE/metadata.json of each date, its copies, and neurons/index.json, and compares them with those in the bucket. Nothing is written without --write.",
    "The service is named by --browser, else by the profile, else by the configuration server of CONFIG_SERVER_URL. A day is that of the profile's time zone.",
    "Skeletons (.swc) are read and what is wrong in them is told; --no-check-swc leaves that out. A date that fails is named, and all others are done.",
    "--compat reference writes and prints byte for byte as the reference does, and ends where it ends.",
    "Exit status: 0 all dates, 1 the service or the bucket cannot be asked, 2 wrong usage, 3 some dates failed.",
  ],
  options: z.object({
    finished: z.boolean().default(false).meta({ description: "finished neurons (default: both)" }),
    tracingComplete: z.boolean().default(false).meta({ description: "neurons whose tracing is complete (default: both)" }),
    browser: httpUrl().optional().meta({ description: "the service's GraphQL address", value: "URL" }),
    bucket: z
      .string()
      .min(1, "a location")
      .optional()
      .meta({ description: "bucket or folder (default: the profile's)", value: "LOCATION" }),
    profile: z
      .string()
      .min(1, "a profile")
      .default("mouselight")
      .meta({ description: "bucket, time zone and locations: mouselight or a file of one's own", value: "NAME|FILE" }),
    write: z.boolean().default(false).meta({ description: "write what is new or has changed" }),
    checkSwc: z.boolean().default(true).meta({ description: "read skeletons and tell what is wrong in them (default)" }),
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
      clock: io.clock,
      log: io.log,
      signal: io.signal,
    });
    return printReport(report, io);
  },
});
