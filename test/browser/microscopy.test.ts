import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateMicroscopy } from "../../examples/lab/generate.mjs";
import { writeTiffFile } from "../e2e/catalog-fixtures.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import { expectAccessible, expectUsable, focused, SIZES } from "./seen.js";

const EMPORIUM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const WAIT = { timeout: 60_000 };
const DEMO = "CELLS-2024-05-17-10-30-00-0001";
const WIDE = "WIDE-2024-05-17-10-30-00-0001";
/** Of the second data set: 16 bits, and more places than a window has. */
const [CHANNELS, SLICES, TIMES, POSITIONS] = [2, 2, 3, 40];
const [WIDTH, HEIGHT] = [12, 9];
const numberAt = (c: number, z: number, t: number, p: number, y: number, x: number) =>
  20_000 * c + 5_000 * z + 1_000 * t + 20 * p + 7 * y + x;

describe.skipIf(browserPath === undefined)(
  "contact sheets, as an upload on defaults and a server of its storage have them",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-sheet-"));
    const at = (...parts: string[]) => join(folder, ...parts);
    // no other workspace and no other database than a person has who sets nothing
    const env = { ...process.env, EMPORIUM_WORKSPACE: "", EMPORIUM_DATABASE_URL: "" };
    const emporium = (...words: string[]) => promisify(execFile)(process.execPath, [EMPORIUM, ...words], { cwd: folder, env });
    let url: string;
    let browser: Browser;
    let stop = async () => {};

    beforeAll(async () => {
      await generateMicroscopy({ out: at("demo-out/microscopy") });
      const names = Array.from({ length: CHANNELS * SLICES * TIMES * POSITIONS }, (_, i) => {
        const [p, t] = [i % POSITIONS, Math.floor(i / POSITIONS) % TIMES];
        const [z, c] = [Math.floor(i / POSITIONS / TIMES) % SLICES, Math.floor(i / POSITIONS / TIMES / SLICES)];
        return { c, z, t, p };
      });
      for (const { c, z, t, p } of names) {
        const plane = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
          numberAt(c, z, t, p, Math.floor(i / WIDTH), i % WIDTH),
        );
        const three = (n: number) => String(n).padStart(3, "0");
        const name = `img_${["GFP", "phase"][c]}_t${three(t)}_p${three(p)}_z${three(z)}.tif`;
        await writeTiffFile(at("wide/images", name), [plane], { width: WIDTH, height: HEIGHT });
      }
      writeFileSync(
        at("wide/images/metadata.txt"),
        JSON.stringify({
          Summary: { BitDepth: 16, PixelType: "GRAY16", Width: WIDTH, Height: HEIGHT, Note: "<img src=x onerror=alert(1)>" },
        }),
      );
      writeFileSync(at("wide/files.csv"), `dataset_id,file_name,description\n${WIDE},images,Wide\n`);
      const storage = ["--storage", "demo-out/microscopy/storage"];
      const config = ["--config", "demo-out/microscopy/frames.json", ...storage];
      for (const csv of ["demo-out/microscopy/files.csv", "wide/files.csv"])
        await emporium("catalog", "upload", "--csv", csv, ...config);
      mkdirSync(at("down"));
      for (const id of [DEMO, WIDE]) await emporium("catalog", "download", "--id", id, "--dest", "down", ...storage);
      const words = ["serve", "demo-out/microscopy/storage", "--port", "0", "--json"];
      const server = spawn(process.execPath, [EMPORIUM, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
      const ended = new Promise<void>((resolve) => server.on("exit", () => resolve()));
      stop = async () => {
        server.kill("SIGINT");
        await ended;
      };
      url = await new Promise<string>((resolve, reject) => {
        let out = "";
        server.stdout.setEncoding("utf8").on("data", (text: string) => {
          out += text;
          if (out.endsWith("}\n")) resolve((JSON.parse(out) as { url: string }).url);
        });
        void ended.then(() => reject(new Error(`the server has ended: ${out}`)));
      });
      browser = await startBrowser([url]);
    });
    afterAll(async () => {
      await browser?.close();
      await stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const drawn = (page: Page, frames: number, limits: string) =>
      page
        .locator(`.mic-cell canvas[data-drawn="${limits}"]`)
        .nth(frames - 1)
        .waitFor({ ...WAIT, state: "attached" });
    /** Greys of a frame on the sheet. */
    const greys = (page: Page, label: string) =>
      page.locator(`[role="gridcell"][aria-label="${label}"] canvas[data-drawn]`).evaluate((one) => {
        const canvas = one as HTMLCanvasElement;
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return [...data].filter((_, i) => i % 4 === 0);
      });
    /** Of a file, as Chromium reads a PNG: in a page of its own, whose policy lets it. */
    async function decoded(png: Buffer): Promise<number[]> {
      const { page } = await browser.open("about:blank");
      const pixels = await page.evaluate<number[]>(`(async () => {
      const bytes = Uint8Array.from(atob("${png.toString("base64")}"), (sign) => sign.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes]), { colorSpaceConversion: "none" });
      const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
      context.drawImage(picture, 0, 0);
      return [...context.getImageData(0, 0, picture.width, picture.height).data].filter((_, i) => i % 4 === 0);
    })()`);
      await page.close();
      return pixels;
    }

    it("A26: the demo's frames, channels by slices, are what catalog download wrote, and so are its metadata", async () => {
      const { page, problems, elsewhere } = await browser.open(url);
      await page.getByRole("link", { name: DEMO }).click(WAIT);
      await page.waitForURL(`**/microscopy/${DEMO}*`, WAIT);
      await page.getByLabel("Black, as a number").fill("0", WAIT);
      await page.keyboard.press("Enter");
      await page.getByLabel("White, as a number").fill("255");
      await page.keyboard.press("Enter");
      await drawn(page, 6, "0,255");
      for (const [c, name] of ["DAPI", "GFP"].entries())
        for (const z of [0, 1, 2]) {
          const file = readFileSync(at("down", DEMO, `im_c00${c}_z00${z}_t000_p000.png`));
          expect(await greys(page, `c ${c} ${name}, z ${z}`), `${name} ${z}`).toEqual(await decoded(file));
        }
      const { metadata_json } = JSON.parse(readFileSync(at("down", DEMO, "global_metadata.json"), "utf8")) as {
        metadata_json: { Summary: Record<string, unknown> };
      };
      const facts = page.getByRole("region", { name: "Facts" });
      for (const [key, value] of Object.entries(metadata_json.Summary))
        expect(
          await facts
            .locator("div", { has: page.getByTitle(`Summary.${key}`, { exact: true }) })
            .last()
            .textContent(),
        ).toMatch(new RegExp(`${key}${value}$`));
      const [, line] = readFileSync(at("down", DEMO, "frames_meta.csv"), "utf8").split("\n");
      for (const word of [...line!.split(",").slice(-2), "DAPI"]) expect(await facts.textContent()).toContain(word);
      expect([problems, elsewhere]).toEqual([[], []]);
      await page.close();
    });

    it("A26: time by position, each number of 16 bits; the address brings it back", async () => {
      const { page, problems } = await browser.open(`${url}/microscopy/${WIDE}?lim=0,40000`);
      await page.getByLabel("Rows").selectOption("t", WAIT);
      await page.getByLabel("Columns").selectOption("p");
      await page.getByRole("slider", { name: "channel" }).focus();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("slider", { name: "slice" }).focus();
      await page.keyboard.press("ArrowRight");
      await page.waitForURL(/rows=t&cols=p.*c=1.*z=1|c=1.*z=1.*rows=t/, WAIT);
      const check = async (one: Page) => {
        await drawn(one, 9, "0,40000");
        for (const [t, p] of [
          [0, 0],
          [2, 1],
          [1, 2],
        ] as const)
          expect(await greys(one, `t ${t}, p ${p}`)).toEqual(
            Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
              Math.round(Math.min((numberAt(1, 1, t, p, Math.floor(i / WIDTH), i % WIDTH) * 255) / 40_000, 255)),
            ),
          );
        // 120 frames, of which the page holds those in sight
        expect(await one.getByRole("gridcell").count()).toBeLessThan(60);
        expect(await one.getByRole("grid").getAttribute("aria-colcount")).toBe(String(POSITIONS + 1));
      };
      await check(page);
      const again = await browser.open(page.url());
      await check(again.page);
      // what the server gives a program is the same
      const reply = await fetch(`${url}/api/v1/microscopy/${WIDE}/pixels?c=1&z=1&t=2&p=39&as=native`);
      expect([...new Uint16Array(await reply.arrayBuffer())]).toEqual(
        Array.from({ length: WIDTH * HEIGHT }, (_, i) => numberAt(1, 1, 2, 39, Math.floor(i / WIDTH), i % WIDTH)),
      );
      expect([problems, again.problems]).toEqual([[], []]);
      await page.close();
      await again.page.close();
    });

    it("A28: goes over the sheet by arrows, opens a frame by Enter, and comes back", async () => {
      const { page, problems } = await browser.open(`${url}/microscopy/${WIDE}?rows=t&cols=p&lim=0,40000`);
      const grid = page.getByRole("grid");
      await grid.focus(WAIT);
      expect(await focused(page)).toMatchObject({ isSeen: true, isInSight: true });
      for (const key of ["ArrowDown", "End", "ArrowLeft"]) await page.keyboard.press(key);
      const chosen = page.getByRole("gridcell", { selected: true });
      await page.getByRole("gridcell", { name: "t 1, p 38", selected: true }).waitFor(WAIT);
      expect(await grid.getAttribute("aria-activedescendant")).toBe(await chosen.getAttribute("id"));
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog");
      await dialog.locator('canvas[data-drawn="0,40000"]').waitFor(WAIT);
      expect(await dialog.textContent()).toContain("time 1, position 38");
      await page.keyboard.press("ArrowRight");
      await dialog.getByText("time 1, position 39").waitFor(WAIT);
      const box = (await dialog.locator("canvas").boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      const middle = numberAt(0, 0, 1, 39, Math.floor(HEIGHT / 2), WIDTH / 2);
      await dialog.getByText(`x ${WIDTH / 2}, y ${Math.floor(HEIGHT / 2)}: ${middle}`).waitFor(WAIT);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ ...WAIT, state: "detached" });
      await page.waitForURL(({ search }) => !search.includes("open"), WAIT);
      expect(problems).toEqual([]);
      await page.close();
    });

    it("A26: a frame that was removed says so, and the others stay", async () => {
      const gone = at("demo-out/microscopy/storage/raw_frames", WIDE, "im_c000_z000_t000_p001.png");
      expect(readdirSync(join(gone, ".."))).toHaveLength(CHANNELS * SLICES * TIMES * POSITIONS);
      rmSync(gone);
      const { page } = await browser.open(`${url}/microscopy/${WIDE}?rows=t&cols=p&lim=0,40000`);
      await page.getByRole("gridcell", { name: "t 0, p 1", exact: true }).getByText("no frame").waitFor(WAIT);
      await drawn(page, 5, "0,40000");
      await page.close();
    });

    it("A27, A29: axe finds nothing serious, at each size, light and dark", async () => {
      for (const scheme of ["light", "dark"] as const)
        for (const path of ["/microscopy", `/microscopy/${DEMO}`, `/microscopy/${DEMO}?open=1`]) {
          const { page } = await browser.open("about:blank");
          await page.emulateMedia({ colorScheme: scheme });
          await page.goto(`${url}${path}`);
          await page.getByRole(path === "/microscopy" ? "table" : path.includes("open") ? "dialog" : "grid").waitFor(WAIT);
          if (path.includes(DEMO)) await page.locator(".mic-cell canvas[data-drawn]").first().waitFor(WAIT);
          await expectAccessible(page, `${path} ${scheme}`);
          if (!path.includes("open"))
            for (const size of SIZES) {
              await page.setViewportSize(size);
              await expectUsable(page, `${path} ${size.width}`);
            }
          await page.close();
        }
    });

    it("A31: a server without a database says which command fills it", async () => {
      mkdirSync(at("empty"));
      const words = ["serve", "empty", "--port", "0", "--json", "--workspace", at("nothing")];
      const server = spawn(process.execPath, [EMPORIUM, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
      try {
        const address = await new Promise<string>((resolve) => {
          let out = "";
          server.stdout.setEncoding("utf8").on("data", (text: string) => {
            out += text;
            if (out.endsWith("}\n")) resolve((JSON.parse(out) as { url: string }).url);
          });
        });
        const { page } = await browser.open("about:blank");
        await page.goto(`${address}/microscopy`);
        await page.getByText("emporium catalog upload --csv").waitFor(WAIT);
        await page.close();
      } finally {
        const ended = new Promise((resolve) => server.on("exit", resolve));
        server.kill("SIGINT");
        await ended;
      }
    });
  },
);
