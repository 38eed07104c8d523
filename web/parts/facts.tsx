import type { ReactNode } from "react";
import { ABSENT } from "./format.js";
import { WhereFrom } from "./where-from.js";

/** Value of a fact in one source. */
export interface FactSource {
  readonly value: string;
  /** Name of the source: `catalogue`, `header`, `folder`, `config`. */
  readonly from: string;
  /** Reference to the place where the number is stored, for `WhereFrom`. */
  readonly at?: string | undefined;
}

export interface Fact {
  readonly label: string;
  /** The first is shown; where others say another value, all are. */
  readonly sources: readonly FactSource[];
  /** Shown in place of the value as text: a link. */
  readonly shown?: ReactNode;
  /** Reason why there is no value. */
  readonly absent?: string | undefined;
}

/** A fact of one source; without a value, none. */
export const fact = (label: string, value: string | null | undefined, from = "catalogue", shown?: ReactNode): Fact => ({
  label,
  sources: value ? [{ value, from }] : [],
  shown,
});

/** A fact of one source, with a reference to the place where its value is stored. */
export const located = (one: Fact, { at }: { readonly at: string }): Fact => ({
  ...one,
  sources: one.sources.map((source) => ({ ...source, at })),
});

/** Facts, each with where it is from; ⚠ where sources disagree. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl>
      {facts.map((one) => (
        <div key={one.label}>
          <dt>{one.label}</dt>
          <dd>
            <Value {...one} />
            {one.sources.flatMap(({ at, from }) =>
              at === undefined ? [] : <WhereFrom key={at} of={at} what={`${one.label} (${from})`} icon />,
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ sources, shown, absent }: Fact) {
  const [first] = sources;
  if (!first) return <span title={absent ?? "no source says it"}>{ABSENT}</span>;
  const from = [...new Set(sources.map(({ from }) => from))].join(" · ");
  if (new Set(sources.map(({ value }) => value)).size === 1)
    return (
      <>
        {shown ?? first.value} <small>{from}</small>
      </>
    );
  return (
    <details>
      <summary>
        {shown ?? first.value} <span className="warn">⚠ sources differ</span>
      </summary>
      <ul>
        {sources.map(({ value, from }) => (
          <li key={`${from} ${value}`}>
            {value} <small>{from}</small>
          </li>
        ))}
      </ul>
    </details>
  );
}
