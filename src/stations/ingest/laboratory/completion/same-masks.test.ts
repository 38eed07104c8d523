import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { type ZarrVolume, zarrFiles } from "../../../../../test/zarr-volume.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();

/** 10 × 10 × 6 voxels of 8 Å that are of the label, or 0. */
function mask(label: number, isMarked: (voxel: number) => boolean): Uint8Array {
  const bytes = mrcFile([6, 10, 10], 8, { value: 0 });
  const view = new DataView(bytes.buffer);
  for (let voxel = 0; voxel < 600; voxel++) view.setFloat32(1024 + 4 * voxel, isMarked(voxel) ? label : 0, true);
  view.setFloat32(80, label, true);
  return bytes;
}

describe("masks of the same voxels", () => {
  it("are one, under whatever name and label: the one whose object is known stays", async () => {
    const laboratory = await laboratoryWith({
      "TS_01.mrc": mrcFile([6, 10, 10], 8, { seed: 1 }),
      "TS_02.mrc": mrcFile([6, 10, 10], 8, { seed: 2 }),
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": mask(1, (voxel) => voxel % 3 === 0),
      "TS_01_membranes/mb1.mrc": mask(1, (voxel) => voxel % 3 === 0),
      "TS_01_labels/all.mrc": mask(255, (voxel) => voxel % 3 === 0),
      "TS_01_membranes/mb2.mrc": mask(1, (voxel) => voxel % 3 === 0 && voxel !== 300),
      "TS_02_membranes/mb3.mrc": mask(1, (voxel) => voxel % 3 === 0),
    });
    const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    const rest = [...files.values()].filter(({ path }) => /mb|all|segmented/.test(path));
    expect(Object.fromEntries(rest.map(({ path, role, because }) => [path, role === "mask" ? role : because]))).toEqual({
      "predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": "mask",
      "TS_01_membranes/mb1.mrc": "the same voxels as predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc",
      "TS_01_labels/all.mrc": "the same voxels as predictions/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc",
      "TS_01_membranes/mb2.mrc": "mask",
      "TS_02_membranes/mb3.mrc": "mask",
    });
  });

  it("are one also where a project of copick has one as OME-Zarr, or was copied", async () => {
    const zarr = (project: string) => {
      const path = `${project}/ExperimentRuns/TS_01/Segmentations/8.000_membrain-seg_1_membrane.zarr`;
      const value = (z: number, y: number, x: number) => Number((z * 100 + y * 10 + x) % 3 === 0);
      const form = { shape: [6, 10, 10], chunk: [6, 10, 10], scale: [8, 8, 8] } satisfies Partial<ZarrVolume>;
      return [...zarrFiles({ ...form, dtype: "uint8", unit: "angstrom", value })].map(
        ([name, body]) => [`${path}/${name}`, body instanceof Uint8Array ? body : JSON.stringify(body)] as const,
      );
    };
    const rest = async (files: Record<string, string | Uint8Array>) => {
      const laboratory = await laboratoryWith({ "TS_01.mrc": mrcFile([6, 10, 10], 8, { seed: 1 }), ...files });
      const { files: all } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
      return [...all.values()].flatMap(({ path, role, because }) =>
        /_seg|zarr/.test(path) ? [role === "mask" ? role : because] : [],
      );
    };
    const path = "a/ExperimentRuns/TS_01/Segmentations/8.000_membrain-seg_1_membrane.zarr";
    const one = Object.fromEntries(zarr("a"));
    expect(await rest({ ...one, ...Object.fromEntries(zarr("second")) })).toEqual(["mask", `the same voxels as ${path}`]);
    const ofMembrain = { "out/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": mask(1, (voxel) => voxel % 3 === 0) };
    expect(await rest({ ...one, ...ofMembrain })).toEqual(["mask", `the same voxels as ${path}`]);
    const others = { "out/TS_01_MemBrain_seg_v10_alpha.ckpt_segmented.mrc": mask(1, (voxel) => voxel % 4 === 0) };
    expect(await rest({ ...one, ...others })).toEqual(["mask", "mask"]);
  });
});
