import { describe, expect, it } from "vitest";
import { bufferMemory, jobMemory, processesMemory, sharedMemory } from "./worker-memory.js";

const MiB = 2 ** 20;

describe("memory of a job with worker processes", () => {
  it("a few processes are in the program's share", () => {
    expect(processesMemory(4)).toBe(0);
    expect(sharedMemory(1280 * MiB, 4)).toEqual({ jobBytes: 1280 * MiB, bufferBytes: 512 * MiB });
  });
  it("a large job gives up buffers for them: 96 MiB for each beyond the fourth", () => {
    // 10,240 / 1.25 - 512 = 7,680; 12 × 96 = 1,152
    expect(sharedMemory(10_240 * MiB, 16)).toEqual({ jobBytes: 10_240 * MiB, bufferBytes: 6_528 * MiB });
  });
  it("a job with little asks for more, and its worker finds the same buffers", () => {
    const { jobBytes, bufferBytes } = sharedMemory(jobMemory(512 * MiB), 16);
    expect(jobBytes).toBe((1280 + 1.25 * 1152) * MiB);
    expect(bufferBytes).toBe(512 * MiB);
    expect(bufferMemory(jobBytes) - processesMemory(16)).toBe(bufferBytes);
  });
});
