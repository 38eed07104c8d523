import { describe, expect, it } from "vitest";
import { nameDiff, type Stretch } from "./name-diff.js";

/** Own letters in brackets. */
const marked = (stretches: readonly Stretch[]) => stretches.map(({ text, isOwn }) => (isOwn ? `[${text}]` : text)).join("");

describe("letters in which two names differ", () => {
  it.each([
    ["mk2019-11-19-73", "mka2019-11-19-73", "mk2019-11-19-73", "mk[a]2019-11-19-73"],
    ["ab2020-01-02-7", "ab2020-01-02-07", "ab2020-01-02-7", "ab2020-01-02-[0]7"],
    ["same", "same", "same", "same"],
    ["", "new", "", "[new]"],
    ["xyz", "abc", "[xyz]", "[abc]"],
    ["a😀b", "a😁b", "a[😀]b", "a[😁]b"],
  ])("%s and %s", (a, b, left, right) => {
    expect(nameDiff(a, b).map(marked)).toEqual([left, right]);
  });

  it("names too long to be read are marked whole", () => {
    const long = "x".repeat(300);
    expect(nameDiff(long, `${long}y`).map(marked)).toEqual([`[${long}]`, `[${long}y]`]);
    expect(nameDiff(long, long).map(marked)).toEqual([long, long]);
  });
});
