import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTiff } from "../../src/formats/tiff/write.js";
import { printRef } from "../../src/model/ref.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { differing, readPicture } from "./picture.js";
import { expectAccessible, expectForcedColours, expectUsable, focused, SIZES, walkByTab } from "./seen.js";
import { isSharp, pictureOf, type ServedFolder, serveVolumes, wordMrc } from "./slices.js";

const [NZ, NY, NX] = [32, 40, 48] as const;
const EDGE = 10;
/** No two voxels have the same. */
const valueAt = (z: number, y: number, x: number) => z * 2000 + y * NX + x;
const POINT = { x: 30, y: 12, z: 20 };
const VIEWPORT = { width: 1280, height: 800 };
const WAIT = { timeout: 60_000 };

describe.skipIf(browserPath === undefined)("the viewer for everybody (needs Chromium)", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-use-"));
  const volumes = join(folder, "volumes");
  let server: ServedFolder;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(volumes);
    writeFileSync(join(volumes, "ramp.mrc"), wordMrc([NZ, NY, NX], EDGE, valueAt));
    mkdirSync(join(volumes, "other run"));
    // the same greys as the ramp in one half, and others in the other
    const twin = (z: number, y: number, x: number) => (valueAt(z, y, x) + (x < NX / 2 ? 0 : 6000 * (y % 5))) % 65_536;
    writeFileSync(join(volumes, "other run", "ramp.mrc"), wordMrc([NZ, NY, NX], EDGE, twin));
    writeFileSync(join(volumes, "tilts.st"), wordMrc([3, 40, 48], EDGE, valueAt));
    const sections = [-3, 0, 3].map((angle, i) =>
      [`[ZValue = ${i}]`, `TiltAngle = ${angle}`, "ExposureDose = 2.5", `PriorRecordDose = ${[5, 0, 2.5][i]}`].join("\n"),
    );
    writeFileSync(join(volumes, "tilts.st.mdoc"), `PixelSpacing = ${EDGE}\n\n${sections.join("\n\n")}\n`);
    writeFileSync(join(volumes, "cells.tif"), await pagesTiff());
    writeFileSync(join(volumes, "ramp_beads.ndjson"), `${JSON.stringify({ type: "point", location: POINT })}\n`);
    server = await serveVolumes(volumes, join(folder, "workspace"));
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const address = (search: Readonly<Record<string, string>> = {}, key = "ramp.mrc") =>
    `${server.url}/view/at/${printRef({ kind: "place", place: server.place, key })}?${new URLSearchParams(search)}`;
  const open = async (search: Readonly<Record<string, string>> = {}, size = VIEWPORT, by = browser) => {
    const watched = await by.open(address(search), size);
    await isSharp(watched.page, "z");
    return watched;
  };
  const name = (page: Page) => page.evaluate<string>("document.activeElement.ariaLabel ?? document.activeElement.tagName");
  /** What is said of the crosshair. */
  const said = (page: Page) => page.locator(".v-readout").textContent();
  const at = (z: number, y: number, x: number) => `value ${valueAt(z, y, x)}voxel ${x} ${y} ${z}`;

  it("A28, A6: planes, crosshair and values by keys alone; the slice is announced", { timeout: 300_000 }, async () => {
    const { page, problems } = await open({ l: "ortho", p: [24, 20, 16].map((index) => index * EDGE).join() });
    expect(await name(page)).toMatch(/^xy plane, slice 17 of 32/);
    await expect.poll(() => said(page), WAIT).toContain(at(16, 20, 24));
    await page.keyboard.press("PageDown");
    await expect.poll(() => said(page), WAIT).toContain(at(17, 20, 24));
    await expect.poll(() => page.locator(".viewer > [role=status]").textContent(), WAIT).toBe("xy slice 18");
    for (const key of ["Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"]) await page.keyboard.press(key);
    await expect.poll(() => said(page), WAIT).toContain(at(17, 21, 26));
    await page.keyboard.press("Tab");
    expect(await name(page)).toMatch(/^yz plane, slice 27 of 48/);
    // the yz pane stands beside the xy pane: y runs down, z across
    for (const key of ["Shift+ArrowDown", "Shift+ArrowRight", "End"]) await page.keyboard.press(key);
    await expect.poll(() => said(page), WAIT).toContain(at(18, 22, NX - 1));
    await expect.poll(() => page.locator(".viewer > [role=status]").textContent(), WAIT).toBe(`yz slice ${NX}`);
    await page.keyboard.press("Tab");
    expect(await name(page)).toMatch(/^xz plane, slice 23 of 40/);
    for (const key of ["Home", "Shift+ArrowUp", "Shift+ArrowLeft"]) await page.keyboard.press(key);
    await expect.poll(() => said(page), WAIT).toContain(at(17, 0, NX - 2));
    await page.keyboard.press("g");
    await page.keyboard.type("30 50 70");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    expect(await name(page)).toMatch(/^xz plane, slice 6 of 40/);
    await expect.poll(() => said(page), WAIT).toContain(at(7, 5, 3));
    await page.keyboard.press("g");
    await page.keyboard.type("99 99 99");
    await page.keyboard.press("Escape");
    await expect.poll(() => said(page), WAIT).toContain(at(7, 5, 3));
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A28, A7: layers and their points by keys alone", { timeout: 300_000 }, async () => {
    const { page, problems } = await open({ l: "ortho" });
    await page.locator('.layers [data-loaded="true"]').waitFor();
    await page.keyboard.press("l");
    expect(await name(page)).toBe("INPUT");
    await page.keyboard.press("Space");
    await page.getByText("0 of 1 layers shown").waitFor();
    await page.keyboard.press("Space");
    await page.getByText("1 of 1 layers shown").waitFor();
    await page.keyboard.press("Escape");
    expect(await name(page)).toMatch(/^xy plane/);
    await page.keyboard.press("]");
    await expect.poll(() => said(page), WAIT).toContain(at(POINT.z, POINT.y, POINT.x));
    await expect.poll(() => said(page), WAIT).toContain("ramp_beads");
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A28, A8: a line is measured and exported by keys alone", { timeout: 300_000 }, async () => {
    const { page, problems } = await open({ l: "xy", p: [10, 10, 16].map((index) => index * EDGE).join() });
    await page.keyboard.press("m");
    await page.keyboard.press("Enter");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowRight");
    for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowDown");
    await expect.poll(() => said(page), WAIT).toContain("voxel 13 14 16");
    await page.keyboard.press("Enter");
    // 3 and 4 voxels of 10 Å
    await expect.poll(() => page.locator(".v-measures strong").allTextContents(), WAIT).toEqual(["50.0 Å"]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("e");
    const [download] = await Promise.all([page.waitForEvent("download"), pressIn(page, "Save picture")]);
    expect(decode(readFileSync(await download.path())).text.Plane).toBe("xy slice 17");
    expect(await name(page)).toMatch(/^xy plane/);
    await page.keyboard.press("e");
    await page.locator("dialog[open]").waitFor();
    await focusOn(page, "Cancel");
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A28: Tab leads to each control, the focus is seen on each", { timeout: 300_000 }, async () => {
    const { page } = await open({ l: "quad" });
    // from the picture to the end, and from the beginning to it
    const names = [...(await walkByTab(page, 120)), ...(await walkByTab(page, 120))];
    for (const one of ["CANVAS xz plane", "CANVAS yz plane", "BUTTON xy", "BUTTON Measure", "BUTTON Copy link", "DIV Black"])
      expect([one, names.some((found) => found.startsWith(one))]).toEqual([one, true]);
    const rest = ["INPUT Slice of", "INPUT Slice number", "BUTTON Play", "INPUT Gamma", "HR Width", "SUMMARY Facts"];
    for (const one of rest) expect([one, names.some((found) => found.startsWith(one))]).toEqual([one, true]);
    // on a picture of any grey: the ring has a light and a dark line
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    const { width, height, at: colour } = readPicture(await page.locator('.v-pane[data-axis="z"]').screenshot());
    const ring = [0, 1, 2, 3].map((x) => colour(x, Math.floor(height / 2))[0]);
    expect(width).toBeGreaterThan(100);
    expect([Math.max(...ring) > 200, Math.min(...ring) < 40]).toEqual([true, true]);
    await page.close();
  });

  it("§8 (37.4): single letters can be turned off, and work wherever no text is typed; a layout that says nothing is refused with its reason", {
    timeout: 300_000,
  }, async () => {
    const { page } = await open({ l: "xy" });
    await page.keyboard.press("4");
    await page.getByText("Only a tilt series is laid out by its angles.").waitFor();
    expect(await page.locator(".v-tilt").count()).toBe(0);
    await page.keyboard.press("2");
    await page.locator(".v-ortho").waitFor();
    await page.keyboard.press("s");
    await page.getByText("xy · mean of 3").waitFor();
    await page.getByRole("button", { name: "Measure" }).focus();
    await page.keyboard.press("3");
    await page.locator(".v-quad").waitFor();
    const buttons = page.locator(".v-side button:visible, .v-bar button:visible");
    const names = await buttons.evaluateAll((all) => all.map((one) => (one as HTMLElement).innerText || one.ariaLabel || ""));
    const shownAt = async () => Number(await page.locator('.v-pane[data-axis="z"]').getAttribute("data-shown"));
    for (const [at, name] of names.entries()) {
      if (/Share|Views|Neuroglancer|Download|Export|Full/.test(name)) continue; // another page, or a dialog
      await buttons.nth(at).click();
      await page.keyboard.press("Escape");
      await buttons.nth(at).focus();
      const layout = at % 2 === 0 ? "1" : "2";
      await page.keyboard.press(layout);
      await page.locator(layout === "1" ? ".v-xy" : ".v-ortho").waitFor();
      await isSharp(page, "z");
      const before = await shownAt();
      await page.keyboard.press("PageDown");
      await expect.poll(shownAt, WAIT).toBe(before + 1);
      await page.keyboard.press("PageUp");
      await expect.poll(shownAt, WAIT).toBe(before);
    }
    await page.keyboard.press("2");
    await page.locator(".v-ortho").waitFor();
    await page.evaluate("localStorage.setItem('emporium.letterKeys', 'false')");
    await page.reload();
    await isSharp(page, "z");
    await page.keyboard.press("3");
    await page.keyboard.press("PageDown");
    await page.waitForSelector('.v-pane[data-axis="z"][data-shown="17"]');
    expect(await page.locator(".v-quad").count()).toBe(0);
    await page.evaluate("localStorage.removeItem('emporium.letterKeys')");
    await page.close();
  });

  it("any two volumes are compared: beside each other, in one place, and by what they have not in common", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await open({ l: "xy" });
    await page.keyboard.press("5");
    await page.getByRole("button", { name: "Another volume" }).click();
    await page.getByLabel("Compare with").fill(address({ z: "9" }, "other run/ramp.mrc"));
    await page.locator('.v-pane[data-pane="z2"][data-sharp="true"]').waitFor();
    expect(await page.locator(".v-name").allTextContents()).toEqual(["ramp.mrc", "other run/ramp.mrc"]);
    // points that lie beside the first volume are none of the second one, of another folder
    const paintedIn = (pane: string) =>
      page.locator(`.v-pane[data-pane="${pane}"] .v-above`).evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;
      });
    await page.keyboard.press("Escape");
    await page.keyboard.press("]");
    await expect.poll(() => said(page), WAIT).toContain("ramp_beads");
    const [first0, second0] = [await paintedIn("z"), await paintedIn("z2")];
    await page.locator(".v-layers input[type=checkbox]").first().uncheck();
    await expect.poll(() => paintedIn("z"), WAIT).toBeLessThan(first0);
    expect(await paintedIn("z2")).toBe(second0);
    for (const key of ["Escape", "Home"]) await page.keyboard.press(key);
    await expect.poll(() => page.locator('.v-pane[data-pane="z2"]').getAttribute("data-shown"), WAIT).toBe("0");
    await page.getByRole("button", { name: "blink", exact: true }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    const over = page.locator('.v-compare[data-over="true"]');
    if ((await over.count()) > 0) await page.keyboard.press("b");
    // one pane as large as both were, and bars that have not moved
    const [first, second] = await Promise.all(["z", "z2"].map((id) => page.locator(`.v-pane[data-pane="${id}"]`).boundingBox()));
    expect(second).toEqual(first);
    await page.locator('.v-pane[data-pane="z"][data-sharp="true"]').waitFor();
    await page.locator('.v-pane[data-pane="z2"][data-sharp="true"]').waitFor();
    const seen = async () => {
      await page.evaluate(() => {
        for (const one of document.querySelectorAll<HTMLElement>(".v-above, .v-name, .v-level")) one.style.visibility = "hidden";
        (document.activeElement as HTMLElement).blur();
        return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      });
      return readPicture(await page.locator('.v-pane[data-pane="z"]').screenshot());
    };
    const a = await seen();
    await page.keyboard.press("b");
    await over.waitFor();
    const b = await seen();
    await page.getByRole("button", { name: "difference", exact: true }).click();
    await page.locator(".v-compare[data-way=difference]").waitFor();
    const both = await seen();
    let [wrong, other, far] = [0, 0, 0];
    for (let y = 0; y < a.height; y++)
      for (let x = 0; x < a.width; x++) {
        const wanted = a.at(x, y).map((level, i) => Math.abs(level - b.at(x, y)[i]!));
        const got = both.at(x, y);
        if (wanted.some((level, i) => Math.abs(level - got[i]!) > 1)) wrong++;
        if (wanted[0]! > 20) far++;
        if (wanted[0]! <= 20) other++;
      }
    expect([wrong, far > 1000, other > 1000]).toEqual([0, true, true]);
    await expect.poll(() => page.url(), WAIT).toMatch(/[?&]x=difference/);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("§4.2: pages that are slices, channels and times are chosen by each, and never mixed in a plane across them", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await browser.open(address({ l: "ortho" }, "cells.tif"), VIEWPORT);
    await isSharp(page, "z");
    await page.getByText("The address said l=…").waitFor();
    const buttons = page.locator(".v-bar fieldset button");
    expect(await buttons.allTextContents()).toEqual(["xy", "compare"]);
    const now = async (place: Partial<typeof STACK>) => {
      const { z = 0, c = 0, t = 0 } = place;
      await expect.poll(() => said(page), WAIT).toContain(`value ${pageValue(z, c, t)}voxel`);
    };
    for (const [label, value] of [
      ["channel", "2"],
      ["time", "3"],
      ["z", "1"],
    ] as const)
      await page.locator(".v-foot label", { hasText: label }).locator("input[type=number]").fill(value);
    await now({ c: 1, t: 2 });
    await page.locator(".v-canvas").focus();
    for (const z of [1, 2, 3, 3]) {
      await page.keyboard.press("PageDown");
      await now({ z, c: 1, t: 2 });
    }
    await expect
      .poll(() => page.locator(".viewer > [role=status]").textContent(), WAIT)
      .toMatch(/, z 4 of 4, channel 2 of 2, time 3 of 3$/);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A5: a tilt series has the doses of the .mdoc beside it, in the order of its sections", { timeout: 300_000 }, async () => {
    const { page, problems } = await browser.open(address({}, "tilts.st"), VIEWPORT);
    await isSharp(page, "z");
    const caption = page.locator(".v-tilt-plot figcaption");
    await page.locator(".v-canvas").focus();
    await page.keyboard.press("Home");
    for (const words of ["-3.00°, dose 7.5 e/Å²", "0.00°, dose 2.5 e/Å²", "3.00°, dose 5.0 e/Å²"]) {
      await expect.poll(() => caption.textContent(), WAIT).toMatch(new RegExp(`: ${words.replace("²", ".")}$`));
      await page.keyboard.press("PageDown");
    }
    await expect.poll(() => caption.textContent(), WAIT).not.toContain("defocus");
    // what is plotted lies in its figure, and what is pointed at over it
    const [figure, plot, over] = await Promise.all(
      [".v-tilt-plot", ".uplot canvas", ".u-over"].map(async (one) => (await page.locator(one).boundingBox())!),
    );
    expect(plot!.y + plot!.height).toBeLessThanOrEqual(figure!.y + figure!.height);
    expect([over!.y >= plot!.y, over!.y + over!.height <= plot!.y + plot!.height]).toEqual([true, true]);
    await page.getByText("Facts", { exact: true }).click();
    await page.locator(".v-side dl").getByText("7.5 e/Å² in all").waitFor();
    await page.locator(".v-side").getByText("Where these facts come from").click();
    await page.locator(".v-side tr", { hasText: "7.5 e/Å² in all" }).getByText("tilts.st.mdoc").waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it("the value under a pointer that rests is that of the slice that has come", { timeout: 300_000 }, async () => {
    const { page } = await open({ l: "xy", z: "5", p: [24, 20, 16].map((index) => index * EDGE).join() });
    const box = (await page.locator(".v-canvas").boundingBox())!;
    // voxels are 2 px wide; the middle of the volume is the corner of four
    await page.mouse.move(box.x + box.width / 2 + 1, box.y + box.height / 2 + 1);
    await expect.poll(() => said(page), WAIT).toContain(at(16, 20, 24));
    await page.keyboard.press("PageDown");
    await expect.poll(() => said(page), WAIT).toContain(at(17, 20, 24));
    await page.close();
  });

  it("A29: on a phone layers, contrast and positions are a press away, by keys as well", { timeout: 300_000 }, async () => {
    const { page } = await open({}, { width: 360, height: 740 });
    await page.locator('.layers [data-loaded="true"]').waitFor({ state: "attached" });
    expect(await page.locator(".v-pane").count()).toBe(1);
    await page.getByRole("button", { name: "Contrast" }).click();
    await page.getByRole("button", { name: "Invert" }).click();
    await page.getByRole("button", { name: "Layers" }).click();
    await page.getByText("1 of 1 layers shown").waitFor();
    await page.getByRole("button", { name: "Layers" }).click();
    expect(await page.locator(".v-side").isVisible()).toBe(false);
    await page.locator(".v-canvas").focus();
    await page.keyboard.press("g");
    await page.keyboard.type("30 50 70");
    await page.keyboard.press("Enter");
    await expect.poll(() => said(page), WAIT).toContain("voxel 3 5 7");
    await page.keyboard.press("Escape");
    expect(await page.locator(".v-side").isVisible()).toBe(false);
    await page.keyboard.press("l");
    expect(await page.locator(".v-layers :focus").count()).toBe(1);
    await page.close();
  });

  it("A29: nothing scrolls sideways or lies over a control, at 360, 1280 and 3840 px and at 200 % zoom; forced colours keep every sign", {
    timeout: 600_000,
  }, async () => {
    const { page } = await open({ l: "quad", m: "lz100,100,160_200,100,160" });
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await isSharp(page, "z");
      await expectUsable(page, `viewer ${size.width}`);
      if (size.width >= 900) continue;
      await page.getByRole("button", { name: "Layers" }).click();
      const side = page.locator(".v-side");
      const hidden = await side.locator("button, input, summary").evaluateAll((all) =>
        all.flatMap((one) => {
          one.scrollIntoView({ block: "center" });
          const { x, y, width, height } = one.getBoundingClientRect();
          const hit = document.elementFromPoint(x + width / 2, y + height / 2);
          return one.checkVisibility() && !(hit && (one.contains(hit) || hit.contains(one))) ? [one.outerHTML] : [];
        }),
      );
      expect([size.width, hidden]).toEqual([size.width, []]);
      await page.getByRole("button", { name: "Layers" }).click();
    }
    await page.setViewportSize(VIEWPORT);
    await page.locator(".v-canvas").first().focus();
    for (const key of ["m", "i"]) await page.keyboard.press(key);
    await expectForcedColours(page, "viewer");
    await page.close();
  });

  it("A29: with the system's colours every part is seen: limits on the histogram, the focus, what is pressed", {
    timeout: 300_000,
  }, async () => {
    const { page, problems } = await open({ l: "ortho", c: "10000,50000" });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ forcedColors: "active", colorScheme });
      const histogram = page.locator(".v-histogram");
      const all = readPicture(await histogram.screenshot());
      await histogram.evaluate((one) => {
        for (const handle of one.querySelectorAll<HTMLElement>("[role=slider]")) handle.style.visibility = "hidden";
      });
      const bare = readPicture(await histogram.screenshot());
      await histogram.evaluate((one) => {
        for (const handle of one.querySelectorAll<HTMLElement>("[role=slider]")) handle.style.visibility = "";
      });
      expect([colorScheme, differing(all, bare, 60) > 0.005]).toEqual([colorScheme, true]);
      await page.locator(".v-canvas").first().focus();
      expect((await focused(page)).isSeen).toBe(true);
      // colours are the system's, axe asks for the page's
      await expectAccessible(page, colorScheme, { ignored: ["color-contrast"] });
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A29: without any 3-D in the browser the picture and every function are the same", { timeout: 300_000 }, async () => {
    const search = { l: "ortho", z: "2.5", c: "0,64000" };
    const { page } = await open(search);
    const plain = await startBrowser([server.url], { flags: ["--disable-gpu", "--disable-3d-apis"] });
    try {
      const { page: without, problems } = await open(search, VIEWPORT, plain);
      expect(await without.evaluate("document.createElement('canvas').getContext('webgl2')")).toBeNull();
      for (const keys of [[], ["PageDown", "i", "+", "Shift+ArrowRight", "F2"]]) {
        for (const one of [page, without]) {
          await one.locator('.v-pane[data-axis="z"] .v-canvas').focus();
          for (const key of keys) await one.keyboard.press(key);
        }
        for (const axis of ["z", "y", "x"]) {
          for (const one of [page, without]) await isSharp(one, axis);
          const apart = async () => differing(await pictureOf(page, axis), await pictureOf(without, axis), 1);
          await expect.poll(apart, { message: `${axis} after ${keys.join(" ")}`, timeout: 30_000 }).toBe(0);
        }
      }
      await without.locator('.v-pane[data-axis="z"] .v-canvas').focus();
      await without.keyboard.press("e");
      const [download] = await Promise.all([without.waitForEvent("download"), pressIn(without, "Save picture")]);
      expect(decode(readFileSync(await download.path())).text.Inverted).toBe("yes");
      expect(problems).toEqual([]);
    } finally {
      await plain.close();
    }
    await page.close();
  });
});

