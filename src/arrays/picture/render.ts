import { frameOf, type PictureName } from "./frame.js";
import { type Discs, drawDiscs, drawMask, type Picture, type Rgb } from "./marks.js";
import { framed } from "./resize.js";

/** A section through a tomogram with what was marked in it, all in pixels of the section. */
export interface Section {
  readonly height: number;
  readonly width: number;
  /** `height · width` bytes, rows from the top. */
  readonly grey: Uint8Array;
  /** In the order in which they lie over one another: masks first, then discs. */
  readonly masks: readonly SectionMask[];
  readonly discs: Discs;
}

export interface SectionMask {
  /** 0 or 1 for each pixel. */
  readonly covered: Uint8Array;
  readonly colour: Rgb;
}

/** One of a tomogram's pictures. Marks are drawn at the picture's own size, so they are sharp at every size. */
export function renderPicture(section: Section, name: PictureName): Picture {
  const { height, width, grey, masks, discs } = section;
  const frame = frameOf(name, height, width);
  const picture = { width: frame.width, height: frame.height, rgb: new Uint8Array(3 * frame.width * frame.height) };
  const isCopy = name === "original";
  const shown = isCopy ? grey : framed(grey, height, width, frame);
  for (let pixel = 0; pixel < shown.length; pixel++) {
    const level = Math.min(255, Math.max(0, Math.round(shown[pixel]!)));
    picture.rgb[3 * pixel] = level;
    picture.rgb[3 * pixel + 1] = level;
    picture.rgb[3 * pixel + 2] = level;
  }
  for (const { covered, colour } of masks) {
    drawMask(picture, isCopy ? Float32Array.from(covered) : framed(covered, height, width, frame), colour);
  }
  drawDiscs(picture, discs, width, frame);
  return picture;
}

/** One of the pictures that is made of a picture which somebody has drawn. `original` is that picture. */
export function fitPicture(drawn: Picture, name: PictureName): Picture {
  if (name === "original") return drawn;
  const frame = frameOf(name, drawn.height, drawn.width);
  const rgb = new Uint8Array(3 * frame.width * frame.height);
  for (let channel = 0; channel < 3; channel++) {
    const plane = framed(drawn.rgb, drawn.height, drawn.width, frame, { channels: 3, channel });
    for (let pixel = 0; pixel < plane.length; pixel++) {
      rgb[3 * pixel + channel] = Math.min(255, Math.max(0, Math.round(plane[pixel]!)));
    }
  }
  return { width: frame.width, height: frame.height, rgb };
}
