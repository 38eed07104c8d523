import { z } from "zod";
import { readOptions, voxels } from "./blocks-options.js";
import { command } from "./command.js";
import { defaultMemoryBytes, wholeNumber } from "./option-types.js";

export default command({
  name: "blocks bench",
  summary: "Measure how fast blocks of a volume can be read: blocks a second, bytes, requests",
  details: [
    "Reads --count blocks, at random places or one after the other, and prints what it took; nothing is written. Files that were read before come from the file cache of the system, so the first run says more of the disk than the second.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "the volume", value: "LOCATION" }),
    block: voxels(1).default([128, 128, 128]).meta({ description: "voxels of a block (default: 128,128,128)", value: "Z,Y,X" }),
    order: z.enum(["random", "scan"]).default("random").meta({ description: "random places, or one block after the other" }),
    level: wholeNumber(0, 1000).default(0).meta({ description: "level of the pyramid, 0 the finest", value: "N" }),
    count: wholeNumber(1, 1_000_000).default(100).meta({ description: "blocks to read", value: "N" }),
    concurrency: wholeNumber(1, 256).default(8).meta({ description: "reads at the same time", value: "N" }),
    ...readOptions,
  }),
  examples: [
    {
      run: "emporium blocks bench demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr --block 16,32,32 --count 20",
      says: "20 blocks at random places",
    },
  ],
  async run({ location, block, memory, anonymous, ...options }, io) {
    const { openBlockVolume } = await import("../arrays/loader/volume.js");
    const { timeReads, timesText } = await import("../stations/blocks/inspect/time-reads.js");
    const { clock, signal } = io;
    const memoryBytes = memory ?? defaultMemoryBytes();
    const volume = await openBlockVolume(location, { memoryBytes, store: { anonymous }, clock, signal });
    try {
      const times = await timeReads(volume, { ...options, block, seed: 7, clock, signal });
      if (io.json) io.outJson({ location: volume.name, ...options, ...times, errors: [] });
      else io.out(timesText(times));
    } finally {
      await volume.close();
    }
    return 0;
  },
});
