import { z } from "zod";
import { envOf } from "../engine/env.js";
import { datasetId, nbrWorkers, storageFor, storageOptions } from "./catalog-options.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { shareOf } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "catalog verify",
  summary: "Verify the catalogue's storage against its database: no object missing, damaged or extra",
  details: [
    "Reads every file and frame in the database and compares its checksum: bytes of files, pixels of frames. Reports what is missing or wrong, and objects in the storage that belong to no data set.",
    "Exit status: 0 all verified, 3 no errors but not everything verified (only a share was read, or the database lacks a checksum), 4 errors, and each object is named.",
  ],
  options: z.object({
    id: datasetId.optional().meta({ description: "only this data set", value: "ID" }),
    ...databaseOptions,
    ...storageOptions,
    subset: z
      .string()
      .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}$/, "a share such as 1/20")
      .optional()
      .meta({
        description: "read one share of the objects, selected by a hash of their keys; the presence of all is checked",
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
        ...envOf(io),
      });
      return printReport(report, io);
    } finally {
      await repository.close();
    }
  },
});
