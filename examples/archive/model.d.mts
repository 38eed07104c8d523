import type { ModelSketch } from "./generate.d.mts";

/** An IMOD model of one object. */
export function model(sketch: ModelSketch): Uint8Array;

/** An MRC volume of bytes; size x, y, z. */
export function tomogram(size: readonly number[], pixelAngstrom: number, seed: number): Uint8Array;

/** AppleDouble of 4096 bytes. */
export function sidecar(): Uint8Array;

/** A motive list of PEET. */
export function motives(particles: number): Uint8Array;
