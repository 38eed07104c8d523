/** Folders as they come from a laboratory's disks: names of other encodings, sidecars of macOS, files that are not what their name says. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openPlaces } from "../../src/server/places.js";
import { emporium } from "./cli-host.js";
import { tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const volume = tinyMrc(4, 4, 4, 10);

function folderOf(files: Record<string, Uint8Array | string>): string {
  const folder = tempFolder();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

describe.skipIf(process.platform !== "linux")("a name that is not UTF-8", () => {
  /** `lat\xe9in.mrc`, and a folder `\xe9` with a file. */
  function withLatin1(): string {
    const folder = folderOf({ "a.mrc": volume });
    const named = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
    writeFileSync(named("latéin.mrc"), volume);
    mkdirSync(named("é"));
    writeFileSync(named("é/b.mrc"), volume);
    return folder;
  }

  it("is told, and the rest is looked at and fetched", async () => {
    const folder = withLatin1();
    for (const command of ["peek", "inspect"]) {
      const { status, out, err } = await emporium(["harvest", command, folder]);
      expect([command, status, out.includes("a.mrc")]).toEqual([command, 3, true]);
      expect(err.match(/error\[NAME_UNSAFE\]: the name "(?:lat�in\.mrc|�\/)" is not UTF-8/g)).toHaveLength(2);
    }
    const dest = tempFolder();
    const { status, err } = await emporium(["harvest", "download", `x=file://${folder}`, "--dest", dest]);
    expect(status).toBe(3);
    expect(err.match(/NAME_UNSAFE/g)).toHaveLength(2);
    expect(readdirSync(join(dest, "x"))).toEqual(["a.mrc"]);
  });

  it("is told by an ingest, which has no use for it", async () => {
    const folder = withLatin1();
    const out = join(tempFolder(), "made.yaml");
    const told = /2 names in .* cannot be read, not being UTF-8 or plain, and are left out: lat\ufffdin\.mrc, \ufffd\//;
    const made = await emporium(["ingest", "new", "--from", folder, "--out", out]);
    expect([made.status, made.out + made.err]).toEqual([0, expect.stringMatching(told)]);
    const planned = await emporium(["ingest", "plan", out, folder, tempFolder(), "--import-everything"]);
    expect([planned.status, planned.out + planned.err]).toEqual([0, expect.stringMatching(told)]);
  });

  it("is told by a server, which shows the rest", async () => {
    const folder = withLatin1();
    const told: string[] = [];
    const [place] = await openPlaces([folder], { log: { warn: (message) => void told.push(message) } });
    const keys: string[] = [];
    for (const _ of ["once", "again"]) for await (const { key } of place!.store.children("")) keys.push(key);
    expect(keys).toEqual(["a.mrc", "a.mrc"]);
    expect(told.sort()).toEqual(
      ["lat\ufffdin.mrc", "\ufffd/"].map((name) => `the name "${name}" is not UTF-8: it is left out of ${folder}`),
    );
  });

  it("ends what must not be in part", async () => {
    const { status, err } = await emporium(["publish", "tree", withLatin1(), tempFolder()]);
    expect([status, err.includes("NAME_UNSAFE")]).toEqual([2, true]);
  });
});

it("a file of this machine is copied as it is, whatever its name says; of a server it may be a page for people", async () => {
  const folder = folderOf({ "notes.mrc": "this is a text\n", "long.tif": "<html>".padEnd(3_000_000, " ") });
  const dest = tempFolder();
  const { status, err } = await emporium(["harvest", "download", `x=file://${folder}`, "--dest", dest]);
  expect([status, err]).toEqual([0, ""]);
  for (const name of ["notes.mrc", "long.tif"])
    expect(Buffer.compare(readFileSync(join(dest, "x", name)), readFileSync(join(folder, name)))).toBe(0);
});

it("a second file of a name keeps the end of its name, by which programs tell what it is", async () => {
  const names = ["tomo.mrc", "s.ome.tif", "h.map.gz", "notes"];
  const folder = folderOf(Object.fromEntries(["a", "b"].flatMap((one) => names.map((name) => [`${one}/${name}`, volume]))));
  const dest = tempFolder();
  const words = ["a", "b"].flatMap((one) => names.map((name) => join(folder, one, name)));
  expect((await emporium(["harvest", "download", ...words, "--dest", dest])).status).toBe(0);
  const found = readdirSync(dest).filter((name) => name.includes("-2"));
  expect(found.sort()).toEqual(["h-2.map.gz", "notes-2", "s-2.ome.tif", "tomo-2.mrc"]);
});

it("a path that was typed wrongly is told as a path", async () => {
  const { status, err } = await emporium(["harvest", "download", "nowhere/tomo.mrc", "--dest", tempFolder()]);
  expect(status).toBe(2);
  expect(err).toMatch(/nowhere\/tomo\.mrc does not exist/);
  expect(err).toContain("hint: check the path");
});

it("sidecars of macOS are no images; names are shown in one line, with the folder's whole name", async () => {
  const files = Object.fromEntries(
    ["new\nline", "red\u001b[31m", "c", "d", "e", "f", "g"].map((name) => [`#1/${name}.mrc`, volume]),
  );
  const folder = folderOf({ ...files, "#1/._c.mrc": "\0\x05\x16\x07", "#1/cut.mrc": volume.subarray(0, volume.length - 4) });
  const { status, out, err } = await emporium(["harvest", "peek", join(folder, "#1")]);
  expect(status).toBe(0);
  expect(err).toContain("1 file is not looked at");
  // 8 images, the header of the table, a blank and two lines of warnings, a blank and the sum
  expect(out.trimEnd().split("\n")).toHaveLength(8 + 1 + 3 + 2);
  expect(out).toContain("new\\u000aline");
  expect(out).not.toContain("\u001b");
  expect(out).toContain(join(folder, "#1", "c.mrc"));
  expect(out).toMatch(/^warnings:\n {2}cut: .*the header promises 1088 bytes .*, the file has 1084$/m);
});
