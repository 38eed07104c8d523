import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distinctNames, objectName, partName, runName, tomogramType } from "./copick-names.js";

describe("names of copick", () => {
  // as copick 1.2.0 and 1.31.0 name the same tomograms of a portal
  it.each([
    ["wbp-raw", { reconstructionMethod: "WBP", processing: "raw", ctfCorrected: false }],
    ["fourierSpace-filteredEven", { reconstructionMethod: "Fourier_Space", processing: "filtered_even", ctfCorrected: false }],
    [
      "sirt-denoised-cryocare-ctfdeconv",
      { reconstructionMethod: "SIRT", processing: "denoised", processingSoftware: "cryoCARE", ctfCorrected: true },
    ],
    ["wbp-raw-topaz3D", { reconstructionMethod: "WBP", processing: "raw", processingSoftware: "topaz 3d", ctfCorrected: false }],
  ])("%s", (name, kind) => {
    expect(tomogramType(kind)).toBe(name);
  });

  it("are of no sign that divides file names, paths or patterns", () => {
    expect(objectName("Cytosolic ribosome (80S)")).toBe("cytosolic-ribosome-(80s)");
    expect(objectName("multilabel_mask")).toBe("multi-label-mask");
    expect([partName("a/b_[c]*"), partName("._."), partName("../x")]).toEqual(["a-b--c", "unnamed", "-x".slice(1)]);
    expect([runName("TS_01/[a]"), runName("..x")]).toEqual(["TS_01--a-", "x"]);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const name = partName(text);
        expect(name).toMatch(/^[^<>:"/\\|?*[\]{}\s_.-][^<>:"/\\|?*[\]{}\s_]*$/u);
      }),
    );
  });

  it("are made different by a mark, whatever the marks are", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: fc.constantFrom("a", "b", "a-1"), mark: fc.constantFrom("1", "2") })), (items) => {
        const names = distinctNames(
          items,
          ({ name }) => name,
          ({ mark }) => mark,
        );
        expect(new Set(names).size).toBe(items.length);
      }),
    );
  });
});
