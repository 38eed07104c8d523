import type { Triple } from "../../src/core/box.js";
import { systemClock } from "../../src/core/clock.js";
import type { Recent } from "../../src/core/recent.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { type Shared, shared } from "../parts/store.js";
import type { Contrast } from "./contrast.js";
import { fittingZoom, middleOf, type PaneSize } from "./geometry.js";
import type { Measure, MeasureKind } from "./measure.js";
import type { Axis, OverlayHit, OverlayPainter } from "./overlay.js";
import { type LoaderState, makeCache, type Plane, type PlaneLoader, type PlaneSource, REST_MS } from "./planes.js";
import { steppedPage } from "./stack-pages.js";
import { atSection, sectionOf, type ViewState, withContrast } from "./state.js";

/** The voxel under the pointer, and what is drawn over it. */
export interface Hover {
  readonly world: Triple;
  /** `[z, y, x]`. */
  readonly voxel: Triple;
  readonly value: number | undefined;
  /** Level of the plane that the value is of; 0 where there is no value. */
  readonly level: number;
  readonly hit?: OverlayHit | undefined;
}

/** State of a pane: the plane that it shows, and whether another is awaited. */
export interface PaneStatus extends LoaderState {
  /** Section and level of the plane that is drawn. */
  readonly at?: number | undefined;
  readonly level?: number | undefined;
  /** The plane's numbers are those of the file. */
  readonly isSharp: boolean;
  readonly absent?: Plane["absent"];
}

/** Panes that are there: by axis, the second volume's with `2` behind. */
export type PaneId = Axis | "z2";

/** The 3-D pane as an export knows it. */
export interface SpacePicture {
  /** It was the last pane that somebody worked in. */
  isActive: boolean;
  /** What is seen, as fine as it can be. */
  picture(parts: { bar: boolean; box: boolean }): HTMLCanvasElement;
  /** What is seen, in words. */
  words(): string;
  angstromPerPixel(): number;
}

/** State that all parts of one viewer share. It knows no React and no document. */
export interface Session {
  readonly facts: VolumeFacts;
  readonly source: PlaneSource;
  readonly cache: Recent<string, Plane>;
  readonly state: Shared<ViewState>;
  readonly hover: Shared<Hover | undefined>;
  readonly status: Shared<Readonly<Partial<Record<PaneId, PaneStatus>>>>;
  readonly measuring: Shared<{ readonly kind: MeasureKind; readonly draft: Measure | undefined } | undefined>;
  /** Sections a second while it plays. */
  readonly playing: Shared<number | undefined>;
  /** The file is another one than when it was opened. */
  readonly isChanged: Shared<boolean>;
  readonly painter: Shared<OverlayPainter | undefined>;
  /** Counts up whenever a painter has something new. */
  readonly repaints: Shared<number>;
  /** The second volume, while two are compared. */
  readonly second: Shared<Second | undefined>;
  /** The 3-D pane, while it is in sight. */
  readonly space: Shared<SpacePicture | undefined>;
  /** Panes in sight, with their sizes in CSS pixels. */
  readonly sizes: Map<PaneId, PaneSize & { readonly axis: Axis }>;
  /** Planes that each pane draws now: for export and contrast. */
  readonly shown: Map<PaneId, () => readonly Plane[]>;
  /** The pane that keys mean. */
  readonly activePane: Shared<PaneId>;
  readonly active: Axis;
  /** Loaders of the planes, one for each pane. */
  readonly loaders: Set<PlaneLoader>;
  direction: 1 | -1;
  /** It stands in a page of other things, which a wheel scrolls. */
  isInPage: boolean;
  /** A key that moves is held down. */
  isHeld: boolean;
  movedAt: number;
  update(change: (state: ViewState) => ViewState): void;
  step(axis: Axis, by: number): void;
  goToSection(axis: Axis, section: number): void;
  isMoving(): boolean;
  zoom(): number;
  fitting(): number;
  centre(): Triple;
  setStatus(pane: PaneId, status: PaneStatus): void;
  setSize(pane: PaneId, size: (PaneSize & { axis: Axis }) | undefined): void;
  /** The painter of layers that lie in a volume; those of the first one are not in a second one of another run. */
  painterOf(facts: VolumeFacts): OverlayPainter | undefined;
  /** Contrast of the volume of a pane. */
  contrastOf(pane: PaneId): Contrast;
  factsOf(pane: PaneId): VolumeFacts;
  /** Changes the contrast of the volume of the active pane. */
  setContrast(change: Partial<Contrast>): void;
}

