import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { model, sidecar, tomogram } from "../../../../examples/archive/model.mjs";
import { asAnotherUser, mayBeAnother } from "../../../../test/another-user.js";
import { type Clock, systemClock } from "../../../core/clock.js";
import type { ArchiveFile } from "./archive.js";
import { inventoryFolder } from "./inventory-files.js";
import { scanArchive } from "./scan.js";
import { scanReport } from "./scan-report.js";

let base: string;
let root: string;
let workspace: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "emporium-scan-"));
  root = join(base, "drive");
  workspace = join(base, "work");
  mkdirSync(root);
});
afterEach(() => {
  chmodSync(root, 0o755);
  rmSync(base, { recursive: true, force: true });
});

const LONG_AGO = new Date("2019-05-25T10:00:00Z");

function write(path: string, body: Uint8Array | string = "x"): void {
  const target = join(root, path);
  mkdirSync(join(target, ".."), { recursive: true });
  writeFileSync(target, body);
}

/** The inventory's clock is ahead of the disk's, so that folders that were just made count as old ones. */
const clock: Clock = { ...systemClock, now: () => Date.now() + 60_000 };

async function files(options: Partial<Parameters<typeof scanArchive>[1]> = {}): Promise<Map<string, ArchiveFile>> {
  const archive = await scanArchive([root], { workspace, jobs: 2, clock, ...options });
  const found = new Map<string, ArchiveFile>();
  for await (const folder of archive.folders())
    for (const file of folder.files) found.set(file.path.slice(root.length + 1), file);
  return found;
}

describe("an inventory", () => {
  it("has every file with size, time and kind, in the order of paths", async () => {
    write("s/b/raw.st", tomogram([4, 4, 2], 5, 1));
    write("s/a/mka2019-05-25-10/MS.mod", model({ name: "MS", max: [4, 4, 2], points: [[1, 2, 1]] }));
    write("s/a/mka2019-05-25-10/._MS.mod", sidecar());
    write("s/a-/empty.txt", "");
    utimesSync(join(root, "s/b/raw.st"), LONG_AGO, LONG_AGO);
    const found = await files();
    expect([...found.keys()]).toEqual([
      "s/a/mka2019-05-25-10/._MS.mod",
      "s/a/mka2019-05-25-10/MS.mod",
      "s/a-/empty.txt",
      "s/b/raw.st",
    ]);
    expect([...found.values()].map(({ kind }) => kind)).toEqual(["sidecar", "model", "trash", "tilt"]);
    expect(found.get("s/b/raw.st")).toMatchObject({ size: 1056, mtimeUs: LONG_AGO.getTime() * 1000 });
    expect(found.get("s/b/raw.st")!.head).toEqual({ format: "mrc", shape: [2, 4, 4], mode: 0, voxel: [5, 5, 5] });
    expect(found.get("s/a/mka2019-05-25-10/MS.mod")!.head).toMatchObject({
      format: "mod",
      objects: 1,
      contours: 1,
      points: 1,
      max: [4, 4, 2],
    });
  });

  it("is the same file for any number of threads", async () => {
    for (let at = 0; at < 300; at++) write(`s${at % 7}/r${at}/f${at % 3}.mod`, String(at));
    const listings: string[] = [];
    for (const jobs of [1, 3]) {
      const place = join(base, `work-${jobs}`);
      await scanArchive([root], { workspace: place, jobs });
      const folder = inventoryFolder(place, root);
      listings.push(readFileSync(join(folder, "listing-1.ndjson"), "utf8"));
    }
    expect(listings[1]).toBe(listings[0]);
  });

  it("leaves the sources as they are: names, bytes and all times but that of reading", async () => {
    write("s/a/MS.mod", model({ name: "MS", max: [4, 4, 2] }));
    write("s/raw.st", tomogram([4, 4, 2], 5, 1));
    symlinkSync("s", join(root, "link"));
    const state = () =>
      readdirSync(root, { recursive: true, encoding: "utf8" })
        .sort()
        .map((path) => {
          const { mode, size, mtimeMs, ctimeMs, ino } = lstatSync(join(root, path));
          return [path, mode, size, mtimeMs, ctimeMs, ino];
        });
    const before = state();
    await files();
    await files({ full: true });
    expect(state()).toEqual(before);
  });

  it("of a folder that nobody may write is taken", async () => {
    write("s/a/MS.mod", model({ name: "MS", max: [4, 4, 2] }));
    chmodSync(join(root, "s/a"), 0o555);
    chmodSync(root, 0o555);
    expect([...(await files()).keys()]).toEqual(["s/a/MS.mod"]);
    chmodSync(join(root, "s/a"), 0o755);
  });

  it("refuses a workspace or an index inside of what is scanned", async () => {
    await expect(scanArchive([root], { workspace: join(root, "deep/.emporium") })).rejects.toMatchObject({ code: "USAGE" });
    await expect(scanReport([root], { workspace, out: join(root, "archive.json") })).rejects.toMatchObject({ code: "USAGE" });
    expect(readdirSync(root)).toEqual([]);
  });

  it("refuses what is no folder, before it begins", async () => {
    write("file");
    for (const dir of [join(root, "file"), join(root, "nowhere"), "s3://bucket/x"])
      await expect(scanArchive([root, dir], { workspace })).rejects.toMatchObject({ code: "USAGE" });
    expect(existsSync(workspace)).toBe(false);
  });

  it("scans a folder inside another one once", async () => {
    write("s/a/MS.mod");
    const archive = await scanArchive([join(root, "s"), root, root], { workspace });
    expect(archive.roots.map(({ path }) => path)).toEqual([root]);
  });
});

