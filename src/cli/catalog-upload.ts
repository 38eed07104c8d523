import { z } from "zod";
import { LIMITS } from "../core/limits.js";
import { envOf } from "../engine/env.js";
import { nbrWorkers, storageFor, storageOptions } from "./catalog-options.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { amountOfBytes, defaultMemoryBytes } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "catalog upload",
  summary: "Upload the data sets of a table: files unchanged, or images split into frames; then insert their rows",
  details: [
    "The table (CSV) has a line for each data set: dataset_id, file_name, and optionally description, parent_dataset_id, positions. The configuration (JSON) gives upload_type (file or frames), microscope, and for frames their frames_format: ome_tiff, tif_folder or tif_id.",
    "All lines are checked first: ids, parents, headers of all images. Then each data set is stored, every object is verified, and its rows are inserted in one transaction. After an interruption the same command resumes. Existing data sets are refused, or replaced with --overwrite.",
    "Names of image files are parsed by filename_parser (parse_sms_name, parse_idx_from_name; parse_ml_name for data sets), by filename_pattern, a regular expression with groups named channel, slice, time and position, or by functions of your own module (--parser-module). That module is a program: it runs with your permissions.",
  ],
  options: z.object({
    csv: z.string().meta({ description: "table of the data sets", value: "FILE" }),
    config: z.string().meta({ description: "configuration of the upload", value: "FILE" }),
    ...databaseOptions,
    ...storageOptions,
    overwrite: z.boolean().default(false).meta({ description: "replace data sets and objects of the same name" }),
    nbrWorkers,
    parserModule: z.string().optional().meta({ description: "a JavaScript module with parsers of file names", value: "FILE" }),
    memory: amountOfBytes(LIMITS.memoryBytesMin)
      .optional()
      .meta({ description: "memory limit for buffers (default: 512MiB, or less in a control group with less)", value: "SIZE" }),
    keepGoing: z.boolean().default(true).meta({
      description:
        "after a failure upload the other data sets (default), or upload nothing if one is invalid and stop at the first failure",
      negative: "fail-fast",
    }),
    allowPrivate: z.boolean().default(false).meta({
      description: "read files that the table names by URL in private networks (10.x, 192.168.x, this machine)",
    }),
    dryRun: z.boolean().default(false).meta({ description: "check everything, print what would be done, change nothing" }),
  }),
  examples: [
    {
      run: "emporium catalog upload --csv demo-out/microscopy/files.csv --config demo-out/microscopy/frames.json --storage demo-out/microscopy/storage",
      says: "the demo's images, to a folder and the embedded database",
    },
    {
      run: "emporium catalog upload --csv demo-out/microscopy/files.csv --config demo-out/microscopy/frames.json --storage demo-out/microscopy/storage --overwrite --dry-run",
      says: "what replacing them would do",
    },
  ],
  async run(options, io) {
    const [{ readUploadConfig }, { loadNameParsers }, { upload }, { openCatalog }] = await Promise.all([
      import("../stations/catalog/inputs/config.js"),
      import("../stations/catalog/frames/parser-module.js"),
      import("../stations/catalog/upload/upload.js"),
      import("../stations/catalog/open-catalog.js"),
    ]);
    const config = await readUploadConfig(options.config);
    const parsers = await loadNameParsers(options.parserModule);
    const { checkUpload } = await import("../stations/catalog/upload/check.js");
    await checkUpload(options.csv, config, parsers);
    const storage = await storageFor(options, config.storage);
    const repository = await openCatalog(await databaseFor(options, io, "writer", "catalog upload"));
    let printed: number | undefined;
    try {
      const report = await upload({
        csv: options.csv,
        config,
        parsers,
        storage,
        repository,
        overwrite: options.overwrite,
        workers: options.nbrWorkers,
        memoryBytes: options.memory ?? defaultMemoryBytes(),
        workspace: io.workspace,
        allowPrivate: options.allowPrivate,
        dryRun: options.dryRun,
        keepGoing: options.keepGoing,
        ...envOf(io),
        async told(report) {
          printed = printReport(report, io);
          await repository.close();
        },
      });
      return printed ?? printReport(report, io);
    } finally {
      if (printed === undefined) await repository.close();
    }
  },
});
