import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { envOf } from "../engine/env.js";
import { IMPORT_KINDS } from "../stations/catalog/portal-import/kinds.js";
import { command, type Io } from "./command.js";
import { type databaseFor, databaseOptions } from "./database-options.js";
import { clusterOf, engineOptions } from "./engine-options.js";
import { wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "catalog import",
  summary: "Import a standardised tree into the portal's tables: new, changed and removed entities",
  details: [
    "The tree is the output of ingest run, or what the public portal serves: a folder or bucket with datasets, runs and their metadata. The command lists the tree once and reads the documents of each run that has changed since the last import. Each run is one transaction: it is imported completely or not at all.",
    "--import-tomograms and similar options import only some kinds of rows; rows of other kinds stay unchanged. The parents of a kind are imported too, such as runs and voxel spacings with tomograms, and always a dataset's own row.",
    "A number names one dataset. The catalogue remembers the folders that a dataset was imported from; a dataset of the same number in another tree is refused, unless it is the same one, moved or published, or --replace is given.",
    "Rows contain URLs for clients. They begin with --s3-prefix and --https-prefix, which default to LOCATION if it is a bucket or web server, and otherwise to what emporium serve answers on this machine.",
    "--executor gives the runs to a cluster: its jobs import them side by side, and the rows are those of this machine's import. The nodes must see LOCATION and the workspace, and reach the server of --database; its password belongs into ~/.pgpass or the file of --login. emporium engine status prints the report once the run has ended.",
    "Exit status: 0 all done, 3 something could not be imported: each failure is named with its place, its old rows stay, and the rest is done.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "folder or bucket of the tree", value: "LOCATION" }),
    dataset: z
      .array(z.string().regex(/^[^/.][^/]*$/, "a dataset's number"))
      .optional()
      .meta({ description: "only these datasets", value: "ID" }),
    deposition: z
      .array(wholeNumber(0, 2 ** 31 - 1))
      .optional()
      .meta({
        description: "only these depositions; datasets only where --dataset names some",
        value: "ID",
      }),
    filterDatasets: z.array(z.string()).optional().meta({
      description: "only datasets whose name matches from the start",
      value: "RE",
    }),
    excludeDataset: z.array(z.string()).optional().meta({
      description: "no datasets whose name matches from the start; wins over the other options",
      value: "RE",
    }),
    import: z
      .array(z.enum(["everything", ...IMPORT_KINDS]))
      .default([])
      .meta({
        description: "only rows of this kind and of its parents (default: all kinds)",
        family: "import-*",
        familyName: "kind",
      }),
    httpsPrefix: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+$/, "an address such as https://data.example.org/tree")
      .optional()
      .meta({ description: "the beginning of the files' https URLs", value: "URL" }),
    s3Prefix: z
      .string()
      .regex(/^s3:\/\/[^/\s]+(\/\S*)?$/, "a bucket such as s3://bucket or s3://bucket/folder")
      .optional()
      .meta({ description: "the beginning of the files' s3 URLs", value: "URL" }),
    ...databaseOptions,
    again: z.boolean().default(false).meta({ description: "also read what has not changed since the last import" }),
    replace: z
      .boolean()
      .default(false)
      .meta({ description: "also import datasets whose numbers other trees have, in their place" }),
    jobs: wholeNumber(1, 64).optional().meta({ description: "runs processed in parallel (default 4)", value: "N" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
    ...engineOptions,
  }),
  examples: [
    { run: "emporium catalog import demo-out/portal", says: "the demo's tree, into the embedded database" },
    {
      run: "emporium catalog import demo-out/portal --filter-datasets 104 --exclude-dataset 10499 --import-annotations --import-annotation-authors",
      says: "later annotations of some datasets",
    },
    {
      run: "emporium catalog import demo-out/portal --dataset 10401 --s3-prefix s3://lab --https-prefix https://data.example.org --json",
      says: "one dataset, with the URLs that clients will use, for programs",
    },
  ],
  async run(options, io) {
    const [{ openStore, parseLocation }, { importTree, openForImport }] = await Promise.all([
      import("../stores/url.js"),
      import("./tree-import.js"),
    ]);
    const location = parseLocation(options.location);
    if (location.scheme === "ftp")
      throw new EmporiumError("USAGE", "LOCATION is an FTP server; give a folder, a bucket or a web server");
    const store = await openStore(location, { anonymous: options.anonymous, readOnly: true });
    const given = {
      store,
      prefixes: {
        s3: options.s3Prefix ?? (location.scheme === "s3" ? location.url : "s3://portal"),
        https: options.httpsPrefix ?? (/^https?$/.test(location.scheme) ? location.url : "http://127.0.0.1:8080/files"),
      },
      datasets: options.dataset,
      depositions: options.deposition,
      expressions: { filter: options.filterDatasets, exclude: options.excludeDataset },
      kinds: options.import.includes("everything") ? undefined : options.import,
      again: options.again,
      replace: options.replace,
    };
    const useless = {
      "--jobs": options.jobs !== undefined && "each job imports one run after the other, and --slots says how many jobs",
    };
    const cluster = await clusterOf(options, { jobs: undefined, memoryBytes: undefined }, io, useless);
    const nodes = cluster && (await nodeDatabase(options, io));
    const database = await openForImport(options, io, "catalog import");
    try {
      if (!nodes) return printReport(await importTree({ ...given, database, jobs: options.jobs, onEvent: io.onEvent }, io), io);
    } finally {
      await database.close();
    }
    const { importOnCluster } = await import("../stations/catalog/portal-import/on-cluster.js");
    const { anonymous, location: typed } = options;
    const request = {
      ...given,
      anonymous,
      location: typed,
      database: nodes,
      server: database.server.name,
      workspace: io.workspace,
    };
    return printReport(await importOnCluster(request, cluster.cluster, envOf(io)), io);
  },
});

/** The database as jobs open it. @throws {EmporiumError} USAGE, before any server is asked */
async function nodeDatabase({ database: url, login }: Parameters<typeof databaseFor>[0], io: Io) {
  const { databaseOfNodes } = await import("../stations/catalog/portal-import/on-cluster.js");
  const { database, notes } = await databaseOfNodes({ url, login, env: io.env }, io.workspace);
  for (const note of notes) io.log.warn(note);
  return database;
}
