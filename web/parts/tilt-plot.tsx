import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { colourOf } from "./colour.js";
import "./uplot.css";
import { fixed } from "./format.js";
import type { FrameRow, SectionRow } from "./run-data.js";
import { VolumePicture } from "./volume-picture.js";

const HEIGHT_PIXELS = 240;
const ANGSTROM_PER_MICROMETRE = 10_000;

interface Props {
  readonly frames: readonly FrameRow[];
  /** By their frames. */
  readonly sections: ReadonlyMap<number, SectionRow>;
  readonly tiltseries: number;
}

/** By tilt angle: dose before each exposure and of it as bars, defocus as a line. The table below it says the same. Pointing at an angle shows its
 * projection, a click opens it. */
export default function TiltPlot({ frames, sections, tiltseries }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number>();
  const navigate = useNavigate();
  const points = useMemo(
    () =>
      frames
        .flatMap((frame) => {
          const section = sections.get(frame.id);
          return section ? [{ frame, section }] : [];
        })
        .sort((a, b) => a.section.rawAngle - b.section.rawAngle),
    [frames, sections],
  );
  const open = useRef<(at: number) => void>(undefined);
  open.current = (at) =>
    void navigate({
      to: "/view/tiltseries/$id",
      params: { id: String(tiltseries) },
      search: { at: String(points[at]!.section.zIndex) },
    });
  useEffect(() => {
    const axis = {
      stroke: colourOf("muted"),
      grid: { stroke: colourOf("line"), width: 1 },
      ticks: { show: false },
      font: '12px "Source Sans 3"',
      labelFont: '12px "Source Sans 3"',
      labelSize: 20,
    };
    const plot = new uPlot(
      {
        width: place.current!.clientWidth,
        height: HEIGHT_PIXELS,
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
            label: "dose",
            scale: "dose",
            fill: colourOf("line"),
            stroke: colourOf("muted"),
            paths: uPlot.paths.bars!({ size: [0.6, 24] }),
            points: { show: false },
          },
          {
            label: "defocus",
            scale: "defocus",
            stroke: colourOf("accent"),
            width: 2,
            points: { size: 6, fill: colourOf("accent") },
          },
        ],
        axes: [
          { ...axis, label: "tilt angle, °" },
          { ...axis, scale: "dose", label: "dose so far, e/Å²" },
          { ...axis, scale: "defocus", side: 1, label: "defocus, µm", grid: { show: false } },
        ],
        hooks: {
          setCursor: [({ cursor: { idx } }) => setPointed(idx ?? undefined)],
          ready: [(self) => self.over.addEventListener("click", () => self.cursor.idx != null && open.current!(self.cursor.idx))],
        },
      },
      [
        points.map(({ section }) => section.rawAngle),
        points.map(({ frame }) => (frame.exposureDose === null ? null : (frame.accumulatedDose ?? 0) + frame.exposureDose)),
        points.map(({ section }) => (section.majorDefocus === null ? null : section.majorDefocus / ANGSTROM_PER_MICROMETRE)),
      ],
      place.current!,
    );
    const sized = new ResizeObserver(([entry]) => plot.setSize({ width: entry!.contentRect.width, height: HEIGHT_PIXELS }));
    sized.observe(place.current!);
    return () => {
      sized.disconnect();
      plot.destroy();
    };
  }, [points]);
  // without a pointer: the one that lies flattest
  const at =
    points[
      pointed ??
        points.reduce(
          (best, { section }, i) => (Math.abs(section.rawAngle) < Math.abs(points[best]!.section.rawAngle) ? i : best),
          0,
        )
    ];
  return (
    <figure className="plot">
      <figcaption>
        Dose (bars) and defocus (line) by tilt angle
        {at && `: ${fixed(at.section.rawAngle, 1)}°, section ${at.section.zIndex + 1}`}
      </figcaption>
      <div className="top">
        {/* the curve follows its width a moment later */}
        <div ref={place} style={{ overflow: "hidden" }} aria-hidden />
        <span className="stage" style={{ width: 160 }}>
          {at && <VolumePicture of={`tiltseries:${tiltseries}`} at={at.section.zIndex} />}
        </span>
      </div>
    </figure>
  );
}
