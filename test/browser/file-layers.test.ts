import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DecodedPng, decode } from "fast-png";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeMod, type NewMod } from "../../src/formats/mod/write.js";
import type { Overlays } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { madeMrc } from "./made-mrc.js";
import { type Colour, differing, parseColour, readPicture } from "./picture.js";

/** Files beside volumes that nobody ingested: what is drawn lies where the files say, to the voxel. All volumes are grey and 10 Å a voxel. */
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const VOXEL = 10;
const [NX, NY, NZ] = [120, 90, 20];
const VIEWPORT = { width: 1280, height: 800 };
/** x, y, z in voxels, from the middle of the first one; three in section 8. */
const POINTS = [
  [30, 20, 8],
  [90, 40.25, 8.25],
  [60, 70, 7.75],
  [60, 45, 15],
] as const;
const AXIS_DEGREES = 84.7;

describe.skipIf(browserPath === undefined)("layers of files beside a volume (needs Chromium)", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-layers-"));
  let server: ChildProcess;
  let url: string;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(join(folder, "lab"));
    const write = (name: string, body: string | Uint8Array) => writeFileSync(join(folder, "lab", name), body);
    for (const name of ["rec.mrc", "other.mrc", "tilts.st"]) write(name, greyMrc());
    const lines = POINTS.map(([x, y, z]) => JSON.stringify({ type: "point", location: { x, y, z } }));
    write("rec_particles.ndjson", `${lines.join("\n")}\n`);
    // a square of 20 voxels about (40, 50) in section 8; IMOD counts x and y from the edge of the first pixel
    const corners = [30, 40, 50, 40, 50, 60, 30, 60].map((value) => value + 0.5);
    const square = Float32Array.from([0, 1, 2, 3].flatMap((i) => [corners[2 * i]!, corners[2 * i + 1]!, 8]));
    write("traced.mod", model([{ name: "outline", contourKind: "closed", color: [0, 1, 0], contours: [{ xyz: square }] }]));
    const bead = (x: number, y: number) => Float32Array.from([7, 8, 9].flatMap((z) => [x + 0.5, y + 0.5, z]));
    const contours = [{ xyz: bead(25, 30) }, { xyz: bead(100, 60) }];
    write("tilts.fid", model([{ name: "beads", contourKind: "open", color: [0, 0, 1], pointSize: 0, contours }]));
    write(
      "tilts.st.mdoc",
      `PixelSpacing = ${VOXEL}\n\n[T = Tilt axis angle = ${AXIS_DEGREES}, binning = 1]\n\n[ZValue = 0]\nTiltAngle = 0\n`,
    );
    const words = ["serve", join(folder, "lab"), "--port", "0", "--json", "--workspace", join(folder, "workspace")];
    server = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "inherit"] });
    url = await new Promise((resolve, reject) => {
      let text = "";
      server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
      server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        if (text.endsWith("\n}\n")) resolve((JSON.parse(text) as { url: string }).url);
      });
    });
    browser = await startBrowser([url]);
  });
  afterAll(async () => {
    await browser?.close();
    if (server?.exitCode === null) {
      server.kill("SIGINT");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const refOf = (key: string) => printRef({ kind: "place", place: "lab", key });
  const address = (key: string, search: Readonly<Record<string, string>> = {}) =>
    `${url}/view/at/${refOf(key)}?${new URLSearchParams(search)}`;
  const section = (z: number) => [60, 45, z].map((index) => index * VOXEL).join();
  const layersOf = async (key: string) => (await (await fetch(`${url}/api/v1/overlays/${refOf(key)}`)).json()) as Overlays;

  it("A7: a native picture has each point in its voxel, its circle as wide as the particle", async () => {
    const { layers } = await layersOf("rec.mrc");
    expect(layers.map(({ name, count }) => [name, count])).toEqual([["rec_particles.ndjson", 4]]);
    const { page, problems } = await open("rec.mrc", { l: "xy", p: section(8) });
    const picture = await nativePicture(page);
    expect([picture.width, picture.height]).toEqual([NX, NY]);
    for (const [x, y, z] of POINTS.slice(0, 3)) {
      const seen = coloured(picture, parseColour(layers[0]!.color), [x - 8, y - 8, x + 9, y + 9]);
      const middle = [0, 1].map((i) => seen.reduce((sum, one) => sum + one[i]!, 0) / seen.length);
      expect(Math.abs(middle[0]! - x), `x of ${x},${y},${z}`).toBeLessThan(0.5);
      expect(Math.abs(middle[1]! - y), `y of ${x},${y},${z}`).toBeLessThan(0.5);
      // 50 Å, less what the sphere is narrower a quarter of a voxel away: nothing, as that is inside of the slab
      const radius = seen.reduce((sum, one) => sum + Math.hypot(one[0]! - x, one[1]! - y), 0) / seen.length;
      expect(Math.abs(radius - 5), `radius of ${x},${y},${z}`).toBeLessThan(0.5);
    }
    // section 15 is too far for its circle
    expect(coloured(picture, parseColour(layers[0]!.color), [55, 40, 66, 51])).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("exports the points of a slab as they stand in their file", async () => {
    const { page } = await open("rec.mrc", { l: "xy", p: section(8), s: "3" });
    await page.locator(".v-canvas").focus();
    await page.keyboard.press("e");
    await page.getByLabel("CSV").check();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save table" }).click(),
    ]);
    const [header, ...rows] = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\r\n");
    expect(header).toBe("layer,point,instance,x_angstrom,y_angstrom,z_angstrom,x_voxel,y_voxel,z_voxel");
    const wanted = POINTS.slice(0, 3).map(([x, y, z], i) =>
      ["rec_particles.ndjson", i + 1, "", ...[x, y, z].map((value) => value * VOXEL), x, y, z].join(),
    );
    expect(rows).toEqual(wanted);
    await page.close();
  });

  it("A7: a model of another name is one press away, and its contour lies where it was traced", async () => {
    expect((await layersOf("other.mrc")).layers).toEqual([]);
    const { page, problems } = await open("other.mrc", { l: "xy", p: section(8) }, "none");
    await page.getByRole("button", { name: "Draw traced.mod" }).click();
    await page.waitForSelector('.layers li[data-loaded="true"]');
    expect(await page.locator(".layer-name").first().textContent()).toBe("traced.mod · outline");
    const picture = await nativePicture(page);
    const green = coloured(picture, [0, 255, 0], [0, 0, NX, NY]);
    const range = (i: 0 | 1) => [Math.min(...green.map((one) => one[i])), Math.max(...green.map((one) => one[i]))];
    expect([range(0), range(1)].flat().map((value, i) => Math.abs(value - [30, 50, 40, 60][i]!) <= 1)).toEqual(
      Array(4).fill(true),
    );
    expect(green.some(([x, y]) => Math.abs(x - 40) < 8 && Math.abs(y - 50) < 8)).toBe(false);
    // and the link keeps it
    await expect.poll(() => new URL(page.url()).searchParams.get("on")).toMatch(/^\w+-0$/);
    const { page: again } = await browser.open(page.url(), VIEWPORT);
    await again.waitForSelector('.layers li[data-loaded="true"]', { timeout: 60_000 });
    expect(problems).toEqual([]);
    await page.close();
    await again.close();
  });

  it("draws the tilt axis of the .mdoc and the fiducial markers of the .fid on a projection", async () => {
    const { layers } = await layersOf("tilts.st");
    expect(layers.map(({ name }) => name)).toEqual([`tilt axis ${AXIS_DEGREES}° (tilts.st.mdoc)`, "tilts.fid · beads"]);
    const { page, problems } = await open("tilts.st", { p: section(8) });
    const picture = await nativePicture(page);
    const axis = coloured(picture, parseColour(layers[0]!.color), [0, 0, NX, NY]);
    expect(axis.length).toBeGreaterThan(NX);
    const [dx, dy] = [-Math.sin((AXIS_DEGREES * Math.PI) / 180), Math.cos((AXIS_DEGREES * Math.PI) / 180)];
    for (const [x, y] of axis) expect(Math.abs((x - (NX - 1) / 2) * dy - (y - (NY - 1) / 2) * dx)).toBeLessThan(1.5);
    for (const [x, y] of [
      [25, 30],
      [100, 60],
    ] as const) {
      const seen = coloured(picture, [0, 0, 255], [x - 8, y - 8, x + 9, y + 9]);
      expect(seen.length).toBeGreaterThan(12);
      const middle = [0, 1].map((i) => seen.reduce((sum, one) => sum + one[i]!, 0) / seen.length);
      expect([Math.abs(middle[0]! - x) < 0.5, Math.abs(middle[1]! - y) < 0.5]).toEqual([true, true]);
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A10: a link with layers, one of them off and one faint, shows the same in a new profile", {
    timeout: 300_000,
  }, async () => {
    const { page } = await open("rec.mrc", { l: "ortho", p: section(8) });
    await page.getByText("2 more files in this folder").click();
    await page.getByRole("button", { name: "Draw traced.mod" }).click();
    await page.waitForSelector('.layers li:nth-child(2)[data-loaded="true"]');
    await page.getByRole("button", { name: "Draw tilts.fid" }).click();
    await page.waitForSelector('.layers li:nth-child(3)[data-loaded="true"]');
    await page.getByRole("checkbox", { name: /tilts\.fid/ }).uncheck();
    await page.getByLabel("Opacity of rec_particles.ndjson").press("Home");
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    for (const key of ["PageDown", "s", "F2", "+", "m"]) await page.keyboard.press(key);
    const box = (await page.locator('.v-pane[data-axis="z"] .v-canvas').boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.click(box.x + box.width / 2 + 70, box.y + box.height / 2 + 40);
    await page.keyboard.press("Escape");
    await page.keyboard.press("c");
    await page.getByText("Link copied").waitFor();
    // what is said of the copy lies over the panes, and nobody says it there; by keys, so that the focus is seen in both
    await page.getByRole("button", { name: "Put away" }).press("Enter");
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    for (const axis of ["z", "y", "x"]) await sharp(page, axis);
    const link = page.url();
    for (const name of ["p", "z", "c", "s", "on", "o", "m"]) expect(new URL(link).searchParams.get(name), name).not.toBeNull();
    const shown = await page
      .locator('.layers input[type="checkbox"]')
      .evaluateAll((all) => all.map((one) => (one as HTMLInputElement).checked));
    expect(shown).toEqual([true, false, true]);
    const there = readPicture(await page.locator(".v-panes").screenshot());
    const other = await startBrowser([url]);
    try {
      const { page: again, problems } = await other.open(link, VIEWPORT);
      for (const axis of ["z", "y", "x"]) await sharp(again, axis);
      await expect.poll(() => again.locator('.layers li[data-loaded="true"]').count(), { timeout: 60_000 }).toBe(2);
      await again.locator('.v-pane[data-axis="z"] .v-canvas').focus();
      await expect
        .poll(async () => differing(there, readPicture(await again.locator(".v-panes").screenshot())), { timeout: 60_000 })
        .toBeLessThanOrEqual(0.001);
      expect(again.url()).toBe(link);
      expect(problems).toEqual([]);
    } finally {
      await other.close();
    }
    await page.close();
  });

  async function open(key: string, search: Readonly<Record<string, string>>, layers = "some") {
    const watched = await browser.open(address(key, search), VIEWPORT);
    await sharp(watched.page, "z");
    if (layers === "some") await watched.page.waitForSelector('.layers li[data-loaded="true"]', { timeout: 60_000 });
    return watched;
  }
});

async function sharp(page: Page, axis: string): Promise<void> {
  await page.waitForSelector(`.v-pane[data-axis="${axis}"][data-sharp="true"]`, { timeout: 60_000 });
}

/** The xy plane with a pixel a voxel and all that is drawn over it, without a scale bar. */
async function nativePicture(page: Page): Promise<DecodedPng> {
  await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
  await page.keyboard.press("e");
  await page.getByLabel("A pixel a voxel, whole plane").check();
  await page.getByLabel("Scale bar").uncheck();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save picture" }).click(),
  ]);
  return decode(readFileSync(await download.path()));
}

/** Columns and rows whose pixels are nearer to a colour than to grey. */
function coloured(
  { width, channels, data }: DecodedPng,
  colour: Colour,
  [x0, y0, x1, y1]: readonly number[],
): (readonly [x: number, y: number])[] {
  const found: (readonly [number, number])[] = [];
  for (let y = Math.ceil(y0!); y < y1!; y++) {
    for (let x = Math.ceil(x0!); x < x1!; x++) {
      const seen = [0, 1, 2].map((i) => data[(y * width + x) * channels + i]!);
      const away = Math.max(...seen.map((value, i) => Math.abs(value - colour[i]!)));
      if (away < 60) found.push([x, y]);
    }
  }
  return found;
}

function greyMrc(): Uint8Array {
  return madeMrc({ size: [NX, NY, NZ], voxelAngstrom: [VOXEL, VOXEL, VOXEL], valueAt: (i) => (i * 31) % 7 });
}

function model(objects: NewMod["objects"]): Uint8Array {
  return encodeMod({ max: [NX, NY, NZ], pixelSizeAngstrom: VOXEL, objects });
}
