import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { model, tomogram } from "../../../../examples/archive/model.mjs";
import { withFaults } from "../../../../test/faults/store-faults.js";
import { EmporiumError } from "../../../core/errors.js";
import { checkKey } from "../../../stores/keys.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { decodePath, encodePath } from "../inventory/path-bytes.js";
import { listBatches, setBatch } from "../ledger/batches.js";
import { collectBatch } from "./collect.js";
import { parseManifest } from "./manifest.js";
import { foldedName, targetName, withHash } from "./target-names.js";

let base: string;
let root: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "emporium-collect-"));
  root = join(base, "grp_tomo_db1_d3");
  mkdirSync(root);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const SIZE: [number, number, number] = [9, 8, 7];
const drawn = (...points: number[][]) => model({ name: "x", max: SIZE, pixelNm: 1, points });
const [ONE, TWO] = ["mka2019-05-25-10", "mka2019-05-25-11"];

function write(path: string | Buffer, body: Uint8Array = drawn([1, 2, 3])): void {
  const target = Buffer.isBuffer(path) ? Buffer.concat([Buffer.from(`${root}/`), path]) : join(root, path);
  mkdirSync(Buffer.isBuffer(target) ? target.subarray(0, target.lastIndexOf(0x2f)) : dirname(target), { recursive: true });
  writeFileSync(target, body);
}

/** Rows as `run,id,path,dataset`, status matched unless said. */
function matches(...rows: (readonly [run: string, id: string, path: string, dataset: string, status?: string])[]): string {
  const path = join(base, "matching_runs.csv");
  const lines = rows.map(
    ([run, id, rel, dataset, status = "matched"]) => `${run},${run},${id},${join(root, rel)},exact,1,${status},${dataset}`,
  );
  writeFileSync(path, encodePath(`sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id\n${lines.join("\n")}\n`));
  return path;
}

const collect = (options: Partial<Parameters<typeof collectBatch>[1]> = {}, dirs = [root]) =>
  collectBatch(dirs, {
    workspace: join(base, "work"),
    jobs: 1,
    matches: join(base, "matching_runs.csv"),
    label: "MS",
    dest: join(base, "batch"),
    ...options,
  });

const below = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => statSync(join(folder, name)).isFile()).sort();
const batchFiles = (folder = join(base, "batch")) => below(folder).filter((name) => name !== "manifest.json");
const manifest = (folder = join(base, "batch")) => parseManifest(readFileSync(join(folder, "manifest.json")), "manifest.json");
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const codes = ({ errors }: { errors: readonly { code: string }[] }) => errors.map(({ code }) => code);

