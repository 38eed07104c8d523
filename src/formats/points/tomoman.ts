import type { ReadPoints } from "./points.js";
import { readPixels } from "./relion3.js";

/** TOMOMAN's export of a motive list: RELION 3's table, tomograms named by `rlnTomoName`. */
export const readTomoman: ReadPoints = (source, options, read) =>
  readPixels(source, options, ["rlnTomoName", "rlnMicrographName"], read);
