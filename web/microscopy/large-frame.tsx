import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import type { MicroscopyDataset } from "../../src/model/page-api.js";
import { FramePicture } from "./frame-picture.js";
import { type FrameAt, type FramePixels, type Limits, pixelsQuery } from "./frames.js";

interface LargeProps {
  readonly of: MicroscopyDataset;
  readonly at: FrameAt;
  readonly title: string;
  readonly limits: Limits | undefined;
  readonly move: (axis: "row" | "column", by: 1 | -1) => void;
  readonly close: () => void;
}

const MOVES: Readonly<Record<string, readonly ["row" | "column", 1 | -1]>> = {
  ArrowUp: ["row", -1],
  ArrowDown: ["row", 1],
  ArrowLeft: ["column", -1],
  ArrowRight: ["column", 1],
};

/** Every pixel of a frame, with the sheet's limits; arrows go to its neighbours on the sheet. */
export function LargeFrame({ of, at, title, limits, move, close }: LargeProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [pointed, setPointed] = useState<Pointed>();
  const { data } = useQuery(pixelsQuery(of.id, at));
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="mic-large"
      aria-label={title}
      onClose={close}
      onKeyDown={(event) => {
        const way = MOVES[event.key];
        if (!way) return;
        event.preventDefault();
        move(...way);
      }}
    >
      <div className="spread">
        <h2>{title}</h2>
        <button type="button" className="bare" onClick={() => dialog.current?.close()} aria-label="Close">
          <X size={16} aria-hidden />
        </button>
      </div>
      <div onPointerMove={(event) => setPointed(pointedBy(event))} onPointerLeave={() => setPointed(undefined)}>
        <FramePicture id={of.id} at={at} limits={limits} />
      </div>
      <p className="muted">{(pointed && data && valueUnder(pointed, data)) ?? "Arrows go to the frames beside it."}</p>
    </dialog>
  );
}

/** CSS pixels: of the pointer in a picture's box, and of that box. */
interface Pointed {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function pointedBy({ target, clientX, clientY }: PointerEvent): Pointed | undefined {
  if (!(target instanceof HTMLCanvasElement)) return undefined;
  const { left, top, width, height } = target.getBoundingClientRect();
  return { left: clientX - left, top: clientY - top, width, height };
}

/** The picture is as large as fits into its box, in the middle. */
function valueUnder(at: Pointed, { rows, columns, colours, values }: FramePixels): string | undefined {
  const scale = Math.min(at.width / columns, at.height / rows);
  const x = Math.floor((at.left - (at.width - columns * scale) / 2) / scale);
  const y = Math.floor((at.top - (at.height - rows * scale) / 2) / scale);
  if (x < 0 || y < 0 || x >= columns || y >= rows) return undefined;
  const first = (y * columns + x) * colours;
  return `x ${x}, y ${y}: ${[...values.subarray(first, first + colours)].join(", ")}`;
}