describe("collecting a batch", () => {
  it("names files by the portal's pattern and says where each is from", async () => {
    write(`s/${ONE}/ms.mod`);
    write(`s/${ONE}/full.rec`, tomogram(SIZE, 10, 1));
    write(`s/${ONE}/half.rec`, tomogram([4, 4, 3], 20, 1));
    write(`s/${TWO}/sub/MS2.mod`, drawn([4, 5, 6]));
    write(`s/${TWO}/hat.mod`);
    write(`s/${TWO}/._MS.mod`);
    matches([ONE, "8538", `s/${ONE}`, "10052"], [TWO, "8539", `s/${TWO}`, "10052"]);
    const report = await collect();
    expect([report.exitStatus, report.errors]).toEqual([0, []]);
    expect(batchFiles()).toEqual([`10052/${ONE}_8538_ms.mod`, `10052/${TWO}_8539_MS2.mod`]);
    expect(manifest()).toMatchObject({ batch: "grp_tomo_db1_d3-MS", label: "MS", drives: ["grp_tomo_db1_d3"] });
    expect(manifest().files[0]).toMatchObject({
      src: join(root, `s/${ONE}/ms.mod`),
      dest: `10052/${ONE}_8538_ms.mod`,
      sha256: sha256(drawn([1, 2, 3])),
      size: drawn([1, 2, 3]).length,
      rule: "exact",
      score: 1,
      model: { points: 1, max: SIZE, pixsize_nm: 1 },
      tomogram: { path: join(root, `s/${ONE}/full.rec`), size_match: true, pixel_match: true },
    });
    // the volumes of the run's folder count for a model below it
    expect(manifest().files[1]!.tomogram.size_match).toBeNull();
  });

  it("again does nothing, and does what is missing or wrong", async () => {
    write(`s/${ONE}/MS.mod`);
    write(`s/${TWO}/MS.mod`, drawn([4, 5, 6]));
    matches([ONE, "1", `s/${ONE}`, "10052"], [TWO, "2", `s/${TWO}`, "10052"]);
    await collect();
    const before = readFileSync(join(base, "batch/manifest.json"));
    expect((await collect()).counts).toMatchObject({ written: 0, present: 2 });
    writeFileSync(join(base, `batch/10052/${ONE}_1_MS.mod`), "something else");
    expect((await collect()).counts).toMatchObject({ written: 1, present: 1 });
    expect(readFileSync(join(base, "batch/manifest.json"))).toEqual(before);
    const { batches } = await listBatches({ workspace: join(base, "work"), history: true });
    expect((batches[0]!.history as unknown[]).length).toBe(2);
  });

  it("keeps apart what would have one name, and takes one content once", async () => {
    write(`a/${ONE}/MS.mod`);
    write(`b/${ONE}/MS.mod`);
    write(`c/${ONE}/MS.mod`, drawn([7, 7, 7]));
    write(`c/${TWO}/MS.mod`);
    write(`c/${TWO}/ms.mod`, drawn([5, 5, 5]));
    matches(...["a", "b", "c"].map((folder) => [ONE, "1", `${folder}/${ONE}`, "10052"] as const), [
      TWO,
      "2",
      `c/${TWO}`,
      "10052",
    ]);
    const report = await collect();
    expect([report.exitStatus, codes(report)]).toEqual([3, ["COLLISION", "COLLISION"]]);
    expect(report.counts).toMatchObject({ files: 4, copies: 1, collisions: 4 });
    for (const { dest, sha256: hash } of manifest().files) {
      expect(dest).toContain(`-${hash.slice(0, 8)}.mod`);
      expect(sha256(readFileSync(join(base, "batch", dest)))).toBe(hash);
    }
    expect(
      manifest()
        .files.map(({ dest }) => dest)
        .sort(),
    ).toEqual(batchFiles());
  });

  it("gives a run of two datasets to both", async () => {
    write(`s/${ONE}/MS.mod`);
    matches([ONE, "1", `s/${ONE}`, "10052"], [ONE, "2", `s/${ONE}`, "10053"]);
    await collect();
    expect(batchFiles()).toEqual([`10052/${ONE}_1_MS.mod`, `10053/${ONE}_2_MS.mod`]);
  });

  it("refuses what another batch holds, unless it has changed or was rejected", async () => {
    write(`s/${ONE}/MS.mod`);
    write(`s/${TWO}/MS.mod`, drawn([4, 5, 6]));
    matches([ONE, "1", `s/${ONE}`, "10052"], [TWO, "2", `s/${TWO}`, "10052"]);
    const work = { workspace: join(base, "work") };
    await collect({ batch: "first" });
    await setBatch("first", { state: "submitted", facts: {} }, work);
    await expect(collect({ batch: "first" })).rejects.toMatchObject({ code: "ALREADY_SUBMITTED" });
    const again = await collect({ batch: "second", dest: join(base, "second") });
    expect([again.exitStatus, codes(again), again.counts.already_submitted]).toEqual([
      3,
      ["ALREADY_SUBMITTED", "ALREADY_SUBMITTED"],
      2,
    ]);
    expect(() => statSync(join(base, "second"))).toThrow();
    write(`s/${TWO}/MS.mod`, drawn([4, 5, 6], [6, 5, 4]));
    utimesSync(join(root, `s/${TWO}`), 1, 1);
    const changed = await collect({ batch: "second", dest: join(base, "second") });
    expect([changed.exitStatus, changed.counts.files, changed.notes.length]).toEqual([3, 1, 1]);
    expect(changed.files[0]).toMatchObject({ portal_run: TWO, changed_since: "first" });
    await setBatch("first", { state: "rejected", facts: {} }, work);
    expect((await collect({ batch: "third", dest: join(base, "third") })).counts).toMatchObject({
      files: 1,
      already_submitted: 1,
    });
    // what has gone into another batch since does not come back with the one that was rejected
    await setBatch("first", { state: "draft", facts: {} }, work).then(
      () => expect.unreachable(),
      (error: unknown) => expect(error).toMatchObject({ code: "ALREADY_SUBMITTED" }),
    );
  });

  it("numbers the next batch of drives that were sent", async () => {
    write(`s/${ONE}/MS.mod`);
    matches([ONE, "1", `s/${ONE}`, "10052"]);
    const { batch } = await collect();
    await setBatch(batch, { state: "submitted", facts: {} }, { workspace: join(base, "work") });
    write(`s/${ONE}/MS.mod`, drawn([1, 1, 1]));
    expect((await collect({ dest: join(base, "next"), full: true })).batch).toBe(`${batch}-2`);
  });

  it("lists damaged models, rows without ids and undecided folders, and does the rest", async () => {
    write(`s/${ONE}/MS.mod`);
    write(`s/${TWO}/MS.mod`, drawn([1, 2, 3]).subarray(0, 300));
    write("s/mka2019-05-25-12/MS.mod");
    write("s/mka2019-05-25-13/MS.mod");
    write("s/mka2019-05-25-14/MS.mod", model({ name: "empty", max: SIZE }));
    matches(
      [ONE, "1", `s/${ONE}`, "10052"],
      [TWO, "2", `s/${TWO}`, "10052"],
      ["mka2019-05-25-12", "", "s/mka2019-05-25-12", ""],
      ["mka2019-05-25-13", "4", "s/mka2019-05-25-13", "10052", "ambiguous"],
      ["mka2019-05-25-14", "5", "s/mka2019-05-25-14", "10052"],
    );
    const report = await collect();
    expect([report.exitStatus, codes(report)]).toEqual([3, ["TRUNCATED", "AMBIGUOUS", "CONFIG_FIELD"]]);
    expect(report.counts).toMatchObject({ files: 1, empty: 1 });
  });

  it("looks ids up in a list of runs, and guesses none", async () => {
    write(`s/${ONE}/MS.mod`);
    write(`s/${TWO}/MS.mod`, drawn([4, 5, 6]));
    const table = join(base, "matching_runs.csv");
    writeFileSync(table, `sc_run_name,CZI_run_name,CZI_run_id\n${ONE},${ONE},8538\n${TWO},${TWO},\n`);
    const runs = join(base, "runs.json");
    writeFileSync(
      runs,
      JSON.stringify([
        { id: 8538, name: ONE, dataset: { id: 10052 } },
        { id: 1, name: TWO, dataset: { id: 10052 } },
        { id: 2, name: TWO, dataset: { id: 10053 } },
      ]),
    );
    const report = await collect({ runs });
    expect(codes(report)).toEqual(["AMBIGUOUS"]);
    expect(batchFiles()).toEqual([`10052/${ONE}_8538_MS.mod`]);
  });

  it("says so where there is nothing, and writes nothing", async () => {
    write(`s/${ONE}/hat.mod`);
    matches([ONE, "1", `s/${ONE}`, "10052"]);
    const report = await collect();
    expect([report.exitStatus, codes(report)]).toEqual([1, ["NO_MATCH"]]);
    expect(() => statSync(join(base, "batch"))).toThrow();
    await expect(collect({ label: "clusterElong" })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("writes nothing with --dry-run, and never below a source", async () => {
    write(`s/${ONE}/MS.mod`);
    matches([ONE, "1", `s/${ONE}`, "10052"]);
    const before = below(root);
    expect(await collect({ dryRun: true })).toMatchObject({
      exitStatus: 0,
      counts: { files: 1 },
      files: [{ action: "would write" }],
    });
    expect(readdirSync(base).filter((name) => name === "batch")).toEqual([]);
    expect((await listBatches({ workspace: join(base, "work") })).batches).toEqual([]);
    await expect(collect({ dest: join(root, "batch") })).rejects.toMatchObject({ code: "USAGE" });
    // a link leads into the source as well
    mkdirSync(join(base, "linked"));
    symlinkSync(root, join(base, "linked/10052"));
    await expect(collect({ dest: join(base, "linked") })).rejects.toMatchObject({ code: "USAGE" });
    await collect();
    await expect(collect({ batch: "other" })).rejects.toMatchObject({ code: "USAGE" });
    expect(below(root)).toEqual(before);
  });

  it("(34.silence) removes what an earlier collection of the same batch had and this one has not, and says so", async () => {
    write(`s/${ONE}/MS.mod`);
    write(`s/${TWO}/MS.mod`, drawn([4, 5, 6]));
    matches([ONE, "1", `s/${ONE}`, "10052"], [TWO, "2", `s/${TWO}`, "10052"]);
    await collect();
    matches([ONE, "1", `s/${ONE}`, "10052"]);
    const report = await collect();
    expect(report.counts).toMatchObject({ files: 1, removed: 1, present: 1 });
    // (34.silence) a removed file is told in words too
    expect(report.toText().split("\n")).toContain("removed: 1 file that this batch had before, and has no more");
    expect(batchFiles()).toEqual([`10052/${ONE}_1_MS.mod`]);
  });

  it("takes names that a disk allows: line ends, signs, bytes that are no text, 255 of them", async () => {
    const names = [
      "MS.mod",
      "MS\n1.mod",
      "-MS 2.mod",
      "MS\\..\\3.mod",
      "MS\u202e4.mod",
      `${"é".repeat(120)}.mod`,
      "ms $(id) `x` 'y'.mod",
      "MS%2e%2e.mod",
    ];
    const vocabulary = join(base, "v.yaml");
    const stems = names.map((name) => name.replace(/\.mod$/, ""));
    writeFileSync(vocabulary, JSON.stringify({ labels: [{ name: "MS", aliases: stems.slice(1) }] }));
    for (const [at, name] of names.entries()) write(`s/${ONE}/${name}`, drawn([at, 1, 1]));
    write(Buffer.concat([Buffer.of(0xff, 0x2f), Buffer.from(`${TWO}/MS.mod`)]), drawn([8, 1, 1]));
    matches([ONE, "1", `s/${ONE}`, "10052"], [TWO, "2", `\udcff/${TWO}`, "10052"]);
    const report = await collect({ vocabulary });
    const written = batchFiles();
    expect(written).toHaveLength(report.counts.files);
    expect([report.counts.files, codes(report)]).toEqual([names.length + 1, []]);
    for (const name of written) expect(name).toMatch(/^10052\/mka2019-05-25-1[01]_[12]_[^/\n\\]+\.mod$/);
    expect(readdirSync(base).sort()).toEqual(["batch", "grp_tomo_db1_d3", "matching_runs.csv", "v.yaml", "work"]);
    for (const { src, dest } of manifest().files)
      expect(readFileSync(join(base, "batch", dest))).toEqual(readFileSync(encodePath(src)));
  });

  it("ends with the same batch after a death or a failure on the way", async () => {
    for (const [at, run] of [ONE, TWO].entries()) write(`s/${run}/MS.mod`, drawn([at, 2, 3]));
    matches([ONE, "1", `s/${ONE}`, "10052"], [TWO, "2", `s/${TWO}`, "10052"]);
    const treeOf = async (store: ReturnType<typeof memoryStore>) => {
      const tree: Record<string, string> = {};
      for await (const { key } of store.list("")) if (key !== "manifest.json") tree[key] = sha256((await store.read(key))!);
      return tree;
    };
    const whole = memoryStore();
    const counted = withFaults(whole, {});
    await collect({ target: counted, workspace: join(base, "work-0") });
    const expected = await treeOf(whole);
    const steps = counted.plan.log.length;
    expect(steps).toBeGreaterThan(7);
    for (let step = 1; step <= steps; step += process.env.EMPORIUM_THOROUGH ? 1 : 3) {
      const store = memoryStore();
      const workspace = join(base, `work-${step}`);
      const full = new EmporiumError("DISK_FULL", "the disk is full");
      const fate = step % 2 === 0 ? { dieAt: step, when: "after" as const } : { failAt: step, error: () => full };
      const died = await collect({ target: withFaults(store, fate), workspace }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(died, `step ${step}`).toBeInstanceOf(Error);
      expect((await collect({ target: store, workspace })).exitStatus).toBe(0);
      expect(await treeOf(store), `step ${step}`).toEqual(expected);
    }
  });
});

describe("names of collected files", () => {
  const run = { name: ONE, id: "8538", datasetId: "10052" };

  it("are the pattern's, and the hash of a content stands before the ending", () => {
    expect(targetName(run, "MS.mod")).toEqual({ dest: `10052/${ONE}_8538_MS.mod`, cut: false });
    expect(withHash(`10052/${ONE}_8538_MS.mod`, "0123456789abcdef")).toBe(`10052/${ONE}_8538_MS-01234567.mod`);
    expect(foldedName("É.mod")).toBe(foldedName("e\u0301.MOD"));
    for (const bad of [
      { ...run, name: "../x" },
      { ...run, datasetId: ".." },
      { ...run, datasetId: "a/b" },
      { ...run, id: "1/2" },
      { ...run, name: "x".repeat(240) },
    ])
      expect(() => targetName(bad, "MS.mod")).toThrow(EmporiumError);
  });

  it("are one folder and one file of at most 255 bytes, whatever the disk had", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 251 }), (bytes) => {
        const { dest } = targetName(run, `${decodePath(bytes)}.mod`);
        const last = withHash(dest, "0".repeat(64));
        expect(checkKey(last)).toBe(last);
        expect(last.split("/")).toHaveLength(2);
        expect(Buffer.byteLength(last.split("/")[1]!)).toBeLessThanOrEqual(240);
      }),
    );
  });
});
