import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { model, sidecar } from "../../../../examples/archive/model.mjs";
import { hygieneOfArchive } from "../hygiene/hygiene.js";
import { matchArchive } from "../match/match.js";
import { missingInPortal } from "../missing/missing.js";
import { labelArchive } from "./labels.js";

let base: string;
let root: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "emporium-labels-"));
  root = join(base, "drive");
  mkdirSync(root);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const drawn = model({ name: "x", max: [9, 9, 9], points: [[1, 2, 3]] });
const RUN = "mka2019-05-25-10";

function write(path: string, body: Uint8Array | string = drawn): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, body);
}

function matches(...lines: string[]): string {
  const path = join(base, "matching_runs.csv");
  writeFileSync(path, `${["sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id", ...lines].join("\n")}\n`);
  return path;
}

const count = (options: Partial<Parameters<typeof labelArchive>[1]> = {}) =>
  labelArchive([root], { workspace: join(base, "work"), jobs: 1, ...options });

describe("counting labels", () => {
  it("counts models of matched runs, each file once however folders nest", async () => {
    write(`s/${RUN}/MS.mod`);
    write(`s/${RUN}/sub/${RUN}/hat.mod`);
    write(`s/${RUN}/models/deep/MS.mod`);
    write("s/other/MS.mod");
    const taken = [`s/${RUN}`, `s/${RUN}/sub/${RUN}`].map((path) => `${RUN},${RUN},1,${join(root, path)},exact,1,matched,9`);
    const report = await count({ matches: matches(...taken) });
    expect([report.total, report.labels, report.outside, report.exitStatus]).toEqual([3, { MS: 2, hat: 1 }, 1, 0]);
    const reference = await count({ matches: matches(...taken), compat: true });
    expect(reference.labels).toEqual({ MS: 2, hat: 2 });
  });

  it("(34.30) tells what a compound means, however its words are separated", async () => {
    for (const name of ["MSP", "MSrod", "MS_rod", "MS C", "vesicle"]) write(`s/${RUN}/${name}.mod`);
    const report = await count();
    expect(report.labels).toEqual({ MSP: 1, MSrod: 2, MSC: 1, vesicle: 1 });
    expect(report.meanings).toMatchObject({
      MSP: { meaning: "MS ring, P ring", status: "known" },
      MSrod: { meaning: "MS ring, rod", status: "known" },
      MSC: { meaning: "MS ring and C ring", status: "known" },
    });
    const text = report.toText();
    expect(text.match(/^.*not in the vocabulary$/gm)).toEqual([expect.stringMatching(/^vesicle /)]);
  });

  it("(34.silence) tells how many links have a model's name: only their targets count", async () => {
    write(`s/${RUN}/MS.mod`);
    expect((await count()).toText()).not.toContain("link");
    symlinkSync("MS.mod", join(root, `s/${RUN}/hat.mod`));
    symlinkSync("nowhere", join(root, `s/${RUN}/C.mod`));
    const report = await count({ full: true });
    expect([report.total, report.links, report.exitStatus]).toEqual([1, 2, 0]);
    expect(report.toText()).toContain("2 links with a model's name are not counted");
  });

  it("goes by names where the table has no paths, or none on these drives", async () => {
    write(`s/${RUN}/MS.mod`);
    write("s/mka2019-05-25-11/MS.mod");
    const three = join(base, "three.csv");
    writeFileSync(three, `sc_run_name,CZI_run_name,CZI_run_id\n${RUN},${RUN},7\n`);
    expect((await count({ matches: three })).labels).toEqual({ MS: 1 });
    expect((await count({ matches: matches(`${RUN},${RUN},1,/elsewhere/${RUN},exact,1,matched,9`) })).labels).toEqual({ MS: 1 });
  });

  it("leaves rows out that nobody has accepted", async () => {
    for (const name of ["a", "b", "c", "d"]) write(`${name}/MS.mod`);
    const row = (name: string, status: string) => `${name},${name},1,${join(root, name)},exact,1,${status},9`;
    const table = matches(row("a", "matched"), row("b", "ambiguous"), row("c", "rejected"), row("d", "manual"));
    expect((await count({ matches: table })).total).toBe(2);
  });

  it("seam 35: tells apart what is no annotation, what is no model and what is cut short, in the words of modinfo", async () => {
    write("a/MS.mod");
    write("a/ms2.MOD");
    write("a/rod.mod", model({ name: "rod", max: [9, 9, 9] }));
    write(
      "a/FM.mod",
      model({ name: "FM", max: [9, 9, 9], slicers: [{ angles: [1, 2, 3], center: [4, 5, 6], label: "with words" }] }),
    );
    write("a/._MS.mod", sidecar());
    write("b/hat.mod", sidecar());
    write("a/hat.mod~");
    write("a/pili.mod", "");
    write("a/T4P.mod", "text");
    write("a/TP.mod", drawn.subarray(0, 300));
    write("a/clusterElong.mod");
    write("a/vesicle.mod");
    const csv = join(base, "h.csv");
    const report = await count({ csv });
    expect(report.labels).toEqual({ MS: 2, FM: 1, rod: 1, vesicle: 1 });
    expect(report.classes).toEqual({ annotation: 4, unlisted: 1, automatic: 1, sidecar: 2, backup: 1, empty: 1, unreadable: 2 });
    expect(report.errors.map(({ code, file }) => [code, file])).toEqual([
      ["NOT_IMOD", join(root, "a/T4P.mod")],
      ["TRUNCATED", join(root, "a/TP.mod")],
    ]);
    expect(report.exitStatus).toBe(3);
    expect(readFileSync(csv, "utf8").split("\n").slice(0, 6)).toEqual([
      "drive,label,file_name,class,count,runs,files_with_points,empty",
      "drive,FM,FM.mod,annotation,1,0,1,0",
      "drive,MS,MS.mod,annotation,1,0,1,0",
      "drive,MS,ms2.MOD,annotation,1,0,1,0",
      "drive,rod,rod.mod,annotation,1,0,0,1",
      "drive,vesicle,vesicle.mod,unlisted,1,0,1,0",
    ]);
  });

  it("by drive and species, and where each name lies", async () => {
    const run = (drive: number, species: string) => `grp_tomo_db1_d${drive}/compute/TomoDB1_d${drive}/P1/${species}/${RUN}`;
    write(`${run(1, "Hpylori_x")}/MS.mod`);
    write(`${run(1, "Vibrio cholerae")}/MS.mod`);
    write(`${run(2, "Vibrio cholerae")}/hat.mod`);
    const matrix = join(base, "m.csv");
    const directories = join(base, "lists");
    const table = matches(`${RUN},${RUN},1,${join(root, run(1, "Hpylori_x"))},exact,1,matched,9`);
    const report = await count({ matrix });
    expect(report.matrix).toEqual([
      { drive: "grp_tomo_db1_d1", species: "Hpylori", labels: { MS: 1 } },
      { drive: "grp_tomo_db1_d1", species: "Vibrio", labels: { MS: 1 } },
      { drive: "grp_tomo_db1_d2", species: "Vibrio", labels: { hat: 1 } },
    ]);
    expect(readFileSync(matrix, "utf8")).toBe(
      "drive,species,MS,hat\ngrp_tomo_db1_d1,Hpylori,1,0\ngrp_tomo_db1_d1,Vibrio,1,0\ngrp_tomo_db1_d2,Vibrio,0,1\n",
    );
    await count({ matches: table, directories });
    expect(readFileSync(join(directories, "MS.mod_directories.csv"), "utf8")).toBe(
      `Path,sc_run_name,CZI_run_name\n${join(root, run(1, "Hpylori_x"))},${RUN},${RUN}\n`,
    );
  });

  it("needs the table for the reference's count", async () => {
    await expect(count({ compat: true })).rejects.toMatchObject({ code: "USAGE" });
    await expect(count({ matches: join(base, "none.csv") })).rejects.toMatchObject({ code: "USAGE" });
  });
});

