import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { Copy, Download, FileSearch, Layers, Ruler, SlidersHorizontal, SquareArrowOutUpRight } from "lucide-react";
import { type KeyboardEvent, lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Triple } from "../../src/core/box.js";
import { quoteWord } from "../../src/core/shell.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { addressNow, writesAddress } from "../parts/address.js";
import { copyText } from "../parts/copy.js";
import { stepRuns } from "../parts/list/neighbours.js";
import { notify, useCommand, useCrumbs } from "../parts/page.js";
import { crumbsOf, inspectCommand } from "../parts/place-way.js";
import { useServer } from "../parts/queries.js";
import { isTyping, letterKeys } from "../parts/settings.js";
import { LineageOf } from "../parts/where-from.js";
import "./viewer.css";
import { autoLimits } from "./auto.js";
import { BesideChoice, useSecond } from "./compare.js";
import { shifted, volumeLimits } from "./contrast.js";
import { Corner } from "./corner.js";
import { ExportDialog } from "./export-dialog.js";
import { PANE_AXES, PANE_NAMES } from "./geometry.js";
import { type Command, commandOf } from "./keys.js";
import { linkParameters, PARAMETER_NAMES, parseLink, splitLink } from "./link.js";
import { useListed, useRun } from "./of-run.js";
import type { Axis, LayersHost } from "./overlay.js";
import { LayersPanel } from "./overlays/layers.js";
import { atCrosshair, finishMeasure, followDraft, Pane, pressAt } from "./pane.js";
import type { PaneDrawing } from "./pane-draw.js";
import { Panel } from "./panel.js";
import type { PlaneSource } from "./planes.js";
import { SectionBar } from "./section-bar.js";
import { makeSession, type PaneId, type Session } from "./session.js";
import { drawnBy, playSpeed, SPEEDS } from "./settings.js";
import { printPage } from "./stack-pages.js";
import {
  atPosition,
  isDropped,
  isTiltSeries,
  LAYOUTS,
  type Layout,
  layoutsOf,
  panned,
  sectionOf,
  type ViewState,
  withSlab,
  zoomed,
} from "./state.js";
import { useOf } from "./use-of.js";

/** Below it there is one pane, and side panels come from below. */
const NARROW = 900;
/** An address follows what is seen after so long: browsers allow few changes. */
const LINK_MS = 250;

const PANES: Readonly<Record<Layout, readonly PaneId[]>> = {
  xy: ["z"],
  ortho: ["z", "x", "y"],
  quad: ["z", "x", "y"],
  tilt: ["z"],
  compare: ["z", "z2"],
};

/** The pane that steps along an axis. */
const ACROSS = ["z", "y", "x"] as const satisfies readonly Axis[];

const NO_LAYOUT: Readonly<Partial<Record<Layout, string>>> = {
  ortho: "Pages of this file are slices, channels and times: a plane across them would mix them.",
  quad: "Pages of this file are slices, channels and times: a plane across them would mix them.",
  tilt: "Only a tilt series is laid out by its angles.",
  compare: "A dropped file is not compared: put both volumes into one folder and serve that.",
};

const TiltPart = lazy(() => import("./tilt.js"));

const LAYOUT_TITLES: Readonly<Record<Layout, string>> = {
  xy: "One plane",
  ortho: "Three planes",
  quad: "Three planes and facts",
  tilt: "Tilt series",
  compare: "Two volumes",
};

