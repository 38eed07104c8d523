import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeMod } from "../../src/formats/mod/write.js";
import { emporium } from "./cli-host.js";
import { curate, portalRuns, put, remove, SIZE, smallArchive } from "./curate-kit.js";

const [A, B, C] = ["mka2019-11-19-65", "mka2019-11-19-66", "mka2019-11-19-67"];
const folder = smallArchive([
  { run: A, points: [[1, 2, 3]] },
  { run: A, file: "MS2.mod", points: [[4, 5, 6]], slicers: [{ angles: [1, 2, 3], center: [7, 8, 9] }] },
  { run: B, points: [[1, 1, 1]] },
  { run: C, file: "TP.mod", points: [[2, 2, 2]] },
  { run: C, file: "hat.mod", points: [[3, 3, 3]] },
  // drawn on another volume than the one beside it
  { run: C, file: "rod.mod", points: [[60, 40, 20]], max: [96, 72, 36] },
]);
afterAll(() => remove(folder));
const at = (...names: string[]) => join(folder, ...names);
const drive = at("grp_tomo_db1_d3");
const species = "compute/TomoDB1_d3/FlagellarMotor_P1/Vibrio_cholerae";

const collect = (label: string, dest: string) =>
  curate(folder, ["curate", "collect", drive, "--matches", at("m.csv"), "--label", label, "--dest", at(dest)]);
const pack = (batch: string, dest: string, ...words: string[]) =>
  curate(folder, ["curate", "package", at(batch), "--dest", at(dest), ...words]);
const isAccepted = async (path: string) => (await emporium(["ingest", "check", at(path)])).status === 0;
const codesOf = (report: unknown) => (report as { errors: { code: string }[] }).errors.map(({ code }) => code);

beforeAll(async () => {
  // another content of the same file, in a folder that is the same run
  put(
    join(drive, species, "old", B, "MS.mod"),
    encodeMod({ max: SIZE, pixelSizeAngstrom: 10, objects: [{ contours: [{ xyz: [9, 9, 9] }] }] }),
  );
  const runs = portalRuns(folder, { 10052: [A, B, C].map((name, index) => ({ name, id: index + 1 })) });
  expect((await curate(folder, ["curate", "match", drive, "--runs", runs, "--out", at("m.csv")])).status).toBe(0);
  expect(await collect("MS", "ms")).toMatchObject({ status: 3 });
  expect(await collect("TP", "tp")).toMatchObject({ status: 0 });
  expect(await collect("hat", "hat")).toMatchObject({ status: 0 });
});

