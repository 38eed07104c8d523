import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { mrcHeaderBytes } from "../formats/mrc/write.js";
import { matchFolder } from "./match-folder.js";

const { signal } = new AbortController();
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "emporium-match-"));
  mkdirSync(join(root, "d/run/folder"), { recursive: true });
  mkdirSync(join(root, "elsewhere"));
  writeFileSync(join(root, "elsewhere/x.txt"), "");
  const put = (name: string, bytes: Uint8Array | string) => writeFileSync(join(root, "d/run", name), bytes);
  for (let i = 10; i < 65; i++) put(`a${i}.txt`, "x");
  put(".hidden", "");
  const statistics = { min: 0, max: 0, mean: 0, rms: 0 };
  const head = mrcHeaderBytes({
    ...{ kind: "tomogram", shape: [2, 3, 4], dtype: "int8", statistics, dateMs: 0 },
    voxelSizeAngstrom: [5, 5, 5],
  });
  // behind everything else, and more of them than are opened
  for (const name of ["v1.mrc", "v2.mrc", "v4.mrc"]) put(name, Buffer.concat([head, Buffer.alloc(24)]));
  put("v3.mrc", "no header");
});
afterAll(() => rmSync(root, { recursive: true }));

it("files of a folder that was scanned, the volumes first, with the headers of three", async () => {
  const { files, more } = await matchFolder(join(root, "d/run"), [{ path: join(root, "d") }], [], signal);
  expect([files.length, more]).toEqual([50, 9]);
  const size = 1024 + 24;
  expect(files.slice(0, 5)).toEqual([
    { name: "v1.mrc", size, shape: [2, 3, 4], voxelSizeAngstrom: 5, ref: undefined },
    { name: "v2.mrc", size, shape: [2, 3, 4], voxelSizeAngstrom: 5, ref: undefined },
    { name: "v3.mrc", size: 9, fault: expect.stringMatching(/^FORMAT_/), ref: undefined },
    { name: "v4.mrc", size },
    { name: "a10.txt", size: 1 },
  ]);
});

it("nothing of another folder, whatever a table says", async () => {
  for (const path of ["elsewhere", "d", "d2/run", "d/../elsewhere"])
    expect(await matchFolder(`${root}/${path}`, [{ path: `${root}/d` }], [], signal).catch(({ code }) => code)).not.toMatchObject(
      {
        files: [{ name: "x.txt" }],
      },
    );
  expect(await matchFolder(join(root, "elsewhere"), [{ path: join(root, "d") }], [], signal)).toEqual({ files: [], more: 0 });
});
