import { z } from "zod";
import { asEmporiumError, type ErrorRecord, toErrorRecord } from "../core/errors.js";
import { exitOf } from "../core/report.js";
import { foldersInWords, titlesOf } from "../formats/registry.js";
import type { LevelFacts } from "../stations/blocks/inspect/describe-volume.js";
import { command, type Io } from "./command.js";

export default command({
  name: "blocks ls",
  summary: "List the levels of a volume: shape, type, chunks, shards, voxel size, offset, codec",
  details: [
    `LOCATION is a path or URL of a ${foldersInWords()} volume, a file of ${titlesOf()}, or a dataset of an HDF5 file of this machine (FILE.h5#/DATASET), also as zarr://…, n5://… or …|zarr3:. Only metadata are read. Sizes and offsets are in nanometres, axes in the order z, y, x.`,
  ],
  positionals: ["locations"],
  options: z.object({
    locations: z.array(z.string()).min(1, "a volume").meta({ description: "the volumes", value: "LOCATION" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
  }),
  examples: [
    {
      run: "emporium blocks ls demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr",
      says: "the three levels of a tomogram",
    },
    {
      run: "emporium blocks ls demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.mrc --json",
      says: "an MRC file, for programs",
    },
  ],
  async run({ locations, anonymous }, io) {
    const volumes: ListedVolume[] = [];
    const errors: ErrorRecord[] = [];
    for (const location of locations) {
      try {
        volumes.push(await listed(location, anonymous, io));
      } catch (error) {
        if (locations.length === 1 || io.signal.aborted) throw error;
        errors.push(toErrorRecord(asEmporiumError(error)));
      }
    }
    for (const error of errors) io.fail(error);
    const [first] = volumes;
    // one volume has the document that it always had
    if (io.json) io.outJson(locations.length === 1 ? { ...first, errors } : { volumes, errors });
    else io.out(await textOf(volumes));
    return exitOf(errors.length, volumes.length);
  },
});

interface ListedVolume {
  readonly location: string;
  readonly levels: readonly LevelFacts[];
  /** Notes on parts of the volume that are not read, and on statements of its metadata that are not followed. */
  readonly notes: readonly string[];
}

/** @throws {EmporiumError} what opening a volume throws */
async function listed(location: string, anonymous: boolean, io: Pick<Io, "signal">): Promise<ListedVolume> {
  const { openBlockVolume } = await import("../arrays/loader/volume.js");
  const { describeLevels } = await import("../stations/blocks/inspect/describe-volume.js");
  const volume = await openBlockVolume(location, { store: { anonymous }, signal: io.signal });
  try {
    return { location: volume.name, levels: describeLevels(volume), notes: volume.notes ?? [] };
  } finally {
    await volume.close();
  }
}

async function textOf(volumes: readonly ListedVolume[]): Promise<string> {
  const { levelsText } = await import("../stations/blocks/inspect/describe-volume.js");
  const texts = volumes.map(({ location, levels, notes }) =>
    [...(volumes.length === 1 ? [] : [location]), levelsText(levels), ...notes.map((note) => `note: ${note}`)].join("\n"),
  );
  return texts.join("\n\n");
}
