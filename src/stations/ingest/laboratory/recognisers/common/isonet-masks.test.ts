import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { isonetMasks } from "./isonet-masks.js";

it("masks of IsoNet lie beside a folder that it makes, or in one that is called after it", async () => {
  const paths = [
    "a/mask/TS_1_mask.mrc",
    "isonet/chlamy_mask/TS 1 mask.mrc",
    "a/mask (alt)/TS_1_mask.mrc",
    "b/mask/TS_1_mask.mrc",
  ];
  const volume = mrcFile([4, 8, 8], 10, { seed: 1 });
  const laboratory = await laboratoryWith(
    Object.fromEntries([...paths, "a/corrected_tomos/TS_1_corrected.mrc"].map((path) => [path, volume])),
  );
  expect(paths.map(isonetMasks(laboratory))).toEqual([true, true, true, false]);
});
