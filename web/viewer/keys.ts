import type { Layout } from "./state.js";

/** Action that a key asks the viewer for. */
export type Command =
  | { readonly do: "section"; readonly by: number }
  | { readonly do: "end"; readonly last: boolean }
  | { readonly do: "zoom"; readonly factor: number }
  | { readonly do: "pan"; readonly u: number; readonly v: number }
  /** The crosshair, by voxels of the pane. */
  | { readonly do: "cross"; readonly u: number; readonly v: number }
  | { readonly do: "layout"; readonly layout: Layout }
  | { readonly do: "slab" | "speed" | "point" | "list"; readonly by: 1 | -1 }
  | { readonly do: "limits"; readonly low: number; readonly high: number }
  | {
      readonly do:
        | "play"
        | "auto"
        | "autoVolume"
        | "metadata"
        | "invert"
        | "measure"
        | "press"
        | "leave"
        | "layers"
        | "blink"
        | "goTo"
        | "export"
        | "copy"
        | "views"
        | "whereFrom"
        | "neuroglancer";
    };

export interface Key {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** CSS pixels that an arrow moves the picture. */
const PAN = 40;
const ZOOM = 1.25;

const NAMED: Readonly<Record<string, Command>> = {
  Home: { do: "end", last: false },
  End: { do: "end", last: true },
  ArrowLeft: { do: "pan", u: PAN, v: 0 },
  ArrowRight: { do: "pan", u: -PAN, v: 0 },
  ArrowUp: { do: "pan", u: 0, v: PAN },
  ArrowDown: { do: "pan", u: 0, v: -PAN },
  Escape: { do: "leave" },
  Enter: { do: "press" },
  F1: { do: "limits", low: -1, high: 0 },
  F2: { do: "limits", low: 1, high: 0 },
  F3: { do: "limits", low: 0, high: -1 },
  F4: { do: "limits", low: 0, high: 1 },
};

/** Keys of one sign: they can be turned off. */
const SIGNS: Readonly<Record<string, Command>> = {
  "+": { do: "zoom", factor: ZOOM },
  "=": { do: "zoom", factor: ZOOM },
  "-": { do: "zoom", factor: 1 / ZOOM },
  "−": { do: "zoom", factor: 1 / ZOOM },
  "1": { do: "layout", layout: "xy" },
  "2": { do: "layout", layout: "ortho" },
  "3": { do: "layout", layout: "quad" },
  "4": { do: "layout", layout: "tilt" },
  "5": { do: "layout", layout: "compare" },
  "6": { do: "layout", layout: "3d" },
  "<": { do: "speed", by: -1 },
  ">": { do: "speed", by: 1 },
  "[": { do: "point", by: -1 },
  "]": { do: "point", by: 1 },
  " ": { do: "play" },
  "0": { do: "metadata" },
  i: { do: "invert" },
  m: { do: "measure" },
  l: { do: "layers" },
  b: { do: "blink" },
  g: { do: "goTo" },
  e: { do: "export" },
  c: { do: "copy" },
  o: { do: "neuroglancer" },
  v: { do: "views" },
  w: { do: "whereFrom" },
  n: { do: "list", by: 1 },
  p: { do: "list", by: -1 },
};

/** Pages' keys of `spec/pages.md` §8. Undefined: the key is somebody else's. */
export function commandOf({ key, shiftKey, ctrlKey, metaKey, altKey }: Key, letters: boolean): Command | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  const step = shiftKey ? 10 : 1;
  if (key === "PageDown") return { do: "section", by: step };
  if (key === "PageUp") return { do: "section", by: -step };
  const named = Object.hasOwn(NAMED, key) ? NAMED[key] : undefined;
  if (named?.do === "pan" && shiftKey) return { do: "cross", u: -Math.sign(named.u) || 0, v: -Math.sign(named.v) || 0 };
  if (named) return named;
  if (!letters) return undefined;
  if (key === ".") return { do: "section", by: 1 };
  if (key === ",") return { do: "section", by: -1 };
  const letter = key.toLowerCase();
  if (letter === "a") return { do: shiftKey ? "autoVolume" : "auto" };
  if (letter === "s") return { do: "slab", by: shiftKey ? -1 : 1 };
  return Object.hasOwn(SIGNS, letter) ? SIGNS[letter] : undefined;
}
