import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { groupsOf } from "../../src/core/groups.js";
import type { OverlayLayer } from "../../src/model/page-api.js";
import { plural } from "../parts/format.js";
import { LayerDot } from "../parts/layer-dot.js";
import { overlaysQuery } from "../parts/queries.js";
import type { AnnotationRow } from "../parts/run-data.js";
import { Answer, Empty } from "../parts/states.js";
import { Crops, hasParticles } from "./crops.js";

/** Crops of an annotation, and annotations whose crops are there without being asked for. */
const CROPS = 10;
const ANNOTATIONS = 12;

interface Listed {
  readonly row: AnnotationRow;
  readonly layer: OverlayLayer;
  /** Its place among all layers, which its sign follows. */
  readonly at: number;
}

/** What the points of a run look like: crops of a tomogram, by object and by annotation. @param rows in the order of their objects */
export default function Particles({ tomogram, rows }: { tomogram: number; rows: readonly AnnotationRow[] }) {
  const asked = useQuery(overlaysQuery(`tomogram:${tomogram}`));
  const [most, setMost] = useState(ANNOTATIONS);
  return (
    <Answer asked={asked}>
      {({ layers }) => {
        const all = rows.flatMap((row): Listed[] => {
          const at = layers.findIndex((one) => one.annotationId === row.id && hasParticles(one));
          return at < 0 ? [] : [{ row, layer: layers[at]!, at }];
        });
        if (all.length === 0)
          return <Empty>No annotation of this run has points that can be shown in tomogram {tomogram}.</Empty>;
        const left = all.length - most;
        return (
          <>
            {[...groupsOf(all.slice(0, most), ({ row }) => row.objectName)].map(([object, annotations]) => (
              <section key={object} className="particles" aria-label={object}>
                <h3>{object}</h3>
                {annotations.map((one) => (
                  <Annotation key={one.row.id} tomogram={tomogram} {...one} />
                ))}
              </section>
            ))}
            {left > 0 && (
              <button type="button" onClick={() => setMost(most + ANNOTATIONS)}>
                More: {plural(left, "annotation has", "annotations have")} particles, too
              </button>
            )}
          </>
        );
      }}
    </Answer>
  );
}

function Annotation({ tomogram, row, layer, at }: Listed & { readonly tomogram: number }) {
  const words = [row.methodType, row.annotationSoftware, layer.isOtherAlignment ? "of another alignment" : ""];
  const head = (says?: string) => (
    <p className="row wrap">
      <LayerDot layer={layer} at={at} />
      <Link to="/annotations/$id" params={{ id: String(row.id) }}>
        Annotation {row.id}
      </Link>
      <span className="muted">{[...words, says].filter(Boolean).join(" · ")}</span>
    </p>
  );
  return <Crops tomogram={tomogram} layer={layer} search={{ on: layer.id }} most={CROPS} head={head} />;
}
