import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { A_NAME, writeFixtureA } from "./catalog-fixtures.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-catalog-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ID = "FRAMES-2005-06-09-20-00-00-1000";

function emporium(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "catalog", ...words], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, EMPORIUM_WORKSPACE: "", EMPORIUM_DATABASE_URL: "" },
  });
  return { status, out: stdout, err: stderr };
}

beforeAll(async () => {
  await writeFixtureA(folder);
  mkdirSync(join(folder, "storage"));
  writeFileSync(join(folder, "files.csv"), `dataset_id,file_name,description\n${ID},${A_NAME},Testing\n`);
  const config = {
    upload_type: "frames",
    frames_format: "tif_id",
    microscope: "Leica",
    filename_parser: "parse_ml_name",
    storage: "./storage",
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
});

describe("the microscopy catalogue as programs", () => {
  it("14, 24, 27, 30: upload, query, download, verify, on the embedded database", () => {
    const uploaded = emporium("upload", "--csv", "files.csv", "--config", "config.json", "--nbr_workers", "2", "--json");
    // how far it is, which a busy machine has time to say
    expect([uploaded.status, uploaded.err.replace(/^ *\d+% .*\n/gm, "")]).toEqual([0, ""]);
    expect(JSON.parse(uploaded.out)).toMatchObject({
      status: "done",
      datasets: [{ id: ID, status: "uploaded", frames: 6 }],
      errors: [],
    });
    expect(emporium("query", "--project_id", "FRAMES").out).toBe(`Number of datasets matching your query: 1\n0 ${ID}\n`);
    expect(emporium("query", "--start_date", "2005-06-10").out).toBe("Number of datasets matching your query: 0\n");
    const downloaded = emporium("download", "--id", ID, "--dest", "dest", "--storage", "local", "--storage_access", "./storage");
    expect(downloaded.status, downloaded.err).toBe(0);
    const names = readdirSync(join(folder, "dest", ID));
    expect(names.filter((name) => name.endsWith(".png"))).toHaveLength(6);
    expect(names).toEqual(expect.arrayContaining(["frames_meta.csv", "global_metadata.json"]));
    expect(readFileSync(join(folder, "dest", ID, "frames_meta.csv"), "utf8").split("\n")).toHaveLength(8);
    expect(emporium("verify", "--storage", "storage").status).toBe(0);
    expect(emporium("upload", "--csv", "files.csv", "--config", "config.json").status).toBe(2);
    expect(emporium("upload", "--csv", "files.csv", "--config", "config.json", "--overwrite").status).toBe(0);
  });

  it("(34.26) an upload that is killed as its last word is read has been done: the same command says so, and ends well", async () => {
    const id = ID.replace("1000", "1001");
    writeFileSync(join(folder, "killed.csv"), `dataset_id,file_name,description\n${id},${A_NAME},Testing\n`);
    const words = ["upload", "--csv", "killed.csv", "--config", "config.json", "--json"];
    const env = { ...process.env, EMPORIUM_WORKSPACE: "", EMPORIUM_DATABASE_URL: "" };
    const child = spawn(process.execPath, [program, "catalog", ...words], { cwd: folder, env });
    const ended = once(child, "exit");
    child.stdout.once("data", () => child.kill("SIGKILL"));
    expect(await ended).toEqual([null, "SIGKILL"]);
    const again = emporium(...words);
    expect([again.status, JSON.parse(again.out).datasets]).toEqual([0, [expect.objectContaining({ id, status: "already" })]]);
    expect(emporium(...words).status, "what ended well is refused, as before").toBe(2);
  });

  it("(34.26) what a table had done before one of its lines failed is recognised when the same command is given again", () => {
    const [good, bad] = ["1002", "1003"].map((number) => ID.replace("1000", number));
    writeFileSync(
      join(folder, "half.csv"),
      `dataset_id,file_name,description\n${good},${A_NAME},Testing\n${bad},A1_2_PROTEIN_late.tif,Testing\n`,
    );
    const words = ["upload", "--csv", "half.csv", "--config", "config.json", "--json"];
    const statuses = (out: string) =>
      (JSON.parse(out) as { datasets: { status: string }[] }).datasets.map(({ status }) => status);
    const first = emporium(...words);
    expect([first.status === 0, statuses(first.out).sort()]).toEqual([false, ["failed", "uploaded"]]);
    cpSync(join(folder, A_NAME), join(folder, "A1_2_PROTEIN_late.tif"));
    const second = emporium(...words);
    expect([second.status, statuses(second.out)], second.err).toEqual([0, ["already", "uploaded"]]);
  });

  it("seam 26: a download that chose nothing names the command that shows what there is, and it does", () => {
    const nothing = emporium("download", "--id", ID, "--dest", "x", "--storage", "storage", "-c", "DAPI");
    expect(nothing.status).toBe(1);
    const hint = /hint: emporium catalog (query --id \S+) shows its channels, slices, times and positions\n/.exec(nothing.err);
    const shown = emporium(...hint![1]!.split(" "));
    // fixture A: an ImageJ stack of 2 channels without names, 3 slices of 10 x 15 pixels
    expect(shown.out).toMatch(/^FRAMES-2005-06-09-20-00-00-1000\n/);
    expect(shown.out).toMatch(/^ {2}frames +6 of 15×10, uint16$/m);
    expect(shown.out).toMatch(/^ {2}channels +0, 1\n {2}slices +0-2\n {2}times +0\n {2}positions +0$/m);
    expect(JSON.parse(emporium(...hint![1]!.split(" "), "--json").out)).toMatchObject({
      count: 1,
      datasets: [{ dataset_serial: ID, slices: [0, 1, 2], times: [0], positions: [0], framesGlobal: { nbr_frames: 6 } }],
    });
    expect(emporium("query", "--id", ID.replace("1000", "9999")).status).toBe(1);
    expect(emporium("query", "--id", ID, "--microscope", "Leica").status).toBe(2);
  });

  it.each<[string, string[], RegExp]>([
    ["no table", ["upload", "--config", "config.json"], /needs --csv FILE/],
    ["a table that is not there", ["upload", "--csv", "none.csv", "--config", "config.json"], /none\.csv does not exist/],
    ["no workers", ["upload", "--csv", "files.csv", "--config", "config.json", "--nbr-workers", "-1"], /from 1/],
    [
      "a storage that is not mounted",
      ["upload", "--csv", "files.csv", "--config", "config.json", "--storage", "none"],
      /does not exist, or is not a folder/,
    ],
    ["no id", ["download", "--id", "Not-a-serial", "--dest", "x", "--storage", "storage"], /3 parts between dashes/],
    [
      "nothing to do",
      ["download", "--id", ID, "--dest", "x", "--storage", "storage", "--no-metadata", "--no-download"],
      /--no-metadata and --no-download leave nothing to do/,
    ],
    ["dates in the wrong order", ["query", "--start-date", "2018-06-17", "--end-date", "2018-06-15"], /is later than/],
    ["a date that is none", ["query", "--start-date", "2018-13-17"], /a date as/],
    ["a filter that is none", ["query", "--where", "1 = 1; drop table x"], /--where/],
    ["a storage twice", ["verify", "--storage", "storage", "--storage-access", "x"], /leave --storage-access out/],
    [
      "a parser module without a parser",
      ["upload", "--csv", "files.csv", "--config", "config.json", "--parser-module", "config.json"],
      /--parser-module/,
    ],
  ])("wrong usage, nothing touched: %s", (_, words, message) => {
    const { status, err, out } = emporium(...words);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
    expect(existsSync(join(folder, "x"))).toBe(false);
  });

  it("what is not found: 1", () => {
    const { status, err } = emporium(
      "download",
      "--id",
      "FRAMES-2005-06-09-20-00-00-9999",
      "--dest",
      "x",
      "--storage",
      "storage",
    );
    expect([status, /there is no data set/.test(err), existsSync(join(folder, "x"))]).toEqual([1, true, false]);
  });
});
