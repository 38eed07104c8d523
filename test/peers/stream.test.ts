import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { hasEnvironment, type PythonEnvironment, python, type Verdict } from "./environment.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-stream-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const server = fileURLToPath(new URL("stream-server.mjs", import.meta.url));
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const packageFolder = fileURLToPath(new URL("../../python", import.meta.url));

/** What did not pass; how many did. */
async function results(
  environment: PythonEnvironment,
  script: string,
  args: readonly string[],
): Promise<{ failed: Verdict[]; passed: number }> {
  const verdicts = JSON.parse(await python(environment, script, args)) as Verdict[];
  const failed = verdicts.filter(({ passed }) => !passed);
  return { failed, passed: verdicts.length - failed.length };
}

describe.runIf(hasEnvironment("peers"))("emporium_blocks.py", () => {
  it("gets every byte of every block, and no client or server outlives the other, however they end", async () => {
    const { failed, passed } = await results("peers", "stream_checks.py", [process.execPath, server, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(17);
  });

  it("reads blocks of volumes that zarr-python wrote as NumPy has them", async () => {
    const { failed, passed } = await results("peers", "stream_volumes.py", [process.execPath, program, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(9);
  });
});

describe.runIf(hasEnvironment("torch"))("emporium_blocks.Blocks in PyTorch", () => {
  it("gives a loader every block once: without workers, forked, spawned, over ranks; and ends with it", async () => {
    const { failed, passed } = await results("torch", "stream_torch.py", [process.execPath, server, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(8);
  });

  it("trains the example", async () => {
    const tomogram = join(folder, "smooth.zarr");
    const out = await python("torch", "../../../examples/blocks/train.py", [smoothVolume(tomogram), "4"], {
      EMPORIUM: program,
      PYTHONPATH: packageFolder,
    });
    const losses = [...out.matchAll(/^epoch (\d): (\d+) batches, loss (\d\.\d{4})$/gm)].map(([, , batches, loss]) => {
      expect(batches).toBe("2"); // 64³ voxels, 4 blocks of 32³ a batch
      return Number(loss);
    });
    expect(losses).toHaveLength(4);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  });
});

/** Slow waves: a model sees through the noise within a few batches. */
function smoothVolume(path: string): string {
  const line = Float32Array.from({ length: 64 }, (_, at) => Math.sin(at / 7));
  const voxels = new Float32Array(64 ** 3).map((_, at) => line[at >> 12]! + line[(at >> 6) & 63]! * line[at & 63]!);
  mkdirSync(path);
  const compressor = null;
  const meta = { zarr_format: 2, shape: [64, 64, 64], chunks: [64, 64, 64], dtype: "<f4", order: "C", fill_value: 0 };
  writeFileSync(join(path, ".zarray"), JSON.stringify({ ...meta, compressor, filters: null }));
  writeFileSync(join(path, "0.0.0"), voxels);
  return path;
}
