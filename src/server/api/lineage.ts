import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import type { Lineage } from "../../model/page-api.js";
import { parseRef } from "../../model/ref.js";
import type { FoundNumber } from "../lineage/voxel.js";
import type { Place } from "../places.js";
import type { ApiContext, Routes } from "./context.js";
import { showsWorkspace } from "./kept.js";
import { TEXT } from "./parameters.js";
import { get } from "./route.js";
import { volumeLayers } from "./volume-layers.js";

/** A whole number from 0, as indexes are. */
const index = z
  .string()
  .regex(/^\d{1,10}$/, "expected a whole number from 0")
  .transform(Number)
  .meta({ type: "integer" });
const Voxel = z.object({ z: index, y: index, x: index, level: index.default(0) });
const Point = z.object({ layer: z.string().regex(/^[\w-]{1,40}$/, "expected an id of overlays/{ref}"), index });
const Value = z.object({ pointer: TEXT.optional(), field: TEXT.optional(), line: index.optional(), word: index.optional() });

const voxels = () => import("../lineage/voxel.js");
const points = () => import("../lineage/point.js");
const values = () => import("../lineage/value.js");
const origins = () => import("../lineage/origin.js");

/** `GET lineage/{ref}/voxel`, `…/point`, `…/value`: the bytes that hold a number, and who wrote them. */
export const lineageRoutes: Routes = (app, context) => {
  const { find, volumes } = context;
  const layers = volumeLayers(context);
  get(app, "/lineage/:ref/voxel", { summary: "Which bytes hold a voxel, and who wrote them", query: Voxel }, async (c, query) => {
    const { signal } = c.req.raw;
    const volume = await volumes.open(await find(parseRef(c.req.param("ref")!), signal), { signal });
    const leave = await volumes.turn(c.req.raw, 1);
    try {
      const { findVoxel } = await voxels();
      const found = await findVoxel(volume, query.level, [query.z, query.y, query.x], signal);
      return c.json(await answered(context, c.req.raw, volume.place, found));
    } finally {
      leave();
    }
  });
  get(app, "/lineage/:ref/point", { summary: "Which bytes hold a point of a layer", query: Point }, async (c, query) => {
    const { signal } = c.req.raw;
    const layer = await layers.find(parseRef(c.req.param("ref")!), query.layer, signal);
    const { findPoint } = await points();
    const found = await findPoint(layer, query.index, signal);
    return c.json(await answered(context, c.req.raw, layer.file!.place, found));
  });
  get(app, "/lineage/:ref/value", { summary: "Which bytes hold a value of metadata", query: Value }, async (c, query) => {
    const { signal } = c.req.raw;
    const { pointer, field, line, word } = query;
    if ([pointer, field, line].filter((one) => one !== undefined).length !== 1 || (word !== undefined && line === undefined)) {
      throw new EmporiumError("USAGE", "expected one of pointer, field, or line with a word", {
        hint: "pointer names a value of JSON, field one of an MRC header, line and word one of a text",
      });
    }
    const at = await find(parseRef(c.req.param("ref")!), signal);
    const { findHeaderField, findJsonValue, findWord, HEADER_FIELDS } = await values();
    if (field !== undefined && !HEADER_FIELDS.includes(field)) {
      throw new EmporiumError("USAGE", "no such field of an MRC header", { hint: HEADER_FIELDS.join(", ") });
    }
    const found =
      pointer !== undefined
        ? await findJsonValue(at, pointer, signal)
        : field !== undefined
          ? await findHeaderField(at, field, signal)
          : await findWord(at, { line: Math.max(1, line!), word: Math.max(1, word ?? 1) }, signal);
    return c.json(await answered(context, c.req.raw, at.place, found));
  });
};

async function answered(context: ApiContext, request: Request, place: Place, { key, ...found }: FoundNumber): Promise<Lineage> {
  const { originOf } = await origins();
  const workspace = showsWorkspace(context, request) ? context.workspace : undefined;
  return { ...found, place: place.id, ...(await originOf({ place, key }, workspace, request.signal)) };
}
