import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../stores/memory/store.js";
import { listen } from "./listen.js";
import { type ServedTree, serveTree, USUAL_PORT } from "./tree.js";

const viewer = mkdtempSync(join(tmpdir(), "emporium-tree-"));
let tree: ServedTree | undefined;
beforeAll(() => writeFileSync(join(viewer, "index.html"), "<title>page</title>"));
afterEach(() => tree?.close());
afterAll(() => rmSync(viewer, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const text = async (url: string) => (await fetch(url)).text();

describe("serveTree", () => {
  it("serves the tree at its root and the page beside it, and finds views as they come", async () => {
    const store = memoryStore();
    tree = await serveTree({ store, port: 0, viewer });
    expect(tree.page).toBe(`${tree.url}/viewer/`);
    expect(await tree.views()).toEqual([]);
    const folder = "10001/a/Reconstructions/VoxelSpacing10.500";
    const keys = [100, 101].map((id) => `${folder}/NeuroglancerPrecompute/${id}-neuroglancer_config.json`);
    for (const key of [...keys].reverse()) await store.write(key, bytes("{}"));
    await store.write(`${folder}/NeuroglancerPrecompute/100-x-1.0_point/info`, bytes("{}"));
    expect(await tree.views()).toEqual(keys.map((key) => ({ key, link: `${tree!.page}#!${tree!.url}/${key}` })));
    expect(await text(`${tree.url}/${keys[0]}`)).toBe("{}");
    expect(await text(tree.page)).toBe("<title>page</title>");
    // a folder of the tree hides no page, and no page a folder
    expect((await fetch(`${tree.url}/viewer/${keys[0]}`)).status).toBe(404);
  });

  it("takes another port where the usual one is taken, unless that is asked for", async () => {
    const other = await listen(async () => new Response("other"), { port: USUAL_PORT }).catch(() => undefined);
    try {
      tree = await serveTree({ store: memoryStore(), viewer });
      expect(tree.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(tree.url).not.toBe(`http://127.0.0.1:${USUAL_PORT}`);
      const taken = Number(new URL(tree.url).port);
      await expect(serveTree({ store: memoryStore(), viewer, port: taken })).rejects.toMatchObject({ code: "STORE_FAILED" });
    } finally {
      await other?.close();
    }
  });
});
