import { counted } from "../core/units.js";
/** In words: layers that a link names and that are not there. */
export function absentLayers(on: readonly string[] | undefined, layers: readonly { readonly id: string }[]): string[] {
  const known = new Set(layers.map(({ id }) => id));
  const count = on?.filter((id) => !known.has(id)).length ?? 0;
  if (count === 0) return [];
  const [what, are] = count === 1 ? ["A layer", "is"] : [`${counted(count, "layer")}`, "are"];
  return [`${what} that this link names ${are} not here: the file was renamed, has changed or is gone.`];
}
