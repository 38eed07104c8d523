import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { noise, writeImage } from "../../../../test/e2e/blocks-kit.js";
import type { Triple } from "../../../core/box.js";
import type { GraphGiven } from "./document.js";
import { openInputs } from "./inputs.js";
import { prepareGraph } from "./prepare.js";
import { graphOf } from "./run.js";

/** In chunks of 16³ voxels. */
const SHAPE: Triple = [32, 64, 512];
let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-compile-"));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", noise(SHAPE, "int16"));
});
afterAll(() => rmSync(root, { recursive: true }));

async function prepared(block: Triple, memoryBytes = 2 ** 28, more: Partial<GraphGiven> = {}) {
  const given: GraphGiven = {
    ...{ version: 1, inputs: { em: join(root, "em.zarr") }, grid: { of: "em", block } },
    nodes: [
      { id: "scaled", op: "affine", in: "em", scale: 2, dtype: "float32" },
      { id: "half", op: "downsample", in: "scaled" },
    ],
    outputs: {
      scaled: { to: join(root, "scaled.zarr"), chunk: block },
      half: { to: join(root, "half.zarr"), chunk: block.map((length) => Math.ceil(length / 2)) as unknown as Triple },
    },
    ...more,
  };
  const read = graphOf(given);
  const inputs = openInputs(read.inputs, {});
  try {
    return await prepareGraph(read, inputs, { memoryBytes, jobs: 0 });
  } finally {
    await inputs.close();
  }
}

it("blocks that share a chunk of the input are numbered one behind the other", async () => {
  const { stages } = await prepared([4, 8, 16]);
  // 8 × 8 × 32 blocks, of which 4 × 2 × 1 are in a chunk
  expect(stages[0]).toMatchObject({ tasks: 2048, stage: { name: "scaled", numbers: { kind: "bricks", size: [4, 2, 1] } } });
});

it("the stage whose blocks need most memory is the one that does not fit", async () => {
  await expect(prepared(SHAPE, 2 ** 23)).rejects.toMatchObject({
    code: "MEMORY_LIMIT",
    message: expect.stringMatching(/^a block of scaled, 32×64×512 voxels, needs .* of buffers; 8.0 MiB are allowed in all$/),
  });
});

it("a graph that writes nothing is refused as it is written", async () => {
  await expect(prepared([4, 8, 16], 2 ** 28, { outputs: {} })).rejects.toMatchObject({
    ...{ code: "CONFIG_RULE", message: expect.stringMatching(/^no outputs are named/) },
  });
});
