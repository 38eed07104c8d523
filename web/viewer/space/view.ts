import type { Triple } from "../../../src/core/box.js";
import { extentOf, indexAt, middleOf, PANE_AXES, worldAt } from "../geometry.js";
import type { Axis } from "../overlay.js";
import { AXIS_COLOURS } from "../pane-over.js";
import type { Session } from "../session.js";
import type { Camera, SpaceMode, SpaceState, ViewState } from "../state.js";
import type { Look } from "./box.js";
import { angstromPerPixel, axesOf, FIRST_CAMERA, type Vector } from "./camera.js";
import type { Cut, Scene } from "./scene.js";
import { rgbOf } from "./solids.js";
import { firstThreshold, isDarkDenseFirst } from "./surface.js";
import { type VolumeTexture, vectorOf } from "./volume-texture.js";

/** The 3-D pane with everything that its state leaves out. */
export interface SpaceView {
  readonly camera: Camera;
  readonly mode: SpaceMode;
  readonly isDarkDense: boolean;
  readonly threshold: number;
  readonly cuts: readonly Axis[];
}

/** A surface is looked at together with a section; a plane in a projection hides most of it. */
const CUTS_FIRST: Readonly<Record<SpaceMode, readonly Axis[]>> = { max: [], mean: [], surface: ["z"] };

export function spaceOf({ facts }: Pick<Session, "facts">, { space }: Pick<ViewState, "space">): SpaceView {
  const { mode = "max", isDarkDense = isDarkDenseFirst(facts) } = space ?? {};
  return {
    camera: space?.camera ?? FIRST_CAMERA,
    mode,
    isDarkDense,
    threshold: space?.threshold ?? firstThreshold(facts, isDarkDense),
    cuts: space?.cuts ?? CUTS_FIRST[mode],
  };
}

export function changeSpace(session: Session, change: Partial<SpaceState>): void {
  session.update((state) => ({ ...state, space: { ...state.space, ...change } }));
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function diagonalOf({ facts }: Pick<Session, "facts">): number {
  return Math.hypot(
    ...([0, 1, 2] as const).map((axis) => {
      const { low, high } = extentOf(facts, axis);
      return high - low;
    }),
  );
}

export function lookOf(session: Session, size: Size): Look {
  const { camera } = spaceOf(session, session.state.get());
  return {
    facts: session.facts,
    axes: axesOf(camera),
    centre: camera.centre ?? middleOf(session.facts),
    ...size,
    scale: angstromPerPixel(diagonalOf(session), size.width, size.height, camera.zoom),
  };
}

/** The scene by the state of the session. @param solids layers, as they lie in the memory of the card */
export function sceneOf(session: Session, size: Size, texture: VolumeTexture, solids: Scene["solids"]): Scene {
  const state = session.state.get();
  const { mode, isDarkDense, threshold, cuts } = spaceOf(session, state);
  const { low, high, gamma, isInverted } = state.contrast;
  const look = lookOf(session, size);
  const middle = vectorOf(middleOf(session.facts));
  const from = (world: Triple): Vector => {
    const [x, y, z] = vectorOf(world);
    return [x - middle[0], y - middle[1], z - middle[2]];
  };
  const part = (threshold - low) / (high - low);
  const { shown } = texture;
  return {
    axes: look.axes,
    centre: from(look.centre),
    middle,
    scale: look.scale / devicePixelRatio,
    reach: diagonalOf(session),
    mode,
    threshold: Math.min(Math.max(isDarkDense ? 1 - part : part, 0.002), 1),
    drawn: shown && {
      volume: shown.volume,
      gain: (shown.window[1] - shown.window[0]) / (high - low),
      offset: (shown.window[0] - low) / (high - low),
      isDarkDense,
    },
    gamma,
    isInverted,
    cuts: cuts.map((axis) => cutOf(session, axis, from)),
    solids,
  };
}

/** The section of an axis that the crosshair is on. */
function cutOf(session: Session, axis: Axis, from: (world: Triple) => Vector): Cut {
  const { facts } = session;
  const { normal, u, v } = PANE_AXES[axis];
  const at = worldAt(facts, normal, indexAt(facts, normal, session.state.get().position[normal]));
  const corner: Triple = [0, 0, 0];
  const [across, along]: [Triple, Triple] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  corner[normal] = at;
  for (const [axisOf, into] of [
    [u, across],
    [v, along],
  ] as const) {
    const { low, high } = extentOf(facts, axisOf);
    corner[axisOf] = low;
    into[axisOf] = high - low;
  }
  return { corner: from(corner), across: vectorOf(across), along: vectorOf(along), colour: rgbOf(AXIS_COLOURS[axis]) };
}
