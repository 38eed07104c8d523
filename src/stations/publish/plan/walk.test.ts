import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { compareKeys } from "../../../stores/keys.js";
import { walkSource } from "./walk.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-walk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tree(name: string, files: readonly string[]): string {
  for (const file of files) {
    mkdirSync(join(folder, name, file, ".."), { recursive: true });
    writeFileSync(join(folder, name, file), file);
  }
  return join(folder, name);
}

async function paths(source: string): Promise<{ found: string[]; skipped: string[] }> {
  const skipped: string[] = [];
  const found: string[] = [];
  const onSkip = (path: string, { code }: { code: string }) => void skipped.push(`${path} ${code}`);
  for await (const { path } of walkSource(source, { onSkip })) found.push(path);
  return { found, skipped };
}

it("gives every file in the order of a bucket's listing, hidden ones too", async () => {
  const names = [
    "a.b",
    "a/b",
    "a/c/d",
    "a0",
    ".hidden",
    "ä",
    "\u{1f600}",
    "\ue000",
    "z",
    "a b",
    "$(id)",
    "new\nline",
    "b.part",
    ".x.1.part",
  ];
  const { found, skipped } = await paths(tree("order", names));
  expect(found).toEqual([...names].sort(compareKeys));
  expect(skipped).toEqual([]);
});

it("(34.10) follows links inside, and tells of those that lead out, nowhere or round", async () => {
  const source = tree("links", ["in/file"]);
  symlinkSync(tree("elsewhere", ["far"]), join(source, "out"));
  symlinkSync(join(folder, "elsewhere/far"), join(source, "out-file"));
  symlinkSync("in", join(source, "again"));
  symlinkSync(join(source, "in/file"), join(source, "link"));
  symlinkSync("nothing", join(source, "dead"));
  symlinkSync(source, join(source, "in/up"));
  const { found, skipped } = await paths(source);
  expect(found).toEqual(["again/file", "in/file", "link"]);
  expect(skipped.sort()).toEqual([
    "again/up/ STORE_FAILED",
    "dead STORE_ABSENT",
    "in/up/ STORE_FAILED",
    "out STORE_DENIED",
    "out-file STORE_DENIED",
  ]);
});

it("says which file has a name that no bucket can have", async () => {
  const source = tree("bytes", ["good"]);
  writeFileSync(Buffer.concat([Buffer.from(`${source}/bad`), Buffer.from([0xff])]), "x");
  expect(await paths(source)).toEqual({ found: ["good"], skipped: ["bad\ufffd NAME_UNSAFE"] });
});

it("a folder that is not there is an error", async () => {
  await expect(paths(join(folder, "none"))).rejects.toMatchObject({ code: "STORE_ABSENT" });
});