/** Slices of one volume. */
export function Viewer({ source }: { source: PlaneSource }) {
  const { facts } = source;
  const location = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the address says later is taken over by `useLink`
  const session = useMemo(() => {
    const { state, wrong } = parseLink(facts, location.search, location.hash);
    for (const name of wrong) queueMicrotask(() => notify(`The address said ${name}=…, which is not understood here.`));
    return makeSession(source, state);
  }, [source]);
  useEffect(() => () => source.close(), [source]);
  const { copyLink, writeLink } = useLink(session);
  usePlaying(session);
  useWay(facts);
  const [sheet, setSheet] = useState<"layers" | "contrast" | undefined>();
  const [dialog, setDialog] = useState<"export" | { readonly lineage: string } | undefined>();
  const drawings = useRef(new Map<PaneId, PaneDrawing>());
  const onDrawing = useCallback((pane: PaneId, drawing: PaneDrawing | undefined) => {
    if (drawing) drawings.current.set(pane, drawing);
    else drawings.current.delete(pane);
  }, []);
  const layout = useLayout(session);
  const second = useSecond(session, layout);
  const drawer = drawnBy.use();
  const stepPoint = useRef<(direction: 1 | -1) => void>(undefined);
  const host = useHost(session, source, stepPoint);
  const root = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const crossed = useCallback(
    (axis: Axis) => {
      const drawing = drawings.current.get(session.activePane.get());
      if (axis === session.active || !drawing) return;
      followDraft(session, session.active, atCrosshair(session, drawing).world);
      bringIntoSight(session, drawing);
    },
    [session],
  );
  const { step, settle } = useSteps(session, crossed);

  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.id === "main")
      root.current?.querySelector<HTMLElement>(".v-canvas")?.focus({ preventScroll: true });
  }, []);

  const run = (command: Command) => {
    const axis = session.active;
    if (command.do !== "section" && command.do !== "cross") settle();
    switch (command.do) {
      case "section":
        return step(axis, command.by);
      case "end":
        return session.goToSection(axis, command.last ? facts.shape[PANE_AXES[axis].normal] - 1 : 0);
      case "zoom": {
        const hover = session.hover.get();
        const anchor = hover?.world ?? session.centre();
        return session.update((state) => zoomed(facts, state, session.fitting(), command.factor, anchor, axis));
      }
      case "pan": {
        const by: Triple = [0, 0, 0];
        by[PANE_AXES[axis].u] = -command.u * session.zoom();
        by[PANE_AXES[axis].v] = -command.v * session.zoom();
        return host.pan(by);
      }
      case "cross": {
        const { u, v } = PANE_AXES[axis];
        for (const [along, by] of [
          [u, command.u],
          [v, command.v],
        ] as const)
          if (by !== 0) step(ACROSS[along], by);
        return;
      }
      case "press": {
        const drawing = drawings.current.get(session.activePane.get());
        return drawing && pressAt(session, axis, atCrosshair(session, drawing));
      }
      case "layout":
        if (!layoutsOf(facts).includes(command.layout)) return notify(NO_LAYOUT[command.layout]!);
        return session.update((state) => ({ ...state, layout: command.layout }));
      case "slab":
        return session.update((state) => withSlab(facts, axis, state, state.slab + 2 * command.by));
      case "limits":
        return session.setContrast(
          shifted(session.contrastOf(session.activePane.get()), session.factsOf(session.activePane.get()), command),
        );
      case "auto":
        return session.setContrast(autoLimits(session, drawings.current) ?? {});
      case "autoVolume":
        return session.setContrast(volumeLimits(session.factsOf(session.activePane.get())));
      case "metadata":
        return session.setContrast(session.factsOf(session.activePane.get()).limits);
      case "invert":
        return session.setContrast({ isInverted: !session.contrastOf(session.activePane.get()).isInverted });
      case "play":
        return session.playing.set(session.playing.get() === undefined ? playSpeed.get() : undefined);
      case "speed": {
        const at = SPEEDS.indexOf(playSpeed.get() as 10) + command.by;
        const speed = SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)]!;
        playSpeed.set(speed);
        if (session.playing.get() !== undefined) session.playing.set(speed);
        return;
      }
      case "measure":
        return session.measuring.set(session.measuring.get() ? undefined : { kind: "line", draft: undefined });
      case "leave":
        if (session.measuring.get()?.draft?.kind === "polyline") return finishMeasure(session);
        session.playing.set(undefined);
        setSheet(undefined);
        return session.measuring.set(undefined);
      case "layers":
        // a sheet is on the page only when it is open
        flushSync(() => setSheet("layers"));
        return focusIn(root.current, ".v-layers");
      case "point":
        return stepPoint.current?.(command.by);
      case "blink": {
        const second = session.second.get();
        return second && session.second.set({ ...second, isOver: !second.isOver });
      }
      case "goTo":
        flushSync(() => setSheet("contrast"));
        return focusIn(root.current, ".v-go input");
      case "export":
        return setDialog("export");
      case "copy":
        return void copyLink();
      case "whereFrom": {
        const pane = session.activePane.get();
        const drawing = drawings.current.get(pane);
        const at = session.hover.get() ?? (drawing && atCrosshair(session, drawing));
        const of = at && lineageOf(session.factsOf(pane), at.voxel);
        if (of === undefined) return notify("No file of the server holds a voxel there.");
        return setDialog({ lineage: of });
      }
      case "neuroglancer":
        if (!isNeuroglancers) return;
        return void navigate({ to: neuroglancerAddress(location.pathname), search: linkParameters(facts, session.state.get()) });
      case "list":
        return void stepRuns(command.by).then(
          (to) =>
            to ? navigate({ to }) : notify("There is no further run: N and P step through the list of runs that one came from."),
          (error: unknown) => notify(error instanceof Error ? error.message : String(error)),
        );
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    // a dialog is left by its own keys
    if (event.defaultPrevented || target.closest("dialog")) return;
    const isField = isTyping(event.nativeEvent);
    if (isField && event.key !== "Escape") return;
    const isCanvas = target.classList.contains("v-canvas");
    const command = commandOf(event, letterKeys.get() && isCanvas);
    if (!command || (!isCanvas && command.do !== "leave")) return;
    event.preventDefault();
    if (command.do === "section") session.isHeld = event.repeat;
    if (!isCanvas) focusIn(root.current, `.v-pane[data-pane="${session.activePane.get()}"] .v-canvas`);
    if (isField) setSheet(undefined);
    else run(command);
  };
  const letGo = () => {
    session.isHeld = false;
  };

  const panes = PANES[layout];
  const isNeuroglancers = /\/view\/(?:tomogram|at)\//.test(location.pathname);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the canvases inside of it
    <div
      className="viewer"
      ref={root}
      onKeyDown={onKeyDown}
      onKeyUp={letGo}
      onBlur={letGo}
      onPointerDownCapture={settle}
      onPointerUpCapture={settle}
      data-sheet={sheet}
    >
      <div className="v-bar">
        <h1>{facts.title}</h1>
        <RunSteps facts={facts} step={(by) => run({ do: "list", by })} />
        <fieldset className="choice">
          <legend className="hidden">Layout</legend>
          {layoutsOf(facts).map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === layout}
              title={`${LAYOUT_TITLES[one]} (${LAYOUTS.indexOf(one) + 1})`}
              onClick={() => run({ do: "layout", layout: one })}
            >
              {one}
            </button>
          ))}
        </fieldset>
        <span className="row">
          <MeasureButton session={session} toggle={() => run({ do: "measure" })} />
          <button type="button" onClick={() => setDialog("export")} title="Export (E)">
            <Download size={16} aria-hidden /> <span className="wide">Export</span>
          </button>
          <button type="button" onClick={() => void copyLink()} title="Copy link (C)">
            <Copy size={16} aria-hidden /> <span className="wide">Copy link</span>
          </button>
          {isNeuroglancers && (
            <Link
              className="button"
              to={neuroglancerAddress(location.pathname)}
              title="Open in Neuroglancer (O)"
              onClick={(event) => {
                event.preventDefault();
                run({ do: "neuroglancer" });
              }}
            >
              <SquareArrowOutUpRight size={16} aria-hidden /> <span className="wide">Neuroglancer</span>
            </Link>
          )}
        </span>
      </div>
      {facts.warnings.length > 0 && (
        <ul className="v-warnings warn" aria-label="Warnings">
          {facts.warnings.map((text) => (
            <li key={text}>⚠ {text}</li>
          ))}
        </ul>
      )}
      <Changed session={session} writeLink={writeLink} />
      <div className="v-body">
        <div className={`v-panes v-${layout}`}>
          {panes
            .filter((pane) => pane !== "z2" || second)
            .map((pane) => (
              <Pane key={`${pane} ${drawer}`} session={session} pane={pane} onDrawing={onDrawing} />
            ))}
          {layout === "tilt" && (
            <Suspense>
              <TiltPart session={session} />
            </Suspense>
          )}
          {layout === "compare" && <BesideChoice session={session} />}
          {(layout === "ortho" || layout === "quad") && <Corner session={session} isLarge={layout === "quad"} />}
        </div>
        <Panel session={session} run={run}>
          {(!isDropped(facts) || source.layers) && <LayersPanel host={host} />}
        </Panel>
      </div>
      <SectionBar session={session} drawings={drawings.current} run={run}>
        {!isDropped(facts) && (
          <button type="button" onClick={() => run({ do: "whereFrom" })} title="Where the voxel at the crosshair is from (W)">
            <FileSearch size={16} aria-hidden /> Where from
          </button>
        )}
        <button
          type="button"
          className="v-narrow"
          aria-pressed={sheet === "contrast"}
          onClick={() => setSheet(sheet === "contrast" ? undefined : "contrast")}
        >
          <SlidersHorizontal size={16} aria-hidden /> Contrast
        </button>
        <button
          type="button"
          className="v-narrow"
          aria-pressed={sheet === "layers"}
          onClick={() => setSheet(sheet === "layers" ? undefined : "layers")}
        >
          <Layers size={16} aria-hidden /> Layers
        </button>
      </SectionBar>
      {typeof dialog === "object" && <LineageOf of={dialog.lineage} close={() => setDialog(undefined)} />}
      {dialog === "export" && <ExportDialog session={session} drawings={drawings.current} close={() => setDialog(undefined)} />}
      <Announcer session={session} />
    </div>
  );
}

