/**
 * Interface of everything drawn over the slices, and of its part of the side panel: the viewer gives a `LayersHost`,
 * `overlays/layers.tsx` fills it.
 */
import type { Triple } from "../../src/core/box.js";
import type { OverlayShapes } from "../../src/model/overlay-bytes.js";
import type { OverlayLayer, Overlays, VolumeFacts } from "../../src/model/page-api.js";

export type Axis = "z" | "y" | "x";

/** One pane as it is drawn at the moment. */
export interface PaneView {
  /** Axis across which the plane is cut. */
  readonly axis: Axis;
  readonly facts: VolumeFacts;
  /** Section of level 0 that is wanted; the picture may lag behind for some milliseconds. */
  readonly at: number;
  /** Position of this section along `axis`. */
  readonly atAngstrom: number;
  /** Sections of level 0 of which the mean is shown, and how thick that is. */
  readonly slab: number;
  readonly slabAngstrom: number;
  /** Size in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly angstromPerPixel: number;
}

/** Transform between the world, in Å `[z, y, x]`, and CSS pixels from the pane's upper left corner. */
export interface PaneTransform {
  /** `away`: Å between the point and the section, with its sign. */
  toPane(world: Triple): { readonly u: number; readonly v: number; readonly away: number };
  /** A point on the section. */
  toWorld(u: number, v: number): Triple;
}

/** Something that can be pointed at. */
export interface OverlayHit {
  /** `ribosome 12 of 41`: shown beside the value of the voxel. */
  readonly text: string;
  /** A click does this in place of moving the crosshair. */
  readonly open?: (() => void) | undefined;
}

/** A point of a layer. */
export interface OverlayPoint {
  readonly layer: string;
  /** Number of the point in its file, from 1. */
  readonly number: number;
  readonly instance: number | undefined;
  readonly world: Triple;
}

/** A layer that is on, as the 3-D pane draws it; masks have no shapes, but voxels of their own. */
export interface LayerInSpace {
  readonly layer: OverlayLayer;
  readonly shapes: OverlayShapes | undefined;
  readonly opacity: number;
}

export interface OverlayPainter {
  /** Draws over a pane. The context is clear, in CSS pixels, and is asked again whenever something has changed. */
  paint(pane: PaneView, transform: PaneTransform, context: CanvasRenderingContext2D): void;
  /** Resolves when all that is drawn over this pane has come, or cannot come. */
  ready?(pane: PaneView): Promise<void>;
  /** Points whose centres lie in the slab of this pane. */
  points?(pane: PaneView): readonly OverlayPoint[];
  /** Layers that are on and there. */
  inSpace?(): readonly LayerInSpace[];
  /** The thing below the pointer; undefined: nothing. */
  hit?(pane: PaneView, transform: PaneTransform, u: number, v: number): OverlayHit | undefined;
}

/** Layers of a volume that is not of the server. */
export interface OwnLayers {
  readonly listed: Overlays;
  positions(id: string, signal: AbortSignal): Promise<OverlayShapes>;
}

/** The viewer as the layers know it. It lives as long as the volume is shown. */
export interface LayersHost {
  readonly facts: VolumeFacts;
  /** Layers of a volume that is not of the server; undefined: the server is asked. */
  readonly layers: OwnLayers | undefined;
  /** Draws below measures and crosshair, in every pane. Undefined: nothing any more. */
  setPainter(painter: OverlayPainter | undefined): void;
  /** Tells that something which a painter draws has changed. */
  repaint(): void;
  /** Layers that are on, as `on=` of the address has them; undefined: it does not say. */
  readonly on: readonly string[] | undefined;
  setOn(ids: readonly string[]): void;
  /** Opacities of those layers that are not as opaque as they can be, by their ids. */
  readonly opacities: Readonly<Record<string, number>>;
  setOpacity(id: string, opacity: number): void;
  /** Calls `changed` whenever the state of the viewer changes. @returns a function that ends that */
  watch(changed: () => void): () => void;
  /** Moves the crosshair, Å `[z, y, x]`, and the view with it where it would be out of sight. */
  goTo(world: Triple): void;
  readonly position: Triple;
  /** Sets the function that is called with -1 for the key `[` and 1 for `]`. */
  onStep(step: ((direction: 1 | -1) => void) | undefined): void;
}
