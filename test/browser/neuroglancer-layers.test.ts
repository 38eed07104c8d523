import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.js";
import { encodeMod } from "../../src/formats/mod/write.js";
import { decodeMeshFragment } from "../../src/formats/precomputed/legacy-mesh.js";
import type { NeuroglancerView, OverlayLayer, Overlays } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { type Browser, browserPath, HARMLESS, settled, startBrowser } from "./browser.js";
import { madeMrc } from "./made-mrc.js";
import { type Area, type Colour, countPixels, difference, type Picture, parseColour } from "./picture.js";
import { lookInFrame } from "./scene.js";
import { type ServedFolder, serveVolumes } from "./slices.js";

/** Files beside a volume that nobody converted, as layers of Neuroglancer: each where it lies over the slices. */
const [NX, NY, NZ] = [48, 40, 32];
const VOXELS = [10, 12, 15] as const;
const ORIGIN = [512, -256, 128] as const;
/** The only bright voxel, x, y, z. */
const SPOT = [20, 30, 17] as const;
/** Pixels of a voxel along x. */
const ZOOM = 10;
const SIZE = { width: 1000, height: 760 };
/** Å of a voxel's middle. */
const worldOf = (voxel: readonly number[]) => voxel.map((at, i) => ORIGIN[i]! + VOXELS[i]! * at);

