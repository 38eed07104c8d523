import { TypedField } from "../viewer/typed-field.js";
import type { FramePixels, Limits } from "./frames.js";

interface ContrastProps {
  readonly limits: Limits;
  /** Frames of which the first limits are. */
  readonly seen: readonly FramePixels[];
  /** Sets the limits; without an argument to those of the frames. */
  readonly set: (to?: Limits) => void;
}

/** Black and white of the whole sheet: one grey is one number in every frame. */
export function Contrast({ limits, seen, set }: ContrastProps) {
  const { low, high } = limits;
  let most = high;
  for (const { values } of seen) for (const value of values) if (value > most) most = value;
  const least = Math.min(0, low);
  const take = (ends: Partial<Limits>) => {
    const to = { ...limits, ...ends };
    if (to.low < to.high) set(to);
  };
  const ends = [
    ["Black", "low", low],
    ["White", "high", high],
  ] as const;
  return (
    <fieldset className="row wrap">
      <legend className="hidden">Contrast of all frames</legend>
      {ends.map(([label, end, value]) => (
        <span key={end} className="row">
          {label}
          <input
            type="range"
            aria-label={label}
            min={least}
            max={most}
            value={value}
            onChange={({ target }) => take({ [end]: Number(target.value) })}
          />
          <TypedField
            type="number"
            aria-label={`${label}, as a number`}
            value={String(value)}
            take={(text) => Number.isFinite(Number(text)) && take({ [end]: Number(text) })}
          />
        </span>
      ))}
      <button type="button" onClick={() => set()} title="1st to 99th percentile of each channel's middle and first frames">
        Auto
      </button>
    </fieldset>
  );
}
