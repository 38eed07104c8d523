// Throughput of each compute kernel beside its plain twin: node bench/kernels.mjs [NAME]  (after `npm run build`; NAME picks by a part
// of the name). One JSON line a kernel: MB/s of input (decoders: of plain bytes), the median of five runs after one, on one core, with
// the data in the memory of the kernels already. Sketch: conversions, means and statistics are bound by memory at 5 to 15 GB/s; LZ4
// reaches 1 GB/s on noise and several on voxels that are integers. The twins are written to be read, so the ratio flatters.
import { encodeBlosc } from "../dist/arrays/kernels/blosc.js";
import {
  bloscScratchBytes,
  CONVERT,
  HASH_TABLE_BYTES,
  HISTOGRAM_BINS,
  instantiateKernels,
  kernelModule,
  sharedMemory,
} from "../dist/arrays/kernels/kernels.js";
import * as plain from "../dist/arrays/kernels/plain.js";
import * as plainBlosc from "../dist/arrays/kernels/plain-blosc.js";
import { seededRandom } from "../dist/core/random.js";

const [H, W] = [1024, 1024];
const N = H * W;
const BLOCK = 16_384; // voxels of float32 in 64 KiB
const only = process.argv[2] ?? "";

const memory = sharedMemory(64 << 20);
const kernels = instantiateKernels(kernelModule(), memory);
const bytes = new Uint8Array(memory.buffer);
const [SRC, SECOND, DST, SCRATCH] = [1 << 20, 17 << 20, 33 << 20, 56 << 20];

const random = seededRandom(1);
const gauss = () => random() + random() + random() + random() - 2;
const noise = Float32Array.from({ length: N }, (_, i) => Math.sin(i / 17) * 20 + gauss() * 8);
const integers = noise.map((v) => Math.round(v) + 100);

function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** MB/s of the median of five runs. */
function rate(size, work) {
  work();
  const times = [];
  for (let run = 0; run < 5; run++) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return Math.round(size / times[2] / 1000);
}

/** `share`: what part of the input the twin is given, where all of it would take too long. */
function compare(name, size, kernel, twin, share = 1) {
  if (!name.includes(only)) return;
  const [kernelRate, twinRate] = [rate(size, kernel), rate(size * share, twin)];
  const ratio = Math.round((10 * kernelRate) / twinRate) / 10;
  process.stdout.write(
    `${JSON.stringify({ kernel: name, megabytesPerSecond: kernelRate, plain: twinRate, ratio, node: process.version })}\n`,
  );
}

const item = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  int8Flipped: 1,
  uint4: 0.5,
  int32: 4,
  uint32: 4,
  float64: 8,
  float32: 4,
};
const raw = Uint8Array.from({ length: 8 * N }, () => random() * 256);
for (const kind of Object.keys(CONVERT)) {
  bytes.set(raw, SRC);
  compare(
    `convert ${kind}`,
    N * item[kind],
    () => kernels.convert(CONVERT[kind], SRC, DST, N),
    () => plain.convert(kind, raw, N),
  );
}

const types = { float32: Float32Array, int16: Int16Array, uint8: Uint8Array };
for (const [kind, Type] of Object.entries(types)) {
  const first = Type.from(integers);
  const second = first.toReversed();
  bytes.set(bytesOf(first), SRC);
  bytes.set(bytesOf(second), SECOND);
  const row = W * Type.BYTES_PER_ELEMENT;
  compare(
    `meanZYX ${kind}`,
    2 * first.byteLength,
    () => kernels.meanZYXOf(CONVERT[kind], SRC, SECOND, DST, H, W, row, 2 * W, 0),
    () => plain.meanZYX({ voxels: first, row: W }, { voxels: second, row: W }, H, W, false),
  );
  compare(
    `stats ${kind}`,
    first.byteLength,
    () => kernels.statsOf(CONVERT[kind], SRC, N, DST),
    () => plain.stats(first),
  );
}
const mask = Uint8Array.from(integers, (v) => (v > 110 ? 1 : 0));
bytes.set(mask, SRC);
compare(
  "anyYX",
  N,
  () => kernels.anyYX(SRC, DST, H, W, W, W / 2),
  () => plain.anyZYX({ voxels: mask, row: W }, undefined, H, W),
);
const labels = Uint16Array.from(integers);
bytes.set(bytesOf(labels), SRC);
compare(
  "strideYX",
  2 * N,
  () => kernels.strideYX(SRC, DST, H, W, 2 * W, W),
  () => plain.strideYX({ voxels: labels, row: W }, H, W),
);
bytes.set(bytesOf(noise), SRC);
compare(
  "histogram",
  4 * N,
  () => kernels.histogram(SRC, N, DST),
  () => plain.histogram(noise, new Uint32Array(HISTOGRAM_BINS)),
);

for (const [name, voxels] of Object.entries({ noise, integers })) {
  bytes.set(bytesOf(voxels), SRC);
  const block = SCRATCH;
  const table = block + 4 * BLOCK;
  const out = table + HASH_TABLE_BYTES;
  const encode = () => {
    for (let at = 0; at < N; at += BLOCK) {
      kernels.gather(4, SRC + 4 * at, 4 * BLOCK, BLOCK, 1, BLOCK, 1, block, BLOCK, 0);
      kernels.pack(4, block, BLOCK, out, table);
    }
  };
  compare(
    `gather and pack float32 ${name}`,
    4 * N,
    encode,
    () => plainBlosc.pack(4, plainBlosc.gather(4, bytesOf(voxels), 4 * BLOCK, BLOCK, 1, BLOCK, 1)),
    BLOCK / N,
  );
  const frame = encodeBlosc(bytesOf(voxels), 4);
  bytes.set(frame, SRC);
  const scratchBytes = bloscScratchBytes(4 * BLOCK);
  compare(
    `decode frame float32 ${name}, ratio ${((4 * N) / frame.length).toFixed(2)}`,
    4 * N,
    () => {
      kernels.openFrame(SRC, frame.length, SRC, 0, frame.length, SCRATCH, scratchBytes);
      kernels.decodeFrame(DST, 4 * N);
    },
    () => plainBlosc.decodeFrame(frame),
  );
  compare(
    `decode box 16×64×64 of 16×256×256 float32 ${name}`,
    4 * 16 * 64 * 64,
    () => {
      kernels.openFrame(SRC, frame.length, SRC, 0, frame.length, SCRATCH, scratchBytes);
      kernels.decodeBox(16, 256, 1024, 0, 16, 64, 128, 256, 512, DST, 256, 64 * 256);
    },
    () => plainBlosc.copyBox(plainBlosc.decodeFrame(frame), [16, 256, 1024], [0, 64, 256], [16, 128, 512]),
  );
}
