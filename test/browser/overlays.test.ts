import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.js";
import { instanceColours } from "../../src/model/instance-colours.js";
import { decodeOverlay } from "../../src/model/overlay-bytes.js";
import type { OverlayLayer, Overlays } from "../../src/model/page-api.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { countPixels, difference, parseColour, readPicture } from "./picture.js";
import { type LabTree, makeLabTree } from "./served-tree.js";

/** Annotations over slices: what the tree's files say, in the colours of the tomogram's view. */
const ATP = "10407/cell_01/Reconstructions/VoxelSpacing10.800/Annotations/104/atp_synthase-1.0.json";

interface File {
  id: number;
  format: string;
  s3Path: string;
  annotationShape: { shapeType: string; annotation: { objectCount: number } };
}
interface Tomogram {
  id: number;
  voxelSpacing: number;
  neuroglancerConfig: string;
}

describe.skipIf(browserPath === undefined)("overlays (needs Chromium)", () => {
  let lab: LabTree;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    lab = await makeLabTree(["imod", "cell"]);
    // one annotation says that it was made in another alignment of the run
    const alignments = join(lab.tree, "10407/cell_01/Alignments");
    cpSync(join(alignments, "100"), join(alignments, "101"), { recursive: true });
    const text = readFileSync(join(lab.tree, ATP), "utf8");
    const moved = text.replace(/(alignment_metadata_path": "[^"]*Alignments\/)100\//, "$1101/");
    expect(moved).not.toBe(text);
    writeFileSync(join(lab.tree, ATP), moved);
    url = (await lab.serve()).url;
    browser = await startBrowser([url]);
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  });

  async function asked(run: string): Promise<{ tomogram: Tomogram; files: File[]; overlays: Overlays }> {
    const query = `{ tomograms(where: {run: {name: {_eq: "${run}"}}}) { id voxelSpacing neuroglancerConfig }
      annotationFiles(where: {annotationShape: {annotation: {run: {name: {_eq: "${run}"}}}}}, limitOffset: {limit: 100}) {
        id format s3Path annotationShape { shapeType annotation { objectCount } } } }`;
    const answer = await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as { data: { tomograms: Tomogram[]; annotationFiles: File[] } };
    const tomogram = data.tomograms[0]!;
    const overlays = (await (await fetch(`${url}/api/v1/overlays/tomogram:${tomogram.id}`)).json()) as Overlays;
    return { tomogram, files: data.annotationFiles, overlays };
  }

  it.each(["cell_01", "TS_0002"])("A7: layers of %s are the annotations of its run, in the colours of its view", async (run) => {
    const { tomogram, files, overlays } = await asked(run);
    const drawn = files.filter(({ format }) => format !== "mrc" && format !== "json");
    expect(overlays.layers.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(
      drawn.map(({ id }) => id).sort((a, b) => a - b),
    );
    const state = JSON.parse(tomogram.neuroglancerConfig) as JsonObject;
    for (const file of drawn) {
      const layer = overlays.layers.find(({ id }) => id === String(file.id))!;
      expect(layer.count).toBe(file.annotationShape.annotation.objectCount);
      const key = /VoxelSpacing.*\/Annotations\/(\d+)\/(.*)\.\w+$/.exec(file.s3Path)!;
      const shown = (state.layers as JsonObject[]).find(({ source }) =>
        String((source as JsonObject).url).endsWith(`/${key[1]}-${key[2]}`),
      );
      // the view of another alignment's annotation was made before it was moved there
      expect(layer.color, file.s3Path).toBe(shown!.annotationColor ?? shown!.segmentDefaultColor);
    }
  });

  it.each(["cell_01", "TS_0002"])("A7: points of %s lie where their files say, to a part of a voxel", async (run) => {
    const { tomogram, files } = await asked(run);
    const points = files.filter(({ format }) => format === "ndjson");
    expect(points.length).toBeGreaterThan(1);
    for (const { id, s3Path } of points) {
      const lines = readFileSync(join(lab.tree, s3Path.replace(/^s3:\/\/[^/]+\//, "")), "utf8")
        .trim()
        .split("\n");
      const wanted = lines.map(
        (line) =>
          JSON.parse(line) as {
            location: Record<"x" | "y" | "z", number>;
            instance_id?: number;
            xyz_rotation_matrix?: number[][];
          },
      );
      const reply = await fetch(`${url}/api/v1/overlays/tomogram:${tomogram.id}/${id}.bin`);
      const { xyz, places, directions, instances, buckets } = decodeOverlay(await reply.arrayBuffer());
      expect(xyz.length / 3, s3Path).toBe(wanted.length);
      expect([...places].sort((a, b) => a - b)).toEqual(wanted.map((_, i) => i));
      expect(buckets.at(-1)).toBe(wanted.length);
      for (const [i, place] of places.entries()) {
        const { location, instance_id, xyz_rotation_matrix } = wanted[place]!;
        for (const [axis, name] of (["x", "y", "z"] as const).entries()) {
          expect(Math.abs(xyz[3 * i + axis]! / tomogram.voxelSpacing - location[name])).toBeLessThan(0.01);
          if (xyz_rotation_matrix) expect(directions[3 * i + axis]).toBeCloseTo(xyz_rotation_matrix[axis]![2]!, 5);
        }
        if (instance_id !== undefined) expect(instances[i]).toBe(instance_id);
      }
    }
  });

  it("A7: points of instances have the colours that their folder for Neuroglancer has", async () => {
    const { tomogram, overlays } = await asked("cell_01");
    const layer = overlays.layers.find(({ kind }) => kind === "instancePoints")!;
    const reply = await fetch(`${url}/api/v1/overlays/tomogram:${tomogram.id}/${layer.id}.bin`);
    const { instances } = decodeOverlay(await reply.arrayBuffer());
    const colourOf = instanceColours(layer, instances);
    const folder = join(lab.tree, "10407/cell_01/Reconstructions/VoxelSpacing10.800/NeuroglancerPrecompute");
    const name = readdirSync(folder).find((one) => one.endsWith("_instancesegmentation"))!;
    const { properties } = JSON.parse(readFileSync(join(folder, name, "info"), "utf8")) as { properties: JsonObject[] };
    expect(properties.map(({ id, type }) => `${id} ${type}`)).toEqual([
      "name uint8",
      "diameter float32",
      "point_index float32",
      "color rgb",
    ]);
    // a count of 8 bytes; then position, diameter, point_index, name and colour of each: 24 bytes
    const records = readFileSync(join(folder, name, "spatial0/0_0_0"));
    const seen = new Map<number, string>();
    for (let i = 0; i < records.readUInt32LE(0); i++) {
      const at = 8 + 24 * i;
      seen.set(records[at + 20]!, `#${records.subarray(at + 21, at + 24).toString("hex")}`);
    }
    expect(new Set(seen.values()).size).toBeGreaterThan(1);
    expect([...seen.keys()].sort((a, b) => a - b)).toEqual([...new Set(instances)].sort((a, b) => a - b));
    for (const [instance, colour] of seen) expect(colourOf(instance), `instance ${instance}`).toBe(colour);
  });

  it("A7: an annotation of another alignment is marked, and not shown by itself", async () => {
    const { tomogram, overlays } = await asked("cell_01");
    expect(overlays.layers.filter(({ isOtherAlignment }) => isOtherAlignment).map(({ name }) => name)).toEqual([
      "proton-transporting ATP synthase complex",
    ]);
    expect(overlays.summary).toBe("4 of 5 annotations can be drawn · 1 belongs to another alignment");
    const { page } = await browser.open(`${url}/view/tomogram/${tomogram.id}?l=xy`, { width: 1280, height: 800 });
    await page.waitForSelector(".layers li", { timeout: 60_000 });
    expect(await page.locator(".v-layers [role=status]").textContent()).toBe(
      "4 of 5 layers shown · 1 belongs to another alignment",
    );
    expect(await page.getByText("≠ other alignment").count()).toBe(1);
    await page.close();
  });

  it("A7: points, masks and meshes are drawn over slices in their colours", async () => {
    const { tomogram, overlays } = await asked("cell_01");
    for (const layer of overlays.layers.filter(({ kind }) => kind !== "instancePoints")) {
      const at = await middleOf(layer, tomogram);
      const { page, problems } = await browser.open(
        `${url}/view/tomogram/${tomogram.id}?l=xy&z=6&on=${layer.id}&p=${at.join(",")}`,
        { width: 1280, height: 800 },
      );
      await expectColour(page, layer);
      expect(problems).toEqual([]);
      await page.close();
    }
  });

  /** Å, x,y,z: somewhere in the layer. */
  async function middleOf({ id, volumeRef }: OverlayLayer, { id: tomogram }: Tomogram): Promise<readonly number[]> {
    if (volumeRef) return [1382, 1036, 345];
    const { xyz } = decodeOverlay(await (await fetch(`${url}/api/v1/overlays/tomogram:${tomogram}/${id}.bin`)).arrayBuffer());
    return [...xyz.subarray(0, 3)];
  }
});

/** Until the picture has the colour of a layer in many of its pixels. */
async function expectColour(page: Page, { color, name }: OverlayLayer): Promise<void> {
  const wanted = parseColour(color);
  await expect
    .poll(
      async () => {
        const box = (await page.locator('.v-pane[data-axis="z"]').boundingBox())!;
        const picture = readPicture(await page.screenshot());
        const area = {
          x: Math.ceil(box.x),
          y: Math.ceil(box.y),
          width: Math.floor(box.width) - 1,
          height: Math.floor(box.height) - 1,
        };
        return countPixels(picture, area, (seen) => difference(seen, wanted) < 40);
      },
      { message: name, timeout: 60_000, interval: 500 },
    )
    .toBeGreaterThan(20);
}
