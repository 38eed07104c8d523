import { expect, it } from "vitest";
import type { BlockSource } from "../../../engine/blocks/block-source.js";
import { onlyThese } from "./only.js";

const source = {
  stages: [
    { name: "smooth", first: 0, count: 10 },
    { name: "label", first: 10, count: 3 },
  ],
} as unknown as BlockSource;
const chosen = (...words: string[]) => {
  const isWanted = onlyThese(source, words);
  return isWanted && Array.from({ length: 13 }, (_, index) => index).filter(isWanted);
};

it("are all where none is named", () => {
  expect(chosen()).toBeUndefined();
  expect(onlyThese(source)).toBeUndefined();
});

it("are the blocks of a stage, one of them by its number there, and several together", () => {
  expect(chosen("label")).toEqual([10, 11, 12]);
  expect(chosen("smooth/0")).toEqual([0]);
  expect(chosen("label/2", "smooth/7")).toEqual([7, 12]);
});

it.each([
  ["label/3", "label/3 is not a block: label has those from 0 to 2"],
  ["label/-1", "label/-1 is not a block: label has those from 0 to 2"],
  ["label/1e0", "label/1e0 is not a block: label has those from 0 to 2"],
  ["label/", "label/ is not a block: label has those from 0 to 2"],
])("%s is none", (word, message) => {
  expect(() => chosen(word)).toThrow(expect.objectContaining({ code: "USAGE", message }));
});

it("names the stage that was meant, or all", () => {
  expect(() => chosen("labels")).toThrow(
    expect.objectContaining({ message: "no stage is called labels", facts: { hint: "did you mean label?" } }),
  );
  expect(() => chosen("threshold/1")).toThrow(expect.objectContaining({ facts: { hint: "choose one of smooth, label" } }));
});
