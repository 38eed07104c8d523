import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { colourOf } from "../parts/colour.js";
import "../parts/uplot.css";
import { useRun, useSections } from "./of-run.js";
import type { Session } from "./session.js";
import { sectionOf } from "./state.js";
import { useOf } from "./use-of.js";

const HEIGHT = 132;

/** Below the picture of a tilt series: a mark a section by its angle, dose as bars and defocus as a line. A click opens a section. */
export default function TiltPart({ session }: { session: Session }) {
  const { facts } = session;
  const { data: run } = useRun(facts.ref);
  const { data: sections } = useSections(facts.ref, run);
  const now = useOf(session.state, (state) => sectionOf(facts, "z", state));
  const place = useRef<HTMLDivElement>(null);
  const points = useMemo(() => {
    const bySection = new Map(sections?.map((one) => [one.zIndex, one]));
    const known = facts.angles?.map((angle, section) => ({ angle, section }));
    return (known ?? sections?.map(({ angle, zIndex }) => ({ angle, section: zIndex })) ?? [])
      .map((one) => ({
        ...one,
        dose: bySection.get(one.section)?.dose ?? facts.doses?.[one.section],
        defocus: bySection.get(one.section)?.defocusAngstrom,
      }))
      .sort((a, b) => a.angle - b.angle);
  }, [facts, sections]);
  const current = useRef(now);
  current.current = now;
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    if (points.length === 0) return;
    const axis = { stroke: colourOf("muted"), grid: { show: false }, ticks: { show: false }, font: '12px "Source Sans 3"' };
    const made = new uPlot(
      {
        width: place.current!.clientWidth,
        height: HEIGHT,
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
          { scale: "defocus", stroke: colourOf("accent"), width: 2, points: { size: 5 } },
        ],
        axes: [
          { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => `${tick}°`) },
          { ...axis, scale: "dose", size: 44, values: (_, ticks) => ticks.map((tick) => `${tick}`) },
          { ...axis, scale: "defocus", side: 1, size: 44, values: (_, ticks) => ticks.map((tick) => `${tick}`) },
        ],
        hooks: {
          draw: [
            ({ ctx, bbox, valToPos }) => {
              for (const { angle, section } of points) {
                const isNow = section === current.current;
                const x = valToPos(angle, "x", true);
                ctx.fillStyle = colourOf(isNow ? "axis-z" : "muted");
                ctx.fillRect(
                  x - (isNow ? 2 : 0.5),
                  isNow ? bbox.top : bbox.top + bbox.height - 8,
                  isNow ? 4 : 1,
                  isNow ? bbox.height : 8,
                );
              }
            },
          ],
          ready: [
            (self) =>
              self.over.addEventListener("click", () => {
                const point = points[self.cursor.idx ?? -1];
                if (point) session.goToSection("z", point.section);
              }),
          ],
        },
      },
      [
        points.map(({ angle }) => angle),
        points.map(({ dose }) => dose ?? null),
        points.map(({ defocus }) => (defocus == null ? null : defocus / 10_000)),
      ],
      place.current!,
    );
    plot.current = made;
    const sized = new ResizeObserver(([entry]) => made.setSize({ width: entry!.contentRect.width, height: HEIGHT }));
    sized.observe(place.current!);
    return () => {
      sized.disconnect();
      made.destroy();
    };
  }, [points, session]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the mark of the section moves
  useEffect(() => plot.current?.redraw(false), [now]);
  const here = points.find(({ section }) => section === now);
  const words = [
    here && `${here.angle.toFixed(2)}°`,
    here?.dose !== undefined && `dose ${here.dose.toFixed(1)} e/Å²`,
    here?.defocus != null && `defocus ${(here.defocus / 10_000).toFixed(2)} µm`,
  ].filter((one) => one);
  return (
    <figure className="v-tilt-plot">
      <figcaption>
        {points.length === 0
          ? "Tilt angles are not known: neither the header, a .tlt or .rawtlt beside the file, nor the catalogue has them."
          : `By tilt angle: ${printPlotted(points)}. Section ${now + 1}: ${words.join(", ")}`}
      </figcaption>
      {points.length > 0 && <div ref={place} aria-hidden />}
    </figure>
  );
}

/** What there is besides marks at the angles. */
function printPlotted(points: readonly { dose?: number | undefined; defocus?: number | null | undefined }[]): string {
  const hasDose = points.some(({ dose }) => dose !== undefined);
  const hasDefocus = points.some(({ defocus }) => defocus != null);
  if (!hasDose && !hasDefocus) return "sections; neither an .mdoc beside it nor the catalogue has doses or defocus";
  const parts = [hasDose && "dose so far, e/Å² (bars, left)", hasDefocus && "defocus, µm (line, right)"];
  return parts.filter((part) => part !== false).join(" and ");
}
