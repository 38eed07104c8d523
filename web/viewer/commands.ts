import type { useNavigate } from "@tanstack/react-router";
import type { RefObject } from "react";
import { flushSync } from "react-dom";
import type { Triple } from "../../src/core/box.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { neuroglancerOf } from "../parts/address.js";
import { stepRuns } from "../parts/list/neighbours.js";
import { notify } from "../parts/page.js";
import { autoLimits } from "./auto.js";
import { seeOther } from "./compare.js";
import { shifted, volumeLimits } from "./contrast.js";
import { PANE_AXES } from "./geometry.js";
import type { Command } from "./keys.js";
import { linkParameters } from "./link.js";
import type { Axis } from "./overlay.js";
import { atCrosshair, finishMeasure, pressAt } from "./pane.js";
import type { PaneDrawing } from "./pane-draw.js";
import type { PaneId, Session } from "./session.js";
import { playSpeed, SPEEDS } from "./settings.js";
import { isDropped, type Layout, layoutsOf, withSlab, zoomed } from "./state.js";

/** The side panel that is open where there is no room for both. */
export type Sheet = "layers" | "contrast";
export type Dialog = "export" | "views" | { readonly lineage: string };

/** Parts of the viewer that its commands work on. */
export interface ViewerParts {
  readonly session: Session;
  readonly drawings: ReadonlyMap<PaneId, PaneDrawing>;
  readonly root: RefObject<HTMLElement | null>;
  readonly host: { pan(by: Triple): void };
  readonly pathname: string;
  readonly navigate: ReturnType<typeof useNavigate>;
  step(axis: Axis, by: number): void;
  stepPoint(by: 1 | -1): void;
  copyLink(): Promise<void>;
  setSheet(sheet: Sheet | undefined): void;
  setDialog(dialog: Dialog): void;
}

/** The pane that steps along an axis. */
const ACROSS = ["z", "y", "x"] as const satisfies readonly Axis[];

const NO_LAYOUT: Readonly<Partial<Record<Layout, string>>> = {
  ortho: "Pages of this file are slices, channels and times: a plane across them would mix them.",
  quad: "Pages of this file are slices, channels and times: a plane across them would mix them.",
  tilt: "Only a tilt series is laid out by its angles.",
  "3d": "Sections of this file do not lie above each other: there is no space to look into.",
  compare: "A dropped file is not compared: put both volumes into one folder and serve that.",
};

type Name = Command["do"];
/** The command of a name: some names share a type. */
type Named<N extends Name, C = Command> = C extends { readonly do: infer D } ? (N extends D ? C : never) : never;

