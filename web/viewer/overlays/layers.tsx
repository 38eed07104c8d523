import type { LayersHost } from "../overlay.js";

/** Rows of the side panel: what can be drawn over this volume. */
export function LayersPanel(_: { host: LayersHost }) {
  return null;
}
