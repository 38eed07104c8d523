import { instanceColours } from "../../src/model/instance-colours.js";
import type { OverlayLayer } from "../../src/model/page-api.js";

const SIGNS = ["circle", "square", "diamond", "triangle"] as const;
/** Instances whose colours stand for all of them. */
const SAMPLE = new Uint32Array([1, 2, 3, 4]);

/** Sign of a layer in lists: the colours that it is drawn with, in a shape by its place. @param at its place among the layers */
export function LayerDot({ layer, at }: { layer: OverlayLayer | undefined; at: number }) {
  const hasInstances = layer?.kind === "instances" || layer?.kind === "instancePoints";
  return (
    <span
      className="dot"
      data-sign={SIGNS[at % SIGNS.length]}
      style={{ background: hasInstances ? ofInstances(layer) : layer?.color }}
      title={hasInstances ? "each instance has a colour of its own" : undefined}
      aria-hidden
    />
  );
}

function ofInstances(layer: OverlayLayer): string {
  const colourOf = instanceColours(layer, SAMPLE);
  const parts = [...SAMPLE].map((instance, at) => `${colourOf(instance)} ${at * 25}% ${at * 25 + 25}%`);
  return `conic-gradient(${parts.join(", ")})`;
}
