import { expect, it } from "vitest";
import type { Block } from "../../../../arrays/operators/block.js";
import { fileOf, manifestOf } from "./files.js";

/** Files of a tar archive by their names (POSIX ustar: name at 0, octal size at 124, blocks of 512 bytes). */
function filesIn(tar: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; tar[at] !== 0 && at < tar.length; ) {
    const name = tar.toString("latin1", at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString("latin1", at + 124, at + 135), 8);
    files.set(name, tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

const tensors = [{ name: "em", dtype: "int16" }];
const params = { as: "webdataset", tensors, shape: [8, 9, 20], block: [2, 3, 4], file: [4, 3, 8] } as const;

it("samples of a file are its blocks, by their places in the volume, with their voxels", () => {
  // a file at the end of x: of its second block there is a part alone
  const box = { start: [4, 3, 16], stop: [8, 6, 20] };
  const data = Int16Array.from({ length: 4 * 3 * 4 }, (_, i) => i);
  const value = { data, dtype: "int16", box, whole: [8, 9, 20] } as unknown as Block;
  const files = filesIn(Buffer.from(fileOf([value], params as never)));
  expect([...files.keys()]).toEqual(["2-1-4.json", "2-1-4.em.npy", "3-1-4.json", "3-1-4.em.npy"]);
  expect(JSON.parse(files.get("3-1-4.json")!.toString())).toEqual({ start: [6, 3, 16], shape: [2, 3, 4] });
  // NumPy's format 1.0: the length of the head is at 8
  const npy = files.get("3-1-4.em.npy")!;
  const head = 10 + npy.readUInt16LE(8);
  expect(npy.toString("latin1", 10, head)).toMatch(/'descr': '<i2', 'fortran_order': False, 'shape': \(2, 3, 4\)/);
  expect([npy.readInt16LE(head), (npy.length - head) / 2]).toEqual([24, 24]);
});

it("the list of files is braces of a shell, which are none where there is one file along an axis", () => {
  const text = manifestOf({ ...params, shape: [4, 9, 20], voxelSizeNm: [1, 1, 1], offsetNm: [0, 0, 0] } as never);
  expect(JSON.parse(text)).toMatchObject({ version: 1, files: "0.{0..2}.{0..2}.tar" });
});
