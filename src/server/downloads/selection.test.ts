import { expect, it } from "vitest";
import { Chosen } from "./selection.js";

const of = "run";
const idsOf = (ids: string) => Chosen.parse({ of, ids }).ids;
const saysOf = (query: object) => Chosen.safeParse({ of, ids: "1", ...query }).error?.issues.map(({ message }) => message);

it("numbers and ranges, each once, in their order", () => {
  expect(idsOf("12,14-16,15,12")).toEqual([12, 14, 15, 16]);
  expect(idsOf("7-7")).toEqual([7]);
});

it.each([
  ["1-10000", undefined],
  ["1-10001", ["names more than 10000"]],
  ["1-10000,20000", ["names more than 10000"]],
  ["1-9999,20000-20001,30000", ["names more than 10000"]],
  ["1-999999999", ["names more than 10000"]],
  ["1-", ["expected numbers and ranges such as 12,14-20"]],
])("%s", (ids, says) => expect(saysOf({ ids })).toEqual(says));

it("contents are JSON: lists of one to three words", () => {
  const { only } = Chosen.parse({ of, ids: "1", only: '[["tomograms","MRC"],["annotations"]]' });
  expect(only).toEqual([["tomograms", "MRC"], ["annotations"]]);
  expect(saysOf({ only: "tomograms" })).toEqual(["must be JSON"]);
  for (const wrong of ["[]", "[[]]", '[["a","b","c","d"]]', "[[1]]"])
    expect([wrong, saysOf({ only: wrong })?.length]).toEqual([wrong, 1]);
});
