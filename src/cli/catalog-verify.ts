import { z } from "zod";
import { datasetId, nbrWorkers, storageFor, storageOptions } from "./catalog-options.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { shareOf } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "catalog verify",
  summary: "Hold the catalogue's storage against its database: all there, checksums right, nothing else",
  details: [
    "Reads every file and frame that the database knows and compares its checksum: bytes of files, pixels of frames. Says what is missing or wrong, and what the storage holds that no data set has.",
    "Exit status: 0 proven, 3 nothing is wrong and not all is proven (a share was read, or the database has no checksum of something), 4 something is wrong, and each object is named.",
  ],
  options: z.object({
    id: datasetId.optional().meta({ description: "one data set alone", value: "ID" }),
    ...databaseOptions,
    ...storageOptions,
    subset: z
      .string()
      .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}$/, "a share such as 1/20")
      .optional()
      .meta({
        description: "read one share of the objects, by the hash of their keys; presence is looked at of all",
        value: "1/20",
      }),
    nbrWorkers,
  }),
  examples: [
    { run: "emporium catalog verify --storage demo-out/microscopy/storage", says: "everything" },
    {
      run: "emporium catalog verify --storage demo-out/microscopy/storage --id CELLS-2024-05-17-10-30-00-0001 --json",
      says: "one data set, for programs",
    },
  ],
  async run(options, io) {
    const subset = shareOf(options.subset);
    const [{ verifyCatalog }, { openCatalog }, { STORAGE_WORDS }] = await Promise.all([
      import("../stations/catalog/verify/verify.js"),
      import("../stations/catalog/open-catalog.js"),
      import("../stations/catalog/inputs/config.js"),
    ]);
    const storage = await storageFor(options, STORAGE_WORDS.local);
    const repository = await openCatalog(await databaseFor(options, io, "reader", "catalog verify"));
    try {
      const report = await verifyCatalog({
        repository,
        storage,
        id: options.id,
        subset,
        workers: options.nbrWorkers,
        clock: io.clock,
        signal: io.signal,
        onEvent: io.onEvent,
      });
      return printReport(report, io);
    } finally {
      await repository.close();
    }
  },
});
