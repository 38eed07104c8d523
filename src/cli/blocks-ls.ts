import { z } from "zod";
import { command } from "./command.js";

export default command({
  name: "blocks ls",
  summary: "List the levels of a volume: shape, type, chunks, shards, voxel size, offset, codec",
  details: [
    "LOCATION is a path or URL of a Zarr (2 or 3, OME-Zarr or an array), N5 or precomputed volume, an MRC or a TIFF file, also as zarr://…, n5://… or …|zarr3:. Only metadata are read. Sizes and offsets are in nanometres, axes in the order z, y, x.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "the volume", value: "LOCATION" }),
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
  async run({ location, anonymous }, io) {
    const { openBlockVolume } = await import("../arrays/loader/volume.js");
    const { describeLevels, levelsText } = await import("../stations/blocks/inspect/describe-volume.js");
    const volume = await openBlockVolume(location, { store: { anonymous }, signal: io.signal });
    const levels = describeLevels(volume);
    await volume.close();
    if (io.json) io.outJson({ location: volume.name, levels, errors: [] });
    else io.out(levelsText(levels));
    return 0;
  },
});
