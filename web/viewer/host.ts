import { useMemo } from "react";
import type { Triple } from "../../src/core/box.js";
import type { LayersHost } from "./overlay.js";
import type { PlaneSource } from "./planes.js";
import type { Session } from "./session.js";
import { atPosition, panned, type ViewState } from "./state.js";

const NOTHING = {};

/** What layers know of the viewer that they are drawn in. @param step holds what goes to the next point, while a layer has points */
export function useHost(
  session: Session,
  { layers }: PlaneSource,
  step: { current: ((direction: 1 | -1) => void) | undefined },
): LayersHost & { pan(by: Triple): void } {
  return useMemo(
    () => ({
      facts: session.facts,
      layers,
      setPainter: session.painter.set,
      repaint: () => session.repaints.set(session.repaints.get() + 1),
      get on() {
        return session.state.get().on;
      },
      setOn: (ids: readonly string[]) => session.update((state) => ({ ...state, on: ids })),
      get opacities() {
        return session.state.get().opacities ?? NOTHING;
      },
      setOpacity: (id: string, opacity: number) =>
        session.update((state) => {
          const { [id]: _, ...others } = state.opacities ?? {};
          return { ...state, opacities: opacity < 1 ? { ...others, [id]: opacity } : others };
        }),
      watch: session.state.watch,
      goTo(world: Triple) {
        session.update((state): ViewState => {
          const there = atPosition(session.facts, state, world);
          return state.zoom === undefined ? there : { ...there, centre: there.position };
        });
      },
      get position() {
        return session.state.get().position;
      },
      onStep(next: ((direction: 1 | -1) => void) | undefined) {
        step.current = next;
      },
      pan: (by: Triple) => session.update((state) => panned(session.facts, state, by)),
    }),
    [session, layers, step],
  );
}
