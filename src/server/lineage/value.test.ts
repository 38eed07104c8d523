import { expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/store.js";
import { findHeaderField, findJsonValue, findWord } from "./value.js";

const { signal } = new AbortController();
const placed = async (files: Record<string, string>, key: string) => {
  const store = memoryStore();
  for (const [name, text] of Object.entries(files)) await store.write(name, Buffer.from(text));
  return { place: { id: "p", store }, key } as unknown as Parameters<typeof findWord>[0];
};

it("a value of JSON is in the file itself, or in the metadata of its annotation or its folder", async () => {
  const files = {
    "r/1-x.json": '{"a":{"b":[1,"two"]}}',
    "r/tomogram_metadata.json": '{"size":{"x":7}}',
    "r/1-x_point.ndjson": "",
    "r/t.mrc": "",
  };
  const own = await findJsonValue(await placed(files, "r/1-x.json"), "/a/b/1", signal);
  expect(own).toMatchObject({
    of: "/a/b/1 of 1-x.json",
    value: '"two"',
    key: "r/1-x.json",
    stored: { is: { offset: 13, length: 5 } },
  });
  expect(await findJsonValue(await placed(files, "r/1-x_point.ndjson"), "/a/b/0", signal)).toMatchObject({
    value: "1",
    key: "r/1-x.json",
  });
  expect(await findJsonValue(await placed(files, "r/t.mrc"), "/size/x", signal)).toMatchObject({
    value: "7",
    key: "r/tomogram_metadata.json",
  });
  await expect(findJsonValue(await placed(files, "r/1-x.json"), "/a/c", signal)).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: "r/1-x.json has no such value",
  });
  await expect(findJsonValue(await placed({ "r/1-x.json": "{" }, "r/1-x.json"), "/a", signal)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  await expect(findJsonValue(await placed({ "q/t.mrc": "" }, "q/t.mrc"), "/a", signal)).rejects.toMatchObject({
    message: "q/t.mrc has no metadata in its folder",
  });
});

it("a word of a text is found by its line and its place in it", async () => {
  const at = await placed({ "r/a.rawtlt": "# tilt\n -60.0  1.5\n-57\n" }, "r/a.rawtlt");
  expect(await findWord(at, { line: 2, word: 2 }, signal)).toMatchObject({
    ...{ of: "word 2 of line 2", value: "1.5", key: "r/a.rawtlt" },
    stored: { is: { offset: 15, length: 3 } },
  });
  expect(await findWord(at, { line: 1, word: 1 }, signal)).toMatchObject({
    value: "#",
    stored: { is: { offset: 0, length: 1 } },
  });
  expect(await findWord(at, { line: 3, word: 1 }, signal)).toMatchObject({ value: "-57" });
  await expect(findWord(at, { line: 2, word: 3 }, signal)).rejects.toMatchObject({ message: "line 2 of r/a.rawtlt has 2 words" });
  await expect(findWord(at, { line: 5, word: 1 }, signal)).rejects.toMatchObject({ message: "r/a.rawtlt has 4 lines" });
  await expect(findWord(await placed({}, "r/none"), { line: 1, word: 1 }, signal)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

// bytes of the fields by MRC2014 (https://www.ccpem.ac.uk/mrc_format/mrc2014.php)
it.each(["little", "big"] as const)("a field of an MRC header, of a file in %s order", async (byteOrder) => {
  const [bytes, little] = [new Uint8Array(1024 + 8), byteOrder === "little"];
  const view = new DataView(bytes.buffer);
  for (const [at, value] of [[0, 2], [4, 2], [8, 2], [28, 4], [32, 4], [36, 4], [64, 1], [68, 2], [72, 3]] as const) view.setInt32(at, value, little); // biome-ignore format: one table
  view.setFloat32(40, 12.5, little);
  view.setUint32(208, 0x4d415020);
  view.setUint16(212, little ? 0x4444 : 0x1111);
  const at = await placed({}, "a.mrc");
  await at.place.store.write("a.mrc", bytes);
  expect(await findHeaderField(at, "cella.x", signal)).toEqual({
    ...{ of: "cella.x of the MRC header", value: "12.5", key: "a.mrc" },
    note: "a voxel is this length divided by mx, at byte 28",
    stored: { is: { key: "a.mrc", offset: 40, length: 4, codecs: [], decodedByte: 0, dtype: "float32", byteOrder } },
  });
  const mx = await findHeaderField(at, "mx", signal);
  expect([mx.value, mx.note, mx.stored]).toMatchObject(["4", undefined, { is: { offset: 28, dtype: "int32", byteOrder } }]);
  const other = await placed({ "a.txt": "no header" }, "a.txt");
  await expect(findHeaderField(other, "mx", signal)).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
});
