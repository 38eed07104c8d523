import { floatRepr } from "../../../core/number.js";
import { TAG } from "../../../formats/tiff/tags.js";
import { type TiffStack, tiffBytes, writeTiff } from "../../../formats/tiff/write.js";
import type { FrameShape } from "../frames/frame.js";
import type { Calibration } from "./calibration.js";

/** The facts of an OME-TIFF, which holds one position of a stack. */
export interface OmeTiffFacts {
  readonly name: string;
  readonly shape: FrameShape;
  readonly times: number;
  readonly slices: number;
  /** Names of the channels, in order; null for one without. */
  readonly channels: readonly (string | null)[];
  readonly calibration: Calibration;
}

/**
 * An OME-TIFF as a stream: a page for each frame, channels fastest, then slices, then times. BigTIFF if necessary.
 *
 * @param pixels one array a page, in that order: little-endian, C order
 */
export function writeOmeTiff(
  facts: OmeTiffFacts,
  pixels: AsyncIterable<Uint8Array>,
): { bytes: number; pieces: AsyncIterable<Uint8Array> } {
  const { shape, times, slices, channels } = facts;
  const description = omeXml(facts);
  const stack: TiffStack = {
    pages: times * slices * channels.length,
    height: shape.height,
    width: shape.width,
    samples: shape.colours,
    dtype: shape.depth,
    tags: (page) =>
      page === 0
        ? [
            { tag: TAG.ImageDescription, type: "ascii", value: description },
            { tag: TAG.Software, type: "ascii", value: "emporium" },
          ]
        : [],
  };
  return { bytes: tiffBytes(stack), pieces: writeTiff(stack, pixels) };
}

/** Source: OME data model 2016-06. Only ASCII, because TIFF's text is ASCII. */
function omeXml({ name, shape, times, slices, channels, calibration }: OmeTiffFacts): string {
  const { pixelMicrometre, sliceMicrometre } = calibration;
  const sizes = [
    ...(pixelMicrometre === undefined
      ? []
      : (["X", "Y"] as const).map((axis) => [`PhysicalSize${axis}`, pixelMicrometre] as const)),
    ...(sliceMicrometre === undefined ? [] : [["PhysicalSizeZ", sliceMicrometre] as const]),
  ].map(([key, value]) => ` ${key}="${floatRepr(value)}" ${key}Unit="&#181;m"`);
  const entries = channels.map((channel, index) => {
    const label = channel === null ? "" : ` Name="${escaped(channel)}"`;
    return `<Channel ID="Channel:0:${index}"${label} SamplesPerPixel="${shape.colours}"/>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openmicroscopy.org/Schemas/OME/2016-06 http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd" Creator="emporium">',
    `<Image ID="Image:0" Name="${escaped(name)}">`,
    `<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="${shape.depth}" BigEndian="false"${shape.colours === 3 ? ' Interleaved="true"' : ""} SizeX="${shape.width}" SizeY="${shape.height}" SizeC="${channels.length * shape.colours}" SizeZ="${slices}" SizeT="${times}"${sizes.join("")}>`,
    ...entries,
    `<TiffData IFD="0" PlaneCount="${times * slices * channels.length}"/>`,
    "</Pixels></Image></OME>",
  ].join("");
}

function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, " ")
    .replace(/[<>&"\u007f-\u{10ffff}\t\n\r]/gu, (letter) => `&#${letter.codePointAt(0)};`);
}
