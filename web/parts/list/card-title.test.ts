import { describe, expect, it } from "vitest";
import { sharedStart } from "./card-title.js";

describe("what titles begin with alike (look.md §2)", () => {
  it.each([
    [["Miniature laboratory, IMOD", "Miniature laboratory, a cell", "Title of the dataset"], "Miniature laboratory, "],
    [["Yeast: lamellae", "Yeast: whole cells"], "Yeast: "],
    [["Batch 7 – raw", "Batch 7 – denoised", "Batch 8 – raw"], "Batch 7 – "],
    // that which most have
    [["A cell, thin", "A cell, thick", "Yeast: a", "Yeast: b", "Yeast: c"], "Yeast: "],
    // half of them is not more than half
    [["A cell, thin", "A cell, thick", "b", "c"], ""],
    [["Miniature laboratory, IMOD"], ""],
    [["TS_0001", "TS_0002"], ""],
    // nothing would be left of a title
    [["A cell, ", "A cell, "], ""],
    [[], ""],
  ])("%j: %j", (titles, start) => expect(sharedStart(titles)).toBe(start));
});
