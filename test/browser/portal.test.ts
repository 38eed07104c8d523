import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.js";
import { viewerLink } from "../../src/server/viewer.js";
import { giveTree } from "../made-tree.js";
import { type Browser, browserPath, HARMLESS, settled, startBrowser } from "./browser.js";
import { countPixels, difference } from "./picture.js";
import { bare, colourOf, layerOf, look, type Scene, sceneOf } from "./scene.js";

/** The way of somebody who has a portal of one's own: the catalogue is asked for a tomogram, and its view opens on the files of the same server. */
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SIZE = { width: 500, height: 400 };

describe.skipIf(browserPath === undefined)("Neuroglancer at a portal of one's own (needs Chromium)", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium portal ü-"));
  const tree = join(folder, "tree");
  let server: ChildProcess;
  let browser: Browser;
  let portal: { url: string; graphql: string; files: string; viewer: string };

  beforeAll(async () => {
    await giveTree({ deposits: ["imod"] }, { tree });
    const workspace = ["--workspace", join(folder, "workspace")];
    server = spawn(process.execPath, [program, "serve", tree, "--port", "0", "--json", ...workspace], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    portal = await new Promise((resolve, reject) => {
      let text = "";
      server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
      server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        if (text.endsWith("\n}\n")) resolve(JSON.parse(text));
      });
    });
    browser = await startBrowser([portal.url]);
  });
  afterAll(async () => {
    await browser?.close();
    if (server?.exitCode === null) {
      server.kill("SIGINT");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("opens the view that the catalogue gives for a tomogram: volume, masks and points come from /files", async () => {
    const scene = await sceneFrom("TS_0001");
    const layers = scene.state.layers as JsonObject[];
    const sources = layers.map(({ source }) => String((source as JsonObject).url ?? source));
    expect(layers.map(({ type }) => type)).toEqual(expect.arrayContaining(["image", "segmentation", "annotation"]));
    for (const source of sources) expect(source).toContain(`${portal.files}/10401/TS_0001/`);

    const { page, problems, elsewhere, absent, answered } = await browser.open(viewerLink(portal.viewer, scene.state));
    await settled(page);
    expect([problems, elsewhere]).toEqual([[], []]);
    expect(absent.filter((path) => !HARMLESS.test(path))).toEqual([]);
    for (const part of [/\.zarr\/0\/\d+\/\d+\/\d+$/, /_segmentationmask\/info$/, /_point\/spatial0\//]) {
      expect(answered.filter((path) => part.test(path)).length, String(part)).toBeGreaterThan(0);
    }
    await page.close();
  });

  it("draws the points of an annotation in their colour", async () => {
    const scene = await sceneFrom("TS_0001");
    const { x, y, z } = scene.centre;
    const view = bare(scene, "ribosome", {
      layout: { type: "3d", orthographicProjection: true },
      position: [x, y, z],
      projectionScale: 80,
    });
    const { page, problems, elsewhere } = await browser.open(viewerLink(portal.viewer, view), SIZE);
    await settled(page);
    expect([problems, elsewhere]).toEqual([[], []]);
    const { picture, panels } = await look(page);
    const colour = colourOf(layerOf(scene, "ribosome"));
    expect(countPixels(picture, panels[0]!, (seen) => difference(seen, colour) < 40)).toBeGreaterThan(50);
    await page.close();
  });

  it.each(["TS_0001", "TS_0002"])(
    "seam 20: draws every layer of the view of %s, on a port that nobody knew before",
    async (run) => {
      const scene = await sceneFrom(run);
      const { x, y, z } = scene.centre;
      const names = (scene.state.layers as JsonObject[]).map(({ name, source }) => ({
        name: String(name),
        // two layers of a name have different sources
        address: String((source as JsonObject).url ?? source),
      }));
      expect(names.length).toBeGreaterThan(5);
      for (const { address } of names) {
        const view = bare(scene, address.split("/").at(-1)!, {
          layout: "4panel",
          position: [x, y, z],
          projectionScale: 80,
          showSlices: true,
        });
        const { page, problems, elsewhere, absent } = await browser.open(viewerLink(portal.viewer, view), SIZE);
        await settled(page);
        expect([problems, elsewhere, absent.filter((path) => !HARMLESS.test(path))], address).toEqual([[], [], []]);
        const { picture, panels } = await look(page);
        const drawn = panels.reduce((sum, panel) => sum + countPixels(picture, panel, (seen) => Math.max(...seen) > 30), 0);
        expect(drawn, address).toBeGreaterThan(20);
        await page.close();
      }
    },
  );

  it("seam 20: opens a view by its address as it does by its text", async () => {
    const query = `{ tomograms(where: {run: {name: {_eq: "TS_0001"}}}) { httpsMrcFile } }`;
    const answer = await fetch(`${portal.graphql}?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as { data: { tomograms: { httpsMrcFile: string }[] } };
    const spacing = data.tomograms[0]!.httpsMrcFile.split("/Tomograms/")[0];
    const { page, problems, elsewhere, answered } = await browser.open(
      viewerLink(portal.viewer, `${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`),
    );
    await settled(page);
    expect([problems, elsewhere]).toEqual([[], []]);
    expect(answered.filter((path) => /\.zarr\/0\/\d+\/\d+\/\d+$/.test(path)).length).toBeGreaterThan(0);
    await page.close();
  });

  /** A run's tomogram as the catalogue knows it. */
  async function sceneFrom(run: string): Promise<Scene> {
    const query = `{ tomograms(where: {run: {name: {_eq: "${run}"}}}) { sizeX sizeY sizeZ neuroglancerConfig } }`;
    const answer = await fetch(`${portal.graphql}?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as {
      data: { tomograms: { sizeX: number; sizeY: number; sizeZ: number; neuroglancerConfig: string }[] };
    };
    const { sizeX, sizeY, sizeZ, neuroglancerConfig } = data.tomograms[0]!;
    return sceneOf(JSON.parse(neuroglancerConfig), [sizeZ, sizeY, sizeX]);
  }
});
