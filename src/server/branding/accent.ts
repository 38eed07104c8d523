/**
 * The colours of pages that follow from the one that a facility chooses.
 *
 * Lightness is moved in OKLCH (Björn Ottosson, https://bottosson.github.io/posts/oklab/), which keeps the hue as people see it, until texts of the colour and texts
 * on it have the contrast that WCAG 2.2 asks of small text (1.4.3).
 */

type Theme = "light" | "dark";

/** Surfaces of `web/tokens.css` that texts of the accent stand on. */
export const SURFACES: Readonly<Record<Theme, Readonly<Record<"--bg" | "--raised" | "--row", string>>>> = {
  light: { "--bg": "#f7f8f8", "--raised": "#ffffff", "--row": "#eef3f5" },
  dark: { "--bg": "#121517", "--raised": "#1a1e21", "--row": "#23292d" },
};

const CONTRAST_MIN = 4.5;
/** Steps of lightness, of 0 to 1. */
const STEP = 0.002;
/** A colour that was moved further than this is another one to whoever chose it. */
const MOVED_MAX = 0.12;
/** Lightness and most chroma of chosen rows, and of texts on the accent, as in the house's own colours; how far pressed buttons are from others. */
const SOFT = { light: { lightness: 0.946, chroma: 0.018 }, dark: { lightness: 0.296, chroma: 0.043 } } as const;
const ON_DARK = { lightness: 0.21, chroma: 0.026 } as const;
const STRONG = { light: -0.085, dark: 0.075 } as const;

/** Values of the tokens of one theme. */
export interface AccentColours {
  readonly "--accent": string;
  readonly "--accent-strong": string;
  readonly "--accent-soft": string;
  readonly "--on-accent": string;
  readonly "--focus": string;
}

export interface Accent {
  readonly colours: Readonly<Record<Theme, AccentColours>>;
  /** Themes in which the colour is another one than was chosen. */
  readonly moved: readonly { readonly theme: Theme; readonly from: string; readonly used: string }[];
}

/** @param chosen `#rgb` or `#rrggbb` */
export function accentOf(chosen: string): Accent {
  const colour = oklchOf(chosen);
  const light = coloursOf("light", colour);
  const dark = coloursOf("dark", colour);
  const moved = [light, dark].filter(({ byLightness }) => byLightness > MOVED_MAX);
  return {
    colours: { light: light.colours, dark: dark.colours },
    moved: moved.map(({ theme, colours }) => ({ theme, from: chosen, used: colours["--accent"] })),
  };
}

/** A stylesheet that puts the colours in place of those of `web/tokens.css`. */
export function accentSheet({ colours: { light, dark } }: Accent): string {
  const names = Object.keys(light) as (keyof AccentColours)[];
  return `:root {\n${names.map((name) => `  ${name}: light-dark(${light[name]}, ${dark[name]});\n`).join("")}}\n`;
}

function coloursOf(theme: Theme, chosen: Oklch) {
  const tinted = ({ lightness, chroma }: { lightness: number; chroma: number }) =>
    hexOf({ ...chosen, lightness, chroma: Math.min(chroma, chosen.chroma) });
  const soft = tinted(SOFT[theme]);
  const on = theme === "light" ? "#ffffff" : tinted(ON_DARK);
  const beside = [...Object.values(SURFACES[theme]), soft, on];
  const passes = (hex: string) => beside.every((other) => contrast(hex, other) >= CONTRAST_MIN);
  // black passes beside all that is light, and white beside all that is dark
  const [end, step] = theme === "light" ? [0, -STEP] : [1, STEP];
  let { lightness } = chosen;
  while (!passes(hexOf({ ...chosen, lightness })) && lightness !== end) lightness = inUnit(lightness + step);
  const accent = hexOf({ ...chosen, lightness });
  const further = lightness + STRONG[theme];
  // where there is nothing beyond it, a pressed button comes nearer instead, if its text still can be read
  const nearer = hexOf({ ...chosen, lightness: lightness - STRONG[theme] });
  const isAtEnd = (further < 0 || further > 1) && passes(nearer);
  const strong = isAtEnd ? nearer : hexOf({ ...chosen, lightness: inUnit(further) });
  const colours: AccentColours = {
    "--accent": accent,
    "--accent-strong": strong,
    "--accent-soft": soft,
    "--on-accent": on,
    "--focus": theme === "light" ? accent : strong,
  };
  return { theme, colours, byLightness: Math.abs(lightness - chosen.lightness) };
}

const inUnit = (value: number): number => Math.min(1, Math.max(0, value));

interface Oklch {
  /** 0 to 1. */
  readonly lightness: number;
  readonly chroma: number;
  /** Radians. */
  readonly hue: number;
}

type Three = readonly [number, number, number];

const bytesOf = (hex: string): Three => {
  const digits = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
  const byte = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16);
  return [byte(0), byte(2), byte(4)];
};
const linear = (byte: number): number => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};
const encoded = (value: number): number => 255 * (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055);

/** Contrast of two colours as WCAG defines it: 1 to 21. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [red, green, blue] = bytesOf(hex).map(linear) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function oklchOf(hex: string): Oklch {
  const [r, g, b] = bytesOf(hex).map(linear) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const lightness = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
  const [a, c] = [1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
  return { lightness, chroma: Math.hypot(a, c), hue: Math.atan2(c, a) };
}

function linearOf({ lightness, chroma, hue }: Oklch): Three {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** The colour, with as much of its chroma as a screen can show at its lightness. */
function hexOf(colour: Oklch): string {
  const isShown = (values: Three) => values.every((value) => value >= -1e-4 && value <= 1 + 1e-4);
  let [low, high] = [0, colour.chroma];
  let values = linearOf(colour);
  if (!isShown(values)) {
    for (let i = 0; i < 24; i++) {
      const chroma = (low + high) / 2;
      if (isShown(linearOf({ ...colour, chroma }))) low = chroma;
      else high = chroma;
    }
    values = linearOf({ ...colour, chroma: low });
  }
  const byte = (value: number) => Math.round(encoded(inUnit(value)));
  return `#${values.map((value) => byte(value).toString(16).padStart(2, "0")).join("")}`;
}
