import { beforeEach, describe, expect, it } from "vitest";
import { meanZYX } from "../../../arrays/kernels/plain.js";
import type { Triple } from "../../../core/box.js";
import { manualClock } from "../../../core/clock.js";
import { omeZarr05Attributes } from "../../../formats/zarr/ome-v05.js";
import { printZarrV3, zarrV3ArrayMetadata, zarrV3GroupMetadata } from "../../../formats/zarr/v3-metadata.js";
import { writeZarrV3Array } from "../../../formats/zarr/v3-write.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import { verifyTree } from "./verify.js";

/** OME-Zarr 0.5 in shards: `zarr.json`, objects that hold many chunks, an index at their end. */
const FOLDER = "10401/TS_1/Reconstructions/VoxelSpacing10.000/Tomograms/100/TS_1.zarr/";
const SHAPES: Triple[] = [
  [33, 40, 50],
  [17, 20, 25],
];

let store: Store;
beforeEach(async () => {
  store = memoryStore();
  const attributes = omeZarr05Attributes({ kind: "tomogram", voxelSizeAngstrom: 10, levels: 2 });
  await store.write(`${FOLDER}zarr.json`, Buffer.from(printZarrV3(zarrV3GroupMetadata({ attributes }))));
  const [nz, ny, nx] = SHAPES[0]!;
  const fine = Float32Array.from({ length: nz * ny * nx }, (_, i) => (i * 7919) % 1000);
  const plane = (z: number) => ({ voxels: fine.subarray(z * ny * nx, (z + 1) * ny * nx), row: nx });
  const coarse = Array.from({ length: SHAPES[1]![0] }, (_, z) =>
    meanZYX(plane(2 * z), 2 * z + 1 < nz ? plane(2 * z + 1) : undefined, ny, nx, false),
  ).flatMap((one) => [...one]);
  await writeLevel(0, fine);
  await writeLevel(1, Float32Array.from(coarse));
});

async function writeLevel(level: number, voxels: Float32Array): Promise<void> {
  const document = zarrV3ArrayMetadata({ shape: SHAPES[level]!, dtype: "float32", chunks: [8, 8, 8], shards: [16, 16, 16] });
  const put = async (key: string, body: Uint8Array) => void (await store.write(`${FOLDER}${level}/${key}`, body));
  await writeZarrV3Array(put, document, new Uint8Array(voxels.buffer));
}

const check = (more: object = {}) =>
  verifyTree(store, {
    workspace: "none-here",
    levels: "all",
    jobs: 1,
    memoryBytes: 2 ** 29,
    clock: manualClock(),
    version: "0",
    signal: new AbortController().signal,
    ...more,
  });

const wrong = (report: Awaited<ReturnType<typeof check>>) =>
  report.findings.filter(({ severity }) => severity === "wrong").map(({ kind, key }) => `${kind} ${key.slice(FOLDER.length)}`);

describe("shards", () => {
  it("are decoded, and their levels compared", async () => {
    const report = await check();
    expect(wrong(report)).toEqual([]);
    expect(report.chunks.decoded).toBe(3 * 3 * 4 + 2 * 2 * 2);
    expect([report.pyramids.voxels, report.pyramids.edgesOfPresent]).toEqual([17 * 20 * 25, 1]);
    expect((await check({ levels: "sampled" })).pyramids.voxels).toBeLessThan(17 * 20 * 25);
  });

  it("that are lost are missed by the level next to them", async () => {
    await store.remove(`${FOLDER}0/c/1/1/1`);
    expect(wrong(await check())).toEqual(["lost 0/c/1/1/1"]);
    await store.remove(`${FOLDER}1/c/0/0/0`);
    expect(wrong(await check())).toContain("lost 1/c/0/0/0");
  });

  it("with a damaged index do not decode", async () => {
    const key = `${FOLDER}0/c/0/0/0`;
    const bytes = (await store.read(key))!;
    bytes[bytes.length - 6]! ^= 1;
    await store.write(key, bytes);
    expect(wrong(await check())).toEqual(["undecodable 0/c/0/0/0"]);
  });

  it("with one wrong voxel contradict the level above", async () => {
    const key = `${FOLDER}0/c/0/0/0`;
    const bytes = (await store.read(key))!;
    bytes[3]! ^= 0x40;
    await store.write(key, bytes);
    expect(wrong(await check())).toEqual(["level 1/c/0/0/0"]);
  });

  it("are proven by a proof", async () => {
    expect((await check({ writeProof: true })).proofsWritten).toEqual(["10401/emporium-proof.jsonl"]);
    expect((await check()).status).toBe("proven");
    const key = `${FOLDER}1/c/1/1/1`;
    const bytes = (await store.read(key))!;
    bytes[0]! ^= 1;
    await store.write(key, bytes);
    expect(wrong(await check({ levels: "none" }))).toEqual(["changed 1/c/1/1/1"]);
  });
});
