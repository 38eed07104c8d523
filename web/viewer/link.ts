import type { Triple } from "../../src/core/box.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { refOfView } from "../../src/model/ref.js";
import type { ViewParameter } from "../../src/model/view-parameters.js";
import { matching, oneOf, type Parameter } from "../parts/parameter.js";
import { type Contrast, defaultContrast, GAMMA_MAX, GAMMA_MIN } from "./contrast.js";
import { parseMeasures, parsePoint, printMeasures } from "./measure.js";
import type { Axis } from "./overlay.js";
import {
  atSection,
  type Camera,
  COMPARE_WAYS,
  firstState,
  LAYOUTS,
  layoutsOf,
  SLAB_MAX,
  SPACE_MODES,
  SPACE_ZOOM,
  type SpaceMode,
  type SpaceState,
  type ViewState,
} from "./state.js";

/** Longer ones go behind `#`, where no server and no log sees them. */
export const LINK_MAX = 2000;

/** A text that a function understands, or not. */
const parsedBy =
  <T>(parse: (text: string) => T | undefined): Parameter<T> =>
  (value) =>
    typeof value === "string" ? parse(value) : undefined;

const numberIn = (low: number, high: number) =>
  parsedBy((text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    return value >= low && value <= high ? value : undefined;
  });

/** Parameters of an address of the viewer. */
const PARAMETERS = {
  /** Crosshair, x,y,z in Å. */
  p: parsedBy(parsePoint),
  /** Middle of the panes, likewise. */
  v: parsedBy(parsePoint),
  l: oneOf(...LAYOUTS),
  /** Å a CSS pixel. */
  z: numberIn(1e-6, 1e9),
  c: parsedBy(parseContrast),
  s: parsedBy((text) => {
    const slab = Number(text);
    return slab % 2 === 1 && slab <= SLAB_MAX ? slab : undefined;
  }),
  on: parsedBy((text) => (text.length <= LINK_MAX ? text : undefined)),
  /** `id:opacity`. */
  o: parsedBy(parseOpacities),
  m: parsedBy(parseMeasures),
  /** The volume beside it, and its contrast. */
  w: matching(/^[\w:-]+$/),
  /** How they are compared. */
  x: oneOf(...COMPARE_WAYS),
  /** In place of `p`: a section across z, as other pages write it. */
  at: numberIn(0, 1e9),
  cw: parsedBy(parseContrast),
  /** Camera of the 3-D pane: turn, tilt, zoom, and x,y,z of its middle. */
  t: parsedBy(parseCamera),
  /** What the 3-D pane shows: mode, dense side, threshold. */
  r: parsedBy(parseDrawn),
  /** Planes of the 3-D pane: `xz`; `-` for none. */
  k: parsedBy((text) => (/^(?:-|x?y?z?)$/.test(text) && text !== "" ? ([...text.replace("-", "")] as Axis[]) : undefined)),
} satisfies Record<ViewParameter, Parameter<unknown>>;

export type LinkParameters = Partial<Record<ViewParameter, string>>;

/**
 * State of the view from an address; what it leaves out is as the volume begins. @returns also the names of parameters whose
 * values are not understood
 */