describe("odd names and things", () => {
  it("links are noted and not followed, also in a circle", async () => {
    write("s/a/MS.mod", model({ name: "MS", max: [4, 4, 2] }));
    symlinkSync("..", join(root, "s/up"));
    symlinkSync("MS.mod", join(root, "s/a/again.mod"));
    symlinkSync("self", join(root, "s/self"));
    symlinkSync("/nowhere/at/all", join(root, "s/gone.mod"));
    execFileSync("mkfifo", [join(root, "s/pipe.mod")]);
    const found = await files();
    const flags = Object.fromEntries([...found].map(([path, { hygiene }]) => [path, hygiene]));
    expect(flags).toEqual({
      "s/a/MS.mod": ["empty-model"],
      "s/a/again.mod": ["link"],
      "s/gone.mod": ["broken-link"],
      "s/pipe.mod": ["special"],
      "s/self": ["broken-link"],
      "s/up": ["link"],
    });
  });

  it("names that are no UTF-8 are kept byte by byte, and their heads are read", async () => {
    const folder = Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xe9)]);
    mkdirSync(folder);
    writeFileSync(
      Buffer.concat([folder, Buffer.from("/"), Buffer.of(0xff), Buffer.from(".mod")]),
      model({ name: "MS", max: [4, 4, 2] }),
    );
    const found = await files();
    expect([...found]).toMatchObject([["\udce9/\udcff.mod", { hygiene: ["empty-model", "not-utf8"], head: { format: "mod" } }]]);
    const out = join(base, "archive.csv");
    await scanReport([root], { workspace, out });
    expect(readFileSync(out).includes(Buffer.of(0xff, 0x2e, 0x6d, 0x6f, 0x64))).toBe(true);
  });

  it("spellings of one name are told from capitals", async () => {
    for (const name of ["\u00e9.mod", "e\u0301.mod", "MS.mod", "ms.mod", "hat.mod", "plain.txt"]) write(`s/${name}`);
    if (readdirSync(join(root, "s")).length < 6) return; // a disk that folds names cannot hold them
    const found = await files({ heads: "none" });
    const flags = Object.fromEntries([...found].map(([path, { hygiene }]) => [path.slice(2).normalize("NFD"), hygiene]));
    expect(flags).toEqual({
      "e\u0301.mod": ["unicode-twin"],
      "MS.mod": ["case-twin"],
      "ms.mod": ["case-twin"],
      "hat.mod": [],
      "plain.txt": [],
    });
  });

  it("sidecars are known by name and by content, orphans by what is missing", async () => {
    const ms = model({ name: "MS", max: [4, 4, 2], points: [[1, 1, 1]] });
    write("a/MS.mod", ms);
    write("a/._MS.mod", sidecar());
    write("a/._gone.mod", sidecar());
    write("a/.AppleDouble/MS.mod", sidecar());
    write("a/single.rec", Uint8Array.of(0, 5, 0x16, 0, 0, 2, 0, 0, 0, 0));
    write("a/_odd.mod", Uint8Array.of(0, 5, 0x16, 7, 0, 9, 0, 0));
    const found = await files();
    const facts = Object.fromEntries([...found].map(([path, { kind, hygiene }]) => [path, [kind, ...hygiene]]));
    expect(facts).toEqual({
      "a/.AppleDouble/MS.mod": ["sidecar", "appledouble"],
      "a/._MS.mod": ["sidecar", "appledouble"],
      "a/._gone.mod": ["sidecar", "appledouble", "orphan"],
      "a/MS.mod": ["model"],
      "a/_odd.mod": ["model", "not-imod"],
      "a/single.rec": ["sidecar", "appledouble"],
    });
  });

  it("a folder that cannot be reached is told, and all others are done", async () => {
    write("near/MS.mod");
    // names of 200 bytes until the path is longer than the system takes
    const deep = `import { mkdirSync } from "node:fs"; process.chdir(process.argv[1]); for (let i = 0; i < 25; i++) { const name = "d".repeat(200); mkdirSync(name); process.chdir(name); }`;
    execFileSync(process.execPath, ["--input-type=module", "-e", deep, root]);
    const report = await scanReport([root], { workspace });
    expect(report.exitStatus).toBe(3);
    expect(report.errors).toMatchObject([{ code: "NAME_UNSAFE" }]);
    expect(report.kinds).toEqual({ model: 1 });
    execFileSync("rm", ["-rf", root]);
    mkdirSync(root);
  });

  it.skipIf(!mayBeAnother(process.cwd()))(
    "a folder that may not be read is told, and asked again by the next scan (as root: in a clone that others may read)",
    async () => {
      write("a/MS.mod");
      write("b/MS.mod");
      mkdirSync(workspace, { recursive: true });
      chmodSync(join(root, "a"), 0);
      const report = await asAnotherUser([base, workspace], () => scanReport([root], { workspace }));
      expect([report.exitStatus, report.errors.map(({ code }) => code), report.kinds]).toEqual([
        3,
        ["STORE_DENIED"],
        { model: 1 },
      ]);
      chmodSync(join(root, "a"), 0o755);
      expect((await asAnotherUser([], () => scanReport([root], { workspace }))).kinds).toEqual({ model: 2 });
    },
  );
});