/** Of a voxel of level 0, `[z, y, x]`. Undefined outside of the volume, and for a dropped file. */
function lineageOf(facts: VolumeFacts, voxel: readonly number[]): string | undefined {
  const [z, y, x] = voxel;
  const isInside = voxel.every((index, axis) => index >= 0 && index < facts.shape[axis]!);
  return isDropped(facts) || !isInside ? undefined : `${facts.ref}/voxel?z=${z}&y=${y}&x=${x}`;
}

/**
 * Steps of a held key, one a frame: a machine that draws more slowly than keys come would do nothing but count.
 *
 * @returns `settle` takes the steps that wait, before whatever was done after their keys
 */
function useSteps(session: Session, done: (axis: Axis) => void) {
  const waiting = useRef<{ frame: number; readonly steps: Map<Axis, number> }>({ frame: 0, steps: new Map() });
  useEffect(() => () => cancelAnimationFrame(waiting.current.frame), []);
  return useMemo(() => {
    const settle = () => {
      const left = [...waiting.current.steps];
      waiting.current.steps.clear();
      for (const [axis, by] of left) {
        session.step(axis, by);
        done(axis);
      }
      return left.length > 0;
    };
    const onFrame = () => {
      waiting.current.frame = settle() ? requestAnimationFrame(onFrame) : 0;
    };
    const step = (axis: Axis, by: number) => {
      const { frame, steps } = waiting.current;
      steps.set(axis, (steps.get(axis) ?? 0) + by);
      if (frame === 0) onFrame();
    };
    return { step, settle };
  }, [session, done]);
}