it("a table of matches that is not there is told with the command that writes it", async () => {
  const hint = expect.stringContaining("emporium curate match DIR… writes this table");
  const matches = join(base, "nowhere.csv");
  await expect(count({ matches })).rejects.toMatchObject({ code: "USAGE", facts: { hint } });
  await expect(missingInPortal([root], { workspace: join(base, "work"), matches })).rejects.toMatchObject({ facts: { hint } });
});

describe("what is written", () => {
  it("never lies in the drives", async () => {
    write(`s/${RUN}/MS.mod`);
    const workspace = join(base, "work");
    const runs = join(base, "runs.txt");
    writeFileSync(runs, `${RUN}\n`);
    const out = join(root, "out.csv");
    const matched = join(base, "matches/matching_runs.csv");
    await matchArchive([root], { workspace, runs, out: matched });
    for (const written of [
      () => matchArchive([root], { workspace, runs, out }),
      () => missingInPortal([root], { workspace, matches: matched, out }),
      () => hygieneOfArchive([root], { workspace, plan: out }),
      ...["plot", "csv", "matrix", "directories"].map((option) => () => count({ [option]: out })),
    ])
      await expect(written()).rejects.toMatchObject({
        code: "USAGE",
        message: expect.stringMatching(/^--\w+ .*out\.csv is inside .*drive, which is never written$/),
      });
    expect(readdirSync(root)).toEqual(["s"]);
  });
});

describe("hygiene", () => {
  it("counts findings and writes a script that a shell reads back exactly", async () => {
    write("a/MS.mod");
    write("a/._MS.mod", sidecar());
    write("it's $(odd)\n`x`/.DS_Store", "x");
    write("a/hat.mod~");
    const plan = join(base, "tidy.sh");
    const report = await hygieneOfArchive([root], { workspace: join(base, "work"), plan });
    expect(report.counts).toMatchObject({ appledouble: { files: 1, bytes: 4096 }, desktop: { files: 1 }, backup: { files: 1 } });
    expect([report.removable, report.exitStatus]).toEqual([{ files: 2, bytes: 4097 }, 0]);
    const { execFileSync } = await import("node:child_process");
    const run = (...words: string[]) => execFileSync("sh", [plan, ...words], { encoding: "utf8" });
    expect(run()).toContain(`would remove ${join(root, "it's $(odd)\n`x`/.DS_Store")}\n`);
    expect((await hygieneOfArchive([root], { workspace: join(base, "work"), full: true })).removable.files).toBe(2);
    run("--delete");
    const after = await hygieneOfArchive([root], { workspace: join(base, "work"), full: true });
    expect(Object.keys(after.counts)).toEqual(["backup"]);
  });
});
