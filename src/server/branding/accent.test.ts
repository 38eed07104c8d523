import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accentOf, accentSheet, SURFACES } from "./accent.js";

/** WCAG 2.2, "contrast ratio" and "relative luminance", word for word, beside the code that is tested. */
function ratio(first: string, second: string): number {
  const luminance = (hex: string) => {
    const [R, G, B] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((sRGB) => (sRGB <= 0.04045 ? sRGB / 12.92 : ((sRGB + 0.055) / 1.055) ** 2.4)) as [number, number, number];
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const [L1, L2] = [luminance(first), luminance(second)];
  return (Math.max(L1, L2) + 0.05) / (Math.min(L1, L2) + 0.05);
}

const tokens = readFileSync(new URL("../../../web/tokens.css", import.meta.url), "utf8");
/** A token's value in the light theme and in the dark one. */
const token = (name: string) =>
  /light-dark\((#\w{6}), (#\w{6})\)/.exec(tokens.split(`${name}:`)[1]!)!.slice(1) as [string, string];

function valuesOf(chosen: string): Record<"light" | "dark", (name: string) => string> {
  const sheet = accentSheet(accentOf(chosen));
  const value = (at: number) => (name: string) =>
    new RegExp(`${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\);`).exec(sheet)![at]!;
  return { light: value(1), dark: value(2) };
}

describe("the colours of an accent", () => {
  it("stand on the surfaces of the pages", () => {
    for (const name of ["--bg", "--raised", "--row"] as const)
      expect([SURFACES.light[name], SURFACES.dark[name]], name).toEqual(token(name));
  });

  it("can be read in both themes, whatever was chosen: a pale yellow, too", () => {
    const chosen = fc.integer({ min: 0, max: 0xffffff }).map((number) => `#${number.toString(16).padStart(6, "0")}`);
    const check = (hex: string) => {
      for (const [at, theme] of (["light", "dark"] as const).entries()) {
        const value = valuesOf(hex)[theme];
        const surfaces = [...["--bg", "--raised", "--row"].map((name) => token(name)[at]!), value("--accent-soft")];
        for (const surface of [...surfaces, value("--on-accent")]) {
          expect(ratio(value("--accent"), surface), `${hex} ${theme} ${surface}`).toBeGreaterThanOrEqual(4.5);
          expect(ratio(value("--accent-strong"), surface), `strong of ${hex} ${theme} ${surface}`).toBeGreaterThanOrEqual(4.5);
          expect(ratio(value("--focus"), surface), `focus of ${hex} ${theme} ${surface}`).toBeGreaterThanOrEqual(3);
        }
        // what is chosen in a list is still a row with text
        const text = token("--text")[at]!;
        expect(ratio(text, value("--accent-soft")), `text on soft of ${hex} ${theme}`).toBeGreaterThanOrEqual(7);
        expect(value("--accent-strong")).not.toBe(value("--accent"));
      }
    };
    for (const hex of ["#fff6b3", "#000000", "#ffffff", "#808080", "#ffff00", "#0000ff", "#ff0000", "#00ff00"]) check(hex);
    fc.assert(fc.property(chosen, check), { numRuns: 300 });
  });

  it("stand out more where a button is pressed, as far as there is anything beyond them", () => {
    const apart = (hex: string, theme: "light" | "dark") => {
      const value = valuesOf(hex)[theme];
      const page = token("--bg")[theme === "light" ? 0 : 1]!;
      return ratio(value("--accent-strong"), page) - ratio(value("--accent"), page);
    };
    // dark enough for a lighter one to be read as well, and the other way round
    expect(apart("#1a2f6b", "light")).toBeGreaterThan(0);
    expect(apart("#c8d8ff", "dark")).toBeGreaterThan(0);
    expect([apart("#000000", "light") < 0, apart("#ffffff", "dark") < 0]).toEqual([true, true]);
  });

  it("are those that were chosen where these can be read, and are told where they are far from it", () => {
    // as bright as a screen can be, in one of its colours
    expect(valuesOf("#0009ff").light("--accent")).toBe("#0009ff");
    // the house's own, which has a colour for each theme
    const [light, dark] = token("--accent");
    expect(valuesOf(light).light("--accent")).toBe(light);
    expect(valuesOf(dark).dark("--accent")).toBe(dark);
    expect(accentOf(light).moved.map(({ theme }) => theme)).toEqual(["dark"]);
    const yellow = accentOf("#fff6b3");
    expect(yellow.moved).toEqual([{ theme: "light", from: "#fff6b3", used: yellow.colours.light["--accent"] }]);
    expect(yellow.colours.dark["--accent"]).toBe("#fff6b3");
    // between the themes: moved a little in both, and far in none
    expect(accentOf("#7a8791").moved).toEqual([]);
    expect(accentOf("#fff").colours).toEqual(accentOf("#FFFFFF").colours);
  });

  it("keep their hue: what was red is red, what was grey has no colour", () => {
    const [red, green, blue] = [1, 3, 5].map((at) =>
      Number.parseInt(
        valuesOf("#e4002b")
          .dark("--accent")
          .slice(at, at + 2),
        16,
      ),
    );
    expect(red! - Math.max(green!, blue!)).toBeGreaterThan(80);
    for (const theme of ["light", "dark"] as const)
      expect(valuesOf("#808080")[theme]("--accent")).toMatch(/^#([0-9a-f]{2})\1\1$/);
  });
});
