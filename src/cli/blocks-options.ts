import { z } from "zod";
import type { Triple } from "../core/box.js";
import { LIMITS } from "../core/limits.js";
import { amountOfBytes, defaultJobs, defaultMemoryBytes, wholeNumber } from "./option-types.js";

/** Options of every command that reads volumes. */
export const readOptions = {
  memory: amountOfBytes(LIMITS.memoryBytesMin)
    .optional()
    .meta({ description: "memory limit for buffers (default: 512MiB, or less in a control group with less)", value: "SIZE" }),
  anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
};

/** Options of commands that compute on blocks. */
const blockOptions = {
  jobs: wholeNumber(1, 256).optional().meta({ description: "worker processes (default: cores)", value: "N" }),
  ...readOptions,
  memory: readOptions.memory.meta({
    description:
      "memory limit for the buffers of all worker processes (default: 512MiB, or less in a control group with less); each process takes up to 150MiB more",
    value: "SIZE",
  }),
};

/** Options of commands that take a graph. */
export const graphOptions = {
  ...blockOptions,
  allowPrivate: z.boolean().default(false).meta({
    description: "read inputs that the graph names in private networks (10.x, 192.168.x, this machine)",
  }),
};

export function blockWork({ jobs, memory }: { jobs?: number | undefined; memory?: number | undefined }) {
  return { jobs: jobs ?? defaultJobs(), memoryBytes: memory ?? defaultMemoryBytes() };
}

/** Voxels along z, y and x, as every command on blocks takes them: `64,64,64`, or `64` for every axis. */
export function voxels(least = 0) {
  const wanted = `three numbers of voxels such as 64,64,64, or one for every axis, each ${least} or more`;
  return z
    .string()
    .regex(/^\d{1,9}(?:,\d{1,9},\d{1,9})?$/, wanted)
    .transform((text): Triple => {
      const [z0, y0 = z0, x0 = z0] = text.split(",").map(Number) as [number, number?, number?];
      return [z0, y0, x0];
    })
    .refine((lengths) => lengths.every((length) => length >= least), wanted);
}

/** Options that select the blocks of a volume. */
export const gridOptions = {
  block: voxels(1).default([64, 64, 64]).meta({ description: "voxels of a block (default: 64,64,64)", value: "Z,Y,X" }),
  halo: voxels().optional().meta({ description: "voxels around a block that are read with it", value: "Z,Y,X" }),
  step: voxels(1).optional().meta({ description: "voxels from one block to the next (default: --block)", value: "Z,Y,X" }),
  level: z
    .string()
    .regex(/^\d{1,2}$/, "a level of the pyramid, from 0")
    .transform(Number)
    .default(0)
    .meta({ description: "level of the pyramid; 0 is the finest", value: "N" }),
  edge: z
    .enum(["reflect", "constant"])
    .default("reflect")
    .meta({ description: "what lies outside of the volume: its mirror image, or zeros" }),
  order: z
    .enum(["locality", "scan", "shuffle"])
    .default("locality")
    .meta({ description: "chunk by chunk, row by row, or at random" }),
  seed: z
    .string()
    .regex(/^\d{1,15}$/, "a whole number")
    .transform(Number)
    .optional()
    .meta({ description: "with --order shuffle: the same seed and epoch give the same order", value: "N" }),
};
