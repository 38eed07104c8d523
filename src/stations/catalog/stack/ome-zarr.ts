import type { JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import { chunkKey } from "../../../formats/zarr/chunks.js";
import { encodeChunk } from "../../../formats/zarr/codecs.js";
import { parseZarrDType } from "../../../formats/zarr/dtype.js";
import { printZarray, printZattrs, printZgroup, type ZarrArrayMeta } from "../../../formats/zarr/metadata.js";
import type { FrameShape } from "../frames/frame.js";
import type { OmeTiffFacts } from "./ome-tiff.js";

const CHUNK_EDGE_MAX = 1024;
/** Colours that viewers give to channels, one after the other. */
const COLOURS = ["FFFFFF", "00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF"];

/**
 * Writes one position of a stack as OME-Zarr 0.4: axes `t c z y x`, one level, chunks of one plane, at most 1024². Colours of a
 * pixel become channels. The group's metadata are written last, so a group that can be opened is complete.
 *
 * @param pixels one array a plane, channels fastest, then slices, then times: little-endian, C order
 * @param put stores an object by its key below the group
 *
 * Source: OME-NGFF 0.4, Zarr storage specification version 2.
 */
export async function writeOmeZarr(
  facts: OmeTiffFacts,
  pixels: AsyncIterable<Uint8Array>,
  put: (key: string, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { shape, times, slices, channels } = facts;
  const { height, width, colours, depth } = shape;
  const chunk = [Math.min(height, CHUNK_EDGE_MAX), Math.min(width, CHUNK_EDGE_MAX)] as const;
  const meta: ZarrArrayMeta = {
    shape: [times, channels.length * colours, slices, height, width],
    chunks: [1, 1, 1, ...chunk],
    type: parseZarrDType(depth === "uint8" ? "|u1" : "<u2")!,
    compressor: { blocksize: 0, clevel: 5, cname: "lz4", id: "blosc", shuffle: 1 },
    fillValue: 0,
    order: "C",
    dimensionSeparator: "/",
  };
  let plane = 0;
  for await (const samples of pixels) {
    const channel = plane % channels.length;
    const slice = Math.floor(plane / channels.length) % slices;
    const time = Math.floor(plane / (channels.length * slices));
    for (let colour = 0; colour < colours; colour++) {
      for (let y = 0; y * chunk[0] < height; y++) {
        for (let x = 0; x * chunk[1] < width; x++) {
          const bytes = cut(samples, shape, colour, y * chunk[0], x * chunk[1], chunk);
          const at = [time, channel * colours + colour, slice, y, x];
          await put(`0/${chunkKey(at, "/")}`, await encodeChunk(bytes, meta.compressor));
        }
      }
    }
    plane++;
  }
  await put("0/.zarray", text(printZarray(meta)));
  await put(".zattrs", text(printZattrs(attributesOf(facts))));
  await put(".zgroup", text(printZgroup()));
}

function attributesOf({ name, channels, shape, calibration }: OmeTiffFacts): JsonObject {
  const { pixelMicrometre, sliceMicrometre } = calibration;
  const space = (axis: string, known: number | undefined) => ({
    name: axis,
    type: "space",
    ...(known === undefined ? {} : { unit: "micrometer" }),
  });
  const scale = [1, 1, sliceMicrometre ?? 1, pixelMicrometre ?? 1, pixelMicrometre ?? 1].map((value) => new Float(value));
  const most = shape.depth === "uint8" ? 255 : 65_535;
  const names = channels.flatMap((channel, index) => {
    const label = channel ?? `channel ${index}`;
    return shape.colours === 1 ? [label] : ["red", "green", "blue"].map((colour) => `${label} ${colour}`);
  });
  return {
    multiscales: [
      {
        version: "0.4",
        name,
        axes: [
          { name: "t", type: "time" },
          { name: "c", type: "channel" },
          space("z", sliceMicrometre),
          space("y", pixelMicrometre),
          space("x", pixelMicrometre),
        ],
        datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale }] }],
      },
    ],
    omero: {
      version: "0.4",
      channels: names.map((label, index) => ({
        label,
        active: true,
        color:
          shape.colours === 3
            ? ["FF0000", "00FF00", "0000FF"][index % 3]!
            : names.length === 1
              ? COLOURS[0]!
              : COLOURS[1 + (index % (COLOURS.length - 1))]!,
        window: { min: new Float(0), max: new Float(most), start: new Float(0), end: new Float(most) },
      })),
    },
  };
}

/** One colour of a part of a frame, padded with zeros to a complete chunk. */
function cut(
  samples: Uint8Array,
  shape: FrameShape,
  colour: number,
  y0: number,
  x0: number,
  [rows, columns]: readonly [number, number],
): Uint8Array {
  const { width, height, colours, depth } = shape;
  const itemBytes = depth === "uint8" ? 1 : 2;
  const bytes = new Uint8Array(rows * columns * itemBytes);
  const across = Math.min(columns, width - x0);
  for (let y = y0; y < Math.min(y0 + rows, height); y++) {
    const to = (y - y0) * columns * itemBytes;
    const from = (y * width + x0) * colours * itemBytes;
    if (colours === 1) bytes.set(samples.subarray(from, from + across * itemBytes), to);
    else {
      for (let x = 0; x < across; x++) {
        const pixel = from + (x * colours + colour) * itemBytes;
        for (let byte = 0; byte < itemBytes; byte++) bytes[to + x * itemBytes + byte] = samples[pixel + byte]!;
      }
    }
  }
  return bytes;
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
