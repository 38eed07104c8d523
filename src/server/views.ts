import { compareKeys } from "../stores/keys.js";
import type { Store } from "../stores/store.js";

/** A view of Neuroglancer in a tree, and the volume of the tomogram that it shows. */
export interface TreeView {
  readonly key: string;
  readonly volume?: string | undefined;
}

const STATE = /^(.*)\/NeuroglancerPrecompute\/(\d+)-neuroglancer_config\.json$/;
const VOLUME = /^((.*)\/Tomograms\/(\d+)\/[^/]+\.zarr)\//;

/** The views that are in a tree at this moment, by their keys. One listing. */
export async function treeViews(store: Store): Promise<TreeView[]> {
  const states = new Map<string, string>();
  const volumes = new Map<string, string>();
  for await (const { key } of store.list("")) {
    const [, spacing, id] = STATE.exec(key) ?? [];
    if (spacing !== undefined) states.set(key, `${spacing} ${id}`);
    const [, volume, above, tomogram] = VOLUME.exec(key) ?? [];
    if (volume !== undefined) volumes.set(`${above} ${tomogram}`, volume);
  }
  return [...states].sort(([a], [b]) => compareKeys(a, b)).map(([key, tomogram]) => ({ key, volume: volumes.get(tomogram) }));
}
