import { type ReactNode, useEffect, useRef, useState } from "react";
import { apiErrorOf } from "../../parts/states.js";
import { hasScale } from "../geometry.js";
import type { Axis } from "../overlay.js";
import { isNoAnswer, isOtherSource } from "../served.js";
import type { Session } from "../session.js";
import { SPACE_MODES, type SpaceMode } from "../state.js";
import { TypedField } from "../typed-field.js";
import { useOf } from "../use-of.js";
import { drawSpace, type SpaceDrawing, type SpaceStatus } from "./drawing.js";
import { listen } from "./listen.js";
import { drawStill } from "./still.js";
import { firstThreshold } from "./surface.js";
import { changeSpace, lookOf, spaceOf } from "./view.js";
import "./space.css";

const NOTHING_YET: SpaceStatus = {
  isSharp: false,
  level: undefined,
  progress: 0,
  error: undefined,
  notices: [],
  bytes: 0,
  isLost: false,
};
const MODES: Readonly<Record<SpaceMode, readonly [name: string, title: string]>> = {
  max: ["Max", "The densest voxel behind each pixel"],
  mean: ["Mean", "The mean of all voxels behind each pixel"],
  surface: ["Surface", "Where the density is as high as the threshold"],
};

/** The volume in space, with what is on of the layers. */
export default function SpacePane({ session, children }: { session: Session; children?: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<SpaceDrawing>(undefined);
  const [status, setStatus] = useState(NOTHING_YET);
  const [failure, setFailure] = useState<unknown>();
  useEffect(() => {
    const tell = (next: SpaceStatus) => setStatus((before) => (isSame(before, next) ? before : next));
    let made: SpaceDrawing;
    try {
      const parts = [session, canvas.current!, above.current!, tell] as const;
      made = drawSpace(...parts) ?? drawStill(...parts);
    } catch (error) {
      setFailure(error);
      return;
    }
    drawing.current = made;
    const { width, height } = box.current!.getBoundingClientRect();
    made.resize(width, height);
    const observer = new ResizeObserver(([entry]) => made.resize(entry!.contentRect.width, entry!.contentRect.height));
    observer.observe(box.current!);
    const size = () => ({ width: canvas.current!.clientWidth, height: canvas.current!.clientHeight });
    const stop = listen(session, canvas.current!, size);
    session.space.set({
      isActive: document.activeElement === canvas.current,
      picture: (parts) => made.picture(parts),
      words: () => wordsOf(session),
      angstromPerPixel: () => lookOf(session, size()).scale / devicePixelRatio,
    });
    // keys of the whole viewer mean the pane that was worked in last
    const onFocus = ({ target }: FocusEvent) => {
      const space = session.space.get();
      if (space && target instanceof Element && target.matches(".v-canvas")) space.isActive = target === canvas.current;
    };
    document.addEventListener("focusin", onFocus);
    return () => {
      session.space.set(undefined);
      document.removeEventListener("focusin", onFocus);
      stop();
      observer.disconnect();
      made.close();
    };
  }, [session]);
  const label = useOf(session.state, () => wordsOf(session));
  return (
    <div className="v-space-part">
      <SpaceBar session={session}>{children}</SpaceBar>
      <div className="v-pane v-space" ref={box} data-sharp={status.isSharp} data-level={status.level} data-bytes={status.bytes}>
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: keys and pointer act on it, which is what `application` says */}
        <canvas ref={canvas} className="v-canvas" role="application" tabIndex={0} aria-label={`3-D view, ${label}`} />
        <canvas ref={above} className="v-above" tabIndex={-1} aria-hidden="true" />
        <Said session={session} status={status} failure={failure} again={() => drawing.current?.retry()} />
      </div>
    </div>
  );
}

/** `maximum projection, turned 30°, tilted 55°`. */
function wordsOf(session: Session): string {
  const { camera, mode, threshold } = spaceOf(session, session.state.get());
  const shown = { max: "maximum projection", mean: "mean projection", surface: `surface at ${threshold}` }[mode];
  return `${shown}, turned ${Math.round(camera.turn)}°, tilted ${Math.round(-camera.tilt)}°`;
}

const isSame = (a: SpaceStatus, b: SpaceStatus): boolean =>
  (Object.keys(a) as (keyof SpaceStatus)[]).every((name) =>
    name === "notices" ? a.notices.join() === b.notices.join() : a[name] === b[name],
  );

