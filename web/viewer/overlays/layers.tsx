import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { decodeOverlay, type OverlayShapes } from "../../../src/model/overlay-bytes.js";
import type { OverlayLayer, Overlays } from "../../../src/model/page-api.js";
import { answered, base } from "../../parts/api.js";
import { count as printed } from "../../parts/format.js";
import { overlaysQuery } from "../../parts/queries.js";
import { PANE_AXES } from "../geometry.js";
import type { LayersHost, OverlayPainter } from "../overlay.js";
import { MaskPlanes } from "./masks.js";
import { PointsTable } from "./points-table.js";
import { cutTriangles, paintMesh, paintPoints, pointAt, pointBelow, type ShownLayer } from "./shapes.js";
import "./layers.css";

const isMask = ({ kind }: OverlayLayer) => kind === "mask" || kind === "instances";
const hasPoints = ({ kind }: OverlayLayer, shapes: OverlayShapes | undefined) =>
  shapes !== undefined && kind !== "mesh" && shapes.xyz.length > 0;

/** Rows of the side panel: what can be drawn over this volume. */
export function LayersPanel({ host }: { host: LayersHost }) {
  const { ref } = host.facts;
  const { data, error } = useQuery(overlaysQuery(ref));
  if (error) {
    return (
      <>
        <h2>Layers</h2>
        <p className="bad">✕ {error.message}</p>
      </>
    );
  }
  return data && data.layers.length > 0 ? <Layers host={host} overlays={data} /> : null;
}

