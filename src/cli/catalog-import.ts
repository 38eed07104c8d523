import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { IMPORT_KINDS } from "../stations/catalog/portal-import/kinds.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "catalog import",
  summary: "Read a standardised tree into the portal's tables: what is new, changed or gone",
  details: [
    "The tree is what ingest run writes, or the public portal serves: a folder or bucket with datasets, runs and their metadata. One listing is taken, and the documents of each run that has changed since the last import are read. A run is one transaction: it is wholly there or wholly absent.",
    "--import-tomograms and the like import some kinds of rows: those of other kinds stay as they are. What a kind belongs to comes along, as runs and voxel spacings do with tomograms; a dataset's own row always does.",
    "Rows hold addresses for clients. They begin with --s3-prefix and --https-prefix, which default to LOCATION itself where it is one, and otherwise to what emporium serve answers at on this machine.",
    "Exit status: 0 all done, 3 something could not be imported: each is named with its place, its old rows stay, and the rest is done.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "folder or bucket of the tree", value: "LOCATION" }),
    dataset: z
      .array(z.string().regex(/^[^/.][^/]*$/, "a dataset's number"))
      .optional()
      .meta({ description: "these datasets alone", value: "ID" }),
    deposition: z
      .array(wholeNumber(0, 2 ** 31 - 1))
      .optional()
      .meta({
        description: "these depositions; datasets only where --dataset names some",
        value: "ID",
      }),
    filterDatasets: z.array(z.string()).optional().meta({
      description: "only datasets whose name matches from its start",
      value: "RE",
    }),
    excludeDataset: z.array(z.string()).optional().meta({
      description: "no datasets whose name matches from its start; wins over the others",
      value: "RE",
    }),
    import: z
      .array(z.enum(["everything", ...IMPORT_KINDS]))
      .default([])
      .meta({
        description: "rows of a kind, with those that they belong to (default: everything)",
        family: "import-*",
        familyName: "kind",
      }),
    httpsPrefix: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+$/, "an address as https://data.example.org/tree")
      .optional()
      .meta({ description: "what https addresses of files begin with", value: "URL" }),
    s3Prefix: z
      .string()
      .regex(/^s3:\/\/[^/\s]+(\/\S*)?$/, "a bucket as s3://bucket or s3://bucket/folder")
      .optional()
      .meta({ description: "what s3 addresses of files begin with", value: "URL" }),
    ...databaseOptions,
    again: z.boolean().default(false).meta({ description: "look at what has not changed since the last import as well" }),
    jobs: wholeNumber(1, 64).optional().meta({ description: "runs that are worked on side by side (default 4)", value: "N" }),
    anonymous: z.boolean().default(false).meta({ description: "sign no request to a bucket" }),
  }),
  examples: [
    { run: "emporium catalog import demo-out/portal", says: "the demo's tree, into the embedded database" },
    {
      run: "emporium catalog import demo-out/portal --filter-datasets 104 --exclude-dataset 10499 --import-annotations --import-annotation-authors",
      says: "what was annotated since, of some datasets",
    },
    {
      run: "emporium catalog import demo-out/portal --dataset 10401 --s3-prefix s3://lab --https-prefix https://data.example.org --json",
      says: "one dataset, with the addresses that clients will use, for programs",
    },
  ],
  async run(options, io) {
    const [{ openStore, parseLocation }, { importTree }, { openCatalog }] = await Promise.all([
      import("../stores/url.js"),
      import("../stations/catalog/portal-import/portal-import.js"),
      import("../catalog/migrate.js"),
    ]);
    const location = parseLocation(options.location);
    if (location.scheme === "ftp")
      throw new EmporiumError("USAGE", "a tree is read from a folder, a bucket or a web server, not from FTP");
    const store = await openStore(location, { anonymous: options.anonymous, readOnly: true });
    const jobs = options.jobs ?? 4;
    // each job holds a session for its run and may need one for a deposition
    const connections = 2 * jobs + 2;
    const database = await openCatalog({ ...(await databaseFor(options, io, "writer", "catalog import")), connections });
    try {
      const report = await importTree({
        store,
        database,
        prefixes: {
          s3: options.s3Prefix ?? (location.scheme === "s3" ? location.url : "s3://portal"),
          https: options.httpsPrefix ?? (/^https?$/.test(location.scheme) ? location.url : "http://127.0.0.1:8080/files"),
        },
        datasets: options.dataset,
        depositions: options.deposition,
        expressions: { filter: options.filterDatasets, exclude: options.excludeDataset },
        kinds: options.import.includes("everything") ? undefined : options.import,
        again: options.again,
        jobs,
        clock: io.clock,
        log: io.log,
        signal: io.signal,
        onEvent: io.onEvent,
      });
      return printReport(report, io);
    } finally {
      await database.close();
    }
  },
});
