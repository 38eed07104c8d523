import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { segmenters } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 8, { seed: 1 });
/** A volume of whole numbers, by the index of a voxel. */
function mask(label: (voxel: number) => number, shape: [number, number, number] = [6, 10, 10]): Uint8Array {
  const bytes = mrcFile(shape, 1);
  const view = new DataView(bytes.buffer);
  const count = shape[0] * shape[1] * shape[2];
  let most = 0;
  for (let i = 0; i < count; i++) {
    view.setFloat32(1024 + 4 * i, label(i), true);
    most = Math.max(most, label(i));
  }
  view.setFloat32(76, 0, true);
  view.setFloat32(80, most, true);
  return bytes;
}
const ones = mask((i) => (i % 3 === 0 ? 1 : 0));

async function found(files: Record<string, string | Uint8Array>) {
  const recognised = await segmenters.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries((recognised?.claims ?? []).map(({ path, role, details }) => [path, { role, ...details }]));
  return { claims, recognised };
}

describe("segmenters", () => {
  it("leave whole numbers, under the endings of their programs", async () => {
    const { claims, recognised } = await found({
      "TS_01.mrc": volume,
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": ones,
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_scores.mrc": volume,
      "matching/TS_01_angles.mrc": volume,
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented_components.mrc": mask((i) => i % 5),
      "Predictions/TS_01_semantic.mrc": ones,
      "Predictions/TS_01_instances.csv": "IDs,X [A],Y [A],Z [A]\n0,1,2,3\n",
      "labels/TS_01_mitochondria_labels.mrc": mask((i) => (i % 7 === 0 ? 3 : 0)),
    });
    expect(claims).toEqual({
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": { role: "mask", object: "membrane", label: 1 },
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_scores.mrc": { role: "left out" },
      "matching/TS_01_angles.mrc": { role: "left out" },
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented_components.mrc": {
        role: "mask",
        object: "membrane",
        isInstances: true,
      },
      "Predictions/TS_01_semantic.mrc": { role: "mask", label: 1 },
      "Predictions/TS_01_instances.csv": {
        role: "points",
        points: { format: "tardis", shape: "InstanceSegmentation", unit: "Å" },
      },
      "labels/TS_01_mitochondria_labels.mrc": { role: "mask", object: "mitochondria", label: 3 },
    });
    expect(recognised!.software).toBe("MemBrain-seg, TARDIS");
  });

  it("asks what several numbers mean", async () => {
    const { claims, recognised } = await found({
      "TS_01.mrc": volume,
      "seg/TS_01_seg.mrc": mask((i) => i % 3),
      "seg/TS_02_seg.mrc": mask((i) => i % 3),
    });
    expect(claims).toEqual({});
    expect(recognised!.questions).toMatchObject([{ id: "labels-1", files: ["seg/TS_01_seg.mrc", "seg/TS_02_seg.mrc"] }]);
    expect(recognised!.questions![0]!.options.map(({ answer }) => answer)).toEqual([
      "instances",
      "label-1",
      "label-2",
      "leave-out",
    ]);
    expect(recognised!.questions![0]!.guess).toBeUndefined();
  });

  it("are no tomograms that are called so, no masks of particles, and nothing empty", async () => {
    const { recognised } = await found({
      "labels/TS_01.mrc": volume,
      "TS_01_membrane.mrc": mrcFile([6, 10, 10], 8, { kind: "stack" }),
      "solvent_mask.mrc": mask((i) => i % 2, [8, 8, 8]),
      "TS_03_mask.mrc": mask(() => 0),
      "isonet/mask/TS_01_mask.mrc": ones,
      "isonet/deconv/TS_01.mrc": volume,
      "segment_01.mrc": mask((i) => i / 7),
      "x_instances.csv": "a,b,c\n1,2,3\n",
    });
    expect(recognised).toBeUndefined();
  });

  it("(34.silence) asks where the header has a number that no section shows that is read", async () => {
    const rare = mask((i) => (i === 0 ? 2 : i % 3 === 0 ? 1 : 0), [40, 10, 10]);
    const { recognised } = await found({ "TS_01.mrc": mrcFile([40, 10, 10], 8, { seed: 2 }), "TS_01_labels.mrc": rare });
    expect(recognised!.questions!.map(({ text }) => text)).toEqual([
      expect.stringContaining("the labels 1, 2 in TS_01_labels.mrc"),
    ]);
  });
});
