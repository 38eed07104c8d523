import type { OverlayLayer } from "./page-api.js";

/**
 * The colour of each instance of a layer: that of its view, by its number; or that of the view's list, whose colours the instances take in the order
 * of their numbers, again and again; else a hue that tells it from its neighbours.
 *
 * @param instances of all points of the layer; only the list asks for them
 */
export function instanceColours(
  { color, instanceColors, instancePalette }: Pick<OverlayLayer, "color" | "instanceColors" | "instancePalette">,
  instances: Uint32Array,
): (instance: number) => string {
  if (instanceColors) return (instance) => instanceColors[instance] ?? color;
  if (!instancePalette) return hueOf;
  const ranks = new Map([...new Set(instances)].sort((a, b) => a - b).map((instance, rank) => [instance, rank]));
  return (instance) => instancePalette[(ranks.get(instance) ?? 0) % instancePalette.length]!;
}

/** Hues by the golden angle, at one lightness. */
function hueOf(instance: number): string {
  const part = (n: number) => {
    const k = (n + (instance * 137.508) / 30) % 12;
    return Math.round(255 * (0.75 - 0.2 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return `#${[part(0), part(8), part(4)].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
