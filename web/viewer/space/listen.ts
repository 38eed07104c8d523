import { middleOf } from "../geometry.js";
import type { Session } from "../session.js";
import type { Camera } from "../state.js";
import { FIRST_CAMERA, moved, turned, zoomedAt } from "./camera.js";
import { changeSpace, lookOf, type Size, spaceOf } from "./view.js";

/** Pixels of a drag that an arrow key is worth, and with Shift. */
const ARROW = 10;
const ARROW_FAR = 60;
const ZOOM = 1.25;

/** Drag turns, Shift and drag moves, the wheel or two fingers zoom, arrows turn, a double click goes back. @returns a function that ends that */
export function listen(session: Session, canvas: HTMLCanvasElement, size: () => Size): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const middle = middleOf(session.facts);
  const camera = () => spaceOf(session, session.state.get()).camera;
  const set = (next: Camera) => changeSpace(session, { camera: next });
  const scale = () => lookOf(session, size()).scale;
  const fromMiddle = ({ clientX, clientY }: MouseEvent) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { across: clientX - left - width / 2, down: clientY - top - height / 2 };
  };
  const move = (across: number, down: number) => set(moved(camera(), -across * scale(), -down * scale(), middle));
  const zoom = (factor: number, at = { across: 0, down: 0 }) => set(zoomedAt(camera(), factor, scale(), at, middle));

  const pointers = new Map<number, { across: number; down: number }>();
  canvas.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button > 1) return;
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, fromMiddle(event));
    },
    { signal },
  );
  canvas.addEventListener(
    "pointermove",
    (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = fromMiddle(event);
      const [across, down] = [now.across - before.across, now.down - before.down];
      pointers.set(event.pointerId, now);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const spread = (one: typeof now) => Math.hypot(one.across - other.across, one.down - other.down);
        const between = { across: (now.across + other.across) / 2, down: (now.down + other.down) / 2 };
        if (spread(before) > 0) zoom(spread(now) / spread(before), between);
        move(across / 2, down / 2);
      } else if (event.shiftKey || event.buttons === 4) move(across, down);
      else set(turned(camera(), across, down));
    },
    { signal },
  );
  for (const name of ["pointerup", "pointercancel"] as const)
    canvas.addEventListener(name, ({ pointerId }) => void pointers.delete(pointerId), { signal });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 400 : 1);
      zoom(2 ** (-pixels / 300), fromMiddle(event));
    },
    { signal, passive: false },
  );
  canvas.addEventListener("dblclick", () => set(FIRST_CAMERA), { signal });
  canvas.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const far = event.shiftKey ? ARROW_FAR : ARROW;
      const [across, down] = ARROWS[event.key] ?? [0, 0];
      if (across !== 0 || down !== 0) set(turned(camera(), across * far, down * far));
      else if (event.key === "+" || event.key === "=") zoom(ZOOM);
      else if (event.key === "-" || event.key === "−") zoom(1 / ZOOM);
      else return;
      // the sections stay where they are
      event.preventDefault();
    },
    { signal },
  );
  return () => stop.abort();
}

const ARROWS: Readonly<Record<string, readonly [across: number, down: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
