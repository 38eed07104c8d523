/** Pictures of the pages for the guide, `docs/images/pages-*.webp`: `npm run build && npm run demo -- --once && node scripts/page-pictures.mjs [TREE]`.
 * Each page in light and dark, on a phone, a laptop and a wall; the wall's is half its size. Needs Chromium (`scripts/browser-env.mjs`). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { findBrowser } from "./browser-env.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const tree = process.argv[2] ?? join(root, "demo-out", "portal");
const SIZES = [
  { name: "phone", width: 360, height: 740, scale: 1 },
  { name: "laptop", width: 1280, height: 800, scale: 1 },
  { name: "wall", width: 3840, height: 2160, scale: 0.5 },
];
const QUALITY = 60;

const workspace = mkdtempSync(join(tmpdir(), "emporium-pictures-"));
const words = ["serve", tree, "--port", "0", "--json", "--workspace", workspace];
const server = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...words], { stdio: ["ignore", "pipe", "inherit"] });
let browser;
try {
  const { url, graphql } = await new Promise((resolve, reject) => {
    let text = "";
    server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
    server.stdout.setEncoding("utf8").on("data", (piece) => {
      text += piece;
      if (text.endsWith("\n}\n")) resolve(JSON.parse(text));
    });
  });
  const PAGES = await pagesOf(graphql);
  const flags = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
  browser = await chromium.launch({ executablePath: findBrowser(), args: [...flags, "--force-color-profile=srgb"] });
  let sum = 0;
  for (const colorScheme of ["light", "dark"]) {
    for (const { name: of, width, height, scale } of SIZES) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      for (const [name, path] of Object.entries(PAGES)) {
        const page = await context.newPage();
        await page.goto(url + path);
        await settled(page);
        const cdp = await context.newCDPSession(page);
        const clip = { x: 0, y: 0, width, height, scale };
        const { data } = await cdp.send("Page.captureScreenshot", { format: "webp", quality: QUALITY, clip });
        const file = join(root, "docs/images", `pages-${name}-${of}-${colorScheme}.webp`);
        writeFileSync(file, Buffer.from(data, "base64"));
        sum += statSync(file).size;
        await page.close();
      }
      await context.close();
    }
  }
  console.log(`docs/images: ${(sum / 1024).toFixed(0)} KiB of pictures`);
} finally {
  await browser?.close();
  server.kill("SIGINT");
  if (server.exitCode === null) await once(server, "exit");
  rmSync(workspace, { recursive: true, force: true });
}

/** What has most to show: the run with the largest tomogram. */
async function pagesOf(graphql) {
  const query = "{ tomograms(orderBy: { sizeX: desc }, limitOffset: { limit: 1 }) { id run { id name dataset { id } } } }";
  const reply = await fetch(graphql, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { id, run } = (await reply.json()).data.tomograms[0];
  return {
    home: "/",
    datasets: "/datasets",
    dataset: `/datasets/${run.dataset.id}`,
    runs: "/runs",
    run: `/runs/${run.id}`,
    viewer: `/view/tomogram/${id}?l=ortho`,
    browse: `/browse/portal/${run.dataset.id}/${run.name}`,
    search: "/search?q=ribosome",
  };
}

/** Nothing is asked any more: no answer is waited for, every canvas and picture has what it shows. */
async function settled(page) {
  await page.locator("h1").first().waitFor();
  for (let calm = 0; calm < 5; ) {
    const waits = await page
      .locator('[aria-busy=true], .waits, .v-slow, .stage > canvas:not([data-drawn]), .v-pane[data-sharp="false"]')
      .count();
    const isLoading = await page.evaluate(() =>
      [...document.images].some(({ complete, loading }) => !complete && loading !== "lazy"),
    );
    // of a connection that tells of jobs nobody waits for the end
    calm = waits === 0 && !isLoading ? calm + 1 : 0;
    await page.waitForTimeout(200);
  }
}
