import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numbersOf } from "../../src/arrays/plane/convert.js";
import type { DType } from "../../src/core/dtype.js";
import { seededRandom } from "../../src/core/random.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { hasEnvironment } from "../peers/environment.js";
import { type Browser, browserPath, startBrowser } from "./browser.js";
import type { Picture } from "./picture.js";
import { isSharp, pictureOf, type ServedFolder, serveVolumes } from "./slices.js";

interface Volume {
  readonly key: string;
  readonly format: string;
}

/** One view, and what `formats.py cut` needs to know of its plane. */
interface Query extends Volume {
  readonly axis: "z" | "y" | "x";
  readonly at: number;
  readonly level: number;
  readonly box: readonly number[];
  readonly slab: number;
  readonly as: "native";
  readonly limits: readonly [number, number];
  readonly scale: readonly number[];
  readonly virtual: boolean;
  readonly type: string;
  readonly facts: VolumeFacts;
  /** Å a CSS pixel. */
  readonly zoom: number;
}

const SEED = Number(process.env.PEER_SEED ?? 4);
const COUNT = 20;
const VIEWPORT = { width: 1280, height: 800 };
const STAGE = [16, 18, 20];
const NORMAL = { z: 0, y: 1, x: 2 } as const;
/** Formats that a page reads itself. */
const OWN = ["mrc", "tiff", "dm"];

const TYPES: Readonly<Record<string, string>> = {
  int8: "<i1",
  uint8: "<u1",
  int16: "<i2",
  uint16: "<u2",
  int32: "<i4",
  uint32: "<u4",
  int64: "<i8",
  uint64: "<u8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
};

