import { expect, it } from "vitest";
import { laboratoryWith } from "../../../../../../test/laboratory-kit.js";
import { deepfinder } from "./recognise.js";

it("lists of objects of DeepFinder are told, with what to write in their place", async () => {
  const object = (label: number) =>
    `  <object tomo_idx="0" class_label="${label}" x="4.000" y="5.000" z="6.000" cluster_size="31"/>\n`;
  const found = await deepfinder.recognise(
    await laboratoryWith({
      "result/TS_01_objlist.xml": `<objlist>\n${object(1)}${object(2)}</objlist>\n`,
      "result/TS_02_objlist.xml": `<objlist>\n${object(2)}</objlist>\n`,
      "params_train.xml": "<paramsTrain>\n</paramsTrain>\n",
      "warp_tiltseries/TS_01.xml": '<?xml version="1.0"?>\n<TiltSeries></TiltSeries>\n',
    }),
  );
  const end = "in voxels: to publish it, write x, y and z of each class as CSV";
  expect(Object.fromEntries(found!.claims.map(({ path, because }) => [path, because]))).toEqual({
    "params_train.xml": "a project file of DeepFinder",
    "result/TS_01_objlist.xml": `a list of objects of DeepFinder, of 2 classes, ${end}`,
    "result/TS_02_objlist.xml": `a list of objects of DeepFinder, ${end}`,
  });
});
