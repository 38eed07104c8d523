import type { Frame, Page } from "playwright-core";
import type { Json, JsonObject } from "../../src/core/json.js";
import { type Area, type Colour, type Picture, parseColour, readPicture } from "./picture.js";

/** A view that an import has written, and what is known of its tomogram. */
export interface Scene {
  readonly state: JsonObject;
  /** Voxels of the tomogram, x, y, z. */
  readonly size: { readonly x: number; readonly y: number; readonly z: number };
  /** Where panels are centred: whole voxels. */
  readonly centre: { readonly x: number; readonly y: number; readonly z: number };
}

export function sceneOf(state: unknown, [z, y, x]: readonly [number, number, number]): Scene {
  const centre = { x: Math.floor(x / 2), y: Math.floor(y / 2), z: Math.floor(z / 2) };
  return { state: state as JsonObject, size: { x, y, z }, centre };
}

/** The one layer with this in its name, or at the end of its address. */
export function layerOf({ state }: Pick<Scene, "state">, name: string): JsonObject {
  const found = layersOf(state).filter((layer) => String(layer.name).includes(name) || addressOf(layer).endsWith(name));
  if (found.length !== 1) throw new Error(`${found.length} layers are called ${name}`);
  return found[0]!;
}

/** The colour that the state gives a layer. */
export function colourOf(layer: JsonObject): Colour {
  return parseColour(String(layer.annotationColor ?? layer.segmentDefaultColor));
}

/** What black and white are in sections, by the state. */
export function contrastOf({ state }: Pick<Scene, "state">): readonly [black: number, white: number] {
  const controls = layersOf(state)[0]!.shaderControls as unknown as { contrast: { range: [number, number] } };
  return controls.contrast.range;
}

/** A state with one of its layers alone, whether it is visible by default or not, and nothing around the panels: to be measured. */
export function bare({ state }: Scene, name: string, view: JsonObject): JsonObject {
  return {
    ...plain(state),
    layers: [{ ...layerOf({ state }, name), visible: true }],
    showAxisLines: false,
    showScaleBar: false,
    showDefaultAnnotations: false,
    showSlices: false,
    ...view,
  };
}

/** A state without what Neuroglancer puts around its panels. */
export function plain(state: JsonObject): JsonObject {
  return { ...state, selectedLayer: { visible: false }, layerListPanel: { visible: false }, toolPalettes: {} };
}

/** A state with other members for the layers of these names. */
export function changed(state: JsonObject, changes: Readonly<Record<string, JsonObject>>): JsonObject {
  const layers = layersOf(state).map((layer) => {
    const [, change] = Object.entries(changes).find(([name]) => layer === layerOf({ state }, name)) ?? [];
    const controls = { ...(layer.shaderControls as JsonObject), ...(change?.shaderControls as JsonObject) };
    return { ...layer, ...change, ...(layer.shaderControls ? { shaderControls: controls } : {}) };
  });
  return { ...state, layers };
}

function layersOf(state: JsonObject): JsonObject[] {
  return state.layers as JsonObject[];
}

function addressOf({ source }: JsonObject): string {
  return String((source as { url?: Json } | undefined)?.url ?? source);
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

/** The same of a Neuroglancer in a frame: areas are those of the whole page. */
export async function lookInFrame(page: Page, frame: Frame): Promise<{ picture: Picture; panels: Area[] }> {
  const frameBox = (await (await frame.frameElement()).boundingBox())!;
  const panels = (await frame.evaluate(`[...document.querySelectorAll(".neuroglancer-rendered-data-panel")].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  })`)) as Area[];
  const whole = panels.map(({ x, y, width, height }) => ({
    x: Math.round(x + frameBox.x),
    y: Math.round(y + frameBox.y),
    width: Math.floor(width),
    height: Math.floor(height),
  }));
  return { picture: readPicture(await page.screenshot()), panels: whole };
}
