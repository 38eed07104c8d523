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
