import { useLocation, useNavigate } from "@tanstack/react-router";
import { FileSearch, Layers, SlidersHorizontal } from "lucide-react";
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { quoteWord } from "../../src/core/shell.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { addressNow, neuroglancerOf, writesAddress } from "../parts/address.js";
import { copyText } from "../parts/copy.js";
import { notify, useCommand, useCrumbs } from "../parts/page.js";
import { bytesAt, crumbsOf } from "../parts/place-way.js";
import { useServer } from "../parts/queries.js";
import { isTyping, letterKeys } from "../parts/settings.js";
import { LineageOf } from "../parts/where-from.js";
import "./viewer.css";
import { VIEW_PARAMETERS } from "../../src/model/view-parameters.js";
import { type Dialog, focusIn, runCommand, type Sheet, type ViewerParts } from "./commands.js";
import { BesideChoice, useSecond } from "./compare.js";
import { Corner, QuadCorner } from "./corner.js";
import { ExportDialog } from "./export-dialog.js";
import { PANE_AXES, PANE_NAMES } from "./geometry.js";
import { useHost } from "./host.js";
import { type Command, commandOf } from "./keys.js";
import { linkParameters, parseLink, splitLink } from "./link.js";
import { useRun } from "./of-run.js";
import type { Axis } from "./overlay.js";
import { LayersPanel } from "./overlays/layers.js";
import { atCrosshair, followDraft, Pane } from "./pane.js";
import type { PaneDrawing } from "./pane-draw.js";
import { Panel } from "./panel.js";
import type { PlaneSource } from "./planes.js";
import { SectionBar } from "./section-bar.js";
import { makeSession, type PaneId, type Session } from "./session.js";
import { drawnBy } from "./settings.js";
import { printPage } from "./stack-pages.js";
import { isDropped, isTiltSeries, type Layout, sectionOf } from "./state.js";
import { useOf } from "./use-of.js";
import { ViewerBar } from "./viewer-bar.js";

/** Width of the window in pixels below which there is one pane, and side panels come from below. */
const NARROW = 900;
/** Milliseconds after which the address follows what is seen: browsers allow few changes. */
const LINK_MS = 250;

const PANES: Readonly<Record<Layout, readonly PaneId[]>> = {
  xy: ["z"],
  ortho: ["z", "x", "y"],
  quad: ["z", "x", "y"],
  tilt: ["z"],
  compare: ["z", "z2"],
  "3d": [],
};

const TiltPart = lazy(() => import("./tilt.js"));
const ViewsDialog = lazy(() => import("../saved/views-dialog.js").then(({ ViewsDialog: part }) => ({ default: part })));
const SpacePart = lazy(() => import("./space/pane.js"));

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
  const [sheet, setSheet] = useState<Sheet | undefined>();
  const [dialog, setDialog] = useState<Dialog | undefined>();
  const drawings = useRef(new Map<PaneId, PaneDrawing>());
  const onDrawing = useCallback((pane: PaneId, drawing: PaneDrawing | undefined) => {
    if (drawing) drawings.current.set(pane, drawing);
    else drawings.current.delete(pane);
  }, []);
  const layout = useLayout(session);
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

  const parts: ViewerParts = {
    ...{ session, drawings: drawings.current, root, host, pathname: location.pathname, navigate },
    ...{ step, stepPoint: (by) => stepPoint.current?.(by), copyLink, setSheet, setDialog },
  };
  const run = (command: Command) => {
    if (command.do !== "section" && command.do !== "cross") settle();
    runCommand(parts, command);
  };
  const letGo = () => {
    session.isHeld = false;
  };
  useKeys((event) => onKeyDown(event, parts, run), letGo);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a pointer on any of its canvases ends the step that keys have begun
    <div
      className="viewer"
      ref={root}
      onBlur={letGo}
      onPointerDownCapture={settle}
      onPointerUpCapture={settle}
      data-sheet={sheet}
    >
      <ViewerBar session={session} layout={layout} run={run} neuroglancer={neuroglancerOf(location.pathname)} />
      <Warnings texts={facts.warnings} />
      <Changed session={session} writeLink={writeLink} />
      <div className="v-body">
        <Panes session={session} layout={layout} onDrawing={onDrawing} />
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
        <SheetButton of="contrast" sheet={sheet} setSheet={setSheet}>
          <SlidersHorizontal size={16} aria-hidden /> Contrast
        </SheetButton>
        <SheetButton of="layers" sheet={sheet} setSheet={setSheet}>
          <Layers size={16} aria-hidden /> Layers
        </SheetButton>
      </SectionBar>
      {typeof dialog === "object" && <LineageOf of={dialog.lineage} close={() => setDialog(undefined)} />}
      {dialog === "export" && <ExportDialog session={session} drawings={drawings.current} close={() => setDialog(undefined)} />}
      {dialog === "views" && (
        <Suspense>
          <ViewsDialog volume={facts.ref} close={() => setDialog(undefined)} />
        </Suspense>
      )}
      <Announcer session={session} />
    </div>
  );
}

