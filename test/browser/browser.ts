import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page, type Request } from "playwright-core";
import { vi } from "vitest";
import { findBrowser } from "../../scripts/browser-env.mjs";

/** WebGL drawn in software, the same on every machine; nothing that asks the network for itself. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--force-color-profile=srgb",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  // what is drawn in software anyway is put together by the processor, too: through the GPU's process it takes half as much again
  "--disable-gpu-compositing",
  // a process for each page would compile the same programs again
  "--process-per-site",
];

export const browserPath = findBrowser();
if (browserPath === undefined) console.warn("skipped: no Chromium (node scripts/browser-env.mjs)");

/** Looked for and rightly not there: attributes of single levels, documents of Zarr's other version, voxels of a mesh. */
export const HARMLESS =
  /\.zarr\/(?:zarr\.json|\.zarray|\.zgroup|(?:\d+\/)?\.zattrs)$|_(?:triangular|oriented)mesh\/data\/[\d_-]+$/;

const asking = new WeakMap<Page, { readonly open: Set<Request>; total: number }>();

/** Answers of which a browser does not tell the end: what tells of runs as they change, the worker that all tabs share, a body that nobody reads. */
const ENDLESS = /\/api\/v1\/events|\/assets\/events-worker-|\/healthz$/;

/** What a page waits for an answer to. */
export const askedBy = (page: Page): string[] => [...(asking.get(page)?.open ?? [])].map((request) => request.url());
/** How often it has asked for any. */
export const askedSoFar = (page: Page): number => asking.get(page)?.total ?? 0;

function watchAnswers(page: Page): void {
  const open = new Set<Request>();
  const asked = { open, total: 0 };
  asking.set(page, asked);
  page.on("request", (request) => {
    if (ENDLESS.test(request.url())) return;
    open.add(request);
    asked.total++;
  });
  page.on("requestfinished", (request) => open.delete(request));
  page.on("requestfailed", (request) => open.delete(request));
  // what the page before it asked for is not waited for
  page.on("framenavigated", (frame) => {
    if (frame === page.mainFrame()) open.clear();
  });
}

/** What went on in a page, apart from what is drawn. */
export interface Watched {
  page: Page;
  /** Uncaught errors, errors on the console, breaches of the page's policy. */
  problems: string[];
  /** Addresses that are not the servers'. */
  elsewhere: string[];
  /** Paths that the server had no file for. */
  absent: string[];
  /** Paths that the servers answered. */
  answered: string[];
}

export interface Browser {
  /** Opens a page and waits until it is loaded. */
  open(url: string, size?: { width: number; height: number }): Promise<Watched>;
  close(): Promise<void>;
}

/**
 * A browser with a profile of its own, which is gone afterwards.
 *
 * @param servers addresses that its pages may ask
 * @param options `drawnBy`: what draws slices; left out: what the viewer takes by itself, which is the processor where WebGL is drawn in software. `flags` of Chromium
 */
export async function startBrowser(
  servers: readonly string[],
  { drawnBy, flags = [] }: { drawnBy?: "webgl" | "processor"; flags?: readonly string[] } = {},
): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "emporium-browser-"));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: browserPath!,
    args: [...FLAGS, ...flags],
    deviceScaleFactor: 1,
  });
  if (drawnBy) await context.addInitScript((by) => localStorage.setItem("emporium.drawnBy", JSON.stringify(by)), drawnBy);
  return {
    async open(url, size = { width: 1000, height: 700 }) {
      const page = await context.newPage();
      watchAnswers(page);
      await page.setViewportSize(size);
      const watched: Watched = { page, problems: [], elsewhere: [], absent: [], answered: [] };
      // A file that is not there is an error to the console, too; those are told by their answers.
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource.* 404 /.test(message.text()))
          watched.problems.push(message.text());
      });
      page.on("pageerror", (error) => watched.problems.push(error.message));
      page.on("request", (request) => {
        const address = request.url();
        const isOurs = servers.some((server) => address.startsWith(`${server}/`));
        if (!/^(?:data|blob):/.test(address) && !isOurs) watched.elsewhere.push(address);
      });
      page.on("response", (response) => {
        if (response.status() === 404) watched.absent.push(new URL(response.url()).pathname);
        else if (response.status() < 400) watched.answered.push(new URL(response.url()).pathname);
        else watched.problems.push(`${response.status()} ${response.url()}`);
      });
      await page.goto(url, { waitUntil: "load" });
      return watched;
    },
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Does a thing for each of some, in several tabs at once: most of a page's time is waiting. */
export async function inTabs<T>(items: readonly T[], act: (item: T) => Promise<void>, tabs = 4): Promise<void> {
  let next = 0;
  const tab = async () => {
    while (next < items.length) await act(items[next++]!);
  };
  await Promise.all(Array.from({ length: tabs }, tab));
}

/**
 * Waits until Neuroglancer has drawn everything that is in sight at its best resolution, and says so several frames in a row: new chunks are
 * asked for only after a frame that lacked them.
 */
export async function settled(page: Pick<Page, "evaluate">): Promise<void> {
  const ready = `(() => {
    const viewer = window.viewer;
    const ok = viewer !== undefined && viewer.layerManager.managedLayers.length > 0 && viewer.isReady();
    window.readyFrames = ok ? (window.readyFrames ?? 0) + 1 : 0;
    return window.readyFrames > 20;
  })()`;
  // asked from outside each time: a frame that has not gone to its address yet is under the policy of the page around it, which forbids texts as code
  const look = async () => {
    if (!(await page.evaluate(ready).catch(() => false))) throw new Error("Neuroglancer has not drawn everything in sight");
  };
  await vi.waitFor(look, { interval: 50, timeout: 60_000 });
}

/** Gives Neuroglancer another state in a page where it runs already, by the part of a link behind `#`. */
export async function goTo(page: Page, link: string, size: { width: number; height: number }): Promise<void> {
  await page.setViewportSize(size);
  await page.evaluate(
    (hash) =>
      new Promise<void>((done) => {
        // Neuroglancer listens since before, and has taken the state when this is called
        window.addEventListener(
          "hashchange",
          () => {
            (window as { readyFrames?: number }).readyFrames = 0;
            done();
          },
          { once: true },
        );
        window.location.hash = hash;
      }),
    new URL(link).hash,
  );
}