/** Dataset and run are above a volume of the catalogue, its folder above a file. */
function useWay(facts: VolumeFacts): void {
  const { data: run } = useRun(facts.ref);
  const places = useServer().data?.places;
  const place = places?.find(({ id }) => id === facts.place) ?? { id: facts.place, name: facts.place };
  const parts = facts.key.split("/");
  const ofRun = run && [
    ...(run.dataset ? [{ label: run.dataset.title, to: `/datasets/${run.dataset.id}` }] : []),
    { label: run.name, to: `/runs/${run.id}` },
    { label: facts.title },
  ];
  const isFile = !facts.ref.includes(":") && !isDropped(facts);
  useCrumbs(...(ofRun ?? (isFile ? crumbsOf(place, parts) : [{ label: facts.title }])));
  useCommand(isDropped(facts) ? `emporium harvest inspect ${quoteWord(facts.key)}` : inspectCommand(place, parts));
}

/** The runs before and after in the list that one came from. */
function RunSteps({ facts, step }: { facts: VolumeFacts; step: (by: 1 | -1) => void }) {
  const { data: listed } = useListed(facts.ref);
  if (!listed || listed.of < 2) return null;
  const { before, after, at, of } = listed;
  return (
    <nav className="row" aria-label="Runs of the list">
      <button type="button" className="bare" disabled={before === undefined} onClick={() => step(-1)} title="Previous run (P)">
        ‹ P
      </button>
      <span>
        {at + 1}/{of}
      </span>
      <button type="button" className="bare" disabled={after === undefined} onClick={() => step(1)} title="Next run (N)">
        N ›
      </button>
    </nav>
  );
}

/** Slices of the file as it was and as it is never stand beside each other. */
function Changed({ session, writeLink }: { session: Session; writeLink: () => Promise<void> }) {
  if (!session.isChanged.use()) return null;
  return (
    <p className="v-warnings" role="alert">
      ✕ {session.facts.title} has changed since it was opened: slices that were read before are shown, and no others.{" "}
      <button type="button" onClick={() => void writeLink().then(() => location.reload())}>
        Reload
      </button>
    </p>
  );
}

function MeasureButton({ session, toggle }: { session: Session; toggle: () => void }) {
  const measuring = session.measuring.use();
  return (
    <button type="button" aria-pressed={measuring !== undefined} onClick={toggle} title="Measure (M)">
      <Ruler size={16} aria-hidden /> <span className="wide">Measure</span>
    </button>
  );
}

