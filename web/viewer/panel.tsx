import type { ReactNode } from "react";
import { copyText } from "../parts/copy.js";
import { Facts } from "../parts/facts.js";
import { notify } from "../parts/page.js";
import { GAMMA_MAX, GAMMA_MIN } from "./contrast.js";
import { volumeFacts } from "./corner.js";
import { hasScale, PANE_AXES } from "./geometry.js";
import { Histogram, useContrast } from "./histogram.js";
import type { Command } from "./keys.js";
import { MEASURE_KINDS, measuresTsv, parsePoint, printMeasured } from "./measure.js";
import type { Session } from "./session.js";
import { type DrawnBy, drawnBy, logHistogram, sideWidth, wheelZooms } from "./settings.js";
import { atPosition, isTiltSeries, withSlab } from "./state.js";
import { TypedField } from "./typed-field.js";
import { useOf } from "./use-of.js";

/** Layers, contrast, slab, position, measures, settings. */
export function Panel({ session, run, children }: { session: Session; run: (command: Command) => void; children: ReactNode }) {
  const width = sideWidth.use();
  const isTilt = isTiltSeries(session.facts);
  return (
    <aside
      className="v-side"
      aria-label="Contrast, layers and measures"
      style={{ "--side": `${width}px` } as React.CSSProperties}
    >
      <Grip />
      <section className="v-layers" aria-label="Layers">
        {children}
      </section>
      <ContrastPart session={session} run={run} />
      {!isTilt && <SlabPart session={session} />}
      <PositionPart session={session} />
      <MeasurePart session={session} run={run} />
      <details className="v-part">
        <summary>Facts</summary>
        <Facts facts={volumeFacts(session.facts)} />
      </details>
      <Settings />
    </aside>
  );
}

/** Makes the panel wider or narrower, by pointer or arrows. */
function Grip() {
  const width = sideWidth.use();
  const set = (value: number) => sideWidth.set(Math.min(Math.max(Math.round(value), 220), 480));
  return (
    <hr
      className="v-grip"
      aria-orientation="vertical"
      aria-label="Width of the panel"
      aria-valuenow={width}
      aria-valuemin={220}
      aria-valuemax={480}
      tabIndex={0}
      onKeyDown={({ key }) => (key === "ArrowLeft" ? set(width + 20) : key === "ArrowRight" && set(width - 20))}
      onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)}
      onPointerMove={({ currentTarget, pointerId, clientX }) =>
        currentTarget.hasPointerCapture(pointerId) && set(currentTarget.parentElement!.getBoundingClientRect().right - clientX)
      }
    />
  );
}

function ContrastPart({ session, run }: { session: Session; run: (command: Command) => void }) {
  const contrast = useContrast(session);
  const log = logHistogram.use();
  const { limits } = session.factsOf(session.activePane.get());
  return (
    <section className="v-part" aria-label="Contrast">
      <h2>Contrast</h2>
      <Histogram session={session} />
      <div className="v-row">
        <NumberField label="Black" value={contrast.low} set={(low) => session.setContrast({ low })} />
        <NumberField label="White" value={contrast.high} set={(high) => session.setContrast({ high })} />
      </div>
      <div className="v-row">
        <button type="button" onClick={() => run({ do: "auto" })} title="1st to 99th percentile of what is visible (A)">
          Auto
        </button>
        <button type="button" onClick={() => run({ do: "autoVolume" })} title="1st to 99th percentile of the volume (Shift A)">
          Volume
        </button>
        <button type="button" onClick={() => run({ do: "metadata" })} title={`Limits of the ${limits.from} (0)`}>
          Reset
        </button>
        <button type="button" aria-pressed={contrast.isInverted} onClick={() => run({ do: "invert" })} title="Invert (I)">
          Invert
        </button>
      </div>
      <div className="v-row">
        <label className="check">
          γ{" "}
          <input
            type="range"
            min={Math.log(GAMMA_MIN)}
            max={Math.log(GAMMA_MAX)}
            step={0.01}
            value={Math.log(contrast.gamma)}
            aria-label="Gamma"
            aria-valuetext={contrast.gamma.toFixed(2)}
            onChange={({ target }) =>
              session.setContrast({ gamma: Math.abs(Number(target.value)) < 0.05 ? 1 : Math.exp(Number(target.value)) })
            }
          />{" "}
          <output>{contrast.gamma.toFixed(2)}</output>
        </label>
        <label className="check">
          <input type="checkbox" checked={log} onChange={({ target }) => logHistogram.set(target.checked)} /> log
        </label>
      </div>
    </section>
  );
}

