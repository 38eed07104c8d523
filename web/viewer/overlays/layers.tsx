import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { absentLayers } from "../../../src/model/absent-layers.js";
import type { OverlayShapes } from "../../../src/model/overlay-bytes.js";
import type { OverlayLayer, Overlays } from "../../../src/model/page-api.js";
import { count as printed } from "../../parts/format.js";
import { LayerDot } from "../../parts/layer-dot.js";
import { overlaysQuery } from "../../parts/queries.js";
import type { Axis, LayerInSpace, LayersHost, OverlayPainter } from "../overlay.js";
import { MaskPlanes } from "./masks.js";
import { PointsTable } from "./points-table.js";
import { servedShapes } from "./served-shapes.js";
import { CIRCLES_MAX, contourOf, paintLayer, pointAt, pointBelow, pointsInSlab, type ShownLayer, stepFrom } from "./shapes.js";
import { Strokes } from "./strokes.js";
import "./layers.css";

const isMask = ({ kind }: OverlayLayer) => kind === "mask" || kind === "instances";
const hasPoints = ({ kind }: OverlayLayer, shapes: OverlayShapes | undefined) =>
  shapes !== undefined && kind !== "mesh" && shapes.xyz.length > 0;

/** Rows of the side panel: what can be drawn over this volume. @param isDrawnOnly they are drawn, and have no rows here */
export function LayersPanel({ host, isDrawnOnly = false }: { host: LayersHost; isDrawnOnly?: boolean }) {
  const { ref } = host.facts;
  // files of other names that were asked for: a link names layers of them
  const [added, setAdded] = useState<readonly string[]>(() => [...new Set((host.on ?? []).map((id) => id.split("-")[0]!))]);
  const { data = host.layers?.listed, error } = useQuery({
    ...overlaysQuery(ref, added),
    placeholderData: keepPreviousData,
    enabled: !host.layers,
  });
  if (error && !isDrawnOnly) {
    return (
      <>
        <h2>Layers</h2>
        <p className="bad">✕ {error.message}</p>
      </>
    );
  }
  if (!data) return null;
  if (isDrawnOnly) return <Layers host={host} overlays={data} added={added} isDrawnOnly />;
  return (
    <>
      <h2>Layers</h2>
      <Layers host={host} overlays={data} added={added} />
      <Others overlays={data} none={noneOf(host, data)} add={(id) => setAdded([...added, id])} />
    </>
  );
}

function noneOf({ layers }: LayersHost, { others }: Overlays): string {
  if (layers) return "Drop an IMOD model (.mod, .fid) here to see it over this volume.";
  return others
    ? "No model (.mod), points (.star, .csv, .ndjson …) or mesh lies beside this volume."
    : "This run has no annotations.";
}

