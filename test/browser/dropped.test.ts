import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeMod } from "../../src/formats/mod/write.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { FORMAT_EXAMPLES } from "../format-examples.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { type Colour, countPixels, type Picture, readPicture } from "./picture.js";
import { isSharp, type ServedFolder, serveVolumes } from "./slices.js";

const VIEWPORT = { width: 1280, height: 800 };
const [SECTIONS, ROWS, COLUMNS] = [12, 20, 30];

describe.skipIf(browserPath === undefined)("A2, §4.3: a file that is dropped on the page", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-dropped-"));
  const volumes = join(folder, "volumes");
  let server: ServedFolder;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(volumes);
    writeFileSync(join(volumes, "old one.rec"), oldMrc());
    writeFileSync(join(volumes, "junk.mrc"), Buffer.from("no picture at all, only words\n".repeat(99)));
    server = await serveVolumes(volumes, join(folder, "workspace"));
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const bytesOf = (name: string) => readFileSync(join(volumes, name));

  it("is shown with the warnings that the server tells of it; after a reload the page says to drop it again, and goes on where it was", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await browser.open(`${server.url}/about`, VIEWPORT);
    const sent: string[] = [];
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      const isPage =
        request.isNavigationRequest() ||
        pathname.startsWith("/assets/") ||
        ["/api/v1/server", "/api/v1/jobs", "/healthz"].includes(pathname);
      if (request.postData() !== null || !isPage) sent.push(request.url());
    });
    await drop(page, "old one.rec", bytesOf("old one.rec"));
    await isSharp(page, "z");
    expect(new URL(page.url()).pathname).toBe("/view/dropped/old%20one.rec");
    const ref = printRef({ kind: "place", place: server.place, key: "old one.rec" });
    const served = (await (await fetch(`${server.url}/api/v1/volumes/${ref}`)).json()) as VolumeFacts;
    expect(served.warnings.length).toBeGreaterThanOrEqual(2);
    expect(await page.locator(".v-warnings li").allTextContents()).toEqual(served.warnings.map((text) => `⚠ ${text}`));
    expect(await page.getByLabel("Black").first().getAttribute("aria-valuenow")).toBe(
      String(Number(served.limits.low.toPrecision(6))),
    );

    const canvas = page.locator('.v-pane[data-axis="z"] .v-canvas');
    await canvas.focus();
    await page.keyboard.press("End");
    await page.waitForSelector(`.v-pane[data-axis="z"][data-shown="${SECTIONS - 1}"][data-sharp="true"]`);
    await page.waitForURL(/[?&]p=/);
    await page.reload();
    await page.getByText("drop it again").waitFor();
    await drop(page, "old one.rec", bytesOf("old one.rec"));
    await page.waitForSelector(`.v-pane[data-axis="z"][data-shown="${SECTIONS - 1}"][data-sharp="true"]`);
    expect([sent.filter((url) => !url.startsWith("blob:")), problems]).toEqual([[], []]);
    await page.close();
  });

  it("of NRRD and of NIfTI is shown with its size and scale; one that only other programs read is refused by its name", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await browser.open(`${server.url}/about`, VIEWPORT);
    for (const id of ["nrrd", "nifti"] as const) {
      const [name, bytes] = FORMAT_EXAMPLES[id];
      await drop(page, name, Buffer.from(bytes));
      await page.waitForURL(new RegExp(`/view/dropped/${name}`));
      await isSharp(page, "z");
      expect(await page.locator('.v-pane[data-axis="z"]').getAttribute("data-shown"), name).toBe("1");
    }
    const [name, bytes] = FORMAT_EXAMPLES.czi;
    await drop(page, name, Buffer.from(bytes));
    await page.getByText("a Zeiss CZI image is not read").waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it("that is no volume, or a folder, is refused with its reason", { timeout: 300_000 }, async () => {
    const { page, problems } = await browser.open(`${server.url}/about`, VIEWPORT);
    await drop(page, "junk.mrc", bytesOf("junk.mrc"));
    await page.getByText("FORMAT_UNKNOWN").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("it is a text");
    await page.evaluate(() => {
      DataTransferItem.prototype.webkitGetAsEntry = () => ({ isDirectory: true, name: "my cells.zarr" }) as FileSystemEntry;
    });
    await drop(page, "my cells.zarr", Buffer.alloc(0));
    await page.getByText("emporium serve 'my cells.zarr'").waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it("may be larger than memory; what no browser could save of it is refused beforehand, with its reason", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await browser.open(`${server.url}/view/dropped/large.mrc`, VIEWPORT);
    const open = async (path: string) => {
      const [chooser] = await Promise.all([
        page.waitForEvent("filechooser"),
        page.getByRole("button", { name: /^Open/ }).click(),
      ]);
      await chooser.setFiles(path);
      await isSharp(page, "z");
    };
    // 6 GiB, nearly all of it a hole
    const large = join(folder, "large.mrc");
    sparseMrc(large, [1536, 1024, 1024], [1535, 1023, 1023], 7.25);
    await open(large);
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    await page.keyboard.press("g");
    await page.keyboard.type("10230 10230 15350");
    for (const key of ["Enter", "Escape"]) await page.keyboard.press(key);
    await page.waitForSelector('.v-pane[data-axis="z"][data-shown="1535"][data-sharp="true"]');
    await expect
      .poll(() => page.locator(".v-readout").textContent(), { timeout: 60_000 })
      .toContain("value 7.25voxel 1023 1023 1535");
    await page.waitForSelector('.v-pane[data-axis="x"][data-shown="1023"][data-sharp="true"]', { timeout: 120_000 });

    await page.goto(`${server.url}/view/dropped/wide.mrc`);
    const wide = join(folder, "wide.mrc");
    sparseMrc(wide, [1, 9000, 9000], [0, 0, 0], 1);
    await open(wide);
    await page.locator(".v-canvas").focus();
    await page.keyboard.press("e");
    await page.getByText("This plane has 309 MiB, a pixel a voxel is saved of at most 64.0 MiB").waitFor();
    for (const label of ["PNG, 16 bit raw", "TIFF, 32 bit", "A pixel a voxel"])
      expect([label, await page.getByLabel(label).isDisabled()]).toEqual([label, true]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A7: an IMOD model that is dropped with its volume is drawn over it, tilt angles that follow are its", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await browser.open(`${server.url}/about`, VIEWPORT);
    const angles = Array.from({ length: SECTIONS }, (_, i) => -33 + 6 * i);
    // in the middle of pixel (12, 7) of the section that is shown first
    const bead = { xyz: Float32Array.of(12.5, 7.5, SECTIONS / 2) };
    const objects = [{ name: "bead", contourKind: "scattered", color: [1, 0, 1], pointSize: 3, contours: [bead] }] as const;
    await dropAll(page, {
      "old one.mod": encodeMod({ max: [COLUMNS, ROWS, SECTIONS], objects }),
      "old one.rec": bytesOf("old one.rec"),
    });
    await isSharp(page, "z");
    await page.waitForSelector('.layers li[data-loaded="true"]');
    expect(await page.locator(".layer-name").allTextContents()).toEqual(["old one.mod · bead"]);
    const magenta = ([r, g, b]: Colour) => r > 180 && b > 180 && g < 120;
    await expect
      .poll(async () => countIn(readPicture(await page.locator('.v-pane[data-axis="z"]').screenshot()), magenta))
      .toBeGreaterThan(20);
    expect(new URL(page.url()).pathname).toBe("/view/dropped/old%20one.rec");

    await dropAll(page, {
      "old one.tlt": Buffer.from(angles.slice(1).join("\n")),
      "old one.rawtlt": Buffer.from(`${angles.join("\n")}\n`),
    });
    await page.getByText(`old one.tlt has ${SECTIONS - 1} angles, the volume ${SECTIONS} sections: they are not used`).waitFor();
    await isSharp(page, "z");
    const middle = SECTIONS / 2;
    await expect
      .poll(() => page.locator(".v-tilt-plot figcaption").textContent(), { timeout: 30_000 })
      .toMatch(new RegExp(`Section ${middle + 1}: ${angles[middle]}(?:\\.0+)?°`));
    expect(await page.locator(".layer-name").allTextContents()).toEqual(["old one.mod · bead"]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("§4.3: a model that is dropped without its volume says what to do with it", { timeout: 300_000 }, async () => {
    const { page, problems } = await browser.open(`${server.url}/about`, VIEWPORT);
    await drop(page, "beads.mod", Buffer.from("IMOD"));
    await page.getByText("beads.mod: drop it together with its volume").waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A28: can be chosen by keyboard on the home page, where nothing is served, too", { timeout: 300_000 }, async () => {
    const empty = await serveVolumes(undefined, join(folder, "empty"));
    try {
      const alone = await startBrowser([empty.url]);
      const { page, problems } = await alone.open(`${empty.url}/`, VIEWPORT);
      const button = page.getByRole("button", { name: "Open a file" });
      await page.getByText("Nothing is served here").waitFor({ timeout: 60_000 });
      const [chooser] = await Promise.all([page.waitForEvent("filechooser", { timeout: 60_000 }), button.press("Enter")]);
      await chooser.setFiles(join(volumes, "old one.rec"));
      await isSharp(page, "z");
      expect(problems).toEqual([]);
      await alone.close();
    } finally {
      await empty.close();
    }
  });
});

const countIn = (picture: Picture, test: (colour: Colour) => boolean) =>
  countPixels(picture, { x: 0, y: 0, width: picture.width, height: picture.height }, test);

/** As a file manager would drop it. */
const drop = (page: Page, name: string, bytes: Buffer) => dropAll(page, { [name]: bytes });

async function dropAll(page: Page, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await page.locator("#main").waitFor();
  await page.evaluate(
    (all) => {
      const dataTransfer = new DataTransfer();
      for (const [name, text] of all)
        dataTransfer.items.add(new File([Uint8Array.from(atob(text!), (sign) => sign.charCodeAt(0))], name!));
      for (const type of ["dragenter", "dragover", "drop"])
        document.getElementById("main")!.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    },
    Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]),
  );
}

/** Zeros but for one voxel, 10 Å each; its file takes no room. */
function sparseMrc(path: string, shape: readonly number[], [z, y, x]: readonly [number, number, number], value: number): void {
  const [nz, ny, nx] = shape as [number, number, number];
  const head = new Int32Array(256);
  head.set([nx, ny, nz, 2, 0, 0, 0, nx, ny, nz]);
  new Float32Array(head.buffer, 40, 6).set([nx * 10, ny * 10, nz * 10, 90, 90, 90]);
  head.set([1, 2, 3], 16);
  new Uint8Array(head.buffer).set([...new TextEncoder().encode("MAP "), 0x44, 0x44], 208);
  const file = openSync(path, "w");
  writeSync(file, new Uint8Array(head.buffer));
  writeSync(file, Float32Array.of(value), 0, 4, 1024 + 4 * ((z * ny + y) * nx + x));
  ftruncateSync(file, 1024 + 4 * nz * ny * nx);
  closeSync(file);
}

/** Of a program that writes neither "MAP " nor a machine stamp. */
function oldMrc(): Uint8Array {
  const values = Int16Array.from({ length: SECTIONS * ROWS * COLUMNS }, (_, i) => ((i * 37) % 501) - 250);
  const head = new Int32Array(256);
  head.set([COLUMNS, ROWS, SECTIONS, 1, 0, 0, 0, COLUMNS, ROWS, SECTIONS]);
  head.set([1, 2, 3], 16);
  const cell = new Float32Array(head.buffer, 40, 6);
  cell.set([COLUMNS * 10, ROWS * 10, SECTIONS * 10, 90, 90, 90]);
  return Buffer.concat([new Uint8Array(head.buffer), new Uint8Array(values.buffer)]);
}