/** Keys wherever the focus is: after a click on a button of the panel, too. */
function useKeys(onKey: (event: KeyboardEvent) => void, letGo: () => void): void {
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    document.addEventListener("keyup", letGo);
    return () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("keyup", letGo);
    };
  });
}

function onKeyDown(event: KeyboardEvent, { session, root, setSheet }: ViewerParts, run: (command: Command) => void): void {
  const target = event.target as HTMLElement;
  // a dialog is left by its own keys
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const isField = isTyping(event) && !target.matches(NO_TEXT);
  const isCanvas = target.classList.contains("v-canvas");
  if (isField ? event.key !== "Escape" : !isCanvas && isOwnKey(target, event.key)) return;
  const command = commandOf(event, letterKeys.get());
  if (!command || (!isCanvas && command.do === "press")) return;
  event.preventDefault();
  if (command.do === "section") session.isHeld = event.repeat;
  if (!isCanvas && command.do === "leave") focusIn(root.current, `.v-pane[data-pane="${session.activePane.get()}"] .v-canvas`);
  if (isField) setSheet(undefined);
  else run(command);
}

/** Fields into which no text is typed. */
const NO_TEXT = "input[type=checkbox], input[type=radio], input[type=range]";
/** Controls that are moved by keys. */
const MOVED = "select, input[type=radio], input[type=range], [role=slider], [role=separator], [role=tab], [role=listbox]";

/** A key that the control which has the focus takes itself. */
function isOwnKey(target: HTMLElement, key: string): boolean {
  if (key === " " || key === "Enter") return target.closest("button, a, summary, input, select") !== null;
  return target.closest(MOVED) !== null && (/^(?:Arrow|Page|Home|End)/.test(key) || target.tagName === "SELECT");
}

function Warnings({ texts }: { texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <ul className="v-warnings warn" aria-label="Warnings">
      {texts.map((text) => (
        <li key={text}>⚠ {text}</li>
      ))}
    </ul>
  );
}

interface PanesProps {
  readonly session: Session;
  readonly layout: Layout;
  onDrawing(pane: PaneId, drawing: PaneDrawing | undefined): void;
}

/** The planes of a layout, and what stands beside them. */
function Panes({ session, layout, onDrawing }: PanesProps) {
  const second = useSecond(session, layout);
  const drawer = drawnBy.use();
  const way = useOf(session.state, (state) => state.way);
  const isOver = session.second.use()?.isOver;
  const compared = layout === "compare" && second && way ? { "data-way": way, "data-over": isOver } : {};
  return (
    <div className={`v-panes v-${layout}`} {...compared}>
      {PANES[layout]
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
      {layout === "3d" && <SpaceIn session={session} />}
      {layout === "quad" && <QuadCorner session={session} inSpace={(choice) => <SpaceIn session={session}>{choice}</SpaceIn>} />}
      {layout === "ortho" && <Corner session={session} isLarge={false} />}
    </div>
  );
}

/** The 3-D pane, whose program is loaded when it is looked at. */
function SpaceIn({ session, children }: { session: Session; children?: ReactNode }) {
  return (
    <Suspense fallback={<div className="v-pane" />}>
      <SpacePart session={session}>{children}</SpacePart>
    </Suspense>
  );
}

interface SheetButtonProps {
  readonly of: Sheet;
  readonly sheet: Sheet | undefined;
  setSheet(sheet: Sheet | undefined): void;
  readonly children: ReactNode;
}

/** Opens a side panel where there is no room for it. */
function SheetButton({ of, sheet, setSheet, children }: SheetButtonProps) {
  return (
    <button
      type="button"
      className="v-narrow"
      aria-pressed={sheet === of}
      onClick={() => setSheet(sheet === of ? undefined : of)}
    >
      {children}
    </button>
  );
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
  useCommand(
    isDropped(facts)
      ? { line: `emporium harvest inspect ${quoteWord(facts.key)}` }
      : { inspects: bytesAt(place, parts), ask: `volumes/${facts.ref}`, volume: facts.ref },
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

function useLayout(session: Session): Layout {
  const chosen = useOf(session.state, ({ layout }) => layout);
  const [isNarrow, setNarrow] = useState(() => innerWidth < NARROW);
  useEffect(() => {
    const onResize = () => setNarrow(innerWidth < NARROW);
    addEventListener("resize", onResize);
    return () => removeEventListener("resize", onResize);
  }, []);
  const { facts } = session;
  // a movie has no third dimension to be cut along
  const isFlat = facts.shape[0] === 1 || facts.pages !== undefined || facts.ref.startsWith("frame:");
  const usual = isTiltSeries(facts) ? "tilt" : isNarrow || isFlat ? "xy" : "ortho";
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
    .filter(([name, value]) => value !== undefined && (VIEW_PARAMETERS as readonly string[]).includes(name))
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
