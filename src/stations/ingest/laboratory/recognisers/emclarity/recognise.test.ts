import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { emclarity } from "./recognise.js";

const stack = mrcFile([3, 8, 8], 2.1, { kind: "stack" });
const volume = mrcFile([4, 8, 8], 10.5);
/** Names of BH_templateSearch3d_2.m. */
const LAB = {
  "p/fixedStacks/tilt_1.fixed": stack,
  "p/fixedStacks/tilt_1.rawtlt": "-3\n0\n3\n",
  "p/fixedStacks/tilt_1.xf": "1 0 0 1 0 0\n",
  "p/fixedStacks/tilt_1.erase": "IMODV1.2",
  "p/fixedStacks/tilt_12.fixed": stack,
  "p/aliStacks/tilt_1_ali1.fixed": stack,
  "p/cache/tilt_1_ali1_bin5.fixed": stack,
  "p/cache/tilt_1_1_bin5.rec": volume,
  "p/cache/tilt_12_1_bin5.rec": volume,
  "p/cache/tilt_12_2_bin5.rec": volume,
  "p/convmap_wedgeType_2_bin5/tilt_1_1_bin5.mod": "IMODV1.2",
  "p/convmap_wedgeType_2_bin5/tilt_1_1_bin5.csv": "9 5 0 1\n",
  "p/convmap_wedgeType_2_bin5/tilt_1_1_bin5_convmap.mrc": volume,
  "p/convmap/tilt_1_1_bin5.mod": "IMODV1.2",
  "p/convmap/tilt_12_2_bin5.mod": "IMODV1.2",
  "p/ribo.mat": "MATLAB 5.0",
};

describe("a project of emClarity", () => {
  it("has a stack, tomograms in its cache, and the peaks that people may have taken false ones from", async () => {
    const { claims, notes } = (await emclarity.recognise(await laboratoryWith(LAB)))!;
    expect(Object.fromEntries(claims.map(({ path, role, run }) => [path.slice(2), `${role} ${run ?? ""}`.trim()]))).toEqual({
      "fixedStacks/tilt_1.fixed": "tilt series tilt_1",
      "fixedStacks/tilt_1.rawtlt": "raw tilts tilt_1",
      "fixedStacks/tilt_1.xf": "alignment tilt_1",
      "fixedStacks/tilt_1.erase": "left out tilt_1",
      "fixedStacks/tilt_12.fixed": "tilt series tilt_12",
      "aliStacks/tilt_1_ali1.fixed": "left out",
      "cache/tilt_1_ali1_bin5.fixed": "left out",
      "cache/tilt_1_1_bin5.rec": "tomogram tilt_1",
      "convmap_wedgeType_2_bin5/tilt_1_1_bin5.mod": "left out",
      "convmap_wedgeType_2_bin5/tilt_1_1_bin5.csv": "left out",
      "convmap_wedgeType_2_bin5/tilt_1_1_bin5_convmap.mrc": "left out",
      "convmap/tilt_1_1_bin5.mod": "points tilt_1",
      "ribo.mat": "left out",
    });
    expect(notes!.join()).toContain("What emClarity refined is in p/ribo.mat, which is not read");
  });

  it("takes the list of places where the model of the peaks is gone, and says what to write where both are", async () => {
    const { "p/convmap/tilt_1_1_bin5.mod": _, "p/convmap_wedgeType_2_bin5/tilt_1_1_bin5.mod": __, ...rest } = LAB;
    const csv = async (more: Record<string, string>) =>
      (await emclarity.recognise(await laboratoryWith({ ...rest, ...more })))!.claims.filter(({ path }) =>
        /tilt_1_1_bin5\.(?:csv|pos)$/.test(path),
      );
    const pos = "p/convmap_wedgeType_2_bin5/tilt_1_1_bin5.pos";
    expect(await csv({ [pos]: "2.0 3.0 1.0\n" })).toMatchObject([
      { role: "left out", because: "peaks of the template search, whose places are in tilt_1_1_bin5.pos" },
      {
        path: pos,
        role: "points",
        run: "tilt_1",
        sameRunAs: "p/cache/tilt_1_1_bin5.rec",
        details: { points: { format: "csv", unit: "voxels" } },
      },
    ]);
    expect((await csv({})).map(({ because }) => because)).toEqual([expect.stringContaining("write its columns 11 to 13")]);
  });

  it("asks about several parts of one series, whose coordinates differ", async () => {
    const { questions } = (await emclarity.recognise(await laboratoryWith(LAB)))!;
    expect(questions).toMatchObject([
      {
        id: "parts-tilt-12",
        files: ["p/cache/tilt_12_1_bin5.rec", "p/cache/tilt_12_2_bin5.rec", "p/convmap/tilt_12_2_bin5.mod"],
        options: [{ answer: "runs" }, { answer: "leave-out" }],
      },
    ]);
    expect(questions![0]!.guess).toBeUndefined();
    expect(questions![0]!.options[0]!.claims.map(({ run }) => run)).toEqual(["tilt_12_1", "tilt_12_2", "tilt_12_2"]);
  });
});
