import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatBytes } from "../../src/core/units.js";
import { FACETS } from "../../src/model/facet-choice.js";
import type { Facets } from "../../src/model/page-api.js";
import { unzipped } from "../e2e/unzipped.js";
import { giveTree } from "../made-tree.js";
import { renameRun } from "../renamed-run.js";
import { type Browser, browserPath, inTabs, startBrowser, type Watched } from "./browser.js";
import { expectAccessible, expectForcedColours, expectUsable, inColours, SIZES } from "./seen.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));
const WAIT = { timeout: 60_000 };
const SHARP = '.v-pane[data-axis="z"][data-sharp="true"]';
const ODD = "; touch x $(id)";
const execute = promisify(execFile);

interface Nodes<T> {
  edges: { node: T }[];
}
interface AnnotationIds {
  id: number;
  annotationShapes: Nodes<{ annotationFiles: Nodes<{ id: number }> }>;
}

/** Volumes of [2, 3, 4] by their specifications, with one chunk that nobody compressed. */
function writeVolumes(folder: string): void {
  const put = (key: string, body: unknown) => {
    const path = join(folder, key);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, body instanceof Uint8Array ? body : JSON.stringify(body));
  };
  const bytes = Uint8Array.from({ length: 24 }, (_, at) => at);
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }));
  const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [5, 5, 5] }] }];
  put("four.zarr/.zgroup", { zarr_format: 2 });
  put("four.zarr/.zattrs", { multiscales: [{ version: "0.4", axes, datasets }] });
  put("four.zarr/0/.zarray", {
    ...{ zarr_format: 2, shape: [2, 3, 4], chunks: [2, 3, 4], dtype: "|u1", order: "C", fill_value: 0 },
    ...{ compressor: null, filters: null, dimension_separator: "/" },
  });
  put("four.zarr/0/0/0/0", bytes);
  put("five.zarr/zarr.json", {
    ...{ zarr_format: 3, node_type: "group" },
    attributes: { ome: { version: "0.5", multiscales: [{ axes, datasets }] } },
  });
  put("five.zarr/0/zarr.json", {
    ...{ zarr_format: 3, node_type: "array", shape: [2, 3, 4], data_type: "uint8", fill_value: 0, attributes: {} },
    chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3, 4] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    codecs: [{ name: "bytes" }],
  });
  put("five.zarr/0/c/0/0/0", bytes);
  put("volume.n5/attributes.json", {
    ...{ n5: "2.5.0", dimensions: [4, 3, 2], blockSize: [4, 3, 2], dataType: "uint8", compression: { type: "raw" } },
  });
  put("volume.n5/0/0/0", Uint8Array.from([0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2, ...bytes]));
  put("precomputed/info", {
    ...{ "@type": "neuroglancer_multiscale_volume", type: "image", data_type: "uint8", num_channels: 1 },
    scales: [
      {
        ...{ key: "one", size: [4, 3, 2], resolution: [1, 1, 1], voxel_offset: [0, 0, 0] },
        ...{ chunk_sizes: [[4, 3, 2]], encoding: "raw" },
      },
    ],
  });
  put("precomputed/one/0-4_0-3_0-2", bytes);
  for (const [from, to] of [
    ["mrc/mode2-le.mrc", "volume.rec"],
    ["tiff/movie-u8-le.tif", "movie.tif"],
    ["dm/volume-f4-le.dm4", "volume.dm4"],
    ["mod/imodmodel-0.1.0.mod", "model.mod"],
  ] as const)
    copyFileSync(join(fixtures, from), join(folder, to));
  writeFileSync(join(folder, "broken.mrc"), "this is no volume");
  writeFileSync(join(folder, "notes.xyz"), "nothing that is known");
}

