import type { FrameIndices, FrameShape } from "../frames/frame.js";

/** Positions of frames in an array: distinct indices of each axis, ascending, and lengths of the axes `X Y G Z C T P`. */
export interface StackLayout {
  readonly slices: readonly number[];
  readonly channels: readonly number[];
  readonly times: readonly number[];
  readonly positions: readonly number[];
  /** The older catalogue calls height X and width Y. */
  readonly shape: readonly [
    height: number,
    width: number,
    colours: number,
    slices: number,
    channels: number,
    times: number,
    positions: number,
  ];
}

const AXES = "XYGZCTP";

/** A missing index of an old row counts as 0. */
const indexOr0 = (index: number | null): number => index ?? 0;

export function stackLayout(frames: Iterable<FrameIndices>, { height, width, colours }: FrameShape): StackLayout {
  const seen = { slices: new Set<number>(), channels: new Set<number>(), times: new Set<number>(), positions: new Set<number>() };
  for (const { slice_idx, channel_idx, time_idx, pos_idx } of frames) {
    seen.slices.add(indexOr0(slice_idx));
    seen.channels.add(channel_idx);
    seen.times.add(indexOr0(time_idx));
    seen.positions.add(indexOr0(pos_idx));
  }
  const ascending = (set: Set<number>) => [...set].sort((a, b) => a - b);
  const [slices, channels, times, positions] = [seen.slices, seen.channels, seen.times, seen.positions].map(ascending);
  const lengths = [slices, channels, times, positions].map((list) => list!.length);
  const shape = [height, width, colours, ...lengths] as unknown as StackLayout["shape"];
  return { slices: slices!, channels: channels!, times: times!, positions: positions!, shape };
}

/** The axes of a stack that are longer than 1, and their letters. */
export function squeezed(shape: readonly number[]): { shape: number[]; axes: string } {
  const kept = shape.flatMap((length, axis) => (length === 1 ? [] : [axis]));
  return { shape: kept.map((axis) => shape[axis]!), axes: kept.map((axis) => AXES[axis]!).join("") };
}

/** Frames by their position in a stack. */
export interface FramePlaces<Frame> {
  /** Undefined if a sparse data set has no such frame. */
  at(time: number, position: number, slice: number, channel: number): Frame | undefined;
  readonly missing: number;
}

export function framePlaces<Frame extends FrameIndices>(frames: readonly Frame[], layout: StackLayout): FramePlaces<Frame> {
  const key = (time: number, position: number, slice: number, channel: number) => `${time} ${position} ${slice} ${channel}`;
  const places = new Map(
    frames.map((frame) => [
      key(indexOr0(frame.time_idx), indexOr0(frame.pos_idx), indexOr0(frame.slice_idx), frame.channel_idx),
      frame,
    ]),
  );
  const { slices, channels, times, positions } = layout;
  return {
    at: (time, position, slice, channel) => places.get(key(time, position, slice, channel)),
    missing: slices.length * channels.length * times.length * positions.length - places.size,
  };
}
