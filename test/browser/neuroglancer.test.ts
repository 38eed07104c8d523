import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LABEL_BOXES, MEMBRANE_BOX, PARTICLES, SHELL_BOX, type VoxelBox } from "../../examples/lab/truth.mjs";
import { voxelValue } from "../../examples/lab/volumes.mjs";
import type { JsonObject } from "../../src/core/json.js";
import { printJson } from "../../src/core/json.js";
import { mounted } from "../../src/server/handler.js";
import { type Listening, listen } from "../../src/server/listen.js";
import { staticFiles } from "../../src/server/static.js";
import { viewerLink, viewerPage } from "../../src/server/viewer.js";
import { type Browser, browserPath, settled, startBrowser, type Watched } from "./browser.js";
import { type Laboratory, makeLaboratory, SHAPE, SHARDED_KEY, TOMOGRAM_KEY } from "./laboratory.js";
import {
  type Area,
  type Colour,
  compareCoarsely,
  countPixels,
  difference,
  type Picture,
  parseColour,
  readPicture,
} from "./picture.js";
import { bare, COLOURS, CONTRAST, type LayerName, laboratoryView, look, withLayers } from "./scene.js";

/**
 * The page that the package carries, in a real browser, on the tree that the laboratory's deposit becomes: every layer is seen where it belongs.
 * `UPDATE_IMAGES=1` takes the pictures of docs/images anew; look at them before they are kept.
 */
const VIEWER = fileURLToPath(new URL("../../dist/viewer", import.meta.url));
const IMAGES = new URL("../../docs/images/", import.meta.url);
const SIZE = { width: 700, height: 600 };
/** Pixels of a voxel in the sections that are measured. */
const ZOOM = 8;
/** Voxels from the upper to the lower border of the renderings that are measured. */
const RENDERED_VOXELS = 80;
const CENTRE = { x: 32, y: 28, z: 16 };

