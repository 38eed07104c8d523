import { useEffect, useRef } from "react";
import type { Contrast } from "./contrast.js";
import type { Session } from "./session.js";
import { logHistogram } from "./settings.js";
import { useOf } from "./use-of.js";

const HEIGHT = 72;

/** Counts of a sample of the volume, with black and white on it: each end moves, and what is between moves both. */
export function Histogram({ session }: { session: Session }) {
  const contrast = useContrast(session);
  const { min, max, counts } = session.factsOf(session.activePane.get()).histogram;
  const log = logHistogram.use();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  // limits may lie outside of what the sample holds
  const [from, to] = [Math.min(min, contrast.low), Math.max(max, contrast.high)];
  const range = to - from || 1;
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const { width, height } = canvas.current!;
    const heights = counts.map((count) => (log ? Math.log1p(count) : count));
    const most = Math.max(...heights, 1);
    const bin = (max - min) / counts.length || 1;
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(canvas.current!).color;
    for (const [i, value] of heights.entries()) {
      const left = ((min + i * bin - from) / range) * width;
      const tall = (value / most) * height;
      context.fillRect(left, height - tall, Math.max((bin / range) * width, 1), tall);
    }
  }, [counts, log, min, max, from, range]);
  const left = ((contrast.low - from) / range) * 100;
  const right = ((contrast.high - from) / range) * 100;
  const set = (ends: Partial<Contrast>) => session.setContrast(ends);
  const step = range / 200;
  return (
    <div className="v-histogram" ref={box}>
      <canvas
        ref={canvas}
        className="muted"
        width={512}
        height={HEIGHT * 2}
        style={{ objectFit: "fill" }}
        role="img"
        aria-label={`Histogram from ${min} to ${max}`}
      />
      <Handle
        label="Black and white together"
        className="v-between"
        style={{ left: `${left}%`, width: `${right - left}%` }}
        value={contrast.low}
        range={[from, to]}
        step={step}
        box={box}
        move={(by, start) => set({ low: start.low + by, high: start.high + by })}
        contrast={contrast}
      />
      <Handle
        label="Black"
        className="v-end"
        style={{ left: `${left}%` }}
        value={contrast.low}
        range={[from, to]}
        step={step}
        box={box}
        move={(by, start) => set({ low: Math.min(start.low + by, start.high - range / 1000) })}
        contrast={contrast}
      />
      <Handle
        label="White"
        className="v-end"
        style={{ left: `${right}%` }}
        value={contrast.high}
        range={[from, to]}
        step={step}
        box={box}
        move={(by, start) => set({ high: Math.max(start.high + by, start.low + range / 1000) })}
        contrast={contrast}
      />
    </div>
  );
}

/** Contrast of the volume that is shown in the active pane. */
export function useContrast(session: Session): Contrast {
  const pane = session.activePane.use();
  session.second.use();
  return useOf(session.state, () => session.contrastOf(pane));
}

interface HandleProps {
  label: string;
  className: string;
  style: React.CSSProperties;
  value: number;
  range: readonly [number, number];
  step: number;
  box: React.RefObject<HTMLDivElement | null>;
  /** `by`: how far from where it began. */
  move: (by: number, start: Contrast) => void;
  contrast: Contrast;
}

function Handle({ label, className, style, value, range, step, box, move, contrast }: HandleProps) {
  const start = useRef<{ x: number; contrast: Contrast; perPixel: number }>(undefined);
  return (
    <div
      role="slider"
      tabIndex={0}
      className={className}
      style={style}
      aria-label={label}
      aria-valuemin={range[0]}
      aria-valuemax={range[1]}
      aria-valuenow={value}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        move(by * step, contrast);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, contrast, perPixel: (range[1] - range[0]) / box.current!.clientWidth };
      }}
      onPointerMove={(event) => {
        if (start.current) move((event.clientX - start.current.x) * start.current.perPixel, start.current.contrast);
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
      onPointerCancel={() => {
        start.current = undefined;
      }}
    />
  );
}
