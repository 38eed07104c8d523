import { X } from "lucide-react";
import { FACETS, type FacetChoice, type FacetRange, type ListedKind } from "../../../src/model/facet-choice.js";
import { choicesInWords } from "../value-words.js";
import type { ListState } from "./state.js";

export interface Chosen {
  readonly id: string;
  readonly label: string;
  /** Choice of the facet without this value; undefined where no other is left. */
  readonly rest: FacetChoice | undefined;
}

/** Everything that is chosen, each by itself. */
export function chosenOf(of: ListedKind, { choices, given }: Pick<ListState, "choices" | "given">): Chosen[] {
  const facets = FACETS[of].flatMap(({ id, title, kind }): Chosen[] => {
    const choice = choices[id];
    if (choice === undefined) return [];
    if (typeof choice === "string") return [{ id, label: `${title}: ${choice}`, rest: undefined }];
    if (!Array.isArray(choice)) return [{ id, label: `${title} ${rangeText(choice as FacetRange)}`, rest: undefined }];
    const all = choice as readonly string[];
    return choicesInWords(
      id,
      all.map((value) => ({ value, count: 0 })),
    ).map(({ words, values }) => {
      const others = all.filter((one) => !values.includes(one));
      return { id, label: kind === "contents" ? words : `${title}: ${words}`, rest: others.length > 0 ? others : undefined };
    });
  });
  return [...given.map((one) => ({ ...one, rest: undefined })), ...facets];
}

const rangeText = ({ min, max }: FacetRange): string =>
  min === undefined ? `≤ ${max}` : max === undefined ? `≥ ${min}` : `${min} to ${max}`;

/** Everything that is chosen, each with a way to take it back. */
export function Chips({ of, state }: { of: ListedKind; state: ListState }) {
  return (
    <ul className="row wrap chips" aria-label="Chosen">
      {chosenOf(of, state).map(({ id, label, rest }) => (
        <li key={label}>
          <button type="button" onClick={() => state.choose(id, rest)} aria-label={`Remove ${label}`}>
            <span className="value">{label}</span> <X size={12} aria-hidden />
          </button>
        </li>
      ))}
      <li>
        <button type="button" className="bare" onClick={state.clear}>
          Clear all
        </button>
      </li>
    </ul>
  );
}
