import uPlot from "uplot";
import { colourOf } from "./colour.js";
import "./uplot.css";

const ANGSTROM_PER_MICROMETRE = 10_000;
const FONT = '12px "Source Sans 3"';

/** A section of a tilt series. */
interface AnglePoint {
  readonly angle: number;
  /** Dose up to this section and of it, e/Å². */
  readonly dose: number | null;
  readonly defocusAngstrom: number | null;
}

interface AnglePlotLook {
  readonly heightPixels: number;
  readonly defocusPoints: uPlot.Series.Points;
  /** Axes of angles, doses (e/Å²) and defocus (µm). */
  readonly axes: readonly [uPlot.Axis, uPlot.Axis, uPlot.Axis];
  readonly hooks: uPlot.Hooks.Arrays;
}

/** Settings that the axes of all these plots share. */
export function angleAxis(): uPlot.Axis {
  return { stroke: colourOf("muted"), ticks: { show: false }, font: FONT, labelFont: FONT };
}

/** Dose as bars and defocus as a line, by tilt angle, as wide as their place. @param points by angle @returns `remove` takes it away */
export function anglePlot(
  place: HTMLElement,
  points: readonly AnglePoint[],
  { heightPixels, defocusPoints, axes: [angles, doses, defocus], hooks }: AnglePlotLook,
): { readonly plot: uPlot; remove(): void } {
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: heightPixels,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_, low, high) => [low - 2, high + 2] },
        dose: { range: (_, __, high) => [0, high * 1.1 || 1] },
        defocus: {},
      },
      series: [
        {},
        {
          scale: "dose",
          fill: colourOf("line"),
          stroke: colourOf("muted"),
          paths: uPlot.paths.bars!({ size: [0.6, 24] }),
          points: { show: false },
        },
        { scale: "defocus", stroke: colourOf("accent"), width: 2, points: defocusPoints },
      ],
      axes: [angles, { ...doses, scale: "dose" }, { ...defocus, scale: "defocus", side: 1 }],
      hooks,
    },
    [
      points.map(({ angle }) => angle),
      points.map(({ dose }) => dose),
      points.map(({ defocusAngstrom }) => defocusAngstrom && defocusAngstrom / ANGSTROM_PER_MICROMETRE),
    ],
    place,
  );
  const sized = new ResizeObserver(([entry]) => plot.setSize({ width: entry!.contentRect.width, height: heightPixels }));
  sized.observe(place);
  return {
    plot,
    remove() {
      sized.disconnect();
      plot.destroy();
    },
  };
}
