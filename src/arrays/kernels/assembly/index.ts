// The kernels' one WebAssembly module. The rules that all of them keep:
//
// - Addresses are bytes in an imported, shared memory; the caller owns all of it. There is no allocator, no garbage collector and no
//   static data, so any number of instances may work in one memory, each on its own addresses.
// - Nothing is remembered between two calls but the frame that `openFrame` opened, in globals of the instance.
// - Lengths are the caller's promise, except in Blosc frames: what a frame says of itself is checked before it is used.
//
// `scripts/build-wasm.mjs` compiles this file into ../wasm.ts; ../kernels.ts documents each export; ../plain.ts is its twin.
export { convert, swap } from "./convert";
export { meanZYX, meanYX, meanZYXOf, meanYXOf, anyZYX, anyYX, strideYX } from "./reduce";
export { roundedMeanZYX, roundedMeanYX, integers } from "./reduce-integers";
export { stats, statsOf, histogram } from "./statistics";
export { selectEqual, selectAtLeast, toLabels, countLabels } from "./select";
export { overlapSum, overlapAny, addScaled, addAny, selectMean } from "./resample";
export { gather, unshuffle } from "./shuffle";
export { pack } from "./blosc-encode";
export { openFrame, decodeFrame, decodeRange, decodeBox, decodeZstd, copyBox } from "./blosc-decode";