function SlabPart({ session }: { session: Session }) {
  const slab = useOf(session.state, (state) => state.slab);
  const most = session.facts.shape[PANE_AXES[session.active].normal];
  return (
    <section className="v-part v-row" aria-label="Slab">
      <label title="Mean of so many slices (S, Shift S)">
        Slab{" "}
        <input
          type="number"
          min={1}
          max={most}
          step={2}
          value={slab}
          onChange={({ target }) =>
            session.update((state) =>
              withSlab(session.facts, session.active, state, Math.floor(Number(target.value) / 2) * 2 + 1 || 1),
            )
          }
        />{" "}
        slices
      </label>
    </section>
  );
}

function PositionPart({ session }: { session: Session }) {
  const position = useOf(session.state, (state) => state.position);
  const take = (text: string) => {
    const world = parsePoint(text.trim().replaceAll(/[\s,;]+/g, ","));
    if (world) session.update((state) => atPosition(session.facts, state, world));
    else notify("A position is three numbers: x y z.");
  };
  return (
    <section className="v-part v-row v-go" aria-label="Position">
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the field is an input */}
      <label title="Go to (G)">
        x y z <TypedField size={18} value={[...position].reverse().join(" ")} take={take} />{" "}
        {hasScale(session.facts) ? "Å" : "voxels"}
      </label>
    </section>
  );
}

function MeasurePart({ session, run }: { session: Session; run: (command: Command) => void }) {
  const measures = useOf(session.state, (state) => state.measures);
  const measuring = session.measuring.use();
  if (measures.length === 0 && !measuring) return null;
  const copy = async () =>
    notify((await copyText(measuresTsv(measures))) ? `${measures.length} measures copied.` : "The browser forbids copying.");
  const remove = (at: number) => session.update((state) => ({ ...state, measures: state.measures.filter((_, i) => i !== at) }));
  return (
    <section className="v-part" aria-label="Measures">
      <h2>Measure</h2>
      {measuring && (
        <fieldset className="choice">
          <legend className="hidden">What to measure</legend>
          {MEASURE_KINDS.map((kind) => (
            <button
              key={kind}
              type="button"
              aria-pressed={kind === measuring.kind}
              onClick={() => session.measuring.set({ kind, draft: undefined })}
            >
              {kind}
            </button>
          ))}
        </fieldset>
      )}
      {measuring && (
        <p className="muted">
          {measuring.kind === "polyline" ? "Click points; double click or Esc ends." : "Click points in a plane. Esc leaves."}
        </p>
      )}
      <ul className="v-measures">
        {measures.map((one, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two measures may be alike
          <li key={at}>
            <span>{one.kind}</span>
            <strong>{printMeasured(one, hasScale(session.facts))}</strong>
            <button type="button" className="bare" aria-label={`Remove ${one.kind}`} onClick={() => remove(at)}>
              ✕
            </button>
          </li>
        ))}
      </ul>
      {measures.length > 0 && (
        <button type="button" onClick={() => void copy()}>
          Copy as table
        </button>
      )}
      {measuring && (
        <button type="button" onClick={() => run({ do: "measure" })}>
          Done
        </button>
      )}
    </section>
  );
}

function Settings() {
  const wheel = wheelZooms.use();
  return (
    <section className="v-part" aria-label="Settings">
      <label className="check">
        <input type="checkbox" checked={wheel} onChange={({ target }) => wheelZooms.set(target.checked)} /> Wheel zooms
      </label>
      <label>
        Drawn by{" "}
        <select value={drawnBy.use()} onChange={({ target }) => drawnBy.set(target.value as DrawnBy)}>
          <option value="auto">what is faster</option>
          <option value="webgl">WebGL</option>
          <option value="processor">the processor</option>
        </select>
      </label>
    </section>
  );
}

/** A number that is taken when it is whole. */
function NumberField({ label, value, set }: { label: string; value: number; set: (value: number) => void }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field is an input
    <label>
      {label}{" "}
      <TypedField
        inputMode="decimal"
        size={7}
        value={String(value)}
        take={(text) => {
          if (Number.isFinite(Number(text))) set(Number(text));
        }}
      />
    </label>
  );
}
