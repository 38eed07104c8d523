import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { angleAxis, anglePlot } from "./angle-plot.js";
import { colourOf } from "./colour.js";
import { fixed } from "./format.js";
import type { FrameRow, SectionRow } from "./run-data.js";
import { VolumePicture } from "./volume-picture.js";

const HEIGHT_PIXELS = 240;

interface Props {
  readonly frames: readonly FrameRow[];
  /** Sections by the ids of their frames. */
  readonly sections: ReadonlyMap<number, SectionRow>;
  readonly tiltseries: number;
}

/**
 * Plot by tilt angle: dose before each exposure and of it as bars, defocus as a line. The table below it says the same. Pointing
 * at an angle shows its projection, a click opens it.
 */
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
    const axis = { ...angleAxis(), grid: { stroke: colourOf("line"), width: 1 }, labelSize: 20 };
    const { remove } = anglePlot(
      place.current!,
      points.map(({ frame, section }) => ({
        angle: section.rawAngle,
        dose: frame.exposureDose === null ? null : (frame.accumulatedDose ?? 0) + frame.exposureDose,
        defocusAngstrom: section.majorDefocus,
      })),
      {
        heightPixels: HEIGHT_PIXELS,
        defocusPoints: { size: 6, fill: colourOf("accent") },
        axes: [
          { ...axis, label: "tilt angle, °" },
          { ...axis, label: "dose so far, e/Å²" },
          { ...axis, label: "defocus, µm", grid: { show: false } },
        ],
        hooks: {
          setCursor: [({ cursor: { idx } }) => setPointed(idx ?? undefined)],
          ready: [(self) => self.over.addEventListener("click", () => self.cursor.idx != null && open.current!(self.cursor.idx))],
        },
      },
    );
    return remove;
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
