import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { download } from "./download.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium-left-out-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it.skipIf(process.platform === "win32")("(34.silence) a copy of a folder tells which links and pipes it leaves out", async () => {
  const source = join(root, "lab");
  mkdirSync(source);
  writeFileSync(join(source, "a.txt"), "x");
  const plain = await download([source], { dest: join(root, "plain") });
  expect([plain.exitStatus, plain.warnings]).toEqual([0, []]);
  symlinkSync("/nowhere/at/all", join(source, "gone.mrc"));
  execFileSync("mkfifo", [join(source, "pipe.mrc")]);
  const { warnings, toText } = await download([source], { dest: join(root, "out") });
  const told = `1 link is not followed in ${source}: gone.mrc leads nowhere; 1 pipe, socket or device is left out in ${source}: pipe.mrc`;
  expect(warnings).toEqual([told]);
  expect(toText()).toContain(`warning: ${told}`);
});

it("(34.silence) a dry run refuses a box that the volume does not have, and tells what the crop will", async () => {
  const source = join(root, "v.n5");
  mkdirSync(source);
  const transform = { scale: [4, 4] };
  writeFileSync(
    join(source, "attributes.json"),
    JSON.stringify({
      ...{ dimensions: [8, 8, 8], blockSize: [4, 4, 4], dataType: "uint8", compression: { type: "raw" }, transform },
    }),
  );
  const dryRun = (end: number) =>
    download([`n5://${source}`], { dest: join(root, "out"), dryRun: true, crop: { start: [1, 0, 0], stop: [2, 8, end] } });
  const good = await dryRun(8);
  expect(good).toMatchObject({ exitStatus: 0, crops: [{ status: "planned" }], errors: [] });
  expect(good.warnings).toEqual([expect.stringContaining("the transform still has the position of the whole volume")]);
  const bad = await dryRun(9);
  expect(bad).toMatchObject({ exitStatus: 1, crops: [], errors: [{ code: "USAGE", rel: "v.n5" }] });
});

it("(34.silence) a box or a level of a file is refused, and of a file beside a volume it is told that it comes whole", async () => {
  const [file, volume] = [join(root, "a.txt"), join(root, "v.n5")];
  writeFileSync(file, "x");
  mkdirSync(volume);
  const dataset = { dimensions: [8, 8, 8], blockSize: [4, 4, 4], dataType: "uint8", compression: { type: "raw" } };
  writeFileSync(join(volume, "attributes.json"), JSON.stringify(dataset));
  const box = { start: [0, 0, 0], stop: [1, 2, 2] } as const;
  const get = (typed: string[], more: object) => download(typed, { dest: join(root, "out"), dryRun: true, ...more });
  await expect(get([file], { crop: box })).rejects.toMatchObject({
    code: "USAGE",
    message: `--crop is for volumes of chunks, and none is among ${file}`,
  });
  await expect(get([file], { scale: 1 })).rejects.toMatchObject({ code: "USAGE", message: expect.stringMatching(/^--scale/) });
  const both = await get([file, `n5://${volume}`], { crop: box });
  expect([both.exitStatus, both.warnings]).toEqual([0, ["--crop is for volumes: 1 file is downloaded whole"]]);
  expect((await get([`n5://${volume}`], { crop: box })).warnings).toEqual([]);
});