/** A volume that is compared with the first one. */
interface Second {
  readonly source: PlaneSource;
  /** While they blink, it is the one that is seen. */
  readonly isOver: boolean;
  /** It is of the same run, or lies in the same folder. */
  readonly sharesLayers: boolean;
}

export function makeSession(source: PlaneSource, first: ViewState, clock = systemClock): Session {
  const { facts } = source;
  const session: Session = {
    facts,
    source,
    cache: makeCache(),
    state: shared(first),
    hover: shared<Hover | undefined>(undefined),
    status: shared<Readonly<Partial<Record<PaneId, PaneStatus>>>>({}),
    measuring: shared<{ kind: MeasureKind; draft: Measure | undefined } | undefined>(undefined),
    playing: shared<number | undefined>(undefined),
    isChanged: shared(false),
    painter: shared<OverlayPainter | undefined>(undefined),
    repaints: shared(0),
    second: shared<Second | undefined>(undefined),
    space: shared<SpacePicture | undefined>(undefined),
    sizes: new Map(),
    shown: new Map(),
    activePane: shared<PaneId>("z"),
    get active() {
      return axisOf(session.activePane.get());
    },
    loaders: new Set(),
    direction: 1,
    isInPage: false,
    isHeld: false,
    movedAt: Number.NEGATIVE_INFINITY,
    update: (change) => session.state.set(change(session.state.get())),
    step(axis, by) {
      const now = sectionOf(facts, axis, session.state.get());
      session.goToSection(axis, facts.pages && axis === "z" ? steppedPage(facts.pages, now, by) : now + by);
    },
    goToSection(axis, section) {
      const before = sectionOf(facts, axis, session.state.get());
      const next = atSection(facts, axis, session.state.get(), section);
      const after = sectionOf(facts, axis, next);
      if (after === before) return;
      session.direction = after > before ? 1 : -1;
      session.movedAt = clock.monotonic();
      session.state.set(next);
    },
    isMoving: () => session.isHeld || clock.monotonic() - session.movedAt < REST_MS,
    zoom: () => session.state.get().zoom ?? session.fitting(),
    fitting: () => fittingZoom(facts, [...session.sizes.values()]),
    centre: () => session.state.get().centre ?? middleOf(facts),
    setStatus: (pane, status) => session.status.set({ ...session.status.get(), [pane]: status }),
    setSize(pane, size) {
      if (size) session.sizes.set(pane, size);
      else session.sizes.delete(pane);
      session.repaints.set(session.repaints.get() + 1);
    },
    contrastOf(pane) {
      const { contrast, otherContrast } = session.state.get();
      return isOther(pane) ? (otherContrast ?? contrast) : contrast;
    },
    painterOf: (of) => (of === facts || session.second.get()?.sharesLayers ? session.painter.get() : undefined),
    factsOf: (pane) => (isOther(pane) ? session.second.get()!.source.facts : facts),
    setContrast(change) {
      const which = isOther(session.activePane.get()) ? "otherContrast" : "contrast";
      session.update((state) => withContrast(state, change, which));
    },
  };
  function isOther(pane: PaneId): boolean {
    const second = session.second.get();
    return second !== undefined && pane === "z2";
  }
  return session;
}

export const axisOf = (pane: PaneId): Axis => (pane === "z2" ? "z" : pane);
