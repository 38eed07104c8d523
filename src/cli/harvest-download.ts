import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { clusterOf, engineOptions } from "./engine-options.js";
import { allowPrivate } from "./harvest-options.js";
import { fromFile, withListed } from "./listed-words.js";
import { bytesPerSecond, ioMode, perSecond, wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "harvest download",
  summary: "Download files and volumes from a portal, a link, a folder or a bucket; fast, verified, resumable",
  details: [
    "Takes a portal's page or accession (IDR, EMPIAR, EPFL CVLab, OpenOrganelle, CryoET Data Portal, BioImage Archive, Neuroglancer links), a direct link, a folder of a web or FTP server, a bucket's prefix, zarr:// n5:// precomputed:// volumes, or a local path. A single link goes to DEST under its own name; several links of one record go below DEST/<name of the record>. NAME=URL sets the name.",
    "The same command resumes: complete, unchanged files are not downloaded again, and partial files continue at their last byte. Each file is verified against its size, checksum files beside it (x.md5, SHA256SUMS, …), the server's ETag or --checksum before it gets its name, and recorded in the manifest with its SHA-256.",
    "A file of the same name that is not what is downloaded, and that the manifest does not have, is refused; the others are downloaded. --force-overwrite replaces it.",
    "Volumes are copied byte by byte, metadata first; --scale selects one level, --crop a box in voxels z,y,x. A missing chunk means the fill value and stays missing.",
    "--executor gives the files to a cluster: its jobs fetch them into DEST, which all nodes must see. Servers of others get no more requests than from one machine: at most eight jobs (default: four) work side by side, and share the host's limits, --rate and --limit. emporium engine status prints the report once the run has ended.",
    "Exit status: 0 everything downloaded, 3 some files failed (the manifest says which), 1 nothing downloaded, 11 another download writes to the same folder, 130 stopped.",
  ],
  positionals: ["addresses"],
  options: z.object({
    addresses: z
      .array(z.string())
      .default([])
      .meta({ description: "URLs, accessions or links; NAME=URL names the target", value: "URL" }),
    fromFile,
    dest: z.string().min(1, "a folder").meta({ description: "folder for the files; created if needed", value: "DIR" }),
    connections: wholeNumber(1)
      .optional()
      .meta({ description: "connections for one file and to one host (default: IDR 4, EPFL 16, others 8)", value: "N" }),
    limit: bytesPerSecond().optional().meta({ description: "limit for all connections together", value: "50MB/s" }),
    rate: z
      .string()
      .transform((text, context) => perSecond(text, Number, "a number of requests a second, such as 4/s", context))
      .optional()
      .meta({ description: "requests per second to one host (default: the host's published limit)", value: "4/s" }),
    crop: z
      .string()
      .optional()
      .meta({ description: "box of a volume: voxels z0:z1,y0:y1,x0:x1 of --scale, ends not included", value: "BOX" }),
    scale: wholeNumber(0)
      .optional()
      .meta({ description: "one level of volumes, 0 the finest (default: all levels)", value: "N" }),
    checksum: z.string().optional().meta({ description: "expected checksum of a single file", value: "sha256:HEX" }),
    manifest: z.string().optional().meta({
      description: "JSON lines of the downloaded files (default: DEST/.emporium-manifest.jsonl)",
      value: "FILE",
      written: true,
    }),
    include: z.array(z.string()).default([]).meta({ description: "only matching paths below the start", value: "GLOB" }),
    exclude: z.array(z.string()).default([]).meta({ description: "no matching paths; wins over include", value: "GLOB" }),
    portalBase: z
      .array(z.string())
      .default([])
      .meta({ description: "another base URL for a portal or host, for mirrors and tests", value: "NAME=URL" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
    allowPrivate,
    forceOverwrite: z.boolean().default(false).meta({ description: "replace files that no download into DEST has written" }),
    sync: z.boolean().default(true).meta({ description: "flush each file to the disk before it counts as done (default)" }),
    io: ioMode(),
    keepGoing: z.boolean().default(true).meta({
      description: "after a failure download the rest (default), or stop at the first failure",
      negative: "fail-fast",
    }),
    dryRun: z.boolean().default(false).meta({ description: "list what would be downloaded with its size, change nothing" }),
    ...engineOptions,
  }),
  examples: [
    {
      run: "emporium harvest download demo-out/portal/10401/dataset_metadata.json --dest demo-out/copy",
      says: "one file; an https:, s3: or ftp: URL works the same",
    },
    {
      run: "emporium harvest download demo-out/portal --dest demo-out/copy --include '*.json' --dry-run",
      says: "the files of a folder that would be downloaded",
    },
  ],
  async run(options, io) {
    const addresses = await withListed("harvest download", options.addresses, options.fromFile, io);
    const [{ download }, { parseBases }, { PORTAL_NAMES }, { parseCropBox }] = await Promise.all([
      import("../stations/harvest/download/download.js"),
      import("../portals/bases.js"),
      import("../portals/registry.js"),
      import("../stations/harvest/crop/levels.js"),
    ]);
    const work = { jobs: undefined, memoryBytes: undefined, dryRun: options.dryRun };
    const given = await clusterOf(options, work, io, {
      "--fail-fast":
        !options.keepGoing &&
        "jobs of a cluster cannot stop each other at the first failure; emporium engine cancel ends the run",
      "--crop": options.crop !== undefined && "a box of a volume is cut out on this machine only",
    });
    const settings = {
      dest: options.dest,
      connections: options.connections,
      bytesPerSecond: options.limit,
      requestsPerSecond: options.rate,
      crop: options.crop === undefined ? undefined : parseCropBox(options.crop),
      scale: options.scale,
      checksum: options.checksum,
      manifest: options.manifest,
      include: options.include,
      exclude: options.exclude,
      bases: parseBases(options.portalBase, PORTAL_NAMES),
      anonymous: options.anonymous,
      allowPrivate: options.allowPrivate,
      forceOverwrite: options.forceOverwrite,
      sync: options.sync,
      io: options.io,
      keepGoing: options.keepGoing,
      dryRun: options.dryRun,
      ...envOf(io),
    };
    if (!given) return printReport(await download(addresses, settings), io);
    return printReport(await download(addresses, { ...settings, cluster: given.cluster }), io);
  },
});
