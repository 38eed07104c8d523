import { z } from "zod";
import { readOptions } from "./blocks-options.js";
import { command } from "./command.js";
import { defaultMemoryBytes } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "blocks check",
  summary: "Check volumes before they are read in blocks: type, scale, place, levels, contrast, gaps",
  details: [
    "Reads the metadata and a sample of blocks, 48 of the finest level and 6 of each other, fewer where chunks are so large that more than 2 GiB would be decoded, and applies a list of rules. Each finding has a permanent code, a place and a hint. All further volumes must overlap the first, since they are read on one grid.",
    "--expect FILE.yaml says what the first volume should be: kind, dtype, shape, voxelSizeNm, anisotropyMax, boundsNm, levels, contrastLimits, and shares of blocks that may be empty, constant or not stored.",
    "Exit status: 0 nothing found, 4 something was found, 3 some locations could not be checked, 2 the expectations are wrong.",
  ],
  positionals: ["locations"],
  options: z.object({
    locations: z.array(z.string()).min(1).meta({ description: "volumes: paths or URLs", value: "LOCATION" }),
    expect: z.string().optional().meta({ description: "what the first volume should be", value: "FILE.yaml" }),
    ...readOptions,
  }),
  examples: [
    {
      run: "emporium blocks check demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr",
      says: "a tomogram of the demo",
    },
  ],
  async run({ locations, expect, memory, anonymous }, io) {
    const { checkBlocks } = await import("../stations/blocks/check/check.js");
    const memoryBytes = memory ?? defaultMemoryBytes();
    return printReport(await checkBlocks(locations, { expect, memoryBytes, anonymous, signal: io.signal }), io);
  },
});
