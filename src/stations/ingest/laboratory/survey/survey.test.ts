import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";

describe("the survey of a folder", () => {
  it("tells formats by contents, and volumes from stacks by their headers", async () => {
    const laboratory = await laboratoryWith({
      "a/TS_1.mrc": mrcFile([4, 5, 6], 10),
      "a/TS_1.st": mrcFile([4, 5, 6], 2.5, { kind: "stack" }),
      "a/TS_1.mdoc": "PixelSpacing = 2.5\n",
      "a/nothing.mrc": "",
      "a/no.mrc": "a text that is called like a volume",
      "a/.hidden": "x",
    });
    const facts = laboratory.files.map(({ path, format, volume }) => [path, format, volume?.says, volume?.spacingsAngstrom[1]]);
    expect(facts).toEqual([
      ["a/TS_1.mdoc", "text", undefined, undefined],
      ["a/TS_1.mrc", "mrc", "volume", 10],
      ["a/TS_1.st", "mrc", "stack", 2.5],
      ["a/no.mrc", "text", undefined, undefined],
      ["a/nothing.mrc", "empty", undefined, undefined],
    ]);
    expect(laboratory.hidden).toEqual(["a/.hidden"]);
    expect(await laboratory.text("a/TS_1.mdoc")).toBe("PixelSpacing = 2.5\n");
    expect(laboratory.inFolder("a")).toHaveLength(5);
  });

  it("copies have one digest, other files another", async () => {
    const bytes = mrcFile([4, 5, 6], 10, { seed: 1 });
    const laboratory = await laboratoryWith({ a: bytes, b: bytes, c: mrcFile([4, 5, 6], 10, { seed: 2 }) });
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((path) => laboratory.digest(path)));
    expect([a === b, a === c]).toEqual([true, false]);
  });
});
