import { existsSync } from "node:fs";
import { z } from "zod";
import { EmporiumError, type ErrorRecord } from "../core/errors.js";
import type { Report } from "../core/report.js";
import { command, type Io } from "./command.js";
import { databaseOptions } from "./database-options.js";
import { importOf, roundOptions } from "./ingest-options.js";
import { duration } from "./option-types.js";
import { printReport } from "./report.js";
import { toldToStop } from "./signals.js";

const SECOND_MS = 1000;

const BEFOREHAND =
  "a CONFIG.yaml that is not there yet is made of the first tilt series with --profile FILE, or by emporium ingest new --from INPUT --out CONFIG.yaml";

export default command({
  name: "ingest watch",
  summary: "Ingest what a running acquisition adds, run by run, as each is complete",
  details: [
    "Lists INPUT again and again. A file is complete when its size and time have stayed the same for --rest. A run is taken when all of its files are complete, everything that a microscope writes of it and the config names is found, and the frames that its mdoc names are there. A file that still grows, is empty or has a temporary name holds back its run; so does anything that ingest run refuses, such as a file found for two runs. Each waiting run is named with the reason, and the others are ingested.",
    "The tree is the one that ingest run would make of the complete runs at the end, with the same ids. Killed at any moment and started again, it goes on; it keeps no record of its own.",
    "Without --until it runs until Ctrl-C. --until idle:30m ends it when nothing has come for half an hour: then runs are also taken for which a section of the config finds nothing, and named. What is not complete is reported when it ends, each with the reason.",
    "A complete file that no line of the config names is told once, and again at the end. To have it, make the config again with ingest new --decisions; to be asked no more, leave it out in NAME.decisions.yaml beside the config.",
    "--profile makes the configuration, too: where CONFIG.yaml is not there yet, INPUT may be empty; the command waits for the first whole tilt series, writes CONFIG.yaml and its file of decisions as ingest new does, and takes the facts that only a person knows from the profile, such as the numbers of deposition and dataset. Lines that are left to fill in are named, and it waits until somebody has filled them in.",
    "--catalog imports the tree into the catalogue after each round, as catalog import does, so that the pages of emporium serve follow.",
    "Exit status: 0 everything is taken, 3 something is not complete, is refused or failed, 1 nothing could be taken, 2 wrong usage or configuration, 130 stopped in the middle of a round: the same command goes on.",
  ],
  positionals: ["config", "input", "output"],
  // the numbers at the portal are a person's to give: without them no configuration is made of what comes first
  beforehand: BEFOREHAND,
  options: z.object({
    ...roundOptions,
    profile: z.string().optional().meta({
      description: "write CONFIG.yaml, if it is not there, when the first tilt series is complete, with the facts of this file",
      value: "FILE",
    }),
    rest: duration()
      .refine((ms) => ms >= SECOND_MS, "at least 1s")
      .optional()
      .meta({ description: "how long a file has to stay the same to be complete (default: 60s)", value: "DURATION" }),
    interval: duration()
      .refine((ms) => ms >= SECOND_MS, "at least 1s")
      .optional()
      .meta({ description: "time between two listings of INPUT (default: 10s)", value: "DURATION" }),
    until: z
      .string()
      .regex(/^idle:\d{1,6}[smh]$/, "idle:DURATION, such as idle:30m")
      .transform((text) => duration().parse(text.slice("idle:".length)))
      .optional()
      .meta({ description: "end when nothing has come or changed for so long (default: at Ctrl-C)", value: "idle:DURATION" }),
    catalog: z.boolean().default(false).meta({ description: "update the catalogue after each round" }),
    ...databaseOptions,
  }),
  examples: [
    {
      run: "emporium ingest watch demo-out/lab/imod.yaml demo-out/lab/input demo-out/portal --import-tomograms --import-tomogram-metadata --rest 1s --interval 1s --until idle:2s --quiet",
      says: "a folder in which nothing more arrives, without progress",
    },
  ],
  async run(options, io) {
    const [{ openIngest }, { watchIngest }, { isUrl }] = await Promise.all([
      import("../stations/ingest/ingest.js"),
      import("../stations/ingest/watch/watch.js"),
      import("../stations/ingest/check/config-file.js"),
    ]);
    const given = importOf(options, io);
    const { rest: restMs = 60 * SECOND_MS, interval: intervalMs = 10 * SECOND_MS, until: idleMs, profile } = options;
    // to be told to stop is a normal end: what waits is named, and the exit status says whether anything does
    void toldToStop(io.signal);
    const end = profile === undefined ? undefined : await firstConfig({ ...given, restMs, intervalMs, idleMs, profile }, io);
    if (end) return printReport(end, io);
    const { config: file } = given;
    if (profile === undefined && !isUrl(file) && !existsSync(file))
      throw new EmporiumError("CONFIG_SYNTAX", `${file} does not exist; expected a configuration`, {
        place: { file },
        hint: BEFOREHAND,
      });
    const job = await openIngest({ ...given, dryRun: false });
    const onRound = options.catalog ? await catalogueOf(options, io) : undefined;
    const beside = await decisionsOf(options.config);
    if (beside) io.log.info(`${beside.path}: files that it leaves out are not told`);
    const watched = { ...given, restMs, intervalMs, idleMs, onRound, decisions: beside?.document };
    return printReport(await watchIngest(job, watched), io);
  },
});

/** Waits for a configuration that can be used. @returns a report where the wait has ended before */
async function firstConfig(
  { profile, ...options }: ReturnType<typeof importOf> & WatchTimes & { profile: string },
  io: Io,
): Promise<Report | undefined> {
  const [{ awaitFirstConfig }, { readProfile }] = await Promise.all([
    import("../stations/ingest/watch/first-config.js"),
    import("../stations/ingest/laboratory/given-files.js"),
  ]);
  const answers = await readProfile(profile);
  const beside = await decisionsOf(options.config);
  if (beside) io.log.info(`${beside.path}: what it says of files is obeyed`);
  return awaitFirstConfig({ ...options, answers, given: beside });
}

interface WatchTimes {
  restMs: number;
  intervalMs: number;
  idleMs: number | undefined;
}

/** The file that `ingest new` has written beside the configuration, where it is there. */
async function decisionsOf(config: string) {
  const [{ decisionsBeside }, { readDecisionsFile }] = await Promise.all([
    import("../stations/ingest/laboratory/write-new.js"),
    import("../stations/ingest/laboratory/given-files.js"),
  ]);
  const path = decisionsBeside(config);
  return existsSync(path) ? { path, document: await readDecisionsFile(path) } : undefined;
}

interface Catalogued {
  output: string;
  anonymous: boolean;
  database?: string | undefined;
  login?: string | undefined;
}

/** Brings the catalogue up to date with the tree. What fails is tried again at the next look. */
async function catalogueOf(options: Catalogued, io: Io): Promise<() => Promise<readonly ErrorRecord[]>> {
  const [{ openStore }, { asEmporiumError, toErrorRecord }, { importTree, openForImport }] = await Promise.all([
    import("../stores/url.js"),
    import("../core/errors.js"),
    import("./tree-import.js"),
  ]);
  const store = await openStore(options.output, { anonymous: options.anonymous, readOnly: true });
  return async () => {
    try {
      const database = await openForImport(options, io, "ingest watch");
      try {
        return (await importTree({ store, database }, io)).errors;
      } finally {
        await database.close();
      }
    } catch (thrown) {
      return [toErrorRecord(asEmporiumError(thrown))];
    }
  };
}
