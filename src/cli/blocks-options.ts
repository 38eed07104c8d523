import { z } from "zod";
import { LIMITS } from "../core/limits.js";
import { amountOfBytes, defaultJobs, defaultMemoryBytes, wholeNumber } from "./option-types.js";

/** Options of several commands on blocks. */
export const blockOptions = {
  jobs: wholeNumber(1, 256).optional().meta({ description: "worker processes (default: cores)", value: "N" }),
  memory: amountOfBytes(LIMITS.memoryBytesMin)
    .optional()
    .meta({ description: "memory limit for buffers (default: 512MiB, or less in a control group with less)", value: "SIZE" }),
  anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
};

export function blockWork({ jobs, memory }: { jobs?: number | undefined; memory?: number | undefined }) {
  return { jobs: jobs ?? defaultJobs(), memoryBytes: memory ?? defaultMemoryBytes() };
}
