import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { upgradeConfig } from "../../src/stations/ingest/config/upgrade/upgrade.js";
import { openStore } from "../../src/stores/url.js";
import { hasRealData, REAL_DATA } from "../real-data.js";
import { removeTempFolders, run, tempFolder, treeOf } from "./ingest-run-kit.js";
import { layStandIns } from "./stand-in-tree.js";

/** Public configurations, from a folder of stand-in files to the standardised tree: what comes out of every format of annotations that they have. */
afterAll(removeTempFolders);

const configs = new URL("ingest-configs/", REAL_DATA);
const golden = JSON.parse(readFileSync(new URL("../golden/real-configs/entries.json", import.meta.url), "utf8")) as {
  configs: Record<string, { annotations: Record<string, number> }>;
};
/** The points of every stand-in, in voxels. */
const POINTS = [
  [1, 2, 3],
  [5, 3, 2],
  [6, 4, 1],
];

interface Annotation {
  object_count: number;
  alignment_metadata_path: string;
  annotation_object: { name: string };
  files: { path: string; format: string; shape: string }[];
}

async function ingested(name: string) {
  const folder = tempFolder();
  const place = async (part: string) => {
    mkdirSync(join(folder, part));
    return openStore(join(folder, part));
  };
  const [source, target] = [await place("input"), await place("output")];
  const config = new TextEncoder().encode(upgradeConfig(readFileSync(new URL(name, configs)), name).text);
  const { open, problems } = await layStandIns(config, name, { source, target });
  expect(problems).toEqual([]);
  const report = await run({ config, source, target, open, name: name.replace(".yaml", ""), workspace: join(folder, "work") });
  expect(report.errors).toEqual([]);
  const tree = await treeOf(target);
  const annotations = Object.entries(tree)
    .filter(([key]) => /\/Annotations\/\d+\/[^/]*[0-9]\.json$/.test(key))
    .map(([key, text]) => ({ key, metadata: JSON.parse(text) as Annotation }));
  return { tree, annotations };
}

/** Locations in a file of points, and whether they turn. */
function pointsIn(text: string): { locations: number[][]; isOriented: boolean } {
  const points = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { location: { x: number; y: number; z: number }; xyz_rotation_matrix?: number[][] });
  const locations = points.map(({ location: { x, y, z } }) => [x, y, z].map((value) => Math.round(value * 1e4) / 1e4));
  return { locations, isOriented: points.every((point) => point.xyz_rotation_matrix?.length === 3) };
}

/** Files of annotations by what the portal calls their shape: as many as the configuration has sources. */
function shapesOf(name: string): Record<string, number> {
  const shapes: Record<string, number> = {};
  for (const [kind, count] of Object.entries(golden.configs[name]!.annotations)) {
    const shape = kind.split(" ")[0]!.replace("Semantic", "");
    shapes[shape] = (shapes[shape] ?? 0) + count;
  }
  return shapes;
}

describe.skipIf(!hasRealData)("public configurations, ingested from stand-ins", () => {
  it.each([
    ["10001.yaml", "tables, masks of one volume"],
    ["10005.yaml", "tables with blanks between the columns"],
    ["10008.yaml", "motive lists"],
    ["10439.yaml", "RELION lists beside masks of the same objects"],
    ["10445.yaml", "copick, masks that are resampled, one of two spacings"],
    ["10473.yaml", "Zarr masks by threshold, in an old form"],
    ["10485.yaml", "tables with a header, columns reversed"],
    ["deposition_10301.yaml", "instances, added to what is published"],
    ["deposition_10302.yaml", "IMOD models, added to what is published"],
  ])("%s: %s", { timeout: 120_000 }, async (name) => {
    const { tree, annotations } = await ingested(name);
    const counted: Record<string, number> = {};
    const alignments = Object.keys(tree).filter((key) => key.endsWith("alignment_metadata.json"));
    // runs stand side by side with the same annotations: those of the first
    const [first] = annotations.map(({ key }) => key.split("/Annotations/")[0]!);
    for (const { key, metadata } of annotations.filter((one) => one.key.startsWith(`${first}/`))) {
      expect(alignments, key).toContain(metadata.alignment_metadata_path);
      for (const { path, format, shape } of metadata.files) {
        if (format === "mrc") continue;
        counted[shape] = (counted[shape] ?? 0) + 1;
        if (format === "zarr") {
          expect(Object.keys(tree).filter((one) => one.startsWith(`${path}/0/`)).length, path).toBeGreaterThan(0);
          expect(tree[path.replace(/\.zarr$/, ".mrc")]?.length, path).toBeGreaterThan(1024);
          continue;
        }
        const { locations, isOriented } = pointsIn(tree[path]!);
        const wanted = name === "10485.yaml" ? POINTS.map((point) => point.toReversed()) : POINTS;
        expect(locations, path).toEqual(wanted);
        expect(isOriented, path).toBe(shape === "OrientedPoint");
        expect(metadata.object_count, path).toBe(POINTS.length);
      }
    }
    expect(counted).toEqual(shapesOf(name));
  });
});
