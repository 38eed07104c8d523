import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { type FaultPlan, faultPlan, withFaults } from "../../../../test/faults/store-faults.js";
import type { UnitReceipt } from "../../../arrays/stream/plan/job.js";
import { ShardsLost } from "../../../arrays/stream/write/shard.js";
import { writeVolume } from "../../../arrays/stream/write/write-volume.js";
import type { Triple } from "../../../core/box.js";
import { seededRandom } from "../../../core/random.js";
import { removeLeftovers } from "../../../engine/leftovers.js";
import type { PlainObject, TaskContext } from "../../../engine/task.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import { uploadShards } from "./volume-shards.js";

const root = mkdtempSync(join(tmpdir(), "emporium-uploads-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Four units, thirteen chunks of a byte a voxel (a chunk is packed whole, however little of it the volume has), and shards of more than one part. */
const SHAPE: Triple = [1540, 120, 9];
const PART_BYTES = 90_000;
/** Of the bytes that a shard may have: one chunk. */
const ONE_CHUNK = 2_250_000;
const source = join(root, "source.bin");
const random = seededRandom(7);
const voxels = Uint8Array.from({ length: SHAPE[0] * SHAPE[1] * SHAPE[2] }, (_, i) => (i < 2000 ? 0 : random() * 256));

let counter = 0;
function newScratch(): string {
  const scratch = join(root, `s${++counter}`);
  mkdirSync(scratch);
  return scratch;
}

/** One attempt of a process: it knows the notes of those before it, and its own survive it. */
async function attempt(store: Store, scratch: string, notes: PlainObject[], bytesMax: number | undefined, planes = SHAPE[0]) {
  writeFileSync(source, voxels.subarray(0, planes * SHAPE[1] * SHAPE[2]));
  const before = [...notes];
  const context = {
    target: store,
    notes: before,
    note: async (record: PlainObject) => void notes.push(JSON.parse(JSON.stringify(record))),
    signal: new AbortController().signal,
  } as unknown as TaskContext;
  const write = (finished: readonly UnitReceipt[]) =>
    writeVolume({
      source: { name: "source", shape: SHAPE, dtype: "int8", littleEndian: true, data: { path: source, offset: 0 } },
      form: "volume-int8",
      edge: "present",
      threads: 2,
      memoryBytes: 2 ** 29,
      shards: { sink: uploadShards(context, "t.zarr/", scratch, PART_BYTES), codec: "blosc-lz4", bytesMax },
      scratch,
      finished,
      onUnit: async (receipt) => context.note({ unit: receipt as unknown as PlainObject }),
    });
  const finished = before.flatMap(({ unit }) => (unit ? [unit as unknown as UnitReceipt] : []));
  return write(finished).catch((error: unknown) => {
    if (!(error instanceof ShardsLost)) throw error;
    return write([]);
  });
}

async function objectsOf(store: Store): Promise<Record<string, string>> {
  const objects: Record<string, string> = {};
  for await (const { key, size } of store.list("")) objects[key] = `${size} ${crc32((await store.read(key))!)}`;
  return objects;
}

describe("shards as uploads", () => {
  it("are sent part by part as they grow, and small ones at once", async () => {
    const fate = faultPlan();
    const store = withFaults(memoryStore(), fate);
    const notes: PlainObject[] = [];
    const scratch = newScratch();
    const result = await attempt(store, scratch, notes, undefined);
    const found = await objectsOf(store);
    const wanted = result.objects.map(({ key, size, crc32: crc }) => [`t.zarr/${key}`, `${size} ${crc}`]);
    expect(found).toEqual(Object.fromEntries(wanted));
    expect(Object.keys(found)).toEqual(["t.zarr/0/c/0/0/0", "t.zarr/1/c/0/0/0", "t.zarr/2/c/0/0/0"]);
    const parts = fate.log.filter((line) => line.startsWith("part")).length;
    expect(parts).toBeGreaterThanOrEqual(5);
    expect(notes.filter(({ unit }) => unit).length).toBe(4);
  });

  it.each([undefined, ONE_CHUNK])(
    "of an attempt that dies at any operation become the same (%s bytes a shard)",
    async (bytesMax) => {
      const fate: FaultPlan = faultPlan();
      const whole = memoryStore();
      await attempt(withFaults(whole, fate), newScratch(), [], bytesMax);
      const wanted = await objectsOf(whole);
      const operations = fate.log.length;
      expect(operations).toBeGreaterThan(10);
      // every seventh at one moment in turn, or with EMPORIUM_THOROUGH=1 each at all three
      for (let dieAt = 1; dieAt <= operations; dieAt += process.env.EMPORIUM_THOROUGH === "1" ? 1 : 7) {
        const moments = ["before", "during", "after"] as const;
        for (const when of process.env.EMPORIUM_THOROUGH === "1" ? moments : [moments[dieAt % 3]!]) {
          const store = memoryStore();
          const scratch = newScratch();
          const notes: PlainObject[] = [];
          await attempt(withFaults(store, { dieAt, when }), scratch, notes, bytesMax).catch(() => undefined);
          const noted = notes.filter(({ unit }) => unit).length;
          const again = faultPlan();
          await attempt(withFaults(store, again), scratch, notes, bytesMax);
          await removeLeftovers(store, ["t.zarr/"]);
          const what = `died ${when} operation ${dieAt}: ${fate.log[dieAt - 1]}, ${noted} units noted`;
          expect(await objectsOf(store), what).toEqual(wanted);
          expect(notes.filter(({ unit }) => unit).length, what).toBe(4);
          for await (const open of store.openUploads("")) expect(open, what).toBeUndefined();
        }
      }
    },
    240_000,
  );

  it("are begun anew where parts or the last bytes are gone", async () => {
    const whole = memoryStore();
    await attempt(whole, newScratch(), [], undefined);
    const wanted = await objectsOf(whole);
    for (const loss of ["scratch", "uploads"]) {
      const store = memoryStore();
      const scratch = newScratch();
      const notes: PlainObject[] = [];
      // the source ends in the third unit, whose first step is read while the second is encoded
      await attempt(store, scratch, notes, undefined, SHAPE[0] - 5).catch(() => undefined);
      expect([1, 2]).toContain(notes.filter(({ unit }) => unit).length);
      if (loss === "scratch") rmSync(join(scratch, "shards"), { recursive: true });
      else await removeLeftovers(store, ["t.zarr/"]);
      await attempt(store, scratch, notes, undefined);
      await removeLeftovers(store, ["t.zarr/"]);
      expect(await objectsOf(store), loss).toEqual(wanted);
    }
  });
});
