import type { Page } from "playwright-core";
import type { JsonObject } from "../../src/core/json.js";
import { layerUrl, type PointLayer, viewState } from "../../src/formats/precomputed/state.js";
import { LAYERS, SHAPE, SPACING_ANGSTROM, TOMOGRAM_KEY } from "./laboratory.js";
import type { Area, Picture } from "./picture.js";
import { readPicture } from "./picture.js";

/** Sections show voxels from −126 to 126, all that the laboratory's formula gives. */
export const CONTRAST = 126;

export const COLOURS = {
  points: "#ffff00",
  oriented: "#00ffff",
  mask: "#00ff80",
  mesh: "#ff00ff",
  /** Of labels 1 to 5. */
  labels: ["#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4"],
} as const;

/** Layers of the view, in its order. */
export const ORDER = ["tomogram", "points", "instances", "oriented", "mask", "labels", "mesh"] as const;
export type LayerName = (typeof ORDER)[number];

/**
 * The view that the laboratory's first tomogram and its annotations would be opened with.
 *
 * @param files URL of the tree.
 */
export function laboratoryView(files: string, tomogramKey = TOMOGRAM_KEY): JsonObject {
  const spacingAngstrom = SPACING_ANGSTROM;
  const common = (name: keyof typeof LAYERS, annotationId: number, objectName: string) => ({
    annotationId,
    objectName,
    url: layerUrl(files, LAYERS[name]),
    spacingAngstrom,
    visible: true,
  });
  const points = (
    name: "points" | "instances" | "oriented",
    id: number,
    objectName: string,
    more: Pick<PointLayer, "shape" | "colour">,
  ) => ({
    ...common(name, id, objectName),
    ...more,
  });
  return viewState({
    tomogram: {
      name: "TS_0001",
      url: layerUrl(files, tomogramKey),
      spacingAngstrom,
      shape: SHAPE,
      mean: 0,
      deviation: CONTRAST / 3,
      limits3d: [-CONTRAST, CONTRAST],
    },
    annotations: [
      points("points", 201, "particle", { shape: "Point", colour: COLOURS.points }),
      points("instances", 202, "cluster", { shape: "InstanceSegmentation", colour: "#ffffff" }),
      points("oriented", 203, "ribosome", { shape: "OrientedPoint", colour: COLOURS.oriented }),
      { ...common("mask", 204, "membrane"), shape: "SegmentationMask", colour: COLOURS.mask },
      {
        ...common("labels", 205, "organelles"),
        shape: "InstanceSegmentationMask",
        labels: [1, 2, 3, 4, 5],
        colours: COLOURS.labels,
      },
      { ...common("mesh", 206, "shell"), shape: "TriangularMesh", colour: COLOURS.mesh },
    ],
    depositionId: "10301",
    lastUpdatedAt: 1_790_000_000,
  });
}

/** A state with some of its layers alone and nothing around the panels, to be measured. */
export function bare(state: JsonObject, layers: readonly LayerName[], view: JsonObject): JsonObject {
  return {
    ...state,
    layers: layersOf(state).filter((_, at) => layers.includes(ORDER[at]!)),
    selectedLayer: { visible: false },
    layerListPanel: { visible: false },
    toolPalettes: {},
    showAxisLines: false,
    showScaleBar: false,
    showDefaultAnnotations: false,
    showSlices: false,
    ...view,
  };
}

/** Members of single layers, by their names, put over those of a state. */
export function withLayers(state: JsonObject, changes: Partial<Record<LayerName, JsonObject>>): JsonObject {
  return { ...state, layers: layersOf(state).map((layer, at) => ({ ...layer, ...changes[ORDER[at]!] })) };
}

function layersOf(state: JsonObject): JsonObject[] {
  return state.layers as JsonObject[];
}

/** What a page shows, and where its panels are: that of sections first, in the order of the layout. */
export async function look(page: Page): Promise<{ png: Uint8Array; picture: Picture; panels: Area[] }> {
  const panels = await page.evaluate(`[...document.querySelectorAll(".neuroglancer-rendered-data-panel")].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) };
  })`);
  const png = await page.screenshot();
  return { png, picture: readPicture(png), panels: panels as Area[] };
}
