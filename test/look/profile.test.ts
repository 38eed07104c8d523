import { describe, expect, it } from "vitest";
import { differenceOf, parseProfile, printProfile, profileOf } from "./profile.js";
import { terminalPage } from "./terminal-page.js";
import { steady } from "./volatile.js";

/** A page of one colour with lines of text: small black boxes, each 6 × 9 with a gap. */
function page({ top = 100, stray = false, back = 250, lines = 10 } = {}) {
  const [width, height] = [1280, 800];
  const data = new Uint8Array(width * height * 3).fill(back);
  const box = (x: number, y: number, colour: number) => {
    for (let dy = 0; dy < 9; dy++) data.fill(colour, ((y + dy) * width + x) * 3, ((y + dy) * width + x + 6) * 3);
  };
  for (let line = 0; line < lines; line++) for (let letter = 0; letter < 60; letter++) box(40 + 10 * letter, top + 24 * line, 20);
  if (stray) box(700, 60, 20);
  return profileOf({ width, height, channels: 3, data });
}

describe("what is kept of a page", () => {
  it("is the same for the same page, and for one with a letter more or less in a line", () => {
    expect(differenceOf(page(), page(), true)).toBeUndefined();
    expect(parseProfile(printProfile(page()))).toEqual(page());
  });

  it("differs by one letter where nothing was, by a margin that is gone, by a line, by colours", () => {
    expect(differenceOf(page(), page({ stray: true }), true)).toMatch(/^rows 3–3 of 40, columns 35/);
    expect(differenceOf(page(), page({ top: 84 }), true)).toMatch(/^rows/);
    expect(differenceOf(page(), page({ lines: 11 }), true)).toMatch(/^rows/);
    expect(differenceOf(page(), page({ back: 200 }), true)).toBe("colours");
    expect(differenceOf(page(), { ...page(), rows: `${page().rows}00` }, true)).toMatch(/^rows 40–41/);
  });

  it("is compared coarsely where the fonts are others: a page that is empty differs still", () => {
    expect(differenceOf(page(), page({ stray: true }), false)).toBeUndefined();
    expect(differenceOf(page(), page({ lines: 0 }), false)).toMatch(/^rows/);
  });
});

describe("what differs by the day", () => {
  it.each([
    ["report 2026-11-25T17-03-10, at 2026-11-25T17:03:10.061Z", "report 2026-01-01 00:00, at 2026-01-01 00:00"],
    ["http://127.0.0.1:38049/graphql", "http://127.0.0.1:8080/graphql"],
    ["/tmp/em-AbC123/emporium-curate-XyZ987/lab/imod.yaml", "/lab/lab/imod.yaml"],
    ["12 files, 11.2 MiB/s, 0.8 s, 3 min ago", "12 files, 0 MiB/s, 0 s, 0 min ago"],
    ["drive_matching_runs-9fd148ff", "drive_matching_runs-00000000"],
    ["temporary folder  /dev/shm/em-HUObtM, 23.0 GiB free", "temporary folder  /lab, 0 GiB free"],
    ['--bucket-port 36483 & "last_updated_at": 1795629657', '--bucket-port 0 & "last_updated_at": 0'],
    ["10401, 13.48 Å, 64 × 56 × 32, released 2024-05-17", "10401, 13.48 Å, 64 × 56 × 32, released 2024-05-17"],
  ])("%s", (text, expected) => {
    expect(steady(text)).toBe(expected);
  });
});

it("a terminal's colours are kept, and its text is text", () => {
  const html = terminalPage("a \u001b[1;31m<b>\u001b[0m\u001b[2K c");
  expect(html).toContain('<body>a <span style="font-weight:700;color:#f47067;">&lt;b></span> c</body>');
});
