import { expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/store.js";
import { findJsonValue, findWord } from "./value.js";

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
