import { Pause, Play } from "lucide-react";
import type { ReactNode } from "react";
import { useEffect, useState } from "react";
import { ABSENT } from "../parts/format.js";
import { hasScale, PANE_AXES, PANE_NAMES } from "./geometry.js";
import type { Command } from "./keys.js";
import type { Axis } from "./overlay.js";
import { axisOf, type Session } from "./session.js";
import { sectionOf } from "./state.js";
import { useOf } from "./use-of.js";

/** Slice, play, and what is under the pointer. */
export function SectionBar({
  session,
  run,
  children,
}: {
  session: Session;
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
      {angle !== undefined && <span className="v-angle">{angle.toFixed(2)}°</span>}
      <Readout session={session} />
      {children}
    </div>
  );
}

function SectionField({ session, axis, section, count }: { session: Session; axis: Axis; section: number; count: number }) {
  const [typed, setTyped] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was typed is over when the section changes
  useEffect(() => setTyped(undefined), [section, axis]);
  const take = () => {
    const value = Number(typed);
    if (typed && Number.isFinite(value)) session.goToSection(axis, value - 1);
    setTyped(undefined);
  };
  return (
    <span className="v-number">
      <input
        inputMode="numeric"
        aria-label={`Slice number of ${PANE_NAMES[axis]}`}
        value={typed ?? String(section + 1)}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={take}
        onKeyDown={({ key }) => key === "Enter" && take()}
      />
      <span>/ {count}</span>
    </span>
  );
}

/** Value, voxel and Å under the pointer; without one, of the crosshair. */
function Readout({ session }: { session: Session }) {
  const hover = session.hover.use();
  const position = useOf(session.state, (state) => state.position);
  const { facts } = session;
  const unit = hasScale(facts) ? "Å" : "";
  const [z, y, x] = hover?.world ?? position;
  const digits = hasScale(facts) ? 1 : 0;
  const place = [x, y, z].map((value) => value.toFixed(digits)).join(" ");
  const value = hover?.value;
  const inside = hover ? hover.voxel.every((index, i) => index >= 0 && index < facts.shape[i]!) : true;
  return (
    <output className="v-readout" aria-live="off">
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