function Layers({ host, overlays: { ref, layers } }: { host: LayersHost; overlays: Overlays }) {
  const [chosenOn, setChosenOn] = useState<readonly string[]>();
  const on = new Set(
    host.on ?? chosenOn ?? layers.filter(({ isVisible, isOtherAlignment }) => isVisible && !isOtherAlignment).map(({ id }) => id),
  );
  const [opacities, setOpacities] = useState<Readonly<Record<string, number>>>({});
  const [failures, setFailures] = useState<Readonly<Record<string, string>>>({});
  const [point, setPoint] = useState<{ id: string; at: number }>();
  const shapes = useRef(new Map<string, OverlayShapes>());
  const masks = useRef(new Map<string, MaskPlanes>());
  const [loaded, setLoaded] = useState(0);
  const shownIds = [...on].sort().join();

  // what is on is fetched once, and stays
  useEffect(() => {
    const stop = new AbortController();
    const failed = (id: string, error: unknown) => {
      if (!stop.signal.aborted) setFailures((all) => ({ ...all, [id]: error instanceof Error ? error.message : String(error) }));
    };
    const wanted = new Set(shownIds.split(","));
    for (const layer of layers) {
      const { id } = layer;
      if (!wanted.has(id) || layer.error) continue;
      if (isMask(layer)) {
        if (masks.current.has(id)) continue;
        masks.current.set(id, new MaskPlanes(layer, (error) => (error === undefined ? host.repaint() : failed(id, error))));
      } else if (!shapes.current.has(id)) {
        answered(new URL(`api/v1/overlays/${ref}/${id}.bin`, base), { signal: stop.signal })
          .then((reply) => reply.arrayBuffer())
          .then((bytes) => {
            shapes.current.set(id, decodeOverlay(bytes));
            setLoaded((n) => n + 1);
          })
          .catch((error: unknown) => failed(id, error));
      }
    }
    return () => stop.abort();
  }, [ref, layers, shownIds, host]);

  useEffect(() => {
    const open = masks.current;
    return () => {
      for (const mask of open.values()) mask.close();
      open.clear();
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `loaded` counts what has come
  useEffect(() => {
    const wanted = new Set(shownIds.split(","));
    const drawn = layers.filter(({ id }) => wanted.has(id)).toReversed();
    const shownOf = (layer: OverlayLayer): ShownLayer | undefined => {
      const own = shapes.current.get(layer.id);
      const chosen = point?.id === layer.id ? point.at : undefined;
      return own && { layer, shapes: own, opacity: opacities[layer.id] ?? 1, chosen };
    };
    host.setPainter(painterOf(drawn, shownOf, masks.current, opacities, (id, at) => setPoint({ id, at })));
    host.repaint();
    return () => host.setPainter(undefined);
  }, [host, layers, shownIds, opacities, point, loaded]);

  const stepped =
    layers.find(({ id }) => id === point?.id) ??
    layers.find((layer) => on.has(layer.id) && hasPoints(layer, shapes.current.get(layer.id)));
  const steppedShapes = stepped && shapes.current.get(stepped.id);
  const goTo = (id: string, at: number) => {
    const own = shapes.current.get(id);
    if (!own) return;
    setPoint({ id, at });
    host.goTo(pointAt(own, at));
  };
  useEffect(() => {
    if (!stepped || !steppedShapes) return;
    const total = steppedShapes.xyz.length / 3;
    host.onStep((direction) => goTo(stepped.id, ((point?.id === stepped.id ? point.at + direction : 0) + total) % total));
    return () => host.onStep(undefined);
  });

  const set = (id: string, isOn: boolean) => {
    const next = layers.map((layer) => layer.id).filter((one) => (one === id ? isOn : on.has(one)));
    setChosenOn(next);
    host.setOn(next);
  };
  const other = layers.filter(({ isOtherAlignment }) => isOtherAlignment).length;
  return (
    <>
      <h2>Layers</h2>
      <p className="muted" role="status">
        {layers.filter(({ id }) => on.has(id)).length} of {layers.length} layers shown
        {other > 0 && ` · ${other} ${other === 1 ? "belongs" : "belong"} to another alignment`}
      </p>
      <ul className="layers">
        {layers.map((layer) => {
          const failure = layer.error?.message ?? failures[layer.id];
          return (
            <li key={layer.id} data-layer={layer.id}>
              <label title={failure}>
                <input
                  type="checkbox"
                  checked={on.has(layer.id)}
                  disabled={layer.error !== undefined}
                  onChange={({ currentTarget }) => set(layer.id, currentTarget.checked)}
                />
                <span className="layer-dot" style={{ background: layer.color }} aria-hidden="true" />
                <span className="layer-name">{layer.name}</span>
                {layer.count > 0 && <span className="muted">{printed(layer.count)}</span>}
              </label>
              {layer.isOtherAlignment && <span className="warn">≠ other alignment</span>}
              {failure && <span className="bad">✕ {failure}</span>}
              {on.has(layer.id) && !failure && (
                <input
                  type="range"
                  min={0.1}
                  max={1}
                  step={0.1}
                  value={opacities[layer.id] ?? 1}
                  aria-label={`Opacity of ${layer.name}`}
                  onChange={({ currentTarget }) => setOpacities({ ...opacities, [layer.id]: Number(currentTarget.value) })}
                />
              )}
            </li>
          );
        })}
      </ul>
      {stepped && steppedShapes && hasPoints(stepped, steppedShapes) && (
        <PointsTable
          layer={stepped}
          shapes={steppedShapes}
          chosen={point?.id === stepped.id ? point.at : undefined}
          choose={(at) => goTo(stepped.id, at)}
        />
      )}
    </>
  );
}

function painterOf(
  layers: readonly OverlayLayer[],
  shownOf: (layer: OverlayLayer) => ShownLayer | undefined,
  masks: ReadonlyMap<string, MaskPlanes>,
  opacities: Readonly<Record<string, number>>,
  open: (id: string, at: number) => void,
): OverlayPainter {
  // the lines of a mesh are the same as long as its plane is
  const cuts = new Map<string, { at: number; lines: number[] }>();
  return {
    paint(pane, transform, context) {
      for (const layer of layers) {
        masks.get(layer.id)?.paint(pane, transform, context, opacities[layer.id] ?? 1);
        const shown = shownOf(layer);
        if (!shown) continue;
        if (shown.shapes.triangles.length === 0) {
          paintPoints(pane, transform, context, shown);
          continue;
        }
        const key = `${layer.id} ${pane.axis}`;
        let cut = cuts.get(key);
        if (cut?.at !== pane.atAngstrom) {
          cut = { at: pane.atAngstrom, lines: cutTriangles(shown.shapes, PANE_AXES[pane.axis].normal, pane.atAngstrom) };
          cuts.set(key, cut);
        }
        paintMesh(pane, transform, context, shown, cut.lines);
      }
    },
    hit(pane, transform, u, v) {
      for (const layer of layers.toReversed()) {
        const shown = shownOf(layer);
        if (shown && hasPoints(layer, shown.shapes) && shown.shapes.contours.length === 0) {
          const at = pointBelow(pane, transform, shown, u, v);
          const instance = at === undefined ? undefined : shown.shapes.instances[at];
          if (at !== undefined) {
            const total = shown.shapes.xyz.length / 3;
            const place = (shown.shapes.places[at] ?? at) + 1;
            const text = `${layer.name} ${place} of ${total}${instance === undefined ? "" : ` · instance ${instance}`}`;
            return { text, open: () => open(layer.id, at) };
          }
        }
        const label = masks.get(layer.id)?.labelAt(pane, transform.toWorld(u, v)) ?? 0;
        if (label !== 0) return { text: layer.kind === "instances" ? `${layer.name}, instance ${label}` : layer.name };
      }
      return undefined;
    },
  };
}
