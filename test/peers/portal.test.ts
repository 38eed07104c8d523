import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { hasEnvironment, python } from "./environment.js";

/**
 * A portal of one's own as its users meet it: `emporium serve` on a tree that `ingest run` has made, and the unmodified official client, copick and boto3
 * at it. What they download is the tree, byte for byte.
 */
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function expectSame(found: string, wanted: string): void {
  expect(filesBelow(found)).toEqual(filesBelow(wanted));
  for (const file of filesBelow(wanted)) {
    expect(readFileSync(join(found, file)).equals(readFileSync(join(wanted, file))), file).toBe(true);
  }
}

describe.skipIf(!hasEnvironment("peers"))("a portal of one's own", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-portal-"));
  const tree = join(folder, "tree");
  let server: ChildProcess;
  let at: { graphql: string; s3: string; files: string };
  const ask = async (script: string, ...words: string[]): Promise<Record<string, unknown>> => {
    const env = { BOTO_ENDPOINT_URL: at.s3, AWS_ENDPOINT_URL_S3: at.s3, AWS_REGION: "us-east-1" };
    return JSON.parse((await python("peers", script, words, env)).trim().split("\n").at(-1)!);
  };

  beforeAll(async () => {
    const lab = join(folder, "lab");
    await generateLab({ out: lab, deposits: ["imod"], sections: "all" });
    const workspace = ["--workspace", join(folder, "workspace")];
    const words = [
      "ingest",
      "run",
      join(lab, "imod.yaml"),
      join(lab, "input"),
      tree,
      "--import-everything",
      "--quiet",
      ...workspace,
    ];
    execFileSync(process.execPath, [program, ...words], { stdio: "ignore" });
    server = spawn(process.execPath, [program, "serve", tree, "--port", "0", "--json", ...workspace], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    at = await new Promise((resolve, reject) => {
      let text = "";
      let trouble = "";
      server.stderr!.setEncoding("utf8").on("data", (piece: string) => (trouble += piece));
      server.on("exit", () => reject(new Error(`ended: ${trouble}`)));
      server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        try {
          resolve(JSON.parse(text));
        } catch {
          // not whole yet
        }
      });
    });
  });
  afterAll(async () => {
    if (server && server.exitCode === null) {
      const ended = once(server, "exit");
      server.kill("SIGINT");
      expect((await ended)[0]).toBe(0);
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("gives the official client all that it downloads, byte for byte", async () => {
    const out = join(folder, "downloads");
    mkdirSync(out);
    const found = await ask("portal_downloads.py", at.graphql, out);
    expect(found).toMatchObject({ run: "s3://portal/10401/TS_0001/" });
    expect(Number(found.annotations)).toBeGreaterThan(0);
    const run = join(tree, "10401", "TS_0001");
    const spacing = join(run, "Reconstructions", "VoxelSpacing13.480");
    expectSame(join(out, "dataset", "10401"), join(tree, "10401"));
    expectSame(join(out, "run", "TS_0001"), run);
    expectSame(join(out, "frames", "Frames"), join(run, "Frames"));
    expectSame(join(out, "spacing", "Reconstructions", "VoxelSpacing13.480"), spacing);
    expectSame(join(out, "omezarr", "TS_0001.zarr"), join(spacing, "Tomograms", "100", "TS_0001.zarr"));
    expect(
      readFileSync(join(out, "mrc", "TS_0001.mrc")).equals(readFileSync(join(spacing, "Tomograms", "100", "TS_0001.mrc"))),
    ).toBe(true);
    expectSame(join(out, "series", "TS_0001.zarr"), join(run, "TiltSeries", "100", "TS_0001.zarr"));
    expect(statSync(join(out, "angles", "TS_0001.rawtlt")).size).toBeGreaterThan(0);
    expect(filesBelow(join(out, "annotations")).length).toBeGreaterThan(3);
    expect(filesBelow(join(out, "annotation")).some((name) => name.endsWith(".ndjson"))).toBe(true);
  });

  it("is a data set of copick: runs, spacings, tomograms, picks", async () => {
    const config = join(folder, "copick.json");
    const objects = [
      { name: "ribosome", is_particle: true, label: 1, color: [0, 117, 220, 255], identifier: "GO:0022626", radius: 100 },
    ];
    const project = {
      config_type: "cryoet_data_portal",
      dataset_ids: [10401],
      pickable_objects: objects,
      overlay_root: `local://${folder}/overlay`,
    };
    writeFileSync(config, JSON.stringify({ ...project, overlay_fs_args: { auto_mkdir: true } }));
    const found = await ask("portal_copick.py", at.graphql, config);
    expect(found.runs).toEqual(["TS_0001", "TS_0002"]);
    expect(found.spacings).toEqual({ TS_0001: [13.48], TS_0002: [13.48] });
    expect(found.tomograms).toMatchObject({ TS_0001: expect.arrayContaining([expect.any(String)]) });
    expect(found.shape).toEqual(found.stored);
    expect(Number(found.picks)).toBeGreaterThan(0);
  });
});