describe.skipIf(browserPath === undefined)("the bundled Neuroglancer (needs Chromium)", () => {
  let lab: Laboratory;
  let server: Listening;
  let browser: Browser;
  let state: JsonObject;

  beforeAll(async () => {
    expect(existsSync(`${VIEWER}/main.bundle.js`), "dist/viewer is built (npm run build)").toBe(true);
    lab = await makeLaboratory();
    server = await listen(mounted({ "/viewer/": viewerPage({ folder: VIEWER }), "/files/": staticFiles(lab.store) }));
    browser = await startBrowser(server.url);
    state = laboratoryView(`${server.url}/files`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    lab?.remove();
  });

  /** Opens a state, waits until all of it is drawn, and expects that nothing went wrong on the way. */
  async function show(view: JsonObject | string, size?: { width: number; height: number }) {
    const watched = await browser.open(viewerLink(`${server.url}/viewer/`, view), size);
    try {
      await settled(watched.page);
      expectQuiet(watched);
      return await look(watched.page);
    } finally {
      await watched.page.close();
    }
  }

  const section = (layout: string, position: number[], ...layers: LayerName[]) =>
    show(bare(state, layers, { layout, position, crossSectionScale: 1 / ZOOM }), SIZE);

  /** Seen along z, x to the right and y down, without perspective: a voxel has the same size everywhere. */
  const rendering = (...layers: LayerName[]) =>
    show(
      bare(state, layers, {
        layout: { type: "3d", orthographicProjection: true },
        position: [CENTRE.x, CENTRE.y, CENTRE.z],
        projectionScale: RENDERED_VOXELS,
        projectionOrientation: [0, 0, 0, 1],
      }),
      SIZE,
    );

  it("opens without a state and asks nobody but its own server", async () => {
    const watched = await browser.open(`${server.url}/viewer/`);
    await watched.page.waitForFunction("window.viewer !== undefined");
    expect(await watched.page.title()).toBe("neuroglancer");
    expectQuiet(watched);
    expect(watched.absent).toEqual([]);
    await watched.page.close();
  });

  // OME-Zarr's coordinates are those of voxels' centres: voxel 16 reaches from 15.5 to 16.5.
  const DIRECTIONS = [
    { layout: "xy", voxel: (right: number, down: number) => [CENTRE.z, CENTRE.y + down, CENTRE.x + right] },
    { layout: "xz", voxel: (right: number, down: number) => [CENTRE.z + down, CENTRE.y, CENTRE.x + right] },
    // looked at along x from the far side: z grows to the left
    { layout: "yz", voxel: (right: number, down: number) => [CENTRE.z - right, CENTRE.y + down, CENTRE.x] },
  ];
  it.each([
    ...DIRECTIONS.map((direction) => ({ ...direction, version: "0.4", key: TOMOGRAM_KEY })),
    ...DIRECTIONS.map((direction) => ({ ...direction, version: "0.5 in shards", key: SHARDED_KEY })),
  ])("shows every voxel of section $layout of OME-Zarr $version where the formula has it", async ({ layout, voxel, key }) => {
    const view = { layout, position: [CENTRE.x, CENTRE.y, CENTRE.z], crossSectionScale: 1 / ZOOM };
    const { picture, panels } = await show(bare(laboratoryView(`${server.url}/files`, key), ["tomogram"], view), SIZE);
    const { x, y } = middle(panels[0]!);
    let seen = 0;
    const wrong: string[] = [];
    for (let down = -40; down < 40; down++) {
      for (let right = -40; right < 40; right++) {
        const at = voxel(right, down);
        if (at.some((place, axis) => place < 0 || place >= SHAPE[axis]!)) continue;
        const [pixelX, pixelY] = [x + right * ZOOM, y + down * ZOOM];
        if (!isInside(panels[0]!, pixelX, pixelY)) continue;
        const [z, row, column] = at as [number, number, number];
        const grey = ((voxelValue("float32", 0, z, row, column) + CONTRAST) / (2 * CONTRAST)) * 255;
        seen++;
        if (difference(picture.at(pixelX, pixelY), [grey, grey, grey]) > 3)
          wrong.push(`${at}: ${picture.at(pixelX, pixelY)} not ${grey}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(1500);
  });

  it("opens a state that lies on a server", async () => {
    const view = bare(state, ["tomogram"], { layout: "xy", position: [32, 28, 16.5], crossSectionScale: 1 / ZOOM });
    await lab.store.write("state.json", new TextEncoder().encode(printJson(view)));
    const fromServer = await show(`${server.url}/files/state.json`, SIZE);
    const fromLink = await show(view, SIZE);
    expect(compareCoarsely(fromServer.picture, fromLink.picture).mean).toBeLessThan(0.5);
  });

  it("draws points where they are, in the layer's colour", async () => {
    const { picture, panels } = await rendering("points");
    for (const { voxel } of PARTICLES)
      expect(difference(seenAt(picture, panels[0]!, voxel), parseColour(COLOURS.points))).toBeLessThan(40);
  });

  it("draws instances in colours of their own", async () => {
    const { picture, panels } = await rendering("instances");
    const colours = new Map<number, Colour>();
    for (const { voxel, instance } of PARTICLES) {
      const colour = seenAt(picture, panels[0]!, voxel);
      expect(difference(colour, [0, 0, 0]), `particle at ${voxel.x}`).toBeGreaterThan(60);
      expect(difference(colour, colours.get(instance) ?? colour)).toBeLessThan(10);
      for (const [other, its] of colours) if (other !== instance) expect(difference(colour, its)).toBeGreaterThan(60);
      colours.set(instance, colour);
    }
    expect(colours.size).toBe(3);
  });

  it("draws oriented points as the images of x, y and z in red, green and blue", async () => {
    const { picture, panels } = await rendering("oriented");
    let drawn = 0;
    for (const { voxel, rotation } of PARTICLES) {
      for (const [axis, colour] of AXES.entries()) {
        const [along, across] = [rotation[0]![axis]!, rotation[1]![axis]!];
        if (Math.hypot(along, across) < 0.5) continue; // towards the eye
        const half = { x: voxel.x + 6 * along, y: voxel.y + 6 * across };
        expect(nearest(picture, panels[0]!, half, colour), `axis ${axis} of the particle at ${voxel.x}`).toBeLessThan(60);
        drawn++;
      }
    }
    expect(drawn).toBe(11);
  });

  it.each([
    { layer: "mask", z: 10, boxes: [{ ...MEMBRANE_BOX, colour: COLOURS.mask }] },
    { layer: "mask", z: 7, boxes: [{ ...MEMBRANE_BOX, colour: COLOURS.mask }] },
    ...[2, 5, 10].map((z) => ({
      layer: "labels",
      z,
      boxes: LABEL_BOXES.map((box) => ({ ...box, colour: COLOURS.labels[box.label - 1]! })),
    })),
  ] as { layer: LayerName; z: number; boxes: (VoxelBox & { colour: string })[] }[])(
    "colours the voxels of the $layer and no others in section z = $z",
    async ({ layer, z, boxes }) => {
      const { picture, panels } = await section("xy", [CENTRE.x, CENTRE.y, z + 0.5], layer);
      const { x, y } = middle(panels[0]!);
      const wrong: string[] = [];
      for (let row = 0; row < SHAPE[1]; row++) {
        for (let column = 0; column < SHAPE[2]; column++) {
          const box = boxes.find((one) => holds(one.x, column) && holds(one.y, row) && holds(one.z, z));
          const seen = picture.at(x + (column + 0.5 - CENTRE.x) * ZOOM, y + (row + 0.5 - CENTRE.y) * ZOOM);
          if (difference(seen, box ? parseColour(box.colour) : [0, 0, 0]) > 10) wrong.push(`${column} ${row}: ${seen}`);
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  it("draws the mesh in its place and size", async () => {
    const { picture, panels } = await rendering("mesh");
    const panel = panels[0]!;
    const isMesh = ([red, green, blue]: Colour) => red > 60 && blue > 60 && green < red / 3;
    const corner = (point: { x: number; y: number }) => pixelOf(panel, point);
    const [low, high] = [corner(SHELL_BOX.min), corner(SHELL_BOX.max)];
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

  it.each([
    {
      name: "neuroglancer.png",
      size: { width: 1280, height: 960 },
      view: { position: [22, 10.5, 8.5], crossSectionScale: 0.22, projectionScale: 130 },
    },
    {
      name: "neuroglancer-3d.png",
      size: { width: 1000, height: 700 },
      view: { layout: "3d", position: [32, 28, 14.5], projectionScale: 95, layerListPanel: { visible: false } },
    },
  ])("shows the layers together as in docs/images/$name", async ({ name, size, view }) => {
    const all = withLayers(
      { ...state, selectedLayer: { visible: false }, toolPalettes: {}, ...view },
      {
        points: { shaderControls: { pointScale: 2, opacity: 1 } },
        instances: { shaderControls: { pointScale: 1.4, opacity: 1 } },
        oriented: { shaderControls: { pointScale: 0.8, opacity: 1, lineWidth: 3 } },
        mask: { selectedAlpha: 0.6 },
        labels: { selectedAlpha: 0.8 },
        mesh: { objectAlpha: 0.4 },
      },
    );
    const { png, picture } = await show(all, size);
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

/** Looked for and rightly not there: attributes of single levels, documents of Zarr's other version, voxels of a mesh. */
const HARMLESS = /\.zarr\/(?:zarr\.json|\.zarray|\.zgroup|(?:\d+\/)?\.zattrs)$|_triangularmesh\/data\/[\d_-]+$/;

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

function isInside({ x, y, width, height }: Area, pixelX: number, pixelY: number): boolean {
  // buttons and names of axes lie on the borders
  return pixelX > x + 40 && pixelX < x + width - 60 && pixelY > y + 4 && pixelY < y + height - 4;
}

/** Where a voxel's lower corner is in a rendering. */
function pixelOf(panel: Area, { x, y }: { x: number; y: number }): { x: number; y: number } {
  const scale = panel.height / RENDERED_VOXELS;
  const centre = middle(panel);
  return { x: centre.x + (x - CENTRE.x) * scale, y: centre.y + (y - CENTRE.y) * scale };
}

function seenAt(picture: Picture, panel: Area, voxel: { x: number; y: number }): Colour {
  const { x, y } = pixelOf(panel, voxel);
  return picture.at(x, y);
}

/** How far the most alike of the pixels around a place is from a colour: a line is thinner than the rounding of its place. */
function nearest(picture: Picture, panel: Area, place: { x: number; y: number }, colour: Colour): number {
  const { x, y } = pixelOf(panel, place);
  let least = 255;
  for (let down = -2; down <= 2; down++) {
    for (let right = -2; right <= 2; right++) least = Math.min(least, difference(picture.at(x + right, y + down), colour));
  }
  return least;
}

function holds([first, last]: readonly [number, number], at: number): boolean {
  return first <= at && at <= last;
}
