import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "../../examples/lab/generate.mjs";
import { fileStore } from "../../src/stores/file/store.js";
import type { Store } from "../../src/stores/store.js";
import { emporium } from "./cli-host.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";
import { type Deposit, ingestedLab, ingestLab, inMemoryTree, lines, mend, standardized, Tree } from "./validate-kit.js";

/** `ingest validate` on what an import of the laboratory leaves: deposits A and D, and the annotations that E adds to them. */
let lab: Lab<Deposit>;
let output: string;
const folder = tempFolder();

beforeAll(async () => {
  ({ lab, output } = await ingestedLab(["imod", "sim", "annotations"]));
});
afterAll(removeTempFolders);

describe("the laboratory's tree", () => {
  it("passes every check", async () => {
    const validation = await standardized(new Tree(fileStore(output)));
    expect(lines(validation)).toEqual([]);
    expect(validation.counts.passed).toBeGreaterThan(1400);
    expect(validation.runs.map(({ dataset, run }) => `${dataset}/${run}`)).toEqual([
      "10401/TS_0001",
      "10401/TS_0002",
      "10405/TS_1",
    ]);
  });

  it("passes them of OME-Zarr 0.5 as well, and is proven, with a proof that travels", async () => {
    const root = tempFolder();
    const sharded = await ingestLab(root, ["imod", "sim", "annotations", "cell"], { omeZarr: "0.5" });
    const validation = await standardized(new Tree(fileStore(sharded.output)));
    expect(lines(validation)).toEqual([]);
    expect(validation.counts.passed).toBeGreaterThan(1500);
    // documents of Zarr 3 and shards, nothing of Zarr 2
    const names = readdirSync(sharded.output, { recursive: true }) as string[];
    expect(names.filter((name) => name.endsWith("zarr.json")).length).toBeGreaterThan(30);
    expect(names.filter((name) => /\/\.z(array|attrs|group)$/.test(name))).toEqual([]);
    const prove = (...words: string[]) => emporium(["verify", sharded.output, "--json", ...words]);
    const workspace = ["--workspace", join(root, "workspace")];
    for (const words of [
      [...workspace, "--levels", "all"],
      [...workspace, "--write-proof"],
      ["--workspace", join(folder, "none")],
    ]) {
      const { status, out } = await prove(...words);
      expect([words, status, JSON.parse(out).errors]).toEqual([words, 0, []]);
    }
  });

  it("gives the same with the configurations, each for its own dataset", async () => {
    const { readStructure } = await import("../../src/stations/ingest/config/schema.js");
    for (const [name, dataset] of [
      ["imod", "10401"],
      ["sim", "10405"],
    ]) {
      const { config } = lab.deposits.find((one) => one.name === name)!;
      const validation = await standardized(new Tree(fileStore(output)), { config: readStructure(readFileSync(config), config) });
      expect(new Set(validation.runs.map((run) => run.dataset))).toEqual(new Set([dataset]));
      expect(validation.findings.filter(({ check }) => check.startsWith("scale") || check === "files.run-folder")).toEqual([]);
    }
  });

  it("is looked at in part by filters", async () => {
    const validation = await standardized(new Tree(fileStore(output)), {
      filter: { dataset: ["10401$"], run: ["TS_0002"], annotation: ["10[0-2]$"] },
      exclude: { annotation: ["101"] },
    });
    expect(validation.runs.map(({ run }) => run)).toEqual(["TS_0002"]);
    const annotated = validation.checks.find(({ id }) => id === "annotation.object")!;
    expect(annotated.passed).toBe(2);
  });
});

describe("the facts of an entity", () => {
  it("are read once, whatever the number of checks; voxels of MRC files once as well, of Zarr those of the coarsest level", async () => {
    const tree = await inMemoryTree(output);
    await mend(tree);
    const reads = new Map<string, number>();
    const folders = new Map<string, number>();
    const counting: Store = {
      ...tree.store,
      read: (key, ...rest) => {
        reads.set(key, (reads.get(key) ?? 0) + 1);
        return tree.store.read(key, ...rest);
      },
      children: (key, ...rest) => {
        folders.set(key, (folders.get(key) ?? 0) + 1);
        return tree.store.children(key, ...rest);
      },
      list: (prefix, ...rest) => {
        // what is stored of an array is listed once, a tree never
        if (!/\.zarr\/\d\/$/.test(prefix)) throw new Error("a tree is never listed whole");
        folders.set(`all of ${prefix}`, (folders.get(`all of ${prefix}`) ?? 0) + 1);
        return tree.store.list(prefix, ...rest);
      },
    };
    await standardized(new Tree(counting));
    const often = [...reads].filter(([key, number]) => number > 1 && !/\.(tiff?|mrc)$/.test(key));
    // the header as it stands, the header as it is read, and the voxels in one piece
    expect([...reads].filter(([key, number]) => number > 3 && key.endsWith(".mrc"))).toEqual([]);
    // a deposition is asked for by all that name it, and looked at for itself
    expect(often).toEqual([]);
    // means of the coarsest level, for voxels that are no numbers
    expect([...reads.keys()].filter((key) => /\.zarr\/[01]\/\d/.test(key))).toEqual([]);
    expect([...folders].filter(([key, number]) => number > 1 && !/^(depositions_metadata\/.*)?$/.test(key))).toEqual([]);
  });

  it("that cannot be read are findings, and what needs them is not decided", async () => {
    const tree = await inMemoryTree(output);
    await mend(tree);
    const key = "10401/TS_0002/TiltSeries/100/tiltseries_metadata.json";
    await tree.write(key, "{ no JSON");
    const { findings, skipped } = await standardized(tree);
    expect(findings.filter(({ dataset }) => dataset === "10401")).toMatchObject([{ check: "metadata.readable", key }]);
    expect(skipped).toContainEqual({
      check: "tiltseries.voltage",
      mark: "tiltseries",
      reason: "the metadata of the tilt series cannot be read",
      count: 1,
      entities: ["tilt series 100 of TS_0002"],
    });
  });

  it("do not end the look at others when a store fails for one of them", async () => {
    const tree = await inMemoryTree(output);
    await mend(tree);
    const { EmporiumError } = await import("../../src/core/errors.js");
    const failing: Store = {
      ...tree.store,
      read: async (key, ...rest) => {
        if (key.endsWith("Tomograms/100/TS_0002.mrc")) throw new EmporiumError("STORE_DENIED", "access refused");
        return tree.store.read(key, ...rest);
      },
    };
    const { findings } = await standardized(new Tree(failing));
    expect(findings.filter(({ dataset }) => dataset === "10401")).toMatchObject([
      { check: "mrc.readable", found: "access refused" },
    ]);
  });
});

