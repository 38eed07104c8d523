import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { crc32 } from "node:zlib";
import { EmporiumError } from "../../../core/errors.js";
import { writeWhole } from "../inventory/write-whole.js";
import type { Picture } from "./picture-spec.js";

/** Letters that labels, species and drives are made of. */
const fontFiles = (): URL[] => [
  new URL("./files/source-sans-3-latin-400-normal.woff2", import.meta.resolve("@fontsource/source-sans-3")),
  new URL("./files/source-sans-3-latin-600-normal.woff2", import.meta.resolve("@fontsource/source-sans-3")),
  new URL("./files/source-sans-3-latin-ext-400-normal.woff2", import.meta.resolve("@fontsource/source-sans-3")),
  new URL("./files/source-sans-3-greek-400-normal.woff2", import.meta.resolve("@fontsource/source-sans-3")),
];

/**
 * Draws a picture to SVG or PNG, by the end of the path. PNG uses a font of this package, so every machine writes the same bytes.
 *
 * @throws {EmporiumError} USAGE for another ending; DISK_FULL, STORE_DENIED, …
 */
export async function writePicture(path: string, picture: Picture): Promise<void> {
  const ending = extname(path).toLowerCase();
  if (ending !== ".svg" && ending !== ".png") {
    throw new EmporiumError("USAGE", `${path}: pictures end in .png or .svg`);
  }
  await writeWhole(path, [ending === ".svg" ? await svgText(picture) : await rasterise(await drawSvg(picture), picture)]);
}

/** A picture as its SVG file has it. */
export const svgText = async (picture: Picture): Promise<string> => `${await drawSvg(picture)}\n`;

export async function drawSvg({ spec, width, height }: Picture): Promise<string> {
  const { parse, View, Warn } = await import("vega");
  const view = new View(parse(spec), { renderer: "none", logLevel: Warn });
  try {
    const svg = await view.toSVG();
    // inches, so that documents show it in its own size
    return svg.replace(
      /(<svg\b[^>]*?)\swidth="[^"]*"\sheight="[^"]*"/,
      `$1 width="${round(width)}in" height="${round(height)}in"`,
    );
  } finally {
    view.finalize();
  }
}

const round = (value: number): number => Number(value.toFixed(3));

let ready: Promise<unknown> | undefined;

async function rasterise(svg: string, { width, dpi }: Picture): Promise<Uint8Array> {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  ready ??= readFile(new URL("./index_bg.wasm", import.meta.resolve("@resvg/resvg-wasm"))).then((module) => initWasm(module));
  await ready;
  const fonts = await Promise.all(fontFiles().map((file) => readFile(file)));
  const drawing = new Resvg(svg, {
    background: "white",
    fitTo: { mode: "width", value: Math.round(width * dpi) },
    font: {
      fontBuffers: fonts.map((font) => new Uint8Array(font)),
      defaultFontFamily: "Source Sans 3",
      sansSerifFamily: "Source Sans 3",
      loadSystemFonts: false,
    },
  });
  const image = drawing.render();
  try {
    return withDpi(image.asPng(), dpi);
  } finally {
    image.free();
    drawing.free();
  }
}

const HEADER_END = 33;

/** Adds a `pHYs` chunk with the resolution behind the header. */
function withDpi(png: Uint8Array, dpi: number): Uint8Array {
  const chunk = Buffer.alloc(21);
  chunk.writeUInt32BE(9, 0);
  chunk.write("pHYs", 4, "latin1");
  const perMetre = Math.round(dpi / 0.0254);
  chunk.writeUInt32BE(perMetre, 8);
  chunk.writeUInt32BE(perMetre, 12);
  chunk.writeUInt8(1, 16);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 17)), 17);
  return Buffer.concat([png.subarray(0, HEADER_END), chunk, png.subarray(HEADER_END)]);
}
