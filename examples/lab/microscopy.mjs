/** A light microscope's images for the catalogue: two channels of three slices, one file each, with the table and configuration that upload them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tiffBytes } from "./tiff.mjs";

const WIDTH = 96;
const HEIGHT = 64;
const CHANNELS = ["DAPI", "GFP"];
const SLICES = 3;
const ID = "CELLS-2024-05-17-10-30-00-0001";

/** Nuclei and cells: centre x, y, radius. */
const CELLS = [
  [20, 18, 8],
  [60, 24, 10],
  [38, 48, 9],
  [80, 50, 7],
];

/** @type {import("./generate.d.mts").generateMicroscopy} */
export async function generateMicroscopy({ out }) {
  await mkdir(join(out, "cells"), { recursive: true });
  await mkdir(join(out, "storage"), { recursive: true });
  for (const [channel, name] of CHANNELS.entries()) {
    for (let z = 0; z < SLICES; z++) {
      const image = tiffBytes({ width: WIDTH, height: HEIGHT, pages: 1, pixel: (_, y, x) => brightness(channel, z, y, x) });
      await writeFile(join(out, "cells", `img_${name}_t000_p000_z00${z}.tif`), image);
    }
  }
  const summary = { PixelType: "GRAY8", BitDepth: 8, Width: WIDTH, Height: HEIGHT, PixelSize_um: 0.325, "z-step_um": 1.5 };
  await writeFile(join(out, "cells", "metadata.txt"), `${JSON.stringify({ Summary: summary }, undefined, 2)}\n`);
  await writeFile(
    join(out, "files.csv"),
    `dataset_id,file_name,description,parent_dataset_id,positions\n${ID},cells,Four cells in two colours,None,\n`,
  );
  const config = {
    upload_type: "frames",
    frames_format: "tif_folder",
    microscope: "Widefield of the demo",
    filename_parser: "parse_sms_name",
  };
  await writeFile(join(out, "frames.json"), `${JSON.stringify(config, undefined, 2)}\n`);
}

/** Whole numbers alone, so the same on every machine. Nuclei are in focus in the middle slice, cell bodies are larger and even. */
function brightness(channel, z, y, x) {
  let value = 12 + ((x * 7 + y * 13 + z * 5) % 6);
  for (const [cx, cy, radius] of CELLS) {
    const square = (x - cx) ** 2 + (y - cy) ** 2;
    const reach = channel === 0 ? radius - Math.abs(z - 1) : radius + 4;
    if (square <= reach * reach) value += (channel === 0 ? 180 : 90) - Math.floor((60 * square) / (reach * reach));
  }
  return Math.min(255, value);
}