/** Files of the folder that belong to the volume or not: their names do not say so. */
function Others({ overlays: { layers, others }, none, add }: { overlays: Overlays; none: string; add: (id: string) => void }) {
  if (!others || others.length === 0) {
    if (layers.length > 0) return null;
    return <p className="muted">{none}</p>;
  }
  return (
    <details className="others" open={layers.length === 0}>
      <summary>
        {others.length} more {others.length === 1 ? "file" : "files"} in this folder
      </summary>
      <ul className="hits">
        {others.map(({ id, name }) => (
          <li key={id} className="row">
            <span className="layer-name">{name}</span>
            <button type="button" onClick={() => add(id)} aria-label={`Draw ${name}`}>
              Draw
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

interface LayersProps {
  readonly host: LayersHost;
  readonly overlays: Overlays;
  readonly added: readonly string[];
  readonly isDrawnOnly?: boolean;
}

function Layers({ host, overlays, added, isDrawnOnly }: LayersProps) {
  const { layers } = overlays;
  const chosenOn = useSyncExternalStore(host.watch, () => host.on);
  const on = new Set(
    chosenOn ?? layers.filter(({ isVisible, isOtherAlignment }) => isVisible && !isOtherAlignment).map(({ id }) => id),
  );
  const opacities = useSyncExternalStore(host.watch, () => host.opacities);
  const [point, setPoint] = useState<{ id: string; at: number }>();
  // ids of layers that have too many points in some plane for circles
  const [crowded, setCrowded] = useState("");
  const shownIds = [...on].sort().join();
  useAddedFiles(host, layers, added, shownIds);
  const { shapes, masks, asked, failures, loaded } = useFetched(host, overlays, shownIds);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `loaded` counts what has come
  useEffect(() => {
    const wanted = new Set(shownIds.split(","));
    const drawn = layers.filter(({ id }) => wanted.has(id)).toReversed();
    const shownOf = (layer: OverlayLayer): ShownLayer | undefined => {
      const own = shapes.current.get(layer.id);
      const chosen = point?.id === layer.id ? point.at : undefined;
      return own && { layer, shapes: own, opacity: opacities[layer.id] ?? 1, chosen };
    };
    const loading = () => Promise.all(asked.current.values());
    const told = { open: (id: string, at: number) => setPoint({ id, at }), crowded: setCrowded };
    host.setPainter(painterOf(drawn, shownOf, masks.current, opacities, loading, told));
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
    host.onStep((direction) =>
      goTo(stepped.id, stepFrom(steppedShapes, point?.id === stepped.id ? point.at : undefined, direction)),
    );
    return () => host.onStep(undefined);
  });

  const set = (id: string, isOn: boolean) => {
    const next = layers.map((layer) => layer.id).filter((one) => (one === id ? isOn : on.has(one)));
    host.setOn(next);
  };
  const dots = layers.filter(({ id }) => on.has(id) && crowded.split(",").includes(id));
  const notices = [
    ...overlays.notices,
    ...absentLayers(chosenOn, layers),
    ...dots.map(
      ({ name }) => `${name}: more than ${printed(CIRCLES_MAX)} points in a plane are drawn as dots. Zoom in to see circles.`,
    ),
  ];
  const other = layers.filter(({ isOtherAlignment }) => isOtherAlignment).length;
  if (isDrawnOnly) return null;
  return (
    <>
      <p className="muted" role="status" hidden={layers.length === 0}>
        {layers.filter(({ id }) => on.has(id)).length} of {layers.length} layers shown
        {other > 0 && ` · ${other} ${other === 1 ? "belongs" : "belong"} to another alignment`}
      </p>
      {notices.map((text) => (
        <p key={text} className="warn" role="status">
          ⚠ {text}
        </p>
      ))}
      <ul className="layers">
        {layers.map((layer, at) => (
          <LayerRow
            key={layer.id}
            layer={layer}
            place={at}
            host={host}
            shapes={shapes.current.get(layer.id)}
            isOn={on.has(layer.id)}
            opacity={opacities[layer.id] ?? 1}
            failure={layer.error?.message ?? failures[layer.id]}
            set={(isOn) => set(layer.id, isOn)}
          />
        ))}
      </ul>
      {stepped && steppedShapes && hasPoints(stepped, steppedShapes) && (
        <PointsTable
          layer={stepped}
          shapes={steppedShapes}
          facts={host.facts}
          chosen={point?.id === stepped.id ? point.at : undefined}
          choose={(at) => goTo(stepped.id, at)}
        />
      )}
    </>
  );
}

/** Layers of a file are on when they have come because somebody asked for the file. */
function useAddedFiles(host: LayersHost, layers: readonly OverlayLayer[], added: readonly string[], shownIds: string): void {
  const [come, setCome] = useState(added);
  useEffect(() => {
    const fresh = layers.filter(({ id }) => added.some((file) => id.split("-")[0] === file && !come.includes(file)));
    if (fresh.length === 0) return;
    setCome(added);
    host.setOn([...new Set([...shownIds.split(",").filter((id) => id !== ""), ...fresh.map(({ id }) => id)])]);
  }, [host, layers, added, come, shownIds]);
}

/** Shapes and masks of the layers that are on: each is fetched once, and stays. */
function useFetched(host: LayersHost, { ref, layers }: Overlays, shownIds: string) {
  const queries = useQueryClient();
  const [failures, setFailures] = useState<Readonly<Record<string, string>>>({});
  const shapes = useRef(new Map<string, OverlayShapes>());
  const asked = useRef(new Map<string, Promise<void>>());
  const masks = useRef(new Map<string, MaskPlanes>());
  const stop = useRef(new AbortController());
  const [loaded, setLoaded] = useState(0);

  useEffect(() => {
    const failed = (id: string, error: unknown) => {
      if (!stop.current.signal.aborted)
        setFailures((all) => ({ ...all, [id]: error instanceof Error ? error.message : String(error) }));
    };
    const wanted = new Set(shownIds.split(","));
    for (const layer of layers) {
      const { id } = layer;
      if (!wanted.has(id) || layer.error) continue;
      if (isMask(layer)) {
        if (masks.current.has(id)) continue;
        masks.current.set(id, new MaskPlanes(layer, (error) => (error === undefined ? host.repaint() : failed(id, error))));
      } else if (!shapes.current.has(id) && !asked.current.has(id)) {
        const { signal } = stop.current;
        const one = (host.layers?.positions(id, signal) ?? servedShapes(queries, ref, id, signal))
          .then((positions) => {
            shapes.current.set(id, positions);
            setLoaded((n) => n + 1);
          })
          .catch((error: unknown) => failed(id, error))
          .finally(() => asked.current.delete(id));
        asked.current.set(id, one);
      }
    }
  }, [queries, ref, layers, shownIds, host]);

  useEffect(() => {
    const open = masks.current;
    return () => {
      stop.current.abort();
      stop.current = new AbortController();
      for (const mask of open.values()) mask.close();
      open.clear();
    };
  }, []);

  return { shapes, masks, asked, failures, loaded };
}

interface LayerRowProps {
  readonly layer: OverlayLayer;
  readonly host: LayersHost;
  /** Among all layers. */
  readonly place: number;
  readonly shapes: OverlayShapes | undefined;
  readonly isOn: boolean;
  readonly opacity: number;
  readonly failure: string | undefined;
  set(isOn: boolean): void;
}

function LayerRow({ layer, place, host, shapes, isOn, opacity, failure, set }: LayerRowProps) {
  return (
    <li data-layer={layer.id} data-loaded={isMask(layer) || shapes !== undefined}>
      <label className="row" title={failure}>
        <input
          type="checkbox"
          checked={isOn}
          disabled={layer.error !== undefined}
          onChange={({ currentTarget }) => set(currentTarget.checked)}
        />
        <LayerDot layer={layer} at={place} />
        <span className="layer-name">{layer.name}</span>
        <Count of={layer} shapes={shapes} isOn={isOn && !failure} />
      </label>
      {layer.isOtherAlignment && <span className="warn">≠ other alignment</span>}
      {failure && <span className="bad">✕ {failure}</span>}
      {isOn && !failure && (
        <input
          type="range"
          min={0.1}
          max={1}
          step={0.1}
          value={opacity}
          aria-label={`Opacity of ${layer.name}`}
          onChange={({ currentTarget }) => host.setOpacity(layer.id, Number(currentTarget.value))}
        />
      )}
    </li>
  );
}

/** Number of things in a layer; for a long list only when it has come. */
function Count({ of: layer, shapes, isOn }: { of: OverlayLayer; shapes: OverlayShapes | undefined; isOn: boolean }) {
  const known = layer.count || (shapes && layer.kind !== "mesh" ? shapes.xyz.length / 3 : 0);
  if (isOn && !isMask(layer) && !shapes) return <span className="muted">loading …</span>;
  return known > 0 ? <span className="muted">{printed(known)}</span> : null;
}

function painterOf(
  layers: readonly OverlayLayer[],
  shownOf: (layer: OverlayLayer) => ShownLayer | undefined,
  masks: ReadonlyMap<string, MaskPlanes>,
  opacities: Readonly<Record<string, number>>,
  loading: () => Promise<unknown>,
  told: { open(id: string, at: number): void; crowded(ids: string): void },
): OverlayPainter {
  // the other panes are drawn again whenever one moves
  const drawn: Partial<Record<Axis, { key: string; strokes: Strokes; picture: OffscreenCanvas; dense: string[] }>> = {};
  const shownLayers = () => layers.flatMap((layer) => shownOf(layer) ?? []);
  return {
    paint(pane, transform, context) {
      const opacityOf = (id: string) => opacities[id] ?? 1;
      const filled = layers.filter(({ id }) => masks.get(id)?.fill(pane, transform, context, opacityOf(id)));
      const ratio = context.getTransform().a;
      const { axis, atAngstrom, slabAngstrom, width, height, angstromPerPixel } = pane;
      const { u, v } = transform.toPane([0, 0, 0]);
      const key = [atAngstrom, slabAngstrom, width, height, angstromPerPixel, u, v, ratio, filled.map(({ id }) => id)].join();
      if (drawn[axis]?.key !== key) {
        const strokes = drawn[axis]?.strokes ?? new Strokes();
        strokes.begin(width, height, ratio);
        for (const { id } of filled) masks.get(id)!.outline(pane, transform, strokes, opacityOf(id));
        const dense = shownLayers().flatMap((shown) => (paintLayer(pane, transform, strokes, shown) ? [shown.layer.id] : []));
        drawn[axis] = { key, strokes, picture: strokes.end(), dense };
        told.crowded([...new Set(Object.values(drawn).flatMap((one) => one.dense))].sort().join());
      }
      const { picture } = drawn[axis]!;
      context.drawImage(picture, 0, 0, picture.width / ratio, picture.height / ratio);
    },
    async ready(pane) {
      await Promise.all([loading(), ...layers.map(({ id }) => masks.get(id)?.ready(pane))]);
    },
    points: (pane) =>
      shownLayers()
        .toReversed()
        .filter(({ layer, shapes }) => hasPoints(layer, shapes))
        .flatMap((shown) =>
          pointsInSlab(pane, shown).map((at) => ({
            layer: shown.layer.name,
            number: (shown.shapes.places[at] ?? at) + 1,
            instance: shown.shapes.instances[at],
            world: pointAt(shown.shapes, at),
          })),
        ),
    inSpace: () =>
      layers.flatMap((layer): LayerInSpace[] => {
        if (isMask(layer)) return [{ layer, shapes: undefined, opacity: opacities[layer.id] ?? 1 }];
        const shown = shownOf(layer);
        return shown ? [shown] : [];
      }),
    hit(pane, transform, u, v) {
      for (const layer of layers.toReversed()) {
        const shown = shownOf(layer);
        if (shown && hasPoints(layer, shown.shapes)) {
          const at = pointBelow(pane, transform, shown, u, v);
          if (at !== undefined) return { text: nameOfPoint(shown, at), open: () => told.open(layer.id, at) };
        }
        const label = masks.get(layer.id)?.labelAt(pane, transform.toWorld(u, v)) ?? 0;
        if (label !== 0) return { text: layer.kind === "instances" ? `${layer.name}, instance ${label}` : layer.name };
      }
      return undefined;
    },
  };
}

function nameOfPoint({ layer, shapes }: ShownLayer, at: number): string {
  const { contours, instances, places, xyz } = shapes;
  if (contours.length > 0) return `${layer.name} contour ${contourOf(shapes, at) + 1} of ${contours.length - 1}`;
  const instance = instances.length > 0 ? ` · instance ${instances[at]}` : "";
  return `${layer.name} ${(places[at] ?? at) + 1} of ${xyz.length / 3}${instance}`;
}
