import { asEmporiumError, toErrorRecord } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { localLayer } from "../../formats/precomputed/local-layer.js";
import { meshLayer } from "../../formats/precomputed/state.js";
import { absentLayers } from "../../model/absent-layers.js";
import { instanceColours } from "../../model/instance-colours.js";
import { decodeOverlay } from "../../model/overlay-bytes.js";
import type { NeuroglancerView, OverlayLayer } from "../../model/page-api.js";
import { printRef, type Ref } from "../../model/ref.js";
import type { ApiContext } from "./context.js";
import { toApiError } from "./errors.js";
import { volumeLayers } from "./volume-layers.js";

/** Number of positions in all layers of a view together: they stand in its address, of which Chromium takes 2 MiB. */
const POSITIONS_MAX = 5_000;

export interface LayersOfView extends Pick<NeuroglancerView, "layers" | "notices"> {
  /** The layers as they stand in the state. */
  readonly drawn: readonly JsonObject[];
}

/**
 * The layers that slices draw over a volume, for Neuroglancer: positions in the state, surfaces as meshes of this server.
 *
 * @param at address of this server @param on ids of the layers that are shown; undefined: those that are shown by default
 */
export async function layersOfView(
  context: ApiContext,
  ref: Ref,
  { at, on }: { readonly at: string; readonly on: readonly string[] | undefined },
  signal: AbortSignal,
): Promise<LayersOfView> {
  const all = volumeLayers(context);
  const files = [...new Set((on ?? []).map((id) => id.split("-")[0]!))];
  const why = (error: unknown) => toApiError(toErrorRecord(asEmporiumError(error)), context.places).message;
  const { layers, notices: found } = await all.list(ref, files, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return { layers: [], notices: [`What lies over this volume is not known: ${why(error)}`] };
  });
  const notices = [...found, ...absentLayers(on, layers)];
  const isShown = ({ id, isVisible, isOtherAlignment }: OverlayLayer) =>
    on ? on.includes(id) : isVisible === true && isOtherAlignment !== true;
  const positions = async ({ id }: OverlayLayer) => decodeOverlay((await (await all.find(ref, id, signal)).read()).buffer);

  // twice over the list, so that no more than one layer is held: how many positions each has, then the positions
  const sizes = new Map<OverlayLayer, number>();
  for (const layer of layers) {
    if (layer.error) notices.push(`${layer.name} is not drawn: ${layer.error.message}`);
    else if (layer.volumeRef !== undefined) notices.push(`${layer.name} is not drawn here: slices show masks.`);
    else if (!isShown(layer) && layer.isVisible !== true) {
      notices.push(`${layer.name} is not loaded: switch it on over the slices first.`);
    } else {
      try {
        const { xyz, triangles } = await positions(layer);
        sizes.set(layer, triangles.length > 0 ? 0 : xyz.length / 3);
      } catch (error) {
        signal.throwIfAborted();
        notices.push(`${layer.name} is not drawn: ${why(error)}`);
      }
    }
  }
  const shares = sharesOf(sizes);
  const names = namesOf([...sizes.keys()]);
  const drawn: JsonObject[] = [];
  for (const [layer, share] of shares) {
    const shapes = await positions(layer);
    const name = names.get(layer)!;
    const isVisible = isShown(layer);
    if (shapes.triangles.length > 0) {
      const url = `${at}api/v1/overlays/${printRef(ref)}/${layer.id}.mesh`;
      drawn.push(meshLayer({ name, url, colour: layer.color, isVisible }));
      continue;
    }
    const colourOf = shapes.instances.length > 0 ? instanceColours(layer, shapes.instances) : undefined;
    const local = localLayer({ name, colour: layer.color, isVisible, shapes, colourOf }, share);
    if (local.drawn < local.all)
      notices.push(`${name}: ${local.drawn} of ${local.all} positions are drawn here; slices show all of them.`);
    drawn.push(local.layer);
  }
  return { drawn, notices, layers: [...shares.keys()].map((layer) => ({ id: layer.id, name: names.get(layer)! })) };
}

/**
 * Divides the positions that a view may hold equally among the layers; those that need less leave the rest to others. In the
 * order of the layers.
 */
function sharesOf<Layer>(sizes: ReadonlyMap<Layer, number>): Map<Layer, number> {
  const shares = new Map<Layer, number>();
  let [left, waiting] = [POSITIONS_MAX, sizes.size];
  for (const [layer, size] of [...sizes].sort(([, a], [, b]) => a - b)) {
    const share = Math.min(size, Math.max(1, Math.floor(left / waiting)));
    shares.set(layer, share);
    left -= share;
    waiting -= 1;
  }
  return new Map([...sizes.keys()].map((layer) => [layer, shares.get(layer)!]));
}

/** Distinct names for the layers: Neuroglancer identifies layers by name. */
function namesOf(layers: readonly OverlayLayer[]): Map<OverlayLayer, string> {
  const taken = new Set<string>();
  return new Map(
    layers.map((layer) => {
      let name = layer.name;
      for (let n = 2; taken.has(name); n++) name = `${layer.name} (${n})`;
      taken.add(name);
      return [layer, name];
    }),
  );
}