const STACK = { c: 2, z: 4, t: 3 };
const pageValue = (z: number, c: number, t: number) => 1000 * t + 100 * c + z;

/** Channels are fastest, then slices, then times. */
async function pagesTiff(): Promise<Uint8Array> {
  const { c, z, t } = STACK;
  const text = `ImageJ=1.53t\nimages=${c * z * t}\nchannels=${c}\nslices=${z}\nframes=${t}\nhyperstack=true\n`;
  async function* planes() {
    for (let time = 0; time < t; time++)
      for (let slice = 0; slice < z; slice++)
        for (let channel = 0; channel < c; channel++)
          yield new Uint8Array(new Uint16Array(20 * 30).fill(pageValue(slice, channel, time)).buffer);
  }
  const tags = (page: number) => (page === 0 ? [{ tag: 270, type: "ascii" as const, value: text }] : []);
  const stack = { pages: c * z * t, height: 20, width: 30, samples: 1, dtype: "uint16", tags } as const;
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTiff(stack, planes())) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function focusOn(page: Page, button: string): Promise<void> {
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press("Tab");
    if ((await focused(page)).name === `BUTTON ${button}`) return;
  }
  throw new Error(`Tab does not lead to ${button}`);
}

async function pressIn(page: Page, button: string): Promise<void> {
  await focusOn(page, button);
  await page.keyboard.press("Enter");
}
