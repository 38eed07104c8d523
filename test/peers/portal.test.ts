import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AsyncReadable, FetchStore, get, open, root } from "zarrita";
import { giveTree } from "../made-tree.js";
import { hasEnvironment, type PythonEnvironment, python, type Verdict } from "./environment.js";
import { awsEnvironment, expectSame, filesBelow } from "./serve-kit.js";

/**
 * A portal of one's own as its users meet it: `emporium serve` on a tree that `ingest run` has made, and at it the unmodified official client in two
 * releases, copick, and the libraries that read volumes. What they download is the tree, byte for byte; what they read is what they read from the disk.
 */
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SPACING = "10401/TS_0001/Reconstructions/VoxelSpacing13.480";
const VOLUME = `${SPACING}/Tomograms/100/TS_0001.zarr`;
const SHARDED = "volumes/sharded.zarr";

describe.skipIf(!hasEnvironment("peers"))("a portal of one's own", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-portal-"));
  const tree = join(folder, "tree");
  let server: ChildProcess;
  let at: { graphql: string; s3: string; files: string };
  const ask = async (environment: PythonEnvironment, script: string, ...words: string[]): Promise<unknown> =>
    JSON.parse((await python(environment, script, words, awsEnvironment(at))).trim().split("\n").at(-1)!);
  const inTree = (s3Path: string) => join(tree, s3Path.replace("s3://portal/", ""));

  beforeAll(async () => {
    const lab = join(folder, "lab");
    await giveTree({ deposits: ["imod"] }, { lab, tree });
    const workspace = ["--workspace", join(folder, "workspace")];
    const volume = join(lab, "input", "lab", "imod", "tomograms", "TS_0001.rec");
    const convert = ["ingest", "convert", volume, join(tree, SHARDED), "--ome-zarr", "0.5", "--quiet", ...workspace];
    execFileSync(process.execPath, [program, ...convert], { stdio: "ignore" });
    // rows hold addresses of port 8080, which is not where the tree is served
    execFileSync(process.execPath, [program, "catalog", "import", tree, "--quiet", ...workspace], { stdio: "ignore" });
    server = spawn(process.execPath, [program, "serve", tree, "--no-import", "--port", "0", "--json", ...workspace], {
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

  it.for<PythonEnvironment>(process.env.EMPORIUM_THOROUGH ? ["peers", "serve"] : ["peers"])(
    "seam 21: gives the official client all that it downloads, byte for byte, though it was imported for another port (environment %s)",
    async (environment, { skip }) => {
      if (!hasEnvironment(environment)) skip("no such environment");
      const out = join(folder, `downloads-${environment}`);
      mkdirSync(out);
      const found = (await ask(environment, "portal_downloads.py", at.graphql, out)) as {
        run: string;
        annotations: number;
        metadata: string;
        mask: string[];
        points: string[];
        files: Record<string, string>;
      };
      expect(found).toMatchObject({ run: "s3://portal/10401/TS_0001/" });
      expect(found.annotations).toBeGreaterThan(0);
      const run = join(tree, "10401", "TS_0001");
      const spacing = join(tree, SPACING);
      expectSame(join(out, "dataset", "10401"), join(tree, "10401"));
      expectSame(join(out, "run", "TS_0001"), run);
      expectSame(join(out, "frames", "Frames"), join(run, "Frames"));
      expectSame(join(out, "spacing", "Reconstructions", "VoxelSpacing13.480"), spacing);
      expectSame(join(out, "omezarr", "TS_0001.zarr"), join(tree, VOLUME));
      expectSame(join(out, "series", "TS_0001.zarr"), join(run, "TiltSeries", "100", "TS_0001.zarr"));
      expectSameFile(join(out, "mrc", "TS_0001.mrc"), join(spacing, "Tomograms", "100", "TS_0001.mrc"));
      expectSameFile(join(out, "series-mrc", "TS_0001.mrc"), join(run, "TiltSeries", "100", "TS_0001.mrc"));
      expectSameFile(join(out, "angles", "TS_0001.rawtlt"), join(run, "TiltSeries", "100", "TS_0001.rawtlt"));
      expectSameFile(join(out, "metadata", found.metadata.split("/").at(-1)!), inTree(found.metadata));
      expect(filesBelow(join(out, "metadata"))).toHaveLength(1);

      // files by their ids, a mask with its metadata, points of a tomogram with theirs
      expect(Object.keys(found.files).length).toBeGreaterThan(7);
      for (const [id, path] of Object.entries(found.files)) expectFetched(join(out, `file-${id}`), [path]);
      expect(found.mask).toHaveLength(3);
      expectFetched(join(out, "mask"), found.mask);
      expect(found.points.length).toBeGreaterThan(0);
      const names = readdirSync(join(out, "points"));
      expect(names.filter((name) => name.endsWith(".ndjson")).sort()).toEqual(
        found.points.map((path) => path.split("/").at(-1)!).sort(),
      );
      expect(names.filter((name) => name.endsWith(".json"))).toHaveLength(found.points.length);
      expect(readdirSync(join(out, "annotations")).length).toBeGreaterThan(names.length);
      expect(
        readdirSync(join(out, "annotation"))
          .map((name) => name.split(".").at(-1)!)
          .sort(),
      ).toEqual(["json", "ndjson"]);
    },
  );

  /** A folder holds what these paths name, as files or as folders, and nothing else. */
  function expectFetched(found: string, paths: readonly string[]): void {
    const names = paths.map((path) => path.split("/").at(-1)!);
    expect(readdirSync(found).sort()).toEqual([...names].sort());
    for (const [i, path] of paths.entries()) {
      if (path.endsWith(".zarr")) expectSame(join(found, names[i]!), inTree(path));
      else expectSameFile(join(found, names[i]!), inTree(path));
    }
  }

  function expectSameFile(found: string, wanted: string): void {
    expect(readFileSync(found).equals(readFileSync(wanted)), found).toBe(true);
  }

  it.for<[PythonEnvironment, readonly string[], number]>([
    ["peers", [VOLUME], 25],
    ["zarr3", [VOLUME, SHARDED], 55],
    [
      "neuroglancer",
      ["102-mitochondrion-1.0_segmentationmask", "101-cytosolic_ribosome-1.0_point"].map(
        (name) => `${SPACING}/NeuroglancerPrecompute/${name}`,
      ),
      3,
    ],
  ])("is read by the libraries of environment %s, at /files and at /s3", async ([environment, keys, checks], { skip }) => {
    if (!hasEnvironment(environment)) skip("no such environment");
    const verdicts = (await ask(environment, "serve_volumes.py", at.files, at.s3, "portal", tree, ...keys)) as Verdict[];
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    expect(verdicts.length).toBeGreaterThanOrEqual(checks);
  });

  it.each([VOLUME, SHARDED])("is read by zarrita: %s", async (key) => {
    const pixels = async (store: AsyncReadable, level: number) =>
      get(await open(root(store).resolve(String(level)), { kind: "array" }));
    for (const level of [0, 1, 2]) {
      const wanted = await pixels(onDisk(join(tree, key)), level);
      const found = await pixels(new FetchStore(`${at.files}/${key}`), level);
      expect(found.shape).toEqual(wanted.shape);
      expect(Buffer.compare(bytesOf(found.data), bytesOf(wanted.data))).toBe(0);
    }
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
    const found = (await ask("peers", "portal_copick.py", at.graphql, config)) as Record<string, unknown>;
    expect(found.runs).toEqual(["TS_0001", "TS_0002"]);
    expect(found.spacings).toEqual({ TS_0001: [13.48], TS_0002: [13.48] });
    expect(found.tomograms).toMatchObject({ TS_0001: expect.arrayContaining([expect.any(String)]) });
    expect(found.shape).toEqual(found.stored);
    expect(Number(found.picks)).toBeGreaterThan(0);
  });
});

function bytesOf(data: unknown): Uint8Array {
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A folder, as zarrita reads stores. */
function onDisk(folder: string): AsyncReadable {
  const body = (key: string) => (existsSync(join(folder, key)) ? new Uint8Array(readFileSync(join(folder, key))) : undefined);
  return {
    get: async (key) => body(key),
    getRange: async (key, range) =>
      "suffixLength" in range
        ? body(key)?.slice(-range.suffixLength)
        : body(key)?.slice(range.offset, range.offset + range.length),
  };
}