describe("a scan again", () => {
  const totals = async (options = {}) => {
    const { done } = await scanArchive([root], { workspace, jobs: 2, clock, ...options });
    const { head, headTotals } = done[0]!;
    return { folders: head.totals.folders, reused: head.totals.reused, files: head.totals.files, read: headTotals.read };
  };
  beforeEach(() => {
    for (const run of ["a", "b", "c"]) write(`s/${run}/MS.mod`, model({ name: "MS", max: [4, 4, 2] }));
  });

  it("of folders that were just made looks at them once more, and reads no head twice", async () => {
    expect(await totals({ clock: systemClock })).toEqual({ folders: 5, reused: 0, files: 3, read: 3 });
    expect(await totals()).toEqual({ folders: 5, reused: 0, files: 3, read: 0 });
  });

  it("takes over folders whose times are the same", async () => {
    await totals();
    expect(await totals()).toEqual({ folders: 5, reused: 5, files: 3, read: 0 });
    expect(await totals({ full: true })).toEqual({ folders: 5, reused: 0, files: 3, read: 0 });
  });

  it("sees what came, went and moved", async () => {
    await totals();
    write("s/b/hat.mod", model({ name: "hat", max: [4, 4, 2] }));
    renameSync(join(root, "s/c"), join(root, "s/d"));
    rmSync(join(root, "s/a/MS.mod"));
    const found = await files();
    expect([...found.keys()]).toEqual(["s/b/MS.mod", "s/b/hat.mod", "s/d/MS.mod"]);
  });

  it("reads the head of a file that was written anew", async () => {
    await totals();
    write("s/a/MS.mod", model({ name: "MS", max: [4, 4, 2], points: [[1, 1, 1]] }));
    const found = await files({ full: true });
    expect(found.get("s/a/MS.mod")!.head).toMatchObject({ points: 1 });
  });

  it("without heads keeps those that are known", async () => {
    await totals();
    expect(await totals({ heads: "none" })).toMatchObject({ read: 0 });
    expect((await files({ heads: "none" })).get("s/a/MS.mod")!.head).toMatchObject({ format: "mod" });
  });

  it("goes on from what a killed one has left, wherever it was cut off", async () => {
    await totals();
    const folder = inventoryFolder(workspace, root);
    const whole = readFileSync(join(folder, "listing-1.ndjson"), "utf8");
    const expected = [...(await files()).keys()];
    for (let cut = 0; cut <= whole.length; cut += 97) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "walk-1-0.ndjson"), whole.slice(0, cut));
      const { reused, files: count } = await totals();
      expect([reused, count]).toEqual([whole.slice(0, cut).split("\n").length - 1, 3]);
      expect([...(await files()).keys()]).toEqual(expected);
    }
  });

  it("does not trust a damaged inventory", async () => {
    await totals();
    const folder = inventoryFolder(workspace, root);
    const [listing] = readdirSync(folder).filter((name) => name.startsWith("listing-"));
    truncateSync(join(folder, listing!), 40);
    expect((await files()).size).toBe(3);
    writeFileSync(join(folder, "inventory.json"), "{");
    expect((await files()).size).toBe(3);
    appendFileSync(
      join(folder, "walk-77-0.ndjson"),
      '{"p":"s/a","m":1,"c":1,"t":[9,9,9],"d":[],"e":[["x",1,1]]}\n[]\nnull\n"x"\n',
    );
    expect((await files()).size).toBe(3);
  });

  it("leaves nothing but the inventory behind", async () => {
    await totals();
    await totals();
    expect(readdirSync(inventoryFolder(workspace, root)).sort()).toEqual(["inventory.json", "listing-2.ndjson", "table-2.bin"]);
  });
});

