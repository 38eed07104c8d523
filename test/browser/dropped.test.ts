import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
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
        request.isNavigationRequest() || pathname.startsWith("/assets/") || ["/api/v1/server", "/healthz"].includes(pathname);
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

  it("that is no volume, or a folder, is refused with its reason", { timeout: 300_000 }, async () => {
    const { page, problems } = await browser.open(`${server.url}/about`, VIEWPORT);
    await drop(page, "junk.mrc", bytesOf("junk.mrc"));
    await page.getByText("FORMAT_UNKNOWN").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("it begins with 6e 6f 20 70");
    await page.evaluate(() => {
      DataTransferItem.prototype.webkitGetAsEntry = () => ({ isDirectory: true, name: "my cells.zarr" }) as FileSystemEntry;
    });
    await drop(page, "my cells.zarr", Buffer.alloc(0));
    await page.getByText("emporium serve 'my cells.zarr'").waitFor();
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

/** As a file manager would drop it. */
async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  await page.locator("#main").waitFor();
  await page.evaluate(
    ([name, text]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(atob(text!), (sign) => sign.charCodeAt(0))], name!));
      for (const type of ["dragenter", "dragover", "drop"])
        document.getElementById("main")!.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    },
    [name, bytes.toString("base64")],
  );
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
