import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sharedMemoryWords } from "./shared-memory.js";

describe.skipIf(process.platform !== "linux")("(34.0) what PostgreSQL's processes share", () => {
  it("is files of the data folder where the shared memory has no room, or is not there", () => {
    const files = ["-c", "dynamic_shared_memory_type=mmap"];
    // a file system that never has room
    expect(sharedMemoryWords("/proc")).toEqual(files);
    expect(sharedMemoryWords(join(tmpdir(), "is", "not", "there"))).toEqual(files);
  });

  it("has names where there is a gigabyte", () => {
    // a clone and its packages take half of one: who runs this has another
    expect(sharedMemoryWords(import.meta.dirname)).toEqual(["-c", "dynamic_shared_memory_type=posix"]);
  });
});
