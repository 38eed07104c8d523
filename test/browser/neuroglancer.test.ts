import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CELL_SHAPE, MEMBRANES, RIBOSOMES } from "../../examples/lab/cell-scene.mjs";
import { LABEL_BOXES, MEMBRANE_BOX, PARTICLES, SHELL_BOX, type VoxelBox } from "../../examples/lab/truth.mjs";
import { voxelValue } from "../../examples/lab/volumes.mjs";
import type { JsonObject } from "../../src/core/json.js";
import { viewerLink } from "../../src/server/viewer.js";
import { type Browser, browserPath, goTo, HARMLESS, settled, startBrowser, type Watched } from "./browser.js";
import { type Laboratory, makeLaboratory, VIEWER } from "./laboratory.js";
import {
  type Area,
  type Colour,
  changedTowards,
  compareCoarsely,
  countPixels,
  difference,
  type Picture,
  parseColour,
  readPicture,
} from "./picture.js";
import { bare, changed, colourOf, contrastOf, layerOf, look, plain, type Scene, sceneOf } from "./scene.js";

/**
 * The page that the package carries, in a real browser, on trees of the laboratory: views, layers and volumes are those that `ingest run`
 * has written, and every layer is seen where it belongs. `UPDATE_IMAGES=1` takes the pictures of docs/images anew; look at them before
 * they are kept.
 */
const IMAGES = new URL("../../docs/images/", import.meta.url);
const SIZE = { width: 700, height: 600 };
/** Pixels of a voxel in the sections that are measured. */
const ZOOM = 8;
/** Voxels from the upper to the lower border of the renderings that are measured. */
const RENDERED_VOXELS = 80;

const IMOD = "10401/TS_0001/";
const ARETOMO = "10403/run_001/Reconstructions/VoxelSpacing4.990/NeuroglancerPrecompute/100-";
const SIM = "10405/TS_1/";
const CELL = "10407/cell_01/";