describe.skipIf(browserPath === undefined)("pages of one thing (needs Chromium)", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-details-"));
  const [tree, mixed, empty] = ["tree", "mixed", "empty"].map((name) => join(folder, name)) as [string, string, string];
  let server: ChildProcess;
  let browser: Browser;
  let served: { url: string; graphql: string; s3: string };
  /** Numbers of the catalogue. */
  let ids: {
    runs: { id: number; name: string; tomograms: Nodes<{ id: number }>; annotations: Nodes<AnnotationIds> }[];
    annotations: { id: number }[];
  };

  beforeAll(async () => {
    const lab = join(folder, "lab");
    const workspace = ["--workspace", join(folder, "workspace")];
    await giveTree({ deposits: ["imod"] }, { lab, tree });
    renameRun(join(tree, "10401"), "TS_0002", ODD);
    mkdirSync(mixed);
    mkdirSync(empty);
    writeVolumes(mixed);
    server = spawn(process.execPath, [program, "serve", tree, mixed, empty, "--port", "0", "--json", ...workspace], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    served = await new Promise((resolve, reject) => {
      let text = "";
      server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
      server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        if (text.endsWith("\n}\n")) resolve(JSON.parse(text));
      });
    });
    const query =
      "{ runs { id name tomograms { edges { node { id } } } annotations(orderBy: { id: asc }) { edges { node { id annotationShapes { edges { node { annotationFiles { edges { node { id } } } } } } } } } } annotations(limitOffset: { limit: 1 }) { id } }";
    const reply = await fetch(`${served.graphql}?query=${encodeURIComponent(query)}`);
    ids = ((await reply.json()) as { data: typeof ids }).data;
    browser = await startBrowser([served.url]);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    if (server?.exitCode === null) {
      server.kill("SIGINT");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (path: string, size = { width: 1280, height: 800 }): Promise<Watched> =>
    browser.open(`${served.url}${path}`, size);
  /** With `emporium` on the path. */
  const withProgram = () => {
    const programs = join(folder, "programs");
    mkdirSync(programs, { recursive: true });
    writeFileSync(join(programs, "emporium"), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
    chmodSync(join(programs, "emporium"), 0o755);
    return { ...process.env, PATH: `${programs}:${process.env.PATH}`, EMPORIUM_WORKSPACE: join(folder, "workspace") };
  };
  /** Nothing is waited for any more. */
  const shown = async (page: Page) => {
    await page.locator("h1").first().waitFor(WAIT);
    await expect.poll(() => page.locator(".loading").count(), WAIT).toBe(0);
  };
  const runNamed = (name: string) => ids.runs.find((one) => one.name === name)!;
  const addresses = () => [
    "/datasets/10401",
    `/runs/${runNamed("TS_0001").id}`,
    `/runs/${runNamed("TS_0001").id}?tab=frames`,
    `/runs/${runNamed("TS_0001").id}?tab=alignment`,
    `/runs/${runNamed(ODD).id}?tab=files`,
    "/depositions/10301",
    `/annotations/${ids.annotations[0]!.id}`,
    "/browse",
    "/browse/mixed",
    "/browse/mixed?header=broken.mrc",
    "/search",
    "/about",
    "/runs/999999",
  ];

  it("A1: a run shows all of its volumes, facts with their sources, and goes to the viewer with what is switched on", async () => {
    const { id, tomograms } = runNamed("TS_0001");
    const [tomogram] = tomograms.edges.map(({ node }) => node.id);
    const { page, problems, elsewhere } = await open(`/runs/${id}`);
    await shown(page);
    const strip = page.getByRole("group", { name: "Tomograms and tilt series" });
    // the picture is of one of them, and the link leads to that one
    const opened = () => page.getByRole("link", { name: "Open in viewer" }).getAttribute("href");
    expect(await opened()).toContain(`/view/tomogram/${tomogram}`);
    await page.locator('.live .v-pane[data-sharp="true"]').waitFor(WAIT);
    await strip.locator("label", { hasText: "tilt series" }).click();
    await expect.poll(opened, WAIT).toContain("/view/tiltseries/");
    await page.locator(".live-bar", { hasText: "4 of 7 tilts · 0.0°" }).waitFor(WAIT);
    await page.locator(".live-bar").getByRole("slider").press("ArrowLeft");
    await page.locator(".live-bar", { hasText: "3 of 7 tilts · -3.0°" }).waitFor(WAIT);
    await page.goBack();
    await page.goto(`${served.url}/runs/${id}`);
    await expect
      .poll(() => strip.locator("img").evaluateAll((all) => all.map((one) => Reflect.get(one, "naturalWidth") > 0)), WAIT)
      .toEqual([true]);
    // from the catalogue, from the folder's name, from the header of the file
    const saidOf = (label: string) => page.locator("dl > div", { hasText: label }).textContent();
    await expect.poll(() => saidOf("Voxel"), WAIT).toBe("Voxel13.48 Å");
    await expect.poll(() => saidOf("Shape"), WAIT).toBe("Shape64 × 56 × 32");
    await expect.poll(() => saidOf("Tilt"), WAIT).toBe("Tilt-9.0 to 9.0°, every 3.0°");
    await expect.poll(() => saidOf("Dose"), WAIT).toMatch(/^Dose\d+ e\/Å²$/);
    await page.getByText("Where these facts come from").click();
    const sourcesOf = (label: string) =>
      page
        .locator(".sources tr", { has: page.locator("td:first-child", { hasText: label }) })
        .evaluateAll((all) =>
          all.map((one) => (one as unknown as { innerText: string }).innerText.trim().split("\t").slice(1).join(": ")),
        );
    await expect
      .poll(() => sourcesOf("Voxel"), WAIT)
      .toEqual(["catalogue", "folder", "json", "header", "OME-Zarr"].map((from) => `13.48 Å: ${from}`));
    expect(await sourcesOf("Shape")).toEqual(["catalogue", "header", "OME-Zarr"].map((from) => `64 × 56 × 32: ${from}`));
    // the angles of the file, the doses of the exposures
    expect(await sourcesOf("Tilt")).toEqual(["catalogue", "TS_0001.rawtlt"].map((from) => `-9.0 to 9.0°, every 3.0°: ${from}`));
    expect((await sourcesOf("Dose")).map((text) => text.split(": ")[1])).toEqual(["catalogue", "frames"]);
    await page.getByText("Where these facts come from").click();
    // what is absent says why
    const absent = page.locator("main tbody td > span", { hasText: /^–$/ });
    expect(new Set(await absent.evaluateAll((all) => all.map((one) => one.getAttribute("title"))))).not.toContain(null);
    expect(await page.locator("main td", { hasText: /^–$/ }).count()).toBe(await absent.count());

    const rows = page.locator("main tbody tr");
    const annotations = runNamed("TS_0001").annotations.edges.map(({ node }) => node);
    await expect.poll(() => rows.count(), WAIT).toBe(annotations.length);
    // those are on that the viewer draws at first
    const overlays = (await (await fetch(`${served.url}/api/v1/overlays/tomogram:${tomogram}`)).json()) as {
      layers: { annotationId: number; isVisible?: boolean; isOtherAlignment?: boolean }[];
    };
    const first = new Set(
      overlays.layers.flatMap((layer) => (layer.isVisible && !layer.isOtherAlignment ? [layer.annotationId] : [])),
    );
    await expect.poll(() => page.locator("main tbody input:checked").count(), WAIT).toBe(first.size);
    const on = rows
      .filter({ has: page.locator("input:checked") })
      .first()
      .getByRole("checkbox");
    const off = Number(/\d+$/.exec((await on.getAttribute("aria-label"))!)![0]);
    await page.getByLabel(new RegExp(`^Show .* ${off}$`)).uncheck();
    const left = annotations.filter((one) => first.has(one.id) && one.id !== off);
    const numbers = (text: string | null) =>
      text!
        .split(",")
        .map(Number)
        .sort((one, other) => one - other);
    await expect.poll(() => numbers(new URL(page.url()).searchParams.get("on") ?? ""), WAIT).toEqual(left.map((one) => one.id));
    // layers of the viewer are files
    const files = left.flatMap(({ annotationShapes }) =>
      annotationShapes.edges.flatMap(({ node }) => node.annotationFiles.edges.map((file) => file.node.id)),
    );
    const link = await page.getByRole("link", { name: "Open in viewer" }).getAttribute("href");
    expect(numbers(new URL(link!, page.url()).searchParams.get("on"))).toEqual(files.sort((one, other) => one - other));
    // the same address shows the same
    await page.reload();
    await expect.poll(() => page.locator("main tbody input:checked").count(), WAIT).toBe(left.length);
    await page.getByRole("link", { name: "Open in viewer" }).click();
    await page.waitForSelector(SHARP, WAIT);
    expect([problems, elsewhere]).toEqual([[], []]);
    await page.close();
  });

  it("where sources contradict each other, the fact says so and lists them", async () => {
    const { id } = runNamed("TS_0001");
    const { page } = await open("/about");
    const changed = (part: string, facts: object) =>
      page.route(`**/api/v1/volumes/${part}:*`, async (route) => {
        const reply = await route.fetch();
        await route.fulfill({ json: { ...((await reply.json()) as object), ...facts } });
      });
    await changed("tomogram", { voxelSizeAngstrom: [8, 8, 8] });
    await changed("tiltseries", { angles: [-60, -40, -20, 0, 20, 40, 60] });
    await page.route("**/api/v1/overlays/tomogram:*", async (route) => {
      const facts = (await (await route.fetch()).json()) as { layers: object[] };
      await route.fulfill({ json: { ...facts, layers: facts.layers.map((layer) => ({ ...layer, count: 7777 })) } });
    });
    await page.goto(`${served.url}/runs/${id}`);
    const voxel = page.locator("dl > div", { hasText: "Voxel" });
    await voxel.getByText("⚠ sources differ").click(WAIT);
    expect(await voxel.locator("li").allTextContents()).toEqual([
      "13.48 Å catalogue",
      "13.48 Å folder",
      "13.48 Å json",
      "13.48 Å header",
      "8.00 Å OME-Zarr",
    ]);
    const tilt = page.locator("dl > div", { hasText: "Tilt" });
    await tilt.getByText("⚠ sources differ").click(WAIT);
    expect(await tilt.locator("li").allTextContents()).toEqual([
      "-9.0 to 9.0°, every 3.0° catalogue",
      "-60.0 to 60.0° TS_0001.rawtlt",
    ]);
    // points of a file that are not as many as the catalogue says
    const n = page.locator("main td.number .warn").first();
    await n.waitFor(WAIT);
    expect(await n.getAttribute("title")).toMatch(/^\d+ catalogue\n7777 file, /);
    await page.close();
  });

  it("steps through the runs of the dataset, and draws dose and defocus by tilt angle", async () => {
    const { id } = runNamed("TS_0001");
    const { page, problems } = await open(`/runs/${id}?tab=frames`);
    await expect.poll(() => page.locator(".uplot canvas").count(), WAIT).toBe(1);
    expect(await page.locator("main tbody tr").count()).toBe(7);
    const steps = page.getByRole("navigation", { name: "Runs beside it" });
    expect(await steps.textContent()).toContain(`${ids.runs.findIndex((one) => one.id === id) + 1}/2`);
    await steps.getByRole("link").click();
    await expect.poll(() => page.locator("h1").textContent(), WAIT).toBe(ODD);
    expect(new URL(page.url()).searchParams.get("tab")).toBe("frames");
    expect(problems).toEqual([]);
    await page.close();
  });

  it("steps through the list that one came from", async () => {
    const [first, second] = ids.runs.toSorted((a, b) => (a.name < b.name ? 1 : -1));
    const { page } = await open("/about");
    const list = { where: {}, orderBy: [{ name: "desc" }], total: 2, index: 0 };
    await page.evaluate(`sessionStorage.setItem("emporium.list.runs", ${JSON.stringify(JSON.stringify(list))})`);
    await page.goto(`${served.url}/runs/${first!.id}`);
    const steps = page.getByRole("navigation", { name: "Runs beside it" });
    await expect.poll(() => steps.textContent(), WAIT).toBe("1/2");
    await steps.getByRole("link", { name: "Next run" }).click();
    await expect.poll(() => page.locator("h1").textContent(), WAIT).toBe(second!.name);
    await expect.poll(() => steps.textContent(), WAIT).toBe("2/2");

    // likewise among slices: by button and by key
    const tomogramOf = (run: (typeof ids.runs)[number]) => `/view/tomogram/${run.tomograms.edges[0]!.node.id}`;
    await page.evaluate(`sessionStorage.setItem("emporium.list.runs", ${JSON.stringify(JSON.stringify(list))})`);
    await page.goto(served.url + tomogramOf(first!));
    const among = page.getByRole("navigation", { name: "Runs of the list" });
    await expect.poll(() => among.textContent(), WAIT).toBe("‹ P1/2N ›");
    expect(await among.getByRole("button", { name: "‹ P" }).isDisabled()).toBe(true);
    await among.getByRole("button", { name: "N ›" }).click();
    await expect.poll(() => new URL(page.url()).pathname, WAIT).toBe(tomogramOf(second!));
    await expect.poll(() => among.textContent(), WAIT).toBe("‹ P2/2N ›");
    expect(await among.getByRole("button", { name: "N ›" }).isDisabled()).toBe(true);
    await page.locator('.v-pane[data-axis="z"] .v-canvas').focus();
    await page.keyboard.press("n");
    await page.getByText("There is no further run").waitFor(WAIT);
    await page.keyboard.press("p");
    await expect.poll(() => new URL(page.url()).pathname, WAIT).toBe(tomogramOf(first!));
    await page.close();
  });

  it("A15: what the download dialog gives for a run with a hostile name fetches exactly its files", {
    timeout: 300_000,
  }, async () => {
    const { id } = runNamed(ODD);
    const { page, problems } = await open(`/runs/${id}`);
    await shown(page);
    await page.getByRole("button", { name: "Download" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("tab", { name: "emporium" }).click(WAIT);
    const text = (await dialog.locator("pre").textContent())!;
    await dialog.getByRole("tab", { name: "curl" }).click();
    const curl = (await dialog.locator("pre").allTextContents()).join("\n");
    await dialog.getByRole("tab", { name: "Files" }).click();
    await dialog.getByRole("link", { name: "as one zip" }).waitFor(WAIT);
    const links = await dialog.getByRole("link").evaluateAll((all) => all.map((one) => one.getAttribute("href")!));
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect([link, (await fetch(link, { method: "HEAD" })).status]).toEqual([link, 200]);
    await page.keyboard.press("Escape");
    expect(await dialog.count()).toBe(0);
    expect(problems).toEqual([]);
    await page.close();

    const here = join(folder, "pasted");
    mkdirSync(here);
    await execute("bash", ["-c", text], { cwd: here, env: withProgram() });
    expect(readdirSync(here)).toEqual(["downloads"]);
    const names = (root: string) =>
      readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((one) => !one.startsWith(".emporium"))
        .sort();
    expect(names(join(here, "downloads", ODD))).toEqual(names(join(tree, "10401", ODD)));
    expect(curl.split("\n").filter(Boolean).length).toBe(links.length);
  });

  it("one tomogram of a run, and an annotation with what its particles look like", async () => {
    const { id, tomograms } = runNamed("TS_0001");
    const tomogram = tomograms.edges[0]!.node.id;
    const { page, problems } = await open(`/runs/${id}`);
    await shown(page);
    await page.getByLabel("More", { exact: true }).click();
    await page.getByRole("button", { name: `Download tomogram ${tomogram}` }).click();
    const dialog = page.getByRole("dialog", { name: `Download tomogram TS_0001 ${tomogram}` });
    await dialog.getByRole("tab", { name: "AWS" }).click(WAIT);
    const words = (await dialog.locator("pre").textContent())!;
    expect(words.match(/s3:\/\/\S+/g)).toEqual([
      expect.stringMatching(/\/TS_0001\.mrc$/),
      expect.stringMatching(/\/TS_0001\.zarr\/$/),
    ]);
    await page.keyboard.press("Escape");

    const points = page.locator("main tbody tr", { hasText: /points/ }).first();
    const count = Number(/\d+/.exec((await points.locator("td.number").first().textContent(WAIT))!)![0]);
    // all of the run, by object
    const objects = await page.locator("main tbody th").allInnerTexts();
    await page.getByRole("tab", { name: "Particles" }).click();
    const ofObject = page.locator(".particles").first();
    const some = ofObject
      .getByRole("region")
      .first()
      .getByRole("link", { name: /^Particle / });
    await expect.poll(() => some.count(), WAIT).toBe(Math.min(count, 10));
    expect(objects).toContain(await ofObject.getByRole("heading").textContent());
    await page.getByRole("tab", { name: "Annotations" }).click();
    await points.getByRole("link").click();
    const crops = page
      .getByRole("region", { name: count > 24 ? `24 of ${count} particles` : `${count} particle` })
      .getByRole("link");
    await expect.poll(() => crops.count(), WAIT).toBe(Math.min(count, 24));
    await expect.poll(() => page.locator(".stage > canvas[data-drawn]").count(), WAIT).toBe(Math.min(count, 24) + 1);
    await crops.first().click();
    await page.waitForSelector(SHARP, WAIT);
    expect(new URL(page.url()).searchParams.get("p")).toMatch(/^[\d.-]+,[\d.-]+,[\d.-]+$/);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("further annotations of an object stand below the first one", async () => {
    const { id } = runNamed("TS_0001");
    const { page, problems } = await open("/about");
    await page.goto(`${served.url}/runs/${id}`);
    const names = page.locator("main tbody th");
    await names.nth(1).waitFor(WAIT);
    const [first, second, ...others] = await names.allInnerTexts();
    await page.route("**/graphql", async (route) => {
      const reply = await route.fetch();
      await route.fulfill({ response: reply, body: (await reply.text()).replaceAll(`"${first}"`, `"${second}"`) });
    });
    await page.reload();
    await expect.poll(() => names.allInnerTexts(), WAIT).toEqual([second, expect.stringMatching(/^also/), ...others]);
    // who cannot see it is told which object it is
    expect(
      await names
        .nth(1)
        .getByRole("link", { name: `also ${second}` })
        .count(),
    ).toBe(1);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("menus stay open where their words are pressed: filters of a dataset's runs are chosen, a command can be marked", async () => {
    const { page, problems } = await open("/datasets/10401");
    await page.locator(".facet-menus summary", { hasText: "Sample" }).click(WAIT);
    const menu = page.locator(".facet-menus details[open]");
    await menu.locator("label .value").first().click(WAIT);
    await page.locator(".chips button").first().waitFor(WAIT);
    expect(await menu.locator("summary").innerText()).toBe("Sample (1)");
    await page.keyboard.press("Escape");
    await expect.poll(() => menu.count(), WAIT).toBe(0);
    await page.getByLabel("Command of this page").click();
    await page.locator(".command .text").click();
    expect(await page.locator(".command[open]").count()).toBe(1);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("every filter that the address of a list can carry stands above it, with a way to take it back", async () => {
    for (const of of ["datasets", "runs", "annotations"] as const) {
      const { facets } = (await (await fetch(`${served.url}/api/v1/facets?of=${of}`)).json()) as Facets;
      const chosen = FACETS[of].map(({ id, kind }): [string, string] => {
        const value = facets.find((facet) => facet.id === id)?.values[0]?.value;
        return [id, kind === "text" ? "x" : kind === "range" ? "1..2" : String(value)];
      });
      if (of === "annotations") chosen.push(["dataset", "10401"]);
      const { page, problems } = await open(`/${of}?${new URLSearchParams(chosen)}`);
      const chips = page.locator(".chips li button[aria-label]");
      await expect.poll(() => chips.count(), WAIT).toBe(chosen.length);
      for (let left = chosen.length; left > 0; left--) {
        // the one of the address alone is first, and no other may take its place
        await chips.nth(left - 1).click(WAIT);
        await expect.poll(() => chips.count(), WAIT).toBe(left - 1);
        await expect.poll(() => new URL(page.url()).searchParams.size, WAIT).toBe(left - 1);
      }
      expect([of, problems]).toEqual([of, []]);
      await page.close();
    }
    const { page } = await open("/annotations?dataset=7");
    await page.getByRole("button", { name: /^Without Dataset: 7: \d+$/ }).click(WAIT);
    await page.locator('[data-row="0"]').waitFor(WAIT);
    expect(new URL(page.url()).search).toBe("");
    await page.goto(`${served.url}/annotations?dataset=10401&shape=Point`);
    await page.getByRole("button", { name: "Clear all" }).click(WAIT);
    await expect.poll(() => new URL(page.url()).search, WAIT).toBe("");
    await page.close();
  });

  it("a text is read beside its folder: how much of how much, the rest when it is wanted, never two versions as one", async () => {
    const at = join(mixed, "long session.log");
    // a letter of two bytes lies across the end of the first part
    const whole = `${"x".repeat(65_535)}µm\n${Array.from({ length: 9_000 }, (_, line) => `line ${line}\n`).join("")}`;
    writeFileSync(at, whole);
    try {
      const { page, problems } = await open("/browse/mixed");
      await page.getByRole("button", { name: "Read long session.log" }).click(WAIT);
      const panel = page.getByRole("complementary", { name: "Text" });
      const text = () => panel.locator("pre").textContent();
      const size = Buffer.byteLength(whole);
      await panel.getByText(`The first 64.0 KiB of ${formatBytes(size)}.`).waitFor(WAIT);
      expect(await text()).toBe("x".repeat(65_535));
      await panel.getByRole("button", { name: "Show 64.0 KiB more" }).click();
      await panel.getByText(`The first 128 KiB of ${formatBytes(size)}.`).waitFor(WAIT);
      await panel.getByRole("button", { name: /^Show/ }).click();
      await panel.getByText(`All ${formatBytes(size)}.`).waitFor(WAIT);
      expect(await text()).toBe(whole);
      expect(await panel.getByRole("button", { name: /^Show/ }).count()).toBe(0);
      const fetched = page.waitForEvent("download");
      await panel.getByRole("link", { name: `Download ${formatBytes(size)}` }).click();
      expect(readFileSync(await (await fetched).path(), "utf8")).toBe(whole);
      await page.reload();
      await panel.getByText("The first 64.0 KiB").waitFor(WAIT);
      writeFileSync(at, `new ${whole}`);
      await panel.getByRole("button", { name: /^Show/ }).click();
      await panel.getByRole("button", { name: "Read it again" }).click(WAIT);
      await panel.getByText("The first 128 KiB").waitFor(WAIT);
      expect((await text())!.startsWith("new xxx")).toBe(true);
      // what is none by its bytes, and a volume by its name that is one
      copyFileSync(join(mixed, "volume.rec"), at);
      await page.reload();
      await panel.getByText("This is no text").waitFor(WAIT);
      expect(problems.filter((text) => !/broken\.mrc|^Failed to load resource: .* 422 /.test(text))).toEqual([]);
      await page.goto(`${served.url}/browse/mixed?header=broken.mrc`);
      const header = page.getByRole("complementary", { name: "Header" });
      await header.getByText("nor MRC: it is a text").waitFor(WAIT);
      expect(await header.locator("pre.reader").textContent()).toBe("this is no volume");
      await page.close();
    } finally {
      rmSync(at, { force: true });
    }
  });

  it("the commands of a page stand in tabs, one for each program, inside of the window", async () => {
    const run = ids.runs[0]!;
    const tomogram = run.tomograms.edges[0]!.node.id;
    const programs: readonly [path: string, tabs: string][] = [
      [`/runs/${run.id}`, "curl Python"],
      ["/runs", "curl Python"],
      [`/view/tomogram/${tomogram}`, "Terminal curl Python"],
      ["/curate/batches", "Terminal curl Python"],
      ["/harvest", ""],
    ];
    for (const [path, tabs] of programs) {
      const { page, problems } = await open(path, SIZES[0]);
      await page.getByLabel("Command of this page").click(WAIT);
      await page.locator(".command .text").waitFor(WAIT);
      const names = await page.locator('.command [role="tab"]').allInnerTexts();
      expect([path, names.join(" ")]).toEqual([path, tabs]);
      for (const name of names) {
        await page.locator(".command").getByRole("tab", { name, exact: true }).click();
        const box = (await page.locator(".command .floating").boundingBox())!;
        expect([path, name, box.x >= 0, box.x + box.width <= SIZES[0].width]).toEqual([path, name, true, true]);
      }
      const text = await page.locator(".command .text").innerText();
      if (names.length === 0) expect(text).toMatch(/^emporium /);
      else
        expect(text).toMatch(path.startsWith("/view") ? /^import zarr\n/ : /^(?:from cryoet_data_portal import|import json\n)/);
      // the next page begins with the program that was chosen
      if (path === "/runs") {
        await page.keyboard.press("Escape");
        await page.locator('.list a[href$="/runs/1"], a[href$="/runs/1"]').first().click(WAIT);
        await page.getByLabel("Command of this page").click(WAIT);
        expect(await page.locator('.command [role="tab"][aria-selected="true"]').innerText()).toBe("Python");
      }
      expect([path, problems]).toEqual([path, []]);
      await page.close();
    }
  });

  it("what curl is told of a run and of a volume, the server answers", async () => {
    for (const path of [`/runs/${ids.runs[0]!.id}`, `/view/tomogram/${ids.runs[0]!.tomograms.edges[0]!.node.id}`]) {
      const { page } = await open(path);
      await page.getByLabel("Command of this page").click(WAIT);
      await page.locator(".command").getByRole("tab", { name: "curl", exact: true }).click();
      const { stdout } = await execute("bash", ["-c", await page.locator(".command .text").innerText()]);
      const answer = JSON.parse(stdout) as { data?: { runs: { name: string }[] }; ref?: string };
      const title = path.startsWith("/view") ? answer.ref : answer.data?.runs[0]?.name;
      expect(title).toBe(path.startsWith("/view") ? path.replace("/view/tomogram/", "tomogram:") : ids.runs[0]!.name);
      await page.close();
    }
  });

  it("§8: a question that takes long is told after 2 s, can be cancelled after 8 s, and asked again", async () => {
    const { page } = await open("/about");
    let isHeld = true;
    const graphql = "**/graphql";
    await page.route(graphql, (route) => (isHeld ? undefined : route.continue()));
    await page.goto(`${served.url}/runs/${ids.runs[0]!.id}`);
    await page.getByText("asking the catalogue…").first().waitFor(WAIT);
    await page.getByText("still asking the catalogue…").first().waitFor(WAIT);
    await page.getByRole("button", { name: "Cancel" }).first().click();
    await page.getByText("This was cancelled before there was an answer.").first().waitFor(WAIT);
    isHeld = false;
    await page.getByRole("button", { name: "Ask again" }).first().click();
    await page.getByRole("heading", { name: ids.runs[0]!.name }).waitFor(WAIT);
    await page.close();
  });

  it("§8: an address of nothing names what comes nearest: pages, names, folders, files", async () => {
    const { page } = await open("/about");
    for (const [path, link, to] of [
      ["/dataset/10401", "/datasets/10401", "/datasets/10401"],
      ["/runs/TS_0001", "TS_0001", `/runs/${runNamed("TS_0001").id}`],
      ["/browse/mixed/movies.tif", "movie.tif", "/view/at/mixed/movie.tif"],
      ["/browse/mixed/movie.tif", "movie.tif", "/view/at/mixed/movie.tif"],
      ["/browse/portal/10402", "10401", "/browse/portal/10401/"],
    ] as const) {
      await page.goto(`${served.url}${path.replace("/portal/", "/tree/")}`);
      const found = page.locator("main").getByRole("link", { name: link, exact: true });
      await found.waitFor(WAIT);
      expect([path, new URL((await found.getAttribute("href"))!, page.url()).pathname]).toEqual([
        path,
        to.replace("/portal/", "/tree/"),
      ]);
    }
    // a notice goes with the page that it is about
    await page.goto(`${served.url}/runs?nonsense=1`);
    await page.getByText("The address said nonsense=1").waitFor(WAIT);
    await page.getByRole("link", { name: "emporium" }).click();
    await page.getByRole("heading", { name: "emporium" }).waitFor(WAIT);
    expect(await page.getByText("The address said nonsense=1").count()).toBe(0);
    await page.close();
  });

  it("the command of each page answers as the page does", { timeout: 300_000 }, async () => {
    const run = runNamed("TS_0001");
    for (const [path, says] of [
      ["/", "tree"],
      ["/datasets", "10401"],
      ["/datasets/10401", "TS_0001"],
      ["/runs", "TS_0001"],
      [`/runs/${run.id}`, "TS_0001"],
      ["/depositions/10301", "10301"],
      ["/annotations", "ribosome"],
      [`/annotations/${ids.annotations[0]!.id}`, "objectName"],
      ["/browse/mixed", "volume.rec"],
      ["/search?q=TS_0001", "TS_0001"],
      ["/about", "version"],
      [`/view/tomogram/${run.tomograms.edges[0]!.node.id}`, "shape"],
      ["/view/at/mixed/volume.rec", "shape"],
      [`/neuroglancer/tomogram/${run.tomograms.edges[0]!.node.id}`, "layers"],
    ] as const) {
      const { page } = await open(path);
      // a list in a page says its own
      if (path.startsWith("/datasets/")) await page.locator("[data-row]").first().waitFor(WAIT);
      await page.locator(".command summary").click(WAIT);
      const shownCommand = page.locator(".command .floating pre");
      await shownCommand.waitFor(WAIT);
      const command = (await shownCommand.textContent())!;
      const { stdout } = await execute("sh", ["-c", command], { cwd: empty, env: withProgram() });
      expect([path, stdout]).toEqual([path, expect.stringContaining(says)]);
      await page.close();
    }
  });

  it("A14: the search of the server: hits by group, the nearest word of a misspelt one, and the palette by keys alone", async () => {
    const { page, problems } = await open("/about");
    await shown(page);
    await page.keyboard.press("/");
    const field = page.getByRole("combobox");
    await field.fill("ts_00", WAIT);
    await page.getByRole("option", { name: /^TS_0001 .*Runs$/ }).waitFor(WAIT);
    const runs = await page.getByRole("option", { name: /Runs$/ }).allTextContents();
    for (const _ of [...(await page.getByRole("option").allTextContents()).slice(0, -1)]) {
      const text = await page.locator("[role=option][aria-selected=true]").textContent();
      if (text?.startsWith("TS_0001") && text.endsWith("Runs")) break;
      await page.keyboard.press("ArrowDown");
    }
    expect(runs.length).toBe(1); // the other one is called otherwise
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("h1").textContent(), WAIT).toBe("TS_0001");

    // (37.4) what is typed before the palette has come, Enter too, is done once it is there
    await page.route(/palette-[^/]*\.js$/, async (route) => {
      await page.waitForTimeout(500);
      await route.continue();
    });
    await page.goto(`${served.url}/about`);
    await shown(page);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("TS_0001");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("h1").textContent(), WAIT).toBe("TS_0001");
    await page.unrouteAll();

    await page.goto(`${served.url}/search?q=ribosmoe`);
    await page.getByText("Nothing is called “ribosmoe”.").waitFor(WAIT);
    await page.getByRole("link", { name: "ribosome" }).click(WAIT);
    await page.getByRole("region", { name: "Annotations" }).getByRole("link", { name: "cytosolic ribosome" }).waitFor(WAIT);
    for (const [q, group] of [
      ["Miniature laboratory", "Datasets"],
      ["TS_0001", "Runs"],
      ["Example Author", "People"],
      ["TS_0001.mrc", "Files"],
    ]) {
      await page.goto(`${served.url}/search?${new URLSearchParams({ q: q! })}`);
      await page.getByRole("region", { name: group! }).getByRole("link").first().waitFor(WAIT);
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A15: a selection by keys has the same dialog: each of its texts names both runs", async () => {
    const { page, problems } = await open("/runs?as=table");
    const row = (index: number) => page.locator(`[data-row="${index}"]`);
    await row(1).getByRole("link").waitFor(WAIT);
    await row(0).focus();
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("Shift+X");
    await page.getByText("2 selected").waitFor(WAIT);
    await page.getByRole("button", { name: "Download files" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "Download 2 runs" });
    const words: Record<string, string> = {};
    for (const tab of ["emporium", "AWS", "Python", "copick"]) {
      await dialog.getByRole("tab", { name: tab }).click(WAIT);
      words[tab] = (await dialog.locator("pre").allTextContents()).join("\n");
    }
    // what a shell makes of it, with a program in the place of each that says its words
    const said = (text: string, name: string) =>
      execute("bash", ["-c", `${name}() { printf '%s\\n' "$@"; }\n${text}`]).then(({ stdout }) => stdout.split("\n"));
    const folders = ["TS_0001", ODD].map((name) => `s3://portal/10401/${name}/`);
    expect((await said(words.emporium!, "emporium")).filter((word) => word.startsWith("s3://")).sort()).toEqual(folders.sort());
    expect((await said(words.AWS!, "aws")).filter((word) => word.startsWith("s3://")).sort()).toEqual(folders.sort());
    for (const { id } of ids.runs) expect(words.Python).toContain(`Run.get_by_id(client, ${id})`);
    expect(words.copick).toContain("--dataset 10401");

    // some of what they hold: each volume in Zarr that lies in their folders, and nothing else
    await dialog.getByRole("button", { name: "Choose", exact: true }).click();
    const formats = dialog.locator("p").first().getByRole("checkbox");
    await formats.first().waitFor(WAIT);
    const isZarr = dialog.locator("p").first().getByLabel("OME-Zarr", { exact: true });
    for (const format of await formats.all()) await format.uncheck();
    await isZarr.check();
    await dialog.getByRole("tab", { name: "AWS" }).click();
    const taken = await said((await dialog.locator("pre").textContent())!, "aws");
    const volumes = ["TS_0001", ODD].flatMap((name) =>
      readdirSync(join(tree, "10401", name), { recursive: true, encoding: "utf8" })
        .filter((one) => /\.zarr$/.test(one))
        .map((one) => `s3://portal/10401/${name}/${one}/`),
    );
    expect(taken.filter((word) => word.startsWith("s3://")).sort()).toEqual(volumes.sort());
    expect(await dialog.getByText(`${volumes.length} files and volumes, `).count()).toBe(1);
    expect(await dialog.getByRole("tab", { name: "Python" }).count()).toBe(0);

    // one level of each, in the commands and as one zip of the bytes that the button says
    await dialog.getByRole("button", { name: "One level of OME-Zarr…" }).click();
    const levels = dialog.getByRole("combobox", { name: "Levels of OME-Zarr" });
    await levels.selectOption("2", WAIT);
    const one = await said((await dialog.locator("pre").textContent())!, "aws");
    expect(one.filter((word) => word.endsWith("/*"))).toEqual(volumes.map(() => "2/*"));
    await dialog.getByText("Metadata are copied as they are").waitFor(WAIT);
    await dialog.getByRole("tab", { name: "emporium" }).click();
    expect(await said((await dialog.locator("pre").textContent())!, "emporium")).toEqual(
      expect.arrayContaining(["--scale", "2"]),
    );
    await dialog.getByRole("tab", { name: "Files" }).click();
    const button = dialog.getByRole("link", { name: /^Download .* as one zip$/ });
    await button.waitFor(WAIT);
    const [zip] = await Promise.all([page.waitForEvent("download"), button.click()]);
    const body = readFileSync((await zip.path())!);
    expect(await button.textContent()).toContain(` ${formatBytes(body.length)} `);
    expect(zip.suggestedFilename()).toMatch(/^runs-\d+-and-1-more\.zip$/);
    const names = Object.keys(unzipped(body));
    const keys = volumes.map((volume) => volume.slice("s3://portal/".length));
    expect(keys.filter((key) => !names.includes(`${key}.zattrs`))).toEqual([]);
    expect(names.filter((name) => !keys.some((key) => /^(?:\.zattrs|\.zgroup|2\/.*)$/.test(name.slice(key.length))))).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("A3: a folder of everything: each with the kind and shape that harvest inspect prints; what cannot be opened says why", async () => {
    const { stdout } = await execute(process.execPath, [program, "harvest", "inspect", mixed, "--json"]).catch(
      (error: { stdout: string }) => error,
    );
    const records = Object.values(JSON.parse(stdout) as Record<string, { location?: string; shape: number[]; dtype: string }>);
    const { page, problems } = await open("/browse/mixed");
    const row = (name: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
    for (const [name, kind] of [
      ["volume.rec", "MRC"],
      ["movie.tif", "TIFF"],
      ["four.zarr", "Zarr"],
      ["five.zarr", "Zarr"],
      ["volume.n5", "N5"],
      ["precomputed", "precomputed"],
      ["volume.dm4", "DM"],
    ]) {
      const own = records.filter(({ location }) => location?.replace(/\/$/, "").endsWith(`/${name}`));
      expect([name, own.length]).toEqual([name, 1]);
      const cells = row(name!).getByRole("cell");
      await expect.poll(() => cells.nth(1).textContent(), WAIT).toBe([...own[0]!.shape].reverse().join(" × "));
      expect([await cells.nth(0).textContent(), await cells.nth(3).textContent()]).toEqual([
        expect.stringContaining(kind!),
        own[0]!.dtype,
      ]);
      const link = await row(name!).getByRole("link", { name: "Open" }).getAttribute("href");
      expect(link).toBe(`${served.url}/view/at/mixed/${name}`);
      // from here, where its picture and its facts are known already
      await row(name!).getByRole("link", { name: "Open" }).click();
      await page.waitForSelector(SHARP, WAIT);
      await page.goBack();
    }
    expect(await row("model.mod").textContent()).toContain("IMOD model");
    expect(await row("notes.xyz").textContent()).toContain("not a known format");
    await expect.poll(() => row("broken.mrc").textContent(), WAIT).toMatch(/✕ FORMAT_\w+/);
    for (const name of ["model.mod", "notes.xyz", "broken.mrc"])
      await expect.poll(() => row(name).getByRole("link", { name: "Open" }).count(), WAIT).toBe(0);
    // what a header says, at an address of its own
    await row("volume.rec").getByRole("button", { name: "Header" }).click();
    expect(new URL(page.url()).searchParams.get("header")).toBe("volume.rec");
    await page.getByRole("complementary", { name: "Header" }).getByText("Everything in the header").waitFor(WAIT);
    expect(problems.filter((text) => !/422/.test(text))).toEqual([]);
    await page.close();
  });

  it("A31: an empty folder, one that may not be read, a bucket whose keys are wrong, an entity that is not: each has its sentence", async () => {
    const { page } = await open("/browse/empty");
    await page.getByText("is empty: nothing has been written here yet").waitFor(WAIT);
    await page.route("**/api/v1/places/mixed/list?*", (route) =>
      route.fulfill({ status: 403, json: { code: "STORE_DENIED", message: "mixed: access denied", hint: "check the keys" } }),
    );
    await page.goto(`${served.url}/browse/mixed`);
    const alert = page.getByRole("alert");
    await alert.waitFor(WAIT);
    expect(await alert.textContent()).toMatch(/STORE_DENIED.*access denied.*check the keys/);
    await page.unroute("**/api/v1/places/mixed/list?*");
    await alert.getByRole("button", { name: "Try again" }).click();
    await page.getByText("volume.rec").first().waitFor(WAIT);
    await page.goto(`${served.url}/runs/999999`);
    await page.getByText("None of the runs has the number 999999.").waitFor(WAIT);
    await page.getByRole("link", { name: "TS_0001" }).click(WAIT);
    await expect.poll(() => page.locator("h1").textContent(), WAIT).toBe("TS_0001");
    await page.close();
  });

  it("A27: axe finds nothing serious, light and dark", { timeout: 600_000 }, async () => {
    await inTabs(addresses(), async (path) => {
      const { page } = await open(path);
      await shown(page);
      if (path === addresses()[1]) await page.getByRole("button", { name: "Download" }).click();
      for (const colorScheme of ["light", "dark"] as const) {
        await inColours(page, colorScheme);
        await expectAccessible(page, `${path} ${colorScheme}`, { without: ".list" }); // lists have a test of their own
      }
      await page.close();
    });
  });

  it("A29: nothing scrolls sideways or lies over a control, at 360, 1280 and 3840 px and at 200 % zoom; forced colours keep every sign", {
    timeout: 900_000,
  }, async () => {
    await inTabs(addresses(), async (path) => {
      const { page } = await open(path);
      await shown(page);
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await expectUsable(page, `${path} ${size.width}`);
      }
      await expectForcedColours(page, path);
      await page.close();
    });
  });
});