/** Says the slice number, at most twice a second. */
function Announcer({ session }: { session: Session }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    let timer: number | undefined;
    let before = "";
    const stop = session.state.watch(() => {
      if (sliceWords(session) === before || timer !== undefined) return;
      timer = window.setTimeout(() => {
        timer = undefined;
        before = sliceWords(session);
        setSaid(before);
      }, 500);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [session]);
  return (
    <p className="hidden" role="status">
      {said}
    </p>
  );
}

/** `xy slice 31`, and what else is known of it. */
function sliceWords({ facts, active, state }: Session): string {
  const section = sectionOf(facts, active, state.get());
  const angle = active === "z" ? facts.angles?.[section] : undefined;
  const page = active === "z" && facts.pages ? `, ${printPage(facts.pages, section)}` : "";
  return `${PANE_NAMES[active]} slice ${section + 1}${page}${angle === undefined ? "" : `, ${angle.toFixed(2)}°`}`;
}

/** Moves the picture where the crosshair has left it. */
function bringIntoSight(session: Session, drawing: PaneDrawing): void {
  const { position } = session.state.get();
  const { u, v } = drawing.placement().toPane(position);
  const { width, height } = drawing.view();
  if (u < 0 || v < 0 || u > width || v > height) session.update((state) => ({ ...state, centre: position }));
}

const neuroglancerAddress = (pathname: string): string => {
  const [, rest = ""] = /\/view\/(.*)$/.exec(pathname) ?? [];
  return `/neuroglancer/${rest}`;
};

function focusIn(root: HTMLElement | null, selector: string): void {
  const found = root?.querySelector<HTMLElement>(selector);
  const target = found?.matches("input, button") ? found : (found?.querySelector<HTMLElement>("input, button") ?? found);
  target?.focus();
  if (target instanceof HTMLInputElement) target.select();
}

function useLayout(session: Session): Layout {
  const chosen = useOf(session.state, ({ layout }) => layout);
  const [isNarrow, setNarrow] = useState(() => innerWidth < NARROW);
  useEffect(() => {
    const onResize = () => setNarrow(innerWidth < NARROW);
    addEventListener("resize", onResize);
    return () => removeEventListener("resize", onResize);
  }, []);
  const { facts } = session;
  const usual = isTiltSeries(facts) ? "tilt" : isNarrow || facts.shape[0] === 1 || facts.pages ? "xy" : "ortho";
  return chosen ?? usual;
}

/** Address and picture say the same: a moment after the last change, or when it is asked for. */
function useLink(session: Session): { copyLink(): Promise<void>; writeLink(): Promise<void> } {
  const navigate = useNavigate();
  const { search, hash } = useLocation();
  const written = useRef("");
  const timer = useRef<number>(undefined);
  const write = useCallback(() => {
    clearTimeout(timer.current);
    const link = splitLink(linkParameters(session.facts, session.state.get()));
    const text = JSON.stringify([sorted(link.search), link.hash]);
    if (text === written.current) return Promise.resolve();
    written.current = text;
    return navigate({ to: ".", search: link.search as never, hash: link.hash, replace: true, resetScroll: false });
  }, [session, navigate]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the address says later is compared below
  useEffect(() => {
    written.current ||= JSON.stringify([sorted(search), hash]);
    const stop = session.state.watch(() => {
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => void write(), LINK_MS);
    });
    return () => {
      stop();
      clearTimeout(timer.current);
    };
  }, [session, write]);
  useEffect(() => {
    const text = JSON.stringify([sorted(search), hash]);
    if (written.current === "" || text === written.current) return;
    // somebody went back, or wrote another address
    written.current = text;
    session.state.set(parseLink(session.facts, search, hash).state);
  }, [session, search, hash]);
  useEffect(() => writesAddress(write), [write]);
  const copyLink = async () => {
    const copied = isDropped(session.facts)
      ? `Link copied. It holds the view, not the file: drop ${session.facts.title} there.`
      : "Link copied.";
    notify((await copyText(await addressNow())) ? copied : "The browser forbids copying: the address is in its address bar.");
  };
  return { copyLink, writeLink: write };
}

const sorted = (search: object): readonly (readonly [string, unknown])[] =>
  Object.entries(search)
    .filter(([name, value]) => value !== undefined && (PARAMETER_NAMES as readonly string[]).includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** Steps while it plays; waits for planes that have not come. */
function usePlaying(session: Session): void {
  const speed = session.playing.use();
  useEffect(() => {
    if (speed === undefined) return;
    const timer = setInterval(() => {
      const axis = session.active;
      if (session.status.get()[axis]?.isSlow) return;
      const before = session.state.get();
      session.step(axis, 1);
      // from the last to the first
      if (session.state.get() === before) session.step(axis, -session.facts.shape[PANE_AXES[axis].normal]);
    }, 1000 / speed);
    return () => clearInterval(timer);
  }, [session, speed]);
}

const NOTHING = {};

function useHost(
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
