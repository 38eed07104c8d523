import { Pause, Play } from "lucide-react";
import type { ReactNode } from "react";
import type { StackPages } from "../../src/model/page-api.js";
import { ABSENT } from "../parts/format.js";
import { hasScale, PANE_AXES, PANE_NAMES } from "./geometry.js";
import type { Command } from "./keys.js";
import type { Axis } from "./overlay.js";
import { atCrosshair } from "./pane.js";
import type { PaneDrawing } from "./pane-draw.js";
import { axisOf, type PaneId, type Session } from "./session.js";
import { longAxes, pageAt, pageAxisName, placeOf } from "./stack-pages.js";
import { sectionOf } from "./state.js";
import { TypedField } from "./typed-field.js";
import { useOf } from "./use-of.js";

/** Slice, play, and what is under the pointer. */
export function SectionBar({
  session,
  drawings,
  run,
  children,
}: {
  session: Session;
  drawings: ReadonlyMap<PaneId, PaneDrawing>;
  run: (command: Command) => void;
  children: ReactNode;
}) {
  const axis = axisOf(session.activePane.use());
  const playing = session.playing.use();
  const section = useOf(session.state, (state) => sectionOf(session.facts, axis, state));
  const count = session.facts.shape[PANE_AXES[axis].normal];
  const angle = axis === "z" ? session.facts.angles?.[section] : undefined;
  return (
    <div className="v-foot">
      <label className="v-slide">
        <span>{axis}</span>
        <input
          type="range"
          min={1}
          max={count}
          value={section + 1}
          aria-label={`Slice of ${PANE_NAMES[axis]}`}
          onChange={({ target }) => session.goToSection(axis, Number(target.value) - 1)}
        />
      </label>
      <button
        type="button"
        className="bare"
        aria-label={playing === undefined ? "Play" : "Pause"}
        title={playing === undefined ? "Play (Space)" : `Pause (Space), ${playing} slices a second`}
        onClick={() => run({ do: "play" })}
      >
        {playing === undefined ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />}
      </button>
      <SectionField session={session} axis={axis} section={section} count={count} />
      {axis === "z" && session.facts.pages && <PageFields session={session} pages={session.facts.pages} section={section} />}
      {angle !== undefined && <span className="v-angle">{angle.toFixed(2)}°</span>}
      <Readout session={session} drawings={drawings} />
      {children}
    </div>
  );
}

function SectionField({ session, axis, section, count }: { session: Session; axis: Axis; section: number; count: number }) {
  return (
    <span className="v-number">
      <TypedField
        inputMode="numeric"
        size={4}
        aria-label={`Slice number of ${PANE_NAMES[axis]}`}
        value={String(section + 1)}
        take={(text) => {
          if (Number.isFinite(Number(text))) session.goToSection(axis, Number(text) - 1);
        }}
      />
      <span>/ {count}</span>
    </span>
  );
}

/** Slice, channel and time of a page. */
function PageFields({ session, pages, section }: { session: Session; pages: StackPages; section: number }) {
  const place = placeOf(pages, section);
  return longAxes(pages).map((axis) => (
    <label key={axis} className="v-number">
      {pageAxisName(axis)}{" "}
      <input
        type="number"
        min={1}
        max={pages[axis]}
        value={place[axis] + 1}
        onChange={({ target }) => {
          if (target.value !== "") session.goToSection("z", pageAt(pages, { ...place, [axis]: Number(target.value) - 1 }));
        }}
      />{" "}
      / {pages[axis]}
    </label>
  ));
}

/** Value, voxel and Å under the pointer; without one, of the crosshair, when its slice is there. */
function Readout({ session, drawings }: { session: Session; drawings: ReadonlyMap<PaneId, PaneDrawing> }) {
  const pane = session.activePane.use();
  const pointed = session.hover.use();
  const position = useOf(session.state, (state) => state.position);
  const isSharp = useOf(session.status, (all) => all[pane]?.isSharp === true);
  useOf(session.status, (all) => all[pane]?.at);
  session.repaints.use();
  const drawing = drawings.get(pane);
  const hover = pointed ?? (isSharp && drawing ? atCrosshair(session, drawing) : undefined);
  const facts = session.factsOf(pane);
  const unit = hasScale(facts) ? "Å" : "";
  const [z, y, x] = hover?.world ?? position;
  const digits = hasScale(facts) ? 1 : 0;
  const place = [x, y, z].map((value) => value.toFixed(digits)).join(" ");
  const value = hover?.value;
  const inside = hover ? hover.voxel.every((index, i) => index >= 0 && index < facts.shape[i]!) : true;
  return (
    <output className="row wrap v-readout" aria-live="off">
      {hover?.hit && <strong>{hover.hit.text} </strong>}
      {hover && inside && (
        <span>
          value {value === undefined ? ABSENT : printValue(value)}
          {hover.level > 0 ? ` (level ${hover.level})` : ""}
        </span>
      )}
      {hover && inside && <span>voxel {[...hover.voxel].reverse().join(" ")}</span>}
      <span>
        x y z {place} {unit}
      </span>
    </output>
  );
}

/** Seven digits are what a float32 has. */
const printValue = (value: number): string => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7))));
