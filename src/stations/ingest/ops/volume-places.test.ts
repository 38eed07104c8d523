import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import type { Task, TaskContext } from "../../../engine/task.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { VolumeParams } from "./volume-params.js";
import { makePlaces } from "./volume-places.js";

const scratch = mkdtempSync(join(tmpdir(), "emporium-places-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const made = Buffer.from("what was written to the scratch disk");
const params = { mrc: "t.mrc", zarr: "t.zarr/", metadataKey: null } as unknown as VolumeParams;

async function places() {
  const notes: unknown[] = [];
  const context = {
    target: memoryStore(),
    memoryBytes: 2 ** 27,
    notes,
    note: async (record: unknown) => void notes.push(record),
    signal: new AbortController().signal,
  } as unknown as TaskContext;
  return { context, at: await makePlaces({ id: "t" } as Task, params, context, scratch) };
}

describe("a volume on its way to a bucket", () => {
  it("is sent as it was written", async () => {
    const { context, at } = await places();
    const path = join(scratch, "chunk");
    writeFileSync(path, made);
    await at.onObject!({ key: "0/0/0/0", path, size: made.length, crc32: crc32(made) });
    expect(existsSync(path)).toBe(false);
    expect(Buffer.from((await context.target.read("t.zarr/0/0/0/0"))!)).toEqual(made);
  });

  it("is not taken for done where the scratch disk gives other bytes, and is made anew", async () => {
    for (const name of ["chunk", "volume.mrc"]) {
      const { at } = await places();
      const path = join(scratch, name);
      const other = Buffer.from(made);
      other[9]! ^= 4;
      writeFileSync(path, other);
      const sent =
        name === "chunk"
          ? at.onObject!({ key: "0/0/0/0", path, size: made.length, crc32: crc32(made) })
          : at.publish({ mrc: { size: made.length, crc32: crc32(made) }, objects: [] } as never, []);
      await expect(sent).rejects.toMatchObject({ code: "SOURCE_CHANGED", facts: { place: { file: path } } });
      expect(existsSync(path)).toBe(false);
    }
  });
});
