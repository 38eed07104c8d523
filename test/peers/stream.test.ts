import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { giveTree } from "../made-tree.js";
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
  it("(34.5) gets every byte of every block, keeps what is kept, and no client or server outlives the other, however they end", async () => {
    const { failed, passed } = await results("peers", "stream_checks.py", [process.execPath, server, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(19);
  });

  it("(34.5) reads blocks of volumes that zarr-python and mrcfile wrote as NumPy has them", async () => {
    const { failed, passed } = await results("peers", "stream_volumes.py", [process.execPath, program, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(12);
  });
});

describe.runIf(hasEnvironment("torch"))("emporium_blocks.Blocks in PyTorch", () => {
  it("(34.5) gives a loader on its defaults every block once, kept or collated: without workers, forked, spawned, over ranks; and ends with it", async () => {
    const { failed, passed } = await results("torch", "stream_torch.py", [process.execPath, server, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(12);
  });

  it("(34.5) gives DataLoader on its defaults every block of a volume as zarr-python reads it, collated, kept, and from two workers", async () => {
    const { failed, passed } = await results("torch", "stream_loaders.py", [process.execPath, program, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(5);
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

  it("does what the guide says", async () => {
    const guide = readFileSync(new URL("../../docs/guides/blocks-python.md", import.meta.url), "utf8");
    const [numpy, torch, connect] = [...guide.matchAll(/^```python\n(.*?)^```$/gms)].map(([, text]) => text!);
    expect(connect).toContain("connect("); // needs servers: stream_checks.py has them
    const here = `tomogram = ${JSON.stringify(smoothVolume(join(folder, "guide.zarr")))}\n`;
    const script = join(folder, "guide.py");
    const shown = 'print(batch.arrays["image"].shape, batch.origins.shape)\n';
    const model = "import torch\nmodel = torch.nn.Conv3d(1, 1, 3)\n";
    const ours = [
      numpy!.replace(/^tomogram = .*\n/m, here),
      shown,
      model,
      torch!.replace("range(10)", "range(1)"),
      "print(loss.shape)\n",
    ];
    writeFileSync(script, ours.join(""));
    const out = await python("torch", script, [], { EMPORIUM: program, PYTHONPATH: packageFolder });
    expect(out).toBe("(1, 64, 64, 64) (1, 3)\ntorch.Size([])\n");
  });

  it("teaches a network the demo's membrane, and draws what it finds where it has not looked", async () => {
    const portal = join(folder, "portal");
    await giveTree({ deposits: ["cell"] }, { tree: portal });
    const cell = join(portal, "10407/cell_01/Reconstructions/VoxelSpacing10.800");
    const volumes = ["Tomograms/100/cell_01.zarr", "Annotations/101/membrane-1.0_segmentationmask.zarr"].map((one) =>
      join(cell, one),
    );
    const picture = join(folder, "network.png");
    const out = await python("torch", "../../../examples/blocks/segment.py", [...volumes, picture, "100000", "120"], {
      EMPORIUM: program,
      PYTHONPATH: packageFolder,
    });
    expect(Number(/Dice (\d\.\d{3})$/m.exec(out)?.[1])).toBeGreaterThan(0.7);
    const png = readFileSync(picture);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3 * 3 * 128, 3 * 96]);
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
