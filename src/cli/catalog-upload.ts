import { z } from "zod";
import { LIMITS } from "../core/limits.js";
import { nbrWorkers, storageFor, storageOptions } from "./catalog-options.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { amountOfBytes, defaultMemoryBytes } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "catalog upload",
  summary: "Upload data sets of a table: files as they are, or images split into frames; then their rows",
  details: [
    "The table (CSV) has a line for each data set: dataset_id, file_name, and perhaps description, parent_dataset_id, positions. The configuration (JSON) says upload_type (file or frames), microscope, and for frames their frames_format: ome_tiff, tif_folder or tif_id.",
    "All lines are looked at first: ids, parents, headers of all images. Then each data set is stored, every object is proven to be there, and its rows are inserted in one transaction. The same command again goes on where it was stopped. What is there already is refused, or replaced with --overwrite.",
    "Names of image files are taken apart by filename_parser (parse_sms_name, parse_idx_from_name; parse_ml_name for data sets), by filename_pattern, a regular expression with groups named channel, slice, time and position, or by functions of a module of your own (--parser-module). That module is a program: it runs as you.",
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
      .meta({ description: "ceiling for buffers (default: 512MiB, less where a control group leaves less)", value: "SIZE" }),
    keepGoing: z.boolean().default(true).meta({
      description:
        "after a failure do the other data sets (default), or touch nothing if one is wrong and stop at the first failure",
      negative: "fail-fast",
    }),
    dryRun: z.boolean().default(false).meta({ description: "look at everything, say what would be done, touch nothing" }),
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
        dryRun: options.dryRun,
        keepGoing: options.keepGoing,
        clock: io.clock,
        log: io.log,
        signal: io.signal,
        onEvent: io.onEvent,
      });
      return printReport(report, io);
    } finally {
      await repository.close();
    }
  },
});
