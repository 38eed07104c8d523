import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/data.mjs", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "em-data-"));
const sources = join(root, "sources.json");
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const git = (folder: string, ...words: string[]) =>
  execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", ...words], { encoding: "utf8" }).trim();

interface Repository {
  readonly url: string;
  readonly folder: string;
  readonly commit: string;
}

/** A repository of these files and of one more commit after them, as a server that sends parts of commits. */
function repository(name: string, files: Readonly<Record<string, string | Uint8Array>>): Repository {
  const folder = join(root, name);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  git(folder, "init", "--quiet");
  git(folder, "config", "uploadpack.allowFilter", "true");
  git(folder, "config", "uploadpack.allowAnySHA1InWant", "true");
  git(folder, "add", ".");
  git(folder, "commit", "--quiet", "-m", "one");
  const commit = git(folder, "rev-parse", "HEAD");
  for (const path of Object.keys(files)) writeFileSync(join(folder, path), "of a later day");
  git(folder, "commit", "--quiet", "-am", "two");
  return { url: `file://${folder}`, folder, commit };
}

const entry = (path: string, wanted: string | Uint8Array, more: object = {}) => ({
  path,
  bytes: wanted.length,
  sha256: sha256(wanted),
  ...more,
});
function writeSources(...repositories: readonly (Repository & { files: object })[]): void {
  const listed = repositories.map(({ url, commit, files }) => ({ url, commit, licence: "MIT", files }));
  writeFileSync(
    sources,
    JSON.stringify({ repositories: listed, arrays: { "zarr/a/": { shape: [2] } }, absent: [{ what: "own/", why: "ours" }] }),
  );
}

function data(dest: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, "--sources", sources, "--dest", dest, ...words], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return { status, lines: stdout.trim().split("\n") };
}
const read = (dest: string, path: string) => readFileSync(join(dest, path), "utf8");

const METADATA = '{\n  "b": {\n    "size": 5.0\n  },\n  "a": "5 \\u00b5m",\n  "c": [\n    1\n  ]\n}';
const CHOSEN = '{\n  "a": "5 µm",\n  "b": {\n    "size": 5.0\n  }\n}';

