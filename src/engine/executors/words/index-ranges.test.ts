import { expect, it } from "vitest";
import { indexRanges } from "./index-ranges.js";

it.each([
  [[0], "0"],
  [[0, 1, 2, 3], "0-3"],
  [[3, 7, 11], "3,7,11"],
  [[9, 1, 0, 10, 2], "0-2,9-10"],
])("%j as an array has it: %s", (indices, text) => expect(indexRanges(indices)).toBe(text));
