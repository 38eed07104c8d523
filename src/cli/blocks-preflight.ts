import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { envOf } from "../engine/env.js";
import { blockWork, graphOptions, voxels } from "./blocks-options.js";
import { command } from "./command.js";
import { defaultJobs, wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "blocks preflight",
  summary: "Measure some blocks of a volume or graph: what bounds a run, how long it takes, better numbers",
  details: [
    "Reads 2 blocks to warm up and then 8 to 64, spread over the volume, for a minute at most. Nothing is written.",
    "For a graph, each stage is measured, and then all stages together. What a block reads from other stages is computed first, in memory; a stage whose blocks need too many others is named instead of measured.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z
      .string()
      .meta({ description: "a volume, or a graph: a file that ends in .yaml or .yml", value: "GRAPH.yaml|LOCATION" }),
    level: wholeNumber(0, 99).optional().meta({ description: "level of the pyramid (default: 0, the finest)", value: "N" }),
    block: voxels(1).optional().meta({ description: "voxels of a block, z,y,x or one number (default: 128)", value: "SHAPE" }),
    halo: voxels(0).optional().meta({ description: "voxels around a block that are read with it (default: 0)", value: "SHAPE" }),
    prefetch: wholeNumber(1, 64).default(4).meta({ description: "blocks that the run reads ahead", value: "N" }),
    consumerMs: wholeNumber(0)
      .optional()
      .meta({ description: "milliseconds that the consumer takes for a block (default: 0)", value: "MS" }),
    ...graphOptions,
  }),
  examples: [
    {
      run: "emporium blocks preflight demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr",
      says: "what bounds reading",
    },
  ],
  async run({ location, level, block, halo, prefetch, consumerMs, anonymous, allowPrivate, ...options }, io) {
    const isGraph = /\.ya?ml$/i.test(location);
    const [ofVolume] =
      Object.entries({ level, block, halo, "consumer-ms": consumerMs }).find(([, value]) => value !== undefined) ?? [];
    if (isGraph && ofVolume !== undefined)
      throw new EmporiumError("USAGE", `--${ofVolume} is for volumes only: a graph defines its own blocks`);
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
      consumerSeconds: (consumerMs ?? 0) / 1000,
      cores: defaultJobs(),
      anonymous,
      allowPrivate,
      command: engineCommand(io.env),
      residentBytes: () => process.memoryUsage.rss(),
    };
    const report = isGraph ? await preflightGraph(await readGraphFile(location), given) : await preflightVolume(location, given);
    return printReport(report, io);
  },
});
