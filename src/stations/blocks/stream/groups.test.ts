import { expect, it } from "vitest";
import type { Block } from "../../../arrays/blocks/blocks.js";
import { inGroups } from "./groups.js";
import { epochOf, type OpenRequest, shapeWithHalo } from "./request.js";

async function* blocks(count: number, released: number[]): AsyncGenerator<Block<number>> {
  for (let id = 0; id < count; id++)
    yield {
      ...{ id, weight: id / 2, box: { start: [id, 0, 0], stop: [id + 1, 1, 1] } },
      read: async () => id,
      release: () => released.push(id),
    } as unknown as Block<number>;
}

it.each([
  [5, 2, [[0, 1], [2, 3], [4]]],
  [
    4,
    2,
    [
      [0, 1],
      [2, 3],
    ],
  ],
  [0, 2, []],
  [1, 4, [[0]]],
])("%i blocks in batches of %i are as many as there are, the last one smaller, and none empty", async (count, size, wanted) => {
  const released: number[] = [];
  const reused: Uint8Array[] = [];
  const ids: (readonly unknown[])[] = [];
  const contents = async () => ({ arrays: { em: { pieces: [new Uint8Array(1)] } }, facts: {} }) as never;
  for await (const batch of inGroups(blocks(count, released), size, contents, (bytes) => reused.push(bytes))) {
    expect(batch.origins.map(([z]) => z)).toEqual(batch.ids);
    expect(batch.weights).toEqual(batch.ids.map((id) => Number(id) / 2));
    ids.push(batch.ids);
    expect(released).toHaveLength(ids.length === 1 ? 0 : ids.slice(0, -1).flat().length);
    batch.done();
  }
  expect([ids, released.length, reused.length]).toEqual([wanted, count, wanted.length]);
});

it("a client's blocks begin behind those that it has, and an eighth of the memory is read ahead", () => {
  const request = { batch: 4, memoryBytes: 800, shape: [8, 8, 8] } as unknown as OpenRequest;
  const { signal } = new AbortController();
  const share = { rank: 1, world: 3, epoch: 5, skip: 2 };
  expect(epochOf(request, share, signal)).toEqual({
    ...{ shape: [8, 8, 8], shard: { rank: 1, world: 3 }, resumeFrom: { seed: 0, epoch: 5, position: 8 } },
    ...{ prefetch: 8, prefetchBytes: 100, signal },
  });
  expect(epochOf({ ...request, seed: 9 }, share, signal).resumeFrom).toMatchObject({ seed: 9 });
  expect(shapeWithHalo({ shape: [8, 9, 10], halo: [1, 0, 2] } as never)).toEqual([10, 9, 14]);
});
