import { describe, expect, it } from "vitest";
import { decodeBlosc } from "../../../../arrays/kernels/blosc.js";
import { type Triple, volumeOf } from "../../../../core/box.js";
import { seededRandom } from "../../../../core/random.js";
import { blockSource } from "../../../../engine/blocks/block-source.js";
import type { BlockParams } from "../../../../engine/blocks/block-stage.js";
import type { TaskContext } from "../../../../engine/task.js";
import { memoryStore } from "../../../../stores/memory/store.js";
import { openLabels } from "./label-object.js";
import { componentStages } from "./stages.js";
import * as work from "./work.js";

const { signal } = new AbortController();
type Connectivity = 6 | 18 | 26;
interface Facts {
  readonly shape: Triple;
  readonly block: Triple;
  readonly connectivity: Connectivity;
  readonly minVoxels?: number;
}

/** All tasks of the stages of a volume, one behind the other, on a store in memory. */
async function labelled(voxels: Uint8Array, { shape, block, connectivity, minVoxels = 1 }: Facts) {
  const store = memoryStore();
  const base = {
    ...{ name: "parts", shape, block, needs: [], inputs: [], bytes: 0, memoryBytes: 0, threads: 1 as const },
    params: { program: [], array: {} },
  };
  const node = { name: "parts", connectivity, minVoxels };
  const stages = componentStages(node as unknown as Parameters<typeof componentStages>[0], base as never, "f/");
  const source = blockSource({ createdMs: 0, locks: [], stages });
  const context = { target: store, signal } as unknown as TaskContext;
  const [, ny, nx] = shape;
  const final = new BigUint64Array(voxels.length);
  for (let index = 0; index < source.count; index++) {
    const task = source.task(index);
    const { start, shape: own } = task.params.block as unknown as BlockParams;
    const box = { start: [...start] as Triple, stop: start.map((at, axis) => at + own[axis]!) as Triple };
    const places = [...placesIn(own)].map(([z, y, x]) => ((start[0] + z) * ny + start[1] + y) * nx + start[2] + x);
    if (task.run === "relabel") {
      const { data } = await work.relabel(task, context);
      for (const [at, place] of places.entries()) final[place] = (data as BigUint64Array)[at]!;
      continue;
    }
    const bytes =
      task.run === "label"
        ? work.label(
            { data: Uint8Array.from(places, (place) => voxels[place]!), dtype: "uint8", box, whole: shape },
            task.params.components as never,
          )
        : await work[task.run as "match" | "merge" | "rank"](task, context);
    await store.write(task.outputs[0]!, bytes);
  }
  return { final: [...final].map(Number), runs: stages.map(({ run }) => run), store };
}

function* placesIn([nz, ny, nx]: readonly [number, number, number]): Generator<Triple> {
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) yield [z, y, x];
}

/** The same by a flood from each voxel that has no label yet, in C order: scipy.ndimage.label numbers them so, too. */
function flooded(voxels: Uint8Array, { shape, connectivity, minVoxels = 1 }: Facts): number[] {
  const axesMax = { 6: 1, 18: 2, 26: 3 }[connectivity];
  const steps = [...placesIn([3, 3, 3])]
    .map((place) => place.map((at) => at - 1))
    .filter((step) => step.some(Boolean) && step.filter(Boolean).length <= axesMax);
  const [, ny, nx] = shape;
  const all = [...placesIn(shape)];
  const labels = new Array<number>(voxels.length).fill(0);
  let next = 1;
  for (let first = 0; first < voxels.length; first++) {
    if (voxels[first] === 0 || labels[first] !== 0) continue;
    const found = [first];
    labels[first] = next;
    for (const at of found)
      for (const step of steps) {
        const [z, y, x] = all[at]!.map((place, axis) => place + step[axis]!) as unknown as Triple;
        if ([z, y, x].some((place, axis) => place < 0 || place >= shape[axis]!)) continue;
        const other = (z * ny + y) * nx + x;
        if (voxels[other] === 0 || labels[other] !== 0) continue;
        labels[other] = next;
        found.push(other);
      }
    if (found.length >= minVoxels) next++;
    else for (const at of found) labels[at] = Number.NaN;
  }
  return labels.map((label) => label || 0);
}

function noise(shape: Triple, share: number): Uint8Array {
  const random = seededRandom(share * 100);
  return Uint8Array.from({ length: volumeOf(shape) }, () => Number(random() < share));
}

describe("components in blocks", () => {
  it.each<Facts & { share: number }>([
    { shape: [5, 7, 9], block: [2, 3, 4], connectivity: 6, share: 0.4 },
    { shape: [5, 7, 9], block: [2, 3, 4], connectivity: 18, share: 0.2 },
    { shape: [5, 7, 9], block: [2, 3, 4], connectivity: 26, share: 0.15 },
    { shape: [5, 7, 9], block: [2, 3, 4], connectivity: 6, share: 0.4, minVoxels: 3 },
    // one block, and more than are merged at once
    { shape: [3, 4, 5], block: [3, 4, 5], connectivity: 6, share: 0.4 },
    { shape: [6, 5, 7], block: [1, 2, 2], connectivity: 26, share: 0.2 },
    { shape: [1, 1, 70], block: [1, 1, 1], connectivity: 6, share: 0.7 },
  ])("are those of the whole volume: %j", async ({ share, ...facts }) => {
    const voxels = noise(facts.shape, share);
    const { final, runs } = await labelled(voxels, facts);
    expect(final).toEqual(flooded(voxels, facts));
    expect(new Set(final).size).toBeGreaterThan(facts.shape[0] === 3 ? 1 : 3);
    expect(runs.filter((run) => run !== "merge")).toEqual(["label", "match", "rank", "relabel"]);
  });

  it("have faces that are more than is read at first", async () => {
    const shape: Triple = [2, 130, 130];
    const facts: Facts = { shape, block: [1, 130, 130], connectivity: 6 };
    const voxels = noise(shape, 0.25);
    const { final, store } = await labelled(voxels, facts);
    expect(final).toEqual(flooded(voxels, facts));
    expect((await store.stat("f/parts-labels/0/0/0"))!.size).toBeGreaterThan(2 ** 16);
  });

  it("that are cut short, or gone, are said", async () => {
    const facts: Facts = { shape: [2, 2, 2], block: [2, 2, 2], connectivity: 6 };
    const { store } = await labelled(new Uint8Array(8).fill(1), facts);
    const key = "f/parts-labels/0/0/0";
    const bytes = (await store.read(key))!;
    await store.write(key, bytes.subarray(0, 20));
    const open = (name: string) => openLabels(store, name, signal);
    await expect(open(key)).rejects.toMatchObject({ code: "FORMAT_TRUNCATED" });
    await expect(open("f/parts-labels/0/0/1")).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });

  it("say no more of their faces than the six planes", async () => {
    const shape: Triple = [2, 3, 4];
    const { store } = await labelled(noise(shape, 0.4), { shape, block: shape, connectivity: 6 });
    const bytes = (await store.read("f/parts-labels/0/0/0"))!;
    const [count = 0, faceBytes = 0] = new Uint32Array(bytes.slice(0, 8).buffer);
    const faces = decodeBlosc(bytes.subarray(16 + 16 * count, 16 + 16 * count + faceBytes))!;
    // two planes of 3 × 4 voxels, two of 2 × 4 and two of 2 × 3
    expect(faces.length).toBe(4 * (2 * 12 + 2 * 8 + 2 * 6));
  });
});
