import { systemClock } from "../../src/core/clock.js";
import { isDown } from "../parts/queries.js";
import { isWhole, type Plane, PlaneLoader, type PlaneSource } from "./planes.js";
import { isOtherSource, passes } from "./served.js";
import type { PaneId, Session } from "./session.js";

/** The volume that a pane shows, and those of its planes that have come. */
export interface PanePlanes {
  readonly source: PlaneSource;
  /** The lowest first. */
  readonly shown: readonly Plane[];
  readonly want: PlaneLoader["want"];
  retry(): void;
  close(): void;
}

/** @param changed other planes, or another volume, are to be drawn */
export function panePlanes(session: Session, pane: PaneId, changed: () => void): PanePlanes {
  let planes: readonly Plane[] = [];
  let source: PlaneSource = sourceNow();
  let loader = loaderFor(source);
  const stops = [
    isDown.watch(() => isDown.get() || loader.retry()),
    session.second.watch(() => {
      if (sourceNow() !== source) {
        leave();
        planes = [];
        source = sourceNow();
        loader = loaderFor(source);
      }
      changed();
    }),
  ];

  function sourceNow(): PlaneSource {
    const second = session.second.get();
    return second && pane === "z2" ? second.source : session.source;
  }

  function leave(): void {
    loader.close();
    session.loaders.delete(loader);
  }

  function loaderFor(from: PlaneSource): PlaneLoader {
    const made = new PlaneLoader({
      source: from,
      cache: session.cache,
      clock: systemClock,
      passes,
      isOver: () => session.isChanged.get(),
      isHeld: () => session.isHeld,
      mayReadAhead: () => session.activePane.get() === pane && ![...session.loaders].some(({ isBusy }) => isBusy),
      settled() {
        for (const other of session.loaders) if (other !== made) other.goOn();
      },
      show(plane) {
        // a part lies over the whole of the same section, if that is there
        const beneath = planes
          .filter((one) => one.at === plane.at && one.slab === plane.slab && isWhole(from.facts, one))
          .slice(0, 1);
        planes = isWhole(from.facts, plane) ? [plane] : [...beneath, plane];
        const { at, level, absent } = plane;
        session.setStatus(pane, { ...statusNow(), at, level, absent, isSharp: plane.as === "native" });
        changed();
      },
      state(state) {
        if (isOtherSource(state.error)) session.isChanged.set(true);
        session.setStatus(pane, { ...statusNow(), ...state });
      },
    });
    session.loaders.add(made);
    return made;
  }

  const statusNow = () => session.status.get()[pane] ?? { isSlow: false, isSharp: false };

  return {
    get source() {
      return source;
    },
    get shown() {
      return planes;
    },
    want: (need, motion) => loader.want(need, motion),
    retry: () => loader.retry(),
    close() {
      for (const stop of stops) stop();
      leave();
    },
  };
}
