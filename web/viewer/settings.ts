import { remembered } from "../parts/store.js";

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";

/** Kept by this browser. */
export const wheelZooms = remembered("wheelZooms", false, isBoolean);
export const logHistogram = remembered("logHistogram", false, isBoolean);
export const sideWidth = remembered(
  "viewerSide",
  280,
  (value): value is number => typeof value === "number" && value >= 220 && value <= 480,
);
const DRAWERS = ["auto", "webgl", "processor"] as const;
export type DrawnBy = (typeof DRAWERS)[number];
/** Renderer of the slices. `auto`: WebGL, unless that is a program that the processor runs. */
export const drawnBy = remembered<DrawnBy>("drawnBy", "auto", (value): value is DrawnBy => DRAWERS.includes(value as DrawnBy));
/** Sections a second. */
export const SPEEDS = [2, 5, 10, 20, 30] as const;
export const playSpeed = remembered<number>("playSpeed", 10, (value): value is number => SPEEDS.includes(value as 10));
/** What the fourth pane of `quad` shows. */
export const quadShows = remembered<"space" | "facts">(
  "quadShows",
  "space",
  (value): value is "space" => value === "space" || value === "facts",
);
