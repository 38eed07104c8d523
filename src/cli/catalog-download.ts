import { z } from "zod";
import { envOf } from "../engine/env.js";
import { datasetId, nbrWorkers, storageFor, storageOptions } from "./catalog-options.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";
import { printReport } from "./report.js";

/** Indices of frames, `-z 3 4 5`. */
const indices = (short: string, what: string) =>
  z
    .array(z.string().regex(/^\d{1,9}$/, "a whole number"))
    .min(1)
    .optional()
    .meta({ description: `only these ${what}, by number`, value: "N", short, several: true });

export default command({
  name: "catalog download",
  summary: "Download a data set, or some of its frames, with its metadata, and verify every checksum",
  details: [
    "Creates DIR/ID with global_metadata.json, frames_meta.csv and the frames. The options for channels, slices, times and positions select frames together. Use --no-metadata for a data set that is one file.",
    "--as tiff and --as ome-zarr combine the frames into one OME-TIFF or OME-Zarr per position, with the axes times, channels, slices, rows and columns.",
    "Pixels are compared with the SHA-256 in the database. After an interruption the same command resumes in its own folder; it never changes a folder that it did not create.",
  ],
  options: z.object({
    id: datasetId,
    dest: z
      .string()
      .min(1, "a folder")
      .meta({ description: "folder in which the data set's own folder is created", value: "DIR" }),
    ...databaseOptions,
    ...storageOptions,
    channels: z.array(z.string()).min(1).optional().meta({
      description: "only these channels, by name, or by number if all are numbers",
      value: "NAME",
      short: "c",
      several: true,
    }),
    slices: indices("z", "slices"),
    times: indices("t", "times"),
    positions: indices("p", "positions"),
    metadata: z.boolean().default(true).meta({ description: "write the metadata (default)" }),
    download: z.boolean().default(true).meta({ description: "download the files (default)" }),
    as: z.enum(["png", "tiff", "ome-zarr"]).default("png").meta({ description: "frames as they are stored, or combined" }),
    nbrWorkers,
  }),
  examples: [
    {
      run: "emporium catalog download --id CELLS-2024-05-17-10-30-00-0001 --dest demo-out/cells --storage demo-out/microscopy/storage -c DAPI -z 0 1",
      says: "two slices of one channel",
    },
    {
      run: "emporium catalog download --id CELLS-2024-05-17-10-30-00-0001 --dest demo-out/stacks --storage demo-out/microscopy/storage --as ome-zarr",
      says: "everything as one OME-Zarr",
    },
  ],
  async run(options, io) {
    const [{ downloadDataset }, { channelsOfWords, selectFrames }, { checkKnownId }, { openCatalog }, { STORAGE_WORDS }] =
      await Promise.all([
        import("../stations/catalog/download/download.js"),
        import("../stations/catalog/select.js"),
        import("../stations/catalog/identifier.js"),
        import("../stations/catalog/open-catalog.js"),
        import("../stations/catalog/inputs/config.js"),
      ]);
    checkKnownId(options.id);
    const select = {
      channels: channelsOfWords(options.channels),
      slices: options.slices?.map(Number),
      times: options.times?.map(Number),
      positions: options.positions?.map(Number),
    };
    selectFrames(select);
    const storage = await storageFor(options, STORAGE_WORDS.local);
    const repository = await openCatalog(await databaseFor(options, io, "reader", "catalog download"));
    try {
      const report = await downloadDataset(options.id, {
        repository,
        storage,
        dest: options.dest,
        select,
        metadata: options.metadata,
        download: options.download,
        as: options.as,
        workers: options.nbrWorkers,
        ...envOf(io),
      });
      return printReport(report, io);
    } finally {
      await repository.close();
    }
  },
});