/** What is drawn, and how. */
function SpaceBar({ session, children }: { session: Session; children?: ReactNode }) {
  const mode = useOf(session.state, (state) => spaceOf(session, state).mode);
  const cuts = useOf(session.state, (state) => spaceOf(session, state).cuts.join(""));
  const isDark = useOf(session.state, (state) => spaceOf(session, state).isDarkDense);
  const toggle = (axis: Axis) => {
    const all = (["x", "y", "z"] as const).filter((one) => cuts.includes(one) !== (one === axis));
    changeSpace(session, { cuts: all });
  };
  return (
    <div className="v-space-bar">
      <fieldset className="choice">
        <legend className="hidden">Volume in space</legend>
        {SPACE_MODES.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === mode}
            title={MODES[one][1]}
            onClick={() => changeSpace(session, { mode: one })}
          >
            {MODES[one][0]}
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        className="small"
        aria-pressed={isDark}
        title={
          isDark
            ? "Low numbers are taken as dense, as in cryo-EM: press if here the specimen is bright"
            : "High numbers are taken as dense: press if here the specimen is dark, as in cryo-EM"
        }
        onClick={() => changeSpace(session, { isDarkDense: !isDark, threshold: undefined })}
      >
        Dark is dense
      </button>
      <fieldset className="choice" title="Planes through the crosshair, which move with the sections">
        <legend className="hidden">Planes in space</legend>
        {(
          [
            ["z", "xy"],
            ["y", "xz"],
            ["x", "yz"],
          ] as const
        ).map(([axis, name]) => (
          <button key={axis} type="button" aria-pressed={cuts.includes(axis)} onClick={() => toggle(axis)}>
            {name}
          </button>
        ))}
      </fieldset>
      {mode === "surface" && <Threshold session={session} isDark={isDark} />}
      {children}
    </div>
  );
}

function Threshold({ session, isDark }: { session: Session; isDark: boolean }) {
  const threshold = useOf(session.state, (state) => spaceOf(session, state).threshold);
  const low = useOf(session.state, ({ contrast }) => contrast.low);
  const high = useOf(session.state, ({ contrast }) => contrast.high);
  // of what lies beyond the contrast no more is known than that
  const set = (value: number) => changeSpace(session, { threshold: Number(Math.min(Math.max(value, low), high).toPrecision(4)) });
  return (
    <label
      className="row v-threshold"
      title={`At first ${firstThreshold(session.facts, isDark)}, by the histogram of the volume; from black to white of the contrast`}
    >
      <span>Threshold</span>
      <input
        type="range"
        min={low}
        max={high}
        step={(high - low) / 250}
        value={threshold}
        aria-label="Threshold of the surface"
        onChange={({ currentTarget }) => set(Number(currentTarget.value))}
      />
      <TypedField
        inputMode="decimal"
        size={7}
        aria-label="Threshold as a number"
        value={String(threshold)}
        take={(text) => {
          if (text.trim() !== "" && Number.isFinite(Number(text))) set(Number(text));
        }}
      />
    </label>
  );
}

interface SaidProps {
  readonly session: Session;
  readonly status: SpaceStatus;
  readonly failure: unknown;
  again(): void;
}

/** What is still to come, what is not in the picture, and why. */
function Said({ session, status, failure, again }: SaidProps) {
  const { level, progress, error, notices, isLost } = status;
  const wrong = failure ?? (isNoAnswer(error) || isOtherSource(error) ? undefined : error);
  const isVirtual = level !== undefined && session.facts.levels[level]?.virtual;
  const step = level === undefined ? 1 : Math.max(...session.facts.levels[level]!.scale);
  return (
    <>
      <span className="v-level">
        {progress !== undefined && `${Math.round(100 * progress)} %`}
        {progress !== undefined && level !== undefined && level > 0 && " · "}
        {level !== undefined && level > 0 && `level ${level}`}
        {isVirtual && step > 1 && ` · every ${step}${step % 10 === 2 ? "nd" : "th"} voxel`}
        {progress === undefined && !(level !== undefined && level > 0) && (hasScale(session.facts) ? "" : "voxels")}
      </span>
      {progress !== undefined && <span className="v-slow" />}
      {isLost && (
        <p className="v-space-said" role="status">
          The graphics card has let go of the picture. It comes back by itself, or when the page is loaded again.
        </p>
      )}
      {notices.map((text) => (
        <p key={text} className="v-space-said" role="status">
          {text}
        </p>
      ))}
      {wrong !== undefined && (
        <div className="panel error v-error" role="alert">
          <strong>✕ {apiErrorOf(wrong).code}</strong> {apiErrorOf(wrong).message} {apiErrorOf(wrong).hint}{" "}
          {failure === undefined && (
            <button type="button" onClick={again}>
              Try again
            </button>
          )}
        </div>
      )}
    </>
  );
}
