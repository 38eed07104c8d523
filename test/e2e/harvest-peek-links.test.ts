import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { emporium } from "./cli-host.js";
import { tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

it("(34.silence) harvest peek of a folder tells of links that lead nowhere or in circles, and of pipes", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "in"));
  writeFileSync(join(folder, "in/a.mrc"), tinyMrc(4, 4, 4, 10));
  expect((await emporium(["harvest", "peek", join(folder, "in")])).err).not.toContain("not followed");
  symlinkSync("gone.mrc", join(folder, "in/b.mrc"));
  symlinkSync(".", join(folder, "in/again"));
  execFileSync("mkfifo", [join(folder, "in/c.mrc")]);
  const { status, out, err } = await emporium(["harvest", "peek", join(folder, "in")]);
  expect([status, out.includes("a.mrc")]).toEqual([0, true]);
  expect(err).toContain("2 links are not followed");
  expect(err).toContain("1 pipe, socket or device is left out");
});