describe("curate package", () => {
  it("joins the models of a label in a run, and asks which of two contents is meant", async () => {
    const packed = await pack("ms", "p-ms");
    expect([packed.status, codesOf(packed.report)]).toEqual([3, ["COLLISION"]]);
    expect(packed.report).toMatchObject({ counts: { runs: 1, files: 1, points: 2, oriented_points: 1, left_out: 2 } });
    expect(await isAccepted("p-ms/config.yaml")).toBe(true);

    const dests = (JSON.parse(readFileSync(at("ms/manifest.json"), "utf8")) as { files: { dest: string }[] }).files.map(
      ({ dest }) => dest,
    );
    const rivals = dests.filter((dest) => dest.includes(B));
    expect(rivals).toHaveLength(2);
    const chosen = await pack("ms", "p-ms", "--leave-out", rivals[0]!, "--replace");
    expect(chosen).toMatchObject({ status: 0, report: { counts: { runs: 2, left_out: 1 } } });
    expect((await pack("ms", "p-ms", "--leave-out", "10052/none.mod")).status).toBe(2);
  });

  it("(34.6) writes over no file of somebody else, and over its own again", async () => {
    expect((await pack("hat", "p-mine")).status).toBe(0);
    const [model] = readdirSync(at("p-mine"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.(mod|ndjson|csv)$/.test(name),
    );
    for (const name of ["contents.json", "config.yaml"]) rmSync(at("p-mine", name));
    expect((await pack("hat", "p-mine")).status).toBe(0); // the same bytes
    for (const name of ["contents.json", "config.yaml"]) rmSync(at("p-mine", name));
    writeFileSync(at("p-mine", model!), "mine");
    const refused = await pack("hat", "p-mine", "--replace");
    expect([refused.status, readFileSync(at("p-mine", model!), "utf8"), existsSync(at("p-mine/config.yaml"))]).toEqual([
      2,
      "mine",
      false,
    ]);
  });

  it("(34.6) is not written into the tree that it refers to", async () => {
    mkdirSync(at("tree"));
    expect((await pack("hat", "tree/packages/hat", "--tree", at("tree"))).status).toBe(2);
    expect(readdirSync(at("tree"))).toEqual([]);
  });

  it("seam 35: says that no volume beside a model has its size", async () => {
    expect((await collect("rod", "rod")).status).toBe(0);
    const packed = await pack("rod", "p-rod");
    expect(packed.status).toBe(0);
    // (34.silence) the alignment is one that nobody looked up
    const noTree = expect.stringMatching(/^every annotation is assigned to alignment 100/);
    expect(packed.report.notes).toEqual([
      noTree,
      expect.stringMatching(/rod\.mod: taken as voxels of 10\.000 Å, and no volume beside it .* 3 times binned/),
    ]);
    expect((await pack("hat", "p-hat-2")).report).toMatchObject({ notes: [noTree] });
  });

  it("seam 35: an ingest into a portal that lacks the dataset names it, not the glob", async () => {
    expect((await pack("hat", "p-hat-3")).status).toBe(0);
    const { status, err } = await emporium([
      "ingest",
      "run",
      at("p-hat-3/config.yaml"),
      at("p-hat-3"),
      at("empty"),
      "--import-everything",
    ]);
    expect(status).toBe(2);
    expect(err).toContain(`${at("empty")} has no dataset 10052, which the configuration refers to`);
    expect(err).toContain("hint: give the tree with this dataset as OUTPUT");
    expect(existsSync(at("empty"))).toBe(false);
  });

  it("keeps a configuration that somebody has filled in", async () => {
    expect((await pack("hat", "p-hat")).status).toBe(0);
    expect((await pack("hat", "p-hat")).status).toBe(0);
    const filled = readFileSync(at("p-hat/config.yaml"), "utf8").replace("First Last", "Ada Lovelace");
    writeFileSync(at("p-hat/config.yaml"), filled);
    expect((await pack("hat", "p-hat")).status).toBe(2);
    expect(readFileSync(at("p-hat/config.yaml"), "utf8")).toBe(filled);
    // what an earlier package had at another spacing does not stay to be found
    expect((await pack("hat", "p-hat", "--replace", "--voxel-spacing", "7.84")).status).toBe(0);
    expect(readdirSync(at("p-hat/10052", C))).toEqual(["VoxelSpacing7.840"]);
  });

  it("wants to know what an unexplained label shows", async () => {
    const asked = await pack("tp", "p-tp");
    expect([asked.status, codesOf(asked.report)]).toEqual([2, ["CONFIG_FIELD"]]);
    expect(existsSync(at("p-tp"))).toBe(false);
    expect((await pack("tp", "p-tp", "--object", "tubular thing", "--object-id", "GO:0005575")).status).toBe(0);
    expect(await isAccepted("p-tp/config.yaml")).toBe(true);
    expect((await pack("tp", "p-tp-2", "--object-id", "GO:0005575")).status).toBe(2);
  });

  it("takes no batch that is none, is damaged, or has no run in the tree", async () => {
    expect((await pack("nowhere", "p-x")).status).toBe(1);
    expect((await pack("hat", "hat")).status).toBe(2);
    put(at("tree/10052/other/run_metadata.json"), "{}");
    const absent = await pack("hat", "p-x", "--tree", at("tree"));
    expect([absent.status, codesOf(absent.report)]).toEqual([1, ["NO_MATCH"]]);
    const [file] = readdirSync(at("hat/10052"));
    writeFileSync(at("hat/10052", file!), "no model");
    expect((await pack("hat", "p-x")).err).toContain("is not what was collected");
    expect(existsSync(at("p-x"))).toBe(false);
  });
});
