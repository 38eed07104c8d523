import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { emporium } from "./cli-host.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-blocks-stream-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Shape 20 × 30 × 40, big-endian float32, nothing but the fill value. */
const volume = join(folder, "empty.zarr");
mkdirSync(volume);
const meta = { zarr_format: 2, shape: [20, 30, 40], chunks: [8, 8, 8], dtype: ">f4", order: "C", fill_value: 0, filters: null };
writeFileSync(join(volume, ".zarray"), JSON.stringify({ ...meta, compressor: null }));

describe("emporium blocks stream without a client", () => {
  it("says which blocks and batches there are", async () => {
    const { status, out } = await emporium(["blocks", "stream", volume, "--block", "16", "--batch", "5"]);
    const level = "level 0 of image: 20×30×40 voxels of ? × ? × ? nm\n";
    const blocks = "image: float32, blocks of 16×16×16 voxels\n";
    expect([status, out]).toEqual([0, `${blocks}${level}12 blocks in 3 batches of 5, 80.0 KiB each\n`]);
  });

  it("counts what a mask leaves, and the blocks of a rank", async () => {
    const words = ["blocks", "stream", volume, "--block", "16", "--rank", "1", "--world", "5"];
    expect((await emporium(words)).out).toContain("rank 1 of 5: 3 of 12 blocks in 3 batches of 1");
    const one = await emporium(["blocks", "stream", volume, "--block", "64"]);
    expect(one.out).toContain("\n1 block in 1 batch of 1, ");
    const masked = await emporium([...words, "--mask", volume, "--workspace", folder]); // which is 0 everywhere
    expect(masked.out).toContain("rank 1 of 5: 0 of 0 blocks in 0 batches of 1");
  });

  it("names the arrays, with their halo", async () => {
    const words = ["blocks", "stream", `em=${volume}`, volume, "--block", "8,16,20", "--halo", "1,0,2", "--json"];
    const { status, out } = await emporium(words);
    expect(status).toBe(0);
    const spec = { dtype: "float32", shape: [10, 16, 24] };
    expect(JSON.parse(out)).toEqual({
      grid: {
        level: 0,
        shape: [20, 30, 40],
        block: [8, 16, 20],
        halo: [1, 0, 2],
        step: [8, 16, 20],
        voxelSizeNm: [null, null, null],
        offsetNm: [0, 0, 0],
      },
      arrays: { em: spec, image2: spec },
      blocks: 12,
      share: { blocks: 12, batches: 12 },
      batch: 1,
      batchBytes: 2 * 4 * 10 * 16 * 24,
      notes: [],
      errors: [],
    });
  });

  it.each([
    [["--socket", "x", "--listen", "127.0.0.1:0"], "blocks stream needs one of --stdio, --socket and --listen"],
    [["--listen", "127.0.0.1:0"], "--listen needs --token-file"],
    [["--rank", "2", "--world", "2"], "--rank 2 is outside of --world 2: ranks begin at 0"],
    [["--at-least", "0.5"], "--at-least and --balance need --mask"],
    [["--block", "1,2"], "three numbers of voxels such as 64,64,64"],
    [["--batch", "0"], "a whole number from 1"],
    [["--resample", "image=cubic"], "an array and how to read it"],
    [["--level", "1"], "has no level 1"],
  ])("refuses %j", async (words, message) => {
    const { status, err } = await emporium(["blocks", "stream", volume, ...words]);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
