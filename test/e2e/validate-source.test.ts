import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { CHECKS } from "../../src/stations/ingest/validate/table.js";
import { exitStatusOf } from "../../src/stations/ingest/validate/validation.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";
import { FRAME_PIXEL, found, inMemoryTree, lines, mrcImage, source, Tree, tiffImage } from "./validate-kit.js";

/** The source suite on the laboratory's first deposit: what it says of it as it is, and each check of its own with sources that break it. */
let tree: Tree;
let config = "";

beforeAll(async () => {
  const lab = await generateLab({ out: tempFolder(), sections: "all", deposits: ["imod"] });
  config = readFileSync(lab.deposits[0]!.config, "utf8");
  tree = await inMemoryTree(lab.input);
});
afterEach(() => tree.restore());
afterAll(removeTempFolders);

const P = "lab/imod";
const RAW = `${P}/metadata/TS_0002_vali.rawtlt`;
const MDOC = `${P}/metadata/mdocs_vali/TS_0002.mdoc`;
const STACK = `${P}/metadata/TS_0002.st`;

type Change = (tree: Tree) => Promise<unknown>;
interface Case {
  id: string;
  change?: Change;
  /** Of the configuration. */
  edit?: [from: string, to: string];
  implied?: string[];
}

const copy =
  (key: string, to: string): Change =>
  async (files) =>
    files.write(to, await files.read(key));
const int =
  (key: string, at: number, value: number): Change =>
  (files) =>
    files.bytes(key, (view) => view.setInt32(at, value, true));
const float =
  (key: string, at: number, value: number): Change =>
  (files) =>
    files.bytes(key, (view) => view.setFloat32(at, value, true));
const text =
  (key: string, change: (body: string) => string): Change =>
  (files) =>
    files.text(key, change);

const CASES: Case[] = [
  { id: "source.configuration", edit: ["acceleration_voltage: 300000", "acceleration_voltage: 300"] },
  { id: "source.runs-exist", change: (files) => files.remove(`${P}/tomograms/`) },
  {
    id: "source.findable",
    edit: ["metadata/mdocs_vali/{run_name}.mdoc", "metadata/{mapped_tomo_name}.mdoc"],
    implied: ["source.frames-have-mdoc", "source.tiltseries-have-mdoc"],
  },
  {
    id: "source.one-tiltseries",
    change: copy(STACK, `${P}/metadata/TS_0002_b.st`),
    edit: ["metadata/{run_name}.st", "metadata/{run_name}*.st"],
  },
  {
    id: "source.one-mdoc",
    change: copy(MDOC, `${P}/metadata/mdocs_vali/TS_0002_b.mdoc`),
    edit: ["mdocs_vali/{run_name}.mdoc", "mdocs_vali/{run_name}*.mdoc"],
  },
  {
    id: "source.one-rawtlt",
    change: copy(RAW, `${P}/metadata/TS_0002_vali_b.rawtlt`),
    edit: ["{run_name}_vali.rawtlt", "{run_name}_vali*.rawtlt"],
  },
  { id: "source.frames-have-mdoc", change: (files) => files.remove(MDOC), implied: ["source.tiltseries-have-mdoc"] },
  {
    id: "source.tiltseries-have-mdoc",
    change: async (files) => {
      await files.remove(MDOC);
      for (const key of await files.keys(`${P}/frames/TS_0002`)) await files.remove(key);
    },
  },
  { id: "source.tiltseries-have-rawtlt", change: (files) => files.remove(RAW) },
  {
    id: "source.tiltseries-type",
    change: async (files) => {
      for (const run of ["TS_0001", "TS_0002"]) await copy(`${P}/metadata/${run}.st`, `${P}/metadata/${run}.raw`)(files);
    },
    edit: ["'metadata/{run_name}.st', match_regex: '(.*)\\.st'", "'metadata/{run_name}.raw'"],
  },
  { id: "source.rawtlt-sections", change: text(RAW, (body) => body.trim().split("\n").slice(1).join("\n")) },
  // rules of both suites, on what a laboratory delivers
  { id: "rawtlt.in-mdoc", change: text(RAW, (body) => body.replace(/^0\.00/, "1.50")) },
  { id: "tilt-axis.agrees", edit: ["tilt_axis: 84.7", "tilt_axis: 20.0"] },
  { id: "mdoc.frame-names", change: text(MDOC, (body) => body.replace("_003.tif", "_033.tif")) },
  { id: "frame.tiff-shapes", change: (files) => files.write(`${P}/frames/TS_0002_003.tif`, tiffImage(16, 16, 4)) },
  {
    id: "gain.one-section",
    change: (files) => files.write(`${P}/frames/CountRef_TS_0002.mrc`, mrcImage([2, 32, 32], FRAME_PIXEL)),
  },
  { id: "mrc.space-group", change: int(STACK, 88, 1) },
  { id: "mrc.spacing", change: float(STACK, 40, 64 * 3.3715) },
  // header of a tomogram against the configured spacing
  {
    id: "scale.truth",
    change: (files) => files.bytes(`${P}/tomograms/TS_0001.rec`, (view) => view.setFloat32(44, 56 * 12.2, true)),
  },
  { id: "scale.binning", edit: ["value: [13.48]", "value: [15]"], implied: ["source.configuration", "scale.truth"] },
];