describe.skipIf(browserPath === undefined)("layers of files in Neuroglancer (needs Chromium)", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-ng-layers-"));
  let server: ServedFolder;
  let browser: Browser;
  let ref: string;
  let layers: readonly OverlayLayer[];
  beforeAll(async () => {
    mkdirSync(join(folder, "lab"));
    const write = (name: string, body: string | Uint8Array) => writeFileSync(join(folder, "lab", name), body);
    const at = (SPOT[2] * NY + SPOT[1]) * NX + SPOT[0];
    write(
      "rec.mrc",
      madeMrc({ size: [NX, NY, NZ], voxelAngstrom: VOXELS, origin: ORIGIN, valueAt: (i) => (i === at ? 127 : i % 3) }),
    );
    const line = (x: number, y: number, z: number) => JSON.stringify({ type: "point", location: { x, y, z } });
    write("rec_spot.ndjson", `${line(...SPOT)}\n`);
    const many = Array.from({ length: 12_000 }, (_, i) => line(i % NX, Math.floor(i / NX) % NY, Math.floor(i / NX / NY)));
    write("rec_many.ndjson", `${many.join("\n")}\n`);
    write("rec_shell.obj", "v 5 5 5\nv 40 5 5\nv 5 35 5\nv 5 5 28\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n");
    // IMOD counts x and y from the edge of the first pixel, z from the middle of the first section
    const spot = Float32Array.of(SPOT[0] + 0.5, SPOT[1] + 0.5, SPOT[2]);
    const square = [-5, -5, 5, -5, 5, 5, -5, 5];
    const around = Float32Array.from(
      [0, 1, 2, 3].flatMap((i) => [spot[0]! + square[2 * i]!, spot[1]! + square[2 * i + 1]!, SPOT[2]]),
    );
    const objects = [
      { name: "spot", contourKind: "scattered", color: [1, 0, 1], contours: [{ xyz: spot }] },
      { name: "around", contourKind: "closed", color: [0, 1, 1], contours: [{ xyz: around }] },
    ] as const;
    write("rec.mod", encodeMod({ max: [NX, NY, NZ], pixelSizeAngstrom: VOXELS[0], objects }));
    server = await serveVolumes(join(folder, "lab"), join(folder, "workspace"));
    ref = printRef({ kind: "place", place: server.place, key: "rec.mrc" });
    layers = ((await (await fetch(`${server.url}/api/v1/overlays/${ref}`)).json()) as Overlays).layers;
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const idOf = (name: string) => layers.find((layer) => layer.name === name)!.id;
  const viewOf = async (query: string) =>
    (await (await fetch(`${server.url}/api/v1/neuroglancer/at/${ref}?${query}`)).json()) as NeuroglancerView;
  const layerOf = ({ state }: NeuroglancerView, name: string) =>
    (state.layers as JsonObject[]).find((layer) => layer.name === name)!;

  async function open(...shown: string[]) {
    const search = `p=${worldOf(SPOT)}&z=${VOXELS[0] / ZOOM}&c=0,127,1,0&on=${shown.map(idOf)}`;
    const { page, problems, elsewhere, absent } = await browser.open(`${server.url}/neuroglancer/at/${ref}?${search}`, SIZE);
    const frame = (await (await page.waitForSelector("iframe", { timeout: 60_000 })).contentFrame())!;
    // before, it is an empty document, which has the policy of the pages
    await frame.waitForURL(/\/viewer\//);
    await settled(frame);
    const plain = "for (const name of ['showAxisLines', 'showScaleBar', 'showDefaultAnnotations']) viewer[name].value = false";
    await frame.evaluate(plain);
    await frame.evaluate("window.readyFrames = 0");
    await settled(frame);
    const looked = await lookInFrame(page, frame);
    const state = (await frame.evaluate("viewer.state.toJSON()")) as JsonObject;
    const faults = [
      ...problems,
      ...elsewhere,
      ...absent.filter((path) => !HARMLESS.test(path) && !/\.zarray|\.zattrs/.test(path)),
    ];
    return { page, state, faults, ...looked };
  }

  it("A11: names, colours and positions are those of the files, and as many as an address takes", async () => {
    const view = await viewOf("");
    expect(view.layers.map(({ id }) => id)).toEqual(layers.map(({ id }) => id));
    for (const { name, color } of layers) {
      const layer = layerOf(view, name);
      expect([layer.annotationColor ?? layer.segmentDefaultColor, layer.visible], name).toEqual([color, true]);
    }
    const [spot] = layerOf(view, "rec.mod · spot").annotations as JsonObject[];
    expect(spot!.point).toEqual(worldOf(SPOT).map((at) => expect.closeTo(at, 2)));
    const [around] = layerOf(view, "rec.mod · around").annotations as JsonObject[];
    expect((around!.points as number[][]).length).toBe(5);
    const shell = `${server.url}/api/v1/overlays/${ref}/${idOf("rec_shell.obj")}.mesh`;
    expect((layerOf(view, "rec_shell.obj").source as string).endsWith(new URL(shell).pathname)).toBe(true);
    const { vertices } = decodeMeshFragment(new Uint8Array(await (await fetch(`${shell}/mesh.1.1`)).arrayBuffer()));
    const corners = [5, 5, 5, 40, 5, 5, 5, 35, 5, 5, 5, 28];
    const nanometres = [0, 1, 2, 3].flatMap((i) => worldOf(corners.slice(3 * i, 3 * i + 3)).map((at) => at / 10));
    expect([...vertices]).toEqual(nanometres.map((at) => expect.closeTo(at, 2)));
    const many = (layerOf(view, "rec_many.ndjson").annotations as JsonObject[]).length;
    expect(many).toBeGreaterThan(3_000);
    expect(many).toBeLessThanOrEqual(5_000);
    expect(view.notices).toEqual([`rec_many.ndjson: ${many} of 12000 positions are drawn here; slices show all of them.`]);
  });

  it("A11: layers that the link does not name are off, and what it names in vain is said", async () => {
    const view = await viewOf(`on=${idOf("rec_spot.ndjson")},nowhere-3`);
    const shown = (view.state.layers as JsonObject[]).slice(1).filter(({ visible }) => visible !== false);
    expect(shown.map(({ name }) => name)).toEqual(["rec_spot.ndjson"]);
    expect(view.notices.some((text) => text.startsWith("A layer that this link names is not here"))).toBe(true);
  });

  it("beside slices stands what of layers is not drawn as it is", { timeout: 300_000 }, async () => {
    // all points of the long list are within their radius of this section
    const at = worldOf([24, 20, 2]);
    const address = `${server.url}/view/at/${ref}?l=xy&p=${at}&on=${idOf("rec_many.ndjson")},nowhere-3`;
    const { page, problems } = await browser.open(address, { width: 1280, height: 800 });
    await page.getByText("A layer that this link names is not here").waitFor({ timeout: 60_000 });
    await page.getByText(/rec_many\.ndjson: more than 10\s000 points in a plane are drawn as dots/).waitFor({ timeout: 60_000 });
    await page.getByRole("checkbox", { name: /rec_many/ }).uncheck();
    await page.getByText("are drawn as dots").waitFor({ state: "detached" });
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A11: a point is drawn over its voxel, in every section, to half a voxel", { timeout: 300_000 }, async () => {
    const bare = await open();
    const drawn = await open("rec.mod · spot");
    expect(drawn.panels.length).toBe(4);
    // in the rendering the voxel is further away, and smaller
    const sections = bare.panels.filter((panel) => middleOf(bare.picture, panel, isBright).count > 80);
    expect(sections.length).toBe(3);
    for (const panel of sections) {
      const voxel = middleOf(bare.picture, panel, isBright);
      const point = middleOf(drawn.picture, panel, (seen) => difference(seen, [255, 0, 255]) < 90);
      expect(point.count).toBeGreaterThan(10);
      expect(Math.hypot(point.x - voxel.x, point.y - voxel.y)).toBeLessThan(ZOOM / 2);
    }
    expect([bare.faults, drawn.faults]).toEqual([[], []]);
    // what the page in the frame has read of it
    const [layer] = (drawn.state.layers as JsonObject[]).filter(({ name }) => name === "rec.mod · spot");
    expect((layer!.annotations as JsonObject[])[0]!.point).toEqual(worldOf(SPOT).map((at) => expect.closeTo(at, 2)));
    await bare.page.close();
    await drawn.page.close();
  });

  it("A11: a contour goes around it, a surface is rendered", { timeout: 300_000 }, async () => {
    const shell = layers.find(({ name }) => name === "rec_shell.obj")!;
    const bare = await open();
    const { page, picture, panels, faults } = await open("rec.mod · around", shell.name);
    const voxel = middleOf(bare.picture, bare.panels[0]!, isBright);
    const lines = middleOf(picture, panels[0]!, (seen) => difference(seen, [0, 255, 255]) < 90);
    expect(lines.count).toBeGreaterThan(20 * ZOOM);
    expect(Math.hypot(lines.x - voxel.x, lines.y - voxel.y)).toBeLessThan(ZOOM / 2);
    // half of its width in voxels
    expect(Math.abs((lines.right - lines.left) / 2 / ZOOM - 5)).toBeLessThan(0.5);
    const changed = panels.map((panel) => countPixels(picture, panel, (seen) => isShadeOf(seen, parseColour(shell.color))));
    expect(Math.max(...changed)).toBeGreaterThan(500);
    expect(faults).toEqual([]);
    await page.close();
    await bare.page.close();
  });
});

const isBright = (seen: Colour) => Math.min(...seen) > 200;

/** Surfaces are lit: darker shades of their colour. */
const isShadeOf = (seen: Colour, colour: Colour) => {
  const [a, b] = [Math.hypot(...seen), Math.hypot(...colour)];
  const dot = seen.reduce((sum, value, i) => sum + value * colour[i]!, 0);
  return a > 60 && Math.max(...seen) - Math.min(...seen) > 40 && dot / (a * b) > 0.98;
};

/** In the middle of a panel: its buttons are bright, too. */
function middleOf({ at }: Picture, panel: Area, test: (colour: Colour) => boolean) {
  const [x, y] = [Math.round(panel.x + panel.width / 4), Math.round(panel.y + panel.height / 5)];
  const [width, height] = [Math.round(panel.width / 2), Math.round(panel.height * 0.6)];
  let [count, sumX, sumY, left, right] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      if (!test(at(column, row))) continue;
      [count, sumX, sumY] = [count + 1, sumX + column, sumY + row];
      [left, right] = [Math.min(left, column), Math.max(right, column)];
    }
  }
  return { count, x: sumX / count, y: sumY / count, left, right };
}
