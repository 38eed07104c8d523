import { type FrameIndices, type FrameShape, frameBytes } from "../../src/stations/catalog/frames/frame.js";
import { framePlaces, type StackLayout, squeezed, stackLayout } from "../../src/stations/catalog/stack/layout.js";

/** An array of frames in memory. */
export interface Stack {
  /** Little-endian, C order of `shape`. */
  readonly bytes: Uint8Array;
  /** Axes longer than 1, by their letters in `axes`: `XYZ` is height, width, slices. */
  readonly shape: readonly number[];
  readonly axes: string;
  readonly layout: StackLayout;
}

/**
 * Frames as one array, axes `X Y G Z C T P` (height, width, colours, slices, channels, times, positions) by the distinct indices of the frames, those of
 * length 1 left out. For stacks that fit into memory; `downloadDataset` writes larger ones piece by piece.
 *
 * @param read pixels of a frame: C order, little-endian, colours together.
 */
export async function assembleStack<Frame extends FrameIndices>(
  frames: readonly Frame[],
  shape: FrameShape,
  read: (frame: Frame) => Promise<Uint8Array>,
): Promise<Stack> {
  const layout = stackLayout(frames, shape);
  const { slices, channels, times, positions } = layout;
  const places = framePlaces(frames, layout);
  const itemBytes = shape.depth === "uint8" ? 1 : 2;
  const samples = frameBytes(shape) / itemBytes;
  const count = slices.length * channels.length * times.length * positions.length;
  const bytes = new Uint8Array(samples * itemBytes * count);
  let index = 0;
  for (const slice of slices) {
    for (const channel of channels) {
      for (const time of times) {
        for (const position of positions) {
          const frame = places.at(time, position, slice, channel);
          const pixels = frame && (await read(frame));
          // the frames' own axis is the last one, so samples of one frame stand apart
          for (let sample = 0; pixels && sample < samples; sample++) {
            for (let byte = 0; byte < itemBytes; byte++)
              bytes[(sample * count + index) * itemBytes + byte] = pixels[sample * itemBytes + byte]!;
          }
          index++;
        }
      }
    }
  }
  return { bytes, ...squeezed(layout.shape), layout };
}
