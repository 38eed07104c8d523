import { z } from "zod";
import { integerRange } from "../../arrays/operators/voxels.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { jsonObject } from "../../core/json-fields.js";
import { volumeState } from "../../formats/precomputed/state.js";
import { readdressState } from "../../formats/precomputed/state-addresses.js";
import {
  layersOf,
  nameOf,
  parseState,
  type SharedView,
  sourceNames,
  withSharedView,
} from "../../formats/precomputed/state-view.js";
import { absentLayers } from "../../model/absent-layers.js";
import { orientedMeshFolder } from "../../model/annotation-files.js";
import type { NeuroglancerView } from "../../model/page-api.js";
import { parseRef, printRef, type Ref } from "../../model/ref.js";
import { drawnVoxel } from "../../model/voxel-spacing.js";
import type { OpenVolume } from "../open-volume.js";
import { annotationFilesOf, type CataloguedAnnotationFile, drawnFiles, findTomogram } from "../tomograms.js";
import { volumeFacts } from "../volume-facts.js";
import type { Routes } from "./context.js";
import { layersOfView } from "./neuroglancer-layers.js";
import { get } from "./route.js";

const numbers = (least: number, most: number) =>
  z
    .string()
    .transform((text) => text.split(",").map(Number))
    .refine((list) => list.length >= least && list.length <= most && list.every(Number.isFinite), "numbers, with commas between");

/** Query of a link to a view: `p=x,y,z` in Å, `z` Å a pixel, `on` ids of layers, `c=low,high,gamma,inverted`. */
const Query = z.object({
  p: numbers(3, 3).optional(),
  z: z.coerce.number().positive().optional(),
  on: z
    .string()
    .max(100_000)
    .transform((text) => text.split(",").filter((id) => id !== ""))
    .optional(),
  c: numbers(2, 4).optional(),
});

/** `GET neuroglancer/tomogram/{id}`: the view that was stored with a tomogram, on this server. `GET neuroglancer/at/{ref}`: one made for any volume. */
export const neuroglancerRoutes: Routes = (app, context) => {
  const { catalogue, base, find, volumes } = context;
  /**
   * A view of a volume as Neuroglancer can read it: OME-Zarr and precomputed as they are, all else as the Zarr that this server
   * makes of it.
   */
  async function plainState(ref: Ref, at: string, signal: AbortSignal) {
    const placed = await find(ref, signal);
    const volume = await volumes.open(placed, { signal });
    const facts = await volumeFacts(volume, signal);
    const isPrecomputed = facts.format === "precomputed";
    // arrays outside of an image have axes of other names there, and other places of voxels
    const scheme = isPrecomputed ? "precomputed" : isOmeZarr(volume) ? "zarr" : undefined;
    const url = scheme
      ? `${scheme}://${at}at/${placed.place.id}/${placed.key.split("/").map(encodeURIComponent).join("/")}`
      : `zarr2://${at}zarr/${printRef(ref)}`;
    const state = volumeState({
      name: facts.title,
      url,
      shape: facts.shape,
      voxelSizeAngstrom: drawnVoxel(facts.voxelSizeAngstrom),
      originAngstrom: facts.originAngstrom,
      limits: [facts.limits.low, facts.limits.high],
      typeRange: integerRange(facts.dtype as DType),
      isFromCorner: isPrecomputed,
    });
    return { state, title: facts.title, slices: ["view/at", placed.place.id, placed.key].join("/") };
  }

  get(
    app,
    "/neuroglancer/tomogram/:id",
    { summary: "Neuroglancer's view of a tomogram, with what slices show put in", query: Query },
    async (c, query) => {
      if (!catalogue) throw new EmporiumError("NOT_FOUND", "no catalogue is served here");
      const ref = parseRef(`tomogram:${c.req.param("id")}`);
      if (ref.kind === "place") throw new EmporiumError("NOT_FOUND", "not found");
      const at = base(c.req.raw);
      const tomogram = await findTomogram(catalogue, ref.id);
      const files = await annotationFilesOf(catalogue, tomogram.run.id);
      const { text, elsewhere } = readdressState(tomogram.neuroglancer ?? "{}", `${at}files`, tomogram.folder);
      const stored = parseState(text);
      const isWhole = layersOf(stored).length > 0;
      const plain = isWhole && tomogram.zarr !== undefined ? undefined : (await plainState(ref, at, c.req.raw.signal)).state;
      const state = plain === undefined ? stored : isWhole ? withTomogramOf(stored, plain) : plain;
      const own = isWhole ? undefined : await layersOfView(context, ref, { at, on: query.on }, c.req.raw.signal);
      const layers = own?.layers ?? layersOfFiles(state, files);
      return c.json({
        title: tomogram.run.name,
        base: at,
        state: withSharedView(own ? withLayers(state, own.drawn) : state, viewOf(query, layers)),
        elsewhere,
        notices: own?.notices ?? absentLayers(query.on, layers),
        layers,
        slices: `view/tomogram/${tomogram.id}`,
      } satisfies NeuroglancerView);
    },
  );
  get(
    app,
    "/neuroglancer/at/:ref",
    { summary: "Neuroglancer's view of any volume, with what slices show put in", query: Query },
    async (c, query) => {
      const at = base(c.req.raw);
      const { signal } = c.req.raw;
      const ref = parseRef(c.req.param("ref")!);
      const { state, title, slices } = await plainState(ref, at, signal);
      const { drawn, layers, notices } = await layersOfView(context, ref, { at, on: query.on }, signal);
      return c.json({
        title,
        base: at,
        state: withSharedView(withLayers(state, drawn), viewOf(query, layers)),
        elsewhere: [],
        notices,
        layers,
        slices,
      } satisfies NeuroglancerView);
    },
  );
};

