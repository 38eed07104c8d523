import { z } from "zod";
import {
  encodeMeshFragment,
  meshFragmentKey,
  meshManifestKey,
  printLegacyMeshInfo,
  printMeshManifest,
} from "../../formats/precomputed/legacy-mesh.js";
import { decodeOverlay } from "../../model/overlay-bytes.js";
import type { Overlays } from "../../model/page-api.js";
import { parseRef } from "../../model/ref.js";
import { judgeConditions, quotedEtag } from "../conditions.js";
import type { Routes } from "./context.js";
import { get } from "./route.js";
import { notHere, volumeLayers } from "./volume-layers.js";

/** The one segment of a folder of meshes. */
const MESH = 1;

/** `with`: ids of files that do not belong to the volume by their names. */
const Query = z.object({ with: z.string().max(2_000).optional() });

/** `GET overlays/{ref}`, `GET overlays/{ref}/{id}.bin`, and surfaces as Neuroglancer reads them: `GET overlays/{ref}/{id}.mesh/…`. */
export const overlayRoutes: Routes = (app, context) => {
  const layers = volumeLayers(context);
  get(app, "/overlays/:ref", { summary: "What can be drawn over a volume", query: Query }, async (c, query) => {
    const ref = c.req.param("ref")!;
    const asked = query.with?.split(",") ?? [];
    return c.json({ ref, ...(await layers.list(parseRef(ref), asked, c.req.raw.signal)) } satisfies Overlays);
  });
  get(
    app,
    "/overlays/:ref/:file",
    { summary: "Positions of one layer", query: z.object({ v: z.string().optional() }) },
    async (c) => {
      const id = /^([\w-]{1,40})\.bin$/.exec(c.req.param("file")!)?.[1];
      if (id === undefined) throw notHere();
      const { etag, read } = await layers.find(parseRef(c.req.param("ref")!), id, c.req.raw.signal);
      const headers = { "cache-control": "private, no-cache", ...(etag !== undefined && { etag: quotedEtag(etag) }) };
      if (etag !== undefined && judgeConditions(c.req.raw.headers, { size: 0, etag }) === 304) return c.body(null, 304, headers);
      return c.body(await read(), 200, { ...headers, "content-type": "application/octet-stream" });
    },
  );
  get(
    app,
    "/overlays/:ref/:mesh/:file",
    { summary: "Surfaces of one layer, as a folder of meshes for Neuroglancer", query: z.object({}) },
    async (c) => {
      const id = /^([\w-]{1,40})\.mesh$/.exec(c.req.param("mesh")!)?.[1];
      const file = c.req.param("file")!;
      if (id === undefined) throw notHere();
      const { read } = await layers.find(parseRef(c.req.param("ref")!), id, c.req.raw.signal);
      if (file === "info") return c.json(JSON.parse(printLegacyMeshInfo()));
      if (file === meshManifestKey(MESH)) return c.json(JSON.parse(printMeshManifest(MESH)));
      if (file !== meshFragmentKey(MESH)) throw notHere();
      const { xyz, triangles } = decodeOverlay((await read()).buffer);
      const vertices = xyz.map((angstrom) => angstrom / 10);
      const bytes = encodeMeshFragment({ vertices, triangles }) as Uint8Array<ArrayBuffer>;
      return c.body(bytes, 200, { "cache-control": "private, no-cache", "content-type": "application/octet-stream" });
    },
  );
};
