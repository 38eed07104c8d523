// biome-ignore-all lint/a11y/useSemanticElements: a table has all of its rows in the page, and here only what is in sight is
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef } from "react";
import type { FrameAxis, MicroscopyDataset } from "../../src/model/page-api.js";
import { FramePicture } from "./frame-picture.js";
import { type FrameAt, type Limits, THUMBNAIL_SIDE } from "./frames.js";

export const AXIS_NAMES: Readonly<Record<FrameAxis, string>> = { c: "channel", z: "slice", t: "time", p: "position" };

/** CSS pixels: of the names above and beside the frames, and around each frame. */
const HEAD = 28;
const SIDE = 88;
const GAP = 6;
const HEIGHT_MIN = 48;

interface SheetGridProps {
  readonly of: MicroscopyDataset;
  readonly rows: FrameAxis;
  readonly cols: FrameAxis;
  /** The frame that is chosen; the axes that are not on the sheet are as it has them. */
  readonly at: FrameAt;
  readonly limits: Limits | undefined;
  readonly choose: (at: FrameAt) => void;
  readonly open: () => void;
}

/** Frames by two axes. Only those in sight are in the page, and only they are asked for. */
export function SheetGrid({ of, rows, cols, at, limits, choose, open }: SheetGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const { width, height } = of.frames!;
  const tall = Math.max(Math.round(Math.min(height / width, 2) * THUMBNAIL_SIDE), HEIGHT_MIN);
  const [downs, acrosses] = [listOf(of, rows), listOf(of, cols)];
  const scroll = { getScrollElement: () => box.current, overscan: 1 };
  const down = useVirtualizer({
    ...{ ...scroll, count: downs.length, estimateSize: () => tall + GAP, paddingStart: HEAD, scrollPaddingStart: HEAD },
  });
  const across = useVirtualizer({
    ...{ ...scroll, count: acrosses.length, estimateSize: () => THUMBNAIL_SIDE + GAP, horizontal: true },
    ...{ paddingStart: SIDE, scrollPaddingStart: SIDE },
  });
  const [row, col] = [Math.max(downs.indexOf(at[rows]), 0), Math.max(acrosses.indexOf(at[cols]), 0)];
  useEffect(() => {
    down.scrollToIndex(row, { align: "auto" });
    across.scrollToIndex(col, { align: "auto" });
  }, [down, across, row, col]);
  const cellAt = (r: number, c: number): FrameAt => ({ ...at, ...indexOf(rows, downs[r]), ...indexOf(cols, acrosses[c]) });
  const onKeyDown = (event: KeyboardEvent) => {
    const to = cellFor(event.key, [row, col], [downs.length, acrosses.length]);
    if (event.ctrlKey || event.metaKey || event.altKey || !(to || event.key === "Enter")) return;
    event.preventDefault();
    if (!to) open();
    else if (downs.length > to[0]! && to[0]! >= 0 && acrosses.length > to[1]! && to[1]! >= 0) choose(cellAt(to[0]!, to[1]!));
  };
  const total = across.getTotalSize();
  const columns = across.getVirtualItems();
  return (
    <div
      ref={box}
      className="mic-grid"
      role="grid"
      tabIndex={0}
      aria-label={`Frames: ${AXIS_NAMES[rows]} down, ${AXIS_NAMES[cols]} across`}
      aria-rowcount={downs.length + 1}
      aria-colcount={acrosses.length + 1}
      aria-activedescendant={`frame-${row}-${col}`}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ position: "relative", width: total, height: down.getTotalSize() }}>
        <div role="row" tabIndex={-1} aria-rowindex={1} className="mic-head" style={{ width: total, height: HEAD }}>
          <div role="columnheader" tabIndex={-1} aria-colindex={1} className="mic-side" style={{ width: SIDE, height: HEAD }}>
            {rows} ↓ {cols} →
          </div>
          {columns.map(({ index, start, size }) => (
            <div
              key={index}
              role="columnheader"
              tabIndex={-1}
              aria-colindex={index + 2}
              className="mic-name"
              style={{ left: start, width: size, height: HEAD }}
            >
              {nameOf(of, cols, acrosses[index])}
            </div>
          ))}
        </div>
        {down.getVirtualItems().map(({ index: r, start, size }) => (
          <div
            key={r}
            role="row"
            tabIndex={-1}
            aria-rowindex={r + 2}
            className="mic-row"
            style={{ top: start, width: total, height: size }}
          >
            <div role="rowheader" tabIndex={-1} aria-colindex={1} className="mic-side" style={{ width: SIDE, height: size }}>
              {nameOf(of, rows, downs[r])}
            </div>
            {columns.map(({ index: c, start: left, size: wide }) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys
              <div
                key={c}
                id={`frame-${r}-${c}`}
                role="gridcell"
                tabIndex={-1}
                aria-colindex={c + 2}
                aria-selected={r === row && c === col}
                aria-label={`${nameOf(of, rows, downs[r])}, ${nameOf(of, cols, acrosses[c])}`}
                className="mic-cell"
                style={{ left, width: wide, height: size }}
                onClick={() => {
                  choose(cellAt(r, c));
                  open();
                }}
              >
                <FramePicture id={of.id} at={cellAt(r, c)} side={THUMBNAIL_SIDE} limits={limits} />
              </div>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The cell that a key leads to; it may be beyond the sheet. */
function cellFor(
  key: string,
  [row, col]: readonly [number, number],
  [rows, cols]: readonly [number, number],
): readonly number[] | undefined {
  return {
    ArrowUp: [row - 1, col],
    ArrowDown: [row + 1, col],
    ArrowLeft: [row, col - 1],
    ArrowRight: [row, col + 1],
    Home: [row, 0],
    End: [row, cols - 1],
    PageUp: [0, col],
    PageDown: [rows - 1, col],
  }[key];
}

/** An axis that an older catalogue did not know has one place. */
const listOf = ({ indices }: MicroscopyDataset, axis: FrameAxis): readonly (number | undefined)[] =>
  indices[axis].length === 0 ? [undefined] : indices[axis];

const indexOf = (axis: FrameAxis, index: number | undefined): FrameAt => (index === undefined ? {} : { [axis]: index });

function nameOf({ channels }: MicroscopyDataset, axis: FrameAxis, index: number | undefined): string {
  if (index === undefined) return `${AXIS_NAMES[axis]} not known`;
  const names = axis === "c" ? channels.filter((one) => one.index === index).flatMap(({ name }) => name ?? []) : [];
  return [`${axis} ${index}`, ...names].join(" ");
}