const RUN: { readonly [N in Name]: (parts: ViewerParts, command: Named<N>) => void } = {
  section: ({ session, step }, { by }) => step(session.active, by),
  end: ({ session }, { last }) =>
    session.goToSection(session.active, last ? session.facts.shape[PANE_AXES[session.active].normal] - 1 : 0),
  zoom({ session }, { factor }) {
    const anchor = session.hover.get()?.world ?? session.centre();
    session.update((state) => zoomed(session.facts, state, session.fitting(), factor, anchor, session.active));
  },
  pan({ session, host }, { u, v }) {
    const by: Triple = [0, 0, 0];
    by[PANE_AXES[session.active].u] = -u * session.zoom();
    by[PANE_AXES[session.active].v] = -v * session.zoom();
    host.pan(by);
  },
  cross({ session, step }, command) {
    const { u, v } = PANE_AXES[session.active];
    for (const [along, by] of [
      [u, command.u],
      [v, command.v],
    ] as const)
      if (by !== 0) step(ACROSS[along], by);
  },
  press({ session, drawings }) {
    const drawing = drawings.get(session.activePane.get());
    if (drawing) pressAt(session, session.active, atCrosshair(session, drawing));
  },
  point: ({ stepPoint }, { by }) => stepPoint(by),
  layout({ session }, { layout }) {
    if (!layoutsOf(session.facts).includes(layout)) notify(NO_LAYOUT[layout]!);
    else session.update((state) => ({ ...state, layout }));
  },
  slab: ({ session }, { by }) => session.update((state) => withSlab(session.facts, session.active, state, state.slab + 2 * by)),
  limits({ session }, command) {
    const pane = session.activePane.get();
    session.setContrast(shifted(session.contrastOf(pane), session.factsOf(pane), command));
  },
  auto: ({ session, drawings }) => session.setContrast(autoLimits(session, drawings) ?? {}),
  autoVolume: ({ session }) => session.setContrast(volumeLimits(session.factsOf(session.activePane.get()))),
  metadata: ({ session }) => session.setContrast(session.factsOf(session.activePane.get()).limits),
  invert: ({ session }) => session.setContrast({ isInverted: !session.contrastOf(session.activePane.get()).isInverted }),
  blink({ session }) {
    const second = session.second.get();
    if (!second) return;
    if (session.state.get().way === "blink") seeOther(session);
    else session.update((state) => ({ ...state, way: "blink" }));
  },
  play: ({ session }) => session.playing.set(session.playing.get() === undefined ? playSpeed.get() : undefined),
  speed({ session }, { by }) {
    const at = SPEEDS.indexOf(playSpeed.get() as 10) + by;
    const speed = SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)]!;
    playSpeed.set(speed);
    if (session.playing.get() !== undefined) session.playing.set(speed);
  },
  measure: ({ session }) => session.measuring.set(session.measuring.get() ? undefined : { kind: "line", draft: undefined }),
  leave({ session, setSheet }) {
    if (session.measuring.get()?.draft?.kind === "polyline") return finishMeasure(session);
    session.playing.set(undefined);
    setSheet(undefined);
    session.measuring.set(undefined);
  },
  layers({ root, setSheet }) {
    // a sheet is on the page only when it is open
    flushSync(() => setSheet("layers"));
    focusIn(root.current, ".v-layers");
  },
  goTo({ root, setSheet }) {
    flushSync(() => setSheet("contrast"));
    focusIn(root.current, ".v-go input");
  },
  export: ({ setDialog }) => setDialog("export"),
  copy: ({ copyLink }) => void copyLink(),
  views({ session, setDialog }) {
    if (isDropped(session.facts)) notify("A view of a dropped file is its link: nobody else has the file.");
    else setDialog("views");
  },
  whereFrom({ session, drawings, setDialog }) {
    const pane = session.activePane.get();
    const drawing = drawings.get(pane);
    const at = session.hover.get() ?? (drawing && atCrosshair(session, drawing));
    const of = at && lineageOf(session.factsOf(pane), at.voxel);
    if (of === undefined) notify("No file of the server holds a voxel there.");
    else setDialog({ lineage: of });
  },
  neuroglancer({ session, pathname, navigate }) {
    const to = neuroglancerOf(pathname);
    if (to !== undefined) void navigate({ to, search: linkParameters(session.facts, session.state.get()) });
  },
  list: ({ navigate }, { by }) =>
    void stepRuns(by).then(
      (to) =>
        to ? navigate({ to }) : notify("There is no further run: N and P step through the list of runs that one came from."),
      (error: unknown) => notify(error instanceof Error ? error.message : String(error)),
    ),
};

/** Runs the command that a key or a button asks for. */
export function runCommand<N extends Name>(parts: ViewerParts, command: Named<N> & { readonly do: N }): void {
  RUN[command.do](parts, command);
}

/** Address of the lineage of a voxel of level 0, `[z, y, x]`. Undefined outside of the volume, and for a dropped file. */
function lineageOf(facts: VolumeFacts, voxel: readonly number[]): string | undefined {
  const [z, y, x] = voxel;
  const isInside = voxel.every((index, axis) => index >= 0 && index < facts.shape[axis]!);
  return isDropped(facts) || !isInside ? undefined : `${facts.ref}/voxel?z=${z}&y=${y}&x=${x}`;
}

/** Gives the keys to a part of the viewer: its first field or button, where it has one. */
export function focusIn(root: HTMLElement | null, selector: string): void {
  const found = root?.querySelector<HTMLElement>(selector);
  const target = found?.matches("input, button") ? found : (found?.querySelector<HTMLElement>("input, button") ?? found);
  target?.focus();
  if (target instanceof HTMLInputElement) target.select();
}