describe.skipIf(browserPath === undefined)("the bundled Neuroglancer (needs Chromium)", () => {
  let lab: Laboratory;
  let browser: Browser;
  let imod: Scene;
  let aretomo: Scene;
  let sim: Scene;
  let cell: Scene;

  beforeAll(async () => {
    expect(existsSync(`${VIEWER}/index.html`), "dist/viewer is built (npm run build)").toBe(true);
    lab = await makeLaboratory();
    browser = await startBrowser([lab.chunked.url, lab.sharded.url]);
    imod = sceneOf(await lab.chunked.state(IMOD), [32, 56, 64]);
    aretomo = sceneOf(await lab.chunked.state(ARETOMO), [32, 64, 64]);
    sim = sceneOf(await lab.chunked.state(SIM), [32, 56, 64]);
    cell = sceneOf(await lab.chunked.state(CELL), CELL_SHAPE);
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.remove();
  });

  /** A page for each address of the viewer, which goes from one state to the next: it takes seconds to start. */
  const kept = new Map<string, Watched>();

  /** Shows a state, or opens a link, waits until all of it is drawn, and expects that nothing went wrong on the way. */
  async function show(view: JsonObject | string, size = { width: 1000, height: 700 }, page = lab.chunked.page) {
    const open = typeof view === "string" ? undefined : kept.get(page);
    const watched = open ?? (await browser.open(typeof view === "string" ? view : viewerLink(page, view), size));
    if (open) await goTo(open.page, viewerLink(page, view as JsonObject), size);
    else if (typeof view !== "string") kept.set(page, watched);
    await settled(watched.page);
    expectQuiet(watched);
    const seen = await look(watched.page);
    if (typeof view === "string") await watched.page.close();
    return seen;
  }

  /** Seen along z, x to the right and y down, without perspective: a voxel has the same size everywhere. */
  async function rendering(scene: Scene, layer: string) {
    const { picture, panels } = await show(
      bare(scene, layer, {
        layout: { type: "3d", orthographicProjection: true },
        position: [scene.centre.x, scene.centre.y, scene.centre.z],
        projectionScale: RENDERED_VOXELS,
        projectionOrientation: [0, 0, 0, 1],
      }),
      SIZE,
    );
    const pixelOf = pixelIn(panels[0]!, scene);
    const seenAt = (voxel: { x: number; y: number }): Colour => picture.at(pixelOf(voxel).x, pixelOf(voxel).y);
    return { picture, panel: panels[0]!, pixelOf, seenAt };
  }

  it("opens without a state and asks nobody but its own server", async () => {
    const watched = await browser.open(lab.chunked.page);
    await watched.page.waitForFunction("window.viewer !== undefined");
    expect(await watched.page.title()).toBe("neuroglancer");
    expectQuiet(watched);
    expect(watched.absent).toEqual([]);
    await watched.page.close();
  });

  // OME-Zarr's coordinates are those of voxels' centres: voxel 16 reaches from 15.5 to 16.5.
  const DIRECTIONS = [
    { layout: "xy", voxel: ({ x, y, z }: Scene["centre"], right: number, down: number) => [z, y + down, x + right] },
    { layout: "xz", voxel: ({ x, y, z }: Scene["centre"], right: number, down: number) => [z + down, y, x + right] },
    // looked at along x from the far side: z grows to the left
    { layout: "yz", voxel: ({ x, y, z }: Scene["centre"], right: number, down: number) => [z - right, y + down, x] },
  ];
  it.each([
    ...DIRECTIONS.map((direction) => ({ ...direction, version: "0.4", where: "chunked" as const })),
    ...DIRECTIONS.map((direction) => ({ ...direction, version: "0.5 in shards", where: "sharded" as const })),
  ])("shows every voxel of section $layout of OME-Zarr $version by formula and contrast", async ({ layout, voxel, where }) => {
    const scene = sceneOf(await lab[where].state(IMOD), [32, 56, 64]);
    const { size, centre } = scene;
    const view = { layout, position: [centre.x, centre.y, centre.z], crossSectionScale: 1 / ZOOM };
    const { picture, panels } = await show(bare(scene, ".zarr", view), SIZE, lab[where].page);
    const [black, white] = contrastOf(scene);
    // three standard deviations of the formula's values to each side of their mean
    expect(white - black).toBeGreaterThan(400);
    expect(white - black).toBeLessThan(480);
    const { x, y } = middle(panels[0]!);
    let seen = 0;
    const wrong: string[] = [];
    for (let down = -40; down < 40; down++) {
      for (let right = -40; right < 40; right++) {
        const [z, row, column] = voxel(centre, right, down) as [number, number, number];
        if (!isVoxel(size, column, row, z)) continue;
        const [pixelX, pixelY] = [x + right * ZOOM, y + down * ZOOM];
        if (!isInside(panels[0]!, pixelX, pixelY)) continue;
        const grey = ((voxelValue("float32", 0, z, row, column) - black) / (white - black)) * 255;
        seen++;
        const found = picture.at(pixelX, pixelY);
        if (difference(found, [grey, grey, grey]) > 3) wrong.push(`${column} ${row} ${z}: ${found} not ${grey}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(1500);
  });

  describe("a layer of the laboratory", () => {
    it("of points has them where they are, in its colour", async () => {
      const { seenAt } = await rendering(imod, "100 fatty acid synthase complex point");
      const colour = colourOf(layerOf(imod, "100 fatty acid synthase complex point"));
      for (const { voxel } of PARTICLES) expect(difference(seenAt(voxel), colour)).toBeLessThan(40);
    });

    it("of instances has them in colours of their own", async () => {
      const { seenAt } = await rendering(imod, "_instancesegmentation");
      const colours = new Map<number, Colour>();
      for (const { voxel, instance } of PARTICLES) {
        const colour = seenAt(voxel);
        expect(difference(colour, [0, 0, 0]), `particle at ${voxel.x}`).toBeGreaterThan(60);
        expect(difference(colour, colours.get(instance) ?? colour)).toBeLessThan(10);
        for (const [other, its] of colours) if (other !== instance) expect(difference(colour, its)).toBeGreaterThan(60);
        colours.set(instance, colour);
      }
      expect(colours.size).toBe(3);
    });

    it("of oriented points has the images of x, y and z as lines in red, green and blue", async () => {
      const { picture, pixelOf } = await rendering(imod, "108 cytosolic ribosome orientedpoint");
      let drawn = 0;
      for (const { voxel, rotation } of PARTICLES) {
        for (const [axis, colour] of AXES.entries()) {
          const [along, across] = [rotation[0]![axis]!, rotation[1]![axis]!];
          if (Math.hypot(along, across) < 0.5) continue; // towards the eye
          const half = pixelOf({ x: voxel.x + 5 * along, y: voxel.y + 5 * across });
          expect(nearest(picture, half, colour), `axis ${axis} of the particle at ${voxel.x}`).toBeLessThan(60);
          drawn++;
        }
      }
      expect(drawn).toBe(11);
    });

    it("of oriented points with a mesh has a copy of it at each of them", async () => {
      const { picture, panel, seenAt } = await rendering(aretomo, "_orientedmesh");
      const colour = colourOf(layerOf(aretomo, "_orientedmesh"));
      for (const { voxel } of PARTICLES) expect(isShadeOf(seenAt(voxel), colour), `particle at ${voxel.x}`).toBe(true);
      // cubes of 40 voxels about the particles reach over the tomogram's corner, but not over the one across
      expect(isShadeOf(seenAt({ x: 1, y: 1 }), colour)).toBe(true);
      expect(countPixels(picture, panel, (seen) => isShadeOf(seen, colour))).toBeGreaterThan(20_000);
      expect(isShadeOf(seenAt({ x: 2, y: 62 }), colour)).toBe(false);
    });

    it.each([
      ...[2, 3, 4].map((z) => ({ of: "imod" as const, layer: "102 mitochondrion", z, boxes: [LABEL_BOXES[0]!] })),
      ...[7, 8, 15].map((z) => ({ of: "aretomo" as const, layer: "103 membrane", z, boxes: [MEMBRANE_BOX] })),
      ...[2, 5, 10].map((z) => ({ of: "sim" as const, layer: "_instancesegmentationmask", z, boxes: LABEL_BOXES })),
    ] as { of: "imod" | "aretomo" | "sim"; layer: string; z: number; boxes: (VoxelBox & { label?: number })[] }[])(
      "colours the voxels of the mask $layer and no others in section z = $z",
      async ({ of, layer, z, boxes }) => {
        const scene = { imod, aretomo, sim }[of];
        const { centre, size } = scene;
        const view = { layout: "xy", position: [centre.x, centre.y, z + 0.5], crossSectionScale: 1 / ZOOM };
        const { picture, panels } = await show(bare(scene, layer, view), SIZE);
        const { segmentColors, ...its } = layerOf(scene, layer) as { segmentColors?: Record<string, string> };
        const { x, y } = middle(panels[0]!);
        const wrong: string[] = [];
        for (let row = 0; row < size.y; row++) {
          for (let column = 0; column < size.x; column++) {
            const box = boxes.find((one) => holds(one.x, column) && holds(one.y, row) && holds(one.z, z));
            const [right, down] = [x + (column + 0.5 - centre.x) * ZOOM, y + (row + 0.5 - centre.y) * ZOOM];
            if (!isInside(panels[0]!, right, down)) continue;
            const colour = segmentColors ? parseColour(segmentColors[String(box?.label)] ?? "#000000") : colourOf(its);
            const seen = picture.at(right, down);
            if (difference(seen, box ? colour : [0, 0, 0]) > 10) wrong.push(`${column} ${row}: ${seen}`);
          }
        }
        expect(wrong).toEqual([]);
      },
    );

    it("of a mesh has it in its place and size", async () => {
      const { picture, panel, pixelOf } = await rendering(aretomo, "shell_of_shell_binary_stl-1.0_triangularmesh");
      const colour = colourOf(layerOf(aretomo, "shell_of_shell_binary_stl-1.0_triangularmesh"));
      const isMesh = (seen: Colour) => isShadeOf(seen, colour);
      const [low, high] = [pixelOf(SHELL_BOX.min), pixelOf(SHELL_BOX.max)];
      const inside = {
        x: Math.ceil(low.x) + 2,
        y: Math.ceil(low.y) + 2,
        width: Math.floor(high.x - low.x) - 4,
        height: Math.floor(high.y - low.y) - 4,
      };
      const outside = { x: inside.x - 5, y: inside.y - 5, width: inside.width + 10, height: inside.height + 10 };
      expect(countPixels(picture, inside, isMesh)).toBe(inside.width * inside.height);
      expect(countPixels(picture, panel, isMesh)).toBe(countPixels(picture, outside, isMesh));
    });
  });

  describe("the view of the cell", () => {
    const WIDE = { width: 1000, height: 750 };
    let whole: Picture;
    beforeAll(async () => {
      whole = (await show(plain(cell.state), WIDE)).picture;
    });

    it("opens by the link of its tree, as its state does", async () => {
      const linked = await show(lab.chunked.link(CELL), WIDE);
      const given = await show(cell.state, WIDE);
      expect(compareCoarsely(linked.picture, given.picture).mean).toBeLessThan(0.5);
    });

    it("shows the tomogram: membranes are darker than what is around them", async () => {
      const position = [cell.centre.x, cell.centre.y, cell.centre.z];
      const scale = 2;
      const { picture, panels } = await show(bare(cell, ".zarr", { layout: "xy", position, crossSectionScale: 1 / scale }), WIDE);
      const { x, y } = middle(panels[0]!);
      const brightness = (voxel: { x: number; y: number }) =>
        picture.at(x + (voxel.x - cell.centre.x) * scale, y + (voxel.y - cell.centre.y) * scale)[0];
      const around = (factor: number) =>
        Array.from({ length: 200 }, (_, at) => {
          const [right, down] = [Math.cos((at * Math.PI) / 100), Math.sin((at * Math.PI) / 100)];
          const [{ centre, radii }] = MEMBRANES as [(typeof MEMBRANES)[number]];
          return { x: centre[0] + factor * radii[0] * right, y: centre[1] + factor * radii[1] * down };
        }).reduce((sum, voxel) => sum + brightness(voxel) / 200, 0);
      // leaflets lie on both sides of the middle, 1.7 voxels from it
      expect(around(1 + 1.7 / 68)).toBeLessThan(around(0.88) - 60);
      expect(around(1 - 1.7 / 68)).toBeLessThan(around(1.1) - 60);
    });

    it.each([
      { layer: ".zarr", pixels: 30_000 },
      { layer: "100 cytosolic ribosome orientedpoint", pixels: 400 },
      { layer: "101 membrane segmentation", pixels: 3000 },
      { layer: "102 vesicle mesh", pixels: 2000 },
      { layer: "103 microtubule point", pixels: 400 },
      { layer: "104 proton-transporting ATP synthase complex point", pixels: 200 },
    ])("is another one without the layer $layer", async ({ layer, pixels }) => {
      const { picture } = await show(plain(changed(cell.state, { [layer]: { visible: false } })), WIDE);
      const its = layerOf(cell, layer);
      const colour = its.type === "image" || layer.includes("microtubule") ? undefined : colourOf(its);
      expect(changedTowards(picture, whole, colour)).toBeGreaterThan(pixels);
    });

    it("has a line from each ribosome to its small subunit", async () => {
      const position = [cell.centre.x, cell.centre.y, cell.centre.z];
      const view = {
        layout: { type: "3d", orthographicProjection: true },
        position,
        projectionScale: 240,
        projectionOrientation: [0, 0, 0, 1],
      };
      const { picture, panels } = await show(bare(cell, "100 cytosolic ribosome orientedpoint", view), WIDE);
      const pixelOf = pixelIn(panels[0]!, cell, 240);
      let [seen, wanted] = [0, 0];
      for (const { place, rotation } of RIBOSOMES) {
        const [right, down] = [rotation[0]![2]!, rotation[1]![2]!];
        if (Math.hypot(right, down) < 0.6) continue;
        wanted++;
        const half = pixelOf({ x: place[0]! + 7 * right, y: place[1]! + 7 * down });
        if (nearest(picture, half, [0, 0, 255]) < 90) seen++;
      }
      expect(wanted).toBeGreaterThan(15);
      // another particle may lie over it
      expect(seen).toBeGreaterThan(0.85 * wanted);
    });

    it("is the same of OME-Zarr 0.5 in shards", async () => {
      const { page, state } = lab.sharded;
      const { picture } = await show(plain((await state(CELL)) as JsonObject), WIDE, page);
      expect(compareCoarsely(picture, whole).mean).toBeLessThan(0.5);
    });
  });

  const LABELLED = { layerListPanel: { visible: false }, selectedLayer: { visible: false }, toolPalettes: {} };
  it.each([
    { name: "neuroglancer.png", size: { width: 1000, height: 720 }, view: { crossSectionScale: 0.68, projectionScale: 230 } },
    {
      name: "neuroglancer-section.png",
      size: { width: 800, height: 640 },
      view: { ...LABELLED, layout: "xy", position: [128, 96, 32], crossSectionScale: 0.34 },
    },
    {
      name: "neuroglancer-3d.png",
      size: { width: 800, height: 560 },
      view: { ...LABELLED, layout: "3d", projectionScale: 245 },
    },
  ])("shows a cell and all that is marked in it as in docs/images/$name", async ({ name, size, view }) => {
    const { png, picture } = await show(
      changed({ ...plain(cell.state), layerListPanel: { visible: true, row: 0, side: "left" }, ...view } as JsonObject, {
        "101 membrane segmentation": { selectedAlpha: 0.4 },
        "102 vesicle mesh": { selectedAlpha: 0.4 },
        "100 cytosolic ribosome orientedpoint": { shaderControls: { lineWidth: 2.5 } },
      }),
      size,
    );
    const file = new URL(name, IMAGES);
    if (process.env.UPDATE_IMAGES) writeFileSync(file, png);
    expect(existsSync(file), `${name} is there (UPDATE_IMAGES=1 takes it)`).toBe(true);
    const { mean, far } = compareCoarsely(picture, readPicture(readFileSync(file)));
    expect(mean).toBeLessThan(3);
    expect(far).toBeLessThan(0.02);
  });
});

const AXES: readonly Colour[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];

function expectQuiet({ problems, elsewhere, absent }: Watched): void {
  expect({ problems, elsewhere, absent: absent.filter((path) => !HARMLESS.test(path)) }).toEqual({
    problems: [],
    elsewhere: [],
    absent: [],
  });
}

function middle({ x, y, width, height }: Area): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}

function isVoxel(size: Scene["size"], x: number, y: number, z: number): boolean {
  return x >= 0 && y >= 0 && z >= 0 && x < size.x && y < size.y && z < size.z;
}

function isInside({ x, y, width, height }: Area, pixelX: number, pixelY: number): boolean {
  // buttons and names of axes lie on the borders
  return pixelX > x + 40 && pixelX < x + width - 60 && pixelY > y + 4 && pixelY < y + height - 4;
}

/** Where a voxel's lower corner is in a rendering that is so many voxels high. */
function pixelIn(panel: Area, { centre }: Pick<Scene, "centre">, voxels = RENDERED_VOXELS) {
  const scale = panel.height / voxels;
  const { x, y } = middle(panel);
  return (voxel: { x: number; y: number }) => ({ x: x + (voxel.x - centre.x) * scale, y: y + (voxel.y - centre.y) * scale });
}

/** A surface's colour is darker where it turns away from the eye. */
function isShadeOf(seen: Colour, colour: Colour): boolean {
  const brightness = Math.max(...seen);
  if (brightness < 40) return false;
  const full = Math.max(...colour);
  return seen.every((value, i) => Math.abs(value / brightness - colour[i]! / full) < 0.2);
}

/** How far the most alike of the pixels around a place is from a colour: a line is thinner than the rounding of its place. */
function nearest(picture: Picture, { x, y }: { x: number; y: number }, colour: Colour): number {
  let least = 255;
  for (let down = -2; down <= 2; down++) {
    for (let right = -2; right <= 2; right++) least = Math.min(least, difference(picture.at(x + right, y + down), colour));
  }
  return least;
}

function holds([first, last]: readonly [number, number], at: number): boolean {
  return first <= at && at <= last;
}
