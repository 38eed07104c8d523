import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plan, PlanItem } from "../../src/stations/publish/plan/plan.js";
import { parsePlan } from "../../src/stations/publish/plan/plan.js";

/** Writes files below a folder, by their relative paths. */
export function writeTree(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), body);
  }
}

export type ItemFacts = Pick<PlanItem, "id" | "action" | "source" | "target">;

/** A plan of these items, as `publish plan` would write it. */
export function planText(bucket: string, items: readonly ItemFacts[], transfer: Partial<Plan["transfer"]> = {}): string {
  return JSON.stringify({
    version: 1,
    sample: "2023-05-10",
    date: "2023-05-10",
    mmdd: "0510",
    products: [],
    imagesBase: null,
    root: null,
    createdAt: "2026-01-02T03:04:05.000Z",
    profile: "mouselight",
    bucket,
    transfer: { awsFlags: [], filters: [], delete: false, checksum: false, ...transfer },
    cluster: { kind: "none", slots: 1, order: "free" },
    items: items.map((item) => ({
      ...item,
      product: item.id.split("/")[0],
      exists: true,
      files: null,
      bytes: null,
      warnings: [],
    })),
    totals: { items: items.length, missing: 0, files: null, bytes: null },
    warnings: [],
    errors: [],
  });
}

export const planOf = (...args: Parameters<typeof planText>): Plan => parsePlan(planText(...args), "plan.json");

/** The files of a run, by the layout of the portal; two of them come late in the order of keys and must go early. */
export function runFiles(dataset: string, run: string): Record<string, string> {
  const at = `${dataset}/${run}`;
  const spacing = `${at}/Reconstructions/VoxelSpacing13.480`;
  return {
    [`${at}/Alignments/100/alignment_metadata.json`]: "{}",
    [`${at}/Frames/${run}.mdoc`]: "frames",
    [`${at}/Frames/frames_metadata.json`]: "{}",
    [`${at}/run_metadata.json`]: `{"run_name": "${run}"}`,
    [`${at}/TiltSeries/100/${run}.mrc`]: "tilts",
    [`${at}/TiltSeries/100/tiltseries_metadata.json`]: "{}",
    [`${spacing}/Annotations/100/ribosome-1.0.json`]: "{}",
    [`${spacing}/Annotations/100/ribosome-1.0_point.ndjson`]: "points",
    [`${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`]: "{}",
    [`${spacing}/NeuroglancerPrecompute/100-ribosome-1.0_point/info`]: "{}",
    [`${spacing}/NeuroglancerPrecompute/100-ribosome-1.0_point/spatial0/0_0_0`]: "index",
    [`${spacing}/Tomograms/100/${run}.mrc`]: "volume",
    [`${spacing}/Tomograms/100/${run}.zarr/.zattrs`]: "{}",
    [`${spacing}/Tomograms/100/${run}.zarr/.zgroup`]: "{}",
    [`${spacing}/Tomograms/100/${run}.zarr/0/.zarray`]: "{}",
    [`${spacing}/Tomograms/100/${run}.zarr/0/0/0/0`]: "chunk",
    [`${spacing}/Tomograms/100/tomogram_metadata.json`]: "{}",
    [`${spacing}/zz note [1]*? é`]: "a name that sorts after all",
  };
}

export const DATASET = (id: string) => ({
  [`${id}/dataset_metadata.json`]: '{"deposition_id": 10301}',
  [`${id}/Images/snapshot.png`]: "picture",
});
export const DEPOSITION = {
  "depositions_metadata/10301/deposition_metadata.json": "{}",
  "depositions_metadata/10301/Images/snapshot.png": "picture",
};
export const TREE = { ...DATASET("10001"), ...runFiles("10001", "TS_01"), ...runFiles("10001", "TS_02"), ...DEPOSITION };