/** Raw tilt angles in an order that the alignment contradicts, and a tilt of the alignment with the wrong sign. */
const OVERLOOKED: Case[] = [
  { id: "rawtlt.order", change: text(RAW, (body) => `${body.trim().split("\n").reverse().join("\n")}\n`) },
  { id: "alignment.tlt-order", change: (files) => files.write(RAW, "9\n6\n3\n0\n-3\n-6\n-9\n") },
  { id: "alignment.tlt-signs", change: text(`${P}/metadata/TS_0002.tlt`, (body) => body.replace(" 8.70", "-8.70")) },
];

describe("the laboratory's first deposit", () => {
  it("passes every check", async () => {
    const validation = await source(config, tree);
    expect(lines(validation)).toEqual([]);
    expect(validation.runs.map(({ run }) => run)).toEqual(["TS_0001", "TS_0002"]);
  });

  it("is looked at without writing anywhere", async () => {
    const before = await tree.keys();
    await source(config, tree);
    expect(await tree.keys()).toEqual(before);
  });

  it("can be looked at run by run", async () => {
    const { findings, runs } = await source(config, tree, { filter: { run: ["TS_0002$"] } });
    expect([findings, runs.map(({ run }) => run)]).toEqual([[], ["TS_0002"]]);
  });
});

describe("sources that break one check", () => {
  it("exist for every check of this suite alone", () => {
    const own = CHECKS.filter(({ suites }) => !suites.includes("standardized")).map(({ id }) => id);
    expect(own.filter((id) => !CASES.some((one) => one.id === id))).toEqual([]);
  });

  it.each(OVERLOOKED)("(34.20) are found by $id", async ({ id, change }) => {
    await change!(tree);
    expect(found(await source(config, tree))).toEqual([id]);
  });

  it.each(CASES)("are found by $id", async ({ id, change, edit, implied = [] }) => {
    await change?.(tree);
    if (edit) expect(config).toContain(edit[0]);
    const text = edit ? config.replace(edit[0], edit[1]) : config;
    const { findings } = await source(text, tree);
    expect(found({ findings })).toEqual([id, ...implied].sort());
  });

  it("seam 10: a stack that mrcfile wrote as a volume is warned of, and told what ingest does", async () => {
    // mrcfile.new().set_data(3-D array): space group 1 and a grid as long as the data (mrcfile 1.5, `set_volume`)
    await int(STACK, 88, 1)(tree);
    await tree.bytes(STACK, (view) => {
      view.setInt32(36, view.getInt32(8, true), true);
      view.setFloat32(48, view.getInt32(8, true) * 3.3702, true);
    });
    const validation = await source(config, tree);
    const { findings } = validation;
    expect(findings.map(({ check, severity }) => [check, severity])).toEqual([
      ["mrc.space-group", "warn"],
      ["mrc.grid", "warn"],
    ]);
    for (const { explanation } of findings) expect(explanation).toMatch(/^ingest writes .*: nothing need be done$/);
    expect(exitStatusOf(validation)).toBe(0);
  });

  it("seam 10: what ingest writes anew is a warning, what it copies or cannot read stays an error", async () => {
    const stack: [Change, string, "warn" | "fail"][] = [
      [int(STACK, 196, 1), "mrc.origin", "warn"],
      [int(STACK, 16, 3), "mrc.start", "warn"],
      [float(STACK, 52, 0), "mrc.angles", "warn"],
      [int(STACK, 108, 0), "mrc.version", "warn"],
      [float(STACK, 48, 0), "mrc.spacing", "warn"],
      [int(STACK, 88, 401), "mrc.space-group", "fail"],
      [float(STACK, 40, 64 * 3.3715), "mrc.spacing", "fail"],
      [int(`${P}/frames/CountRef_TS_0002.mrc`, 88, 1), "mrc.space-group", "fail"],
    ];
    for (const [change, id, severity] of stack) {
      await change(tree);
      const { findings } = await source(config, tree);
      await tree.restore();
      expect([findings.map((one) => [one.check, one.severity]), id]).toEqual([[[id, severity]], id]);
    }
  });

  it("do not keep a configuration's own fault from being told at once", async () => {
    const broken = config.replace("pixel_spacing: 3.3702", "pixel_spacing: [3.3702").replace("sources:", "sources:");
    await expect(source(broken, new Tree(memoryStore()))).rejects.toMatchObject({ code: "CONFIG_SYNTAX" });
  });
});
