import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORMAT_EXAMPLES } from "../format-examples.js";
import { anywhere } from "../foundations/import-rules.js";
import { filesBelow } from "../foundations/sources.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Public subpaths of the package that run in browsers: what is shipped of them. */
const PATHS = filesBelow("src", (path) => /\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path) && !path.includes("/assembly/"))
  .filter(anywhere)
  .map((path) => path.replace(/^src\/(.*)\.ts$/, "dist/$1.js"));

/** What somebody writes who builds a page on the package. */
const PAGE = `
  import { inMemory } from "./dist/core/bytes.js";
  import { peekFile } from "./dist/formats/peek/peek.js";
  import { openPlanes, planeFile } from "./dist/arrays/plane/open.js";
  import { readZarrBox } from "./dist/formats/zarr/read.js";
  import { parseZarray } from "./dist/formats/zarr/metadata.js";
  import { defaultCodecs } from "./dist/formats/zarr/codecs.js";
  window.facts = async (name, bytes) => {
    const file = inMemory(Uint8Array.from(bytes), name);
    const { images } = await peekFile(file);
    const planes = await openPlanes(file, await planeFile(file));
    const { shape } = planes.levels[0];
    const voxels = await planes.readBox(0, { start: [0, 0, 0], stop: shape }, [1, 1, 1]);
    return { shape: images[0].shape, dtype: images[0].dtype, bytes: [...voxels] };
  };
  window.zarr = async (objects, rank) => {
    const text = new TextEncoder();
    const meta = parseZarray(Uint8Array.from(objects[".zarray"]), ".zarray");
    const read = async (key) => objects[key] && Uint8Array.from(objects[key]);
    return [...(await readZarrBox(read, meta, { start: meta.shape.map(() => 0), stop: meta.shape }, { codecs: defaultCodecs, name: "a" }))];
  };
`;

describe.skipIf(browserPath === undefined)("the library in browsers", () => {
  let server: Server;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    const { outputFiles } = await build({
      ...{ stdin: { contents: PAGE, resolveDir: root }, bundle: true, format: "esm", platform: "browser", write: false },
    });
    server = createServer((request, reply) => {
      const isScript = request.url === "/page.js";
      reply.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
      reply.end(
        isScript
          ? outputFiles[0]!.text
          : '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
      );
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await startBrowser([url]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it("every public subpath is bundled by esbuild, without a module of Node", async () => {
    expect(PATHS.length).toBeGreaterThan(300);
    const { errors, warnings } = await build({
      ...{ entryPoints: PATHS.map((path) => `${root}${path}`), outdir: "unwritten", write: false, logLevel: "silent" },
      ...{ bundle: true, splitting: true, format: "esm", platform: "browser" },
    });
    expect([errors, warnings]).toEqual([[], []]);
  });

  it("a page reads files with it: what Node reads of them", async () => {
    const { page, problems } = await browser.open(url);
    for (const id of ["mrc", "tiff", "dm", "nrrd", "nifti"] as const) {
      const [name, bytes] = FORMAT_EXAMPLES[id];
      const { peekFile } = await import("../../src/formats/peek/peek.js");
      const { openPlanes, planeFile } = await import("../../src/arrays/plane/open.js");
      const { inMemory } = await import("../../src/core/bytes.js");
      const file = inMemory(bytes, name);
      const planes = await openPlanes(file, (await planeFile(file))!);
      const stop = planes.levels[0]!.shape;
      const wanted = await planes.readBox(0, { start: [0, 0, 0], stop }, [1, 1, 1]);
      const { shape, dtype } = (await peekFile(file)).images[0]!;
      const read = `facts(${JSON.stringify(name)}, ${JSON.stringify([...bytes])})`;
      expect(await page.evaluate(read), id).toEqual({ shape, dtype, bytes: [...wanted] });
    }
    const stores = JSON.parse(readFileSync(`${root}test/fixtures/zarr/stores.golden.json`, "utf8"));
    for (const name of ["gzip", "zstd", "blosc-zstd-1"]) {
      const objects = Object.fromEntries(
        Object.entries<string>(stores[name]).map(([key, text]) => [key, [...Buffer.from(text, "base64")]]),
      );
      const { readZarrBox } = await import("../../src/formats/zarr/read.js");
      const { parseZarray } = await import("../../src/formats/zarr/metadata.js");
      const { defaultCodecs } = await import("../../src/formats/zarr/codecs.js");
      const meta = parseZarray(Uint8Array.from(objects[".zarray"]!), ".zarray");
      const box = { start: meta.shape.map(() => 0), stop: meta.shape };
      const here = await readZarrBox(async (key) => objects[key] && Uint8Array.from(objects[key]), meta, box, {
        ...{ codecs: defaultCodecs, name },
      });
      expect(await page.evaluate(`zarr(${JSON.stringify(objects)})`), name).toEqual([...here]);
    }
    expect(problems).toEqual([]);
    await page.close();
  });
});
