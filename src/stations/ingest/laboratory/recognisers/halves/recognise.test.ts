import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { halves } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 8);
const rolesOf = async (files: Record<string, string | Uint8Array>) =>
  Object.fromEntries(((await halves.recognise(await laboratoryWith(files)))?.claims ?? []).map(({ path, role }) => [path, role]));

describe("half maps", () => {
  it("are two volumes whose paths differ by their half, and whose sizes are equal", async () => {
    expect(
      await rolesOf({
        "TS_01.mrc": volume,
        "TS_01_EVN.mrc": volume,
        "TS_01_ODD.mrc": volume,
        "even/TS_02.mrc": volume,
        "odd/TS_02.mrc": volume,
        "h/TS_03_half1.mrc": volume,
        "h/TS_03_half2.mrc": volume,
        "s/TS_01_even.st": mrcFile([6, 10, 10], 2, { kind: "stack" }),
        "s/TS_01_odd.st": mrcFile([6, 10, 10], 2, { kind: "stack" }),
      }),
    ).toEqual({
      "TS_01_EVN.mrc": "half map",
      "TS_01_ODD.mrc": "half map",
      "even/TS_02.mrc": "half map",
      "odd/TS_02.mrc": "half map",
      "h/TS_03_half1.mrc": "half map",
      "h/TS_03_half2.mrc": "half map",
      "s/TS_01_even.st": "left out",
      "s/TS_01_odd.st": "left out",
    });
  });

  it("are two of which one was cut short", async () => {
    const files = { "TS_01_rec.mrc": volume, "TS_01_even_rec.mrc": mrcFile([3, 10, 10], 8), "TS_01_odd_rec.mrc": volume };
    expect(await rolesOf(files)).toEqual({ "TS_01_even_rec.mrc": "half map", "TS_01_odd_rec.mrc": "half map" });
  });

  it("are volumes under other names that lie among them, in a folder of its own", async () => {
    const pair = { "rec/even/TS_01.mrc": volume, "rec/odd/TS_01.mrc": volume };
    const roles = await rolesOf({
      ...pair,
      "rec/odd/for Paul TS_02.mrc": volume,
      "rec/even/TS_02.mrc": volume,
      "rec/TS_02.mrc": volume,
    });
    expect(roles["rec/odd/for Paul TS_02.mrc"]).toBe("half map");
    expect(roles["rec/even/TS_02.mrc"]).toBe("half map");
    expect(roles["rec/TS_02.mrc"]).toBeUndefined();
  });

  it("are no files without their other half, of other sizes, or whose names only look so", async () => {
    // cryoCARE_predict.py: the result is called like the even half
    expect(
      await rolesOf({
        "denoised/TS_01_EVN.mrc": volume,
        "TS_02_EVN.mrc": volume,
        "TS_02_ODD.mrc": mrcFile([5, 10, 10], 8),
        "Steven_1.mrc": volume,
        "Stodd_1.mrc": volume,
        "Seven.mrc": volume,
        "run_half1_class001_unfil.mrc": mrcFile([8, 8, 8], 2),
        "run_half2_class001_unfil.mrc": mrcFile([8, 8, 8], 2),
      }),
    ).toEqual({});
  });
});
