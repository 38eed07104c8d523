import { z } from "zod";
import type { PlaneForm } from "../../arrays/plane/convert.js";
import { planeBytes } from "../../arrays/plane/plane.js";
import { EmporiumError } from "../../core/errors.js";
import { PLANE_HEADERS, type VolumeFacts } from "../../model/page-api.js";
import { parseRef } from "../../model/ref.js";
import { judgeConditions, quotedEtag } from "../conditions.js";
import { handedOver } from "../planes.js";
import { volumeFacts } from "../volume-facts.js";
import type { Routes } from "./context.js";
import { get } from "./route.js";
import { volumeUse } from "./volume-use.js";

/** Bytes of a slab's sections, and their sums, that are in memory at once. */
const SLAB_BYTES = 16 * 2 ** 20;

/** Schema of a number in a query. It refuses an empty text, of which `coerce` makes 0. */
const number = z.string().min(1, "expected a number").meta({ type: "number" }).pipe(z.coerce.number());
const whole = number.pipe(z.int());
const PlaneParameters = z.object({
  axis: z.enum(["z", "y", "x"]),
  at: whole,
  level: whole.optional(),
  box: z
    .string()
    .regex(/^\d{1,10}(?:,\d{1,10}){3}$/)
    .transform((text) => text.split(",").map(Number) as [number, number, number, number])
    .optional(),
  slab: whole.optional(),
  as: z.enum(["native", "f16", "u8"]).default("native"),
  low: number.optional(),
  high: number.optional(),
  v: z.string().max(64).optional(),
});

/** `GET volumes/{ref}` and `GET volumes/{ref}/plane`. */
export const volumeRoutes: Routes = (app, context) => {
  const { find, volumes } = context;
  const use = volumeUse(context);
  get(app, "/volumes/:ref", { summary: "What a volume says of itself", query: z.object({}) }, async (c) => {
    const { signal } = c.req.raw;
    const ref = c.req.param("ref")!;
    const volume = await volumes.open(await find(parseRef(ref), signal), { signal });
    return c.json({ ...(await volumeFacts(volume, signal)), ref } satisfies VolumeFacts);
  });

  get(app, "/volumes/:ref/plane", { summary: "One section, or the mean of several", query: PlaneParameters }, (c, choice) => {
    const { signal, headers, method } = c.req.raw;
    const form = formOf(choice);
    const looks = headers.has("if-none-match");
    return use(c.req.param("ref")!, { etag: choice.v, looks, signal }, async (volume) => {
      const { etag } = volume;
      const caching = {
        etag: quotedEtag(etag),
        "cache-control": choice.v === undefined ? "no-cache" : "private, max-age=3600, immutable",
      };
      if (judgeConditions(headers, { size: 0, etag }) === 304) return c.body(null, 304, caching);
      const bytes = planeBytes(volume.source, choice, volumes.planeBytesMax);
      if (method === "HEAD") return c.body(null, 200, caching);
      const formed = form.as === "native" ? 0 : bytes / 2;
      const summed = (choice.slab ?? 1) > 1 ? Math.min(SLAB_BYTES, volumes.planeBytesMax / 4) : 0;
      const leave = await volumes.turn(c.req.raw, bytes + formed + summed);
      try {
        const plane = await volume.cut(choice, form, signal);
        return c.body(handedOver(plane.bytes, leave), 200, {
          ...caching,
          "content-type": "application/octet-stream",
          "content-length": String(plane.bytes.length),
          [PLANE_HEADERS.shape]: `${plane.rows},${plane.columns}`,
          [PLANE_HEADERS.dtype]: plane.dtype,
          [PLANE_HEADERS.level]: String(choice.level ?? 0),
          ...(plane.absent && { [PLANE_HEADERS.absent]: `${plane.absent.count} ${encodeURIComponent(plane.absent.first)}` }),
          "server-timing": `read;dur=${plane.readMs.toFixed(1)}, decode;dur=${plane.decodeMs.toFixed(1)}`,
        });
      } catch (error) {
        leave();
        throw error;
      }
    });
  });
};

function formOf({ as, low, high }: z.infer<typeof PlaneParameters>): PlaneForm {
  if (as !== "u8") return { as };
  if (low !== undefined && high !== undefined) return { as, low, high };
  throw new EmporiumError("USAGE", "as=u8 takes low and high: the values that become 0 and 255");
}