describe("(34.0) npm run data", () => {
  let maps: Repository;
  let tables: Repository;
  let ofMaps: object;
  let ofTables: object;

  beforeAll(() => {
    const archive = zipSync({ "in.tif": Buffer.from("a member"), "other.tif": Buffer.from("another") });
    maps = repository("maps", {
      "data/a map.mrc": "a map of 20 bytes...",
      "data/x.zip": archive,
      "data/y.gz": gzipSync("y"),
      large: "not asked for",
    });
    tables = repository("tables", { "t.star": "data_\n1 2\n3 4\n", "facts.json": METADATA });
    ofMaps = {
      "mrc/a.map": entry("data/a map.mrc", "a map of 20 bytes...", { facts: { shape: [1, 2, 3] } }),
      "mrc/cut.map": entry("data/a map.mrc", "a map", { first: 5 }),
      "mrc/broken.map": entry("data/a map.mrc", "X map of 20 bytes...", { set: { 0: "58" } }),
      "tiff/in.tif": entry("data/x.zip", "a member", { member: "in.tif" }),
      "zarr/a/y": entry("data/y.gz", "y", { gunzip: true }),
    };
    ofTables = {
      "more/star/t.star": entry("t.star", "data_\n1 2\n3 4\n", { kind: "star" }),
      "harvest/facts.json": entry("facts.json", CHOSEN, { keys: ["a", "b"] }),
    };
  });

  it("puts each file of a commit, or the part of it that the list asks for, where tests look, with what is known of it", () => {
    writeSources({ ...maps, files: ofMaps }, { ...tables, files: ofTables });
    const dest = join(root, "whole");
    const { status, lines } = data(dest);
    expect([status, lines.length]).toEqual([0, 4]);
    expect(lines.slice(0, 2).sort()).toEqual([`${maps.url}: 5 files fetched (MIT)`, `${tables.url}: 2 files fetched (MIT)`]);
    expect(lines.slice(2)).toEqual([
      `7 of 7 files in ${dest} (7 fetched now)`,
      "in no public repository: own/; tests of them are skipped",
    ]);
    expect(
      ["mrc/a.map", "mrc/cut.map", "mrc/broken.map", "tiff/in.tif", "zarr/a/y", "more/star/t.star", "harvest/facts.json"].map(
        (path) => read(dest, path),
      ),
    ).toEqual(["a map of 20 bytes...", "a map", "X map of 20 bytes...", "a member", "y", "data_\n1 2\n3 4\n", CHOSEN]);
    const facts = JSON.parse(read(dest, "expected.json")) as Record<string, object>;
    expect(Object.keys(facts).sort()).toEqual(["harvest/facts.json", ...Object.keys(ofMaps), "zarr/a/"].sort());
    expect(facts["mrc/a.map"]).toMatchObject({ facts: { shape: [1, 2, 3] }, bytes: 20, licence: "MIT" });
    expect(Object.keys(JSON.parse(read(dest, "more/expected.json")) as object)).toEqual(["star/t.star"]);
    expect(read(dest, "SOURCES.md")).toContain(`| ${maps.url} | ${maps.commit.slice(0, 10)} | MIT | 5 |`);
  });

  it("asks for no more of a repository than the list names", () => {
    writeSources({ ...tables, files: { "t.star": entry("t.star", "data_\n1 2\n3 4\n") } });
    // what the list does not name cannot be sent
    const other = git(tables.folder, "rev-parse", `${tables.commit}:facts.json`);
    const object = join(tables.folder, ".git/objects", other.slice(0, 2), other.slice(2));
    renameSync(object, `${object}.away`);
    expect(data(join(root, "part")).status).toBe(0);
    renameSync(`${object}.away`, object);
  });

  it("says of each repository what could not be had, keeps the rest, and fetches later only what lacks", () => {
    const dest = join(root, "faults");
    const wrong = {
      ...ofTables,
      "more/star/wrong.star": entry("t.star", "something else"),
      "more/star/none.star": entry("none", ""),
    };
    writeSources({ ...maps, files: ofMaps }, { ...tables, files: wrong });
    renameSync(maps.folder, `${maps.folder}.gone`);
    const { status, lines } = data(dest);
    renameSync(`${maps.folder}.gone`, maps.folder);
    expect(status).toBe(3);
    expect(lines.filter((line) => line.startsWith(maps.url))).toEqual([expect.stringMatching(/: 5 files not fetched: .+/)]);
    expect(lines).toContain(`${tables.url}: 2 files fetched (MIT)`);
    expect(lines).toContain(
      `${tables.url}: more/star/wrong.star: SHA-256 is ${sha256("data_\n1 2\n3 4\n").slice(0, 12)}…, expected ${sha256("something else").slice(0, 12)}…; not kept`,
    );
    expect(lines).toContain(`${tables.url}: more/star/none.star: none is not in the repository at this commit`);
    expect(lines.at(-1)).toBe("7 files missing: give npm run data again, which fetches only those");
    expect(existsSync(join(dest, "more/star/wrong.star"))).toBe(false);
    expect(Object.keys(JSON.parse(read(dest, "expected.json")) as object)).toEqual(["harvest/facts.json"]);

    writeSources({ ...maps, files: ofMaps }, { ...tables, files: ofTables });
    renameSync(tables.folder, `${tables.folder}.gone`); // nothing of it lacks
    const again = data(dest);
    renameSync(`${tables.folder}.gone`, tables.folder);
    expect([again.status, again.lines[0], again.lines[1]]).toEqual([
      0,
      `${maps.url}: 5 files fetched (MIT)`,
      `7 of 7 files in ${dest} (5 fetched now)`,
    ]);
  });

  it("replaces a file that is another than that of the list, and leaves no clone behind", () => {
    const dest = join(root, "whole");
    writeSources({ ...maps, files: ofMaps }, { ...tables, files: ofTables });
    writeFileSync(join(dest, "mrc/a.map"), "half a map");
    mkdirSync(join(dest, ".clones/of-a-run-that-was-stopped"), { recursive: true });
    expect(data(dest).lines).toContain(`7 of 7 files in ${dest} (1 fetched now)`);
    expect(read(dest, "mrc/a.map")).toBe("a map of 20 bytes...");
    expect(readdirSync(dest).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("fills no folder that holds files of somebody else, and needs git", () => {
    const dest = join(root, "theirs");
    mkdirSync(dest);
    writeFileSync(join(dest, "thesis.txt"), "theirs");
    expect(data(dest)).toEqual({ status: 2, lines: [`${dest} was not made by npm run data: choose another folder with --dest`] });
    expect(readdirSync(dest)).toEqual(["thesis.txt"]);
    const words = [SCRIPT, "--sources", sources, "--dest", join(root, "new")];
    const alone = spawnSync(process.execPath, words, { encoding: "utf8", env: { PATH: root } });
    expect([alone.status, alone.stdout]).toEqual([1, "git was not found: install git, then give npm run data again\n"]);
  });
});

describe("(34.0) the list of real files", () => {
  it("names each file once, with a whole commit and a SHA-256, and a place below the folder", () => {
    const { repositories } = JSON.parse(readFileSync(new URL("../data-sources.json", import.meta.url), "utf8")) as {
      repositories: { url: string; commit: string; licence: string; files: Record<string, { path: string; sha256: string }> }[];
    };
    const targets = repositories.flatMap(({ files }) => Object.keys(files));
    expect(targets.length).toBeGreaterThan(1500);
    expect(new Set(targets).size).toBe(targets.length);
    expect(targets.filter((target) => !/^[a-z][\w-]*\/[^\\]+$/.test(target) || target.split("/").includes(".."))).toEqual([]);
    for (const { url, commit, licence, files } of repositories) {
      expect([url, commit]).toEqual([expect.stringMatching(/^https:\/\/[\w./-]+$/), expect.stringMatching(/^[0-9a-f]{40}$/)]);
      expect(licence).not.toBe("");
      for (const file of Object.values(files)) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});