function isOmeZarr({ peeked }: OpenVolume): boolean {
  const attributes = jsonObject(peeked?.raw.attributes as Json);
  return peeked?.format === "zarr" && (jsonObject(attributes?.ome) ?? attributes)?.multiscales !== undefined;
}

function withLayers(state: JsonObject, drawn: readonly JsonObject[]): JsonObject {
  return { ...state, layers: [...layersOf(state), ...drawn] };
}

/** Gives a stored view, whose tomogram has no OME-Zarr here, the image source of a view made for the volume. */
function withTomogramOf(stored: JsonObject, plain: JsonObject): JsonObject {
  const [tomogram, ...others] = layersOf(stored);
  return { ...stored, layers: [{ ...tomogram, source: layersOf(plain)[0]!.source }, ...others] };
}

/** Layers of a view that show a file of an annotation; of oriented points there may be two, one with their surfaces. */
function layersOfFiles(state: JsonObject, files: readonly CataloguedAnnotationFile[]): NeuroglancerView["layers"] {
  const idOf = new Map(
    drawnFiles(files).flatMap(({ id, viewFolder }) =>
      viewFolder === undefined ? [] : [[viewFolder, String(id)] as const, [orientedMeshFolder(viewFolder), String(id)] as const],
    ),
  );
  return layersOf(state).flatMap((layer) => {
    const id = sourceNames(layer)
      .map((name) => idOf.get(name))
      .find((found) => found !== undefined);
    return id === undefined ? [] : [{ id, name: nameOf(layer) }];
  });
}

function viewOf({ p, z, on, c }: z.infer<typeof Query>, layers: NeuroglancerView["layers"]): SharedView {
  const ids = on && new Set(on);
  const firstOf = new Map(layers.toReversed().map(({ id, name }) => [id, name]));
  return {
    positionAngstrom: p && [p[2]!, p[1]!, p[0]!],
    zoom: z,
    // of two layers for the same points the first is shown: their surfaces
    shown: ids && new Set([...firstOf].flatMap(([id, name]) => (ids.has(id) ? [name] : []))),
    contrast: c && { low: c[0]!, high: c[1]!, inverted: c[3] === 1 },
  };
}
