import { z } from "zod";
import type { Triple } from "../core/box.js";
import { envOf } from "../engine/env.js";
import { blockOptions, blockWork } from "./blocks-options.js";
import { command } from "./command.js";
import { defaultJobs, wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

const voxels = (least: number) => {
  const wanted = `a whole number from ${least}, or three as 32,128,128,`;
  return z
    .string()
    .regex(/^\d{1,6}(,\d{1,6},\d{1,6})?$/, wanted)
    .transform((text): Triple => {
      const [z0, y0 = z0, x0 = z0] = text.split(",").map(Number) as [number, number?, number?];
      return [z0, y0, x0] as Triple;
    })
    .refine((lengths) => lengths.every((length) => length >= least), wanted);
};

export default command({
  name: "blocks preflight",
  summary: "Measure some blocks of a volume or graph: what bounds a run, how long it takes, better numbers",
  details: ["Reads 2 blocks to warm up and then 8 to 64, spread over the volume, for a minute at most. Nothing is written."],
  positionals: ["location"],
  options: z.object({
    location: z
      .string()
      .meta({ description: "a volume, or a graph: a file that ends in .yaml or .yml", value: "GRAPH.yaml|LOCATION" }),
    level: wholeNumber(0, 99).default(0).meta({ description: "level of the pyramid, 0 is the finest", value: "N" }),
    block: voxels(1).optional().meta({ description: "voxels of a block, z,y,x or one number (default: 128)", value: "SHAPE" }),
    halo: voxels(0).optional().meta({ description: "voxels around a block that are read with it (default: 0)", value: "SHAPE" }),
    prefetch: wholeNumber(1, 64).default(4).meta({ description: "blocks that the run reads ahead", value: "N" }),
    consumerMs: wholeNumber(0).default(0).meta({ description: "milliseconds that the consumer takes for a block", value: "MS" }),
    ...blockOptions,
  }),
  examples: [
    {
      run: "emporium blocks preflight demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr",
      says: "what bounds reading",
    },
  ],
  async run({ location, level, block, halo, prefetch, consumerMs, anonymous, ...options }, io) {
    const [{ preflightGraph, preflightVolume }, { engineCommand }, { readGraphFile }] = await Promise.all([
      import("../stations/blocks/preflight/preflight.js"),
      import("../engine/executors/engine-command.js"),
      import("../stations/blocks/graph/read-graph.js"),
    ]);
    const given = {
      ...envOf(io),
      ...blockWork(options),
      level,
      shape: block,
      halo,
      prefetch,
      consumerSeconds: consumerMs / 1000,
      cores: defaultJobs(),
      anonymous,
      command: engineCommand(io.env),
      residentBytes: () => process.memoryUsage.rss(),
    };
    const isGraph = /\.ya?ml$/i.test(location);
    const report = isGraph ? await preflightGraph(await readGraphFile(location), given) : await preflightVolume(location, given);
    return printReport(report, io);
  },
});