export function parseLink(
  facts: VolumeFacts,
  search: Readonly<Record<string, unknown>>,
  hash = "",
): { state: ViewState; wrong: readonly string[] } {
  const wrong: string[] = [];
  const all = { ...search, ...Object.fromEntries(new URLSearchParams(hash.replace(/^#/, ""))) };
  const read = <N extends keyof typeof PARAMETERS>(name: N) => {
    if (all[name] === undefined) return undefined;
    const found = PARAMETERS[name](all[name]) as ReturnType<(typeof PARAMETERS)[N]>;
    if (found === undefined) wrong.push(name);
    return found;
  };
  const first = firstState(facts);
  const on = read("on");
  const asked = read("l");
  const layout = asked && layoutsOf(facts).includes(asked) ? asked : undefined;
  if (asked !== layout) wrong.push("l");
  const at = read("at");
  const section = at === undefined ? undefined : atSection(facts, "z", first, at).position;
  const state: ViewState = {
    layout,
    position: read("p") ?? section ?? first.position,
    centre: read("v"),
    zoom: read("z"),
    contrast: read("c") ?? first.contrast,
    slab: read("s") ?? first.slab,
    on: on === undefined ? undefined : on.split(",").filter((id) => id !== ""),
    opacities: read("o"),
    measures: read("m") ?? [],
    other: read("w"),
    otherContrast: read("cw"),
    way: read("x"),
    space: spaceOf(read("t"), read("r"), read("k")),
  };
  return { state, wrong };
}

/** Parameters that an address needs for the same picture: those that are not as the volume begins. */
export function linkParameters(facts: VolumeFacts, state: ViewState): LinkParameters {
  const first = firstState(facts);
  const isSame = (a: Contrast, b: Contrast) => printContrast(a) === printContrast(b);
  return {
    ...(printPoint(state.position) !== printPoint(first.position) && { p: printPoint(state.position) }),
    ...(state.layout && { l: state.layout }),
    ...(state.centre && { v: printPoint(state.centre) }),
    ...(state.zoom !== undefined && { z: String(state.zoom) }),
    ...(!isSame(state.contrast, defaultContrast(facts)) && { c: printContrast(state.contrast) }),
    ...(state.slab !== 1 && { s: String(state.slab) }),
    ...(state.on && { on: state.on.join(",") }),
    ...(state.opacities && Object.keys(state.opacities).length > 0 && { o: printOpacities(state.opacities) }),
    ...(state.measures.length > 0 && { m: printMeasures(state.measures) }),
    ...(state.other && { w: state.other }),
    ...(state.otherContrast && { cw: printContrast(state.otherContrast) }),
    ...(state.way && { x: state.way }),
    ...(state.space && printSpace(state.space)),
  };
}

/** `search` and `hash` of an address: what makes it too long goes behind `#`. */
export function splitLink(parameters: LinkParameters): { readonly search: LinkParameters; readonly hash: string } {
  const { m, o, on, ...short } = parameters;
  if (new URLSearchParams(parameters).toString().length <= LINK_MAX) return { search: parameters, hash: "" };
  const long = new URLSearchParams({
    ...(on !== undefined && { on }),
    ...(o !== undefined && { o }),
    ...(m !== undefined && { m }),
  });
  return { search: short, hash: decodeURIComponent(long.toString()) };
}

/** The volume of an address of the viewer: `https://lab.example.org/view/tomogram/5?p=1,2,3`. */
export function refIn(text: string): string | undefined {
  const [, path] = /(?:^|\/)view\/([^?#]+)/.exec(text) ?? [];
  try {
    const ref = path && refOfView(path.split("/").map(decodeURIComponent));
    return ref && /^[\w:-]+$/.test(ref) ? ref : undefined;
  } catch {
    return undefined; // half an escape: it is still being typed
  }
}

const printPoint = ([z, y, x]: Triple): string => [x, y, z].join(",");
const printContrast = ({ low, high, gamma, isInverted }: Contrast): string => [low, high, gamma, isInverted ? 1 : 0].join(",");

const printOpacities = (opacities: Readonly<Record<string, number>>): string =>
  Object.entries(opacities)
    .map(([id, opacity]) => `${id}:${opacity}`)
    .join(",");

function parseOpacities(text: string): Readonly<Record<string, number>> | undefined {
  const pairs = text.split(",").map((pair) => /^([\w-]{1,40}):(0?\.\d{1,3}|[01])$/.exec(pair));
  return pairs.every((pair) => pair) ? Object.fromEntries(pairs.map((pair) => [pair![1]!, Number(pair![2])])) : undefined;
}

function parseContrast(text: string): Contrast | undefined {
  const [low, high, gamma = 1, inverted = 0, more] = text.split(",").map((part) => (part === "" ? Number.NaN : Number(part)));
  const isRight = low! < high! && Number.isFinite(low) && Number.isFinite(high) && gamma >= GAMMA_MIN && gamma <= GAMMA_MAX;
  return isRight && more === undefined && (inverted === 0 || inverted === 1)
    ? { low: low!, high: high!, gamma, isInverted: inverted === 1 }
    : undefined;
}

function spaceOf(camera: Camera | undefined, drawn: SpaceState | undefined, cuts: readonly Axis[] | undefined) {
  return camera || drawn || cuts ? { ...drawn, camera, cuts } : undefined;
}

function parseCamera(text: string): Camera | undefined {
  const numbers = text.split(",").map((part) => (part === "" ? Number.NaN : Number(part)));
  const [turn = 0, tilt = 0, zoom = 0, x, y, z] = numbers;
  const isRight =
    numbers.every(Number.isFinite) &&
    (numbers.length === 3 || numbers.length === 6) &&
    Math.abs(turn) <= 180 &&
    tilt >= -180 &&
    tilt <= 0 &&
    zoom >= SPACE_ZOOM[0] &&
    zoom <= SPACE_ZOOM[1];
  if (!isRight) return undefined;
  return { turn, tilt, zoom, ...(x !== undefined && { centre: [z!, y!, x] as Triple }) };
}

function parseDrawn(text: string): SpaceState | undefined {
  const [mode, side = "", threshold, more] = text.split(",");
  const number = threshold === undefined || threshold === "" ? undefined : Number(threshold);
  const isRight =
    (SPACE_MODES as readonly string[]).includes(mode!) &&
    ["", "dark", "bright"].includes(side) &&
    more === undefined &&
    (number === undefined || Number.isFinite(number));
  if (!isRight) return undefined;
  return {
    mode: mode as SpaceMode,
    ...(side !== "" && { isDarkDense: side === "dark" }),
    ...(number !== undefined && { threshold: number }),
  };
}

function printSpace({ camera, mode, isDarkDense, threshold, cuts }: SpaceState): LinkParameters {
  const side = isDarkDense === undefined ? "" : isDarkDense ? "dark" : "bright";
  const drawn = [mode ?? "max", side, threshold === undefined ? "" : String(threshold)].join(",").replace(/,+$/, "");
  const isDrawn = mode !== undefined || isDarkDense !== undefined || threshold !== undefined;
  return {
    ...(camera && {
      t: [camera.turn, camera.tilt, camera.zoom, ...(camera.centre ? [...camera.centre].reverse() : [])].join(","),
    }),
    ...(isDrawn && { r: drawn }),
    ...(cuts && { k: cuts.length === 0 ? "-" : [...cuts].sort().join("") }),
  };
}