describe("emporium ingest validate", () => {
  const run = (...words: string[]) => emporium(["ingest", "validate", ...words]);

  /** The tree without a picture that its metadata name. */
  const broken = join(folder, "broken");
  const picture = "10401/TS_0002/Reconstructions/VoxelSpacing13.480/Images/100/key-photo-thumbnail.png";
  beforeAll(() => {
    cpSync(output, broken, { recursive: true });
    rmSync(join(broken, picture));
  });

  it("exits with 0 where a tree passes", async () => {
    const { status, out } = await run("standardized", output);
    expect(status).toBe(0);
    expect(out).toMatch(
      /\nno errors \(\d+ passed, \d+ not decided\) on 3 runs\nreport [\d-]+T[\d-]+: emporium serve \S+ shows it at \/reports\/[\dT-]+\n$/,
    );
  });

  it("exits with 4 where errors are found, and says them first", async () => {
    const { status, out, err } = await run("standardized", broken);
    expect([status, err]).toEqual([4, ""]);
    expect(out).toMatch(/^error\[/);
    expect(out).toMatch(
      /\n\d+ checks? failed(?:, \d+ warnings?)? \(\d+ passed, \d+ not decided\) on 3 runs\nreport [\d-]+T[\d-]+: emporium serve \S+ shows it at \/reports\/[\dT-]+\n$/,
    );
    expect(out).not.toMatch(/\u001b/);
  });

  it("exits with 0 where none are, and prints the document", async () => {
    const { config } = lab.deposits.find(({ name }) => name === "imod")!;
    const { status, out } = await run("source", config, lab.input, "--filter-run-name", "TS_0002$", "--json");
    const document = JSON.parse(out);
    expect(status).toBe(0);
    expect(document).toMatchObject({ status: "ok", exitStatus: 0, suite: "source", config, findings: [], errors: [] });
    expect(document.counts.passed).toBeGreaterThan(40);
    expect(document.runs).toMatchObject([{ dataset: "10401", run: "TS_0002", failed: 0 }]);
  });

  it("writes a page whose pictures are those of the tree", async () => {
    const page = join(folder, "reports", "page.html");
    const { status } = await run("standardized", broken, "--filter-dataset-name", "10401", "--html", page);
    expect(status).toBe(4);
    const html = readFileSync(page, "utf8");
    const pictures = [...html.matchAll(/<img src="([^"]+)"/g)].map((match) => match[1]!);
    expect(pictures.length).toBeGreaterThan(0);
    for (const picture of pictures)
      expect(
        readFileSync(join(folder, "reports", decodeURIComponent(picture)))
          .subarray(1, 4)
          .toString(),
      ).toBe("PNG");
    expect(html).toContain("photo.exists");
  });

  it.each([
    [["sources", "x"], /SUITE: expected one of source, standardized, found "sources"/],
    [["source", "config.yaml"], /needs LOCATION/],
    [["standardized", "tree", "--filter-frame-name", "x"], /no option/],
  ])("exits with 2 for %j", async (words, message) => {
    const { status, err } = await run(...words);
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });

  it("exits with 2 where there is nothing to look at, or no configuration", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    writeFileSync(join(folder, "broken.yaml"), "version: [");
    for (const words of [
      ["standardized", empty],
      ["standardized", join(folder, "absent")],
      ["standardized", output, "--filter-dataset-name", "99999"],
      ["source", join(folder, "absent.yaml"), lab.input],
      ["source", join(folder, "broken.yaml"), lab.input],
    ]) {
      const { status, err } = await run(...words);
      expect([words, status]).toEqual([words, 2]);
      expect(err).toMatch(/^error\[(CONFIG_EMPTY|CONFIG_SYNTAX|USAGE)\]/);
    }
  });
});
