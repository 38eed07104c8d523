import { type ReactNode, useState } from "react";
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

/** Facts of one kind, under a title of their own. */
export interface FactGroup {
  readonly title: string;
  readonly facts: readonly Fact[];
}

/** Facts alone; ⚠ where sources disagree. What says each of them is one step away. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <div className="facts">
      <FactList facts={facts} />
      <Sources facts={facts} />
    </div>
  );
}

/** The same in groups. */
export function GroupedFacts({ groups, children }: { groups: readonly FactGroup[]; children?: ReactNode }) {
  const filled = groups.filter(({ facts }) => facts.length > 0);
  return (
    <div className="facts panel">
      {filled.map(({ title, facts }) => (
        <section key={title} aria-label={title}>
          <h3>{title}</h3>
          <FactList facts={facts} />
        </section>
      ))}
      {children}
      <Sources facts={filled.flatMap((group) => group.facts)} />
    </div>
  );
}

/** Facts without what says them: where there is room for nothing else. */
export function FactList({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl>
      {facts.map((one) => (
        <div key={one.label}>
          <dt>{one.label}</dt>
          <dd>
            <Value {...one} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Each fact with every source of it, and the bytes that have it where they are known. */
function Sources({ facts }: { facts: readonly Fact[] }) {
  const [isOpen, setOpen] = useState(false);
  const rows = facts.flatMap(({ label, sources }) => sources.map((source) => ({ label, ...source })));
  // where one source says all of it, there is nothing to choose between
  if (new Set(rows.map(({ from }) => from)).size < 2 && rows.every(({ at }) => at === undefined)) return null;
  return (
    <details className="sources" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Where these facts come from</summary>
      {isOpen && <SourcesTable rows={rows} />}
    </details>
  );
}

function SourcesTable({ rows }: { rows: readonly (FactSource & { readonly label: string })[] }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Fact</th>
            <th scope="col">Value</th>
            <th scope="col">Source</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, value, from, at }) => (
            <tr key={`${label} ${from} ${value}`}>
              <td>{label}</td>
              <td>{value}</td>
              <td>
                {from} {at !== undefined && <WhereFrom of={at} what={`${label} (${from})`} icon />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Value({ sources, shown, absent }: Fact) {
  const [first] = sources;
  if (!first) return <span title={absent ?? "no source says it"}>{ABSENT}</span>;
  if (new Set(sources.map(({ value }) => value)).size === 1) return shown ?? first.value;
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
