import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFiles, zarrFiles } from "../../../test/zarr-volume.js";
import { decodeMeshFragment } from "../../formats/precomputed/legacy-mesh.js";
import { decodeOverlay } from "../../model/overlay-bytes.js";
import type { Overlays } from "../../model/page-api.js";
import { printRef } from "../../model/ref.js";
import { fileStore } from "../../stores/file/store.js";
import { parseLocation } from "../../stores/url.js";
import { type Portal, servePortal } from "../portal.js";

const root = mkdtempSync(join(tmpdir(), "emporium-overlays-"));
const FILES = {
  "a_points.csv": "1,2,3\n4,5,6\n",
  "a_shell.obj": "v 0 0 0\nv 3 0 0\nv 0 3 0\nf 1 2 3\n",
  "a_none.csv": "",
  "b_points.csv": "1,1,1\n",
  "b_notes.csv": "who,when\nme,today\n",
};

describe("what is drawn over a volume of a folder", () => {
  let portal: Portal;
  const ref = printRef({ kind: "place", place: "here", key: "a.zarr" });
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${portal.url}/api/v1/overlays/${ref}${path}`, { headers });
  const list = async (path = "") => (await (await ask(path)).json()) as Overlays;
  const idOf = async (name: string) => {
    const { layers, others } = await list();
    return [...layers, ...others!].find((one) => one.name === name)!.id;
  };
  beforeAll(async () => {
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, name), text);
    for (const name of ["a", "b"])
      writeFiles(join(root, `${name}.zarr`), zarrFiles({ shape: [8, 8, 8], chunk: [8, 8, 8], scale: [2, 2, 2] }));
    const place = { id: "here", name: "here", kind: "folder", location: parseLocation(root), store: fileStore(root) } as const;
    portal = await servePortal({ places: [place], bucket: "b", version: "0" });
  });
  afterAll(async () => {
    await portal.close();
    rmSync(root, { recursive: true });
  });

  it("its own files at once, and another's where that is asked for", async () => {
    const own = await list();
    expect(own.layers.map(({ name, kind, count, isVisible }) => [name, kind, count, isVisible])).toEqual([
      ["a_points.csv", "points", 2, true],
      ["a_shell.obj", "mesh", 1, true],
    ]);
    expect([own.ref, own.summary, own.others?.map(({ name }) => name)]).toEqual([
      ref,
      "2 layers beside this volume",
      ["b_notes.csv", "b_points.csv"],
    ]);
    const more = await list(`?with=${await idOf("b_points.csv")},${await idOf("b_notes.csv")}`);
    expect(more.layers.slice(2).map(({ name, count, isVisible, error }) => [name, count, isVisible, error?.message])).toEqual([
      ["b_notes.csv", 0, undefined, "no points, contours or surfaces in the file"],
      ["b_points.csv", 1, undefined, undefined],
    ]);
    expect([more.summary, more.others]).toEqual(["3 layers beside this volume · 1 cannot be read", []]);
    expect(new Set(more.layers.map(({ color }) => color)).size).toBeGreaterThan(2);
  });

  it("positions in Å, sent once", async () => {
    const reply = await ask(`/${await idOf("a_points.csv")}.bin`);
    expect(reply.status).toBe(200);
    // voxels of 2 nm
    expect([...decodeOverlay(await reply.arrayBuffer()).xyz]).toEqual([20, 40, 60, 80, 100, 120]);
    const again = await ask(`/${await idOf("a_points.csv")}.bin`, { "if-none-match": reply.headers.get("etag")! });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", reply.headers.get("etag")]);
  });

  it("surfaces as a folder of meshes, in nanometres", async () => {
    const mesh = `/${await idOf("a_shell.obj")}.mesh`;
    expect(await (await ask(`${mesh}/info`)).json()).toEqual({ "@type": "neuroglancer_legacy_mesh" });
    const { fragments } = (await (await ask(`${mesh}/1:0`)).json()) as { fragments: string[] };
    expect(fragments.length).toBe(1);
    const { vertices, triangles } = decodeMeshFragment(
      new Uint8Array(await (await ask(`${mesh}/${fragments[0]}`)).arrayBuffer()),
    );
    expect([[...vertices], [...triangles]]).toEqual([
      [0, 0, 0, 6, 0, 0, 0, 6, 0],
      [0, 1, 2],
    ]);
  });

  it.each(["/none.bin", "/none.mesh/info", "/a.b/info", "/0123456789.csv", "/SHELL.mesh/2:0", "/SHELL.mesh/other"])(
    "nothing else: %s",
    async (path) => {
      const reply = await ask(path.replace("SHELL", await idOf("a_shell.obj")));
      expect([reply.status, await reply.json()]).toMatchObject([404, { code: "NOT_FOUND", message: "no such layer" }]);
    },
  );
});
