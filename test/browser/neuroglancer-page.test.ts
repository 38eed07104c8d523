import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { type Browser, browserPath, HARMLESS, settled, startBrowser, type Watched } from "./browser.js";
import { type Area, countPixels, difference, type Picture } from "./picture.js";
import { lookInFrame } from "./scene.js";
import { type LabTree, makeLabTree } from "./served-tree.js";

/** What people see who press "Neuroglancer" beside slices: nobody knew port, host or prefix when the views were written. */
const SIZE = { width: 1000, height: 760 };
/** Of the Zarr that the server makes of other formats: looked for, and rightly not there. */
const MADE = /\/zarr\/[\w:-]+\/(?:\.zarray|\d+\/\.zattrs)$/;
/** Å, x,y,z: in the middle of cell_01. */
const PLACE = "1382.4,1036.8,345.6";
const VOXEL = 10.8;
/** Å, x, y, z: of a header. */
const ORIGIN = [512, -256, 128];

describe.skipIf(browserPath === undefined)("the Neuroglancer page (needs Chromium)", () => {
  let lab: LabTree;
  let browser: Browser;
  let proxy: Server;
  let port0: string;
  let proxied: string;
  let folder: string;
  let id: number;

  beforeAll(async () => {
    lab = await makeLabTree(["cell"]);
    port0 = (await lab.serve()).url;
    const query = '{ tomograms(where: {run: {name: {_eq: "cell_01"}}}) { id s3MrcFile } }';
    const { data } = (await (await fetch(`${port0}/graphql?query=${encodeURIComponent(query)}`)).json()) as {
      data: { tomograms: { id: number; s3MrcFile: string }[] };
    };
    id = data.tomograms[0]!.id;
    const inner = await freePort();
    proxy = proxyBelow("/em", inner);
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    proxied = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/em`;
    await lab.serve("--no-import", "--url", proxied, "--port", String(inner));
    mkdirSync(join(lab.folder, "mixed"));
    const bytes = readFileSync(join(lab.tree, data.tomograms[0]!.s3MrcFile.replace(/^s3:\/\/[^/]+\//, "")));
    writeFileSync(join(lab.folder, "mixed", "cell.rec"), bytes);
    for (const [i, at] of ORIGIN.entries()) bytes.writeFloatLE(at, 196 + 4 * i);
    writeFileSync(join(lab.folder, "mixed", "moved.rec"), bytes);
    folder = (await lab.serve(join(lab.folder, "mixed"))).url;
    browser = await startBrowser([port0, proxied, folder].map((url) => new URL(url).origin));
  });
  afterAll(async () => {
    await browser?.close();
    proxy?.close();
    await lab?.close();
  });

  async function open(address: string): Promise<Watched & { frame: Frame; picture: Picture; panels: Area[] }> {
    const watched = await browser.open(address, SIZE);
    const handle = await watched.page.waitForSelector("iframe", { timeout: 60_000 });
    const frame = (await handle.contentFrame())!;
    await settled(frame);
    return { ...watched, frame, ...(await lookInFrame(watched.page, frame)) };
  }

  function expectQuiet({ problems, elsewhere, absent }: Watched): void {
    expect([problems, elsewhere, absent.filter((path) => !HARMLESS.test(path) && !MADE.test(path))]).toEqual([[], [], []]);
  }

  function expectDrawn({ picture, panels }: { picture: Picture; panels: Area[] }): void {
    expect(panels.length).toBe(4);
    for (const panel of panels) {
      const bright = countPixels(picture, panel, (seen) => Math.max(...seen) > 24);
      expect(bright / (panel.width * panel.height)).toBeGreaterThanOrEqual(0.02);
    }
  }

  it.each([["on a port that nobody knew"], ["behind a proxy with a prefix"]])(
    "A11: draws the tomogram and its layers %s",
    async (where) => {
      const base = where.startsWith("on") ? port0 : proxied;
      const shown = await open(`${base}/neuroglancer/tomogram/${id}`);
      expectQuiet(shown);
      expectDrawn(shown);
      expect(await shown.frame.evaluate("viewer.layerManager.managedLayers.length")).toBe(6);
      await shown.page.close();
    },
  );

  it("A11: each layer is drawn when the link names it, and only then", { timeout: 600_000 }, async () => {
    const { layers } = (await (await fetch(`${port0}/api/v1/neuroglancer/tomogram/${id}`)).json()) as {
      layers: { id: string; name: string }[];
    };
    expect(layers.length).toBe(5);
    const none = await open(`${port0}/neuroglancer/tomogram/${id}?on=&p=${PLACE}`);
    for (const layer of layers) {
      const one = await open(`${port0}/neuroglancer/tomogram/${id}?on=${layer.id}&p=${PLACE}`);
      expectQuiet(one);
      const names = `viewer.layerManager.managedLayers.filter((layer) => layer.visible).map((layer) => layer.name)`;
      expect(await one.frame.evaluate(names)).toEqual(["cell_01", layer.name]);
      const changed = one.panels.reduce((sum, panel) => sum + countPixelsOf(one.picture, none.picture, panel), 0);
      expect(changed, layer.name).toBeGreaterThan(20);
      await one.page.close();
    }
    await none.page.close();
  });

  it("A11: opens where slices were, and goes back to where it is", async () => {
    const { page, frame } = await open(`${port0}/neuroglancer/tomogram/${id}?p=${PLACE}&z=5.4&c=-20,60,1,0&s=5`);
    const seen = await frame.evaluate("[...viewer.position.value, viewer.state.toJSON().crossSectionScale]");
    for (const [i, wanted] of [128, 96, 32, 0.5].entries()) expect((seen as number[])[i]).toBeCloseTo(wanted, 2);
    await frame.evaluate("viewer.position.value = new Float32Array([100, 50, 20])");
    await page.waitForURL(/p=1080,540,216/);
    await page.getByRole("link", { name: "Slices" }).click();
    await page.waitForURL(new RegExp(`/view/tomogram/${id}\\?`));
    const search = new URL(page.url()).searchParams;
    expect(
      search
        .get("p")!
        .split(",")
        .map((text) => Number(text) / VOXEL),
    ).toEqual([100, 50, 20].map((at) => expect.closeTo(at, 3)));
    expect(Number(search.get("z"))).toBeCloseTo(5.4, 3);
    expect(search.get("c")!.split(",").slice(0, 2).map(Number)).toEqual([-20, 60]);
    expect(search.get("s")).toBe("5");
    await page.close();
  });

  it("A11: draws an MRC that nobody converted", async () => {
    const shown = await open(`${folder}/neuroglancer/at/${printRef({ kind: "place", place: "mixed", key: "cell.rec" })}`);
    expectQuiet(shown);
    expectDrawn(shown);
    await shown.page.close();
  });

  it("A11: draws an MRC whose header says where it lies, and opens it where slices were", async () => {
    const ref = printRef({ kind: "place", place: "mixed", key: "moved.rec" });
    const { originAngstrom } = (await (await fetch(`${folder}/api/v1/volumes/${ref}`)).json()) as VolumeFacts;
    expect(originAngstrom).toEqual(ORIGIN.toReversed());
    const middle = await open(`${folder}/neuroglancer/at/${ref}`);
    expectQuiet(middle);
    expectDrawn(middle);
    await middle.page.close();
    const place = ORIGIN.map((at, i) => at + VOXEL * [100, 50, 20][i]!);
    const there = await open(`${folder}/neuroglancer/at/${ref}?p=${place}`);
    expectDrawn(there);
    const seen = (await there.frame.evaluate("[...viewer.position.value]")) as number[];
    for (const [i, wanted] of place.entries()) expect(seen[i]! * VOXEL).toBeCloseTo(wanted, 1);
    await there.page.close();
  });

  it("says what is wrong with a link, and what is not on this server", async () => {
    const answer = await fetch(`${port0}/api/v1/neuroglancer/tomogram/${id}?p=1,2`);
    expect(answer.status).toBe(400);
    expect((await fetch(`${port0}/api/v1/neuroglancer/tomogram/99999`)).status).toBe(404);
  });
});

function countPixelsOf(a: Picture, b: Picture, { x, y, width, height }: Area): number {
  let count = 0;
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) if (difference(a.at(column, row), b.at(column, row)) > 24) count++;
  }
  return count;
}

/** What answers below a prefix, as a web server in front of many programs does. */
function proxyBelow(prefix: string, port: number): Server {
  return createServer((incoming, outgoing) => {
    const path = incoming.url!;
    if (!path.startsWith(`${prefix}/`)) return void outgoing.writeHead(404).end();
    const hostname = "127.0.0.1";
    const headers = { ...incoming.headers, host: `${hostname}:${port}` };
    const onward = request({ hostname, port, path: path.slice(prefix.length), method: incoming.method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