describe.skipIf(browserPath === undefined || !hasEnvironment("peers"))("slices of every format in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-formats-"));
  const [volumes, expected, saved, queriesFile] = ["volumes", "expected", "saved", "queries.json"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  const queries: Query[] = [];
  let server: ServedFolder;
  let browser: Browser;
  const python = (...words: readonly string[]) =>
    execFileSync(
      fileURLToPath(new URL("../../.cache/venv-peers/bin/python", import.meta.url)),
      ["-W", "ignore", "-B", fileURLToPath(new URL("formats.py", import.meta.url)), ...words],
      { encoding: "utf8", maxBuffer: 2 ** 28 },
    );
  beforeAll(async () => {
    for (const path of [volumes, expected, saved]) mkdirSync(path);
    const made = python("make", volumes, String(SEED));
    const all = made
      .trim()
      .split("\n")
      .flatMap((line) => JSON.parse(line) as Volume[]);
    server = await serveVolumes(volumes, join(folder, "workspace"));
    const random = seededRandom(SEED);
    for (const volume of chosen(all, random)) queries.push(await queryOf(volume, random));
    writeFileSync(queriesFile, JSON.stringify(queries));
    python("cut", volumes, queriesFile, expected);
    browser = await startBrowser([server.url]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ref = (key: string) => printRef({ kind: "place", place: server.place, key });

  async function queryOf(volume: Volume, random: () => number): Promise<Query> {
    const below = (n: number) => Math.floor(random() * n);
    const facts = (await (await fetch(`${server.url}/api/v1/volumes/${ref(volume.key)}`)).json()) as VolumeFacts;
    const isWide = facts.shape[2] > 2000;
    const axis = isWide || facts.isTiltSeries ? "z" : (["z", "y", "x"] as const)[below(3)]!;
    const normal = NORMAL[axis];
    const level = isWide ? 2 : 0;
    const { shape, scale, virtual } = facts.levels[level]!;
    const [rows, columns] = shape.filter((_, i) => i !== normal) as [number, number];
    const { min, max } = facts.histogram;
    const low = Number((min + random() * 0.4 * (max - min)).toPrecision(5));
    const high = Number((max - random() * 0.4 * (max - min)).toPrecision(5));
    // voxels have whole pixels: MRC ones measure 2, 3 and 4 Å
    const least = Math.min(...facts.voxelSizeAngstrom.map((size) => size ?? 1));
    const zoom = isWide ? least * scale[2] : volume.format === "mrc" ? least / 2 : least / (1 + below(3));
    const slab = !isWide && below(4) === 0 ? 3 : 1;
    return {
      ...volume,
      axis,
      at: below(facts.shape[normal]),
      level,
      box: [0, 0, columns, rows],
      slab,
      as: "native",
      limits: [low, high],
      scale,
      virtual,
      type: slab > 1 ? "<f4" : TYPES[facts.dtype]!,
      facts,
      zoom,
    };
  }

  /** As an address has it. */
  function searchOf({ facts, axis, at, limits, slab, zoom }: Query): URLSearchParams {
    const position = facts.shape.map((count, i) => {
      const index = i === NORMAL[axis] ? at : Math.floor(count / 2);
      return facts.originAngstrom[i]! + index * (facts.voxelSizeAngstrom[i] ?? 1);
    });
    const layout = axis === "z" ? "xy" : "ortho";
    const p = position.reverse().join(",");
    return new URLSearchParams({ l: layout, p, z: String(zoom), c: limits.join(), ...(slab > 1 && { s: String(slab) }) });
  }

  /** The plane by NumPy, as numbers. */
  function valuesOf(number: number): ArrayLike<number> {
    const { facts, slab } = queries[number]!;
    const bytes = Uint8Array.from(readFileSync(join(expected, String(number))));
    return numbersOf(bytes, slab > 1 ? "float32" : (facts.dtype as DType));
  }

  /** Where the canvas is not as NumPy's plane would be drawn there, a whole number of pixels a voxel, in its middle. */
  function fault(number: number, { at: colourAt }: Picture, { left, top, width, height }: Area): string | undefined {
    const { axis, facts, limits, box, scale, zoom } = queries[number]!;
    const values = valuesOf(number);
    const [u, v] = ({ z: [2, 1], y: [2, 0], x: [0, 1] } as const)[axis];
    const along = (i: 0 | 1 | 2, length: number) => {
      const pixels = ((facts.voxelSizeAngstrom[i] ?? facts.voxelSizeAngstrom[2] ?? 1) * scale[i]!) / zoom;
      const count = Math.ceil(facts.shape[i] / scale[i]!);
      const start = Math.round(length / 2 - (facts.shape[i] * pixels) / scale[i]! / 2);
      return (pixel: number) => {
        const index = Math.floor((pixel + 0.5 - start) / pixels);
        return index < 0 || index >= count ? -1 : index;
      };
    };
    const [across, down] = [along(u, width), along(v, height)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [i, j] = [across(x), down(y)];
        const seen = colourAt(left + x, top + y);
        if (i < 0 || j < 0) {
          if (seen.some((value, c) => value !== STAGE[c])) return `${x},${y}: ${seen}, not the stage`;
          continue;
        }
        const [row, column] = axis === "x" ? [i, j] : [j, i];
        const value = values[row * box[2]! + column]!;
        const grey = 255 * Math.min(Math.max((value - limits[0]) / (limits[1] - limits[0]), 0), 1);
        if (seen.some((one) => Math.abs(one - grey) > 1)) return `${x},${y}: ${seen}, ${grey} wanted of ${value}`;
      }
    }
    return undefined;
  }

  const says = ({ key, axis, at, slab, level }: Query) => `${key} ${axis} ${at} slab ${slab} level ${level}, seed ${SEED}`;

  async function compare(page: Page, only: (query: Query) => boolean, show: (query: Query, search: string) => Promise<void>) {
    const exported: number[] = [];
    for (const [number, query] of queries.entries()) {
      if (!only(query)) continue;
      await show(query, searchOf(query).toString());
      await isSharp(page, query.axis);
      const picture = await pictureOf(page, query.axis);
      expect([says(query), fault(number, picture, await canvasIn(page, query.axis))]).toEqual([says(query), undefined]);
      if (query.level > 0) continue;
      await page.locator(`.v-pane[data-axis="${query.axis}"] .v-canvas`).focus();
      await page.keyboard.press("e");
      await page.getByLabel("TIFF, 32 bit").check();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Save picture" }).click(),
      ]);
      await download.saveAs(join(saved, `${number}.tif`));
      exported.push(number);
    }
    const equal = JSON.parse(python("tiffs", queriesFile, expected, saved)) as Record<string, boolean>;
    expect(exported.filter((number) => !equal[number]).map((number) => says(queries[number]!))).toEqual([]);
    return exported.length;
  }

  it("A4: canvas and exported voxels are NumPy's plane, of 20 random volumes, axes, slices, slabs and limits", {
    timeout: 600_000,
  }, async () => {
    const { page, problems } = await browser.open(`${server.url}/about`, VIEWPORT);
    const count = await compare(
      page,
      () => true,
      async ({ key }, search) => {
        await go(page, `${server.url}/view/at/${ref(key)}?${search}`);
      },
    );
    expect([count >= COUNT - 4, problems]).toEqual([true, []]);
    await page.close();
  });

  it("A4, §4.3: the same of files that the page reads itself, which asks the server for nothing of them", {
    timeout: 600_000,
  }, async () => {
    const { page, problems } = await browser.open(`${server.url}/about`, VIEWPORT);
    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      const isPage =
        request.isNavigationRequest() ||
        pathname.startsWith("/assets/") ||
        ["/api/v1/server", "/api/v1/jobs", "/healthz"].includes(pathname);
      if (request.method() !== "GET" || request.postData() !== null || !isPage) asked.push(request.url());
    });
    const isOwn = ({ key, format }: Query) => OWN.includes(format) && !/\.(gz|bz2)$/.test(key);
    const count = await compare(page, isOwn, async ({ key }, search) => {
      await go(page, `${server.url}/view/dropped/${encodeURIComponent(key)}?${search}`);
      await page.getByRole("heading", { name: key, level: 1 }).waitFor();
      await page.locator('input[type="file"]').setInputFiles(join(volumes, key));
    });
    expect([count >= 6, asked.filter((url) => !url.startsWith("blob:")), problems]).toEqual([true, [], []]);
    await page.close();
  });
});

/** To another page without loading it anew: the router takes over what becomes of the address. */
const go = (page: Page, url: string) => page.evaluate((to) => history.pushState({}, "", to), url);

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where the pixels of a canvas are in its screenshot: that begins at a whole pixel, as what is drawn does. */
async function canvasIn(page: Page, axis: string): Promise<Area> {
  return page.locator(`.v-pane[data-axis="${axis}"] .v-canvas`).evaluate((canvas: HTMLCanvasElement) => {
    const { left, top } = canvas.getBoundingClientRect();
    const away = (value: number) => Math.round(value) - Math.floor(value);
    return { left: away(left), top: away(top), width: canvas.width, height: canvas.height };
  });
}

/** One of each format, the two wide ones, and others. */
function chosen(all: readonly Volume[], random: () => number): readonly Volume[] {
  const shuffled = all
    .map((volume) => ({ volume, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ volume }) => volume);
  const isSure = ({ key, format }: Volume, i: number) =>
    key.startsWith("wide") || shuffled.findIndex((one) => one.format === format) === i;
  const sure = shuffled.filter(isSure);
  return [...sure, ...shuffled.filter((one) => !sure.includes(one))].slice(0, COUNT);
}