describe("what a scan reports", () => {
  it("(34.29) counts kinds and runs, lists averages by object and run, and writes the index in both forms", async () => {
    const run = "compute/TomoDB1_d1/P1/Hpylori_x/mka2019-05-25-10";
    write(`${run}/MS.mod`, model({ name: "MS", max: [4, 4, 2], points: [[1, 1, 1]] }));
    write(`${run}/PEET/run2/f_AvgVol_4P60.mrc`, tomogram([4, 4, 4], 8, 1));
    write(`${run}/PEET/run2/f_AvgVol_4P120.mrc`, tomogram([4, 4, 4], 8, 1));
    write(`${run}/PEET/run2/f_AvgVol_3P500.mrc`, tomogram([4, 4, 4], 8, 1));
    write(`${run}/PEET/run2/f_MOTL_Tom1_Iter4.csv`, "CCC\n");
    write(`${run}/=1+1, "odd".txt`);
    const out = join(base, "archive.json");
    const report = await scanReport([root], { workspace, out });
    expect(report).toMatchObject({
      kinds: { model: 1, peet: 4, aux: 1 },
      runs: { names: 1, folders: 1 },
      drives: { TomoDB1_d1: { files: 6, runs: 1 } },
      averages: [
        {
          object: "f",
          folder: join(root, run, "PEET/run2"),
          run: "mka2019-05-25-10",
          iteration: 4,
          particles: 120,
          voxel_size: 8,
        },
      ],
      errors: [],
      exitStatus: 0,
    });
    expect(report.toText().split("\n")).toContain("PEET average: f of mka2019-05-25-10, iteration 4, 120 particles");
    const entries = JSON.parse(readFileSync(out, "utf8")) as Record<string, unknown>[];
    expect(entries.map(({ name }) => name)).toEqual([
      '=1+1, "odd".txt',
      "MS.mod",
      "f_AvgVol_3P500.mrc",
      "f_AvgVol_4P120.mrc",
      "f_AvgVol_4P60.mrc",
      "f_MOTL_Tom1_Iter4.csv",
    ]);
    expect(entries[1]).toMatchObject({
      drive: "TomoDB1_d1",
      path: join(root, run, "MS.mod"),
      dir: join(root, run),
      ext: ".mod",
      kind: "model",
      run: "mka2019-05-25-10",
      species: "Hpylori",
      label: "MS",
      model: { objects: 1, contours: 1, points: 1, slicer_angles: 0, max: [4, 4, 2], pixel_size: 10 },
    });
    const csv = join(base, "archive.csv");
    await scanReport([root], { workspace, out: csv });
    const [header, first] = readFileSync(csv, "utf8").split("\n");
    expect(header).toMatch(/^drive,path,dir,name,ext,size,mtime,kind,run,species,label,hygiene,/);
    expect(first).toContain(`"'=1+1, ""odd"".txt"`);
  });
});
