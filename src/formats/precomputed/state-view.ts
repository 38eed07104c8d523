import type { Triple } from "../../core/box.js";
import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, jsonList, jsonObject, jsonText } from "../../core/json-fields.js";

/** View of a tomogram that slices and Neuroglancer have in common. Undefined members are not known, or are left unchanged. */
export interface SharedView {
  /** Position of the cross, Å `[z, y, x]`. */
  readonly positionAngstrom?: Triple | undefined;
  /** Å per pixel of the screen. */
  readonly zoom?: number | undefined;
  /** Names of the layers behind the tomogram that are shown. */
  readonly shown?: ReadonlySet<string> | undefined;
  readonly contrast?: { readonly low: number; readonly high: number; readonly inverted: boolean } | undefined;
}

/** A view of Neuroglancer's with another position, zoom, contrast, other visible layers. The first layer is the tomogram. */
export function withSharedView(state: JsonObject, { positionAngstrom, zoom, shown, contrast }: SharedView): JsonObject {
  const axes = axesOf(state);
  const units = axes?.map(({ angstrom }) => angstrom);
  const [tomogram, ...others] = layersOf(state);
  return {
    ...state,
    ...(axes &&
      positionAngstrom && { position: axes.map(({ name, angstrom }) => positionAngstrom["zyx".indexOf(name)]! / angstrom) }),
    ...(units && zoom !== undefined && { crossSectionScale: zoom / Math.min(...units) }),
    layers: [
      ...(tomogram ? [contrast ? withContrast(tomogram, contrast) : tomogram] : []),
      ...(shown ? others.map((layer) => ({ ...layer, visible: shown.has(nameOf(layer)) })) : others),
    ],
  };
}

/** The view in a state, as it was written or as Neuroglancer returns it (`viewer.state.toJSON()`), which leaves out defaults. */
export function sharedViewOf(state: JsonObject): SharedView {
  const axes = axesOf(state);
  const position = jsonList(state.position);
  const at = (name: string) => {
    const axis = axes?.findIndex((one) => one.name === name) ?? -1;
    return axis < 0 ? Number.NaN : Number(position[axis]) * axes![axis]!.angstrom;
  };
  const positionAngstrom: Triple = [at("z"), at("y"), at("x")];
  const scale = state.crossSectionScale;
  const [tomogram, ...others] = layersOf(state);
  return {
    positionAngstrom: positionAngstrom.every(Number.isFinite) ? positionAngstrom : undefined,
    zoom: axes && typeof scale === "number" ? scale * Math.min(...axes.map(({ angstrom }) => angstrom)) : undefined,
    shown: new Set(others.filter(({ visible, archived }) => visible !== false && archived !== true).map(nameOf)),
    contrast: tomogram && contrastOf(tomogram),
  };
}

/** A state as text, to be shown and not to be kept: its numbers are plain ones. What is none is empty. */
export function parseState(text: string): JsonObject {
  try {
    const state: unknown = JSON.parse(text);
    return isJsonObject(state) ? state : {};
  } catch {
    return {};
  }
}

/** Last parts of the addresses of a layer's sources: folders of the tree that a layer is drawn from. */
export function sourceNames(layer: JsonObject): string[] {
  const sources = Array.isArray(layer.source) ? (layer.source as readonly Json[]) : [layer.source];
  return sources.flatMap((source) => {
    const url = jsonText(isJsonObject(source) ? source.url : source);
    return url === undefined ? [] : [url.replace(/\|.*$/s, "").replace(/\/+$/, "").replace(/^.*\//s, "")];
  });
}

export function layersOf(state: JsonObject): JsonObject[] {
  return jsonList(state.layers).filter(isJsonObject);
}

export function nameOf(layer: JsonObject): string {
  return jsonText(layer.name) ?? "";
}

/** Axes of the view in the order of its position: x, y and z in metres; undefined where it has others. */
function axesOf(state: JsonObject): { name: string; angstrom: number }[] | undefined {
  const axes = Object.entries(jsonObject(state.dimensions) ?? {}).map(([name, one]) => {
    const [scale, unit] = jsonList(one);
    return { name, angstrom: unit === "m" && typeof scale === "number" ? scale * 1e10 : Number.NaN };
  });
  const known = axes.every(({ name, angstrom }) => /^[xyz]$/.test(name) && angstrom > 0);
  return known && axes.length === 3 ? axes : undefined;
}

function withContrast(layer: JsonObject, { low, high, inverted }: NonNullable<SharedView["contrast"]>): JsonObject {
  const controls = jsonObject(layer.shaderControls);
  const contrast = jsonObject(controls?.contrast);
  const [from, to] = jsonList(contrast?.window);
  const window = [Math.min(Number(from ?? low), low, high), Math.max(Number(to ?? high), low, high)];
  return {
    ...layer,
    shaderControls: { ...controls, contrast: { ...contrast, range: [low, high], window }, invert_contrast: inverted },
  };
}

function contrastOf(layer: JsonObject): SharedView["contrast"] {
  const controls = jsonObject(layer.shaderControls);
  const [low, high] = jsonList(jsonObject(controls?.contrast)?.range);
  if (typeof low !== "number" || typeof high !== "number") return undefined;
  return { low, high, inverted: controls?.invert_contrast === true };
}
