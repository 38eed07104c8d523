import type { Triple } from "../../src/core/box.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { type Contrast, defaultContrast, rounded as roundedLimit } from "./contrast.js";
import { extentOf, indexAt, middleOf, PANE_AXES, worldAt } from "./geometry.js";
import type { Measure } from "./measure.js";
import type { Axis } from "./overlay.js";
import { longAxes } from "./stack-pages.js";

export const LAYOUTS = ["xy", "ortho", "quad", "tilt", "compare", "3d"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Where the 3-D pane looks from: degrees, how much larger than all of the volume, and the point in its middle where that is not the volume's. */
export interface Camera {
  readonly turn: number;
  readonly tilt: number;
  readonly zoom: number;
  readonly centre?: Triple | undefined;
}

/** Least and most that it is larger. */
export const SPACE_ZOOM = [0.2, 50] as const;

export const SPACE_MODES = ["max", "mean", "surface"] as const;
export type SpaceMode = (typeof SPACE_MODES)[number];

/** The 3-D pane; what is left out is as it begins. */
export interface SpaceState {
  readonly camera?: Camera | undefined;
  readonly mode?: SpaceMode | undefined;
  /** Whether low numbers are what is dense. */
  readonly isDarkDense?: boolean | undefined;
  /** Number of the volume at which its surface lies. */
  readonly threshold?: number | undefined;
  /** Planes through the crosshair that are shown. */
  readonly cuts?: readonly Axis[] | undefined;
}

/** Everything that an address keeps. World positions are Å `[z, y, x]`; where a volume has no scale, voxels. */
export interface ViewState {
  /** Undefined: by the width of the window. */
  readonly layout?: Layout | undefined;
  /** The crosshair: which sections are shown. */
  readonly position: Triple;
  /** Point in the middle of the panes; undefined: the middle of the volume. */
  readonly centre?: Triple | undefined;
  /** Å a CSS pixel; undefined: all of the volume fits. */
  readonly zoom?: number | undefined;
  readonly contrast: Contrast;
  /** Sections of which the mean is shown: odd. */
  readonly slab: number;
  /** Layers that are on; undefined: those that the layers themselves begin with. */
  readonly on?: readonly string[] | undefined;
  /** Opacities of layers, from 0 to 1; those of 1 are left out. */
  readonly opacities?: Readonly<Record<string, number>> | undefined;
  readonly measures: readonly Measure[];
  /** The volume beside this one. */
  readonly other?: string | undefined;
  readonly otherContrast?: Contrast | undefined;
  /** How two volumes are compared; undefined: side by side. */
  readonly way?: CompareWay | undefined;
  readonly space?: SpaceState | undefined;
}

/** `blink`: one after the other in one place; `difference`: that of the greys as they are drawn, without its sign. */
export const COMPARE_WAYS = ["blink", "difference"] as const;
export type CompareWay = (typeof COMPARE_WAYS)[number];

export const SLAB_MAX = 63;
/** Whether a volume is a tilt series: a section is a projection then, and no plane runs across them. */
export const isTiltSeries = ({ isTiltSeries: is, ref }: VolumeFacts): boolean => is || ref.startsWith("tiltseries:");
/** Whether the voxels are in a file of the person who looks, not of a place that is served. */
export const isDropped = ({ place }: VolumeFacts): boolean => place === "";

/** Whether sections lie above each other in space. */
export const hasSpace = (facts: VolumeFacts): boolean =>
  facts.shape[0] > 1 && !isTiltSeries(facts) && (facts.pages === undefined || longAxes(facts.pages).length <= 1);

/** Layouts that say something of a volume: planes across pages of several kinds would mix them. */
export function layoutsOf(facts: VolumeFacts): readonly Layout[] {
  const isMixed = facts.pages !== undefined && longAxes(facts.pages).length > 1;
  const has = {
    xy: true,
    ortho: !isMixed,
    quad: !isMixed,
    tilt: isTiltSeries(facts),
    compare: !isDropped(facts),
    "3d": hasSpace(facts),
  };
  return LAYOUTS.filter((one) => has[one]);
}
const ZOOM_RANGE = 1000;

export const firstState = (facts: VolumeFacts): ViewState => ({
  position: rounded(facts.shape.map((count, i) => worldAt(facts, i as 0 | 1 | 2, Math.floor(count / 2))) as Triple),
  contrast: defaultContrast(facts),
  slab: 1,
  measures: [],
});

export const sectionOf = (facts: VolumeFacts, axis: Axis, { position }: Pick<ViewState, "position">): number =>
  indexAt(facts, PANE_AXES[axis].normal, position[PANE_AXES[axis].normal]);

export function atSection(facts: VolumeFacts, axis: Axis, state: ViewState, section: number): ViewState {
  const { normal } = PANE_AXES[axis];
  const inside = Math.min(Math.max(Math.round(section), 0), facts.shape[normal] - 1);
  return { ...state, position: rounded(replaced(state.position, normal, worldAt(facts, normal, inside))) };
}

/** The crosshair at a point, or at the nearest of the volume. */
export function atPosition(facts: VolumeFacts, state: ViewState, world: Triple): ViewState {
  const inside = world.map((value, i) => {
    const { low, high } = extentOf(facts, i as 0 | 1 | 2);
    return Math.min(Math.max(value, low), high);
  }) as Triple;
  return { ...state, position: rounded(inside) };
}

/** Moves the picture so many Å. */
export function panned(facts: VolumeFacts, state: ViewState, by: Triple): ViewState {
  const centre = state.centre ?? middleOf(facts);
  const moved = centre.map((value, i) => {
    const { low, high } = extentOf(facts, i as 0 | 1 | 2);
    return Math.min(Math.max(value + by[i]!, low), high);
  }) as Triple;
  return { ...state, centre: rounded(moved) };
}

/** Zooms so that a point stays where it is. `factor` above 1 shows less of the volume, larger. @param fitting the zoom that shows all */
export function zoomed(
  facts: VolumeFacts,
  state: ViewState,
  fitting: number,
  factor: number,
  anchor: Triple,
  axis: Axis,
): ViewState {
  const before = state.zoom ?? fitting;
  const zoom = significant(Math.min(Math.max(before / factor, fitting / ZOOM_RANGE), fitting * 8), 5);
  const centre = [...(state.centre ?? middleOf(facts))] as Triple;
  const { u, v } = PANE_AXES[axis];
  for (const i of [u, v]) centre[i] = anchor[i] - (anchor[i] - centre[i]) * (zoom / before);
  return { ...state, zoom, centre: rounded(centre) };
}

export const withSlab = (facts: VolumeFacts, axis: Axis, state: ViewState, slab: number): ViewState => {
  const most = Math.min(SLAB_MAX, facts.shape[PANE_AXES[axis].normal]);
  return { ...state, slab: Math.max(1, Math.min(slab, most % 2 === 0 ? most - 1 : most)) };
};

export function withContrast(
  state: ViewState,
  change: Partial<Contrast>,
  which: "contrast" | "otherContrast" = "contrast",
): ViewState {
  const { low, high, gamma, isInverted } = { ...(state[which] ?? state.contrast), ...change };
  if (!(low < high)) return state;
  return {
    ...state,
    [which]: { low: roundedLimit(low), high: roundedLimit(high), gamma: significant(gamma, 3), isInverted },
  };
}

function replaced(triple: Triple, at: 0 | 1 | 2, value: number): Triple {
  const copy: Triple = [...triple];
  copy[at] = value;
  return copy;
}

/** Numbers as an address holds them: what is shown now is what the address gives back. */
export const significant = (value: number, digits: number): number => Number(value.toPrecision(digits));
const rounded = (world: Triple): Triple => world.map((value) => Math.round(value * 100) / 100) as Triple;
