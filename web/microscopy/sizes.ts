import { FRAME_AXES, type MicroscopyFrames } from "../../src/model/page-api.js";

/** `c 2 × z 3 × t 1 × p 1` */
export const sizesText = (sizes: MicroscopyFrames["sizes"]): string =>
  FRAME_AXES.map((axis) => `${axis} ${sizes[axis]}`).join(" × ");
