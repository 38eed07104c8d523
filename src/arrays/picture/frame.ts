/** The pictures of a tomogram by their names, and how wide they are; `original` is as wide as the tomogram. */
const PICTURE_WIDTHS = { original: undefined, snapshot: 512, thumbnail: 134, expanded: 1024 } as const;

export type PictureName = keyof typeof PICTURE_WIDTHS;

export const PICTURE_NAMES = Object.keys(PICTURE_WIDTHS) as readonly PictureName[];

export function isPictureName(name: string): name is PictureName {
  return Object.hasOwn(PICTURE_WIDTHS, name);
}

/** Which part of a plane a picture shows, and at what size. */
export interface Frame {
  /** The plane is turned by 90° counter-clockwise first. */
  readonly turned: boolean;
  /** The part that is shown, in pixels of the plane as it is turned. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** Pixels of the picture. */
  readonly width: number;
  readonly height: number;
}

/**
 * The frame of a picture: the whole plane for `original`; else the largest middle part of 4 : 3, in multiples of 4 × 3 pixels, of
 * the plane turned to landscape.
 *
 * Source: `process_key_image` in cryoet-data-portal-backend `common/make_key_image.py`.
 */
export function frameOf(name: PictureName, planeHeight: number, planeWidth: number): Frame {
  const width = PICTURE_WIDTHS[name];
  if (width === undefined) {
    return { turned: false, x: 0, y: 0, w: planeWidth, h: planeHeight, width: planeWidth, height: planeHeight };
  }
  const turned = planeHeight > planeWidth;
  const [across, down] = turned ? [planeHeight, planeWidth] : [planeWidth, planeHeight];
  const side = Math.floor(down / 4) || Math.min(down / 3, across / 4);
  const [w, h] = [4 * side, 3 * side];
  const middle = (free: number) => (side >= 1 ? Math.floor(free / 2) : free / 2);
  return { turned, x: middle(across - w), y: middle(down - h), w, h, width, height: Math.floor((3 * width) / 4) };
}
