import { useEffect, useMemo, useRef } from "react";
import type uPlot from "uplot";
import { angleAxis, anglePlot } from "../parts/angle-plot.js";
import { colourOf } from "../parts/colour.js";
import { useRun, useSections } from "./of-run.js";
import type { Session } from "./session.js";
import { sectionOf } from "./state.js";
import { useOf } from "./use-of.js";

const HEIGHT = 132;

/**
 * Plot below the picture of a tilt series: a mark a section by its angle, dose as bars and defocus as a line. A click opens a
 * section.
 */
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
    const axis = { ...angleAxis(), grid: { show: false } };
    const { plot: made, remove } = anglePlot(
      place.current!,
      points.map(({ angle, dose, defocus }) => ({ angle, dose: dose ?? null, defocusAngstrom: defocus ?? null })),
      {
        heightPixels: HEIGHT,
        defocusPoints: { size: 5 },
        axes: [
          { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => `${tick}°`) },
          { ...axis, size: 44, values: (_, ticks) => ticks.map((tick) => `${tick}`) },
          { ...axis, size: 44, values: (_, ticks) => ticks.map((tick) => `${tick}`) },
        ],
        hooks: {
          draw: [(self) => drawMarks(self, points, current.current)],
          ready: [
            (self) =>
              self.over.addEventListener("click", () => {
                const point = points[self.cursor.idx ?? -1];
                if (point) session.goToSection("z", point.section);
              }),
          ],
        },
      },
    );
    plot.current = made;
    return remove;
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

/** A mark at the angle of each section; that of the section in sight is taller and coloured. */
function drawMarks(
  { ctx, bbox, valToPos }: uPlot,
  points: readonly { readonly angle: number; readonly section: number }[],
  now: number,
): void {
  for (const { angle, section } of points) {
    const isNow = section === now;
    const x = valToPos(angle, "x", true);
    ctx.fillStyle = colourOf(isNow ? "axis-z" : "muted");
    ctx.fillRect(x - (isNow ? 2 : 0.5), isNow ? bbox.top : bbox.top + bbox.height - 8, isNow ? 4 : 1, isNow ? bbox.height : 8);
  }
}

/** Words for the quantities that are plotted besides marks at the angles, or for their absence. */
function printPlotted(points: readonly { dose?: number | undefined; defocus?: number | null | undefined }[]): string {
  const hasDose = points.some(({ dose }) => dose !== undefined);
  const hasDefocus = points.some(({ defocus }) => defocus != null);
  if (!hasDose && !hasDefocus) return "sections; neither an .mdoc beside it nor the catalogue has doses or defocus";
  const parts = [hasDose && "dose so far, e/Å² (bars, left)", hasDefocus && "defocus, µm (line, right)"];
  return parts.filter((part) => part !== false).join(" and ");
}
