import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { quoteWord } from "../core/shell.js";
import { envOf } from "../engine/env.js";
import type { ValidationDocument } from "../stations/ingest/validate/report/document.js";
import type { ValidateRequest } from "../stations/ingest/validate/run.js";
import { command, type Io } from "./command.js";
import { clusterOf, engineOptions } from "./engine-options.js";
import { allowPrivate } from "./ingest-options.js";
import { printReport } from "./report.js";

/** Types that have a name, or a number, by which they can be selected. */
const TYPES = ["deposition", "dataset", "run", "tiltseries", "alignment", "voxel_spacing", "tomogram", "annotation"] as const;

const patterns = (description: string, family: string) =>
  z.partialRecord(z.enum(TYPES), z.array(z.string())).default({}).meta({ description, family, familyName: "type", value: "RE" });

export default command({
  name: "ingest validate",
  summary: "Validate sources or a finished tree with every rule of the portal, and compare their voxel spacings",
  details: [
    "source checks the files that a configuration finds, before anything is imported: ingest validate source CONFIG.yaml INPUT. standardized checks a tree in the portal's layout: ingest validate standardized TREE, or with CONFIG.yaml before it, which selects its datasets and sets what is expected of them. Headers and documents are read, no voxels. Nothing is written there: the report is kept in the workspace, where the pages of emporium serve find it and compare it with the one before; --html writes it as a page.",
    "Each check has a permanent name, listed in docs/reference/checks.md. A check that lacks a file is reported as not decided. scale.truth compares all sources of the voxel size: header, arrays, metadata, folder, configuration, tilt series, alignment and neighbours, and names the one that is wrong. Of a tomogram that Warp reconstructed, whose box and spacing a person chooses, the field of the tilt series is no such source.",
    "--executor gives the reading to a cluster: its jobs look at runs side by side, and the last one compares them. The run's files are in the workspace, which all nodes must see. emporium engine status prints the report once the run has ended, the same as this machine's.",
    "Exit status: 0 no errors, 4 errors were found, 2 there was nothing to check or the configuration is wrong. Warnings do not count.",
  ],
  positionals: ["suite", "config", "location"],
  options: z.object({
    suite: z.enum(["source", "standardized"]).meta({ description: "source or standardized", value: "SUITE" }),
    config: z
      .string()
      .meta({ description: "the deposition's configuration; a tree may stand in its place", value: "CONFIG.yaml" }),
    location: z.string().optional().meta({ description: "folder or bucket of the sources, or of the tree", value: "LOCATION" }),
    filter: patterns("only entities whose name or number matches from its start", "filter-*-name"),
    exclude: patterns("without those; wins over filter", "exclude-*-name"),
    html: z.string().optional().meta({ description: "also write the result as an HTML page", value: "FILE", written: true }),
    network: z.boolean().default(false).meta({ description: "request pictures that metadata name by a URL" }),
    allowPrivate,
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
    ...engineOptions,
  }),
  examples: [
    { run: "emporium ingest validate standardized demo-out/portal", says: "the tree that the demo leaves" },
    {
      run: "emporium ingest validate source demo-out/lab/imod.yaml demo-out/lab/input --filter-run-name 'TS_0002$'",
      says: "one run of a deposit, before it is imported",
    },
    {
      run: "emporium ingest validate source demo-out/lab/imod.yaml demo-out/lab/input --filter-run-name 'TS_0002$' --html demo-out/report.html --json",
      says: "the same for programs, and as a page",
    },
  ],
  async run({ suite, config, location, filter, exclude, html, network, allowPrivate, anonymous, ...engine }, io) {
    if (location === undefined && suite === "source") {
      throw new EmporiumError("USAGE", "ingest validate source needs LOCATION: folder or bucket of the sources", {
        hint: "see emporium ingest validate --help",
      });
    }
    const request = {
      suite,
      config: location === undefined ? undefined : config,
      location: location ?? config,
      filter,
      exclude,
      html,
      network,
      allowPrivate,
      anonymous,
      signal: io.signal,
    } as const;
    const cluster = await clusterOf(engine, { jobs: undefined, memoryBytes: undefined }, io);
    if (cluster) {
      const { validateOnCluster } = await import("../stations/ingest/validate/on-cluster.js");
      const given = { ...request, workspace: io.workspace };
      return printReport(await validateOnCluster(given, cluster.cluster, envOf(io)), io);
    }
    const { validate } = await import("../stations/ingest/validate/run.js");
    const validation = await validate(request);
    const { validationDocument } = await import("../stations/ingest/validate/report/document.js");
    const { validationText } = await import("../stations/ingest/validate/report/text.js");
    const document = validationDocument(validation);
    if (io.json) io.outJson({ ...document, errors: [] });
    else io.out(validationText(validation));
    await keep(document, request, io);
    return document.exitStatus;
  },
});

/** Keeps the report in the workspace, for the pages of serve. */
async function keep(document: ValidationDocument, request: ValidateRequest, io: Io): Promise<void> {
  const [{ keepReport }, { fileStore }] = await Promise.all([
    import("../stations/ingest/validate/report/kept.js"),
    import("../stores/file/store.js"),
  ]);
  const { clock, log, signal } = io;
  const id = await keepReport(fileStore(io.workspace), document, request, { clock, log, signal });
  if (id !== undefined && !io.json) {
    io.out(`report ${id}: emporium serve ${quoteWord(request.location)} shows it at /reports/${id}`);
  }
}
